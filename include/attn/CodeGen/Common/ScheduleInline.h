//===- ScheduleInline.h - a schedule as code of a kernel -----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The body of an `attn.schedule` is straight-line arithmetic on index. A kernel computes the same
// in i64, where it needs it: the ranges of a tile once, and the filter of a band for each key tile.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_CODEGEN_COMMON_SCHEDULEINLINE_H
#define ATTN_CODEGEN_COMMON_SCHEDULEINLINE_H

#include "attn/IR/AttnOps.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/IRMapping.h"

namespace mlir::attn {

/// One band of a tile, in i64.
struct BandRange {
  Value begin, end, fullBegin, fullEnd;
};

/// Emits a schedule's body; `arguments` are its block arguments as i64. `use` gets each band where
/// its numbers are there, and may emit code. `mapping` leads from values of the schedule to those
/// of the kernel.
void inlineSchedule(OpBuilder &builder, ScheduleOp schedule, ValueRange arguments,
                    IRMapping &mapping, function_ref<void(const BandRange &)> use);

/// The values of the schedule's body that the filters of its bands use, in a fixed order; constants
/// are not among them.
SmallVector<Value> getFilterCaptures(ScheduleOp schedule);

/// A kernel's value for a capture as an i64, to be kept in memory, and back.
Value captureToWord(OpBuilder &builder, Location loc, Value value);
Value captureFromWord(OpBuilder &builder, Location loc, Value word, Value capture);

/// Emits the filter of a band for key tile `tile` (i64); gives (visible, full), both i1. `mapping`
/// holds the captures.
std::pair<Value, Value> inlineFilter(OpBuilder &builder, VisitOp visit, IRMapping mapping,
                                     Value tile);

} // namespace mlir::attn

#endif // ATTN_CODEGEN_COMMON_SCHEDULEINLINE_H
