//===- Layout.h - where a kernel's data lie ------------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The vocabulary of lib/CodeGen/CPU, and the memory behind it.
//
//   column   16 queries: one vector of 16 lanes, two of 8, or four of 4
//   tile     4 columns = 64 queries, with everything computed for them
//   unit     16 keys, the key tile of the schedule
//   run      consecutive units that have the same state in each of a tile's columns
//   step     up to kStepUnits units of a tile whose scores are held at once
//   block    up to 4 tiles of one head: a work item
//
//                     scratch of a thread
//   +--------+---------+------------+--------------------+----------------------+
//   | item   | runs of | scores     | last keys, values  | 4 x (tile, panels)   |
//   |        | a step  | [96][64]   | padded to a unit   |                      |
//   +--------+---------+------------+--------------------+----------------------+
//
// Scores are transposed, one row per key: a column's lanes are queries, so maxima, sums and masks
// need no shuffles. Likewise the query panel is [features][64], scaled by scale*log2(e). The output
// panel is [64][features], as the tensor is.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_CODEGEN_CPU_LAYOUT_H
#define ATTN_LIB_CODEGEN_CPU_LAYOUT_H

#include "attn/Runtime/Kernel.h"
#include "llvm/Support/MathExtras.h"
#include <cstddef>
#include <cstdint>

namespace mlir::attn::cpu {

constexpr int64_t kColumn = 16;
constexpr int64_t kColumns = 4;
constexpr int64_t kTile = kColumn * kColumns;
constexpr int64_t kUnit = 16;
constexpr int64_t kStepUnits = 6;
constexpr int64_t kTiles = 4;

constexpr int64_t kFloat = 4;
constexpr int64_t kWord = 8;
/// Bytes of a row of scores, or of the query panel.
constexpr int64_t kScoreRow = kTile * kFloat;
/// Bytes of a column in such a row.
constexpr int64_t kColumnBytes = kColumn * kFloat;

/// Byte offsets in AttnArgs. Host and target are both little-endian with 64-bit pointers, so the
/// compiler's own layout is the kernel's.
namespace args {
enum : int64_t {
  StructSize = offsetof(AttnArgs, struct_size),
  Batch = offsetof(AttnArgs, batch),
  QueryHeads = offsetof(AttnArgs, query_heads),
  KeyHeads = offsetof(AttnArgs, key_heads),
  QueryLength = offsetof(AttnArgs, query_length),
  KeyLength = offsetof(AttnArgs, key_length),
  Features = offsetof(AttnArgs, features),
  Query = offsetof(AttnArgs, query),
  Key = offsetof(AttnArgs, key),
  Value = offsetof(AttnArgs, value),
  Output = offsetof(AttnArgs, output),
  Lse = offsetof(AttnArgs, lse),
  Offset = offsetof(AttnArgs, offset),
  KeyOffset = offsetof(AttnArgs, key_offset),
  Length = offsetof(AttnArgs, length),
  Arguments = offsetof(AttnArgs, arguments),
  ArgumentCount = offsetof(AttnArgs, argument_count),
  Scale = offsetof(AttnArgs, scale),
  Size = sizeof(AttnArgs),
};
} // namespace args

/// Byte offsets in AttnTensor, relative to one of those above.
namespace tensor {
enum : int64_t {
  BatchStride = offsetof(AttnTensor, strides),
  HeadStride = BatchStride + 8,
  RowStride = BatchStride + 16,
};
} // namespace tensor

/// Byte offsets in AttnPlan.
namespace plan {
enum : int64_t {
  StructSize = offsetof(AttnPlan, struct_size),
  Items = offsetof(AttnPlan, items),
  ScratchBytes = offsetof(AttnPlan, scratch_bytes),
  Size = sizeof(AttnPlan),
};
} // namespace plan

/// Byte offsets in the scratch's first part: the tensors of the item's head, and their row strides
/// in bytes.
namespace item {
enum : int64_t {
  Query = 0,
  Key = 8,
  Value = 16,
  Output = 24,
  Lse = 32, // null if not wanted
  QueryRow = 40,
  KeyRow = 48,
  ValueRow = 56,
  OutputRow = 64,
  LseRow = 72,
  Size = 128,
};
} // namespace item

/// Byte offsets in an entry of the list of a step's runs.
namespace run {
enum : int64_t {
  Row = 0,       // its first row of scores
  Rows = 8,      // how many
  Visible = 16,  // bit c: column c takes part
  Value = 24,    // its first row of values
  ValueRow = 32, // and their stride
  Size = 40,
};
} // namespace run

/// Byte offsets in a tile.
namespace tile {
enum : int64_t {
  FirstRow = 0,
  /// The next run: units [Begin, End), and which columns see it, in whole.
  Begin = 8, // kEnd when there is none
  End = 16,
  Visible = 24,
  Full = 32,
  QueryPanel = 40,
  OutputPanel = 48,
  /// Vectors of kTile floats.
  Maximum = 64,                        // that the weights refer to
  Sum = Maximum + kTile * kFloat,      // of the weights
  Candidate = Sum + kTile * kFloat,    // the maximum with the scores of this step
  Before = Candidate + kTile * kFloat, // the candidate before this run; scratch at other times
  Seen = Before + kTile * kFloat,      // i32: -1 for queries that have seen a key, else 0
  Ranges = Seen + kTile * kFloat,      // per column: the bands, then the filters' captures
};
} // namespace tile

/// No more units.
constexpr int64_t kEnd = int64_t(1) << 60;

/// The parts whose size depends on the kernel.
class Layout {
public:
  Layout(int64_t features, int64_t bands, int64_t captures) : features(features), bands(bands) {
    columnRange = (4 * bands + captures) * kWord;
    tileBytes = llvm::alignTo(tile::Ranges + kColumns * columnRange, 64);
    runs = item::Size;
    scores = llvm::alignTo(runs + kStepUnits * run::Size, 64);
    lastKeys = scores + kStepUnits * kUnit * kScoreRow;
    lastValues = lastKeys + kUnit * rowBytes();
    tiles = llvm::alignTo(lastValues + kUnit * rowBytes(), 64);
    panels = tiles + kTiles * tileBytes;
  }

  /// Bytes of a row of `features` floats.
  int64_t rowBytes() const { return features * kFloat; }
  /// The query panel, then the output panel: a power of two apart they would compete for cache
  /// sets.
  int64_t panelBytes() const { return kTile * rowBytes() + 64; }
  /// Bytes from one tile's panels to the next tile's.
  int64_t panelsBytes() const { return 2 * panelBytes(); }
  int64_t totalBytes() const { return llvm::alignTo(panels + kTiles * panelsBytes(), 64); }
  /// Offset in a column's ranges of capture `index`.
  int64_t capture(int64_t index) const { return (4 * bands + index) * kWord; }

  int64_t features, bands;
  int64_t columnRange, tileBytes;
  int64_t runs, scores, lastKeys, lastValues, tiles, panels;
};

} // namespace mlir::attn::cpu

#endif // ATTN_LIB_CODEGEN_CPU_LAYOUT_H
