//===- PrintTiles.cpp - pictures of schedules -----------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attn/Schedule/Evaluate.h"
#include "attn/Schedule/Passes.h"
#include "llvm/Support/raw_ostream.h"

namespace mlir::attn {
#define GEN_PASS_DEF_ATTNPRINTTILESPASS
#include "attn/Schedule/Passes.h.inc"
} // namespace mlir::attn

using namespace mlir;
using namespace mlir::attn;

namespace {
struct AttnPrintTilesPass : attn::impl::AttnPrintTilesPassBase<AttnPrintTilesPass> {
  using Base::Base;

  void runOnOperation() override {
    Sizes sizes =
        Sizes::aligned(queryLength, keyLength < 0 ? queryLength : keyLength, arguments, keyOffset);
    constexpr int64_t notGiven = std::numeric_limits<int64_t>::min();
    if (offset != notGiven)
      sizes.offset = offset;
    if (length != notGiven)
      sizes.length = length;
    if (queryLength < 0 || std::max(sizes.queryLength, sizes.keyLength) > 1 << 16) {
      getOperation().emitError("'attn-print-tiles' expected lengths from 0 to 65536");
      return signalPassFailure();
    }

    for (ScheduleOp schedule : getOperation().getOps<ScheduleOp>()) {
      size_t numArguments = schedule.getBody().getNumArguments() - ScheduleOp::First;
      if (sizes.arguments.size() != numArguments) {
        schedule.emitOpError("expected ")
            << numArguments << " values in 'arguments' of 'attn-print-tiles', found "
            << sizes.arguments.size();
        return signalPassFailure();
      }
      FailureOr<ScheduleGrid> grid = evaluateSchedule(schedule, sizes);
      if (failed(grid))
        return signalPassFailure();
      llvm::outs() << "// @" << schedule.getSymName() << ": Sq = " << sizes.queryLength
                   << ", Sk = " << sizes.keyLength << ", tile " << schedule.getQueryTile() << " x "
                   << schedule.getKeyTile() << "; " << grid->count(TileKind::Skipped)
                   << " skipped, " << grid->count(TileKind::Partial) << " partial, "
                   << grid->count(TileKind::Full) << " full\n"
                   << grid->str();
    }
    llvm::outs().flush();
  }
};
} // namespace
