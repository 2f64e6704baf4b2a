//===- ProofsTest.cpp - proofs of right and of wrong schedules ------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attn/Proofs/Proofs.h"
#include "Schedule/Patterns.h"
#include "attn/Proofs/Prune.h"
#include "attn/Reference/Reference.h"
#include "gtest/gtest.h"

using namespace mlir;
using namespace mlir::attn;
using namespace mlir::attn::test;

namespace {

constexpr int64_t queryTile = 8, keyTile = 4;

Limits limits() { return Limits::within(std::chrono::milliseconds(400)); }

/// The bands with every bound that is there moved.
Bands moved(const Bands &bands, int64_t begin, int64_t end) {
  Bands result = Bands::none();
  for (Band band : bands) {
    band.begin = band.begin + begin;
    band.end = band.end + end;
    result.add(band);
  }
  return result;
}

/// Does the counter-example show what it claims: a pair that the predicate gives or does not give?
void expectPair(PatternOp pattern, const Point &point, bool seen) {
  ArrayRef<int64_t> symbols = point.symbols;
  // The last of the four dimensions are the query and the key.
  EXPECT_EQ(reference::sees(pattern, symbols.drop_front(FirstArgument), symbols[Length],
                            point.dims[2], point.dims[3]),
            seen);
}

// What is derived is never refuted, and all but a few proofs are found in time.
TEST(ProofsTest, PublishedPatternsAreProved) {
  unsigned proved = 0, proofs = 0;
  for (const PatternCase &patternCase : publishedPatterns()) {
    SCOPED_TRACE(patternCase.text);
    ParsedPattern parsed(patternCase.text);
    PatternOp pattern = parsed.pattern();
    Bands bands = bandsOf(pattern).bands;
    for (auto prove : {proveVisits, proveFull}) {
      Verdict verdict = prove(pattern, bands, queryTile, keyTile, limits());
      EXPECT_FALSE(verdict.isRefuted());
      proved += verdict.isProved();
      ++proofs;
    }
  }
  EXPECT_GE(proved, proofs * 4 / 5) << "of " << proofs;
}

// Bounds moved by three lose visits and find too many tiles full: no such schedule may pass.
TEST(ProofsTest, WrongSchedulesAreRefuted) {
  unsigned refuted = 0;
  for (const PatternCase &patternCase : publishedPatterns()) {
    SCOPED_TRACE(patternCase.text);
    ParsedPattern parsed(patternCase.text);
    PatternOp pattern = parsed.pattern();
    Bands bands = bandsOf(pattern).bands;
    for (auto [begin, end] : {std::pair(3, 0), std::pair(0, -3)}) {
      Bands narrow = moved(bands, begin, end);
      Verdict verdict = proveVisits(pattern, narrow, queryTile, keyTile, limits());
      // Without such a bound nothing has changed; with several bands another one may cover the
      // loss.
      if (bands.size() == 1 &&
          (begin ? !bands[0].begin.isMinusInfinity() : !bands[0].end.isInfinity()))
        EXPECT_FALSE(verdict.isProved()) << "begin + " << begin << ", end + " << end;
      if (verdict.isRefuted()) {
        expectPair(pattern, verdict.point, true);
        ++refuted;
      }
    }
    for (auto [begin, end] : {std::pair(-3, 0), std::pair(0, 3)}) {
      Bands wide = moved(bands, begin, end);
      Verdict verdict = proveFull(pattern, wide, queryTile, keyTile, limits());
      if (verdict.isRefuted()) {
        expectPair(pattern, verdict.point, false);
        ++refuted;
      }
    }
  }
  EXPECT_GE(refuted, 25u);
}

// Random patterns: whatever is derived is never refuted, and mutants are refuted with a true pair.
TEST(ProofsTest, RandomPatterns) {
  Random random("ProofsTest.RandomPatterns");
  for (int i = 0; i < Random::cases(5); ++i) {
    PatternCase patternCase = randomPattern(random);
    SCOPED_TRACE(testing::Message() << patternCase.text << random);
    ParsedPattern parsed(patternCase.text);
    ASSERT_TRUE(parsed.module);
    PatternOp pattern = parsed.pattern();
    Bands bands = bandsOf(pattern).bands;
    Limits brief = Limits::within(std::chrono::milliseconds(100));
    Verdict visits = proveVisits(pattern, bands, queryTile, keyTile, brief);
    brief = Limits::within(std::chrono::milliseconds(100));
    Verdict full = proveFull(pattern, bands, queryTile, keyTile, brief);
    EXPECT_FALSE(visits.isRefuted());
    EXPECT_FALSE(full.isRefuted());
    brief = Limits::within(std::chrono::milliseconds(100));
    Verdict narrow = proveVisits(pattern, moved(bands, 3, -3), queryTile, keyTile, brief);
    if (narrow.isRefuted())
      expectPair(pattern, narrow.point, true);
    brief = Limits::within(std::chrono::milliseconds(100));
    Verdict wide = proveFull(pattern, moved(bands, -3, 3), queryTile, keyTile, brief);
    if (wide.isRefuted())
      expectPair(pattern, wide.point, false);
  }
}

TEST(ProofsTest, Prune) {
  MLIRContext context(MLIRContext::Threading::DISABLED);
  SymbolNames symbols;
  Band band;
  EXPECT_FALSE(isProvedEmpty(band, symbols, context));
  // Own block and keys before it.
  band.begin = 4 * floorDiv(Expr::variable(), 4);
  band.end = band.begin;
  EXPECT_TRUE(isProvedEmpty(band, symbols, context));
  // Rows from a negative length on: empty only because lengths are positive.
  band = Band();
  band.rowBegin = Expr::symbol(Offset) + Expr::symbol(QueryLength);
  EXPECT_TRUE(isProvedEmpty(band, symbols, context));
  band.rowBegin = Expr::symbol(Offset) + Expr::symbol(QueryLength) - 1;
  EXPECT_FALSE(isProvedEmpty(band, symbols, context));
}

// Two dozen coprime windows, which a prover that expands its formulas would not survive.
TEST(ProofsTest, HardPatternsEndInTime) {
  std::string text = "attn.pattern @p {\n", masks;
  for (int i = 0; i < 12; ++i) {
    std::string name = "%m" + std::to_string(i);
    text += name + " = attn.where affine_set<(q, k) : (k mod " + std::to_string(17 + 2 * i) +
            " - 7 >= 0, (q - k) mod " + std::to_string(16 + i) + " - 3 >= 0)>\n";
    masks += (i ? ", " : "") + name;
  }
  text += "%u = attn.union " + masks +
          "\n%past = attn.causal\n%m = attn.difference %past, %u\n"
          "attn.yield %m\n}\n";
  ParsedPattern parsed(text);
  ASSERT_TRUE(parsed.module);
  Bands bands = bandsOf(parsed.pattern()).bands;
  auto start = std::chrono::steady_clock::now();
  Verdict verdict = proveVisits(parsed.pattern(), bands, queryTile, keyTile,
                                Limits::within(std::chrono::milliseconds(300)));
  EXPECT_FALSE(verdict.isRefuted());
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
}

} // namespace
