//===- BandFormula.h - bands, tiles and sizes as formulas -------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The vocabulary of all questions: four dimensions, and the symbols of Bands/Symbols.h.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_PROOFS_BANDFORMULA_H
#define ATTN_LIB_PROOFS_BANDFORMULA_H

#include "TermArith.h"
#include "attn/Bands/Bands.h"

namespace mlir::attn {

/// The tile of queries, the tile of keys, and the positions of a query and a key.
enum Dim : unsigned { QueryTileDim, KeyTileDim, QueryDim, KeyDim, NumDims };

/// Every size that a kernel accepts: lengths and offsets below 2^31, at least one row and column.
/// Without it, the infinities of bands would become counter-examples.
Formula sizeFormula(MLIRContext *context);

/// The query and the key exist: `offset <= q < offset + Sq`, and likewise the key.
Formula boxFormula(MLIRContext *context);

/// (q, k) is in the band.
Formula bandFormula(TermArith &arith, const Band &band);

/// Query q sees a key, as far as the exact bands tell: the first key of a band's row, which has a
/// closed form unless two windows meet, exists. A band without a closed form counts as having no
/// key.
Formula rowFormula(TermArith &arith, const Bands &bands);

/// The band visits key tile u for query tile t, and finds it full.
struct TileFormula {
  Formula visited, full;
};
TileFormula tileFormula(TermArith &arith, const Band &band, int64_t queryTile, int64_t keyTile);

} // namespace mlir::attn

#endif // ATTN_LIB_PROOFS_BANDFORMULA_H
