//===- Tiles.h - which tiles a band visits, which are full -------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A tile is `rowTile` rows times `columnTile` columns. For a tile of rows a band gives two ranges
// of column tiles: those to visit (a superset of the tiles with a pair) and, inside, those that are
// full (a subset of the tiles with all pairs). Because the bounds of a band never decrease, the
// extremes over the rows a..z of a tile are at its two ends:
//
//   visit [begin(a), end(z))        full [begin(z), end(a))
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_BANDS_TILES_H
#define ATTN_BANDS_TILES_H

#include "attn/Bands/Arith.h"
#include "attn/Bands/Bands.h"

namespace mlir::attn {

/// Rows, columns and how they are tiled. Rows are queries and columns keys, or the other way round
/// for transposed bands; offsets are the positions of row 0 and column 0.
template <typename Value>
struct TileFrame {
  Value rowLength, rowOffset;
  Value columnLength, columnOffset;
  int64_t rowTile, columnTile;
};

template <typename Arith>
TileFrame<typename Arith::Value> queryFrame(Arith &arith, int64_t queryTile, int64_t keyTile) {
  return {arith.symbol(QueryLength),
          arith.symbol(Offset),
          arith.symbol(KeyLength),
          arith.symbol(KeyOffset),
          queryTile,
          keyTile};
}

/// The frame of `transpose(band)`.
template <typename Arith>
TileFrame<typename Arith::Value> keyFrame(Arith &arith, int64_t keyTile, int64_t queryTile) {
  return {arith.symbol(KeyLength),
          arith.symbol(KeyOffset),
          arith.symbol(QueryLength),
          arith.symbol(Offset),
          keyTile,
          queryTile};
}

/// What a band says of one tile of rows.
template <typename Value>
struct TileRanges {
  /// Column tiles to visit, and full ones among them, both half-open; empty ranges begin and end at
  /// the same tile.
  Value visitBegin, visitEnd;
  Value fullBegin, fullEnd;
  /// Positions: the first and the last row that the band has in the tile, the first column of the
  /// one and the end of the columns of the other. Meaningful only where the visit range is not
  /// empty.
  Value firstRow, lastRow;
  Value columnBegin, columnEnd;
};

/// The ranges of row tile `tile`. Periodic windows on columns and distances are not in them: see
/// `columnTileTest`.
template <typename Arith>
TileRanges<typename Arith::Value> tileRanges(Arith &arith, const Band &band,
                                             const TileFrame<typename Arith::Value> &frame,
                                             typename Arith::Value tile) {
  using Value = typename Arith::Value;
  using Bool = typename Arith::Bool;
  Value one = arith.constant(1);
  // Bounds that are absent cost nothing.
  auto notBelow = [&](Value value, const Expr &bound, Value x) {
    return bound.isMinusInfinity() ? value : arith.max(evaluateWith(arith, bound, x), value);
  };
  auto notAbove = [&](Value value, const Expr &bound, Value x) {
    return bound.isInfinity() ? value : arith.min(evaluateWith(arith, bound, x), value);
  };
  auto ceilDivide = [&](Value value, int64_t divisor) {
    return arith.floorDiv(arith.add(value, arith.constant(divisor - 1)), divisor);
  };

  // The rows of the tile that the band has, from a to z; `whole` if it has all rows of the tile.
  Value row = arith.scale(frame.rowTile, tile);
  Value tileEnd = arith.min(arith.add(row, arith.constant(frame.rowTile)), frame.rowLength);
  Value first = arith.add(frame.rowOffset, row);
  Value end = arith.add(frame.rowOffset, tileEnd);
  Value a = notBelow(first, band.rowBegin, first);
  Value rowEnd = notAbove(end, band.rowEnd, first);
  Value z = arith.sub(rowEnd, one);
  std::optional<Bool> whole;
  auto require = [&](Bool condition) { whole = whole ? arith.both(*whole, condition) : condition; };
  if (!band.rowBegin.isMinusInfinity())
    require(arith.lessEqual(a, first));
  if (!band.rowEnd.isInfinity())
    require(arith.lessEqual(end, rowEnd));
  for (const Residue &window : band.queryWindows) {
    require(coversWith(arith, window, a, arith.add(z, one)));
    a = nextWith(arith, window, a);
    z = previousWith(arith, window, z);
  }

  TileRanges<Value> ranges{a, a, a, a, a, z, a, a};
  Value columnEnd = arith.add(frame.columnOffset, frame.columnLength);
  ranges.columnBegin = notBelow(frame.columnOffset, band.begin, a);
  ranges.columnEnd = notAbove(columnEnd, band.end, z);
  Bool seen = arith.both(arith.lessEqual(a, z), arith.less(ranges.columnBegin, ranges.columnEnd));
  Value zero = arith.constant(0);
  auto toColumn = [&](Value position) { return arith.sub(position, frame.columnOffset); };
  ranges.visitBegin =
      arith.select(seen, arith.floorDiv(toColumn(ranges.columnBegin), frame.columnTile), zero);
  ranges.visitEnd =
      arith.select(seen, ceilDivide(toColumn(ranges.columnEnd), frame.columnTile), zero);

  if (band.fallback) {
    ranges.fullBegin = ranges.fullEnd = ranges.visitBegin;
    return ranges;
  }
  Value everyBegin = notBelow(frame.columnOffset, band.begin, z);
  Value everyEnd = notAbove(columnEnd, band.end, a);
  Value fullBegin = ceilDivide(toColumn(everyBegin), frame.columnTile);
  Value fullEnd = arith.floorDiv(toColumn(everyEnd), frame.columnTile);
  require(arith.both(seen, arith.less(fullBegin, fullEnd)));
  ranges.fullBegin = arith.select(*whole, fullBegin, ranges.visitBegin);
  ranges.fullEnd = arith.select(*whole, fullEnd, ranges.visitBegin);
  return ranges;
}

/// Does a band need `columnTileTest`?
inline bool needsColumnTileTest(const Band &band) {
  return !band.keyWindows.empty() || !band.distanceWindows.empty();
}

template <typename Bool>
struct ColumnTileTest {
  Bool visible; ///< may have a pair; for tiles of the visit range
  Bool full;    ///< has all pairs; for tiles of the full range
};

/// Refines the ranges for one column tile of the visit range, by the band's periodic windows on
/// columns and distances, of which there must be one. Windows on columns are `keyWindows` also
/// after transposition.
template <typename Arith>
ColumnTileTest<typename Arith::Bool>
columnTileTest(Arith &arith, const Band &band, const TileFrame<typename Arith::Value> &frame,
               const TileRanges<typename Arith::Value> &ranges, typename Arith::Value columnTile) {
  using Value = typename Arith::Value;
  using Bool = typename Arith::Bool;
  std::optional<Bool> visible, full;
  auto conjoin = [&](std::optional<Bool> &all, Bool condition) {
    all = all ? arith.both(*all, condition) : condition;
  };
  Value one = arith.constant(1);
  // The whole tile, and the part of it in which some row may have a pair.
  Value tileBegin = arith.add(frame.columnOffset, arith.scale(frame.columnTile, columnTile));
  Value tileEnd = arith.add(tileBegin, arith.constant(frame.columnTile));
  Value begin = arith.max(tileBegin, ranges.columnBegin);
  Value end = arith.min(tileEnd, ranges.columnEnd);
  for (const Residue &window : band.keyWindows) {
    begin = nextWith(arith, window, begin);
    end = arith.add(previousWith(arith, window, arith.sub(end, one)), one);
    conjoin(visible, arith.less(begin, end));
    conjoin(full, coversWith(arith, window, tileBegin, tileEnd));
  }
  for (const Residue &window : band.distanceWindows) {
    Value nearest = arith.sub(begin, ranges.lastRow);
    Value farthest = arith.sub(end, ranges.firstRow);
    conjoin(visible, arith.less(nextWith(arith, window, nearest), farthest));
    conjoin(full, coversWith(arith, window, arith.sub(tileBegin, ranges.lastRow),
                             arith.sub(tileEnd, ranges.firstRow)));
  }
  return {*visible, *full};
}

enum class TileKind : uint8_t { Skipped, Partial, Full };

/// Kinds of the column tiles of every row tile.
class TileGrid {
public:
  /// For queries in rows, or with `transposed` keys in rows; tile sizes are of queries and keys.
  static TileGrid of(const Bands &bands, const Sizes &sizes, int64_t queryTile, int64_t keyTile,
                     bool transposed = false);

  int64_t numRows() const { return rows; }
  int64_t numColumns() const { return columns; }
  TileKind at(int64_t row, int64_t column) const { return kinds[row * columns + column]; }
  int64_t count(TileKind kind) const;
  /// One line per row: `.` skipped, `/` partial, `#` full.
  void print(llvm::raw_ostream &os) const;

private:
  int64_t rows = 0, columns = 0;
  llvm::SmallVector<TileKind, 0> kinds;
};

} // namespace mlir::attn

#endif // ATTN_BANDS_TILES_H
