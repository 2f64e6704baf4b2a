//===- FromPattern.h - from the dialect to bands -----------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_BANDS_FROMPATTERN_H
#define ATTN_BANDS_FROMPATTERN_H

#include "attn/Bands/Bands.h"
#include "attn/IR/AttnOps.h"

namespace mlir::attn {

/// The bands of a pattern, and what to tell the user about them.
struct PatternBands {
  struct Remark {
    Operation *op;
    /// Why the op needs a fallback band, and what would help; for `op->emitRemark()` and a note.
    std::string message;
    std::string note;
  };

  Bands bands;
  SymbolNames symbols;
  /// The mask ops that `Band::sources` counts.
  SmallVector<Operation *> sources;
  SmallVector<Remark, 1> remarks;

  void emitRemarks() const;
};

/// Recognises the mask ops of a verified pattern. What is outside the language of bands becomes a
/// fallback band around the conjuncts that are inside, and a remark.
PatternBands bandsOf(PatternOp pattern);

} // namespace mlir::attn

#endif // ATTN_BANDS_FROMPATTERN_H
