//===- Summands.h - a sum taken apart ------------------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_BANDS_SUMMANDS_H
#define ATTN_LIB_BANDS_SUMMANDS_H

#include "attn/Bands/Expr.h"

namespace mlir::attn {

/// An expression as the sum of multiples of what is no sum, and a leaf.
struct Summands {
  struct Multiple {
    int64_t factor;
    Expr base;
  };

  Summands() = default;
  explicit Summands(const Expr &expr) { add(expr); }

  /// Adds a multiple of an expression; equal bases share one factor.
  void add(const Expr &expr, int64_t factor = 1);
  /// The sum of the multiples, without the leaf.
  Expr sumOfMultiples() const;

  llvm::SmallVector<Multiple, 2> multiples;
  Expr leaf;
};

} // namespace mlir::attn

#endif // ATTN_LIB_BANDS_SUMMANDS_H
