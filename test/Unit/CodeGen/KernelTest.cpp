//===- KernelTest.cpp - compiled kernels against the oracle -------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "CompiledKernel.h"
#include "attn/Reference/Reference.h"

#include <cmath>
#include <gtest/gtest.h>

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/TargetParser/Host.h"

using namespace mlir::attn;
using namespace mlir::attn::test;

namespace {

bool hasFeatures(std::initializer_list<const char *> names) {
  auto features = llvm::sys::getHostCPUFeatures();
  return llvm::all_of(names, [&](const char *name) { return features.lookup(name); });
}

/// Every test runs for each instruction set that this machine has.
class KernelTest : public ::testing::TestWithParam<const char *> {
protected:
  void SetUp() override {
    std::string target = GetParam();
    if (target == "x86-64-v4" && !hasFeatures({"avx512f", "avx512vl", "avx512bw", "avx512dq"}))
      GTEST_SKIP() << "this machine has no AVX-512";
    if (target == "x86-64-v3" && !hasFeatures({"avx2", "fma"}))
      GTEST_SKIP() << "this machine has no AVX2";
  }
  CompiledKernel compile(llvm::StringRef text, int64_t features,
                         Scheduling scheduling = Scheduling::Everything) {
    return CompiledKernel(text, features, GetParam(), scheduling);
  }
};

INSTANTIATE_TEST_SUITE_P(Targets, KernelTest,
#if defined(__aarch64__)
                         ::testing::Values("native"),
#else
                         ::testing::Values("x86-64-v4", "x86-64-v3"),
#endif
                         [](const auto &info) {
                           std::string name = info.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

//===----------------------------------------------------------------------===//
// Patterns
//===----------------------------------------------------------------------===//

constexpr const char *kAll = R"mlir(
  attn.pattern @all {
    %m = attn.all
    attn.yield %m
  }
)mlir";

/// With a schedule by hand: the columns of a tile see different runs, in part and in whole.
constexpr const char *kWindow = R"mlir(
  attn.pattern @window(%w: index) {
    %m = attn.window before %w after 0
    attn.yield %m
  }
  attn.schedule @window.fwd of @window tile [16, 16] merge(single) {
  ^tile(%t: index, %query_length: index, %key_length: index, %offset: index, %key_offset: index,
        %length: index, %w: index):
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c15 = arith.constant 15 : index
    %c16 = arith.constant 16 : index
    %row = arith.muli %t, %c16 : index
    %shift = arith.subi %offset, %key_offset : index
    %first = arith.addi %row, %shift : index
    %last = arith.addi %first, %c15 : index
    %from = arith.subi %first, %w : index
    %v0 = arith.floordivsi %from, %c16 : index
    %to = arith.floordivsi %last, %c16 : index
    %v1 = arith.addi %to, %c1 : index
    %seen_by_last = arith.subi %last, %w : index
    %f0 = arith.ceildivsi %seen_by_last, %c16 : index
    %f0_positive = arith.maxsi %f0, %c0 : index
    %next = arith.addi %first, %c1 : index
    %f1 = arith.floordivsi %next, %c16 : index
    %whole = arith.floordivsi %key_length, %c16 : index
    %f1_whole = arith.minsi %f1, %whole : index
    attn.visit %v0 to %v1 full %f0_positive to %f1_whole band 0
  }
)mlir";

/// Two bands, one of them with a filter; the filter uses what the body computed for the tile.
constexpr const char *kStripes = R"mlir(
  attn.pattern @stripes(%w: index) {
    %near = attn.window before %w after %w
    %far = attn.where affine_set<(q, k) : ((q floordiv 16 - k floordiv 16) mod 3 == 0)>
    %m = attn.union %near, %far
    attn.yield %m
  }
  attn.schedule @stripes.fwd of @stripes tile [16, 16] merge(scan) {
  ^tile(%t: index, %query_length: index, %key_length: index, %offset: index, %key_offset: index,
        %length: index, %w: index):
    %c0 = arith.constant 0 : index
    %c3 = arith.constant 3 : index
    %c15 = arith.constant 15 : index
    %c16 = arith.constant 16 : index
    %sum = arith.addi %key_length, %c15 : index
    %units = arith.floordivsi %sum, %c16 : index
    %whole = arith.floordivsi %key_length, %c16 : index
    %row = arith.muli %t, %c16 : index
    %first = arith.addi %row, %offset : index
    %last = arith.addi %first, %c15 : index
    %low = arith.subi %first, %w : index
    %high = arith.addi %last, %w : index
    %v0 = arith.floordivsi %low, %c16 : index
    %v = arith.floordivsi %high, %c16 : index
    %c1 = arith.constant 1 : index
    %v1 = arith.addi %v, %c1 : index
    attn.visit %v0 to %v1 full %c0 to %c0 band 0
    %query_block = arith.floordivsi %first, %c16 : index
    attn.visit %c0 to %units full %c0 to %whole band 1 where (%u: index) {
      %difference = arith.subi %query_block, %u : index
      %r = arith.remsi %difference, %c3 : index
      %hit = arith.cmpi eq, %r, %c0 : index
      attn.visit_yield %hit, %hit
    }
  }
)mlir";

/// Any key may be in a partial tile: the predicate decides alone.
std::string patternOf(llvm::StringRef arguments, llvm::StringRef body) {
  return ("attn.pattern @p" + arguments + " {\n" + body + "\n attn.yield %m\n}\n").str();
}

//===----------------------------------------------------------------------===//
// Sizes
//===----------------------------------------------------------------------===//

TEST_P(KernelTest, Lengths) {
  CompiledKernel kernel = compile(kWindow, 16);
  for (int64_t queries : {1, 2, 15, 16, 17, 63, 64, 65, 127, 257, 300})
    for (int64_t keys : {0, 1, 13, 16, 31, 64, 97, 129, 331})
      check(kernel, {queries, keys, {20}});
  check(kernel, {0, 7, {3}});
  check(kernel, {0, 0, {3}});
}

TEST_P(KernelTest, HeadDims) {
  for (int64_t features : {8, 16, 24, 32, 40, 64, 72, 80, 96, 128, 256}) {
    CompiledKernel kernel = compile(kWindow, features);
    check(kernel, {37, 37, {5}});
    check(kernel, {130, 203, {100}});
  }
}

TEST_P(KernelTest, HeadsAndLayouts) {
  CompiledKernel kernel = compile(kWindow, 24);
  for (Order order : {Order::HeadsFirst, Order::RowsFirst, Order::Padded}) {
    Problem problem{70, 90, {33}};
    problem.order = order;
    problem.batch = 2;
    problem.queryHeads = 6;
    for (int64_t keyHeads : {1, 2, 3, 6}) {
      problem.keyHeads = keyHeads;
      check(kernel, problem);
    }
    problem.wantsLse = false;
    check(kernel, problem);
  }
}

TEST_P(KernelTest, WideAndNarrowTiles) {
  // Narrow tiles walk alone, wide ones together; a window of 1024 keys is where that changes.
  CompiledKernel kernel = compile(kWindow, 8);
  for (int64_t window : {0, 15, 16, 17, 960, 1000, 1024, 1500})
    check(kernel, {530, 1700, {window}});
}

TEST_P(KernelTest, Offsets) {
  CompiledKernel kernel = compile(kWindow, 8);
  for (int64_t offset : {-40, -1, 0, 5, 100})
    for (int64_t keyOffset : {-33, 0, 7, 64}) {
      Problem problem{50, 70, {31}};
      problem.offset = offset;
      problem.keyOffset = keyOffset;
      check(kernel, problem);
    }
  // As far out as positions go.
  Problem far{20, 40, {9}};
  far.keyOffset = (int64_t(1) << 30) - 40;
  check(kernel, far);
  far.keyOffset = -(int64_t(1) << 30);
  check(kernel, far);
}

//===----------------------------------------------------------------------===//
// Schedules and masks
//===----------------------------------------------------------------------===//

TEST_P(KernelTest, ManyBandsAndFilters) {
  CompiledKernel kernel = compile(kStripes, 16);
  for (int64_t size : {1, 16, 50, 100, 333})
    check(kernel, {size, size, {20}});
  check(kernel, {48, 208, {3}});
}

struct Mask {
  const char *arguments, *body;
  std::vector<std::vector<int64_t>> values;
};

TEST_P(KernelTest, Masks) {
  constexpr int64_t huge = int64_t(1) << 62;
  const Mask masks[] = {
      {"", "%m = attn.all", {{}}},
      {"", "%m = attn.causal", {{}}},
      {"(%b: index, %a: index)",
       "%m = attn.window before %b after %a",
       {{3, 0}, {0, 4}, {-2, 9}, {10, -1}, {huge, 0}, {huge, huge}, {-huge, huge}, {5, -6}}},
      {"(%b: index, %a: index)",
       "%m = attn.window before %b after %a dilation 3",
       {{4, 0}, {2, 2}, {-1, 5}, {huge, 1}}},
      {"(%b: index)", "%m = attn.window before %b after %b dilation 8", {{2}, {huge}}},
      {"", "%m = attn.window before 3 after 2 dilation 1048576", {{}}},
      {"(%a: index, %b: index)",
       "%m = attn.keys %a to %b",
       {{0, 5}, {9, 40}, {8, 8}, {-huge, huge}}},
      {"(%a: index, %b: index)",
       "%m = attn.queries %a to %b",
       {{0, 5}, {9, 40}, {8, 8}, {-huge, huge}}},
      {"(%s: index, %b: index, %a: index)",
       "%m = attn.block 12 shift %s before %b after %a",
       {{0, 0, 0}, {5, 1, 0}, {-7, 0, 2}, {0, -1, 3}, {huge, 0, 0}, {3, huge, 0}, {0, huge, huge}}},
      {"", "%m = attn.block 1048576 shift 20", {{}}},
      {"", "%m = attn.chunk 10", {{}}},
      {"", "%m = attn.chunk 1048576", {{}}},
      {"(%p: index)", "%m = attn.prefix %p", {{0}, {7}, {20}, {huge}, {-huge}}},
      {"", "%m = attn.where affine_set<(q, k) : ((q - k) mod 7 == 0)>", {{}}},
      {"", "%m = attn.where affine_set<(q, k) : ((q - k) mod 16 == 0)>", {{}}},
      {"", "%m = attn.where affine_set<(q, k) : (q mod 5 - 2 == 0, k mod 4 - 1 >= 0)>", {{}}},
      {"(%n: index)",
       "%m = attn.where affine_set<(q, k)[n] : (q - 3 * k - n >= 0)>[%n]",
       {{0}, {-30}, {11}, {huge}, {-huge}}},
      {"(%n: index)",
       "%m = attn.where affine_set<(q, k)[n] : ((2 * q + k + n) floordiv 9 - k floordiv 6 >= "
       "0)>[%n]",
       {{0}, {-50}, {5}, {huge}}},
      {"(%n: index)",
       "%m = attn.where affine_set<(q, k)[n] : ((q + n) ceildiv 4 - k ceildiv 4 == 0)>[%n]",
       {{0}, {3}, {-5}}},
      // Lanes of 64 bits.
      {"", "%m = attn.where affine_set<(q, k) : (1000007 * q - 1000006 * k >= 0)>", {{}}},
      {"", "%m = attn.where affine_set<(q, k) : ((q - 9) mod 4611680000000000000 - k >= 0)>", {{}}},
      {"",
       "%n = attn.length\n"
       "%m = attn.where affine_set<(q, k)[n] : (k floordiv 8 - (n - 1) floordiv 8 == 0)>[%n]",
       {{}}},
      {"(%w: index)",
       "%past = attn.causal\n %near = attn.window before %w after 0\n"
       "%sinks = attn.keys 0 to 4\n %some = attn.union %near, %sinks\n"
       "%m = attn.intersect %past, %some",
       {{0}, {9}}},
      {"(%w: index)",
       "%past = attn.causal\n %near = attn.window before %w after %w\n"
       "%far = attn.complement %near\n %m = attn.difference %past, %far",
       {{0}, {9}}},
      {"", "%all = attn.all\n %m = attn.complement %all", {{}}},
  };
  for (const Mask &mask : masks) {
    SCOPED_TRACE(mask.body);
    CompiledKernel kernel = compile(patternOf(mask.arguments, mask.body), 8);
    for (const std::vector<int64_t> &values : mask.values) {
      check(kernel, {33, 33, values});
      Problem problem{40, 50, values};
      problem.offset = -11;
      problem.keyOffset = -25;
      check(kernel, problem);
    }
  }
}

/// Puts `x` into all features of row `row` of a tensor.
void fillRow(const AttnArgs &args, const AttnTensor &tensor, int64_t row, float x) {
  for (int64_t d = 0; d < args.features; ++d)
    Tensors::at(tensor, 0, 0, row, d) = x;
}

/// Poisons the keys and values that no row sees.
void poisonUnseen(CompiledKernel &kernel, Tensors &tensors, float poison) {
  const AttnArgs &args = tensors.args;
  std::vector<bool> seen(args.key_length);
  for (int64_t row = 0; row < args.query_length; ++row) {
    std::vector<bool> keys =
        reference::seenKeys(kernel.pattern(), tensors.arguments, args.length, row + args.offset,
                            args.key_offset, args.key_offset + args.key_length);
    for (size_t k = 0; k < keys.size(); ++k)
      seen[k] = seen[k] || keys[k];
  }
  for (int64_t k = 0; k < args.key_length; ++k)
    if (!seen[k]) {
      fillRow(args, args.key, k, poison);
      fillRow(args, args.value, k, poison);
    }
}

/// The numbers of `ARGUMENTS: w=2 g=2` in a pattern file.
std::vector<int64_t> readArguments(llvm::StringRef text) {
  std::vector<int64_t> arguments;
  llvm::StringRef line = text.split("ARGUMENTS:").second.split('\n').first;
  for (line = line.split('=').second; !line.empty(); line = line.split('=').second) {
    int64_t number = 0;
    llvm::StringRef rest = line;
    rest.consumeInteger(10, number);
    arguments.push_back(number);
  }
  return arguments;
}

TEST_P(KernelTest, PatternLibrary) {
  std::error_code error;
  for (llvm::sys::fs::directory_iterator file(ATTN_PATTERNS, error), end; file != end && !error;
       file.increment(error)) {
    if (!llvm::StringRef(file->path()).ends_with(".mlir"))
      continue;
    SCOPED_TRACE(file->path());
    auto text = llvm::cantFail(llvm::errorOrToExpected(llvm::MemoryBuffer::getFile(file->path())));
    CompiledKernel kernel = compile(text->getBuffer(), 16, Scheduling::Derived);
    std::vector<int64_t> small = readArguments(text->getBuffer()), large = small;
    for (int64_t &argument : large)
      argument = 37 + 9 * argument;
    for (const std::vector<int64_t> &arguments : {small, large}) {
      for (int64_t size : {1, 16, 17, 97, 331})
        check(kernel, {size, size, arguments});
      check(kernel, {70, 301, arguments});
      check(kernel, {301, 70, arguments});
      Problem shifted{100, 120, arguments};
      shifted.offset = -13;
      shifted.keyOffset = -40;
      check(kernel, shifted);
      check(kernel, {20, 150, arguments},
            [&](Tensors &tensors) { poisonUnseen(kernel, tensors, NAN); });
      check(kernel, {150, 150, arguments}, [&](Tensors &tensors) {
        Tensors::at(tensors.args.value, 0, 0, 67, 3) = NAN;
        fillRow(tensors.args, tensors.args.key, 5, INFINITY);
      });
    }
  }
  ASSERT_FALSE(error);
}

//===----------------------------------------------------------------------===//
// NaN and infinities
//===----------------------------------------------------------------------===//

TEST_P(KernelTest, InvisibleRowsNeverLeak) {
  CompiledKernel kernel = compile(kWindow, 40);
  for (float poison : {float(NAN), float(INFINITY), -float(INFINITY)})
    check(kernel, {30, 100, {9}}, [&](Tensors &tensors) {
      // Rows 70..99 see keys 61..99; the tiles reach further.
      for (int64_t k = 0; k < 61; ++k) {
        fillRow(tensors.args, tensors.args.key, k, poison);
        fillRow(tensors.args, tensors.args.value, k, poison);
      }
    });
}

TEST_P(KernelTest, VisibleValuesReachTheRowsThatSeeThem) {
  CompiledKernel kernel = compile(kWindow, 24);
  for (float poison : {float(NAN), float(INFINITY), -float(INFINITY)})
    for (int64_t row : {0, 40, 99})
      check(kernel, {100, 100, {9}},
            [&](Tensors &tensors) { Tensors::at(tensors.args.value, 0, 0, row, 3) = poison; });
}

TEST_P(KernelTest, VisibleKeysReachTheRowsThatSeeThem) {
  CompiledKernel kernel = compile(kWindow, 24);
  for (float poison : {float(NAN), float(INFINITY)})
    for (int64_t row : {0, 40, 99})
      check(kernel, {100, 100, {9}},
            [&](Tensors &tensors) { fillRow(tensors.args, tensors.args.key, row, poison); });
}

TEST_P(KernelTest, QueriesReachTheirOwnRow) {
  CompiledKernel kernel = compile(kWindow, 24);
  for (float poison : {float(NAN), float(INFINITY)})
    check(kernel, {100, 100, {9}},
          [&](Tensors &tensors) { fillRow(tensors.args, tensors.args.query, 50, poison); });
}

TEST_P(KernelTest, ScoresOfMinusInfinityAreNotAnEmptyRow) {
  CompiledKernel kernel = compile(kAll, 8);
  check(kernel, {20, 3}, [&](Tensors &tensors) {
    for (int64_t k = 0; k < 3; ++k) {
      fillRow(tensors.args, tensors.args.key, k, 0);
      Tensors::at(tensors.args.key, 0, 0, k, 0) = -INFINITY;
    }
    for (int64_t q = 0; q < 20; ++q)
      fillRow(tensors.args, tensors.args.query, q, 1);
  });
}

TEST_P(KernelTest, LargeScores) {
  // Far beyond what exp could take, growing along the row: the maximum is followed.
  CompiledKernel kernel = compile(kAll, 16);
  check(kernel, {70, 200}, [&](Tensors &tensors) {
    for (int64_t k = 0; k < 200; ++k)
      fillRow(tensors.args, tensors.args.key, k, float(k));
  });
  check(kernel, {3, 5}, [&](Tensors &tensors) { tensors.args.scale = 1e36f; });
}

//===----------------------------------------------------------------------===//
// Kernel functions
//===----------------------------------------------------------------------===//

/// What the attention op states is compiled in; what it leaves out has its default. Either way the
/// call has no say.
constexpr const char *kStated = R"mlir(
  attn.pattern @stated(%a: index, %b: index) {
    %m = attn.window before %a after %b
    attn.yield %m
  }
  func.func @stated_f32_d8(%q: tensor<?x?x?x8xf32>, %k: tensor<?x?x?x8xf32>,
                           %v: tensor<?x?x?x8xf32>, %x: index, %y: index)
      -> (tensor<?x?x?x8xf32>, tensor<?x?x?xf32>) {
    %o, %lse = attn.attention %q, %k, %v mask @stated(%y, %x) NUMBERS
        : tensor<?x?x?x8xf32>, tensor<?x?x?x8xf32>, tensor<?x?x?x8xf32>
          -> tensor<?x?x?x8xf32>, tensor<?x?x?xf32>
    return %o, %lse : tensor<?x?x?x8xf32>, tensor<?x?x?xf32>
  }
)mlir";

TEST_P(KernelTest, StatedNumbersAndDefaults) {
  auto compileStated = [&](llvm::StringRef numbers) {
    std::string text = kStated;
    text.replace(text.find("NUMBERS"), 7, numbers);
    return compile(text, 8);
  };
  auto outputs = [&](CompiledKernel &kernel, auto edit) {
    Tensors tensors(kernel, {40, 60, {7, 2}}, 1);
    edit(tensors.args);
    EXPECT_EQ(kernel.run(tensors.args), ATTN_OK);
    return std::vector<float>(tensors.output.data(), tensors.output.data() + tensors.output.size());
  };
  auto nonsense = [](AttnArgs &args) {
    args.scale = NAN;
    args.offset = args.key_offset = args.length = -99;
  };
  CompiledKernel dynamic =
      compile(patternOf("(%a: index, %b: index)", "%m = attn.window before %a after %b"), 8);
  CompiledKernel stated = compileStated("scale 0.5 offset 3 key_offset -4 length 70");
  EXPECT_EQ(outputs(stated, nonsense), outputs(dynamic, [](AttnArgs &args) {
              args.scale = 0.5f;
              args.offset = 3;
              args.key_offset = -4;
              args.length = 70;
            }));
  CompiledKernel defaults = compileStated("");
  EXPECT_EQ(outputs(defaults, nonsense), outputs(dynamic, [](AttnArgs &) {}));
}

//===----------------------------------------------------------------------===//
// The interface
//===----------------------------------------------------------------------===//

TEST_P(KernelTest, PlanChecksTheCall) {
  CompiledKernel kernel = compile(kWindow, 8);
  auto status = [&](auto edit) {
    Tensors tensors(kernel, {5, 5, {1}}, 0);
    edit(tensors.args);
    AttnPlan plan{sizeof(AttnPlan), -1, -1};
    int status = kernel.plan(tensors.args, plan);
    EXPECT_EQ(plan.items >= 0, status == ATTN_OK);
    return status;
  };
  EXPECT_EQ(status([](AttnArgs &) {}), ATTN_OK);
  EXPECT_EQ(status([](AttnArgs &args) { --args.struct_size; }), ATTN_ERROR_STRUCT_SIZE);
  EXPECT_EQ(status([](AttnArgs &args) { args.features = 16; }), ATTN_ERROR_FEATURES);
  EXPECT_EQ(status([](AttnArgs &args) { args.key_heads = 2; }), ATTN_ERROR_HEADS);
  EXPECT_EQ(status([](AttnArgs &args) { args.key_heads = 0; }), ATTN_ERROR_HEADS);
  EXPECT_EQ(status([](AttnArgs &args) { args.key_heads = -1; }), ATTN_ERROR_HEADS);
  EXPECT_EQ(status([](AttnArgs &args) { args.batch = -1; }), ATTN_ERROR_LENGTH);
  EXPECT_EQ(status([](AttnArgs &args) { args.query_length = -1; }), ATTN_ERROR_LENGTH);
  EXPECT_EQ(status([](AttnArgs &args) { args.key_length = int64_t(1) << 62; }), ATTN_ERROR_LENGTH);
  EXPECT_EQ(status([](AttnArgs &args) { args.offset = int64_t(1) << 30; }), ATTN_ERROR_LENGTH);
  EXPECT_EQ(status([](AttnArgs &args) { args.key_offset = INT64_MIN; }), ATTN_ERROR_LENGTH);
  EXPECT_EQ(status([](AttnArgs &args) { args.length = INT64_MAX; }), ATTN_ERROR_LENGTH);
  EXPECT_EQ(status([](AttnArgs &args) { args.argument_count = 0; }), ATTN_ERROR_ARGUMENTS);
  EXPECT_EQ(status([](AttnArgs &args) { args.value.strides[2] = -8; }), ATTN_ERROR_STRIDES);
}

TEST_P(KernelTest, CostFollowsTheVisitedKeys) {
  CompiledKernel kernel = compile(kWindow, 8);
  Tensors tensors(kernel, {1024, 1024, {1 << 20}}, 0);
  // Later queries see more keys.
  EXPECT_GT(kernel.cost(tensors.args, 1), kernel.cost(tensors.args, 0));
  EXPECT_GT(kernel.cost(tensors.args, 3), 3 * kernel.cost(tensors.args, 0));
}

} // namespace
