//===- Prune.h - bands without pairs ----------------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_PROOFS_PRUNE_H
#define ATTN_PROOFS_PRUNE_H

#include "attn/Bands/Band.h"

namespace mlir::attn {

/// Is there no pair in the band, whatever the lengths, offsets and arguments? Taking differences
/// leaves such bands, and each would cost a range per tile. `false` also when a few steps did
/// not tell: the answer is the same on every machine.
bool isProvedEmpty(const Band &band, const SymbolNames &symbols);

} // namespace mlir::attn

#endif // ATTN_PROOFS_PRUNE_H
