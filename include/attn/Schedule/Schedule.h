//===- Schedule.h - from bands to attn.schedule -----------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A schedule is straight-line code: a kernel asks it, per tile, for at most a few ranges of tiles,
// at run time and for any lengths. There is no list of tiles anywhere, so deriving a schedule costs
// the same for sixteen tokens and for sixteen million.
//
//     bands of @p              attn.schedule @p.fwd           per query tile t
//     [q - w, q + 1)    ->     arith on (t, Sq, Sk, ...)  ->  visit [3, 8), full [4, 7)
//
// A full tile has every pair of its rows *inside the length* with every column of the whole tile:
// the last tile of rows may be full, a tile of columns that crosses the end never is. With
// `transposed` rows are keys and columns queries, here as everywhere.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_SCHEDULE_SCHEDULE_H
#define ATTN_SCHEDULE_SCHEDULE_H

#include "attn/Bands/FromPattern.h"
#include "attn/IR/AttnOps.h"

namespace mlir::attn {

struct ScheduleOptions {
  /// Queries and keys of a tile.
  int64_t queryTile = 16;
  int64_t keyTile = 16;
  /// Tiles of keys visit tiles of queries.
  bool transposed = false;
};

/// The symbol of a pattern's schedule: `p.fwd` or `p.bwd_kv`.
std::string getScheduleName(StringRef pattern, bool transposed);

/// Builds the schedule of `pattern` from its bands (those of queries, also where `transposed`).
ScheduleOp buildSchedule(OpBuilder &builder, PatternOp pattern, const PatternBands &bands,
                         const ScheduleOptions &options);

} // namespace mlir::attn

#endif // ATTN_SCHEDULE_SCHEDULE_H
