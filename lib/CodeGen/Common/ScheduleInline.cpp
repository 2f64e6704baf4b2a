//===- ScheduleInline.cpp - a schedule as code of a kernel -----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attn/CodeGen/Common/ScheduleInline.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Transforms/RegionUtils.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace mlir::attn;

/// Clones one op of arithmetic with i64 for index.
static void cloneAsI64(OpBuilder &builder, Operation &op, IRMapping &mapping) {
  Type i64 = builder.getI64Type();
  // Between index and i64 there is nothing left to convert.
  if (isa<arith::IndexCastOp, arith::IndexCastUIOp>(op)) {
    Value input = mapping.lookup(op.getOperand(0));
    Type type = op.getResult(0).getType();
    type = type.isIndex() ? i64 : type;
    if (input.getType() != type) {
      bool widens = input.getType().getIntOrFloatBitWidth() < type.getIntOrFloatBitWidth();
      if (!widens)
        input = arith::TruncIOp::create(builder, op.getLoc(), type, input);
      else if (isa<arith::IndexCastUIOp>(op))
        input = arith::ExtUIOp::create(builder, op.getLoc(), type, input);
      else
        input = arith::ExtSIOp::create(builder, op.getLoc(), type, input);
    }
    mapping.map(op.getResult(0), input);
    return;
  }
  Operation *clone = builder.clone(op, mapping);
  if (auto constant = dyn_cast<arith::ConstantOp>(clone); constant && constant.getType().isIndex())
    constant.setValueAttr(
        builder.getI64IntegerAttr(cast<IntegerAttr>(constant.getValue()).getInt()));
  for (OpResult result : clone->getResults())
    if (result.getType().isIndex())
      result.setType(i64);
}

static bool isConstant(Value value) { return value.getDefiningOp<arith::ConstantOp>() != nullptr; }

void attn::inlineSchedule(OpBuilder &builder, ScheduleOp schedule, ValueRange arguments,
                          IRMapping &mapping, function_ref<void(const BandRange &)> use) {
  Block &body = schedule.getBody().front();
  mapping.map(body.getArguments(), arguments);
  for (Operation &op : body) {
    auto visit = dyn_cast<VisitOp>(op);
    if (!visit) {
      cloneAsI64(builder, op, mapping);
      continue;
    }
    auto value = [&](Value bound) { return mapping.lookup(bound); };
    use({value(visit.getBegin()), value(visit.getEnd()), value(visit.getFullBegin()),
         value(visit.getFullEnd())});
  }
}

SmallVector<Value> attn::getFilterCaptures(ScheduleOp schedule) {
  llvm::SetVector<Value> captures;
  for (auto visit : schedule.getBody().front().getOps<VisitOp>())
    getUsedValuesDefinedAbove(visit.getFilter(), captures);
  captures.remove_if([](Value value) { return isConstant(value); });
  return captures.takeVector();
}

Value attn::captureToWord(OpBuilder &builder, Location loc, Value value) {
  if (value.getType().isInteger(64))
    return value;
  return arith::ExtSIOp::create(builder, loc, builder.getI64Type(), value);
}

Value attn::captureFromWord(OpBuilder &builder, Location loc, Value word, Value capture) {
  Type type = capture.getType();
  if (type.isIndex() || type.isInteger(64))
    return word;
  return arith::TruncIOp::create(builder, loc, type, word);
}

std::pair<Value, Value> attn::inlineFilter(OpBuilder &builder, VisitOp visit, IRMapping mapping,
                                           Value tile) {
  llvm::SetVector<Value> outer;
  getUsedValuesDefinedAbove(visit.getFilter(), outer);
  for (Value value : outer)
    if (isConstant(value))
      cloneAsI64(builder, *value.getDefiningOp(), mapping);

  Block &body = visit.getFilter().front();
  mapping.map(body.getArgument(0), tile);
  for (Operation &op : body.without_terminator())
    cloneAsI64(builder, op, mapping);
  auto yield = cast<VisitYieldOp>(body.getTerminator());
  return {mapping.lookup(yield.getVisible()), mapping.lookup(yield.getFull())};
}
