//===- ResidueTest.cpp - periodic windows against their definition --------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attn/Bands/Residue.h"
#include "Random.h"
#include "attn/Bands/Arith.h"
#include "gtest/gtest.h"

using namespace mlir::attn;
using namespace mlir::attn::test;

/// `x mod n in [begin, end)`, straight from the definition.
static bool isMember(int64_t x, int64_t n, int64_t begin, int64_t end) {
  return (((x - begin) % n) + n) % n < end - begin;
}

TEST(Residue, AgreesWithItsDefinition) {
  IntegerArith arith;
  for (int64_t n = 2; n <= 7; ++n)
    for (int64_t begin = 0; begin != n; ++begin)
      for (int64_t end = begin + 1; end < begin + n; ++end) {
        Residue window{n, begin, end};
        for (int64_t x = -16; x <= 16; ++x) {
          int64_t next = x, previous = x;
          while (!isMember(next, n, begin, end))
            ++next;
          while (!isMember(previous, n, begin, end))
            --previous;
          EXPECT_EQ(window.contains(x), next == x);
          EXPECT_EQ(window.next(x), next);
          EXPECT_EQ(window.previous(x), previous);
          EXPECT_EQ(nextWith(arith, window, x), next);
          EXPECT_EQ(previousWith(arith, window, x), previous);
          EXPECT_EQ(window.complement().contains(x), next != x);
          EXPECT_EQ(window.negated().contains(-x), next == x);
          EXPECT_EQ(window.shifted(5).contains(x + 5), next == x);
          int64_t count = 0;
          for (int64_t last = x + 1; last <= 20; ++last) {
            count += isMember(last - 1, n, begin, end);
            EXPECT_EQ(window.count(x, last), count);
            EXPECT_EQ(window.meets(x, last), count != 0);
            EXPECT_EQ(window.covers(x, last), count == last - x);
            EXPECT_EQ(coversWith(arith, window, x, last), count == last - x);
          }
        }
      }
}

TEST(Residue, ConjunctionsAgreeWithTheirWindows) {
  Random random("Residue.ConjunctionsAgreeWithTheirWindows");
  for (int i = 0; i != random.cases(2000); ++i) {
    struct Window {
      int64_t modulus, begin, end;
    };
    std::vector<Window> windows;
    Residues residues;
    bool isEmpty = false;
    for (int64_t j = random.between(1, 3); j != 0; --j) {
      int64_t modulus = random.between(1, 8), begin = random.between(-9, 9);
      int64_t end = begin + (random.chance(2) ? 1 : random.between(0, modulus));
      windows.push_back({modulus, begin, end});
      isEmpty = isEmpty || !residues.add(modulus, begin, end);
    }
    for (int64_t x = -100; x <= 100; ++x) {
      bool expected = true;
      for (const Window &w : windows)
        expected &= isMember(x, w.modulus, w.begin, w.end);
      if (isEmpty)
        ASSERT_FALSE(expected) << random;
      else
        ASSERT_EQ(residues.contains(x), expected) << random;
    }
  }
}

TEST(Residue, SimplifiesConjunctions) {
  Residues residues;
  EXPECT_TRUE(residues.add(4, 1, 2));
  EXPECT_TRUE(residues.add(2, 1, 2)); // implied
  EXPECT_EQ(residues.size(), 1u);
  EXPECT_TRUE(residues.add(3, 0, 1)); // x = 9 mod 12
  ASSERT_EQ(residues.size(), 1u);
  EXPECT_EQ(*residues.begin(), (Residue{12, 9, 10}));
  EXPECT_FALSE(residues.add(6, 0, 1));
}
