//===- PredicateTest.cpp - patterns as code against the oracle ---------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Every op that a predicate consists of folds when its operands are constants. So a predicate is
// emitted once, for unknown operands, and evaluated by folding its ops in their order.
//
//===----------------------------------------------------------------------===//

#include "attn/CodeGen/Common/Predicate.h"
#include "Bands/Masks.h"
#include "attn/Reference/Reference.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/Parser/Parser.h"

#include <gtest/gtest.h>

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"

using namespace mlir;
using namespace mlir::attn;
using namespace mlir::attn::test;

namespace {

//===----------------------------------------------------------------------===//
// Emitted predicates
//===----------------------------------------------------------------------===//

/// How the lanes of a predicate are given.
struct Lanes {
  LaneSide side;
  bool hasBase;
  /// The offsets if they are constant; otherwise an operand of `count` lanes, or a scalar for 0.
  SmallVector<int32_t> constants;
  int64_t count = 0;
  bool hasEnd = false;
  /// Whether masks may be words; of constant offsets only.
  bool hasWords = false;
};

/// A predicate in a block whose arguments are its operands.
class Predicate {
public:
  Predicate(PatternOp pattern, const Lanes &lanes)
      : builder(pattern.getContext()), numArguments(pattern.getArgumentNames().size()) {
    Type i64 = builder.getI64Type(), type = builder.getI32Type();
    int64_t count = lanes.constants.empty() ? lanes.count : lanes.constants.size();
    if (count)
      type = VectorType::get(count, type);
    auto operand = [&](Type type) { return block.addArgument(type, builder.getUnknownLoc()); };
    builder.setInsertionPointToStart(&block);
    PatternOperands operands;
    operands.length = operand(i64);
    for (size_t i = 0; i < numArguments; ++i)
      operands.arguments.push_back(operand(i64));
    Value other = operand(i64), base, offsets;
    if (lanes.hasBase)
      base = operand(i64);
    if (lanes.constants.empty())
      offsets = operand(type);
    else
      offsets = arith::ConstantOp::create(
          builder, builder.getUnknownLoc(),
          DenseElementsAttr::get(cast<VectorType>(type), ArrayRef(lanes.constants)));
    constantOffsets = offsets.getDefiningOp();
    numOffsets = lanes.constants.size();
    if (lanes.hasEnd)
      end = operand(builder.getI32Type());
    PredicateLanes given{lanes.side, base, offsets, end};
    if (lanes.hasWords)
      given.wordBelow = [&](Value bound) { return wordBelow(lanes.constants, bound); };
    result = emitPredicate(builder, builder.getUnknownLoc(), pattern, operands, given, other);
    isWord = result.getType() == builder.getI32Type();
  }

  /// The lanes' results. `arguments` are of any size, `base`, `offsets` and `lanesEnd` count where
  /// the lanes have them.
  std::vector<bool> evaluate(int64_t length, ArrayRef<int64_t> arguments, int64_t other,
                             int64_t base, ArrayRef<int32_t> offsets, int32_t lanesEnd);

  /// Whether the result is a word, not lanes.
  bool isWord;

  /// The ops that lanes cost, with `offsets` where an operand is the constant offsets.
  std::string costOfLanes();

private:
  /// By definition: a comparison for each offset.
  Value wordBelow(ArrayRef<int32_t> offsets, Value bound) {
    ImplicitLocOpBuilder b(builder.getUnknownLoc(), builder);
    auto literal = [&](int32_t value) {
      return arith::ConstantOp::create(b, b.getI32IntegerAttr(value));
    };
    Value word = literal(0);
    for (auto [i, offset] : llvm::enumerate(offsets)) {
      Value isBelow = arith::CmpIOp::create(b, arith::CmpIPredicate::slt, literal(offset), bound);
      Value bit = arith::SelectOp::create(b, isBelow, literal(uint32_t(1) << i), literal(0));
      word = arith::OrIOp::create(b, word, bit);
    }
    return word;
  }

  OpBuilder builder;
  Block block;
  size_t numOffsets;
  size_t numArguments;
  Operation *constantOffsets;
  Value end, result;
};

std::vector<bool> Predicate::evaluate(int64_t length, ArrayRef<int64_t> arguments, int64_t other,
                                      int64_t base, ArrayRef<int32_t> offsets, int32_t lanesEnd) {
  SmallVector<int64_t> scalars = {length};
  for (int64_t argument : arguments.take_front(numArguments))
    scalars.push_back(std::clamp(argument, -kMaxNumber, kMaxNumber));
  scalars.append({other, base});
  DenseMap<Value, Attribute> known;
  for (auto [i, argument] : llvm::enumerate(block.getArguments())) {
    if (argument.getType().isInteger(64))
      known[argument] = builder.getI64IntegerAttr(scalars[i]);
    else if (argument == end)
      known[argument] = builder.getI32IntegerAttr(lanesEnd);
    else if (auto vector = dyn_cast<VectorType>(argument.getType()))
      known[argument] = DenseElementsAttr::get(vector, offsets);
    else
      known[argument] = builder.getI32IntegerAttr(offsets.front());
  }
  for (Operation &op : block) {
    SmallVector<Attribute> operands;
    for (Value operand : op.getOperands())
      operands.push_back(known.lookup(operand));
    SmallVector<OpFoldResult> folded;
    if (failed(op.fold(operands, folded)) || folded.empty()) {
      ADD_FAILURE() << op.getName().getStringRef().str() << " does not fold";
      return {};
    }
    auto value = dyn_cast<Value>(folded.front());
    known[op.getResult(0)] = value ? known.lookup(value) : cast<Attribute>(folded.front());
  }
  Attribute attribute = known.lookup(result);
  if (isWord) {
    std::vector<bool> bits;
    for (size_t i = 0; i < numOffsets; ++i)
      bits.push_back(cast<IntegerAttr>(attribute).getValue()[i]);
    return bits;
  }
  if (auto scalar = dyn_cast<IntegerAttr>(attribute))
    return {!scalar.getValue().isZero()};
  auto values = cast<DenseElementsAttr>(attribute).getValues<bool>();
  return {values.begin(), values.end()};
}

std::string Predicate::costOfLanes() {
  auto isFree = [&](Operation *op) {
    return !op || op->hasTrait<OpTrait::ConstantLike>() || isa<vector::BroadcastOp>(op);
  };
  // Results count only where something uses them: what folds leaves its operands behind.
  llvm::SmallPtrSet<Operation *, 16> live;
  SmallVector<Operation *> worklist = {result.getDefiningOp()};
  while (!worklist.empty())
    if (Operation *op = worklist.pop_back_val(); op && live.insert(op).second)
      for (Value operand : op->getOperands())
        worklist.push_back(operand.getDefiningOp());
  std::string text;
  for (Operation &op : block) {
    if (!live.contains(&op) || isFree(&op) || !isa<VectorType>(op.getResult(0).getType()))
      continue;
    text += (text.empty() ? "" : ", ") + op.getName().stripDialect().str();
    if (llvm::is_contained(op.getOperands(), constantOffsets->getResult(0)))
      text += " offsets";
    else if (llvm::any_of(op.getOperands(), [](Value operand) {
               Operation *op = operand.getDefiningOp();
               return op && op->hasTrait<OpTrait::ConstantLike>();
             }))
      text += " constant";
  }
  return text;
}

//===----------------------------------------------------------------------===//
// Comparison with the oracle
//===----------------------------------------------------------------------===//

/// The columns of one thread of a tile on the GPU.
const SmallVector<int32_t> kThread = {0, 1, 8, 9, 16, 17, 24, 25};

class PredicateTest : public ::testing::Test {
protected:
  PredicateTest() {
    context.loadDialect<AttnDialect, arith::ArithDialect, vector::VectorDialect>();
  }

  PatternOp parse(const std::string &text) {
    module = parseSourceString<ModuleOp>(text, &context);
    return module ? *module->getOps<PatternOp>().begin() : PatternOp();
  }
  /// A pattern of arguments %a and %b and the length %n.
  PatternOp parseBody(const std::string &body) {
    return parse("attn.pattern @p(%a: index, %b: index) {\n  %n = attn.length\n" + body +
                 "\n  attn.yield %m\n}\n");
  }

  /// Compares both orientations with the oracle: lanes of each kind, at `places` random places.
  void check(PatternOp pattern, int64_t places);
  void check(PatternOp pattern, const Lanes &lanes, int64_t places);

  int64_t position(int64_t place) { return std::clamp(place, -kPositionLimit, kPositionLimit - 1); }
  int64_t randomPlace(ArrayRef<int64_t> arguments, int64_t length);

  MLIRContext context{MLIRContext::Threading::DISABLED};
  ScopedDiagnosticHandler handler{&context, [](Diagnostic &) {}};
  OwningOpRef<ModuleOp> module;
  Random random{"PredicateTest.*"};
  int64_t numSeen = 0, numPairs = 0;
};

/// Where something may happen: 0, the ends of the range, the numbers of the pattern, anywhere.
int64_t PredicateTest::randomPlace(ArrayRef<int64_t> arguments, int64_t length) {
  SmallVector<int64_t> places = {0,
                                 0,
                                 -kPositionLimit,
                                 kPositionLimit - 1,
                                 length,
                                 random.between(-kPositionLimit, kPositionLimit - 1)};
  places.append(arguments.begin(), arguments.end());
  return places[random.between(0, places.size() - 1)];
}

void PredicateTest::check(PatternOp pattern, const Lanes &lanes, int64_t places) {
  Predicate predicate(pattern, lanes);
  for (int64_t i = 0; i < places; ++i) {
    SmallVector<int64_t> arguments;
    for (size_t a = 0; a < pattern.getArgumentNames().size(); ++a) {
      SmallVector<int64_t> choices = {random.between(-4, 30), random.between(-4, 30),
                                      random.between(-kPositionLimit, kPositionLimit),
                                      random.between(-3, 3) * kPositionLimit};
      if (random.chance(4))
        choices = {std::numeric_limits<int64_t>::min(), std::numeric_limits<int64_t>::max(),
                   random.between(-kMaxNumber, kMaxNumber)};
      arguments.push_back(choices[random.between(0, choices.size() - 1)]);
    }
    int64_t length =
        random.chance(2) ? random.between(0, 60) : kPositionLimit - random.between(0, 60);

    // Both sides are near one place, at a distance that the pattern names, or anywhere.
    int64_t place = randomPlace(arguments, length), other = place;
    if (random.chance(3))
      other = randomPlace(arguments, length);
    else if (random.chance(2) && !arguments.empty())
      other += (random.chance(2) ? 1 : -1) *
               std::clamp(arguments.front(), -2 * kPositionLimit, 2 * kPositionLimit);
    other = position(other + random.between(-30, 30));
    SmallVector<int32_t> offsets = lanes.constants;
    int64_t base = 0;
    if (offsets.empty()) {
      // Without a base, offsets are positions; with one, they are anywhere as well.
      if (lanes.hasBase)
        base = position(place) - randomPlace({}, 0);
      for (int64_t lane = 0; lane < std::max<int64_t>(lanes.count, 1); ++lane)
        offsets.push_back(position(position(place + random.between(-30, 30)) - base));
    } else if (lanes.hasBase) {
      int64_t least = *std::min_element(offsets.begin(), offsets.end());
      int64_t greatest = *std::max_element(offsets.begin(), offsets.end());
      base = std::clamp(place + random.between(-50, 20), -kPositionLimit - least,
                        kPositionLimit - 1 - greatest);
    }

    // Before the lanes, among them, or behind them.
    int64_t anyOffset = offsets[random.between(0, offsets.size() - 1)];
    int32_t end =
        std::clamp<int64_t>(anyOffset + random.between(-3, 3), -kPositionLimit, kPositionLimit);
    std::vector<bool> found = predicate.evaluate(length, arguments, other, base, offsets, end);
    ASSERT_EQ(found.size(), offsets.size());
    for (auto [lane, offset] : llvm::enumerate(offsets)) {
      int64_t own = base + offset;
      if (own != position(own))
        continue;
      int64_t q = lanes.side == LaneSide::Keys ? other : own;
      int64_t k = lanes.side == LaneSide::Keys ? own : other;
      bool expected = reference::sees(pattern, arguments, length, q, k);
      expected &= !lanes.hasEnd || offset < end;
      numSeen += expected;
      ++numPairs;
      if (found[lane] == expected)
        continue;
      std::string text;
      llvm::raw_string_ostream os(text);
      os << pattern << "\narguments:";
      for (int64_t argument : arguments)
        os << " " << argument;
      FAIL() << text << ", length " << length << "\nq = " << q << ", k = " << k << ": expected "
             << expected << "; lanes are " << (lanes.side == LaneSide::Keys ? "keys" : "queries")
             << ", base " << base << ", offset " << offset
             << (lanes.hasEnd ? ", end " + std::to_string(end) : "") << random;
    }
  }
}

void PredicateTest::check(PatternOp pattern, int64_t places) {
  ASSERT_TRUE(pattern);
  int32_t least = -kPositionLimit, most = kPositionLimit - 1;
  for (LaneSide side : {LaneSide::Queries, LaneSide::Keys})
    for (const Lanes &lanes : {
             Lanes{side, false, {}, 0},
             Lanes{side, false, {}, 8},
             Lanes{side, true, {}, 8},
             Lanes{side, true, kThread},
             Lanes{side, true, kThread, 0, /*hasEnd=*/true},
             Lanes{side, true, kThread, 0, /*hasEnd=*/false, /*hasWords=*/true},
             Lanes{side, true, kThread, 0, /*hasEnd=*/true, /*hasWords=*/true},
             Lanes{side, true, {-4, 3, -2, 1}, 0, /*hasEnd=*/true, /*hasWords=*/true},
             Lanes{side, false, {}, 8, /*hasEnd=*/true},
             Lanes{side, true, {-4, 3, -2, 1}},
             Lanes{side, true, {7, 7}},
             Lanes{side, false, {least, least + 1, -20, -1, 0, 1, 2, 13, 20, most - 1, most}},
         }) {
      check(pattern, lanes, places);
      if (HasFatalFailure())
        return;
    }
}

//===----------------------------------------------------------------------===//
// Against the oracle
//===----------------------------------------------------------------------===//

TEST_F(PredicateTest, Leaves) {
  for (const char *body : {
           "%m = attn.all",
           "%m = attn.causal",
           "%m = attn.window before %a after 0",
           "%m = attn.window before 2 after %b",
           "%m = attn.window before %a after %b",
           "%m = attn.window before 10 after -3",
           "%m = attn.window before 1099511627776 after -1099511627776",
           "%m = attn.window before 5 after 2 dilation 3",
           "%m = attn.window before %a after %b dilation 4",
           "%m = attn.window before %a after %b dilation 1048576",
           "%m = attn.keys %a to %b",
           "%m = attn.keys -7 to %n",
           "%m = attn.queries %a to %b",
           "%m = attn.queries -7 to %n",
           "%m = attn.block 8",
           "%m = attn.block 6 shift %a",
           "%m = attn.block 8 shift 3 before 2",
           "%m = attn.block 5 after 1",
           "%m = attn.block 12 before %a after %b",
           "%m = attn.block 1048576 shift %a before %b after 1",
           "%m = attn.chunk 1",
           "%m = attn.chunk 16",
           "%m = attn.chunk 13",
           "%m = attn.chunk 1048576",
           "%m = attn.prefix 11",
           "%m = attn.prefix %a",
       }) {
    SCOPED_TRACE(body);
    check(parseBody(body), 150);
    if (HasFatalFailure())
      return;
  }
  EXPECT_GT(numSeen, numPairs / 8);
  EXPECT_LT(numSeen, numPairs - numPairs / 8);
}

TEST_F(PredicateTest, Sets) {
  for (const char *set : {
           "(q - k >= 0)",
           "(q + k - 9 == 0)",
           "(q - 3 * k - a >= 0, 2 * q + k - b >= 0)",
           // A remainder that is compared, one that is equal, one that never is.
           "((q - k) mod 8 - 3 >= 0)",
           "((k - q) mod 7 - 3 >= 0)",
           "(k mod 64 - 56 >= 0)",
           "((q - k) mod 128 == 0)",
           "((q - k) mod 5 - 2 == 0)",
           "((2 * q + 3 * k - a) mod 12 - 7 == 0)",
           "(q mod 4 - 1 == 0, k mod 3 - 2 == 0)",
           "(k mod 5 - 7 == 0)",
           "(q mod 5 + 1 == 0)",
           "(k mod 5 + q mod 3 - 2 == 0)",
           "((k floordiv 2 - q) mod 3 - 1 == 0)",
           "((q + a) floordiv 5 - (k + b) floordiv 5 == 0)",
           "((q - 2 * k) ceildiv 6 - 3 >= 0)",
           "(k floordiv 16 - (n - 1) floordiv 16 == 0)",
           "(4 - (k floordiv 3) mod 6 >= 0)",
           // More than 32 bits: coefficients, divisors, both.
           "(1000 * q - k >= 0)",
           "(3 * q - 2 * k - a >= 0)",
           "(1048576 * k - q + a == 0)",
           "((q - k) mod 4294967296 - 5 == 0)",
           "((q - k) mod 4294967296 - 5 >= 0)",
           "((q - k) mod 5000000011 - 5 == 0)",
           "((q - k) floordiv 4611683819404132352 + 1 == 0)",
           "((k - q) mod 4611683819404132352 - 9 == 0)",
           "((1048576 * q - k) mod 1000003 == 0)",
           "((q * 1048576 + k) floordiv 8589934592 == 0)",
           "((q + k) mod 1099511627776 - 1099511627770 >= 0)",
       }) {
    SCOPED_TRACE(set);
    check(parseBody("  %m = attn.where affine_set<(q, k)[a, b, n] : " + std::string(set) +
                    ">[%a, %b, %n]"),
          150);
    if (HasFatalFailure())
      return;
  }
}

TEST_F(PredicateTest, PatternLibrary) {
  std::error_code error;
  int files = 0;
  for (llvm::sys::fs::directory_iterator file(ATTN_PATTERNS, error), end; file != end && !error;
       file.increment(error)) {
    if (!llvm::StringRef(file->path()).ends_with(".mlir"))
      continue;
    SCOPED_TRACE(file->path());
    auto text = llvm::cantFail(llvm::errorOrToExpected(llvm::MemoryBuffer::getFile(file->path())));
    check(parse(text->getBuffer().str()), 100);
    if (HasFatalFailure())
      return;
    ++files;
  }
  EXPECT_GT(files, 10);
}

TEST_F(PredicateTest, RandomPatterns) {
  for (int i = 0, cases = Random::cases(300); i < cases; ++i) {
    check(parse(patternText(randomMask(random, 3))), 10);
    if (HasFatalFailure())
      return;
  }
  EXPECT_GT(numSeen, numPairs / 8);
  EXPECT_LT(numSeen, numPairs - numPairs / 8);
}

//===----------------------------------------------------------------------===//
// What lanes cost
//===----------------------------------------------------------------------===//

/// Constant offsets are compared with scalars: no lane adds anything.
TEST_F(PredicateTest, ConstantOffsetsAreComparedAsTheyAre) {
  for (LaneSide side : {LaneSide::Queries, LaneSide::Keys}) {
    auto cost = [&](const std::string &body) {
      return Predicate(parseBody(body), {side, true, kThread}).costOfLanes();
    };
    std::string two = "cmpi offsets, cmpi offsets, andi";
    bool keys = side == LaneSide::Keys;
    EXPECT_EQ(cost("%m = attn.all"), "");
    EXPECT_EQ(cost("%m = attn.causal"), "cmpi offsets");
    EXPECT_EQ(cost("%m = attn.window before %a after %b"), two);
    EXPECT_EQ(cost("%m = attn.keys %a to %b"), keys ? two : "");
    EXPECT_EQ(cost("%m = attn.queries %a to %b"), keys ? "" : two);
    EXPECT_EQ(cost("%m = attn.block 64 before 1"), two);
    EXPECT_EQ(cost("%m = attn.block 48 shift %a"), two);
    EXPECT_EQ(cost("%m = attn.chunk 64"), two);
    EXPECT_EQ(cost("%m = attn.prefix %a"), keys ? "cmpi offsets" : "cmpi offsets, ori");
    // Residues of constants are constants.
    EXPECT_EQ(cost("%m = attn.window before %a after %b dilation 3"),
              "cmpi offsets, cmpi offsets, andi, cmpi constant, andi");
    auto where = [&](const std::string &set) {
      return cost("%m = attn.where affine_set<(q, k)[a] : " + set + ">[%a]");
    };
    EXPECT_EQ(where("((q - k) mod 128 - 1 == 0)"), "cmpi constant");
    EXPECT_EQ(where("((3 * q + 2 * k) mod 5 == 0)"), "cmpi constant");
    EXPECT_EQ(where("(q - 16 * k - a >= 0)"), "cmpi " + std::string(keys ? "constant" : "offsets"));
    EXPECT_EQ(where("(1000 * q - 1000 * k >= 0)"), "cmpi constant");
    // Other remainders depend on the base.
    EXPECT_EQ(where("((q + k) mod 64 - 56 >= 0)"), "addi offsets, andi constant, cmpi constant");
  }
}

/// Bounds are words, and only what is no bound costs the lanes something.
TEST_F(PredicateTest, BoundsAreWords) {
  auto predicate = [&](const std::string &body) {
    return Predicate(parseBody(body), {LaneSide::Keys, true, kThread, 0, true, true});
  };
  for (const char *body : {
           "%m = attn.all",
           "%m = attn.causal",
           "%m = attn.window before %a after %b",
           "%m = attn.keys %a to %b",
           "%m = attn.queries %a to %b",
           "%m = attn.block 64 before 1",
           "%m = attn.chunk 64",
           "%m = attn.prefix %a",
           "%p = attn.causal\n %s = attn.queries %a to %b\n %m = attn.union %s, %p",
           "%p = attn.causal\n %s = attn.keys %a to %b\n %m = attn.difference %p, %s",
           "%p = attn.causal\n %m = attn.complement %p",
           "%m = attn.where affine_set<(q, k)[a] : (k - q - a >= 0)>[%a]",
           "%m = attn.where affine_set<(q, k) : ((q - 3 * k) mod 64 - 5 == 0)>",
           "%m = attn.window before %a after %b dilation 3",
       }) {
    Predicate word = predicate(body);
    EXPECT_TRUE(word.isWord) << body;
    EXPECT_EQ(word.costOfLanes(), "") << body;
  }
  // Lanes that cross a multiple of 64 depend on the base.
  Predicate mixed =
      predicate("%c = attn.causal\n %s = attn.where affine_set<(q, k) : (k mod 64 - 56 "
                ">= 0)>\n %m = attn.intersect %s, %c");
  EXPECT_FALSE(mixed.isWord);
  EXPECT_EQ(mixed.costOfLanes(), "addi offsets, andi constant, cmpi constant, andi constant, "
                                 "cmpi constant, andi, andi constant, cmpi constant, andi");
}

} // namespace
