//===- Picture.cpp - what a pattern looks like ---------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attn/Pipelines/Picture.h"
#include "attn/Bands/FromPattern.h"
#include "attn/Schedule/Schedule.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::attn;

FailureOr<ScheduleGrid> mlir::attn::evaluatePattern(PatternOp pattern, const Sizes &sizes,
                                                    int64_t queryTile, int64_t keyTile) {
  OwningOpRef<ModuleOp> module = ModuleOp::create(pattern.getLoc());
  OpBuilder builder = OpBuilder::atBlockEnd(module->getBody());
  ScheduleOptions options;
  options.queryTile = queryTile;
  options.keyTile = keyTile;
  return evaluateSchedule(buildSchedule(builder, pattern, bandsOf(pattern), options), sizes);
}

FailureOr<std::string> mlir::attn::drawPattern(PatternOp pattern, const Sizes &sizes,
                                               int64_t maxSide) {
  const auto side = [&](int64_t length) {
    return std::max<int64_t>(1, llvm::divideCeil(length, maxSide));
  };
  FailureOr<ScheduleGrid> grid =
      evaluatePattern(pattern, sizes, side(sizes.queryLength), side(sizes.keyLength));
  if (failed(grid))
    return failure();
  return grid->str();
}
