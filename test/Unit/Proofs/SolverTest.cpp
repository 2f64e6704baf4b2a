//===- SolverTest.cpp - verdicts against enumeration ----------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attn/Proofs/Solver.h"
#include "Bands/Random.h"
#include "mlir/IR/MLIRContext.h"
#include "gtest/gtest.h"
#include <functional>

using namespace mlir;
using namespace mlir::attn;

namespace {

class SolverTest : public ::testing::Test {
protected:
  AffineExpr d(unsigned i) { return getAffineDimExpr(i, &context); }
  AffineExpr s(unsigned i) { return getAffineSymbolExpr(i, &context); }
  AffineExpr c(int64_t value) { return getAffineConstantExpr(value, &context); }
  Formula between(AffineExpr x, int64_t begin, int64_t end) {
    return Formula::ge(x, c(begin)) && Formula::lt(x, c(end));
  }

  MLIRContext context{MLIRContext::Threading::DISABLED};
};

/// The verdict of the solver has to be that of trying every point of `[-16, 80)`.
void expectDifference(const Formula &lhs, const Formula &rhs) {
  bool isEmpty = true;
  for (int64_t x = -16; x < 80 && isEmpty; ++x)
    isEmpty = !(lhs.holds({x}, {}) && !rhs.holds({x}, {}));
  Verdict verdict = isSubset(lhs, rhs, 1, 0);
  EXPECT_EQ(verdict.kind, isEmpty ? Verdict::Proved : Verdict::Refuted) << verdict.reason;
  if (verdict.isRefuted()) {
    EXPECT_TRUE(lhs.holds(verdict.point.dims, {}));
    EXPECT_FALSE(rhs.holds(verdict.point.dims, {}));
  }
}

// `[0, 64) minus B` comes out wrong in five of these seven cases from PresburgerSet::subtract in
// LLVM 22.1, which mistakes the constraint on a remainder for the definition of its division.
TEST_F(SolverTest, DifferencesWithRemainders) {
  AffineExpr x = d(0);
  Formula line = between(x, 0, 64);
  Formula late = Formula::ge(x % 32, c(10)), rare = Formula::ge(x % 20, c(17));
  SmallVector<Formula> subtrahends = {
      late,
      late && rare,
      late || rare,
      Formula::ge(c(10), x % 32),
      Formula::ge(x.floorDiv(32), c(1)),
      Formula::zero(x % 32 - 3),
      Formula::ge(x % 4, c(1)) && Formula::ge(x, c(5)),
  };
  for (auto [index, subtrahend] : llvm::enumerate(subtrahends)) {
    SCOPED_TRACE(index);
    expectDifference(line, subtrahend);
    // Pieces of the line on which the difference is empty as well as not.
    for (int64_t begin = 0; begin < 64; begin += 4)
      expectDifference(between(x, begin, begin + 4), subtrahend);
    expectDifference(line && subtrahend, !subtrahend);
  }
}

TEST_F(SolverTest, SymbolicStaircase) {
  // n*floor(q/n) <= q for all q: needs the definition of the division and nothing else.
  EXPECT_TRUE(
      isSubset(Formula::always(true), Formula::ge(d(0), d(0).floorDiv(96) * 96), 1, 0).isProved());
  // A causal window of symbolic width sees no later key.
  Formula window = Formula::ge(d(1), d(0) - s(0)) && Formula::ge(d(0), d(1));
  EXPECT_TRUE(isSubset(window, Formula::ge(d(0), d(1)), 2, 1).isProved());
  EXPECT_TRUE(isSubset(Formula::ge(d(0), d(1)), window, 2, 1).isRefuted());
}

TEST_F(SolverTest, IntegersNotRationals) {
  EXPECT_TRUE(isEmpty(Formula::zero(d(0) * 2 - d(1) * 4 - 1), 2, 0).isProved());
  EXPECT_TRUE(isEmpty(Formula::zero(d(0) % 4 - 1) && Formula::zero(d(0) % 2), 1, 0).isProved());
  std::optional<Point> point = sample(
      Formula::zero(d(0) % 7 - 3) && Formula::zero(d(0) % 11 - 5) && between(d(0), 0, 77), 1, 0);
  ASSERT_TRUE(point);
  EXPECT_EQ(point->dims[0], 38);
}

// DynamicAPInt is assigned from an int: a 64-bit number loses its upper half without a warning.
TEST_F(SolverTest, NumbersBeyond32Bits) {
  for (int64_t large : {int64_t(2236962130), int64_t(1) << 32, int64_t(1) << 40}) {
    EXPECT_TRUE(isEmpty(between(d(0), large, large + 1), 1, 0).isRefuted());
    EXPECT_TRUE(
        isSubset(between(d(0), large, large + 1), Formula::ge(d(0), c(1)), 1, 0).isProved());
    // With a coefficient instead.
    EXPECT_TRUE(
        isEmpty(Formula::ge(d(1), d(0) * large) && between(d(0), 1, 2) && between(d(1), 0, large),
                2, 0)
            .isProved());
  }
}

TEST_F(SolverTest, GivesUpInTime) {
  // 2^20 branches, none of which the tableau closes early.
  Formula hard = Formula::always(true);
  AffineExpr sum = c(0);
  for (unsigned i = 0; i < 20; ++i) {
    hard = hard && (Formula::zero(d(i)) || Formula::zero(d(i) - (int64_t(1) << i) * 3));
    sum = sum + d(i);
  }
  hard = hard && Formula::zero(sum - 1000001 * 3 - 1);
  Limits limits = Limits::within(std::chrono::milliseconds(50));
  auto start = std::chrono::steady_clock::now();
  Verdict verdict = isEmpty(hard, 20, 0, limits);
  auto time = std::chrono::steady_clock::now() - start;
  EXPECT_NE(verdict.kind, Verdict::Refuted);
  EXPECT_LT(time, std::chrono::seconds(2));

  limits = Limits();
  limits.maxBranches = 3;
  verdict = isEmpty(hard, 20, 0, limits);
  EXPECT_NE(verdict.kind, Verdict::Refuted);
}

TEST_F(SolverTest, SemiAffineIsNotProved) {
  Verdict verdict = isEmpty(Formula::ge(d(0).floorDiv(s(0)), c(0)), 1, 1);
  EXPECT_EQ(verdict.kind, Verdict::NotProved);
  EXPECT_FALSE(verdict.reason.empty());
}

TEST_F(SolverTest, RandomFormulas) {
  test::Random random("SolverTest.RandomFormulas");
  auto pick = [&](int64_t low, int64_t high) { return random.between(low, high); };
  for (int i = 0; i < test::Random::cases(200); ++i) {
    std::function<Formula(unsigned)> draw = [&](unsigned depth) -> Formula {
      if (depth > 0 && pick(0, 2)) {
        Formula lhs = draw(depth - 1), rhs = draw(depth - 1);
        return pick(0, 1) ? lhs && rhs : lhs || rhs;
      }
      AffineExpr x = d(0), y = d(1);
      AffineExpr linear = x * pick(-3, 3) + y * pick(-3, 3) + pick(-12, 12);
      int64_t divisor = pick(2, 7);
      switch (pick(0, 4)) {
      case 0:
        return Formula::nonNegative(linear);
      case 1:
        return Formula::zero(linear);
      case 2:
        return Formula::nonNegative(linear % divisor - pick(0, divisor));
      case 3:
        return Formula::zero((x + y * pick(-1, 1)) % divisor - pick(0, divisor - 1));
      default:
        return Formula::nonNegative(linear.floorDiv(divisor) - y * pick(-1, 1));
      }
    };
    Formula formula = between(d(0), -10, 11) && between(d(1), -10, 11) && draw(3) && !draw(3);
    bool isEmptySet = true;
    for (int64_t x = -10; x < 11; ++x)
      for (int64_t y = -10; y < 11; ++y)
        isEmptySet &= !formula.holds({x, y}, {});
    Verdict verdict = isEmpty(formula, 2, 0);
    EXPECT_EQ(verdict.kind, isEmptySet ? Verdict::Proved : Verdict::Refuted)
        << verdict.reason << random;
  }
}

} // namespace
