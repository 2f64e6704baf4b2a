//===- Formula.h - affine constraints under and, or, not --------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the prover is asked about: constraints `affine expression >= 0` and `= 0` over integer
// variables, joined by and, or and not. The expressions are MLIR's (dimensions, symbols, `floordiv`
// and `mod` by positive constants). A formula says nothing of the sets of the Presburger library,
// so that no question can be put to it in a form that it answers wrongly (see Solver.h).
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_PROOFS_FORMULA_H
#define ATTN_PROOFS_FORMULA_H

#include "mlir/IR/AffineExpr.h"
#include "llvm/ADT/ArrayRef.h"
#include <memory>
#include <vector>

namespace mlir::attn {

/// An immutable formula in negation normal form; copies share their nodes.
class Formula {
public:
  enum class Kind { GreaterEqual, Equal, And, Or };

  /// `true` and `false`: the empty conjunction and the empty disjunction.
  static Formula always(bool value);
  /// `expr >= 0`.
  static Formula nonNegative(AffineExpr expr);
  /// `expr = 0`.
  static Formula zero(AffineExpr expr);
  /// `lhs >= rhs`, `lhs > rhs` and `lhs < rhs`.
  static Formula ge(AffineExpr lhs, AffineExpr rhs) { return nonNegative(lhs - rhs); }
  static Formula gt(AffineExpr lhs, AffineExpr rhs) { return nonNegative(lhs - rhs - 1); }
  static Formula lt(AffineExpr lhs, AffineExpr rhs) { return gt(rhs, lhs); }

  Formula operator&&(const Formula &other) const { return join(Kind::And, *this, other); }
  Formula operator||(const Formula &other) const { return join(Kind::Or, *this, other); }
  /// Over the integers `not (e >= 0)` is `-e - 1 >= 0`, so negations vanish at once.
  Formula operator!() const;

  Kind getKind() const { return node->kind; }
  bool isConstraint() const { return getKind() <= Kind::Equal; }
  bool isAlways(bool value) const {
    return getKind() == (value ? Kind::And : Kind::Or) && node->operands.empty();
  }
  AffineExpr getExpr() const { return node->expr; }
  ArrayRef<Formula> getOperands() const { return node->operands; }

  /// Whether the formula holds for the given values.
  bool holds(ArrayRef<int64_t> dims, ArrayRef<int64_t> symbols) const;

private:
  struct Node {
    Kind kind;
    AffineExpr expr;
    std::vector<Formula> operands;
  };
  explicit Formula(Node node) : node(std::make_shared<const Node>(std::move(node))) {}
  static Formula join(Kind kind, const Formula &lhs, const Formula &rhs);

  std::shared_ptr<const Node> node;
};

/// The value of an affine expression; divisors must be positive.
int64_t evaluate(AffineExpr expr, ArrayRef<int64_t> dims, ArrayRef<int64_t> symbols);

} // namespace mlir::attn

#endif // ATTN_PROOFS_FORMULA_H
