//===- AttentionTest.cpp - what must hold of any attention -----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Spec.h"

#include <cmath>
#include <gtest/gtest.h>
#include <random>

using namespace mlir;
using namespace mlir::attn;
using reference::Call;
using reference::Result;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

/// A call on contiguous random tensors, which it owns.
struct Problem : Call {
  Problem(int64_t queryLength, int64_t keyLength, int64_t features, int64_t queryHeads = 1,
          int64_t keyHeads = 1, int64_t batch = 1) {
    this->batch = batch;
    this->queryHeads = queryHeads;
    this->keyHeads = keyHeads;
    this->queryLength = queryLength;
    this->keyLength = keyLength;
    this->features = features;
    query = tensor(queries, queryHeads, queryLength);
    key = tensor(keys, keyHeads, keyLength);
    value = tensor(values, keyHeads, keyLength);
    scale = 1 / std::sqrt(double(features));
    offset = keyLength - queryLength;
    length = keyLength;
  }

  std::vector<float> queries, keys, values;

private:
  reference::Tensor tensor(std::vector<float> &data, int64_t heads, int64_t rows) {
    std::normal_distribution<float> normal;
    for (int64_t i = 0; i < batch * heads * rows * features; ++i)
      data.push_back(normal(generator));
    return {data.data(), heads * rows * features, rows * features, features, 1};
  }

  std::mt19937 generator{7};
};

TEST(Attention, ValuesOfOneGiveOne) {
  Problem problem(9, 13, 8, 4, 2, 2);
  std::fill(problem.values.begin(), problem.values.end(), 1.0f);
  for (double output : reference::attend(nullptr, problem).output)
    EXPECT_NEAR(output, 1.0, 1e-14);
}

// With the identity for values, output is the matrix of weights.
TEST(Attention, RowsOfWeightsSumToOne) {
  Problem problem(7, 8, 8);
  for (int64_t i = 0; i < 64; ++i)
    problem.values[i] = i % 9 == 0;
  Spec causal("{ %m = attn.causal  attn.yield %m }");
  ASSERT_TRUE(causal);
  Result result = reference::attend(causal.pattern(), problem);
  for (int64_t row = 0; row < 7; ++row) {
    double sum = 0.0;
    for (int64_t column = 0; column < 8; ++column) {
      double weight = result.output[row * 8 + column];
      EXPECT_EQ(weight > 0.0, column <= row + 1) << row << ", " << column;
      sum += weight;
    }
    EXPECT_NEAR(sum, 1.0, 1e-14);
  }
}

TEST(Attention, OneKeyGivesItsValue) {
  Problem problem(5, 5, 8);
  Spec diagonal("{ %m = attn.window before 0 after 0  attn.yield %m }");
  ASSERT_TRUE(diagonal);
  Result result = reference::attend(diagonal.pattern(), problem);
  for (int64_t i = 0; i < 5 * 8; ++i)
    EXPECT_EQ(result.output[i], double(problem.values[i]));
  for (int64_t row = 0; row < 5; ++row) {
    double score = 0.0;
    for (int64_t feature = 0; feature < 8; ++feature)
      score += double(problem.queries[row * 8 + feature]) * double(problem.keys[row * 8 + feature]);
    EXPECT_NEAR(result.lse[row], score / std::sqrt(8.0), 1e-14);
  }
}

TEST(Attention, TwoKeysByHand) {
  Problem problem(1, 2, 1);
  problem.queries = {2.0f};
  problem.keys = {0.5f, -0.5f};
  problem.values = {10.0f, 20.0f};
  problem.query.data = problem.queries.data();
  problem.key.data = problem.keys.data();
  problem.value.data = problem.values.data();
  Result result = reference::attend(nullptr, problem);
  double sum = std::exp(1.0) + std::exp(-1.0);
  EXPECT_NEAR(result.output[0], (10.0 * std::exp(1.0) + 20.0 * std::exp(-1.0)) / sum, 1e-13);
  EXPECT_NEAR(result.lse[0], std::log(sum), 1e-14);
}

TEST(Attention, EmptyRows) {
  // Five queries and three keys: by default the first two queries stand before every key.
  Problem problem(5, 3, 8);
  Spec causal("{ %m = attn.causal  attn.yield %m }");
  ASSERT_TRUE(causal);
  Result result = reference::attend(causal.pattern(), problem);
  for (int64_t row = 0; row < 5; ++row)
    EXPECT_EQ(result.lse[row] == -infinity, row < 2);
  for (int64_t i = 0; i < 2 * 8; ++i)
    EXPECT_EQ(result.output[i], 0.0);
}

TEST(Attention, EmptyTensors) {
  EXPECT_TRUE(reference::attend(nullptr, Problem(0, 3, 8)).output.empty());
  Result result = reference::attend(nullptr, Problem(2, 0, 8));
  EXPECT_EQ(result.output, std::vector<double>(16, 0.0));
  EXPECT_EQ(result.lse, std::vector<double>(2, -infinity));
}

TEST(Attention, OffsetsMovePositions) {
  // Keys 4 to 7 of a longer sequence, queries 5 and 6: what the rows see is what they saw there.
  Problem whole(8, 8, 8);
  Spec window("{ %m = attn.window before 1 after 0  attn.yield %m }");
  ASSERT_TRUE(window);
  Result expected = reference::attend(window.pattern(), whole);
  Call shard = whole;
  shard.query.data += 5 * 8;
  shard.key.data += 4 * 8;
  shard.value.data += 4 * 8;
  shard.queryLength = 2;
  shard.keyLength = 4;
  shard.offset = 5;
  shard.keyOffset = 4;
  Result result = reference::attend(window.pattern(), shard);
  for (int64_t i = 0; i < 2 * 8; ++i)
    EXPECT_EQ(result.output[i], expected.output[5 * 8 + i]);
}

TEST(Attention, GroupedQueriesReadTheirKeyHead) {
  Problem problem(3, 4, 8, 4, 2);
  Result result = reference::attend(nullptr, problem);
  for (int64_t head = 0; head < 4; ++head) {
    Call single = problem;
    single.queryHeads = single.keyHeads = 1;
    single.query.data += head * problem.query.headStride;
    single.key.data += head / 2 * problem.key.headStride;
    single.value.data += head / 2 * problem.value.headStride;
    Result expected = reference::attend(nullptr, single);
    for (int64_t i = 0; i < 3 * 8; ++i)
      EXPECT_EQ(result.output[head * 3 * 8 + i], expected.output[i]);
  }
}

TEST(Attention, NonFiniteNumbersReachTheRowsThatSeeThem) {
  Problem problem(4, 4, 8);
  problem.values[2 * 8] = std::nanf("");
  problem.keys[3 * 8] = std::nanf("");
  Spec causal("{ %m = attn.causal  attn.yield %m }");
  ASSERT_TRUE(causal);
  Result result = reference::attend(causal.pattern(), problem);
  for (int64_t row = 0; row < 4; ++row) {
    EXPECT_EQ(std::isnan(result.lse[row]), row == 3);
    for (int64_t feature = 0; feature < 8; ++feature)
      EXPECT_EQ(std::isnan(result.output[row * 8 + feature]),
                row == 3 || (row == 2 && feature == 0))
          << row << ", " << feature;
  }
}

} // namespace
