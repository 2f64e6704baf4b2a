//===- Proofs.h - what is proved of a pattern, for all sizes ----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Bands derive a schedule; this stage checks it. The two sides meet in the prover only: the pairs
// of the pattern are read off its mask ops, the tiles off the formulas that become the schedule.
// With t, u, q and k as four variables, and tile(t, u, q, k) saying that q and k lie in tiles t and
// u,
//
//   visits  tile, the pair exists, (q, k) in the pattern       =>  some band visits (t, u)
//   full    tile, the query exists, some band finds it full    =>  the key exists, (q, k) in the
//   pattern rows    the query exists                                   =>  some band has a first
//   key for it
//
// hold for all lengths, offsets and arguments, or come with numbers for which they do not. No
// variable is ever eliminated.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_PROOFS_PROOFS_H
#define ATTN_PROOFS_PROOFS_H

#include "attn/Bands/FromPattern.h"
#include "attn/Proofs/Solver.h"

namespace mlir::attn {

/// No visit is lost: every tile with a pair of the pattern is visited by a band.
Verdict proveVisits(PatternOp pattern, const Bands &bands, int64_t queryTile, int64_t keyTile,
                    const Limits &limits);

/// No mask is lost: a tile that a band calls full has only pairs of the pattern.
Verdict proveFull(PatternOp pattern, const Bands &bands, int64_t queryTile, int64_t keyTile,
                  const Limits &limits);

/// Every query sees a key, under the assumptions of `attn.assert`.
Verdict proveRows(PatternOp pattern, const Bands &bands, const Limits &limits);

/// What came of an `attn.assert`.
struct ClaimVerdict {
  Verdict verdict;
  /// For a counter-example: the pattern that has the pair, and its mask op that the pair comes
  /// from.
  PatternOp owner;
  Operation *source = nullptr;
};

/// Proves a verified claim under the assumptions of `attn.assert`: `1 <= Sq <= Sk`, the default
/// offsets, arguments that are not negative.
ClaimVerdict proveClaim(AssertOp claim, const Limits &limits);

/// The sizes of a counter-example: `(Sq = 16, Sk = 16, %w = 2)`; defaults are left out.
std::string describeSizes(const Point &point, PatternOp pattern);
/// `query 7` and `key 8`, by their positions.
std::string describeQuery(const Point &point);
std::string describeKey(const Point &point);

} // namespace mlir::attn

#endif // ATTN_PROOFS_PROOFS_H
