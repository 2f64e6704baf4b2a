//===- PredicateTest.cpp - the oracle's predicate against known counts -----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The counts are those of the projects that the patterns come from, not of this one.
//
//===----------------------------------------------------------------------===//

#include "Spec.h"

#include <gtest/gtest.h>

using namespace mlir;
using namespace mlir::attn;

namespace {

/// Visible pairs of `size` queries and as many keys.
int64_t count(llvm::StringRef body, int64_t size, ArrayRef<int64_t> arguments = {}) {
  Spec spec(body);
  if (!spec)
    return -1;
  int64_t pairs = 0;
  for (int64_t q = 0; q < size; ++q)
    for (int64_t k = 0; k < size; ++k)
      pairs += reference::sees(spec.pattern(), arguments, size, q, k);
  return pairs;
}

/// One character a key: `#` where position `q` sees it. Also checks `sees` against `seenKeys`.
std::string row(llvm::StringRef body, int64_t q, int64_t keyBegin, int64_t keyEnd,
                ArrayRef<int64_t> arguments = {}, int64_t length = 0) {
  Spec spec(body);
  if (!spec)
    return "";
  std::string text;
  for (bool seen : reference::seenKeys(spec.pattern(), arguments, length, q, keyBegin, keyEnd))
    text += seen ? '#' : '.';
  for (int64_t k = keyBegin; k < keyEnd; ++k)
    EXPECT_EQ(reference::sees(spec.pattern(), arguments, length, q, k), text[k - keyBegin] == '#');
  return text;
}

TEST(Predicate, Mistral) {
  EXPECT_EQ(count(R"((%w: index) {
    %past = attn.causal
    %near = attn.window before %w after %w
    %m = attn.intersect %past, %near
    attn.yield %m
  })",
                  16, {4}),
            70);
}

TEST(Predicate, Longformer) {
  EXPECT_EQ(count(R"((%w: index, %g: index) {
    %near = attn.window before %w after %w
    %cols = attn.keys 0 to %g
    %rows = attn.queries 0 to %g
    %m = attn.union %near, %cols, %rows
    attn.yield %m
  })",
                  16, {2, 2}),
            124);
}

TEST(Predicate, BigBirdWithoutRandomBlocks) {
  EXPECT_EQ(count(R"({
    %n = attn.length
    %near = attn.block 2 before 1 after 1
    %cols = attn.keys 0 to 2
    %rows = attn.queries 0 to 2
    %lastc = attn.where affine_set<(q, k)[n] : (k floordiv 2 - (n - 1) floordiv 2 == 0)>[%n]
    %lastr = attn.where affine_set<(q, k)[n] : (q floordiv 2 - (n - 1) floordiv 2 == 0)>[%n]
    %m = attn.union %near, %cols, %rows, %lastc, %lastr
    attn.yield %m
  })",
                  16),
            44 * 4);
}

TEST(Predicate, SparseTransformerFar) {
  EXPECT_EQ(count(R"({
    %past = attn.causal
    %col = attn.where affine_set<(q, k) : ((q - k) mod 4 == 0)>
    %m = attn.intersect %past, %col
    attn.yield %m
  })",
                  16),
            40);
}

TEST(Predicate, SparseTransformerFixed) {
  EXPECT_EQ(count(R"({
    %past = attn.causal
    %own = attn.block 16
    %summary = attn.where affine_set<(q, k) : (k mod 16 - 12 >= 0)>
    %any = attn.union %own, %summary
    %m = attn.intersect %past, %any
    attn.yield %m
  })",
                  64),
            928);
}

TEST(Predicate, LongNetBranch) {
  EXPECT_EQ(count(R"({
    %segment = attn.block 8
    %lane = attn.where affine_set<(q, k) : (q mod 2 - 1 == 0, k mod 2 - 1 == 0)>
    %m = attn.intersect %segment, %lane
    attn.yield %m
  })",
                  32),
            64);
}

TEST(Predicate, ChunksWithSinks) {
  llvm::StringRef text = R"((%s: index) {
    %past = attn.causal
    %chunk = attn.block 4
    %sinks = attn.keys 0 to %s
    %local = attn.union %chunk, %sinks
    %m = attn.intersect %past, %local
    attn.yield %m
  })";
  EXPECT_EQ(count(text, 16, {1}), 52);
  EXPECT_EQ(count("{ %m = attn.chunk 4  attn.yield %m }", 16), 40);
}

TEST(Predicate, PrefixLM) {
  EXPECT_EQ(count("(%p: index) { %m = attn.prefix %p  attn.yield %m }", 16, {4}), 142);
}

TEST(Predicate, WindowCountsTaps) {
  EXPECT_EQ(row("{ %m = attn.window before 2 after 1  attn.yield %m }", 4, 0, 8), "..####..");
  EXPECT_EQ(row("{ %m = attn.window before 2 after 1 dilation 2  attn.yield %m }", 4, 0, 8),
            "#.#.#.#.");
  EXPECT_EQ(row("{ %m = attn.window before 3 after -1  attn.yield %m }", 4, 0, 8), ".###....");
  EXPECT_EQ(row("{ %m = attn.window before -2 after 3  attn.yield %m }", 4, 0, 8), "......##");
}

TEST(Predicate, NegativePositionsFloor) {
  EXPECT_EQ(row("{ %m = attn.block 3  attn.yield %m }", -1, -6, 3), "...###...");
  EXPECT_EQ(row("{ %m = attn.block 3 shift 1 before 1 after 0  attn.yield %m }", 2, -5, 6),
            "...######..");
  EXPECT_EQ(row("{ %m = attn.where affine_set<(q, k) : (k mod 4 == 0)>  attn.yield %m }", 0, -6, 6),
            "..#...#...#.");
  EXPECT_EQ(
      row("{ %m = attn.where affine_set<(q, k) : (k ceildiv 4 == 0)>  attn.yield %m }", 0, -6, 6),
      "...####.....");
}

TEST(Predicate, SetAlgebra) {
  EXPECT_EQ(row(R"({
    %past = attn.causal
    %own = attn.block 4
    %m = attn.difference %past, %own
    attn.yield %m
  })",
                6, 0, 8),
            "####....");
  EXPECT_EQ(row(R"({
    %a = attn.keys 2 to 4
    %m = attn.complement %a
    attn.yield %m
  })",
                0, 0, 6),
            "##..##");
  EXPECT_EQ(row("{ %m = attn.queries 2 to 4  attn.yield %m }", 3, 0, 3), "###");
  EXPECT_EQ(row("{ %m = attn.queries 2 to 4  attn.yield %m }", 4, 0, 3), "...");
}

TEST(Predicate, NumbersAreLiteralsArgumentsLengthsAndConstants) {
  llvm::StringRef text = R"((%a: index) {
    %n = attn.length
    %c = arith.constant 1 : index
    %first = attn.keys %c to %a
    %last = attn.keys 6 to %n
    %m = attn.union %first, %last
    attn.yield %m
  })";
  EXPECT_EQ(row(text, 0, 0, 10, {3}, 9), ".##...###.");
}

TEST(Predicate, HugeNumbersMeanNoBound) {
  int64_t huge = std::numeric_limits<int64_t>::max();
  llvm::StringRef text = "(%a: index) { %m = attn.window before %a after %a  attn.yield %m }";
  EXPECT_EQ(row(text, 1 << 30, 0, 4, {huge}), "####");
  EXPECT_EQ(row(text, 0, 0, 4, {std::numeric_limits<int64_t>::min()}), "....");
}

} // namespace
