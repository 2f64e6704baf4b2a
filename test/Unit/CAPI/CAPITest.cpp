//===- CAPITest.cpp - the compiler as a C library ------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Through the header alone, as a program in another language would use it.
//
//===----------------------------------------------------------------------===//

#include "attn-c/Attn.h"

#include <cmath>
#include <cstring>
#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace {

using Module = std::unique_ptr<AttnModule, decltype(&attn_module_destroy)>;

Module parse(const std::string &text) {
  AttnModule *module = nullptr;
  EXPECT_EQ(attn_module_parse(text.data(), text.size(), nullptr, &module), ATTN_RESULT_OK)
      << attn_last_error();
  return Module(module, attn_module_destroy);
}

/// A module of one pattern without arguments, or with those of `arguments`.
Module pattern(const std::string &body, const std::string &arguments = "") {
  return parse("attn.pattern @p" + arguments + " {\n" + body + "\nattn.yield %m\n}\n");
}

/// The text that a function gives out.
template <typename Function>
std::string take(Function function) {
  char *text = nullptr;
  EXPECT_EQ(function(&text), ATTN_RESULT_OK) << attn_last_error();
  std::string result = text ? text : "";
  attn_string_free(text);
  return result;
}

std::string formula(const std::string &body, const std::string &arguments = "") {
  const Module module = pattern(body, arguments);
  return take([&](char **text) { return attn_pattern_formula(module.get(), nullptr, text); });
}

AttnProblem problem(int64_t rows, int64_t columns, const std::vector<int64_t> &arguments = {}) {
  return {sizeof(AttnProblem),
          rows,
          columns,
          attn_default_offset(rows, columns, 0),
          0,
          columns,
          arguments.data(),
          int64_t(arguments.size())};
}

constexpr char kLongformer[] = R"(
attn.pattern @longformer(%w: index, %g: index) {
  %near = attn.window before %w after %w
  %cols = attn.keys 0 to %g
  %rows = attn.queries 0 to %g
  %m = attn.union %near, %cols, %rows
  attn.yield %m
})";

//===----------------------------------------------------------------------===//
// Specs
//===----------------------------------------------------------------------===//

TEST(Spec, ListsPatternsAndArguments) {
  const Module module =
      parse(std::string(kLongformer) + "attn.pattern @dense { %m = attn.all\n attn.yield %m }");
  ASSERT_EQ(attn_module_pattern_count(module.get()), 2);
  EXPECT_STREQ(attn_module_pattern_name(module.get(), 0), "longformer");
  EXPECT_STREQ(attn_module_pattern_name(module.get(), 1), "dense");
  EXPECT_EQ(attn_module_pattern_name(module.get(), 2), nullptr);
  EXPECT_EQ(attn_module_pattern_name(module.get(), -1), nullptr);
  EXPECT_EQ(attn_module_argument_count(module.get(), "longformer"), 2);
  EXPECT_STREQ(attn_module_argument_name(module.get(), "longformer", 1), "g");
  EXPECT_EQ(attn_module_argument_name(module.get(), "longformer", 2), nullptr);
  EXPECT_EQ(attn_module_argument_count(module.get(), "other"), -1);
  EXPECT_STREQ(attn_last_error(), "the spec holds no pattern 'other', found 'longformer', 'dense'");
  EXPECT_EQ(attn_module_argument_count(module.get(), nullptr), -1);
  EXPECT_STREQ(attn_last_error(), "the spec holds 2 patterns, name one of 'longformer', 'dense'");
}

TEST(Spec, ErrorsAreDiagnosticsWithACaret) {
  AttnModule *module = nullptr;
  const std::string text = "attn.pattern @p {\n  %m = attn.casual\n}";
  EXPECT_EQ(attn_module_parse(text.data(), text.size(), "mine.mlir", &module),
            ATTN_RESULT_INVALID_SPEC);
  EXPECT_EQ(module, nullptr);
  EXPECT_STREQ(attn_last_error(), "mine.mlir:2:8: error: custom op 'attn.casual' is unknown\n"
                                  "  %m = attn.casual\n"
                                  "       ^");
}

TEST(Spec, RefusesWhatIsNotThere) {
  AttnModule *module = nullptr;
  EXPECT_EQ(attn_module_load("/nowhere.mlir", &module), ATTN_RESULT_INVALID_SPEC);
  EXPECT_STREQ(attn_last_error(),
               "cannot open input file '/nowhere.mlir': No such file or directory");
  EXPECT_EQ(attn_module_load(nullptr, &module), ATTN_RESULT_INVALID_ARGUMENT);
  EXPECT_EQ(attn_module_parse(nullptr, 0, nullptr, &module), ATTN_RESULT_INVALID_ARGUMENT);
  EXPECT_EQ(attn_pattern_text(nullptr, nullptr, nullptr), ATTN_RESULT_INVALID_ARGUMENT);
  EXPECT_EQ(attn_pattern_formula(nullptr, nullptr, nullptr), ATTN_RESULT_INVALID_ARGUMENT);
  EXPECT_EQ(attn_module_pattern_count(nullptr), 0);
  attn_module_destroy(nullptr);
  attn_string_free(nullptr);

  const Module empty = parse("module {}");
  EXPECT_EQ(attn_module_argument_count(empty.get(), nullptr), -1);
  EXPECT_STREQ(attn_last_error(), "the spec holds no pattern");
}

TEST(Spec, EqualPatternsHaveEqualTexts) {
  const auto text = [](const Module &module) {
    return take([&](char **text) { return attn_pattern_text(module.get(), nullptr, text); });
  };
  const std::string one = text(pattern("%a = attn.causal\n%m = attn.intersect %a, %a"));
  EXPECT_EQ(one, text(pattern("%m = attn.causal")));
  EXPECT_EQ(text(pattern("%x = attn.causal\n%y = attn.chunk 8\n%m = attn.union %x, %y")),
            text(pattern("%c = attn.causal\n%d = attn.chunk 8\n%m = attn.union %c, %d")));
  EXPECT_NE(one, text(pattern("%m = attn.all")));
}

TEST(Spec, Version) { EXPECT_EQ(std::string(attn_version()).substr(0, 9), "attn-opt "); }

//===----------------------------------------------------------------------===//
// Formulas
//===----------------------------------------------------------------------===//

TEST(Formula, Leaves) {
  EXPECT_EQ(formula("%m = attn.all"), "True");
  EXPECT_EQ(formula("%m = attn.causal"), "k <= q");
  EXPECT_EQ(formula("%m = attn.window before 3 after 0"), "0 <= q - k <= 3");
  EXPECT_EQ(formula("%m = attn.window before 0 after 3"), "0 <= k - q <= 3");
  EXPECT_EQ(formula("%m = attn.window before %w after %w", "(%w: index)"), "abs(q - k) <= w");
  EXPECT_EQ(formula("%m = attn.window before 10 after -1"), "q - 10 <= k <= q - 1");
  EXPECT_EQ(formula("%m = attn.window before %w after 1 dilation 2", "(%w: index)"),
            "q - 2 * w <= k <= q + 2 and (q - k) % 2 == 0");
  EXPECT_EQ(formula("%m = attn.keys 0 to %g", "(%g: index)"), "0 <= k < g");
  EXPECT_EQ(formula("%n = attn.length\n%m = attn.queries 1 to %n"), "1 <= q < n");
  EXPECT_EQ(formula("%m = attn.block 64"), "q // 64 == k // 64");
  EXPECT_EQ(formula("%m = attn.block 64 shift 8 before 1 after 1"),
            "abs((q - 8) // 64 - (k - 8) // 64) <= 1");
  EXPECT_EQ(formula("%m = attn.block 64 before 2 after 1"), "-1 <= q // 64 - k // 64 <= 2");
  EXPECT_EQ(formula("%m = attn.chunk 8"), "k <= q and k // 8 == q // 8");
  EXPECT_EQ(formula("%m = attn.prefix %p", "(%p: index)"), "k <= q or k < p");
  EXPECT_EQ(formula("%m = attn.where affine_set<(q, k)[s] : (q - 2 * k - s + 3 >= 0, "
                    "(q - k) mod 4 == 0)>[%s]",
                    "(%s: index)"),
            "q - k * 2 - s + 3 >= 0 and (q - k) % 4 == 0");
  EXPECT_EQ(formula("%m = attn.keys %k to %q", "(%k: index, %q: index)"), "k_ <= k < q_");
}

TEST(Formula, Combinators) {
  const std::string leaves = "%c = attn.causal\n%b = attn.block 4\n%a = attn.chunk 4\n";
  EXPECT_EQ(formula(leaves + "%u = attn.union %c, %b\n%m = attn.intersect %u, %a"),
            "(k <= q or q // 4 == k // 4) and k <= q and k // 4 == q // 4");
  EXPECT_EQ(formula(leaves + "%u = attn.intersect %c, %b\n%m = attn.union %u, %a"),
            "k <= q and q // 4 == k // 4 or k <= q and k // 4 == q // 4");
  EXPECT_EQ(formula(leaves + "%m = attn.difference %c, %a"),
            "k <= q and not (k <= q and k // 4 == q // 4)");
  EXPECT_EQ(formula(leaves + "%m = attn.complement %b"), "not q // 4 == k // 4");
}

TEST(Formula, StaysShort) {
  std::string body = "%m0 = attn.causal\n%x = attn.block 4\n";
  for (int i = 0; i < 60; ++i) {
    const std::string last = "%m" + std::to_string(i);
    body += "%d" + std::to_string(i) + " = attn.difference " + last + ", %x\n%m" +
            std::to_string(i + 1) + " = attn.union " + last + ", %d" + std::to_string(i) + "\n";
  }
  EXPECT_LT(formula(body + "%m = attn.complement %m60").size(), 2000u);
}

//===----------------------------------------------------------------------===//
// Masks, tiles, counts, pictures
//===----------------------------------------------------------------------===//

TEST(Question, MaskTilesAndCountAgree) {
  const Module module = parse(kLongformer);
  for (auto [rows, columns] : {std::pair(16, 16), std::pair(5, 33), std::pair(33, 5),
                               std::pair(0, 4), std::pair(4, 0), std::pair(1, 1)}) {
    const std::vector<int64_t> arguments = {2, 2};
    const AttnProblem sizes = problem(rows, columns, arguments);
    std::vector<uint8_t> mask(rows * columns + 1);
    std::vector<int8_t> tiles(rows * columns + 1);
    int64_t pairs = -1;
    ASSERT_EQ(attn_pattern_mask(module.get(), nullptr, &sizes, 0, rows, 0, columns, mask.data()),
              ATTN_RESULT_OK);
    ASSERT_EQ(attn_pattern_tiles(module.get(), nullptr, &sizes, 1, 1, tiles.data()),
              ATTN_RESULT_OK);
    ASSERT_EQ(attn_pattern_count(module.get(), nullptr, &sizes, &pairs), ATTN_RESULT_OK);
    int64_t visible = 0;
    for (int i = 0; i < rows * columns; ++i) {
      EXPECT_EQ(mask[i] ? 2 : 0, tiles[i]) << rows << " x " << columns << ", pair " << i;
      visible += mask[i];
    }
    EXPECT_EQ(pairs, visible);
  }
}

TEST(Question, MaskOfAPart) {
  const Module module = pattern("%m = attn.causal");
  const AttnProblem sizes = problem(4, 4);
  uint8_t mask[4] = {};
  ASSERT_EQ(attn_pattern_mask(module.get(), "p", &sizes, 1, 3, 1, 3, mask), ATTN_RESULT_OK);
  EXPECT_EQ(std::vector<uint8_t>(mask, mask + 4), (std::vector<uint8_t>{1, 0, 1, 1}));
  EXPECT_EQ(attn_pattern_mask(module.get(), "p", &sizes, 0, 5, 0, 4, mask),
            ATTN_RESULT_INVALID_ARGUMENT);
  EXPECT_STREQ(attn_last_error(), "expected ranges within 4 rows and 4 columns, found rows [0, 5) "
                                  "and columns [0, 4)");
}

TEST(Question, Picture) {
  const Module module = pattern("%m = attn.causal");
  AttnProblem sizes = problem(8, 8);
  const auto picture = [&](int64_t side) {
    return take([&](char **text) {
      return attn_pattern_picture(module.get(), nullptr, &sizes, side, text);
    });
  };
  EXPECT_EQ(picture(4), "/...\n#/..\n##/.\n###/\n");
  sizes = problem(2, 2);
  EXPECT_EQ(picture(4), "#.\n##\n");
  char *text = nullptr;
  EXPECT_EQ(attn_pattern_picture(module.get(), nullptr, &sizes, 0, &text),
            ATTN_RESULT_INVALID_ARGUMENT);
  EXPECT_STREQ(attn_last_error(), "expected a picture of 1 to 1000 characters a side, found 0");
}

TEST(Question, RefusesBadProblems) {
  const Module module = parse(kLongformer);
  const std::vector<int64_t> arguments = {2, 2};
  int64_t pairs = -7;
  const auto failure = [&](const AttnProblem &sizes) {
    EXPECT_EQ(attn_pattern_count(module.get(), nullptr, &sizes, &pairs),
              ATTN_RESULT_INVALID_ARGUMENT);
    EXPECT_EQ(pairs, -7);
    return std::string(attn_last_error());
  };
  AttnProblem sizes = problem(4, 4, arguments);
  sizes.struct_size = 8;
  EXPECT_EQ(failure(sizes), "expected 'struct_size' of at least 64, found 8");
  sizes = problem(-1, 4, arguments);
  EXPECT_EQ(failure(sizes), "expected 'query_length' in [0, 2^30], found -1");
  sizes = problem(4, int64_t(1) << 40, arguments);
  EXPECT_EQ(failure(sizes), "expected 'key_length' in [0, 2^30], found 1099511627776");
  sizes = problem(4, 4, arguments);
  sizes.offset = INT64_MIN;
  EXPECT_EQ(failure(sizes), "expected 'offset' in [-2^30, 2^30], found -9223372036854775808");
  EXPECT_EQ(failure(problem(4, 4)), "expected 2 arguments for '@longformer', found 0");
  EXPECT_EQ(attn_pattern_count(module.get(), nullptr, nullptr, &pairs),
            ATTN_RESULT_INVALID_ARGUMENT);

  sizes = problem(4, 4, arguments);
  int8_t tile;
  EXPECT_EQ(attn_pattern_tiles(module.get(), nullptr, &sizes, 0, 16, &tile),
            ATTN_RESULT_INVALID_ARGUMENT);
  EXPECT_STREQ(attn_last_error(), "expected a tile of at least 1 x 1, found 0 x 16");
  sizes = problem(1 << 30, 1 << 30, arguments);
  EXPECT_EQ(attn_pattern_tiles(module.get(), nullptr, &sizes, 1, 1, &tile),
            ATTN_RESULT_INVALID_ARGUMENT);
  EXPECT_STREQ(attn_last_error(), "expected at most 2^32 tiles: use larger ones");
}

//===----------------------------------------------------------------------===//
// Kernels
//===----------------------------------------------------------------------===//

AttnCompileOptions options(int64_t headDim, const char *target = nullptr,
                           const char *dtype = nullptr) {
  return {sizeof(AttnCompileOptions), dtype, headDim, target};
}

AttnResult compileError(const AttnModule *module, const AttnCompileOptions &options) {
  const AttnKernel *kernel = nullptr;
  const AttnResult result = attn_compile(module, nullptr, &options, &kernel);
  EXPECT_EQ(kernel, nullptr);
  return result;
}

TEST(Compile, AgreesWithTheReferenceAndIsCached) {
  const Module module = parse(kLongformer), again = parse(kLongformer);
  const AttnKernel *kernel = nullptr, *same = nullptr, *other = nullptr;
  ASSERT_EQ(attn_compile(module.get(), nullptr, nullptr, &kernel), ATTN_RESULT_OK)
      << attn_last_error();
  ASSERT_EQ(attn_compile(again.get(), "longformer", nullptr, &same), ATTN_RESULT_OK);
  EXPECT_EQ(kernel, same);
  const AttnCompileOptions narrow = options(32);
  ASSERT_EQ(attn_compile(module.get(), nullptr, &narrow, &other), ATTN_RESULT_OK);
  EXPECT_NE(kernel, other);

  constexpr int64_t rows = 70, features = 64;
  std::vector<float> inputs(rows * features), output(rows * features, NAN);
  for (size_t i = 0; i < inputs.size(); ++i)
    inputs[i] = float(i * 7919 % 1000) / 500 - 1;
  const std::vector<int64_t> arguments = {3, 2};
  AttnArgs args = {};
  args.struct_size = sizeof(AttnArgs);
  args.batch = args.query_heads = args.key_heads = 1;
  args.query_length = args.key_length = args.length = rows;
  args.features = features;
  args.query = args.key = args.value = {inputs.data(), {0, 0, features}};
  args.output = {output.data(), {0, 0, features}};
  args.arguments = arguments.data();
  args.argument_count = 2;
  args.scale = 0.125f;
  ASSERT_EQ(attn_run(kernel, &args, 2), ATTN_OK) << attn_last_error();

  std::vector<double> expected(rows * features), lse(rows);
  ASSERT_EQ(attn_reference(module.get(), nullptr, &args, expected.data(), lse.data()),
            ATTN_RESULT_OK);
  for (size_t i = 0; i < expected.size(); ++i)
    ASSERT_NEAR(output[i], expected[i], 4e-6 * std::sqrt(double(rows)));

  // The kernel's own check of its arguments.
  args.features = 32;
  EXPECT_EQ(attn_run(kernel, &args, 1), ATTN_ERROR_FEATURES);
  EXPECT_STREQ(attn_last_error(), attn_status_message(ATTN_ERROR_FEATURES));
  args.key_heads = 2;
  EXPECT_EQ(attn_reference(module.get(), nullptr, &args, expected.data(), nullptr),
            ATTN_RESULT_INVALID_ARGUMENT);
}

TEST(Compile, KernelsOutliveTheirModule) {
  const AttnKernel *kernel = nullptr;
  {
    const Module module = pattern("%m = attn.chunk 32");
    ASSERT_EQ(attn_compile(module.get(), nullptr, nullptr, &kernel), ATTN_RESULT_OK);
  }
  EXPECT_NE(std::string(kernel->manifest).find("attn.chunk 32"), std::string::npos);
}

TEST(Compile, FromSeveralThreads) {
  const Module shared = pattern("%m = attn.prefix 5");
  const AttnKernel *kernels[4] = {};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&, i] {
      const Module own = pattern("%m = attn.prefix 5");
      attn_compile(i % 2 ? own.get() : shared.get(), nullptr, nullptr, &kernels[i]);
    });
  for (std::thread &thread : threads)
    thread.join();
  EXPECT_NE(kernels[0], nullptr);
  for (const AttnKernel *kernel : kernels)
    EXPECT_EQ(kernel, kernels[0]);
}

TEST(Compile, RefusesBadOptions) {
  const Module module = pattern("%m = attn.causal");
  EXPECT_EQ(compileError(module.get(), options(64, nullptr, "f16")), ATTN_RESULT_UNSUPPORTED);
  EXPECT_STREQ(attn_last_error(), "expected dtype 'f32', found 'f16'");
  EXPECT_EQ(compileError(module.get(), options(-1)), ATTN_RESULT_INVALID_ARGUMENT);
  EXPECT_STREQ(attn_last_error(), "expected a positive 'head_dim', found -1");
  EXPECT_EQ(compileError(module.get(), options(64, "sm_95")), ATTN_RESULT_INVALID_ARGUMENT);
  EXPECT_EQ(compileError(module.get(), options(64, "sm_90a")), ATTN_RESULT_UNSUPPORTED);
  EXPECT_EQ(compileError(module.get(), options(64, "cascadelake")), ATTN_RESULT_UNSUPPORTED);
#if defined(__x86_64__)
  EXPECT_EQ(compileError(module.get(), options(64, "aarch64")), ATTN_RESULT_UNSUPPORTED);
  EXPECT_NE(std::string(attn_last_error()).find("target 'aarch64' needs neon"), std::string::npos);
#endif
  EXPECT_EQ(compileError(module.get(), options(12)), ATTN_RESULT_UNSUPPORTED);
  EXPECT_NE(std::string(attn_last_error())
                .find("error: 'attn.attention' op expected a head dim that is a multiple of 8"),
            std::string::npos);
  EXPECT_NE(std::string(attn_last_error()).find("phase 'codegen' failed"), std::string::npos);
  AttnCompileOptions small = options(64);
  small.struct_size = 4;
  EXPECT_EQ(compileError(module.get(), small), ATTN_RESULT_INVALID_ARGUMENT);
  const AttnKernel *kernel = nullptr;
  EXPECT_EQ(attn_compile(nullptr, nullptr, nullptr, &kernel), ATTN_RESULT_INVALID_ARGUMENT);
  EXPECT_EQ(attn_compile(module.get(), "q", nullptr, &kernel), ATTN_RESULT_INVALID_ARGUMENT);
}

//===----------------------------------------------------------------------===//
// Kernels for GPUs
//===----------------------------------------------------------------------===//

AttnResult deviceError(const AttnModule *module, const AttnCompileOptions *options) {
  AttnDeviceImage image = {sizeof(AttnDeviceImage), {}, nullptr, 0, nullptr};
  const AttnResult result = attn_compile_device(module, nullptr, options, &image);
  EXPECT_EQ(image.ptx, nullptr);
  return result;
}

TEST(CompileDevice, GivesWhatTheRuntimeLoadsOnce) {
  const Module module = parse(kLongformer), again = parse(kLongformer);
  const AttnCompileOptions half = options(64, "sm_80", "f16"), whole = options(64, "sm_80");
  AttnDeviceImage image = {sizeof(AttnDeviceImage), {}, nullptr, 0, nullptr};
  AttnDeviceImage same = image, other = image;
  ASSERT_EQ(attn_compile_device(module.get(), nullptr, &half, &image), ATTN_RESULT_OK)
      << attn_last_error();
  EXPECT_EQ(image.info.struct_size, sizeof(AttnDeviceInfo));
  EXPECT_STREQ(image.info.symbol, "longformer_f16_d64");
  EXPECT_EQ(image.info.compute_capability, 80);
  EXPECT_EQ(image.info.is_architecture_exact, 0);
  EXPECT_EQ(image.info.dtype, ATTN_DTYPE_F16);
  EXPECT_EQ(image.info.features, 64);
  EXPECT_EQ(image.info.argument_count, 2);
  EXPECT_GT(image.info.threads, 0);
  const char *ptx = static_cast<const char *>(image.ptx);
  EXPECT_EQ(strlen(ptx) + 1, image.ptx_size);
  EXPECT_NE(strstr(ptx, ".entry longformer_f16_d64("), nullptr);
  EXPECT_NE(strstr(image.manifest, "longformer_f16_d64"), nullptr);

  ASSERT_EQ(attn_compile_device(again.get(), "longformer", &half, &same), ATTN_RESULT_OK);
  EXPECT_EQ(same.ptx, image.ptx);
  ASSERT_EQ(attn_compile_device(again.get(), "longformer", &whole, &other), ATTN_RESULT_OK);
  EXPECT_EQ(other.info.dtype, ATTN_DTYPE_BF16);
  EXPECT_NE(other.ptx, image.ptx);
}

TEST(CompileDevice, RefusesBadOptions) {
  const Module module = pattern("%m = attn.causal");
  EXPECT_EQ(deviceError(module.get(), nullptr), ATTN_RESULT_UNSUPPORTED);
  EXPECT_STREQ(attn_last_error(), "expected target 'sm_80' or 'sm_90a' for a GPU, found ''");
  for (const char *target : {"sm_75", "x86-64-v3", "native"}) {
    const AttnCompileOptions given = options(64, target);
    EXPECT_EQ(deviceError(module.get(), &given), ATTN_RESULT_UNSUPPORTED);
    EXPECT_EQ(attn_last_error(),
              std::string("expected target 'sm_80' or 'sm_90a' for a GPU, found '") + target + "'");
  }
  AttnCompileOptions given = options(64, "sm_90a", "f32");
  EXPECT_EQ(deviceError(module.get(), &given), ATTN_RESULT_UNSUPPORTED);
  EXPECT_STREQ(attn_last_error(), "expected dtype 'f16' or 'bf16' for a GPU, found 'f32'");
  given = options(-1, "sm_90a");
  EXPECT_EQ(deviceError(module.get(), &given), ATTN_RESULT_INVALID_ARGUMENT);
  EXPECT_STREQ(attn_last_error(), "expected a positive 'head_dim', found -1");
  given = options(72, "sm_90a");
  EXPECT_EQ(deviceError(module.get(), &given), ATTN_RESULT_UNSUPPORTED);
  EXPECT_NE(strstr(attn_last_error(), "64, 96, 128, 192 or 256 for target 'sm_90a', found 72"),
            nullptr);
  given.struct_size = 4;
  EXPECT_EQ(deviceError(module.get(), &given), ATTN_RESULT_INVALID_ARGUMENT);
  given = options(64, "sm_90a");
  AttnDeviceImage image = {4, {}, nullptr, 0, nullptr};
  EXPECT_EQ(attn_compile_device(module.get(), nullptr, &given, &image),
            ATTN_RESULT_INVALID_ARGUMENT);
  EXPECT_EQ(attn_compile_device(module.get(), nullptr, &given, nullptr),
            ATTN_RESULT_INVALID_ARGUMENT);
}

} // namespace
