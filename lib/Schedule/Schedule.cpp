//===- Schedule.cpp - from bands to attn.schedule -------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The formulas are those of Bands/Tiles.h, run on an arithmetic that builds ops.
//
//===----------------------------------------------------------------------===//

#include "attn/Schedule/Schedule.h"
#include "OpArith.h"
#include "attn/Bands/Tiles.h"
#include "attn/Proofs/Prune.h"
#include "attn/Schedule/Passes.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

namespace mlir::attn {
#define GEN_PASS_DEF_ATTNSCHEDULEPASS
#include "attn/Schedule/Passes.h.inc"
} // namespace mlir::attn

using namespace mlir;
using namespace mlir::attn;

namespace {
/// A band of the schedule and its number in the pattern's list.
struct NumberedBand {
  Band band;
  int64_t number;
};
} // namespace

std::string mlir::attn::getScheduleName(StringRef pattern, bool transposed) {
  return (pattern + (transposed ? ".bwd_kv" : ".fwd")).str();
}

/// Does the visit range of `lhs` begin no later than that of `rhs`, for every tile in which both
/// have one? With `lhs` in every row, its first row of a tile is never behind that of `rhs`, and
/// bounds never decrease.
static bool beginsFirst(const Band &lhs, const Band &rhs) {
  return lhs.rowBegin.isMinusInfinity() && lhs.queryWindows.empty() &&
         isKnownLessEqual(lhs.begin, rhs.begin);
}

/// Orders the bands by where their visits begin, if that order is known to be the same for every
/// tile.
static bool sortByBegin(SmallVectorImpl<NumberedBand> &bands) {
  SmallVector<NumberedBand> ordered, rest(bands.begin(), bands.end());
  while (!rest.empty()) {
    auto first = llvm::find_if(rest, [&](const NumberedBand &candidate) {
      return llvm::all_of(rest, [&](const NumberedBand &other) {
        return &candidate == &other || beginsFirst(candidate.band, other.band);
      });
    });
    if (first == rest.end())
      return false;
    ordered.push_back(*first);
    rest.erase(first);
  }
  bands.assign(ordered.begin(), ordered.end());
  return true;
}

/// Builds the `attn.visit` of one band at the end of the schedule's body.
static void buildVisit(OpBuilder &builder, OpArith &arith, ScheduleOp schedule,
                       const TileFrame<OpArith::Value> &frame, const NumberedBand &numbered) {
  const Band &band = numbered.band;
  TileRanges<OpArith::Value> ranges = tileRanges(arith, band, frame, arith.tile());
  Value begin = arith.materialize(ranges.visitBegin), end = arith.materialize(ranges.visitEnd);
  Value fullBegin = arith.materialize(ranges.fullBegin),
        fullEnd = arith.materialize(ranges.fullEnd);

  // The filter is built in a block of its own first: what does not depend on its tile lands in the
  // body, and the visit goes behind it.
  Block *filter = nullptr;
  Location loc = schedule.getLoc();
  if (needsColumnTileTest(band)) {
    filter = new Block();
    OpArith::Value tile{filter->addArgument(builder.getIndexType(), loc), 0};
    arith.beginFilter(*filter);
    ColumnTileTest<OpArith::Bool> test = columnTileTest(arith, band, frame, ranges, tile);
    Value visible = arith.materialize(test.visible), full = arith.materialize(test.full);
    arith.endFilter();
    builder.setInsertionPointToEnd(filter);
    VisitYieldOp::create(builder, loc, visible, full);
  }
  builder.setInsertionPointToEnd(&schedule.getBody().front());
  auto visit =
      VisitOp::create(builder, loc, begin, end, fullBegin, fullEnd, numbered.number, band.fallback);
  if (filter)
    visit.getFilter().push_back(filter);
}

/// Folding leaves operands behind that nothing uses in the end.
static void eraseDeadOps(Block &block) {
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block))) {
    for (Region &region : op.getRegions())
      for (Block &inner : region)
        eraseDeadOps(inner);
    if (isOpTriviallyDead(&op))
      op.erase();
  }
}

ScheduleOp mlir::attn::buildSchedule(OpBuilder &builder, PatternOp pattern,
                                     const PatternBands &patternBands,
                                     const ScheduleOptions &options) {
  OpBuilder::InsertionGuard guard(builder);
  SmallVector<NumberedBand> bands;
  for (auto [number, band] : llvm::enumerate(patternBands.bands))
    if (!isProvedEmpty(band, patternBands.symbols, *builder.getContext()))
      bands.push_back({options.transposed ? transpose(band) : band, static_cast<int64_t>(number)});
  Merge merge = bands.size() == 1    ? Merge::Single
                : sortByBegin(bands) ? Merge::Ordered
                                     : Merge::Scan;

  Location loc = pattern.getLoc();
  auto schedule = ScheduleOp::create(
      builder, loc,
      builder.getStringAttr(getScheduleName(pattern.getSymName(), options.transposed)),
      /*sym_visibility=*/StringAttr(), FlatSymbolRefAttr::get(pattern),
      builder.getDenseI64ArrayAttr({options.queryTile, options.keyTile}),
      MergeAttr::get(builder.getContext(), merge),
      options.transposed ? builder.getUnitAttr() : UnitAttr());
  Block &body = schedule.getBody().emplaceBlock();
  unsigned numArguments = ScheduleOp::First + pattern.getBody().getNumArguments();
  for (unsigned i = 0; i < numArguments; ++i)
    body.addArgument(builder.getIndexType(), loc);

  OpArith arith(schedule);
  TileFrame<OpArith::Value> frame = options.transposed
                                        ? keyFrame(arith, options.keyTile, options.queryTile)
                                        : queryFrame(arith, options.queryTile, options.keyTile);
  for (const NumberedBand &band : bands)
    buildVisit(builder, arith, schedule, frame, band);
  eraseDeadOps(body);
  return schedule;
}

namespace {
struct AttnSchedulePass : attn::impl::AttnSchedulePassBase<AttnSchedulePass> {
  using Base::Base;

  void runOnOperation() override {
    ScheduleOptions options;
    options.transposed = transposed;
    if (!tile.empty()) {
      if (tile.size() != 2 || tile[0] <= 0 || tile[1] <= 0) {
        getOperation().emitError("'attn-schedule' expected two positive numbers for 'tile'");
        return signalPassFailure();
      }
      options.queryTile = tile[0];
      options.keyTile = tile[1];
    }

    ModuleOp module = getOperation();
    SymbolTable symbols(module);
    for (PatternOp pattern : llvm::make_early_inc_range(module.getOps<PatternOp>())) {
      std::string name = getScheduleName(pattern.getSymName(), options.transposed);
      if (symbols.lookup(name))
        continue;
      PatternBands bands = bandsOf(pattern);
      bands.emitRemarks();
      OpBuilder builder(pattern->getContext());
      builder.setInsertionPointAfter(pattern);
      buildSchedule(builder, pattern, bands, options);
    }
  }
};
} // namespace
