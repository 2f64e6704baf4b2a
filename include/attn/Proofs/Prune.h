//===- Prune.h - bands without pairs ----------------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_PROOFS_PRUNE_H
#define ATTN_PROOFS_PRUNE_H

#include "attn/Bands/Band.h"

namespace mlir {
class MLIRContext;
} // namespace mlir

namespace mlir::attn {

/// Is there no pair in the band, whatever the lengths, offsets and arguments? Taking differences
/// leaves such bands, and each would cost a range per tile. `false` also when a few steps did
/// not tell: the answer is the same on every machine. `context` owns the expressions of the proof;
/// a caller that has one saves the time of making it, which is longer than the proof's.
bool isProvedEmpty(const Band &band, const SymbolNames &symbols, MLIRContext &context);

} // namespace mlir::attn

#endif // ATTN_PROOFS_PRUNE_H
