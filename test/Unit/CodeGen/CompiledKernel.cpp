//===- CompiledKernel.cpp - a pattern compiled into the test's process ------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "CompiledKernel.h"
#include "attn/CodeGen/CPU/Passes.h"
#include "attn/IR/Passes.h"
#include "attn/Reference/Reference.h"
#include "attn/Schedule/Passes.h"
#include "attn/Target/Artifact.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"

#include <cmath>
#include <gtest/gtest.h>
#include <random>
#include <sys/mman.h>
#include <unistd.h>

using namespace mlir;
using namespace mlir::attn;
using namespace mlir::attn::test;

//===----------------------------------------------------------------------===//
// Compiling
//===----------------------------------------------------------------------===//

/// Every tile of every row, none of them full: correct for any pattern.
static std::string scheduleEverything(PatternOp pattern) {
  std::string arguments, name = pattern.getSymName().str();
  for (size_t i = 0; i < pattern.getArgumentNames().size(); ++i)
    arguments += ", %a" + std::to_string(i) + ": index";
  return "attn.schedule @" + name + ".fwd of @" + name + R"( tile [16, 16] merge(single) {
    ^tile(%t: index, %query_length: index, %key_length: index, %offset: index,
          %key_offset: index, %length: index)" +
         arguments + R"():
      %c0 = arith.constant 0 : index
      %c15 = arith.constant 15 : index
      %c16 = arith.constant 16 : index
      %sum = arith.addi %key_length, %c15 : index
      %units = arith.divui %sum, %c16 : index
      attn.visit %c0 to %units full %c0 to %c0 band 0
  })";
}

[[noreturn]] static void die(const llvm::Twine &message) {
  llvm::report_fatal_error(message, /*GenCrashDiag=*/false);
}

CompiledKernel::CompiledKernel(StringRef text, int64_t features, StringRef target,
                               Scheduling scheduling)
    : headDim(features), context(std::make_unique<MLIRContext>()) {
  context->loadDialect<AttnDialect, arith::ArithDialect, func::FuncDialect>();
  module = parseSourceString<ModuleOp>(text, context.get());
  if (!module)
    die("the test's pattern does not parse");
  if (module->getOps<ScheduleOp>().empty() && scheduling == Scheduling::Everything) {
    std::string complete = text.str() + scheduleEverything(pattern());
    module = parseSourceString<ModuleOp>(complete, context.get());
  }
  std::string name = (pattern().getSymName() + "_f32_d" + std::to_string(features)).str();

  OwningOpRef<ModuleOp> lowered = module->clone();
  PassManager passes(context.get());
  passes.addPass(createAttnMakeKernelsPass({features}));
  passes.addPass(createAttnSchedulePass());
  passes.addPass(createAttnToCPUPass({target.str()}));
  populateCPUToLLVM(passes);
  if (failed(passes.run(*lowered)))
    die("the passes failed");

  llvm::Expected<TargetDescription> description = resolveTarget(target);
  if (!description)
    die(toString(description.takeError()));
  ArtifactInfo info;
  info.name = name;
  info.kernels.push_back({name, pattern().getSymName().str(), "", "f32", features, {}, {}, {}});
  auto artifact = buildArtifact(*lowered, info, *description, OptimizationLevel::Full);
  if (!artifact)
    die(toString(artifact.takeError()));
  auto object = emitObject(*artifact);
  if (!object)
    die(toString(object.takeError()));
  auto loaded = JITKernel::load(*object, name);
  if (!loaded)
    die(toString(loaded.takeError()));
  kernel = std::move(*loaded);
}

int CompiledKernel::run(const AttnArgs &args, bool reversed) const {
  AttnPlan plan{sizeof(AttnPlan), 0, 0};
  if (int status = kernel->get().plan(&args, &plan))
    return status;
  GuardedFloats scratch(plan.scratch_bytes / sizeof(float));
  std::memset(scratch.data(), 0xff, plan.scratch_bytes);
  if (!reversed)
    return kernel->get().run(&args, 0, plan.items, scratch.data());
  for (int64_t item = plan.items; item-- > 0;)
    if (int status = kernel->get().run(&args, item, item + 1, scratch.data()))
      return status;
  return ATTN_OK;
}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

GuardedFloats::GuardedFloats(int64_t count) : count(count) {
  int64_t page = sysconf(_SC_PAGESIZE);
  int64_t used = llvm::alignTo(count * sizeof(float), page);
  bytes = used + page;
  pages = static_cast<char *>(
      mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  if (pages == MAP_FAILED || mprotect(pages + used, page, PROT_NONE))
    die("no memory for a guarded buffer");
  floats = reinterpret_cast<float *>(pages + used - count * sizeof(float));
}

GuardedFloats::~GuardedFloats() { munmap(pages, bytes); }

//===----------------------------------------------------------------------===//
// Calls
//===----------------------------------------------------------------------===//

namespace {
/// A shape with strides; the buffer ends with the last row.
struct Shape {
  Shape(Order order, int64_t batch, int64_t heads, int64_t rows, int64_t features) {
    int64_t row = features + (order == Order::Padded ? 5 : 0);
    if (order == Order::RowsFirst)
      strides[2] = heads * row, strides[1] = row;
    else
      strides[2] = row, strides[1] = rows * row;
    strides[0] = batch == 1 ? 0 : rows * heads * row;
    int64_t last = std::max<int64_t>(batch - 1, 0) * strides[0] + (heads - 1) * strides[1] +
                   (rows - 1) * strides[2] + features;
    size = rows > 0 && batch > 0 ? last : 0;
  }
  int64_t strides[3], size;
};

Shape shapeOf(const Problem &problem, int64_t heads, int64_t rows, int64_t features) {
  return Shape(problem.order, problem.batch, heads, rows, features);
}

AttnTensor tensor(const Shape &shape, GuardedFloats &floats) {
  return {floats.data(), {shape.strides[0], shape.strides[1], shape.strides[2]}};
}
} // namespace

Tensors::Tensors(const CompiledKernel &kernel, const Problem &problem, unsigned seed)
    : query(shapeOf(problem, problem.queryHeads, problem.queryLength, kernel.features()).size),
      key(shapeOf(problem, problem.keyHeads, problem.keyLength, kernel.features()).size),
      value(key.size()), output(query.size()),
      lse(shapeOf(problem, problem.queryHeads, problem.queryLength, 1).size),
      arguments(problem.arguments) {
  int64_t features = kernel.features();
  Shape queries = shapeOf(problem, problem.queryHeads, problem.queryLength, features);
  Shape keys = shapeOf(problem, problem.keyHeads, problem.keyLength, features);
  Shape lses = shapeOf(problem, problem.queryHeads, problem.queryLength, 1);
  std::mt19937 generator(seed);
  std::uniform_real_distribution<float> distribution(-2, 2);
  for (GuardedFloats *input : {&query, &key, &value})
    for (int64_t i = 0; i < input->size(); ++i)
      (*input)[i] = distribution(generator);
  for (GuardedFloats *result : {&output, &lse})
    std::fill(result->data(), result->data() + result->size(), NAN);

  args = {};
  args.struct_size = sizeof args;
  args.batch = problem.batch;
  args.query_heads = problem.queryHeads;
  args.key_heads = problem.keyHeads;
  args.query_length = problem.queryLength;
  args.key_length = problem.keyLength;
  args.features = features;
  args.query = tensor(queries, query);
  args.key = tensor(keys, key);
  args.value = tensor(keys, value);
  args.output = tensor(queries, output);
  args.lse = tensor(lses, lse);
  if (!problem.wantsLse)
    args.lse.data = nullptr;
  args.key_offset = problem.keyOffset.value_or(0);
  args.offset = problem.offset.value_or(args.key_offset + problem.keyLength - problem.queryLength);
  args.length = problem.length.value_or(args.key_offset + problem.keyLength);
  args.arguments = arguments.data();
  args.argument_count = arguments.size();
  args.scale = 1 / std::sqrt(float(features));
}

float &Tensors::at(const AttnTensor &tensor, int64_t batch, int64_t head, int64_t row,
                   int64_t feature) {
  return static_cast<float *>(tensor.data)[batch * tensor.strides[0] + head * tensor.strides[1] +
                                           row * tensor.strides[2] + feature];
}

void test::check(CompiledKernel &kernel, const Problem &problem,
                 std::function<void(Tensors &)> edit) {
  Tensors tensors(kernel, problem, /*seed=*/problem.queryLength * 31 + problem.keyLength);
  if (edit)
    edit(tensors);
  const AttnArgs &args = tensors.args;
  SCOPED_TRACE("Sq " + std::to_string(args.query_length) + ", Sk " +
               std::to_string(args.key_length) + ", offset " + std::to_string(args.offset) +
               ", D " + std::to_string(args.features));
  ASSERT_EQ(kernel.run(args), ATTN_OK);
  reference::Result expected = reference::attend(kernel.pattern(), reference::makeCall(args));

  double largest = 0, worst = 0, worstLse = 0;
  for (double value : expected.output)
    if (std::isfinite(value))
      largest = std::max(largest, std::abs(value));
  double tolerance = 4e-6 * std::sqrt(double(std::max<int64_t>(args.key_length, 1)));
  int64_t index = 0, row = 0;
  for (int64_t b = 0; b < args.batch; ++b)
    for (int64_t h = 0; h < args.query_heads; ++h)
      for (int64_t i = 0; i < args.query_length; ++i, ++row) {
        bool empty = expected.lse[row] == -INFINITY;
        for (int64_t d = 0; d < args.features; ++d, ++index) {
          double want = expected.output[index], found = Tensors::at(args.output, b, h, i, d);
          if (empty)
            ASSERT_EQ(found, 0.0) << "row " << i << " sees no key";
          else if (std::isnan(want))
            ASSERT_TRUE(std::isnan(found)) << "row " << i << ", feature " << d << ": " << found;
          else if (!std::isfinite(want))
            ASSERT_EQ(found, want) << "row " << i << ", feature " << d;
          else
            ASSERT_NEAR(found, want, tolerance * std::max(largest, 1e-3))
                << "row " << i << ", feature " << d;
          if (std::isfinite(want))
            worst = std::max(worst, std::abs(found - want));
        }
        if (!args.lse.data)
          continue;
        double want = expected.lse[row], found = Tensors::at(args.lse, b, h, i, 0);
        if (std::isnan(want))
          ASSERT_TRUE(std::isnan(found)) << "lse of row " << i << ": " << found;
        else if (!std::isfinite(want))
          ASSERT_EQ(found, want) << "lse of row " << i;
        else
          ASSERT_NEAR(found, want, 1e-5 * std::max(1.0, std::abs(want))) << "lse of row " << i;
        if (std::isfinite(want))
          worstLse = std::max(worstLse, std::abs(found - want));
      }
  ::testing::Test::RecordProperty("largest_error", std::to_string(worst / std::max(largest, 1e-3)));

  // The bits do not depend on who runs which item when.
  std::vector<float> first(tensors.output.data(), tensors.output.data() + tensors.output.size());
  ASSERT_EQ(kernel.run(args, /*reversed=*/true), ATTN_OK);
  if (!first.empty())
    EXPECT_EQ(std::memcmp(first.data(), tensors.output.data(), first.size() * sizeof(float)), 0)
        << "another order of items gives other bits";
}
