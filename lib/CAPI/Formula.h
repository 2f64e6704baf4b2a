//===- Formula.h - a pattern as a formula -------------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_CAPI_FORMULA_H
#define ATTN_LIB_CAPI_FORMULA_H

#include "attn/IR/AttnOps.h"

namespace mlir::attn::capi {

/// The mask of a pattern as an expression of Python in q, k, n (the length) and the arguments'
/// names:
///
///   abs(q - k) <= w or 0 <= k < g or 0 <= q < g
///
/// Parts that would make it longer than a few lines are left out as `...`.
std::string formulaOf(PatternOp pattern);

} // namespace mlir::attn::capi

#endif // ATTN_LIB_CAPI_FORMULA_H
