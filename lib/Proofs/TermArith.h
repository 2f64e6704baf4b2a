//===- TermArith.h - the arithmetic that builds formulas --------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// An arithmetic for the formulas of lib/Bands (see Bands/Arith.h) whose values are terms over
// affine expressions and whose conditions are formulas. Minima and maxima survive until two terms
// are compared:
//
//     min(x, y) >= z  =  x >= z and y >= z          max(x, y) >= z  =  x >= z or y >= z
//
// So the prover sees the formulas that become the ops of a schedule, not a second version of them.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_PROOFS_TERMARITH_H
#define ATTN_LIB_PROOFS_TERMARITH_H

#include "attn/Bands/Arith.h"
#include "attn/Proofs/Formula.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace mlir::attn {

/// An immutable term: an affine expression, an infinity, or a minimum, maximum or choice of two
/// terms.
class Term {
public:
  enum class Kind { Affine, Infinity, MinusInfinity, Min, Max, Select };

  Term(AffineExpr expr);
  static Term infinity(bool positive);
  static Term min(const Term &lhs, const Term &rhs) { return lattice(Kind::Min, lhs, rhs); }
  static Term max(const Term &lhs, const Term &rhs) { return lattice(Kind::Max, lhs, rhs); }
  static Term select(const Formula &condition, const Term &ifTrue, const Term &ifFalse);

  Kind getKind() const { return node->kind; }
  bool isInfinite() const {
    return getKind() == Kind::Infinity || getKind() == Kind::MinusInfinity;
  }
  AffineExpr getExpr() const { return node->expr; }
  const Term &getLHS() const { return node->operands[0]; }
  const Term &getRHS() const { return node->operands[1]; }
  const Formula &getCondition() const { return node->condition; }
  /// Affine expressions in the term.
  unsigned getNumLeaves() const { return node->numLeaves; }

private:
  struct Node {
    Kind kind;
    AffineExpr expr;
    Formula condition = Formula::always(true);
    std::vector<Term> operands;
    unsigned numLeaves = 1;
  };
  explicit Term(Node node) : node(std::make_shared<const Node>(std::move(node))) {}
  static Term lattice(Kind kind, const Term &lhs, const Term &rhs);

  std::shared_ptr<const Node> node;
};

/// Values of symbols are affine symbols of the same number.
class TermArith {
public:
  using Value = Term;
  using Bool = Formula;

  explicit TermArith(MLIRContext *context) : context(context) {}

  Value constant(int64_t value);
  Value symbol(Symbol number) { return getAffineSymbolExpr(number, context); }
  Value dim(unsigned number) { return getAffineDimExpr(number, context); }
  Value add(const Value &lhs, const Value &rhs);
  Value sub(const Value &lhs, const Value &rhs) { return add(lhs, scale(-1, rhs)); }
  Value scale(int64_t factor, const Value &value);
  Value floorDiv(const Value &value, int64_t divisor);
  Value min(const Value &lhs, const Value &rhs) { return Term::min(lhs, rhs); }
  Value max(const Value &lhs, const Value &rhs) { return Term::max(lhs, rhs); }
  Bool less(const Value &lhs, const Value &rhs) { return lessEqual(add(lhs, constant(1)), rhs); }
  Bool lessEqual(const Value &lhs, const Value &rhs);
  Bool both(const Bool &lhs, const Bool &rhs) { return lhs && rhs; }
  Bool either(const Bool &lhs, const Bool &rhs) { return lhs || rhs; }
  Value select(const Bool &condition, const Value &ifTrue, const Value &ifFalse) {
    return Term::select(condition, ifTrue, ifFalse);
  }

  /// Terms distribute over each other, which multiplies their sizes. Beyond a limit the arithmetic
  /// stops building: what it returned then means nothing.
  bool isTooLarge() const { return tooLarge; }

private:
  bool fits(const Value &lhs, const Value &rhs);

  MLIRContext *context;
  bool tooLarge = false;
};

} // namespace mlir::attn

#endif // ATTN_LIB_PROOFS_TERMARITH_H
