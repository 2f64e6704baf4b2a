//===- Picture.h - what a pattern looks like ----------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_PIPELINES_PICTURE_H
#define ATTN_PIPELINES_PICTURE_H

#include "attn/Schedule/Evaluate.h"

namespace mlir::attn {

/// What the schedule of a pattern visits, with tiles of any size: the pattern is scheduled for them
/// and the schedule is run.
FailureOr<ScheduleGrid> evaluatePattern(PatternOp pattern, const Sizes &sizes, int64_t queryTile,
                                        int64_t keyTile);

/// A picture of at most `maxSide` characters a side, one for each tile: `.` skipped, `/` partial,
/// `#` full.
FailureOr<std::string> drawPattern(PatternOp pattern, const Sizes &sizes, int64_t maxSide);

} // namespace mlir::attn

#endif // ATTN_PIPELINES_PICTURE_H
