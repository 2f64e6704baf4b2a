//===- Attention.cpp - dense softmax attention in f64 ----------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attn/Reference/Reference.h"

#include <cmath>
#include <limits>

using namespace mlir;
using namespace mlir::attn;
using namespace mlir::attn::reference;

constexpr double infinity = std::numeric_limits<double>::infinity();

/// One row: softmax over the scores of `columns`, then the weighted sum of their values. Returns
/// lse.
static double attendRow(const Call &call, int64_t batch, int64_t head, int64_t row,
                        ArrayRef<int64_t> columns, double *output) {
  std::fill(output, output + call.features, 0.0);
  if (columns.empty())
    return -infinity;

  int64_t keyHead = head / (call.queryHeads / call.keyHeads);
  std::vector<double> scores;
  for (int64_t column : columns) {
    double score = 0.0;
    for (int64_t feature = 0; feature < call.features; ++feature)
      score += double(call.query.at(batch, head, row, feature)) *
               double(call.key.at(batch, keyHead, column, feature));
    scores.push_back(call.scale * score);
  }

  // Shifting by the maximum changes nothing but the range of exp.
  double maximum = *std::max_element(scores.begin(), scores.end());
  double sum = 0.0;
  for (double score : scores)
    sum += std::exp(score - maximum);
  double lse = maximum + std::log(sum);

  for (auto [column, score] : llvm::zip_equal(columns, scores)) {
    double weight = std::exp(score - maximum) / sum;
    for (int64_t feature = 0; feature < call.features; ++feature)
      output[feature] += weight * double(call.value.at(batch, keyHead, column, feature));
  }
  return lse;
}

static Tensor makeTensor(const AttnTensor &given) {
  return {static_cast<const float *>(given.data), given.strides[0], given.strides[1],
          given.strides[2]};
}

Call reference::makeCall(const AttnArgs &args) {
  Call call;
  call.batch = args.batch;
  call.queryHeads = args.query_heads;
  call.keyHeads = args.key_heads;
  call.queryLength = args.query_length;
  call.keyLength = args.key_length;
  call.features = args.features;
  call.query = makeTensor(args.query);
  call.key = makeTensor(args.key);
  call.value = makeTensor(args.value);
  call.scale = args.scale;
  call.offset = args.offset;
  call.keyOffset = args.key_offset;
  call.length = args.length;
  call.arguments.assign(args.arguments, args.arguments + args.argument_count);
  return call;
}

Result reference::attend(PatternOp pattern, const Call &call) {
  int64_t rows = call.batch * call.queryHeads * call.queryLength;
  Result result{std::vector<double>(rows * call.features), std::vector<double>(rows)};

  // Rows outside, heads inside: the mask is the same for every batch entry and head.
  for (int64_t row = 0; row < call.queryLength; ++row) {
    std::vector<bool> seen(call.keyLength, true);
    if (pattern)
      seen = seenKeys(pattern, call.arguments, call.length, row + call.offset, call.keyOffset,
                      call.keyOffset + call.keyLength);
    SmallVector<int64_t> columns;
    for (int64_t column = 0; column < call.keyLength; ++column)
      if (seen[column])
        columns.push_back(column);

    for (int64_t batch = 0; batch < call.batch; ++batch)
      for (int64_t head = 0; head < call.queryHeads; ++head) {
        int64_t index = (batch * call.queryHeads + head) * call.queryLength + row;
        result.lse[index] = attendRow(call, batch, head, row, columns,
                                      result.output.data() + index * call.features);
      }
  }
  return result;
}
