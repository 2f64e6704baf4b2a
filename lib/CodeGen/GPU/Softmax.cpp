//===- Softmax.cpp - from scores to weights, one tile at a time ------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The online softmax in exponents of 2: weight = 2^(scale * (score - maximum)). The maximum starts
// at a finite sentinel, so that rows without any visible key compute 2^(-inf) = 0 and no NaN; it is
// a power of two, so that its product with the scale is exact and 2^(scale * (m - m)) is 1.
//
//===----------------------------------------------------------------------===//

#include "KernelEmitter.h"

using namespace mlir;
using namespace mlir::attn;
using namespace mlir::attn::cuda;

/// -2^100.
static constexpr float kSentinel = -0x1p100f;

Value KernelEmitter::mask(Value scores, const WorkItem &item, const Lane &lane, Value keyTile) {
  // The columns of a lane from its first: 0, 1, 8, 9, 16, ...
  SmallVector<int32_t> columns;
  for (int32_t j = 0; j < shape.keys / 4; ++j)
    columns.push_back(j / 2 * 8 + j % 2);
  Value firstKey = e.add(e.mul(keyTile, shape.keys), lane.column);
  auto type = e.i32s(columns.size());
  PredicateLanes lanes{LaneSide::Keys};
  lanes.base = e.add(call.keyOffset(), e.extend64(firstKey));
  lanes.offsets =
      arith::ConstantOp::create(e, DenseElementsAttr::get(type, ArrayRef<int32_t>(columns)));
  lanes.end = e.sub(keyRows(), firstKey);
  // Of every eight columns below a bound there are two, and up to two of the rest.
  lanes.wordBelow = [this](Value bound) {
    Value rest = e.min(e.both(bound, e.integer32(7)), e.integer32(2));
    return e.lowBits(e.add(e.mul(e.shr(bound, e.integer32(3)), 2), rest));
  };
  // LLVM would take a saturated bound apart again and compare every column in 64 bits.
  lanes.hold = [this](Value bound) { return e.opaque(bound); };
  PatternOperands operands = call.patternOperands();
  // Bounds are the same for all keys, but would take registers that the other tiles need.
  Value firstRow = e.opaque(e.add(item.firstRow, lane.row), /*staysHere=*/true);
  Value keep[2];
  for (int32_t r = 0; r < 2; ++r)
    keep[r] = emitPredicate(e, e.getLoc(), kernel.pattern, operands, lanes,
                            position(e.add(firstRow, 8 * r)));
  return tile::MaskOp::create(e, scores.getType(), scores, keep[0], keep[1]);
}

Value KernelEmitter::maskIf(Value partial, Value scores, const WorkItem &item, const Lane &lane,
                            Value keyTile) {
  return e.choose(
      partial, scores.getType(), [&]() -> Values { return {mask(scores, item, lane, keyTile)}; },
      [&]() -> Values { return {scores}; })[0];
}

Accumulator KernelEmitter::start() {
  return {e.splat(0, features() / 2), splatRow(kSentinel), splatRow(0)};
}

KernelEmitter::Weights KernelEmitter::advance(Accumulator &state, Value scores) {
  Value scale = call.scaleLog2();
  Type row = state.maximum.getType();
  Value maximum = tile::RowMaxOp::create(e, row, scores, state.maximum);
  Values before = e.elements(state.maximum), after = e.elements(maximum), factors;
  for (auto [m, n] : llvm::zip(before, after))
    factors.push_back(e.exp2(e.fma(m, scale, e.neg(e.mulf(n, scale)))));
  Value factor = e.vectorOf(factors);
  Value weights = tile::ExponentialOp::create(e, scores.getType(), scores, scale, maximum);
  state.sum = tile::RowSumOp::create(e, row, weights, state.sum, factor);
  state.maximum = maximum;
  return {weights, factor};
}
