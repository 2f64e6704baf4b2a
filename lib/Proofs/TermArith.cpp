//===- TermArith.cpp - the arithmetic that builds formulas ----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TermArith.h"

using namespace mlir;
using namespace mlir::attn;

//===----------------------------------------------------------------------===//
// Term
//===----------------------------------------------------------------------===//

Term::Term(AffineExpr expr) : Term(Node{Kind::Affine, expr, Formula::always(true), {}, 1}) {}

Term Term::infinity(bool positive) {
  return Term(
      Node{positive ? Kind::Infinity : Kind::MinusInfinity, {}, Formula::always(true), {}, 1});
}

Term Term::lattice(Kind kind, const Term &lhs, const Term &rhs) {
  // The infinity that never wins, and the one that always does.
  Kind neutral = kind == Kind::Min ? Kind::Infinity : Kind::MinusInfinity;
  Kind absorbing = kind == Kind::Min ? Kind::MinusInfinity : Kind::Infinity;
  if (lhs.getKind() == neutral || rhs.getKind() == absorbing)
    return rhs;
  if (rhs.getKind() == neutral || lhs.getKind() == absorbing)
    return lhs;
  if (lhs.getKind() == Kind::Affine && rhs.getKind() == Kind::Affine) {
    if (auto distance = dyn_cast<AffineConstantExpr>(lhs.getExpr() - rhs.getExpr()))
      return (distance.getValue() <= 0) == (kind == Kind::Min) ? lhs : rhs;
  }
  return Term(
      Node{kind, {}, Formula::always(true), {lhs, rhs}, lhs.getNumLeaves() + rhs.getNumLeaves()});
}

Term Term::select(const Formula &condition, const Term &ifTrue, const Term &ifFalse) {
  if (condition.isAlways(true))
    return ifTrue;
  if (condition.isAlways(false))
    return ifFalse;
  return Term(Node{Kind::Select,
                   {},
                   condition,
                   {ifTrue, ifFalse},
                   ifTrue.getNumLeaves() + ifFalse.getNumLeaves()});
}

/// The term with `function` applied to its affine expressions. Where the function is `decreasing`,
/// minima become maxima and infinities change sign.
static Term mapLeaves(const Term &term, bool decreasing,
                      llvm::function_ref<Term(AffineExpr)> function) {
  switch (term.getKind()) {
  case Term::Kind::Affine:
    return function(term.getExpr());
  case Term::Kind::Infinity:
  case Term::Kind::MinusInfinity:
    return Term::infinity((term.getKind() == Term::Kind::Infinity) != decreasing);
  case Term::Kind::Min:
  case Term::Kind::Max: {
    Term lhs = mapLeaves(term.getLHS(), decreasing, function);
    Term rhs = mapLeaves(term.getRHS(), decreasing, function);
    bool isMin = (term.getKind() == Term::Kind::Min) != decreasing;
    return isMin ? Term::min(lhs, rhs) : Term::max(lhs, rhs);
  }
  case Term::Kind::Select:
    return Term::select(term.getCondition(), mapLeaves(term.getLHS(), decreasing, function),
                        mapLeaves(term.getRHS(), decreasing, function));
  }
  llvm_unreachable("covered switch");
}

//===----------------------------------------------------------------------===//
// TermArith
//===----------------------------------------------------------------------===//

bool TermArith::fits(const Term &lhs, const Term &rhs) {
  constexpr unsigned maxLeaves = 512;
  tooLarge |= lhs.getNumLeaves() * rhs.getNumLeaves() > maxLeaves;
  return !tooLarge;
}

Term TermArith::constant(int64_t value) {
  if (std::abs(value) >= kInfinity)
    return Term::infinity(value > 0);
  return getAffineConstantExpr(value, context);
}

Term TermArith::add(const Term &lhs, const Term &rhs) {
  if (!fits(lhs, rhs))
    return lhs;
  if (lhs.isInfinite())
    return lhs;
  if (rhs.isInfinite())
    return rhs;
  return mapLeaves(lhs, /*decreasing=*/false, [&](AffineExpr left) {
    return mapLeaves(rhs, /*decreasing=*/false,
                     [&](AffineExpr right) -> Term { return left + right; });
  });
}

Term TermArith::scale(int64_t factor, const Term &value) {
  if (factor == 0)
    return constant(0);
  return mapLeaves(value, factor < 0, [&](AffineExpr expr) -> Term { return expr * factor; });
}

Term TermArith::floorDiv(const Term &value, int64_t divisor) {
  return mapLeaves(value, /*decreasing=*/false,
                   [&](AffineExpr expr) -> Term { return expr.floorDiv(divisor); });
}

Formula TermArith::lessEqual(const Term &lhs, const Term &rhs) {
  using Kind = Term::Kind;
  if (!fits(lhs, rhs))
    return Formula::always(false);
  if (lhs.getKind() == Kind::MinusInfinity || rhs.getKind() == Kind::Infinity)
    return Formula::always(true);
  if (lhs.getKind() == Kind::Infinity || rhs.getKind() == Kind::MinusInfinity)
    return Formula::always(false);
  // Conjunctions first: they end up outside, where the prover wants them.
  if (lhs.getKind() == Kind::Max)
    return lessEqual(lhs.getLHS(), rhs) && lessEqual(lhs.getRHS(), rhs);
  if (rhs.getKind() == Kind::Min)
    return lessEqual(lhs, rhs.getLHS()) && lessEqual(lhs, rhs.getRHS());
  if (lhs.getKind() == Kind::Select)
    return (lhs.getCondition() && lessEqual(lhs.getLHS(), rhs)) ||
           (!lhs.getCondition() && lessEqual(lhs.getRHS(), rhs));
  if (rhs.getKind() == Kind::Select)
    return (rhs.getCondition() && lessEqual(lhs, rhs.getLHS())) ||
           (!rhs.getCondition() && lessEqual(lhs, rhs.getRHS()));
  if (lhs.getKind() == Kind::Min)
    return lessEqual(lhs.getLHS(), rhs) || lessEqual(lhs.getRHS(), rhs);
  if (rhs.getKind() == Kind::Max)
    return lessEqual(lhs, rhs.getLHS()) || lessEqual(lhs, rhs.getRHS());
  return Formula::ge(rhs.getExpr(), lhs.getExpr());
}
