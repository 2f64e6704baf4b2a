//===- OpArith.cpp - the arithmetic that builds ops -----------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "OpArith.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace mlir::attn;

/// +1 or -1 for an infinity, 0 for everything else.
static int infinity(OpArith::Value value) {
  if (value.base || std::abs(value.constant) < kInfinity)
    return 0;
  return value.constant > 0 ? 1 : -1;
}

/// x, where the value is -1 * x.
static Value negation(Value value) {
  auto product = value.getDefiningOp<arith::MulIOp>();
  if (!product || getConstantIntValue(product.getRhs()) != -1)
    return {};
  return product.getLhs();
}

OpArith::OpArith(ScheduleOp schedule)
    : schedule(schedule), builder(schedule.getContext()), body(&schedule.getBody().front()) {}

void OpArith::beginFilter(Block &block) { filter = &block; }

void OpArith::endFilter() {
  filter = nullptr;
  filterValues.clear();
}

Block *OpArith::blockOf(ArrayRef<mlir::Value> operands) {
  bool inFilter = filter && llvm::any_of(operands, [&](mlir::Value operand) {
                    return operand && operand.getParentBlock() == filter;
                  });
  return inFilter ? filter : body;
}

mlir::Value OpArith::index(int64_t value) {
  mlir::Value &constant = constants[value];
  if (!constant) {
    // Ahead of all that may use it, in the order of first use.
    if (lastConstant)
      builder.setInsertionPointAfterValue(lastConstant);
    else
      builder.setInsertionPointToStart(body);
    constant = lastConstant = arith::ConstantIndexOp::create(builder, schedule.getLoc(), value);
  }
  return constant;
}

template <typename Op>
mlir::Value OpArith::build(mlir::Value lhs, mlir::Value rhs, int predicate, mlir::Value third) {
  Block *block = blockOf({lhs, rhs, third});
  Key key{Op::getOperationName(), predicate, lhs.getAsOpaquePointer(), rhs.getAsOpaquePointer(),
          third.getAsOpaquePointer()};
  mlir::Value &value = (block == filter ? filterValues : values)[key];
  if (value)
    return value;
  builder.setInsertionPointToEnd(block);
  Location loc = schedule.getLoc();
  if constexpr (std::is_same_v<Op, arith::CmpIOp>)
    value = Op::create(builder, loc, static_cast<arith::CmpIPredicate>(predicate), lhs, rhs);
  else if constexpr (std::is_same_v<Op, arith::SelectOp>)
    value = Op::create(builder, loc, lhs, rhs, third);
  else
    value = Op::create(builder, loc, lhs, rhs);
  return value;
}

mlir::Value OpArith::materialize(Value value) {
  if (!value.base)
    return index(value.constant);
  if (value.constant == 0)
    return value.base;
  if (value.constant < 0)
    return build<arith::SubIOp>(value.base, index(-value.constant));
  return build<arith::AddIOp>(value.base, index(value.constant));
}

mlir::Value OpArith::materialize(Bool condition) {
  if (condition.value)
    return condition.value;
  builder.setInsertionPointToEnd(filter ? filter : body);
  return arith::ConstantIntOp::create(builder, schedule.getLoc(), condition.constant, 1);
}

OpArith::Value OpArith::symbol(Symbol number) {
  // Symbols are numbered as the arguments of a schedule after the tile.
  return {body->getArgument(ScheduleOp::QueryLength + number), 0};
}

OpArith::Value OpArith::tile() { return {body->getArgument(ScheduleOp::Tile), 0}; }

OpArith::Value OpArith::add(Value lhs, Value rhs) {
  if (infinity(lhs) || infinity(rhs))
    return infinity(lhs) ? lhs : rhs;
  int64_t constant = lhs.constant + rhs.constant;
  if (!lhs.base || !rhs.base)
    return {lhs.base ? lhs.base : rhs.base, constant};
  // x + -1 * y.
  if (mlir::Value negated = negation(rhs.base))
    return {build<arith::SubIOp>(lhs.base, negated), constant};
  if (mlir::Value negated = negation(lhs.base))
    return {build<arith::SubIOp>(rhs.base, negated), constant};
  return {build<arith::AddIOp>(lhs.base, rhs.base), constant};
}

OpArith::Value OpArith::sub(Value lhs, Value rhs) {
  if (infinity(lhs))
    return lhs;
  if (infinity(rhs))
    return {{}, -rhs.constant};
  int64_t constant = lhs.constant - rhs.constant;
  if (lhs.base == rhs.base)
    return {{}, constant};
  if (!rhs.base)
    return {lhs.base, constant};
  if (!lhs.base)
    return {build<arith::SubIOp>(index(constant), rhs.base), 0};
  // (x + y) - y.
  if (auto sum = lhs.base.getDefiningOp<arith::AddIOp>()) {
    if (sum.getLhs() == rhs.base)
      return {sum.getRhs(), constant};
    if (sum.getRhs() == rhs.base)
      return {sum.getLhs(), constant};
  }
  return {build<arith::SubIOp>(lhs.base, rhs.base), constant};
}

OpArith::Value OpArith::scale(int64_t factor, Value value) {
  if (factor == 1 || infinity(value))
    return value;
  if (factor == 0)
    return {};
  if (!value.base)
    return {{}, factor * value.constant};
  return {build<arith::MulIOp>(value.base, index(factor)), factor * value.constant};
}

OpArith::Value OpArith::floorDiv(Value value, int64_t divisor) {
  if (divisor == 1 || infinity(value))
    return value;
  if (!value.base)
    return {{}, mlir::attn::floorDiv(value.constant, divisor)};
  // Multiples of the divisor leave; what remains of `(x + divisor - 1) floordiv divisor` is a
  // ceildiv.
  int64_t whole = mlir::attn::floorDiv(value.constant, divisor);
  int64_t rest = value.constant - whole * divisor;
  if (rest == divisor - 1)
    return {build<arith::CeilDivSIOp>(value.base, index(divisor)), whole};
  mlir::Value numerator = materialize(Value{value.base, rest});
  return {build<arith::FloorDivSIOp>(numerator, index(divisor)), whole};
}

OpArith::Value OpArith::min(Value lhs, Value rhs) {
  if (infinity(lhs) > 0 || infinity(rhs) < 0)
    return rhs;
  if (infinity(rhs) > 0 || infinity(lhs) < 0)
    return lhs;
  if (lhs.base == rhs.base)
    return {lhs.base, std::min(lhs.constant, rhs.constant)};
  return {build<arith::MinSIOp>(materialize(lhs), materialize(rhs)), 0};
}

OpArith::Value OpArith::max(Value lhs, Value rhs) {
  if (infinity(lhs) < 0 || infinity(rhs) > 0)
    return rhs;
  if (infinity(rhs) < 0 || infinity(lhs) > 0)
    return lhs;
  if (lhs.base == rhs.base)
    return {lhs.base, std::max(lhs.constant, rhs.constant)};
  return {build<arith::MaxSIOp>(materialize(lhs), materialize(rhs)), 0};
}

OpArith::Bool OpArith::lessEqual(Value lhs, Value rhs) {
  if (infinity(lhs) < 0 || infinity(rhs) > 0)
    return {{}, true};
  if (infinity(lhs) > 0 || infinity(rhs) < 0)
    return {{}, false};
  if (lhs.base == rhs.base)
    return {{}, lhs.constant <= rhs.constant};
  // x + c <= y + d is x + (c - d) <= y; `x + 1 <= y` reads better as `x < y`.
  int64_t constant = lhs.constant - rhs.constant;
  auto compare = [&](arith::CmpIPredicate predicate, mlir::Value left, mlir::Value right) {
    return Bool{build<arith::CmpIOp>(left, right, static_cast<int>(predicate)), false};
  };
  if (!lhs.base)
    return compare(arith::CmpIPredicate::sge, rhs.base, index(constant));
  if (!rhs.base)
    return compare(arith::CmpIPredicate::sle, lhs.base, index(-constant));
  if (constant == 1)
    return compare(arith::CmpIPredicate::slt, lhs.base, rhs.base);
  return compare(arith::CmpIPredicate::sle, materialize(Value{lhs.base, constant}), rhs.base);
}

OpArith::Bool OpArith::both(Bool lhs, Bool rhs) {
  if (!lhs.value)
    return lhs.constant ? rhs : lhs;
  if (!rhs.value)
    return rhs.constant ? lhs : rhs;
  if (lhs.value == rhs.value)
    return lhs;
  return {build<arith::AndIOp>(lhs.value, rhs.value), false};
}

OpArith::Bool OpArith::either(Bool lhs, Bool rhs) {
  if (!lhs.value)
    return lhs.constant ? lhs : rhs;
  if (!rhs.value)
    return rhs.constant ? rhs : lhs;
  if (lhs.value == rhs.value)
    return lhs;
  return {build<arith::OrIOp>(lhs.value, rhs.value), false};
}

OpArith::Value OpArith::select(Bool condition, Value ifTrue, Value ifFalse) {
  if (!condition.value)
    return condition.constant ? ifTrue : ifFalse;
  if (ifTrue.base == ifFalse.base && ifTrue.constant == ifFalse.constant)
    return ifTrue;
  mlir::Value lhs = materialize(ifTrue), rhs = materialize(ifFalse);
  return {build<arith::SelectOp>(condition.value, lhs, 0, rhs), 0};
}
