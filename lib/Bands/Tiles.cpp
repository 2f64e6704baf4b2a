//===- Tiles.cpp - which tiles a band visits, which are full --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attn/Bands/Tiles.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir::attn;

TileGrid TileGrid::of(const Bands &bands, const Sizes &sizes, int64_t queryTile, int64_t keyTile,
                      bool transposed) {
  llvm::SmallVector<int64_t, 8> symbols = sizes.values();
  IntegerArith arith{symbols};
  Bands rowBands = transposed ? bands.transposed() : bands;
  TileFrame<int64_t> frame =
      transposed ? keyFrame(arith, keyTile, queryTile) : queryFrame(arith, queryTile, keyTile);
  TileGrid grid;
  grid.rows = ceilDiv(frame.rowLength, frame.rowTile);
  grid.columns = ceilDiv(frame.columnLength, frame.columnTile);
  grid.kinds.assign(grid.rows * grid.columns, TileKind::Skipped);
  for (int64_t row = 0; row != grid.rows; ++row)
    for (const Band &band : rowBands) {
      TileRanges<int64_t> ranges = tileRanges(arith, band, frame, row);
      for (int64_t column = ranges.visitBegin; column < ranges.visitEnd; ++column) {
        bool visible = true;
        bool full = ranges.fullBegin <= column && column < ranges.fullEnd;
        if (needsColumnTileTest(band)) {
          auto test = columnTileTest(arith, band, frame, ranges, column);
          visible = test.visible;
          full &= test.full;
        }
        TileKind kind = full ? TileKind::Full : visible ? TileKind::Partial : TileKind::Skipped;
        TileKind &tile = grid.kinds[row * grid.columns + column];
        tile = std::max(tile, kind);
      }
    }
  return grid;
}

int64_t TileGrid::count(TileKind kind) const { return llvm::count(kinds, kind); }

void TileGrid::print(llvm::raw_ostream &os) const {
  for (int64_t row = 0; row != rows; ++row) {
    for (int64_t column = 0; column != columns; ++column)
      os << (column ? " " : "  ") << "./#"[static_cast<int>(at(row, column))];
    os << "\n";
  }
}
