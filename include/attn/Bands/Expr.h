//===- Expr.h - non-decreasing expressions of one position -------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The bounds of a band are expressions of one variable (a query's position, or a key's after
// transposition) that *never decrease* when the variable grows. That is not checked but built in:
// no constructor can make anything else.
//
//   f    ::= x | leaf | f + f | c * f (c > 0) | f floordiv c (c > 0) | min(f, f) | max(f, f)
//          | [g <= f ? inf : -inf]                                    (a step; g without x)
//   leaf ::= integer | inf | -inf | integer + sum of integer * symbol
//
// An expression without x is *invariant*. Invariant expressions may be negated, others may not.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_BANDS_EXPR_H
#define ATTN_BANDS_EXPR_H

#include "attn/Bands/Symbols.h"
#include <memory>
#include <optional>

namespace llvm {
class raw_ostream;
}

namespace mlir::attn {

/// What infinity is in 64 bits. Positions and lengths stay below 2^32, arguments below 2^40 and
/// factors below 2^18, so that nothing finite reaches it; what does is clamped to it, and
/// infinities are neither scaled nor divided.
constexpr int64_t kInfinity = int64_t(1) << 60;

/// Clamps to [-kInfinity, kInfinity].
int64_t saturate(__int128 value);
/// Division and remainder that floor, for divisor > 0; infinities stay.
int64_t floorDiv(int64_t value, int64_t divisor);
int64_t ceilDiv(int64_t value, int64_t divisor);
int64_t floorMod(int64_t value, int64_t divisor);

/// An immutable non-decreasing expression of one variable. Copies share structure.
class Expr {
public:
  enum class Kind { Variable, Leaf, Add, Scale, FloorDiv, Min, Max, Step };

  /// coefficient * symbol, a summand of a leaf.
  struct Term {
    Symbol symbol;
    int64_t coefficient;
    bool operator==(const Term &other) const {
      return symbol == other.symbol && coefficient == other.coefficient;
    }
  };

  /// The constant 0.
  Expr();

  static Expr variable();
  static Expr constant(int64_t value);
  static Expr infinity() { return constant(kInfinity); }
  static Expr minusInfinity() { return constant(-kInfinity); }
  static Expr symbol(Symbol symbol, int64_t coefficient = 1);
  static Expr leaf(llvm::ArrayRef<Term> terms, int64_t constant);
  /// `threshold <= argument ? inf : -inf`, for an invariant threshold.
  static Expr step(const Expr &threshold, const Expr &argument);

  Kind kind() const;
  bool is(Kind which) const { return kind() == which; }
  /// Does the variable not occur?
  bool isInvariant() const;
  /// The value, if it depends on nothing.
  std::optional<int64_t> asConstant() const;
  bool isInfinity() const { return asConstant() == kInfinity; }
  bool isMinusInfinity() const { return asConstant() == -kInfinity; }
  /// Number of nodes, shared ones counted at every use.
  unsigned size() const;

  /// Structure, for visitors (see also `evaluateWith` in Arith.h, which does the walking):
  /// a leaf is `offset()` plus the sum of `terms()`, whose symbols ascend;
  int64_t offset() const;
  llvm::ArrayRef<Term> terms() const;
  /// Add, Min and Max have two operands; in a sum the invariant one, if any, is the right one.
  /// A step has its threshold left and its argument right. Scale and FloorDiv have a left operand
  const Expr &lhs() const;
  const Expr &rhs() const;
  /// and a positive factor, respectively divisor.
  int64_t factor() const;

  int64_t evaluate(int64_t x, llvm::ArrayRef<int64_t> symbols) const;
  /// The expression with `replacement` for the variable.
  Expr substitute(const Expr &replacement) const;
  /// The expression with numbers for the symbols.
  Expr bind(llvm::ArrayRef<int64_t> symbols) const;

  void print(llvm::raw_ostream &os, llvm::StringRef variable, const SymbolNames &symbols) const;
  std::string str(llvm::StringRef variable, const SymbolNames &symbols) const;

  /// Equal structure (hence equal value; the converse does not hold).
  bool operator==(const Expr &other) const;
  bool operator!=(const Expr &other) const { return !(*this == other); }

private:
  struct Node;
  explicit Expr(std::shared_ptr<const Node> node) : node(std::move(node)) {}
  static Expr make(Kind kind, int64_t number, llvm::ArrayRef<Term> terms, const Expr *lhs,
                   const Expr *rhs);
  static Expr makeAdd(const Expr &lhs, const Expr &rhs);
  friend Expr operator+(const Expr &lhs, const Expr &rhs);
  friend Expr operator*(int64_t factor, const Expr &expr);
  friend Expr floorDiv(const Expr &expr, int64_t divisor);
  friend Expr min(const Expr &lhs, const Expr &rhs);
  friend Expr max(const Expr &lhs, const Expr &rhs);
  template <Kind kind>
  static Expr lattice(const Expr &lhs, const Expr &rhs);

  std::shared_ptr<const Node> node;
};

/// Constructors fold: constants gather on the right of a sum and leave a floordiv as far as they
/// are multiples of the divisor, `(f floordiv a) floordiv b` is `f floordiv ab`, operands of min
/// and max that another one provably bounds are dropped. Factors and divisors must be positive.
Expr operator+(const Expr &lhs, const Expr &rhs);
Expr operator+(const Expr &lhs, int64_t rhs);
/// The subtrahend must be invariant.
Expr operator-(const Expr &lhs, const Expr &rhs);
Expr operator-(const Expr &lhs, int64_t rhs);
Expr operator*(int64_t factor, const Expr &expr);
Expr floorDiv(const Expr &expr, int64_t divisor);
Expr ceilDiv(const Expr &expr, int64_t divisor);
Expr min(const Expr &lhs, const Expr &rhs);
Expr max(const Expr &lhs, const Expr &rhs);
/// The negative of an invariant expression.
Expr negate(const Expr &invariant);

/// Is lhs <= rhs for all x and all symbols? Structural: `false` means "not known".
bool isKnownLessEqual(const Expr &lhs, const Expr &rhs);

/// Galois adjoints, both non-decreasing in y's variable:
///
///   f(x) <= y  <=>  x <= upperAdjoint(f, y)          f(x) >= y  <=>  x >= lowerAdjoint(f, y)
///
/// They exist unless f has a sum of two operands that both depend on x, or a step.
std::optional<Expr> upperAdjoint(const Expr &f, const Expr &y);
std::optional<Expr> lowerAdjoint(const Expr &f, const Expr &y);

} // namespace mlir::attn

#endif // ATTN_BANDS_EXPR_H
