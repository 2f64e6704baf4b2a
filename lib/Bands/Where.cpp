//===- Where.cpp - from an integer set to one band --------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Every constraint `sum >= 0` of the set is solved for k, and narrows one bound of the band:
//
//   K(k) >= f(q)   becomes   k >= lowerAdjoint(K, f(q))
//   K(k) <= f(q)   becomes   k <= upperAdjoint(K, f(q))
//
// where K gathers all terms with k, and f, all others, must not decrease. Without k the constraint
// bounds the rows, and one remainder compared with constants is a periodic window.
//
//===----------------------------------------------------------------------===//

#include "Where.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace mlir::attn;

/// Numbers of a set stay where `kInfinity` is out of reach.
static constexpr int64_t kMaxFactor = int64_t(1) << 18;
static constexpr int64_t kMaxConstant = int64_t(1) << 40;

//===----------------------------------------------------------------------===//
// Linear forms
//===----------------------------------------------------------------------===//

namespace {
struct Linear;

/// `dividend floordiv divisor` or `dividend mod divisor`, whose dividend depends on q or k.
struct Quotient {
  bool isMod;
  std::shared_ptr<const Linear> dividend;
  int64_t divisor;
};

/// q*`q` + k*`k` + sum of factor * quotient + invariant.
struct Linear {
  struct Term {
    int64_t factor;
    Quotient quotient;
    /// The dividend as it was written; equal ones are the same object.
    AffineExpr key;
  };

  int64_t q = 0, k = 0;
  SmallVector<Term, 2> terms;
  Expr invariant;

  bool usesQuery() const;
  bool usesKey() const;
  bool isInvariant() const { return q == 0 && k == 0 && terms.empty(); }
  Linear negated() const;
  /// The terms that `keep` accepts, without the invariant.
  Linear filter(bool keepQuery, bool keepKey) const;
};

/// sign * expr, for an expression that never decreases.
struct Monotone {
  int sign;
  Expr expr;
};
} // namespace

bool Linear::usesQuery() const {
  return q != 0 ||
         llvm::any_of(terms, [](const Term &term) { return term.quotient.dividend->usesQuery(); });
}

bool Linear::usesKey() const {
  return k != 0 ||
         llvm::any_of(terms, [](const Term &term) { return term.quotient.dividend->usesKey(); });
}

Linear Linear::negated() const {
  Linear result = *this;
  result.q = -q;
  result.k = -k;
  for (Term &term : result.terms)
    term.factor = -term.factor;
  result.invariant = negate(invariant);
  return result;
}

Linear Linear::filter(bool keepQuery, bool keepKey) const {
  Linear result;
  result.q = keepQuery ? q : 0;
  result.k = keepKey ? k : 0;
  llvm::copy_if(terms, std::back_inserter(result.terms), [&](const Term &term) {
    return (keepQuery && term.quotient.dividend->usesQuery()) ||
           (keepKey && term.quotient.dividend->usesKey());
  });
  return result;
}

/// A form of one variable as a monotone expression of it, if all its terms agree in direction.
static std::optional<Monotone> monotoneOf(const Linear &linear) {
  int sign = 0;
  Expr sum;
  auto add = [&](int64_t factor, const Expr &expr) {
    int direction = factor > 0 ? 1 : -1;
    if (sign == -direction)
      return false;
    sign = direction;
    sum = sum + std::abs(factor) * expr;
    return true;
  };
  for (int64_t factor : {linear.q, linear.k})
    if (factor != 0 && !add(factor, Expr::variable()))
      return std::nullopt;
  for (const Linear::Term &term : linear.terms) {
    std::optional<Monotone> dividend = monotoneOf(*term.quotient.dividend);
    if (!dividend)
      return std::nullopt;
    // (-f) floordiv c  is  -(f ceildiv c)
    int64_t divisor = term.quotient.divisor;
    Expr quotient =
        dividend->sign < 0 ? ceilDiv(dividend->expr, divisor) : floorDiv(dividend->expr, divisor);
    if (!add(dividend->sign * term.factor, quotient))
      return std::nullopt;
  }
  if (sign >= 0)
    return Monotone{1, sum + linear.invariant};
  return Monotone{-1, sum - linear.invariant};
}

//===----------------------------------------------------------------------===//
// Reading affine expressions
//===----------------------------------------------------------------------===//

namespace {
/// Builds linear forms; fails on numbers that are too large.
class LinearBuilder {
public:
  LinearBuilder(ArrayRef<Expr> symbols, bool expandMods)
      : symbols(symbols), expandMods(expandMods) {}

  std::optional<Linear> build(AffineExpr expr) {
    Linear result;
    if (!add(result, expr, 1))
      return std::nullopt;
    llvm::erase_if(result.terms, [](const Linear::Term &term) { return term.factor == 0; });
    return result;
  }

private:
  bool add(Linear &sum, AffineExpr expr, int64_t factor);
  bool addQuotient(Linear &sum, AffineBinaryOpExpr expr, int64_t factor);
  bool addFactor(int64_t &sum, int64_t factor) {
    sum += factor;
    return std::abs(sum) <= kMaxFactor;
  }

  ArrayRef<Expr> symbols;
  bool expandMods;
};
} // namespace

bool LinearBuilder::add(Linear &sum, AffineExpr expr, int64_t factor) {
  if (factor == 0)
    return true;
  if (std::abs(factor) > kMaxFactor)
    return false;
  switch (expr.getKind()) {
  case AffineExprKind::Constant: {
    __int128 product = __int128(cast<AffineConstantExpr>(expr).getValue()) * factor;
    if (product > kMaxConstant || product < -kMaxConstant)
      return false;
    sum.invariant = sum.invariant + int64_t(product);
    return true;
  }
  case AffineExprKind::DimId:
    return addFactor(cast<AffineDimExpr>(expr).getPosition() == 0 ? sum.q : sum.k, factor);
  case AffineExprKind::SymbolId: {
    const Expr &symbol = symbols[cast<AffineSymbolExpr>(expr).getPosition()];
    sum.invariant = sum.invariant + (factor > 0 ? factor * symbol : -factor * negate(symbol));
    return true;
  }
  case AffineExprKind::Add: {
    auto binary = cast<AffineBinaryOpExpr>(expr);
    return add(sum, binary.getLHS(), factor) && add(sum, binary.getRHS(), factor);
  }
  case AffineExprKind::Mul: {
    auto binary = cast<AffineBinaryOpExpr>(expr);
    auto constant = dyn_cast<AffineConstantExpr>(binary.getRHS());
    if (!constant || std::abs(constant.getValue()) > kMaxFactor)
      return false;
    return add(sum, binary.getLHS(), factor * constant.getValue());
  }
  case AffineExprKind::FloorDiv:
  case AffineExprKind::CeilDiv:
  case AffineExprKind::Mod:
    return addQuotient(sum, cast<AffineBinaryOpExpr>(expr), factor);
  }
  llvm_unreachable("unknown kind of affine expression");
}

bool LinearBuilder::addQuotient(Linear &sum, AffineBinaryOpExpr expr, int64_t factor) {
  auto constant = dyn_cast<AffineConstantExpr>(expr.getRHS());
  if (!constant || constant.getValue() <= 0 || constant.getValue() > kMaxFactor)
    return false;
  int64_t divisor = constant.getValue();
  AffineExpr dividendExpr = expr.getLHS();
  if (expr.getKind() == AffineExprKind::CeilDiv)
    dividendExpr = dividendExpr + (divisor - 1);
  std::optional<Linear> dividend = build(dividendExpr);
  if (!dividend)
    return false;
  bool isMod = expr.getKind() == AffineExprKind::Mod;
  if (isMod && (expandMods || dividend->isInvariant())) {
    // x mod n  is  x - n * (x floordiv n)
    return add(sum, dividendExpr, factor) &&
           add(sum, dividendExpr.floorDiv(divisor), -factor * divisor);
  }
  if (dividend->isInvariant()) {
    Expr quotient = floorDiv(dividend->invariant, divisor);
    sum.invariant = sum.invariant + (factor > 0 ? factor * quotient : -factor * negate(quotient));
    return true;
  }
  for (Linear::Term &term : sum.terms)
    if (term.key == dividendExpr && term.quotient.isMod == isMod &&
        term.quotient.divisor == divisor)
      return addFactor(term.factor, factor);
  Quotient quotient{isMod, std::make_shared<Linear>(std::move(*dividend)), divisor};
  sum.terms.push_back({factor, std::move(quotient), dividendExpr});
  return true;
}

//===----------------------------------------------------------------------===//
// Constraints
//===----------------------------------------------------------------------===//

namespace {
/// Narrows a band by constraints. Every step returns the reason why it cannot, or nothing.
class Narrower {
public:
  using Reason = std::optional<std::string>;

  explicit Narrower(Band &band) : band(band) {}

  /// `linear >= 0`, without remainders.
  Reason requireNonNegative(const Linear &linear);
  /// `factor * remainder + constant >= 0`, or `== 0`, if the form is that.
  std::optional<Reason> requireWindow(const Linear &linear, bool isEquality);

private:
  Reason addWindow(const Linear &value, int64_t modulus, int64_t begin, int64_t end);
  Reason addWindow(Residues &windows, int64_t modulus, int64_t begin, int64_t end) {
    if (!windows.add(modulus, begin, end))
      band = Band::none();
    return std::nullopt;
  }

  Band &band;
};
} // namespace

std::optional<Narrower::Reason> Narrower::requireWindow(const Linear &linear, bool isEquality) {
  std::optional<int64_t> constant = linear.invariant.asConstant();
  if (linear.q != 0 || linear.k != 0 || linear.terms.size() != 1 ||
      !linear.terms[0].quotient.isMod || !constant)
    return std::nullopt;
  const Linear::Term &term = linear.terms[0];
  int64_t modulus = term.quotient.divisor;
  // The remainders in [begin, end), within [0, modulus).
  int64_t begin = 0, end = modulus;
  if (isEquality) {
    if (*constant % term.factor != 0) {
      band = Band::none();
      return Reason();
    }
    begin = -*constant / term.factor;
    end = begin + 1;
  } else if (term.factor > 0) {
    begin = ceilDiv(-*constant, term.factor);
  } else {
    end = floorDiv(*constant, -term.factor) + 1;
  }
  begin = std::max<int64_t>(begin, 0);
  end = std::min(end, modulus);
  if (begin >= end) {
    band = Band::none();
    return Reason();
  }
  return addWindow(*term.quotient.dividend, modulus, begin, end);
}

/// Adds `value mod modulus in [begin, end)`.
Narrower::Reason Narrower::addWindow(const Linear &value, int64_t modulus, int64_t begin,
                                     int64_t end) {
  if (std::optional<int64_t> constant = value.invariant.asConstant()) {
    begin -= *constant;
    end -= *constant;
  } else {
    return "has a period that begins at a symbol";
  }
  int64_t q = floorMod(value.q, modulus), k = floorMod(value.k, modulus);
  int64_t minusOne = modulus - 1;
  if (value.terms.empty()) {
    // With modulus 2 there is no difference between 1 and -1; the first match is as good as the
    // other.
    if (q == 0 && k == 0) {
      if (floorMod(-begin, modulus) >= end - begin)
        band = Band::none();
      return std::nullopt;
    }
    if (q == 1 && k == 0)
      return addWindow(band.queryWindows, modulus, begin, end);
    if (q == 0 && k == 1)
      return addWindow(band.keyWindows, modulus, begin, end);
    if (q == minusOne && k == 1)
      return addWindow(band.distanceWindows, modulus, begin, end);
    // -x in [begin, end)  is  x in [1 - end, 1 - begin).
    if (q == minusOne && k == 0)
      return addWindow(band.queryWindows, modulus, 1 - end, 1 - begin);
    if (q == 0 && k == minusOne)
      return addWindow(band.keyWindows, modulus, 1 - end, 1 - begin);
    if (q == 1 && k == minusOne)
      return addWindow(band.distanceWindows, modulus, 1 - end, 1 - begin);
  }
  // (x floordiv c) mod n in [begin, end)  is  x mod c*n in [c*begin, c*end).
  if (value.terms.size() == 1 && !value.terms[0].quotient.isMod && q == 0 && k == 0) {
    const Quotient &quotient = value.terms[0].quotient;
    int64_t factor = floorMod(value.terms[0].factor, modulus);
    if (modulus <= kMaxFactor && factor == 1)
      return addWindow(*quotient.dividend, quotient.divisor * modulus, quotient.divisor * begin,
                       quotient.divisor * end);
    if (modulus <= kMaxFactor && factor == minusOne)
      return addWindow(*quotient.dividend, quotient.divisor * modulus, quotient.divisor * (1 - end),
                       quotient.divisor * (1 - begin));
  }
  return "is periodic in neither q, k nor k - q";
}

Narrower::Reason Narrower::requireNonNegative(const Linear &linear) {
  // A quotient of q and k together is bounded alone:  m * (x floordiv c) + r >= 0.
  auto isMixed = [](const Linear::Term &term) {
    return term.quotient.dividend->usesQuery() && term.quotient.dividend->usesKey();
  };
  if (llvm::any_of(linear.terms, isMixed)) {
    if (linear.q != 0 || linear.k != 0 || linear.terms.size() != 1)
      return "mixes q and k in one quotient";
    const Linear::Term &term = linear.terms[0];
    int64_t divisor = term.quotient.divisor;
    if (term.factor > 0) {
      // x >= c * ((-r) ceildiv m)
      Linear inner = *term.quotient.dividend;
      inner.invariant = inner.invariant - divisor * ceilDiv(negate(linear.invariant), term.factor);
      return requireNonNegative(inner);
    }
    // x <= c * (r floordiv -m) + c - 1
    Linear inner = term.quotient.dividend->negated();
    inner.invariant =
        inner.invariant + divisor * floorDiv(linear.invariant, -term.factor) + (divisor - 1);
    return requireNonNegative(inner);
  }

  Linear others = linear.filter(/*keepQuery=*/true, /*keepKey=*/false);
  others.invariant = linear.invariant;
  std::optional<Monotone> rest = monotoneOf(others);
  if (!rest)
    return "is not monotone in q";
  if (!linear.usesKey()) {
    if (!linear.usesQuery()) {
      // True or false for the whole pattern.
      band.rowEnd = min(band.rowEnd, Expr::step(Expr(), linear.invariant));
      return std::nullopt;
    }
    // f(q) >= 0 or f(q) <= 0.
    std::optional<Expr> bound =
        rest->sign > 0 ? lowerAdjoint(rest->expr, Expr()) : upperAdjoint(rest->expr, Expr());
    if (!bound)
      return "sums several terms of q";
    if (rest->sign > 0)
      band.rowBegin = max(band.rowBegin, *bound);
    else
      band.rowEnd = min(band.rowEnd, *bound + 1);
    return std::nullopt;
  }

  std::optional<Monotone> key = monotoneOf(linear.filter(/*keepQuery=*/false, /*keepKey=*/true));
  if (!key)
    return "is not monotone in k";
  // K(k) >= f(q) with f = -rest, or K(k) <= f(q) with f = rest.
  Expr bound = rest->expr;
  if (key->sign == rest->sign) {
    if (!bound.isInvariant())
      return "decreases in q";
    bound = negate(bound);
  }
  std::optional<Expr> solved =
      key->sign > 0 ? lowerAdjoint(key->expr, bound) : upperAdjoint(key->expr, bound);
  if (!solved)
    return "sums several terms of k";
  if (key->sign > 0)
    band.limitBegin(*solved);
  else
    band.limitEnd(*solved + 1);
  return std::nullopt;
}

/// Narrows the band by one constraint of the set.
static Narrower::Reason require(Band &band, AffineExpr expr, bool isEquality,
                                ArrayRef<Expr> symbols) {
  Narrower narrower(band);
  std::optional<Linear> linear = LinearBuilder(symbols, /*expandMods=*/false).build(expr);
  if (linear)
    if (std::optional<Narrower::Reason> reason = narrower.requireWindow(*linear, isEquality))
      return *reason;
  linear = LinearBuilder(symbols, /*expandMods=*/true).build(expr);
  if (!linear)
    return "has a number that is too large";
  Narrower::Reason reason = narrower.requireNonNegative(*linear);
  if (!isEquality)
    return reason;
  // Both halves narrow the hull, even if one of them cannot be expressed.
  Narrower::Reason otherReason = narrower.requireNonNegative(linear->negated());
  return reason ? reason : otherReason;
}

//===----------------------------------------------------------------------===//
// Printing
//===----------------------------------------------------------------------===//

namespace {
/// Prints a constraint as one would write it: positive terms on the left, the others on the right.
class ConstraintPrinter {
public:
  ConstraintPrinter(ArrayRef<Expr> symbols, const SymbolNames &names)
      : symbols(symbols), names(names) {}

  std::string print(AffineExpr expr, bool isEquality);

private:
  struct Term {
    int64_t factor;
    AffineExpr expr;
  };
  void collect(AffineExpr expr, int64_t factor, SmallVectorImpl<Term> &terms, int64_t &constant);
  std::string sum(ArrayRef<Term> terms, int64_t constant, int sign);
  std::string nested(AffineExpr expr);
  std::string atom(AffineExpr expr);

  ArrayRef<Expr> symbols;
  const SymbolNames &names;
};
} // namespace

void ConstraintPrinter::collect(AffineExpr expr, int64_t factor, SmallVectorImpl<Term> &terms,
                                int64_t &constant) {
  if (auto value = dyn_cast<AffineConstantExpr>(expr)) {
    constant += factor * value.getValue();
    return;
  }
  if (auto binary = dyn_cast<AffineBinaryOpExpr>(expr)) {
    if (expr.getKind() == AffineExprKind::Add) {
      collect(binary.getLHS(), factor, terms, constant);
      collect(binary.getRHS(), factor, terms, constant);
      return;
    }
    auto value = dyn_cast<AffineConstantExpr>(binary.getRHS());
    if (expr.getKind() == AffineExprKind::Mul && value)
      return collect(binary.getLHS(), factor * value.getValue(), terms, constant);
  }
  auto *it = llvm::find_if(terms, [&](const Term &term) { return term.expr == expr; });
  if (it != terms.end())
    it->factor += factor;
  else
    terms.push_back({factor, expr});
}

std::string ConstraintPrinter::atom(AffineExpr expr) {
  if (auto dim = dyn_cast<AffineDimExpr>(expr))
    return dim.getPosition() == 0 ? "q" : "k";
  if (auto symbol = dyn_cast<AffineSymbolExpr>(expr))
    return symbols[symbol.getPosition()].str("q", names);
  auto binary = cast<AffineBinaryOpExpr>(expr);
  const char *word = expr.getKind() == AffineExprKind::Mod        ? " mod "
                     : expr.getKind() == AffineExprKind::FloorDiv ? " floordiv "
                     : expr.getKind() == AffineExprKind::CeilDiv  ? " ceildiv "
                                                                  : " * ";
  return nested(binary.getLHS()) + word + nested(binary.getRHS());
}

/// An operand of a product or quotient.
std::string ConstraintPrinter::nested(AffineExpr expr) {
  if (auto constant = dyn_cast<AffineConstantExpr>(expr))
    return std::to_string(constant.getValue());
  if (isa<AffineDimExpr, AffineSymbolExpr>(expr))
    return atom(expr);
  SmallVector<Term> terms;
  int64_t constant = 0;
  collect(expr, 1, terms, constant);
  return "(" + sum(terms, constant, 0) + ")";
}

/// The terms of one sign (+1 or -1, negated), or with sign 0 all of them.
std::string ConstraintPrinter::sum(ArrayRef<Term> terms, int64_t constant, int sign) {
  std::string text;
  auto append = [&](int64_t factor, const std::string &word) {
    if (factor == 0 || (sign != 0 && (factor > 0) != (sign > 0)))
      return;
    bool minus = sign == 0 && factor < 0;
    if (!text.empty())
      text += minus ? " - " : " + ";
    else if (minus)
      text += "-";
    int64_t magnitude = std::abs(factor);
    if (word.empty())
      text += std::to_string(magnitude);
    else
      text += (magnitude == 1 ? "" : std::to_string(magnitude) + " * ") + word;
  };
  for (const Term &term : terms)
    append(term.factor, atom(term.expr));
  append(constant, "");
  return text;
}

std::string ConstraintPrinter::print(AffineExpr expr, bool isEquality) {
  SmallVector<Term> terms;
  int64_t constant = 0;
  collect(expr, 1, terms, constant);
  std::string left = sum(terms, 0, 1), right = sum(terms, 0, -1);
  if (left.empty())
    return right + (isEquality ? " == " : " <= ") + std::to_string(constant);
  if (right.empty())
    right = std::to_string(-constant);
  else if (constant != 0)
    right += (constant > 0 ? " - " : " + ") + std::to_string(std::abs(constant));
  return left + (isEquality ? " == " : " >= ") + right;
}

//===----------------------------------------------------------------------===//
// Sets
//===----------------------------------------------------------------------===//

Band mlir::attn::bandOf(IntegerSet set, ArrayRef<Expr> symbols, const SymbolNames &names,
                        SmallVectorImpl<Unrecognized> &unrecognized) {
  Band band;
  for (unsigned i = 0, e = set.getNumConstraints(); i != e; ++i) {
    AffineExpr constraint = set.getConstraint(i);
    if (Narrower::Reason reason = require(band, constraint, set.isEq(i), symbols)) {
      band.fallback = true;
      unrecognized.push_back(
          {ConstraintPrinter(symbols, names).print(constraint, set.isEq(i)), *reason});
    }
  }
  return band;
}
