//===- ExprTest.cpp - expressions against plain functions -----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Random expressions are built twice: as `Expr`, which folds, and as a plain function, which does
// not.
//
//===----------------------------------------------------------------------===//

#include "attn/Bands/Expr.h"
#include "Random.h"
#include "gtest/gtest.h"
#include <functional>

using namespace mlir::attn;
using namespace mlir::attn::test;

namespace {
const SymbolNames names({"w", "g"});
constexpr Symbol w = FirstArgument, g = FirstArgument + 1;
const Expr q = Expr::variable();

std::string str(const Expr &expr) { return expr.str("q", names); }

/// An expression and what it should mean.
struct Twin {
  Expr expr;
  std::function<int64_t(int64_t x, llvm::ArrayRef<int64_t> symbols)> meaning;
};

Twin randomLeaf(Random &random) {
  int64_t constant = random.between(-40, 40);
  int64_t cw = random.chance(3) ? random.between(-3, 3) : 0;
  int64_t cg = random.chance(4) ? random.between(-6, 6) : 0;
  return {Expr::leaf({{w, cw}, {g, cg}}, constant),
          [=](int64_t, llvm::ArrayRef<int64_t> s) { return constant + cw * s[w] + cg * s[g]; }};
}

Twin randomTwin(Random &random, int depth, bool invariant = false) {
  if (depth == 0)
    return invariant || random.chance(3)
               ? randomLeaf(random)
               : Twin{q, [](int64_t x, llvm::ArrayRef<int64_t>) { return x; }};
  Twin a = randomTwin(random, depth - 1, invariant);
  switch (random.between(0, 6)) {
  case 0: {
    Twin b = randomTwin(random, depth - 1, invariant);
    return {a.expr + b.expr, [=](int64_t x, llvm::ArrayRef<int64_t> s) {
              return a.meaning(x, s) + b.meaning(x, s);
            }};
  }
  case 1: {
    Twin b = randomLeaf(random);
    return {a.expr - b.expr, [=](int64_t x, llvm::ArrayRef<int64_t> s) {
              return a.meaning(x, s) - b.meaning(x, s);
            }};
  }
  case 2: {
    int64_t c = random.between(1, 6);
    return {c * a.expr, [=](int64_t x, llvm::ArrayRef<int64_t> s) { return c * a.meaning(x, s); }};
  }
  case 3: {
    int64_t c = random.between(1, 6);
    return {floorDiv(a.expr, c), [=](int64_t x, llvm::ArrayRef<int64_t> s) {
              return int64_t(std::floor(double(a.meaning(x, s)) / double(c)));
            }};
  }
  case 4: {
    Twin b = randomTwin(random, depth - 1, invariant);
    return {min(a.expr, b.expr), [=](int64_t x, llvm::ArrayRef<int64_t> s) {
              return std::min(a.meaning(x, s), b.meaning(x, s));
            }};
  }
  case 5: {
    Twin b = randomTwin(random, depth - 1, invariant);
    return {max(a.expr, b.expr), [=](int64_t x, llvm::ArrayRef<int64_t> s) {
              return std::max(a.meaning(x, s), b.meaning(x, s));
            }};
  }
  default: {
    int64_t c = random.between(2, 5);
    return {ceilDiv(a.expr, c), [=](int64_t x, llvm::ArrayRef<int64_t> s) {
              return int64_t(std::ceil(double(a.meaning(x, s)) / double(c)));
            }};
  }
  }
}

llvm::SmallVector<int64_t, 8> randomSymbols(Random &random) {
  return {16, 16, 0, 0, 16, random.between(-20, 60), random.between(-20, 60)};
}
} // namespace

TEST(Expr, FoldsOnConstruction) {
  EXPECT_EQ(str((q + 3) + 4), "q + 7");
  EXPECT_EQ(str((q + Expr::symbol(w)) - Expr::symbol(w)), "q");
  EXPECT_EQ(str(min(q, q)), "q");
  EXPECT_EQ(str(min(q, Expr::infinity())), "q");
  EXPECT_EQ(str(max(q, Expr::infinity())), "inf");
  EXPECT_EQ(str(max(min(q, Expr::symbol(w)), q)), "q");
  EXPECT_EQ(str(floorDiv(floorDiv(q, 3), 4)), "q floordiv 12");
  EXPECT_EQ(str(floorDiv(floorDiv(q, 3) + 1, 4)), "(q + 3) floordiv 12");
  EXPECT_EQ(str(floorDiv(6 * q, 3)), "2*q");
  EXPECT_EQ(str(floorDiv(3 * q + 2, 6)), "q floordiv 2");
  EXPECT_EQ(str(floorDiv(q + 13, 4)), "(q + 1) floordiv 4 + 3");
  EXPECT_EQ(str(floorDiv(q + Expr::symbol(w, 8), 4)), "q floordiv 4 + 2*w");
  EXPECT_EQ(str(q + floorDiv(q, 4)), "(5*q) floordiv 4");
  EXPECT_EQ(str(3 * (floorDiv(q, 3) + 1)), "3*(q floordiv 3) + 3");
  EXPECT_EQ(str(min(q + 1, 64 * floorDiv(q, 64))), "64*(q floordiv 64)");
  EXPECT_EQ(str(Expr::step(Expr::symbol(w), q)), "[w <= q ? inf : -inf]");
  EXPECT_EQ(str(Expr::step(Expr::constant(1), Expr::constant(2))), "inf");
}

TEST(Expr, InfinitiesAbsorb) {
  EXPECT_TRUE((q + Expr::infinity()).isInfinity());
  EXPECT_TRUE((2 * Expr::minusInfinity()).isMinusInfinity());
  EXPECT_TRUE(floorDiv(Expr::infinity(), 7).isInfinity());
  EXPECT_TRUE(negate(Expr::infinity()).isMinusInfinity());
  EXPECT_EQ(((1 << 22) * q).evaluate(int64_t(1) << 40, {}), kInfinity);
}

TEST(Expr, FoldedEqualsUnfolded) {
  Random random("Expr.FoldedEqualsUnfolded");
  for (int i = 0; i != random.cases(2000); ++i) {
    Twin twin = randomTwin(random, random.between(0, 4));
    auto symbols = randomSymbols(random);
    Expr bound = twin.expr.bind(symbols);
    int64_t previous = -kInfinity;
    for (int64_t x = -30; x <= 30; ++x) {
      int64_t value = twin.expr.evaluate(x, symbols);
      ASSERT_EQ(value, twin.meaning(x, symbols)) << str(twin.expr) << " at " << x << random;
      ASSERT_GE(value, previous) << str(twin.expr) << random;
      ASSERT_EQ(value, bound.evaluate(x, {})) << str(bound) << random;
      previous = value;
    }
  }
}

TEST(Expr, SubstituteComposes) {
  Random random("Expr.SubstituteComposes");
  for (int i = 0; i != random.cases(500); ++i) {
    Twin outer = randomTwin(random, 3), inner = randomTwin(random, 3);
    auto symbols = randomSymbols(random);
    Expr composed = outer.expr.substitute(inner.expr);
    for (int64_t x = -20; x <= 20; ++x)
      ASSERT_EQ(composed.evaluate(x, symbols), outer.meaning(inner.meaning(x, symbols), symbols))
          << str(outer.expr) << " of " << str(inner.expr) << random;
  }
}

TEST(Expr, NegateInvariant) {
  Random random("Expr.NegateInvariant");
  for (int i = 0; i != random.cases(500); ++i) {
    Twin twin = randomTwin(random, 3, /*invariant=*/true);
    auto symbols = randomSymbols(random);
    ASSERT_TRUE(twin.expr.isInvariant());
    ASSERT_EQ(negate(twin.expr).evaluate(0, symbols), -twin.meaning(0, symbols))
        << str(twin.expr) << random;
  }
  std::array<int64_t, 7> symbols{0, 0, 0, 0, 0, 3, 4};
  Expr step = Expr::step(Expr::symbol(w), Expr::symbol(g));
  EXPECT_EQ(step.evaluate(0, symbols), kInfinity);
  EXPECT_EQ(negate(step).evaluate(0, symbols), -kInfinity);
}

TEST(Expr, KnownComparisonsHold) {
  Random random("Expr.KnownComparisonsHold");
  int known = 0;
  for (int i = 0; i != random.cases(3000); ++i) {
    Twin a = randomTwin(random, random.between(0, 3)), b = randomTwin(random, random.between(0, 3));
    // Unrelated expressions seldom compare.
    Expr right = random.chance(2) ? max(a.expr, b.expr) + random.between(-3, 3) : b.expr;
    if (!isKnownLessEqual(a.expr, right))
      continue;
    ++known;
    for (int j = 0; j != 10; ++j) {
      auto symbols = randomSymbols(random);
      int64_t x = random.between(-50, 50);
      ASSERT_LE(a.meaning(x, symbols), right.evaluate(x, symbols))
          << str(a.expr) << " <= " << str(right) << random;
    }
  }
  EXPECT_GT(known, random.cases(3000) / 20);
}

TEST(Expr, AdjointsInvert) {
  Random random("Expr.AdjointsInvert");
  int inverted = 0;
  for (int i = 0; i != random.cases(2000); ++i) {
    Twin f = randomTwin(random, random.between(0, 4));
    auto symbols = randomSymbols(random);
    std::optional<Expr> upper = upperAdjoint(f.expr, q), lower = lowerAdjoint(f.expr, q);
    ASSERT_EQ(upper.has_value(), lower.has_value());
    if (!upper)
      continue;
    ++inverted;
    for (int64_t y = -25; y <= 25; ++y)
      for (int64_t x = -25; x <= 25; ++x) {
        int64_t value = f.meaning(x, symbols);
        ASSERT_EQ(value <= y, x <= upper->evaluate(y, symbols)) << str(f.expr) << random;
        ASSERT_EQ(value >= y, x >= lower->evaluate(y, symbols)) << str(f.expr) << random;
      }
  }
  EXPECT_GT(inverted, random.cases(2000) / 2);
}
