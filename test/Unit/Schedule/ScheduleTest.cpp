//===- ScheduleTest.cpp - schedules against the predicate -----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attn/Schedule/Schedule.h"
#include "Schedule/Patterns.h"
#include "attn/Reference/Reference.h"
#include "attn/Schedule/Evaluate.h"
#include "mlir/IR/Verifier.h"
#include "gtest/gtest.h"

using namespace mlir;
using namespace mlir::attn;
using namespace mlir::attn::test;

namespace {

/// What the tiles of a schedule are compared with: every pair, by the predicate.
class Truth {
public:
  Truth(PatternOp pattern, const Sizes &sizes) : sizes(sizes) {
    for (int64_t row = 0; row < sizes.queryLength; ++row)
      rows.push_back(reference::seenKeys(pattern, sizes.arguments, sizes.length, sizes.offset + row,
                                         sizes.keyOffset, sizes.keyOffset + sizes.keyLength));
  }

  struct Tile {
    bool any = false, all = true;
  };
  /// A full tile has no column beyond the end; rows beyond the end do not count. Where
  /// `transposed`, the key is the row.
  Tile tile(int64_t queryTile, int64_t keyTile, int64_t t, int64_t u, bool transposed) const {
    Tile result;
    for (int64_t row = t * queryTile; row < (t + 1) * queryTile; ++row) {
      for (int64_t column = u * keyTile; column < (u + 1) * keyTile; ++column) {
        bool queryExists = row < sizes.queryLength, keyExists = column < sizes.keyLength;
        if (!(transposed ? keyExists : queryExists))
          continue;
        bool seen = queryExists && keyExists && rows[row][column];
        result.any |= seen;
        result.all &= seen;
      }
    }
    return result;
  }

private:
  const Sizes &sizes;
  std::vector<std::vector<bool>> rows;
};

/// Tiles visited in vain and masked in vain, which soundness allows and a bound below does not.
struct Looseness {
  int64_t tiles = 0, visited = 0, full = 0, extraVisits = 0, missedFull = 0;
};

SmallVector<Sizes> interestingSizes(ArrayRef<int64_t> arguments) {
  auto sizes = [&](int64_t queries, int64_t keys, int64_t offset, int64_t keyOffset) {
    Sizes result = Sizes::aligned(queries, keys, arguments, keyOffset);
    result.offset += offset;
    return result;
  };
  return {
      sizes(40, 40, 0, 0),  sizes(37, 53, 0, 0),  sizes(53, 37, 0, 0),   sizes(33, 33, 5, 0),
      sizes(33, 41, -9, 0), sizes(30, 45, 0, 17), sizes(30, 45, 3, -22), sizes(48, 48, -60, 0),
      sizes(1, 64, 0, 0),   sizes(64, 1, 0, 0),   sizes(3, 5, 0, 0),     sizes(5, 3, 2, -4),
      sizes(0, 16, 0, 0),   sizes(16, 0, 0, 0),   sizes(0, 0, 0, 0),     sizes(1, 1, 0, 0),
  };
}

void check(const PatternCase &patternCase, ArrayRef<Sizes> allSizes, Looseness &looseness) {
  SCOPED_TRACE(patternCase.text);
  ParsedPattern parsed(patternCase.text);
  ASSERT_TRUE(parsed.module);
  PatternOp pattern = parsed.pattern();
  PatternBands bands = bandsOf(pattern);
  for (auto [queryTile, keyTile] : {std::pair(8, 4), std::pair(4, 8), std::pair(16, 16)}) {
    for (bool transposed : {false, true}) {
      OpBuilder builder(&parsed.context);
      builder.setInsertionPointToEnd(parsed.module->getBody());
      ScheduleOp schedule =
          buildSchedule(builder, pattern, bands, {queryTile, keyTile, transposed});
      ASSERT_TRUE(succeeded(verify(schedule)));
      FailureOr<ScheduleProgram> program = ScheduleProgram::compile(schedule);
      ASSERT_TRUE(succeeded(program));
      for (const Sizes &sizes : allSizes) {
        SCOPED_TRACE(testing::Message()
                     << "Sq = " << sizes.queryLength << ", Sk = " << sizes.keyLength
                     << ", offset = " << sizes.offset << ", key_offset = " << sizes.keyOffset
                     << ", tile " << queryTile << " x " << keyTile
                     << (transposed ? " transposed" : ""));
        Truth truth(pattern, sizes);
        ScheduleGrid grid = program->evaluate(sizes);
        for (int64_t row = 0; row < grid.numTiles; ++row) {
          for (int64_t column = 0; column < grid.numVisited; ++column) {
            Truth::Tile tile = truth.tile(queryTile, keyTile, transposed ? column : row,
                                          transposed ? row : column, transposed);
            TileKind kind = grid.at(row, column);
            ASSERT_FALSE(kind == TileKind::Skipped && tile.any)
                << "lost visit at " << row << ", " << column << "\n"
                << grid.str();
            ASSERT_FALSE(kind == TileKind::Full && !tile.all)
                << "wrongly full at " << row << ", " << column << "\n"
                << grid.str();
            ++looseness.tiles;
            looseness.visited += tile.any;
            looseness.full += tile.all && tile.any;
            looseness.extraVisits += kind != TileKind::Skipped && !tile.any;
            // A fallback is masked everywhere, on purpose.
            looseness.missedFull +=
                !bands.bands.hasFallback() && kind != TileKind::Full && tile.any && tile.all;
          }
        }
      }
      schedule.erase();
    }
  }
}

TEST(ScheduleTest, PublishedPatterns) {
  Looseness looseness;
  for (const PatternCase &patternCase : publishedPatterns())
    check(patternCase, interestingSizes(patternCase.arguments), looseness);
  // Recorded bounds: looseness must not creep in.
  EXPECT_LE(looseness.extraVisits, looseness.visited / 20) << looseness.visited;
  EXPECT_LE(looseness.missedFull, looseness.full / 10) << looseness.full;
}

TEST(ScheduleTest, RandomPatterns) {
  Random random("ScheduleTest.RandomPatterns");
  Looseness looseness;
  for (int i = 0; i < Random::cases(40) && !testing::Test::HasFailure(); ++i) {
    PatternCase patternCase = randomPattern(random);
    SmallVector<Sizes> sizes;
    for (int j = 0; j < 3; ++j) {
      sizes.push_back(Sizes::aligned(random.between(0, 60), random.between(0, 60),
                                     patternCase.arguments, random.between(-20, 20)));
      if (random.chance(2))
        sizes.back().offset += random.between(-30, 30);
      if (random.chance(4))
        sizes.back().length += random.between(-10, 10);
    }
    SCOPED_TRACE(testing::Message() << random);
    check(patternCase, sizes, looseness);
  }
  EXPECT_LE(looseness.extraVisits, looseness.visited / 5) << looseness.visited;
}

// Nothing about a schedule depends on the length: not its ops, and not what a tile costs.
TEST(ScheduleTest, MillionsOfTokens) {
  for (const PatternCase &patternCase : publishedPatterns()) {
    SCOPED_TRACE(patternCase.text);
    ParsedPattern parsed(patternCase.text);
    OpBuilder builder(&parsed.context);
    builder.setInsertionPointToEnd(parsed.module->getBody());
    ScheduleOp schedule = buildSchedule(builder, parsed.pattern(), bandsOf(parsed.pattern()), {});
    FailureOr<ScheduleProgram> program = ScheduleProgram::compile(schedule);
    ASSERT_TRUE(succeeded(program));
    EXPECT_LT(program->getNumOperations(), 400u);
    Sizes sizes = Sizes::aligned(1 << 20, 1 << 20, patternCase.arguments);
    int64_t visits = 0, last = program->getNumTiles(sizes) - 1;
    EXPECT_EQ(last, (1 << 16) - 1);
    program->forEachVisit(sizes, 0, [&](int64_t, TileKind) { ++visits; });
    EXPECT_LE(visits, program->getNumVisited(sizes));
  }
}

// The four numbers of the worked example: causal, and a window of three or the first two keys.
TEST(ScheduleTest, WorkedExample) {
  ParsedPattern parsed(R"(attn.pattern @p {
    %past = attn.causal
    %near = attn.window before 3 after 0
    %sinks = attn.keys 0 to 1
    %any = attn.union %near, %sinks
    %m = attn.intersect %past, %any
    attn.yield %m
  })");
  OpBuilder builder(&parsed.context);
  builder.setInsertionPointToEnd(parsed.module->getBody());
  ScheduleOp schedule =
      buildSchedule(builder, parsed.pattern(), bandsOf(parsed.pattern()), {2, 2, false});
  FailureOr<ScheduleGrid> grid = evaluateSchedule(schedule, Sizes::aligned(8, 8));
  ASSERT_TRUE(succeeded(grid));
  EXPECT_EQ(grid->str(), "/...\n#/..\n/#/.\n//#/\n");
}

} // namespace
