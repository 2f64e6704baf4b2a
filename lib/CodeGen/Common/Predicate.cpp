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
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::attn;

namespace {

/// How far lanes may get from 0. The verifier of `attn.where` bounds what a set computes by 2^62,
/// so the wide limit and scalars of 64 bits suffice for every set.
constexpr int64_t kLaneLimit32 = (int64_t(1) << 31) - 2;
constexpr int64_t kLaneLimit64 = int64_t(5) << 60;

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

/// The value of an affine expression at (q, k): `lanes + scalar`, where only `lanes` differs from
/// lane to lane and stays within `range`. Either is null where it is zero.
struct Split {
  Value lanes, scalar;
  Interval range = {0, 0};
};

/// Bounds offsets by their values, if they are constant, and by the positions otherwise.
Interval boundOffsets(Value offsets) {
  Attribute constant;
  matchPattern(offsets, m_Constant(&constant));
  if (auto one = dyn_cast_or_null<IntegerAttr>(constant))
    return {one.getInt(), one.getInt()};
  auto many = dyn_cast_or_null<DenseIntElementsAttr>(constant);
  if (!many)
    return {-kPositionLimit, kPositionLimit - 1};
  SmallVector<int32_t> values(many.getValues<int32_t>());
  auto [least, greatest] = std::minmax_element(values.begin(), values.end());
  return {*least, *greatest};
}

/// Emits the masks of one pattern for one set of lanes; a mask used twice is emitted once.
class Emission {
public:
  Emission(ImplicitLocOpBuilder &builder, const PatternOperands &operands,
           const PredicateLanes &lanes, Value other)
      : b(builder), operands(operands), side(lanes.side), base(lanes.base), offsets(lanes.offsets),
        end(lanes.end), other(other), offsetRange(boundOffsets(offsets)),
        wordBelow(lanes.wordBelow), hold(lanes.hold) {}

  /// The mask of the pattern, false where there is no lane: lanes or a word.
  Value pattern(PatternOp pattern);

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
  /// `lanes predicate bound`, where the bound is saturated to the lanes' range.
  Value compareLanes(arith::CmpIPredicate predicate, Value lanes, Value bound, Interval range);
  /// `position` less the lanes' base: what their offsets are compared with.
  Value fromBase(Value position) { return base ? sub(position, base) : position; }
  /// `base + offsets predicate position`.
  Value comparePositions(arith::CmpIPredicate predicate, Value position) {
    return compareLanes(predicate, offsets, fromBase(position), offsetRange);
  }
  /// `values = residue (mod divisor)`: constant values, such as offsets, keep constant residues.
  Value congruent(Value values, Interval range, Value residue, int64_t divisor);

  //===--------------------------------------------------------------------===//
  // Masks
  //===--------------------------------------------------------------------===//

  // A mask is an i1 for each lane, or a word with a bit for each.

  bool isWord(Value mask) const { return mask.getType().isInteger(32); }
  Value asLanes(Value mask);
  template <typename Op>
  Value combine(Value x, Value y) {
    if (isWord(x) != isWord(y))
      x = asLanes(x), y = asLanes(y);
    return b.createOrFold<Op>(x, y);
  }
  Value both(Value x, Value y) { return combine<arith::AndIOp>(x, y); }
  Value either(Value x, Value y) { return combine<arith::OrIOp>(x, y); }
  Value negate(Value x) {
    Attribute ones = b.getIntegerAttr(getElementTypeOrSelf(x), -1);
    if (auto vector = dyn_cast<VectorType>(x.getType()))
      ones = DenseElementsAttr::get(vector, ones);
    return b.createOrFold<arith::XOrIOp>(x, arith::ConstantOp::create(b, cast<TypedAttr>(ones)));
  }
  Value boolean(bool value) { return uniform(arith::ConstantOp::create(b, b.getBoolAttr(value))); }
  Value mask(Value mask);
  /// The i1 `condition`, which holds or not for all lanes alike.
  Value uniform(Value condition);
  /// `begin <= x < end`, where x is the position on the side `ranged`.
  Value range(LaneSide ranged, Value begin, Value end);

  /// How far the lanes of a window, or of blocks, reach `below` and `above` the other position.
  struct Reach {
    Value below, above;
  };
  Reach reach(Value before, Value after) const {
    return side == LaneSide::Keys ? Reach{before, after} : Reach{after, before};
  }
  Value causal();
  Value window(WindowOp op);
  Value block(int64_t size, Value shift, Value before, Value after);
  Value chunk(int64_t size);
  Value prefix(Value length);
  Value where(WhereOp op);
  /// `expr = 0` or `expr >= 0`.
  Value constraint(AffineExpr expr, bool isEquality, WhereOp op);
  /// One expression, in lanes that also hold `divisor`.
  Split split(AffineExpr expr, WhereOp op, int64_t divisor = 1);
  /// The same from offsets in some width, or nothing if lanes exceed `limit`.
  std::optional<Split> split(AffineExpr expr, WhereOp op, Value laneOffsets, int64_t limit);

  ImplicitLocOpBuilder &b;
  const PatternOperands &operands;
  const LaneSide side;
  const Value base, offsets, end, other;
  const Interval offsetRange;
  const std::function<Value(Value)> wordBelow, hold;
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
  if (vector && hold && element.isInteger(32))
    scalar = hold(scalar);
  return vector ? b.createOrFold<vector::BroadcastOp>(vector, scalar) : scalar;
}

Value Emission::compareLanes(arith::CmpIPredicate predicate, Value lanes, Value bound,
                             Interval range) {
  using arith::CmpIPredicate;
  if (wordBelow && lanes == offsets && predicate != CmpIPredicate::eq) {
    bool includesBound = predicate == CmpIPredicate::sle || predicate == CmpIPredicate::sgt;
    Value first = includesBound ? add(bound, constant(1)) : bound;
    first = clamp(first, range.low, range.high + 1);
    Value below = wordBelow(b.createOrFold<arith::TruncIOp>(b.getI32Type(), first));
    bool isUpper = predicate == CmpIPredicate::sle || predicate == CmpIPredicate::slt;
    return isUpper ? below : negate(below);
  }
  // One beyond the lanes' values on either side decides as every number further out does.
  Value saturated = clamp(bound, range.low - 1, range.high + 1);
  return compare(predicate, lanes, like(lanes, saturated));
}

Value Emission::congruent(Value values, Interval range, Value residue, int64_t divisor) {
  Value own = floorMod(values, divisor, range.low >= 0), wanted = floorMod(residue, divisor);
  DenseIntElementsAttr constants;
  if (!wordBelow || !matchPattern(own, m_Constant(&constants)))
    return compare(arith::CmpIPredicate::eq, own, like(own, wanted));
  // For each residue that lanes have, the word of those lanes.
  llvm::MapVector<int64_t, uint32_t> words;
  for (auto [lane, value] : llvm::enumerate(constants.getValues<APInt>()))
    words[value.getSExtValue()] |= uint32_t(1) << lane;
  Value result = boolean(false);
  for (auto [value, lanes] : words) {
    Value isEqual = compare(arith::CmpIPredicate::eq, wanted, constant(value));
    Value word = arith::ConstantOp::create(b, b.getI32IntegerAttr(int32_t(lanes)));
    result = either(result, b.createOrFold<arith::SelectOp>(isEqual, word, boolean(false)));
  }
  return result;
}

//===----------------------------------------------------------------------===//
// Masks
//===----------------------------------------------------------------------===//

Value Emission::asLanes(Value mask) {
  if (!isWord(mask))
    return mask;
  SmallVector<int32_t> bits;
  for (int64_t i = 0; i < cast<VectorType>(offsets.getType()).getNumElements(); ++i)
    bits.push_back(int32_t(uint32_t(1) << i));
  auto type = VectorType::get(bits.size(), b.getI32Type());
  Value own = arith::ConstantOp::create(b, DenseElementsAttr::get(type, ArrayRef(bits)));
  Value found = arith::AndIOp::create(b, vector::BroadcastOp::create(b, type, mask), own);
  return compare(arith::CmpIPredicate::ne, found, like(own, int64_t(0)));
}

Value Emission::uniform(Value condition) {
  if (wordBelow)
    return b.createOrFold<arith::ExtSIOp>(b.getI32Type(), condition);
  auto vector = dyn_cast<VectorType>(offsets.getType());
  if (!vector)
    return condition;
  return b.createOrFold<vector::BroadcastOp>(vector.clone(b.getI1Type()), condition);
}

Value Emission::range(LaneSide ranged, Value begin, Value end) {
  using arith::CmpIPredicate;
  if (ranged != side) {
    Value from = compare(CmpIPredicate::sge, other, begin);
    Value to = compare(CmpIPredicate::slt, other, end);
    return uniform(both(from, to));
  }
  Value from = comparePositions(CmpIPredicate::sge, begin);
  Value to = comparePositions(CmpIPredicate::slt, end);
  return both(from, to);
}

Value Emission::causal() {
  using arith::CmpIPredicate;
  return comparePositions(side == LaneSide::Keys ? CmpIPredicate::sle : CmpIPredicate::sge, other);
}

Value Emission::pattern(PatternOp pattern) {
  Value result = pattern ? mask(pattern.getMask()) : boolean(true);
  if (end)
    result = both(result,
                  compareLanes(arith::CmpIPredicate::slt, offsets,
                               b.createOrFold<arith::ExtSIOp>(b.getI64Type(), end), offsetRange));
  return result;
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

  Value result =
      TypeSwitch<Operation *, Value>(op)
          .Case([&](AllOp) { return boolean(true); })
          .Case([&](CausalOp) { return causal(); })
          .Case([&](WindowOp window) { return this->window(window); })
          .Case([&](KeysOp keys) {
            Value begin = number(keys.getMixedBegin()), end = number(keys.getMixedEnd());
            return range(LaneSide::Keys, begin, end);
          })
          .Case([&](QueriesOp queries) {
            Value begin = number(queries.getMixedBegin()), end = number(queries.getMixedEnd());
            return range(LaneSide::Queries, begin, end);
          })
          .Case([&](BlockOp block) {
            return this->block(block.getSize(), number(block.getMixedShift()),
                               number(block.getMixedBefore()), number(block.getMixedAfter()));
          })
          .Case([&](ChunkOp chunk) { return this->chunk(chunk.getSize()); })
          .Case([&](PrefixOp prefix) { return this->prefix(number(prefix.getMixedLength())); })
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
  // q - B*d <= k <= q + A*d, and so k - A*d <= q <= k + B*d.
  int64_t dilation = op.getDilation();
  auto distance = [&](OpFoldResult taps) { return mul(number(taps), constant(dilation)); };
  auto [below, above] = reach(distance(op.getMixedBefore()), distance(op.getMixedAfter()));
  Value low = sub(other, below), high = add(other, above);
  Value from = comparePositions(arith::CmpIPredicate::sge, low);
  Value inside = both(from, comparePositions(arith::CmpIPredicate::sle, high));
  if (dilation == 1)
    return inside;
  return both(inside, congruent(offsets, offsetRange, fromBase(other), dilation));
}

Value Emission::block(int64_t size, Value shift, Value before, Value after) {
  Value own = floorDiv(sub(other, shift), size);
  auto edge = [&](Value index) { return add(mul(index, constant(size)), shift); };
  auto [below, above] = reach(before, after);
  Value first = edge(sub(own, below)), end = edge(add(add(own, above), constant(1)));
  return range(side, first, end);
}

Value Emission::chunk(int64_t size) {
  // From the chunk's first position to the query, and from the key to the chunk's last.
  using arith::CmpIPredicate;
  Value past = causal(), first = mul(floorDiv(other, size), constant(size));
  return both(past, side == LaneSide::Keys
                        ? comparePositions(CmpIPredicate::sge, first)
                        : comparePositions(CmpIPredicate::slt, add(first, constant(size))));
}

Value Emission::prefix(Value length) {
  using arith::CmpIPredicate;
  if (side == LaneSide::Queries)
    return either(causal(), uniform(compare(CmpIPredicate::slt, other, length)));
  Value last = b.createOrFold<arith::MaxSIOp>(other, sub(length, constant(1)));
  return comparePositions(CmpIPredicate::sle, last);
}

//===----------------------------------------------------------------------===//
// Integer sets
//===----------------------------------------------------------------------===//

namespace {
/// dividend mod divisor = residue, where 0 <= residue < divisor.
struct Congruence {
  AffineExpr dividend;
  int64_t divisor, residue;
};
} // namespace

/// What `expr = 0` says, if `expr` is a remainder less a constant.
static std::optional<Congruence> congruenceOf(AffineExpr expr) {
  int64_t residue = 0;
  auto sum = dyn_cast<AffineBinaryOpExpr>(expr);
  if (sum && sum.getKind() == AffineExprKind::Add && isa<AffineConstantExpr>(sum.getRHS())) {
    residue = -cast<AffineConstantExpr>(sum.getRHS()).getValue();
    expr = sum.getLHS();
  }
  auto remainder = dyn_cast<AffineBinaryOpExpr>(expr);
  if (!remainder || remainder.getKind() != AffineExprKind::Mod)
    return std::nullopt;
  int64_t divisor = cast<AffineConstantExpr>(remainder.getRHS()).getValue();
  if (residue < 0 || residue >= divisor)
    return std::nullopt;
  return Congruence{remainder.getLHS(), divisor, residue};
}

std::optional<Split> Emission::split(AffineExpr expr, WhereOp op, Value laneOffsets,
                                     int64_t limit) {
  Split result;
  if (auto literal = dyn_cast<AffineConstantExpr>(expr)) {
    result.scalar = constant(literal.getValue());
    return result;
  }
  if (auto dim = dyn_cast<AffineDimExpr>(expr)) {
    LaneSide own = dim.getPosition() == 0 ? LaneSide::Queries : LaneSide::Keys;
    return own == side ? Split{laneOffsets, base, offsetRange} : Split{nullptr, other};
  }
  if (auto symbol = dyn_cast<AffineSymbolExpr>(expr)) {
    result.scalar = number(op.getSymbols()[symbol.getPosition()]);
    return result;
  }

  auto binary = cast<AffineBinaryOpExpr>(expr);
  std::optional<Split> left = split(binary.getLHS(), op, laneOffsets, limit);
  if (!left)
    return std::nullopt;
  auto sum = [&](const Split &x, const Split &y) -> std::optional<Split> {
    auto range =
        within(__int128(x.range.low) + y.range.low, __int128(x.range.high) + y.range.high, limit);
    if (!range)
      return std::nullopt;
    auto addition = [&](Value a, Value c) { return !a ? c : !c ? a : add(a, c); };
    return Split{addition(x.lanes, y.lanes), addition(x.scalar, y.scalar), *range};
  };
  if (binary.getKind() == AffineExprKind::Add) {
    std::optional<Split> right = split(binary.getRHS(), op, laneOffsets, limit);
    return right ? sum(*left, *right) : std::nullopt;
  }

  // The rest have a constant on the right: the set is pure affine.
  int64_t factor = cast<AffineConstantExpr>(binary.getRHS()).getValue();
  if (binary.getKind() == AffineExprKind::Mul) {
    __int128 x = __int128(left->range.low) * factor, y = __int128(left->range.high) * factor;
    auto range = within(std::min(x, y), std::max(x, y), limit);
    if (!range || (left->lanes && std::abs(factor) > limit))
      return std::nullopt;
    if (left->lanes)
      left->lanes = mul(left->lanes, like(left->lanes, factor));
    if (left->scalar)
      left->scalar = mul(left->scalar, constant(factor));
    return Split{left->lanes, left->scalar, *range};
  }

  // x ceildiv c = (x + c - 1) floordiv c.
  if (binary.getKind() == AffineExprKind::CeilDiv)
    left = sum(*left, {nullptr, constant(factor - 1)});
  // (lanes + scalar) floordiv c = (lanes + scalar mod c) floordiv c + scalar floordiv c, and
  // likewise for mod, so that lanes stay small whatever the scalar is.
  bool remainder = binary.getKind() == AffineExprKind::Mod;
  if (left->lanes) {
    Split carry;
    if (left->scalar)
      carry = {like(left->lanes, floorMod(left->scalar, factor)), nullptr, {0, factor - 1}};
    std::optional<Split> total = sum({left->lanes, nullptr, left->range}, carry);
    if (!total || factor > limit)
      return std::nullopt;
    Interval range = total->range;
    bool positive = range.low >= 0;
    if (remainder)
      return Split{floorMod(total->lanes, factor, positive), nullptr, {0, factor - 1}};
    result.lanes = floorDiv(total->lanes, factor, positive);
    result.range = {llvm::divideFloorSigned(range.low, factor),
                    llvm::divideFloorSigned(range.high, factor)};
  } else if (remainder) {
    return Split{nullptr, floorMod(left->scalar, factor)};
  }
  if (left->scalar)
    result.scalar = floorDiv(left->scalar, factor);
  return result;
}

Split Emission::split(AffineExpr expr, WhereOp op, int64_t divisor) {
  std::optional<Split> result;
  if (divisor <= kLaneLimit32)
    result = split(expr, op, offsets, kLaneLimit32);
  if (result)
    return *result;
  Type wide = b.getI64Type();
  if (auto vector = dyn_cast<VectorType>(offsets.getType()))
    wide = vector.clone(wide);
  Value extended = b.createOrFold<arith::ExtSIOp>(wide, offsets);
  result = split(expr, op, extended, kLaneLimit64);
  assert(result && "the verifier refuses larger coefficients");
  return *result;
}

Value Emission::constraint(AffineExpr expr, bool isEquality, WhereOp op) {
  if (std::optional<Congruence> known = isEquality ? congruenceOf(expr) : std::nullopt) {
    Split value = split(known->dividend, op, known->divisor);
    Value rest = constant(known->residue);
    if (value.scalar)
      rest = sub(rest, value.scalar);
    if (value.lanes)
      return congruent(value.lanes, value.range, rest, known->divisor);
  }
  // lanes + scalar >= 0 (or = 0), read as lanes >= -scalar.
  Split value = split(expr, op);
  auto predicate = isEquality ? arith::CmpIPredicate::eq : arith::CmpIPredicate::sge;
  Value bound = value.scalar ? sub(constant(0), value.scalar) : constant(0);
  return value.lanes ? compareLanes(predicate, value.lanes, bound, value.range)
                     : uniform(compare(predicate, constant(0), bound));
}

Value Emission::where(WhereOp op) {
  IntegerSet set = op.getSet();
  Value result;
  for (auto [expr, isEquality] : llvm::zip_equal(set.getConstraints(), set.getEqFlags())) {
    Value holds = constraint(expr, isEquality, op);
    result = result ? both(result, holds) : holds;
  }
  return result ? result : boolean(true);
}

//===----------------------------------------------------------------------===//
// Entry points
//===----------------------------------------------------------------------===//

Value attn::emitPredicate(OpBuilder &builder, Location loc, PatternOp pattern,
                          const PatternOperands &operands, const PredicateLanes &lanes,
                          Value other) {
  ImplicitLocOpBuilder b(loc, builder);
  b.setInsertionPoint(builder.getInsertionBlock(), builder.getInsertionPoint());
  return Emission(b, operands, lanes, other).pattern(pattern);
}
