//===- Proofs.cpp - what is proved of a pattern, for all sizes ------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attn/Proofs/Proofs.h"
#include "BandFormula.h"
#include "PatternFormula.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace mlir::attn;

namespace {

/// A question about one or two patterns: its symbols, and what is common to all questions.
class Question {
public:
  explicit Question(PatternOp pattern)
      : context(pattern.getContext()), arith(context), pattern(pattern),
        numSymbols(FirstArgument + pattern.getBody().getNumArguments()) {
    for (unsigned symbol = FirstArgument; symbol < numSymbols; ++symbol)
      argumentSymbols.push_back(symbol);
  }

  AffineExpr dim(Dim number) { return getAffineDimExpr(number, context); }
  AffineExpr symbol(Symbol number) { return getAffineSymbolExpr(number, context); }
  AffineExpr constant(int64_t value) { return getAffineConstantExpr(value, context); }

  PatternFormulas formulas() { return PatternFormulas(pattern, argumentSymbols); }
  std::optional<Formula> patternFormula() { return formulas().ofPattern(); }

  /// Formulas of another pattern. Arguments of equal names are equal, others are symbols of their
  /// own.
  PatternFormulas formulasOf(PatternOp other) {
    SmallVector<unsigned> symbols;
    for (unsigned i = 0; i < other.getBody().getNumArguments(); ++i) {
      unsigned symbol = numSymbols;
      for (unsigned j = 0; j < argumentSymbols.size(); ++j)
        if (pattern.getArgumentName(j) == other.getArgumentName(i))
          symbol = argumentSymbols[j];
      if (symbol == numSymbols)
        ++numSymbols;
      symbols.push_back(symbol);
    }
    return PatternFormulas(other, symbols);
  }

  /// `offset + t*Bq <= q < offset + (t + 1)*Bq`, and likewise for u and k.
  Formula inTile(int64_t queryTile, int64_t keyTile) {
    auto inside = [&](Dim position, Symbol origin, Dim tile, int64_t size) {
      AffineExpr row = dim(position) - symbol(origin);
      return Formula::ge(row, dim(tile) * size) && Formula::lt(row, dim(tile) * size + size);
    };
    return inside(QueryDim, Offset, QueryTileDim, queryTile) &&
           inside(KeyDim, KeyOffset, KeyTileDim, keyTile);
  }
  Formula queryExists() {
    return Formula::ge(dim(QueryDim), symbol(Offset)) &&
           Formula::lt(dim(QueryDim), symbol(Offset) + symbol(QueryLength));
  }
  Formula keyExists() {
    return Formula::ge(dim(KeyDim), symbol(KeyOffset)) &&
           Formula::lt(dim(KeyDim), symbol(KeyOffset) + symbol(KeyLength));
  }

  /// What `attn.assert` assumes.
  Formula assumptions() {
    Formula formula = Formula::ge(symbol(KeyLength), symbol(QueryLength)) &&
                      Formula::zero(symbol(KeyOffset)) &&
                      Formula::zero(symbol(Offset) - symbol(KeyLength) + symbol(QueryLength)) &&
                      Formula::zero(symbol(Length) - symbol(KeyLength));
    for (unsigned symbol = FirstArgument; symbol < numSymbols; ++symbol)
      formula = formula && Formula::nonNegative(this->symbol(symbol));
    return formula;
  }

  /// Proves `premise and cases => conclusion`, case by case. A counter-example is looked for at
  /// small sizes before the one at hand is taken, because people read it.
  Verdict prove(const Formula &premise, const Formula &cases, const Formula &conclusion,
                const Limits &limits) {
    if (arith.isTooLarge())
      return {Verdict::NotProved, {}, "the bounds of the bands are too large as formulas"};
    Formula common = sizeFormula(context) && premise;
    for (auto [index, oneCase] : llvm::enumerate(disjuncts(cases))) {
      Verdict verdict = proveCase(common && oneCase, conclusion, index, limits);
      if (verdict.isProved())
        continue;
      for (int64_t bound : {4, 16, 64, 256, 1024, 4096}) {
        if (!verdict.isRefuted())
          break;
        Verdict small =
            isSubset(atMost(bound) && common && oneCase, conclusion, NumDims, numSymbols, limits);
        if (small.isRefuted())
          return small;
      }
      return verdict;
    }
    return {Verdict::Proved, {}, {}};
  }

  MLIRContext *context;
  TermArith arith;

private:
  /// The formula as a union, multiplied out as far as that gives a few members.
  static SmallVector<Formula> disjuncts(const Formula &formula) {
    constexpr size_t limit = 32;
    if (formula.getKind() == Formula::Kind::Or) {
      SmallVector<Formula> result;
      for (const Formula &operand : formula.getOperands())
        llvm::append_range(result, disjuncts(operand));
      return result;
    }
    SmallVector<Formula> result{Formula::always(true)};
    if (formula.getKind() != Formula::Kind::And)
      return {formula};
    for (const Formula &operand : formula.getOperands()) {
      SmallVector<Formula> factors = disjuncts(operand);
      if (result.size() * factors.size() > limit)
        factors = {operand};
      SmallVector<Formula> product;
      for (const Formula &lhs : result)
        for (const Formula &rhs : factors)
          product.push_back(lhs && rhs);
      result = std::move(product);
    }
    return result;
  }

  /// A case mostly has one band that covers it alone, and most proofs are found by trying: next to
  /// the right band the others are only in the way. `guess` is tried first, none for long.
  Verdict proveCase(const Formula &premise, const Formula &conclusion, size_t guess,
                    const Limits &limits) {
    ArrayRef<Formula> operands = conclusion.getOperands();
    if (conclusion.getKind() == Formula::Kind::And) {
      for (const Formula &operand : operands) {
        Verdict verdict = proveCase(premise, operand, guess, limits);
        if (!verdict.isProved())
          return verdict;
      }
      return {Verdict::Proved, {}, {}};
    }
    if (conclusion.getKind() == Formula::Kind::Or) {
      constexpr unsigned maxBranches = 200;
      Limits brief = limits;
      brief.maxBranches = std::min(limits.maxBranches, maxBranches);
      for (size_t i = 0; i < operands.size(); ++i) {
        const Formula &operand = operands[(guess + i) % operands.size()];
        if (isSubset(premise, operand, NumDims, numSymbols, brief).isProved())
          return {Verdict::Proved, {}, {}};
      }
    }
    return isSubset(premise, conclusion, NumDims, numSymbols, limits);
  }

  Formula atMost(int64_t bound) {
    Formula formula = Formula::always(true);
    for (unsigned number = 0; number < numSymbols; ++number)
      formula = formula && Formula::ge(constant(bound), symbol(number)) &&
                Formula::ge(symbol(number), constant(-bound));
    return formula;
  }

  PatternOp pattern;
  unsigned numSymbols;
  SmallVector<unsigned> argumentSymbols;
};

} // namespace

static Verdict notAffine() { return {Verdict::NotProved, {}, "the pattern is not affine"}; }

//===----------------------------------------------------------------------===//
// Schedules
//===----------------------------------------------------------------------===//

Verdict mlir::attn::proveVisits(PatternOp pattern, const Bands &bands, int64_t queryTile,
                                int64_t keyTile, const Limits &limits) {
  Question question(pattern);
  std::optional<Formula> visible = question.patternFormula();
  if (!visible)
    return notAffine();
  Formula visited = Formula::always(false);
  for (const Band &band : bands)
    visited = visited || tileFormula(question.arith, band, queryTile, keyTile).visited;
  Formula premise =
      question.inTile(queryTile, keyTile) && question.queryExists() && question.keyExists();
  return question.prove(premise, *visible, visited, limits);
}

Verdict mlir::attn::proveFull(PatternOp pattern, const Bands &bands, int64_t queryTile,
                              int64_t keyTile, const Limits &limits) {
  Question question(pattern);
  std::optional<Formula> visible = question.patternFormula();
  if (!visible)
    return notAffine();
  Formula full = Formula::always(false);
  for (const Band &band : bands)
    full = full || tileFormula(question.arith, band, queryTile, keyTile).full;
  Formula premise = question.inTile(queryTile, keyTile) && question.queryExists();
  return question.prove(premise, full, question.keyExists() && *visible, limits);
}

/// Does query `q` of `point` see no key of the pattern? Keys are tried one by one, if they are not
/// many.
static bool isEmptyRow(const Formula &visible, const Point &point) {
  int64_t begin = point.symbols[KeyOffset], length = point.symbols[KeyLength];
  if (length > 4096)
    return false;
  SmallVector<int64_t> dims = point.dims;
  for (int64_t k = begin; k < begin + length; ++k) {
    dims[KeyDim] = k;
    if (visible.holds(dims, point.symbols))
      return false;
  }
  return true;
}

Verdict mlir::attn::proveRows(PatternOp pattern, const Bands &bands, const Limits &limits) {
  Question question(pattern);
  std::optional<Formula> visible = question.patternFormula();
  if (!visible)
    return notAffine();
  Formula premise = question.queryExists() && question.assumptions();
  Formula row = rowFormula(question.arith, bands);
  Verdict verdict = question.prove(premise, Formula::always(true), row, limits);
  // Bands without a closed form count as empty, so a counter-example has to be confirmed.
  if (verdict.isRefuted() && !isEmptyRow(*visible, verdict.point))
    return {Verdict::NotProved, {}, "the first key of a row has no closed form"};
  return verdict;
}

//===----------------------------------------------------------------------===//
// Claims
//===----------------------------------------------------------------------===//

ClaimVerdict mlir::attn::proveClaim(AssertOp claim, const Limits &limits) {
  auto lookup = [&](FlatSymbolRefAttr name) {
    return SymbolTable::lookupNearestSymbolFrom<PatternOp>(claim, name);
  };
  PatternOp pattern = lookup(claim.getPatternAttr());
  if (claim.getClaim() == Claim::RowsNonempty)
    return {proveRows(pattern, bandsOf(pattern).bands, limits), pattern};

  Question question(pattern);
  PatternFormulas formulas = question.formulas();
  std::optional<Formula> visible = formulas.ofPattern();
  std::optional<PatternFormulas> others;
  std::optional<Formula> bound;
  if (claim.getClaim() == Claim::Causal) {
    bound = Formula::ge(question.dim(QueryDim), question.dim(KeyDim));
  } else {
    others = question.formulasOf(lookup(claim.getOtherAttr()));
    bound = others->ofPattern();
  }
  if (!visible || !bound)
    return {notAffine(), pattern};

  Formula context = question.assumptions() && question.queryExists() && question.keyExists();
  ClaimVerdict result{question.prove(context, *visible, *bound, limits), pattern};
  if (claim.getClaim() == Claim::Equals && result.verdict.isProved()) {
    result.verdict = question.prove(context, *bound, *visible, limits);
    result.owner = lookup(claim.getOtherAttr());
    formulas = *others;
  }
  if (result.verdict.isRefuted())
    result.source = formulas.findSource(result.verdict.point);
  return result;
}

std::string mlir::attn::describeQuery(const Point &point) {
  return "query " + std::to_string(point.dims[QueryDim]);
}

std::string mlir::attn::describeKey(const Point &point) {
  return "key " + std::to_string(point.dims[KeyDim]);
}

std::string mlir::attn::describeSizes(const Point &point, PatternOp pattern) {
  std::string text;
  llvm::raw_string_ostream os(text);
  int64_t offset = point.symbols[Offset], keyOffset = point.symbols[KeyOffset];
  int64_t keyEnd = keyOffset + point.symbols[KeyLength];
  os << "(Sq = " << point.symbols[QueryLength] << ", Sk = " << point.symbols[KeyLength];
  if (offset != keyEnd - point.symbols[QueryLength])
    os << ", offset = " << offset;
  if (keyOffset != 0)
    os << ", key_offset = " << keyOffset;
  for (unsigned i = 0; i < pattern.getBody().getNumArguments(); ++i)
    os << ", %" << pattern.getArgumentName(i) << " = " << point.symbols[FirstArgument + i];
  os << ')';
  return text;
}
