//===- Where.h - from an integer set to one band -------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_BANDS_WHERE_H
#define ATTN_LIB_BANDS_WHERE_H

#include "attn/Bands/Band.h"
#include "mlir/IR/IntegerSet.h"

namespace mlir::attn {

/// A constraint that no band can express, and why: `'q + k >= 64'` and `decreases in q`.
struct Unrecognized {
  std::string constraint;
  std::string reason;
};

/// The pairs (q, k) of a set as one band; dimensions are q and k, symbol i is the leaf
/// `symbols[i]`. Constraints outside the language of bands are left out, which makes the band a
/// fallback, and are appended to `unrecognized`.
Band bandOf(IntegerSet set, llvm::ArrayRef<Expr> symbols, const SymbolNames &names,
            llvm::SmallVectorImpl<Unrecognized> &unrecognized);

} // namespace mlir::attn

#endif // ATTN_LIB_BANDS_WHERE_H
