//===- Predicate.cpp - a pattern as code -----------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attn/CodeGen/Common/Predicate.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::attn;

namespace {

/// How far lanes may get from 0. The verifier of `attn.where` bounds what a set computes by 2^62,
/// so the wide limit and scalars of 64 bits suffice for every set.
constexpr int64_t kLaneLimit32 = (int64_t(1) << 31) - 2;
constexpr int64_t kLaneLimit64 = int64_t(5) << 60;
constexpr int64_t kScalarLimit = std::numeric_limits<int64_t>::max();

/// A closed interval of integers.
struct Interval {
  int64_t low, high;
};

/// The interval, unless it exceeds `limit`.
std::optional<Interval> within(__int128 low, __int128 high, int64_t limit) {
  if (low < -limit || high > limit)
    return std::nullopt;
  return Interval{int64_t(low), int64_t(high)};
}

/// The value of an affine expression at (q, k): `lanes + scalar`, where only `lanes` depends on q.
/// Either is null where it is zero. The intervals bound them.
struct Split {
  Value lanes, scalar;
  Interval laneRange = {0, 0}, scalarRange = {0, 0};
};

/// Emits the masks of one pattern for one key; a mask used twice is emitted once.
class Emission {
public:
  Emission(ImplicitLocOpBuilder &builder, const PatternOperands &operands, Value query, Value key)
      : b(builder), operands(operands), query(query), key(key) {}

  Value mask(Value mask);

private:
  //===--------------------------------------------------------------------===//
  // Numbers
  //===--------------------------------------------------------------------===//

  Value constant(int64_t value) { return arith::ConstantOp::create(b, b.getI64IntegerAttr(value)); }
  Value number(OpFoldResult value);
  Value number(Value value);
  Value add(Value x, Value y) { return b.createOrFold<arith::AddIOp>(x, y); }
  Value sub(Value x, Value y) { return b.createOrFold<arith::SubIOp>(x, y); }
  Value mul(Value x, Value y) { return b.createOrFold<arith::MulIOp>(x, y); }
  Value clamp(Value x, int64_t low, int64_t high) {
    x = b.createOrFold<arith::MaxSIOp>(x, constant(low));
    return b.createOrFold<arith::MinSIOp>(x, constant(high));
  }
  Value compare(arith::CmpIPredicate predicate, Value x, Value y) {
    return b.createOrFold<arith::CmpIOp>(predicate, x, y);
  }

  /// `x floordiv divisor` and `x mod divisor`; `x` may be lanes, `positive` says that x >= 0.
  Value floorDiv(Value x, int64_t divisor, bool positive = false);
  Value floorMod(Value x, int64_t divisor, bool positive = false);

  //===--------------------------------------------------------------------===//
  // Lanes
  //===--------------------------------------------------------------------===//

  /// A constant, or a scalar, in the type of `lanes`.
  Value like(Value lanes, int64_t value);
  Value like(Value lanes, Value scalar);
  /// `lanes predicate bound`, where the bound is saturated to the lanes' type.
  Value compareLanes(arith::CmpIPredicate predicate, Value lanes, Value bound,
                     Interval range = {-kPositionLimit, kPositionLimit});

  //===--------------------------------------------------------------------===//
  // Masks
  //===--------------------------------------------------------------------===//

  Value both(Value x, Value y) { return b.createOrFold<arith::AndIOp>(x, y); }
  Value either(Value x, Value y) { return b.createOrFold<arith::OrIOp>(x, y); }
  Value negate(Value x) { return b.createOrFold<arith::XOrIOp>(x, boolean(true)); }
  Value boolean(bool value);
  /// The i1 `condition`, which holds or not for all queries alike.
  Value uniform(Value condition);
  /// `low <= q <= high`.
  Value between(Value low, Value high);

  Value window(WindowOp op);
  Value block(int64_t size, Value shift, Value before, Value after);
  Value where(WhereOp op);
  /// One expression, or nothing if its lanes exceed `limit`.
  std::optional<Split> split(AffineExpr expr, WhereOp op, Value q, int64_t limit);

  ImplicitLocOpBuilder &b;
  const PatternOperands &operands;
  Value query, key;
  DenseMap<Value, Value> emitted;
};

} // namespace

//===----------------------------------------------------------------------===//
// Numbers
//===----------------------------------------------------------------------===//

Value Emission::number(OpFoldResult value) {
  if (auto attribute = dyn_cast<Attribute>(value))
    return constant(cast<IntegerAttr>(attribute).getInt());
  return number(cast<Value>(value));
}

Value Emission::number(Value value) {
  if (auto argument = dyn_cast<BlockArgument>(value))
    return operands.arguments[argument.getArgNumber()];
  if (value.getDefiningOp<LengthOp>())
    return operands.length;
  IntegerAttr literal;
  [[maybe_unused]] bool isConstant = matchPattern(value, m_Constant(&literal));
  assert(isConstant && "the verifier admits arguments, attn.length and constants");
  return number(OpFoldResult(literal));
}

Value Emission::floorDiv(Value x, int64_t divisor, bool positive) {
  if (divisor == 1)
    return x;
  if (llvm::isPowerOf2_64(divisor))
    return b.createOrFold<arith::ShRSIOp>(x, like(x, llvm::Log2_64(divisor)));
  if (positive)
    return b.createOrFold<arith::DivUIOp>(x, like(x, divisor));
  return b.createOrFold<arith::FloorDivSIOp>(x, like(x, divisor));
}

Value Emission::floorMod(Value x, int64_t divisor, bool positive) {
  // Two's complement floors by itself.
  if (llvm::isPowerOf2_64(divisor))
    return b.createOrFold<arith::AndIOp>(x, like(x, divisor - 1));
  if (positive)
    return b.createOrFold<arith::RemUIOp>(x, like(x, divisor));
  Value remainder = b.createOrFold<arith::RemSIOp>(x, like(x, divisor));
  Value negative = compare(arith::CmpIPredicate::slt, remainder, like(x, int64_t(0)));
  Value wrapped = add(remainder, like(x, divisor));
  return b.createOrFold<arith::SelectOp>(negative, wrapped, remainder);
}

//===----------------------------------------------------------------------===//
// Lanes
//===----------------------------------------------------------------------===//

Value Emission::like(Value lanes, int64_t value) {
  Type type = lanes.getType();
  IntegerAttr element = b.getIntegerAttr(getElementTypeOrSelf(type), value);
  if (auto vector = dyn_cast<VectorType>(type))
    return arith::ConstantOp::create(b, DenseElementsAttr::get(vector, element.getValue()));
  return arith::ConstantOp::create(b, element);
}

Value Emission::like(Value lanes, Value scalar) {
  Type type = lanes.getType(), element = getElementTypeOrSelf(type);
  if (scalar.getType() != element)
    scalar = b.createOrFold<arith::TruncIOp>(element, scalar);
  auto vector = dyn_cast<VectorType>(type);
  return vector ? b.createOrFold<vector::BroadcastOp>(vector, scalar) : scalar;
}

Value Emission::compareLanes(arith::CmpIPredicate predicate, Value lanes, Value bound,
                             Interval range) {
  // One beyond the lanes' values on either side decides as every number further out does.
  Value saturated = clamp(bound, range.low - 1, range.high + 1);
  return compare(predicate, lanes, like(lanes, saturated));
}

//===----------------------------------------------------------------------===//
// Masks
//===----------------------------------------------------------------------===//

Value Emission::boolean(bool value) {
  Type type = b.getI1Type();
  if (auto vector = dyn_cast<VectorType>(query.getType()))
    return arith::ConstantOp::create(b, DenseElementsAttr::get(vector.clone(type), value));
  return arith::ConstantOp::create(b, b.getBoolAttr(value));
}

Value Emission::uniform(Value condition) {
  auto vector = dyn_cast<VectorType>(query.getType());
  if (!vector)
    return condition;
  return b.createOrFold<vector::BroadcastOp>(vector.clone(b.getI1Type()), condition);
}

Value Emission::between(Value low, Value high) {
  return both(compareLanes(arith::CmpIPredicate::sge, query, low),
              compareLanes(arith::CmpIPredicate::sle, query, high));
}

Value Emission::mask(Value value) {
  if (Value known = emitted.lookup(value))
    return known;
  using arith::CmpIPredicate;
  Operation *op = value.getDefiningOp();
  auto join = [&](ValueRange masks, bool neutral, auto combine) {
    Value result;
    for (Value operand : masks) {
      Value next = mask(operand);
      result = result ? combine(result, next) : next;
    }
    return result ? result : boolean(neutral);
  };
  auto intersection = [&](Value x, Value y) { return both(x, y); };
  auto disjunction = [&](Value x, Value y) { return either(x, y); };
  Value zero = constant(0);

  Value result =
      TypeSwitch<Operation *, Value>(op)
          .Case([&](AllOp) { return boolean(true); })
          .Case([&](CausalOp) { return compareLanes(CmpIPredicate::sge, query, key); })
          .Case([&](WindowOp window) { return this->window(window); })
          .Case([&](KeysOp keys) {
            Value from = compare(CmpIPredicate::sge, key, number(keys.getMixedBegin()));
            Value to = compare(CmpIPredicate::slt, key, number(keys.getMixedEnd()));
            return uniform(both(from, to));
          })
          .Case([&](QueriesOp queries) {
            Value from = number(queries.getMixedBegin()), to = number(queries.getMixedEnd());
            return both(compareLanes(CmpIPredicate::sge, query, from),
                        compareLanes(CmpIPredicate::slt, query, to));
          })
          .Case([&](BlockOp block) {
            return this->block(block.getSize(), number(block.getMixedShift()),
                               number(block.getMixedBefore()), number(block.getMixedAfter()));
          })
          .Case([&](ChunkOp chunk) {
            Value past = compareLanes(CmpIPredicate::sge, query, key);
            return both(past, block(chunk.getSize(), zero, zero, zero));
          })
          .Case([&](PrefixOp prefix) {
            Value inside = compare(CmpIPredicate::slt, key, number(prefix.getMixedLength()));
            return either(compareLanes(CmpIPredicate::sge, query, key), uniform(inside));
          })
          .Case([&](WhereOp where) { return this->where(where); })
          .Case([&](IntersectOp all) { return join(all.getMasks(), true, intersection); })
          .Case([&](UnionOp some) { return join(some.getMasks(), false, disjunction); })
          .Case([&](DifferenceOp difference) {
            Value left = mask(difference.getLhs());
            return both(left, negate(mask(difference.getRhs())));
          })
          .Case([&](ComplementOp inverse) { return negate(mask(inverse.getInput())); });
  emitted[value] = result;
  return result;
}

Value Emission::window(WindowOp op) {
  // Seen from the key, the queries of the window are k - A*d <= q <= k + B*d.
  int64_t dilation = op.getDilation();
  auto reach = [&](OpFoldResult taps) { return mul(number(taps), constant(dilation)); };
  Value inside = between(sub(key, reach(op.getMixedAfter())), add(key, reach(op.getMixedBefore())));
  if (dilation == 1)
    return inside;
  Value residue = floorMod(query, dilation);
  Value same = like(query, floorMod(key, dilation));
  return both(inside, compare(arith::CmpIPredicate::eq, residue, same));
}

Value Emission::block(int64_t size, Value shift, Value before, Value after) {
  Value own = floorDiv(sub(key, shift), size);
  auto edge = [&](Value index) { return add(mul(index, constant(size)), shift); };
  Value first = edge(sub(own, after)), end = edge(add(add(own, before), constant(1)));
  return both(compareLanes(arith::CmpIPredicate::sge, query, first),
              compareLanes(arith::CmpIPredicate::slt, query, end));
}

//===----------------------------------------------------------------------===//
// Integer sets
//===----------------------------------------------------------------------===//

std::optional<Split> Emission::split(AffineExpr expr, WhereOp op, Value q, int64_t limit) {
  Split result;
  if (auto literal = dyn_cast<AffineConstantExpr>(expr)) {
    int64_t value = literal.getValue();
    auto range = within(value, value, kScalarLimit);
    if (!range)
      return std::nullopt;
    result.scalar = constant(value);
    result.scalarRange = *range;
    return result;
  }
  if (auto dim = dyn_cast<AffineDimExpr>(expr)) {
    Interval positions = {-kPositionLimit, kPositionLimit - 1};
    if (dim.getPosition() == 0) {
      result.lanes = q;
      result.laneRange = positions;
    } else {
      result.scalar = key;
      result.scalarRange = positions;
    }
    return result;
  }
  if (auto symbol = dyn_cast<AffineSymbolExpr>(expr)) {
    result.scalar = number(op.getSymbols()[symbol.getPosition()]);
    result.scalarRange = {-kMaxNumber, kMaxNumber};
    return result;
  }

  auto binary = cast<AffineBinaryOpExpr>(expr);
  std::optional<Split> left = split(binary.getLHS(), op, q, limit);
  if (!left)
    return std::nullopt;
  auto sum = [&](const Split &x, const Split &y) -> std::optional<Split> {
    auto lanes = within(__int128(x.laneRange.low) + y.laneRange.low,
                        __int128(x.laneRange.high) + y.laneRange.high, limit);
    auto scalars = within(__int128(x.scalarRange.low) + y.scalarRange.low,
                          __int128(x.scalarRange.high) + y.scalarRange.high, kScalarLimit);
    if (!lanes || !scalars)
      return std::nullopt;
    auto addition = [&](Value a, Value c) { return !a ? c : !c ? a : add(a, c); };
    return Split{addition(x.lanes, y.lanes), addition(x.scalar, y.scalar), *lanes, *scalars};
  };
  if (binary.getKind() == AffineExprKind::Add) {
    std::optional<Split> right = split(binary.getRHS(), op, q, limit);
    return right ? sum(*left, *right) : std::nullopt;
  }

  // The rest have a constant on the right: the set is pure affine.
  int64_t factor = cast<AffineConstantExpr>(binary.getRHS()).getValue();
  if (binary.getKind() == AffineExprKind::Mul) {
    auto scaled = [&](Interval range, int64_t bound) {
      __int128 x = __int128(range.low) * factor, y = __int128(range.high) * factor;
      return within(std::min(x, y), std::max(x, y), bound);
    };
    auto lanes = scaled(left->laneRange, limit), scalars = scaled(left->scalarRange, kScalarLimit);
    if (!lanes || !scalars || (left->lanes && std::abs(factor) > limit))
      return std::nullopt;
    if (left->lanes)
      left->lanes = mul(left->lanes, like(left->lanes, factor));
    if (left->scalar)
      left->scalar = mul(left->scalar, constant(factor));
    return Split{left->lanes, left->scalar, *lanes, *scalars};
  }

  // x ceildiv c = (x + c - 1) floordiv c.
  if (binary.getKind() == AffineExprKind::CeilDiv) {
    Split rounding{nullptr, constant(factor - 1), {0, 0}, {factor - 1, factor - 1}};
    left = sum(*left, rounding);
    if (!left)
      return std::nullopt;
  }
  // (lanes + scalar) floordiv c = (lanes + scalar mod c) floordiv c + scalar floordiv c, and
  // likewise for mod, so that lanes stay small whatever the scalar is.
  bool remainder = binary.getKind() == AffineExprKind::Mod;
  if (left->lanes) {
    Split low{left->lanes, nullptr, left->laneRange, {0, 0}};
    Split carry;
    if (left->scalar) {
      carry.lanes = like(left->lanes, floorMod(left->scalar, factor));
      carry.laneRange = {0, factor - 1};
    }
    std::optional<Split> total = sum(low, carry);
    if (!total || factor > limit)
      return std::nullopt;
    Interval range = total->laneRange;
    bool positive = range.low >= 0;
    if (remainder) {
      result.lanes = floorMod(total->lanes, factor, positive);
      result.laneRange = {0, factor - 1};
      return result;
    }
    result.lanes = floorDiv(total->lanes, factor, positive);
    result.laneRange = {llvm::divideFloorSigned(range.low, factor),
                        llvm::divideFloorSigned(range.high, factor)};
  } else if (remainder) {
    result.scalar = floorMod(left->scalar, factor);
    result.scalarRange = {0, factor - 1};
    return result;
  }
  if (left->scalar) {
    result.scalar = floorDiv(left->scalar, factor);
    result.scalarRange = {llvm::divideFloorSigned(left->scalarRange.low, factor),
                          llvm::divideFloorSigned(left->scalarRange.high, factor)};
  }
  return result;
}

Value Emission::where(WhereOp op) {
  IntegerSet set = op.getSet();
  Value result;
  for (unsigned i = 0; i < set.getNumConstraints(); ++i) {
    std::optional<Split> value = split(set.getConstraint(i), op, query, kLaneLimit32);
    if (!value) {
      Type wide = b.getI64Type();
      if (auto vector = dyn_cast<VectorType>(query.getType()))
        wide = vector.clone(wide);
      Value extended = b.createOrFold<arith::ExtSIOp>(wide, query);
      value = split(set.getConstraint(i), op, extended, kLaneLimit64);
      assert(value && "the verifier refuses larger coefficients");
    }
    // lanes + scalar >= 0 (or = 0), read as lanes >= -scalar.
    auto predicate = set.isEq(i) ? arith::CmpIPredicate::eq : arith::CmpIPredicate::sge;
    Value bound = value->scalar ? sub(constant(0), value->scalar) : constant(0);
    Value holds = value->lanes ? compareLanes(predicate, value->lanes, bound, value->laneRange)
                               : uniform(compare(predicate, constant(0), bound));
    result = result ? both(result, holds) : holds;
  }
  return result ? result : boolean(true);
}

//===----------------------------------------------------------------------===//
// Entry points
//===----------------------------------------------------------------------===//

Value attn::emitPredicate(OpBuilder &builder, Location loc, PatternOp pattern,
                          const PatternOperands &operands, Value query, Value key) {
  ImplicitLocOpBuilder b(loc, builder);
  b.setInsertionPoint(builder.getInsertionBlock(), builder.getInsertionPoint());
  return Emission(b, operands, query, key).mask(pattern.getMask());
}
