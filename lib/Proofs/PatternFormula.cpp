//===- PatternFormula.cpp - the pairs of a mask as a formula --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "PatternFormula.h"
#include "BandFormula.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::attn;

PatternFormulas::PatternFormulas(PatternOp pattern, ArrayRef<unsigned> argumentSymbols)
    : pattern(pattern), argumentSymbols(argumentSymbols),
      q(getAffineDimExpr(QueryDim, pattern.getContext())),
      k(getAffineDimExpr(KeyDim, pattern.getContext())) {}

/// A literal, a constant, an argument or the length.
AffineExpr PatternFormulas::number(OpFoldResult value) {
  MLIRContext *context = pattern.getContext();
  if (auto attribute = dyn_cast<Attribute>(value))
    return getAffineConstantExpr(cast<IntegerAttr>(attribute).getValue().getSExtValue(), context);
  auto operand = cast<Value>(value);
  if (auto argument = dyn_cast<BlockArgument>(operand))
    return getAffineSymbolExpr(argumentSymbols[argument.getArgNumber()], context);
  APInt constant;
  if (matchPattern(operand, m_ConstantInt(&constant)))
    return getAffineConstantExpr(constant.getSExtValue(), context);
  return getAffineSymbolExpr(Length, context);
}

std::optional<Formula> PatternFormulas::of(Value mask) {
  auto it = formulas.find(mask);
  if (it == formulas.end())
    it = formulas.insert({mask, build(mask.getDefiningOp())}).first;
  return it->second;
}

Operation *PatternFormulas::findSource(Value mask, const Point &point) {
  Operation *op = mask.getDefiningOp();
  auto unionOp = dyn_cast<UnionOp>(op);
  if (!unionOp)
    return op;
  for (Value operand : unionOp.getMasks()) {
    std::optional<Formula> formula = of(operand);
    if (formula && formula->holds(point.dims, point.symbols))
      return findSource(operand, point);
  }
  return op;
}

std::optional<Formula> PatternFormulas::block(int64_t size, AffineExpr shift, AffineExpr before,
                                              AffineExpr after) {
  AffineExpr own = (q - shift).floorDiv(size), other = (k - shift).floorDiv(size);
  return Formula::ge(other, own - before) && Formula::ge(own + after, other);
}

std::optional<Formula> PatternFormulas::build(Operation *op) {
  using Result = std::optional<Formula>;
  AffineExpr zero = getAffineConstantExpr(0, pattern.getContext());
  Formula past = Formula::ge(q, k);

  auto range = [&](AffineExpr position, auto leaf) -> Result {
    return Formula::ge(position, number(leaf.getMixedBegin())) &&
           Formula::lt(position, number(leaf.getMixedEnd()));
  };
  auto join = [&](ValueRange masks, bool isUnion) -> Result {
    Formula joined = Formula::always(!isUnion);
    for (Value mask : masks) {
      Result formula = of(mask);
      if (!formula)
        return std::nullopt;
      joined = isUnion ? joined || *formula : joined && *formula;
    }
    return joined;
  };

  return llvm::TypeSwitch<Operation *, Result>(op)
      .Case([&](AllOp) { return Formula::always(true); })
      .Case([&](CausalOp) { return past; })
      .Case([&](WindowOp window) -> Result {
        int64_t dilation = window.getDilation();
        Formula taps = dilation == 1 ? Formula::always(true) : Formula::zero((q - k) % dilation);
        return Formula::ge(k, q - number(window.getMixedBefore()) * dilation) &&
               Formula::ge(q + number(window.getMixedAfter()) * dilation, k) && taps;
      })
      .Case([&](KeysOp keys) { return range(k, keys); })
      .Case([&](QueriesOp queries) { return range(q, queries); })
      .Case([&](BlockOp own) {
        return block(own.getSize(), number(own.getMixedShift()), number(own.getMixedBefore()),
                     number(own.getMixedAfter()));
      })
      .Case([&](ChunkOp chunk) -> Result {
        return past && *block(chunk.getSize(), zero, zero, zero);
      })
      .Case([&](PrefixOp prefix) -> Result {
        return past || Formula::lt(k, number(prefix.getMixedLength()));
      })
      .Case([&](WhereOp where) -> Result {
        IntegerSet set = where.getSet();
        SmallVector<AffineExpr> symbols;
        for (Value symbol : where.getSymbols())
          symbols.push_back(number(symbol));
        Formula formula = Formula::always(true);
        for (unsigned i = 0; i < set.getNumConstraints(); ++i) {
          AffineExpr expr = set.getConstraint(i);
          if (!expr.isPureAffine())
            return std::nullopt;
          expr = expr.replaceDimsAndSymbols({q, k}, symbols);
          formula = formula && (set.isEq(i) ? Formula::zero(expr) : Formula::nonNegative(expr));
        }
        return formula;
      })
      .Case([&](IntersectOp intersect) { return join(intersect.getMasks(), /*isUnion=*/false); })
      .Case([&](UnionOp unionOp) { return join(unionOp.getMasks(), /*isUnion=*/true); })
      .Case([&](DifferenceOp difference) -> Result {
        Result lhs = of(difference.getLhs()), rhs = of(difference.getRhs());
        if (!lhs || !rhs)
          return std::nullopt;
        return *lhs && !*rhs;
      })
      .Case([&](ComplementOp complement) -> Result {
        Result input = of(complement.getInput());
        if (!input)
          return std::nullopt;
        return !*input;
      })
      .Default([](Operation *) -> Result { return std::nullopt; });
}
