//===- PrintBands.cpp - print bands and tiles -------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attn/Bands/Count.h"
#include "attn/Bands/FromPattern.h"
#include "attn/Bands/Passes.h"
#include "attn/Bands/Tiles.h"
#include "llvm/Support/raw_ostream.h"

namespace mlir::attn {
#define GEN_PASS_DEF_ATTNPRINTBANDSPASS
#include "attn/Bands/Passes.h.inc"
} // namespace mlir::attn

using namespace mlir;
using namespace mlir::attn;

/// A picture with more tiles helps nobody.
static constexpr int64_t kMaxTiles = 1 << 16;

namespace {
class AttnPrintBandsPass : public attn::impl::AttnPrintBandsPassBase<AttnPrintBandsPass> {
public:
  using AttnPrintBandsPassBase::AttnPrintBandsPassBase;

  void runOnOperation() override;

private:
  LogicalResult checkOptions();
  LogicalResult print(PatternOp pattern, raw_ostream &os);
  LogicalResult printTiles(PatternOp pattern, const PatternBands &bands, raw_ostream &os);

  int64_t queryTile = 16, keyTile = 16;
};
} // namespace

LogicalResult AttnPrintBandsPass::checkOptions() {
  if (!tile.empty()) {
    if (tile.size() != 2 || tile[0] <= 0 || tile[1] <= 0)
      return emitError(getOperation().getLoc(), "'tile' expected two positive numbers");
    queryTile = tile[0];
    keyTile = tile[1];
  }
  int64_t rows = ceilDiv(queryLength, queryTile), columns = ceilDiv(keyLength, keyTile);
  if (queryLength < 0 || keyLength < 0)
    return emitError(getOperation().getLoc(),
                     "'query-length' and 'key-length' expected numbers from 0");
  if (rows > kMaxTiles || columns > kMaxTiles || rows * columns > kMaxTiles)
    return emitError(getOperation().getLoc(), "expected at most ")
           << kMaxTiles << " tiles, found " << rows << " x " << columns
           << "; print with larger tiles";
  return success();
}

void AttnPrintBandsPass::runOnOperation() {
  markAllAnalysesPreserved();
  if (failed(checkOptions()))
    return signalPassFailure();
  for (auto pattern : getOperation().getOps<PatternOp>())
    if (failed(print(pattern, llvm::outs())))
      return signalPassFailure();
}

LogicalResult AttnPrintBandsPass::print(PatternOp pattern, raw_ostream &os) {
  PatternBands bands = bandsOf(pattern);
  bands.emitRemarks();
  os << "@" << pattern.getSymName();
  if (bands.symbols.numArguments() != 0) {
    os << "(";
    for (unsigned i = 0, e = bands.symbols.numArguments(); i != e; ++i)
      os << (i ? ", " : "") << bands.symbols.name(FirstArgument + i);
    os << ")";
  }
  os << ": " << bands.bands.size() << (bands.bands.size() == 1 ? " band\n" : " bands\n");
  for (const Band &band : bands.bands) {
    os << "  ";
    (transposed ? transpose(band) : band).print(os, bands.symbols, transposed);
    os << "\n";
  }
  return queryLength == 0 ? success() : printTiles(pattern, bands, os);
}

LogicalResult AttnPrintBandsPass::printTiles(PatternOp pattern, const PatternBands &bands,
                                             raw_ostream &os) {
  unsigned count = bands.symbols.numArguments();
  if (arguments.size() != count)
    return pattern.emitOpError("'@")
           << pattern.getSymName() << "' has " << count << (count == 1 ? " argument" : " arguments")
           << ", found " << arguments.size() << " in option 'arguments'";
  Sizes sizes = Sizes::aligned(queryLength, keyLength, arguments, keyOffset);
  if (offset.hasValue())
    sizes.offset = offset;
  os << queryLength << " x " << keyLength << ", tile " << queryTile << " x " << keyTile;
  for (unsigned i = 0; i != count; ++i)
    os << ", " << bands.symbols.name(FirstArgument + i) << " = " << arguments[i];
  os << ": ";
  // Without the predicate there is no telling what a fallback band holds.
  if (!bands.bands.hasFallback())
    os << countPairs(bands.bands, sizes) << " pairs; ";
  TileGrid grid = TileGrid::of(bands.bands, sizes, queryTile, keyTile, transposed);
  os << grid.count(TileKind::Skipped) << " tiles skipped, " << grid.count(TileKind::Partial)
     << " partial, " << grid.count(TileKind::Full) << " full\n";
  grid.print(os);
  return success();
}
