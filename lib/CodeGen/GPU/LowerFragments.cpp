//===- LowerFragments.cpp - arithmetic on the registers of a warp -----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LowerTiles.h"

using namespace mlir;
using namespace mlir::attn;
using namespace mlir::attn::cuda;

/// Element i of a fragment belongs to this row of its lane.
static size_t rowOf(size_t i) { return i / 2 % 2; }

/// Combines the elements of one row in four chains, so that no instruction waits for all before it.
static Value fold(ArrayRef<Value> fragment, size_t row, Value first,
                  function_ref<Value(Value, Value)> combine) {
  Values chains;
  size_t next = 0;
  for (size_t i = 0; i < fragment.size(); ++i) {
    if (rowOf(i) != row)
      continue;
    if (chains.size() < 4)
      chains.push_back(fragment[i]);
    else {
      Value &chain = chains[next++ % 4];
      chain = combine(chain, fragment[i]);
    }
  }
  if (first)
    chains.front() = combine(first, chains.front());
  for (; chains.size() > 1; chains.resize((chains.size() + 1) / 2))
    for (size_t i = 0; i < chains.size() / 2; ++i)
      chains[i] = combine(chains[i], chains[(chains.size() + 1) / 2 + i]);
  return chains.front();
}

Values cuda::lower(WarpEmitter &e, tile::MaskOp op) {
  Values scores = e.elements(op.getScores()), keeps = {op.getKeep0(), op.getKeep1()};
  Value hidden = e.real(-std::numeric_limits<float>::infinity()), zero = e.integer32(0);
  // Bit by bit in the order of a word: ptxas then moves bytes of it to predicates at once.
  for (size_t row = 0; row < 2; ++row) {
    Value keep = keeps[row];
    bool isWord = keep.getType().isInteger();
    for (size_t i = 0, column = 0; i < scores.size(); ++i) {
      if (rowOf(i) != row)
        continue;
      Value bit = isWord ? e.ne(e.both(keep, e.integer32(int32_t(uint32_t(1) << column))), zero)
                         : e.lane(keep, column);
      scores[i] = e.select(bit, scores[i], hidden);
      ++column;
    }
  }
  return {e.vectorOf(scores)};
}

Values cuda::lower(WarpEmitter &e, tile::RowMaxOp op) {
  Values scores = e.elements(op.getScores()), init = e.elements(op.getInit());
  for (size_t r = 0; r < 2; ++r) {
    Value largest = fold(scores, r, init[r], [&](Value a, Value b) { return e.maxf(a, b); });
    for (int32_t mask : {2, 1})
      largest = e.maxf(largest, e.shuffleXor(largest, mask));
    init[r] = largest;
  }
  return {e.vectorOf(init)};
}

Values cuda::lower(WarpEmitter &e, tile::ExponentialOp op) {
  Values scores = e.elements(op.getScores()), maximum = e.elements(op.getMaximum());
  for (Value &m : maximum)
    m = e.neg(e.mulf(m, op.getScale()));
  for (size_t i = 0; i < scores.size(); ++i)
    scores[i] = e.exp2(e.fma(scores[i], op.getScale(), maximum[rowOf(i)]));
  return {e.vectorOf(scores)};
}

Values cuda::lower(WarpEmitter &e, tile::RowSumOp op) {
  Values weights = e.elements(op.getWeights());
  Values init = e.elements(op.getInit()), factor = e.elements(op.getFactor());
  for (size_t r = 0; r < 2; ++r) {
    // Element 2r is the row's first.
    weights[2 * r] = e.fma(init[r], factor[r], weights[2 * r]);
    init[r] = fold(weights, r, nullptr, [&](Value a, Value b) { return e.addf(a, b); });
  }
  return {e.vectorOf(init)};
}

Values cuda::lower(WarpEmitter &e, tile::CombineOp op) {
  Values values = e.elements(op.getPartial());
  for (Value &value : values)
    value = e.sumOver(value, 4);
  return {e.vectorOf(values)};
}

Values cuda::lower(WarpEmitter &e, tile::ScaleRowsOp op) {
  Values values = e.elements(op.getFragment()), factor = e.elements(op.getFactor());
  for (size_t i = 0; i < values.size(); ++i)
    values[i] = e.mulf(values[i], factor[rowOf(i)]);
  return {e.vectorOf(values)};
}

Values cuda::lower(WarpEmitter &e, tile::PackOp op) {
  Values values = e.elements(op.getFragment()), packed;
  for (size_t i = 0; i < values.size(); i += 2)
    packed.push_back(e.pack(values[i], values[i + 1], op.getElement()));
  return {e.vectorOf(packed)};
}
