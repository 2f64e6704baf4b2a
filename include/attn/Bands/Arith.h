//===- Arith.h - one formula, many arithmetics --------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The formulas of this stage (bounds, tiles) are written once, over an abstract arithmetic. With
// `IntegerArith` they compute numbers; with an arithmetic that builds ops they become the
// straight-line code of a schedule. So what the tests check with numbers is what the kernels run.
//
// An arithmetic A has
//
//   A::Value, A::Bool                             copyable
//   Value constant(int64_t), symbol(Symbol)
//   Value add(Value, Value), sub(Value, Value)
//   Value scale(int64_t c, Value)                 c > 0, or a coefficient of a leaf
//   Value floorDiv(Value, int64_t c)              c > 0, floors
//   Value min(Value, Value), max(Value, Value)
//   Bool  less(Value, Value), lessEqual(Value, Value)
//   Bool  both(Bool, Bool), either(Bool, Bool)
//   Value select(Bool, Value ifTrue, Value ifFalse)
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_BANDS_ARITH_H
#define ATTN_BANDS_ARITH_H

#include "attn/Bands/Expr.h"
#include "attn/Bands/Residue.h"
#include "llvm/Support/ErrorHandling.h"
#include <algorithm>

namespace mlir::attn {

/// Numbers, saturated.
struct IntegerArith {
  using Value = int64_t;
  using Bool = bool;

  llvm::ArrayRef<int64_t> symbols;

  Value constant(int64_t value) { return value; }
  Value symbol(Symbol number) { return symbols[number]; }
  Value add(Value lhs, Value rhs) { return clamp(lhs + rhs); }
  Value sub(Value lhs, Value rhs) { return clamp(lhs - rhs); }
  Value scale(int64_t factor, Value value) {
    return isInfinite(value) ? value : saturate(__int128(factor) * value);
  }
  Value floorDiv(Value value, int64_t divisor) { return attn::floorDiv(value, divisor); }
  Value min(Value lhs, Value rhs) { return std::min(lhs, rhs); }
  Value max(Value lhs, Value rhs) { return std::max(lhs, rhs); }
  Bool less(Value lhs, Value rhs) { return lhs < rhs; }
  Bool lessEqual(Value lhs, Value rhs) { return lhs <= rhs; }
  Bool both(Bool lhs, Bool rhs) { return lhs && rhs; }
  Bool either(Bool lhs, Bool rhs) { return lhs || rhs; }
  Value select(Bool condition, Value ifTrue, Value ifFalse) { return condition ? ifTrue : ifFalse; }

private:
  static Value clamp(int64_t value) { return std::clamp(value, -kInfinity, kInfinity); }
  static bool isInfinite(Value value) { return value >= kInfinity || value <= -kInfinity; }
};

/// `expr` at x.
template <typename Arith>
typename Arith::Value evaluateWith(Arith &arith, const Expr &expr, const typename Arith::Value &x) {
  switch (expr.kind()) {
  case Expr::Kind::Variable:
    return x;
  case Expr::Kind::Leaf: {
    std::optional<typename Arith::Value> sum;
    for (const Expr::Term &term : expr.terms()) {
      auto value = arith.symbol(term.symbol);
      // a - b rather than a + -1 * b.
      if (sum && term.coefficient == -1) {
        sum = arith.sub(*sum, value);
        continue;
      }
      if (term.coefficient != 1)
        value = arith.scale(term.coefficient, value);
      sum = sum ? arith.add(*sum, value) : value;
    }
    if (!sum)
      return arith.constant(expr.offset());
    return expr.offset() == 0 ? *sum : arith.add(*sum, arith.constant(expr.offset()));
  }
  case Expr::Kind::Add:
    return arith.add(evaluateWith(arith, expr.lhs(), x), evaluateWith(arith, expr.rhs(), x));
  case Expr::Kind::Scale:
    return arith.scale(expr.factor(), evaluateWith(arith, expr.lhs(), x));
  case Expr::Kind::FloorDiv:
    return arith.floorDiv(evaluateWith(arith, expr.lhs(), x), expr.factor());
  case Expr::Kind::Min:
    return arith.min(evaluateWith(arith, expr.lhs(), x), evaluateWith(arith, expr.rhs(), x));
  case Expr::Kind::Max:
    return arith.max(evaluateWith(arith, expr.lhs(), x), evaluateWith(arith, expr.rhs(), x));
  case Expr::Kind::Step:
    return arith.select(
        arith.lessEqual(evaluateWith(arith, expr.lhs(), x), evaluateWith(arith, expr.rhs(), x)),
        arith.constant(kInfinity), arith.constant(-kInfinity));
  }
  llvm_unreachable("unknown kind of expression");
}

/// The members of a window next to x, as in `Residue`, without `mod`:
///   next(x) = max(x, n*((x - end) floordiv n + 1) + begin)
template <typename Arith>
typename Arith::Value nextWith(Arith &arith, const Residue &window, typename Arith::Value x) {
  auto period = arith.floorDiv(arith.sub(x, arith.constant(window.end)), window.modulus);
  return arith.max(x, arith.add(arith.scale(window.modulus, period),
                                arith.constant(window.modulus + window.begin)));
}

///   previous(x) = min(x, n*((x - begin) floordiv n) + end - 1)
template <typename Arith>
typename Arith::Value previousWith(Arith &arith, const Residue &window, typename Arith::Value x) {
  auto period = arith.floorDiv(arith.sub(x, arith.constant(window.begin)), window.modulus);
  return arith.min(x,
                   arith.add(arith.scale(window.modulus, period), arith.constant(window.end - 1)));
}

/// Does [first, last) lie inside the window? It does if the window of the period of `first` reaches
/// up to `last`: where `first` itself lies behind that window, so does `last`.
template <typename Arith>
typename Arith::Bool coversWith(Arith &arith, const Residue &window, typename Arith::Value first,
                                typename Arith::Value last) {
  auto period = arith.floorDiv(arith.sub(first, arith.constant(window.begin)), window.modulus);
  return arith.lessEqual(
      last, arith.add(arith.scale(window.modulus, period), arith.constant(window.end)));
}

} // namespace mlir::attn

#endif // ATTN_BANDS_ARITH_H
