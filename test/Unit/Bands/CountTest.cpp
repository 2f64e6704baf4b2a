//===- CountTest.cpp - counts of long sequences against formulas ----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Small sizes are counted against predicates in PatternTest.cpp; here a formula knows the answer.
//
//===----------------------------------------------------------------------===//

#include "attn/Bands/Count.h"
#include "gtest/gtest.h"

using namespace mlir::attn;

namespace {
constexpr int64_t length = 1 << 20;
const Expr q = Expr::variable();
const Expr argument = Expr::symbol(FirstArgument);

Band causal() {
  Band band;
  band.end = q + 1;
  return band;
}
} // namespace

TEST(Count, Causal) {
  EXPECT_EQ(countPairs(Bands::of(causal()), Sizes::aligned(length, length)),
            length * (length + 1) / 2);
}

TEST(Count, SinksAndWindow) {
  Band window = causal(), sinks = causal();
  window.begin = q - argument;
  sinks.limitEnd(Expr::constant(4));
  sinks.begin = Expr::constant(0);
  int64_t w = 4095;
  int64_t rampRows = w + 1, fullRows = length - rampRows;
  // Behind the ramp the window has left the sinks: row w + 1 still holds keys 1 to 3, and so on.
  int64_t overlap = 3 + 2 + 1;
  EXPECT_EQ(
      countPairs(unite(Bands::of(window), Bands::of(sinks)), Sizes::aligned(length, length, {w})),
      rampRows * (rampRows + 1) / 2 + fullRows * (w + 1 + 4) - overlap);
}

TEST(Count, PeriodsOfTwoWindows) {
  // k mod 4 = 0 or k mod 6 = 0: 4 of 12 keys.
  Band fours, sixes;
  ASSERT_TRUE(fours.keyWindows.add(4, 0, 1));
  ASSERT_TRUE(sixes.keyWindows.add(6, 0, 1));
  EXPECT_EQ(countPairs(unite(Bands::of(fours), Bands::of(sixes)), Sizes::aligned(10, 12 * 1000)),
            10 * 4 * 1000);
}

TEST(Count, FallbackAsksThePredicate) {
  Band hull;
  hull.begin = Expr::constant(2);
  hull.end = Expr::constant(6);
  hull.fallback = true;
  int64_t asked = 0;
  int64_t count = countPairs(Bands::of(hull), Sizes::aligned(8, 8), [&](int64_t q, int64_t k) {
    ++asked;
    return q + k == 8;
  });
  EXPECT_EQ(count, 4);
  EXPECT_EQ(asked, 8 * 4);
}
