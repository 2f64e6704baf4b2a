//===- Count.h - the number of pairs of a set of bands -----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_BANDS_COUNT_H
#define ATTN_BANDS_COUNT_H

#include "attn/Bands/Bands.h"
#include <functional>

namespace mlir::attn {

/// Does the pattern hold the pair of positions (q, k)?
using Predicate = std::function<bool(int64_t q, int64_t k)>;

/// The exact number of pairs of `bands` with offset <= q < offset + Sq and key_offset <= k <
/// key_offset + Sk, without building the mask: per row, the ends of the bands' intervals cut the
/// keys into pieces, and a piece counts wholly, by residues over one period of its windows, or,
/// inside fallback bands only, by asking `predicate` (which may be empty if there are none).
int64_t countPairs(const Bands &bands, const Sizes &sizes, const Predicate &predicate = {});

} // namespace mlir::attn

#endif // ATTN_BANDS_COUNT_H
