//===- MaskFolds.cpp - simplification of patterns -----------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Set algebra on the ops of a pattern: what a reader would simplify by hand. The order of operands
// is kept. `attn.all` is the full set, `attn.keys 0 to 0` the empty one. A difference stays a
// difference: `intersect %a, complement %b` says the same in two ops.
//
//===----------------------------------------------------------------------===//

#include "Syntax.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace mlir::attn;

//===----------------------------------------------------------------------===//
// Sets that are known
//===----------------------------------------------------------------------===//

static std::optional<int64_t> getLiteral(OpFoldResult number) {
  auto literal = dyn_cast_if_present<IntegerAttr>(dyn_cast<Attribute>(number));
  return literal ? std::optional<int64_t>(literal.getInt()) : std::nullopt;
}

/// Whether `a + b` is a negative literal: a window from -a to b holds nothing.
static bool isNegativeSum(OpFoldResult a, OpFoldResult b) {
  std::optional<int64_t> first = getLiteral(a), second = getLiteral(b);
  return first && second && *first + *second < 0;
}

static bool isEmptyRange(OpFoldResult begin, OpFoldResult end) {
  std::optional<int64_t> first = getLiteral(begin), last = getLiteral(end);
  return first && last && *first >= *last;
}

static bool isAll(Value mask) { return mask.getDefiningOp<AllOp>() != nullptr; }

static bool isEmpty(Value mask) {
  Operation *op = mask.getDefiningOp();
  if (auto keys = dyn_cast<KeysOp>(op))
    return isEmptyRange(keys.getMixedBegin(), keys.getMixedEnd());
  if (auto queries = dyn_cast<QueriesOp>(op))
    return isEmptyRange(queries.getMixedBegin(), queries.getMixedEnd());
  if (auto window = dyn_cast<WindowOp>(op))
    return isNegativeSum(window.getMixedBefore(), window.getMixedAfter());
  if (auto block = dyn_cast<BlockOp>(op))
    return isNegativeSum(block.getMixedBefore(), block.getMixedAfter());
  return false;
}

/// Whether one of the masks is the complement of the other.
static bool areComplements(Value a, Value b) {
  auto first = a.getDefiningOp<ComplementOp>();
  auto second = b.getDefiningOp<ComplementOp>();
  return (first && first.getInput() == b) || (second && second.getInput() == a);
}

//===----------------------------------------------------------------------===//
// attn.intersect, attn.union
//===----------------------------------------------------------------------===//

/// Both ops are one law and its dual. `neutral` operands leave the other operands as they are, an
/// `absorbing` one is the result; `DualOp` absorbs: a & (a | b) = a.
template <typename DualOp, typename MaskOp>
static OpFoldResult foldMasks(MaskOp op, bool (*neutral)(Value), bool (*absorbing)(Value)) {
  // Flatten, and drop what repeats or is neutral.
  llvm::SmallSetVector<Value, 8> masks;
  for (Value mask : op.getMasks()) {
    if (auto inner = mask.template getDefiningOp<MaskOp>(); inner && inner != op)
      masks.insert_range(inner.getMasks());
    else
      masks.insert(mask);
  }
  for (Value mask : masks)
    if (absorbing(mask))
      return mask;
  Value first = masks.front();
  masks.remove_if(neutral);
  if (masks.empty())
    return first;

  // Drop what another operand absorbs.
  SmallVector<Value> kept;
  for (Value mask : masks) {
    auto dual = mask.getDefiningOp<DualOp>();
    if (!dual || llvm::none_of(dual.getMasks(), [&](Value inner) { return masks.contains(inner); }))
      kept.push_back(mask);
  }
  if (kept.size() == 1)
    return kept.front();
  if (llvm::equal(kept, op.getMasks()))
    return {};
  op.getMasksMutable().assign(kept);
  return op.getMask();
}

OpFoldResult IntersectOp::fold(FoldAdaptor) { return foldMasks<UnionOp>(*this, isAll, isEmpty); }

OpFoldResult UnionOp::fold(FoldAdaptor) { return foldMasks<IntersectOp>(*this, isEmpty, isAll); }

static void replaceByAll(Operation *op, PatternRewriter &rewriter) {
  rewriter.replaceOpWithNewOp<AllOp>(op, MaskType::get(op->getContext()));
}

static void replaceByEmpty(Operation *op, PatternRewriter &rewriter) {
  IntegerAttr zero = rewriter.getI64IntegerAttr(0);
  rewriter.replaceOpWithNewOp<KeysOp>(op, MaskType::get(op->getContext()), Value(), zero, Value(),
                                      zero);
}

template <typename MaskOp>
static bool hasComplements(MaskOp op) {
  for (auto [i, mask] : llvm::enumerate(op.getMasks()))
    for (Value other : op.getMasks().drop_front(i + 1))
      if (areComplements(mask, other))
        return true;
  return false;
}

LogicalResult IntersectOp::canonicalize(IntersectOp op, PatternRewriter &rewriter) {
  if (!hasComplements(op))
    return failure();
  replaceByEmpty(op, rewriter);
  return success();
}

LogicalResult UnionOp::canonicalize(UnionOp op, PatternRewriter &rewriter) {
  if (!hasComplements(op))
    return failure();
  replaceByAll(op, rewriter);
  return success();
}

//===----------------------------------------------------------------------===//
// attn.difference, attn.complement
//===----------------------------------------------------------------------===//

OpFoldResult DifferenceOp::fold(FoldAdaptor) {
  if (isEmpty(getLhs()) || isEmpty(getRhs()))
    return getLhs();
  return {};
}

LogicalResult DifferenceOp::canonicalize(DifferenceOp op, PatternRewriter &rewriter) {
  if (isAll(op.getRhs()) || op.getLhs() == op.getRhs()) {
    replaceByEmpty(op, rewriter);
    return success();
  }
  if (isAll(op.getLhs())) {
    rewriter.replaceOpWithNewOp<ComplementOp>(op, op.getRhs());
    return success();
  }
  return failure();
}

OpFoldResult ComplementOp::fold(FoldAdaptor) {
  if (auto inner = getInput().getDefiningOp<ComplementOp>())
    return inner.getInput();
  return {};
}

LogicalResult ComplementOp::canonicalize(ComplementOp op, PatternRewriter &rewriter) {
  if (isAll(op.getInput()))
    replaceByEmpty(op, rewriter);
  else if (isEmpty(op.getInput()))
    replaceByAll(op, rewriter);
  else
    return failure();
  return success();
}

//===----------------------------------------------------------------------===//
// Numbers: a value that is a constant becomes a literal
//===----------------------------------------------------------------------===//

/// Moves the constant `folded`, if it is one, from the operand to the literal.
template <typename SetLiteral>
static bool foldNumber(Attribute folded, MutableOperandRange operand, SetLiteral setLiteral,
                       int64_t limit) {
  auto constant = dyn_cast_or_null<IntegerAttr>(folded);
  // A literal beyond the limit would be refused; the value is the caller's to answer for.
  if (!constant || constant.getInt() < -limit || constant.getInt() > limit)
    return false;
  setLiteral(IntegerAttr::get(IntegerType::get(constant.getContext(), 64), constant.getInt()));
  operand.clear();
  return true;
}

#define ATTN_FOLD_NUMBER(Name, limit)                                                              \
  foldNumber(                                                                                      \
      adaptor.getDynamic##Name(), getDynamic##Name##Mutable(),                                     \
      [&](IntegerAttr literal) { setStatic##Name##Attr(literal); }, limit)

OpFoldResult WindowOp::fold(FoldAdaptor adaptor) {
  bool changed = ATTN_FOLD_NUMBER(Before, kMaxNumber);
  changed |= ATTN_FOLD_NUMBER(After, kMaxNumber);
  return changed ? getMask() : OpFoldResult();
}

OpFoldResult KeysOp::fold(FoldAdaptor adaptor) {
  bool changed = ATTN_FOLD_NUMBER(Begin, kMaxNumber);
  changed |= ATTN_FOLD_NUMBER(End, kMaxNumber);
  return changed ? getMask() : OpFoldResult();
}

OpFoldResult QueriesOp::fold(FoldAdaptor adaptor) {
  bool changed = ATTN_FOLD_NUMBER(Begin, kMaxNumber);
  changed |= ATTN_FOLD_NUMBER(End, kMaxNumber);
  return changed ? getMask() : OpFoldResult();
}

OpFoldResult BlockOp::fold(FoldAdaptor adaptor) {
  bool changed = ATTN_FOLD_NUMBER(Shift, kMaxNumber);
  changed |= ATTN_FOLD_NUMBER(Before, kMaxNumber);
  changed |= ATTN_FOLD_NUMBER(After, kMaxNumber);
  return changed ? getMask() : OpFoldResult();
}

OpFoldResult PrefixOp::fold(FoldAdaptor adaptor) {
  return ATTN_FOLD_NUMBER(Length, kMaxNumber) ? getMask() : OpFoldResult();
}

LogicalResult AttentionOp::fold(FoldAdaptor adaptor, SmallVectorImpl<OpFoldResult> &) {
  bool changed = ATTN_FOLD_NUMBER(Offset, kMaxPosition);
  changed |= ATTN_FOLD_NUMBER(KeyOffset, kMaxPosition);
  changed |= ATTN_FOLD_NUMBER(Length, kMaxPosition);
  if (auto scale = dyn_cast_or_null<FloatAttr>(adaptor.getDynamicScale())) {
    setStaticScaleAttr(scale);
    getDynamicScaleMutable().clear();
    changed = true;
  }
  return success(changed);
}

#undef ATTN_FOLD_NUMBER

/// An empty leaf has one form, so that CSE finds equal ones.
template <typename LeafOp>
static LogicalResult canonicalizeEmpty(LeafOp op, PatternRewriter &rewriter) {
  if (!isEmpty(op.getMask()))
    return failure();
  replaceByEmpty(op, rewriter);
  return success();
}

LogicalResult WindowOp::canonicalize(WindowOp op, PatternRewriter &rewriter) {
  return canonicalizeEmpty(op, rewriter);
}

LogicalResult BlockOp::canonicalize(BlockOp op, PatternRewriter &rewriter) {
  return canonicalizeEmpty(op, rewriter);
}

LogicalResult QueriesOp::canonicalize(QueriesOp op, PatternRewriter &rewriter) {
  return canonicalizeEmpty(op, rewriter);
}

LogicalResult KeysOp::canonicalize(KeysOp op, PatternRewriter &rewriter) {
  if (getLiteral(op.getMixedBegin()) == 0 && getLiteral(op.getMixedEnd()) == 0)
    return failure(); // it is this form
  return canonicalizeEmpty(op, rewriter);
}

//===----------------------------------------------------------------------===//
// attn.where
//===----------------------------------------------------------------------===//

OpFoldResult WhereOp::fold(FoldAdaptor adaptor) {
  // Constants replace their symbols; the others move up.
  MLIRContext *context = getContext();
  SmallVector<AffineExpr> replacements;
  SmallVector<Value> kept;
  for (auto [operand, folded] : llvm::zip_equal(getSymbols(), adaptor.getSymbols())) {
    if (auto constant = dyn_cast_or_null<IntegerAttr>(folded)) {
      replacements.push_back(getAffineConstantExpr(constant.getInt(), context));
    } else {
      replacements.push_back(getAffineSymbolExpr(kept.size(), context));
      kept.push_back(operand);
    }
  }
  if (kept.size() == getSymbols().size())
    return {};
  SmallVector<AffineExpr> dims = {getAffineDimExpr(0, context), getAffineDimExpr(1, context)};
  setSetAttr(IntegerSetAttr::get(
      getSet().replaceDimsAndSymbols(dims, replacements, dims.size(), kept.size())));
  getSymbolsMutable().assign(kept);
  return getMask();
}

LogicalResult WhereOp::canonicalize(WhereOp op, PatternRewriter &rewriter) {
  bool holds = true;
  IntegerSet set = op.getSet();
  for (auto [constraint, isEquality] : llvm::zip_equal(set.getConstraints(), set.getEqFlags())) {
    auto constant = dyn_cast<AffineConstantExpr>(constraint);
    if (!constant) {
      holds = false;
    } else if (isEquality ? constant.getValue() != 0 : constant.getValue() < 0) {
      replaceByEmpty(op, rewriter);
      return success();
    }
  }
  if (!holds)
    return failure();
  replaceByAll(op, rewriter);
  return success();
}
