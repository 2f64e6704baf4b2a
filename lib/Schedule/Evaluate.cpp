//===- Evaluate.cpp - run a schedule on the host --------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attn/Schedule/Evaluate.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MathExtras.h"
#include <algorithm>
#include <limits>

using namespace mlir;
using namespace mlir::attn;

std::string ScheduleGrid::str() const {
  std::string text;
  for (int64_t tile = 0; tile < numTiles; ++tile) {
    for (int64_t visited = 0; visited < numVisited; ++visited)
      text += "./#"[static_cast<int>(at(tile, visited))];
    text += '\n';
  }
  return text;
}

//===----------------------------------------------------------------------===//
// Compiling
//===----------------------------------------------------------------------===//

class ScheduleProgram::Compiler {
public:
  explicit Compiler(ScheduleProgram &program) : program(program) {}

  unsigned slot(Value value) {
    auto [it, isNew] = slots.try_emplace(value, program.slots.size());
    if (isNew)
      program.slots.push_back(0);
    return it->second;
  }

  LogicalResult compile(mlir::Operation *op, std::vector<Operation> &operations);

private:
  static std::optional<Code> codeOf(mlir::Operation *op);

  ScheduleProgram &program;
  DenseMap<Value, unsigned> slots;
};

std::optional<ScheduleProgram::Code> ScheduleProgram::Compiler::codeOf(mlir::Operation *op) {
  return llvm::TypeSwitch<mlir::Operation *, std::optional<Code>>(op)
      .Case([](arith::AddIOp) { return Code::Add; })
      .Case([](arith::SubIOp) { return Code::Sub; })
      .Case([](arith::MulIOp) { return Code::Mul; })
      .Case([](arith::FloorDivSIOp) { return Code::FloorDiv; })
      .Case([](arith::CeilDivSIOp) { return Code::CeilDiv; })
      .Case([](arith::DivSIOp) { return Code::Div; })
      .Case([](arith::RemSIOp) { return Code::Rem; })
      .Case([](arith::MinSIOp) { return Code::Min; })
      .Case([](arith::MaxSIOp) { return Code::Max; })
      .Case([](arith::AndIOp) { return Code::And; })
      .Case([](arith::OrIOp) { return Code::Or; })
      .Case([](arith::XOrIOp) { return Code::Xor; })
      .Case([](arith::ShRSIOp) { return Code::ShiftRight; })
      .Case([](arith::ShLIOp) { return Code::ShiftLeft; })
      .Case([](arith::SelectOp) { return Code::Select; })
      .Case([](arith::CmpIOp compare) -> std::optional<Code> {
        switch (compare.getPredicate()) {
        case arith::CmpIPredicate::eq:
          return Code::Equal;
        case arith::CmpIPredicate::ne:
          return Code::NotEqual;
        case arith::CmpIPredicate::slt:
          return Code::Less;
        case arith::CmpIPredicate::sle:
          return Code::LessEqual;
        case arith::CmpIPredicate::sgt:
          return Code::Greater;
        case arith::CmpIPredicate::sge:
          return Code::GreaterEqual;
        default:
          return std::nullopt;
        }
      })
      .Default(std::nullopt);
}

LogicalResult ScheduleProgram::Compiler::compile(mlir::Operation *op,
                                                 std::vector<Operation> &operations) {
  APInt constant;
  if (op->getNumResults() == 1 && matchPattern(op->getResult(0), m_ConstantInt(&constant))) {
    // An i1 is 0 or 1 in its slot.
    int64_t value = constant.getBitWidth() == 1 ? constant.getZExtValue() : constant.getSExtValue();
    program.slots[slot(op->getResult(0))] = value;
    return success();
  }
  std::optional<Code> code = codeOf(op);
  if (!code)
    return op->emitOpError("cannot be evaluated in a schedule");
  Operation operation{*code, 0, {0, 0, 0}};
  for (auto [index, operand] : llvm::enumerate(op->getOperands()))
    operation.operands[index] = slot(operand);
  operation.result = slot(op->getResult(0));
  operations.push_back(operation);
  return success();
}

FailureOr<ScheduleProgram> ScheduleProgram::compile(ScheduleOp schedule) {
  ScheduleProgram program;
  program.queryTile = schedule.getQueryTile();
  program.keyTile = schedule.getKeyTile();
  program.transposed = schedule.getTransposed();
  Block &block = schedule.getBody().front();
  program.numArguments = block.getNumArguments() - ScheduleOp::First;

  // The block arguments are the first slots, in order.
  Compiler compiler(program);
  for (BlockArgument argument : block.getArguments())
    compiler.slot(argument);
  for (mlir::Operation &op : block) {
    auto visit = dyn_cast<VisitOp>(op);
    if (!visit) {
      if (failed(compiler.compile(&op, program.body)))
        return failure();
      continue;
    }
    Band band;
    band.begin = compiler.slot(visit.getBegin());
    band.end = compiler.slot(visit.getEnd());
    band.fullBegin = compiler.slot(visit.getFullBegin());
    band.fullEnd = compiler.slot(visit.getFullEnd());
    band.fallback = visit.getFallback();
    if (!visit.getFilter().empty()) {
      Block &filter = visit.getFilter().front();
      band.hasFilter = true;
      band.tile = compiler.slot(filter.getArgument(0));
      for (mlir::Operation &inner : filter.without_terminator())
        if (failed(compiler.compile(&inner, band.filter)))
          return failure();
      auto yield = cast<VisitYieldOp>(filter.getTerminator());
      band.visible = compiler.slot(yield.getVisible());
      band.full = compiler.slot(yield.getFull());
    }
    program.bands.push_back(std::move(band));
  }
  return program;
}

//===----------------------------------------------------------------------===//
// Running
//===----------------------------------------------------------------------===//

void ScheduleProgram::run(ArrayRef<Operation> operations) {
  // Two's complement, as the compiled code.
  auto wrap = [](uint64_t value) { return static_cast<int64_t>(value); };
  for (const Operation &operation : operations) {
    int64_t a = slots[operation.operands[0]], b = slots[operation.operands[1]];
    int64_t c = slots[operation.operands[2]];
    auto &result = slots[operation.result];
    switch (operation.code) {
    case Code::Add:
      result = wrap(uint64_t(a) + uint64_t(b));
      break;
    case Code::Sub:
      result = wrap(uint64_t(a) - uint64_t(b));
      break;
    case Code::Mul:
      result = wrap(uint64_t(a) * uint64_t(b));
      break;
    case Code::FloorDiv:
      result = llvm::divideFloorSigned(a, b);
      break;
    case Code::CeilDiv:
      result = llvm::divideCeilSigned(a, b);
      break;
    case Code::Div:
      result = a / b;
      break;
    case Code::Rem:
      result = a % b;
      break;
    case Code::Min:
      result = std::min(a, b);
      break;
    case Code::Max:
      result = std::max(a, b);
      break;
    case Code::And:
      result = a & b;
      break;
    case Code::Or:
      result = a | b;
      break;
    case Code::Xor:
      result = a ^ b;
      break;
    case Code::ShiftRight:
      result = a >> b;
      break;
    case Code::ShiftLeft:
      result = wrap(uint64_t(a) << b);
      break;
    case Code::Select:
      result = a ? b : c;
      break;
    case Code::Equal:
      result = a == b;
      break;
    case Code::NotEqual:
      result = a != b;
      break;
    case Code::Less:
      result = a < b;
      break;
    case Code::LessEqual:
      result = a <= b;
      break;
    case Code::Greater:
      result = a > b;
      break;
    case Code::GreaterEqual:
      result = a >= b;
      break;
    }
  }
}

int64_t ScheduleProgram::getNumTiles(const Sizes &sizes) const {
  return transposed ? llvm::divideCeilSigned(sizes.keyLength, keyTile)
                    : llvm::divideCeilSigned(sizes.queryLength, queryTile);
}

int64_t ScheduleProgram::getNumVisited(const Sizes &sizes) const {
  return transposed ? llvm::divideCeilSigned(sizes.queryLength, queryTile)
                    : llvm::divideCeilSigned(sizes.keyLength, keyTile);
}

size_t ScheduleProgram::getNumOperations() const {
  size_t count = body.size();
  for (const Band &band : bands)
    count += band.filter.size();
  return count;
}

void ScheduleProgram::forEachVisit(const Sizes &sizes, int64_t tile,
                                   llvm::function_ref<void(int64_t, TileKind)> visit) {
  assert(sizes.arguments.size() == numArguments && "one value per argument of the pattern");
  slots[ScheduleOp::Tile] = tile;
  // Symbols are numbered as the block arguments after the tile.
  llvm::copy(sizes.values(), slots.begin() + ScheduleOp::QueryLength);
  run(body);

  // `merge(scan)`, which is right for every schedule: the next tile is the least that a band holds.
  constexpr int64_t none = std::numeric_limits<int64_t>::max();
  for (int64_t next = std::numeric_limits<int64_t>::min();;) {
    int64_t visited = none;
    for (const Band &band : bands) {
      int64_t candidate = std::max(next, slots[band.begin]);
      if (candidate < slots[band.end])
        visited = std::min(visited, candidate);
    }
    if (visited == none)
      return;
    TileKind kind = TileKind::Skipped;
    for (Band &band : bands) {
      if (visited < slots[band.begin] || visited >= slots[band.end])
        continue;
      bool visible = true;
      bool full =
          !band.fallback && visited >= slots[band.fullBegin] && visited < slots[band.fullEnd];
      if (band.hasFilter) {
        slots[band.tile] = visited;
        run(band.filter);
        visible = slots[band.visible];
        full &= slots[band.full] != 0;
      }
      if (visible)
        kind = std::max(kind, full ? TileKind::Full : TileKind::Partial);
    }
    if (kind != TileKind::Skipped)
      visit(visited, kind);
    next = visited + 1;
  }
}

ScheduleGrid ScheduleProgram::evaluate(const Sizes &sizes) {
  ScheduleGrid grid;
  grid.numTiles = getNumTiles(sizes);
  grid.numVisited = getNumVisited(sizes);
  grid.kinds.assign(grid.numTiles * grid.numVisited, TileKind::Skipped);
  for (int64_t tile = 0; tile < grid.numTiles; ++tile)
    forEachVisit(sizes, tile, [&](int64_t visited, TileKind kind) {
      assert(visited >= 0 && visited < grid.numVisited && "a schedule visits existing tiles only");
      grid.kinds[tile * grid.numVisited + visited] = kind;
    });
  return grid;
}

FailureOr<ScheduleGrid> mlir::attn::evaluateSchedule(ScheduleOp schedule, const Sizes &sizes) {
  FailureOr<ScheduleProgram> program = ScheduleProgram::compile(schedule);
  if (failed(program))
    return failure();
  return program->evaluate(sizes);
}
