//===- Summands.cpp - a sum taken apart ------------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Summands.h"

using namespace mlir::attn;

void Summands::add(const Expr &expr, int64_t factor) {
  switch (expr.kind()) {
  case Expr::Kind::Add:
    add(expr.lhs(), factor);
    add(expr.rhs(), factor);
    return;
  case Expr::Kind::Scale:
    add(expr.lhs(), saturate(__int128(expr.factor()) * factor));
    return;
  case Expr::Kind::Leaf: {
    // The first infinity wins, and it is not scaled.
    if (leaf.isInfinity() || leaf.isMinusInfinity())
      return;
    if (expr.isInfinity() || expr.isMinusInfinity()) {
      leaf = expr;
      return;
    }
    llvm::SmallVector<Expr::Term, 4> terms(leaf.terms());
    for (const Expr::Term &term : expr.terms())
      terms.push_back({term.symbol, saturate(__int128(term.coefficient) * factor)});
    leaf = Expr::leaf(terms, saturate(leaf.offset() + __int128(expr.offset()) * factor));
    return;
  }
  default:
    for (Multiple &multiple : multiples)
      if (multiple.base == expr) {
        multiple.factor = saturate(__int128(multiple.factor) + factor);
        return;
      }
    multiples.push_back({factor, expr});
  }
}

Expr Summands::sumOfMultiples() const {
  Expr sum;
  for (const Multiple &multiple : multiples)
    sum = sum + multiple.factor * multiple.base;
  return sum;
}
