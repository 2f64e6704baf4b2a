//===- CompiledKernel.h - a pattern compiled into the test's process ----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the tests of code generation share: compile a pattern, call the kernel on guarded memory,
// compare with the oracle.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_TEST_UNIT_CODEGEN_COMPILEDKERNEL_H
#define ATTN_TEST_UNIT_CODEGEN_COMPILEDKERNEL_H

#include "attn/IR/AttnOps.h"
#include "attn/Runtime/Kernel.h"
#include "attn/Target/JIT.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

#include <functional>
#include <vector>

namespace mlir::attn::test {

/// Where the schedule of a pattern comes from that is given without one.
enum class Scheduling {
  /// Every tile is partial: the predicate decides alone.
  Everything,
  /// From `attn-schedule`.
  Derived
};

/// A kernel and the pattern it was compiled from.
class CompiledKernel {
public:
  /// Compiles the first pattern of `text` for f32 and a head dim. Failures end the test process:
  /// there is nothing to go on with.
  CompiledKernel(StringRef text, int64_t features, StringRef target, Scheduling scheduling);

  PatternOp pattern() { return *module->getOps<PatternOp>().begin(); }
  int64_t features() const { return headDim; }
  int plan(const AttnArgs &args, AttnPlan &plan) const { return kernel->get().plan(&args, &plan); }
  int64_t cost(const AttnArgs &args, int64_t item) const { return kernel->get().cost(&args, item); }
  /// Runs all items, in order or, with `reversed`, one by one from the last; the scratch is full of
  /// NaN.
  int run(const AttnArgs &args, bool reversed = false) const;

private:
  int64_t headDim;
  std::unique_ptr<MLIRContext> context;
  OwningOpRef<ModuleOp> module;
  std::unique_ptr<JITKernel> kernel;
};

/// Floats whose last one is followed by memory that must not be touched.
class GuardedFloats {
public:
  explicit GuardedFloats(int64_t count);
  ~GuardedFloats();
  GuardedFloats(const GuardedFloats &) = delete;
  float *data() { return floats; }
  float &operator[](int64_t i) { return floats[i]; }
  int64_t size() const { return count; }

private:
  char *pages;
  int64_t count, bytes;
  float *floats;
};

/// How a tensor [batch, heads, rows, features] lies in memory.
enum class Order { HeadsFirst, RowsFirst, Padded };

/// Sizes and numbers of one call. Offsets that are not given have their defaults.
struct Problem {
  int64_t queryLength = 1, keyLength = 1;
  std::vector<int64_t> arguments = {};
  int64_t batch = 1, queryHeads = 1, keyHeads = 1;
  std::optional<int64_t> offset = {}, keyOffset = {}, length = {};
  Order order = Order::HeadsFirst;
  bool wantsLse = true;
};

/// The tensors of a call.
struct Tensors {
  Tensors(const CompiledKernel &kernel, const Problem &problem, unsigned seed);

  AttnArgs args;
  GuardedFloats query, key, value, output, lse;
  /// Element (batch, head, row, feature) of a tensor of `args`.
  static float &at(const AttnTensor &tensor, int64_t batch, int64_t head, int64_t row,
                   int64_t feature);
  std::vector<int64_t> arguments;
};

/// Runs the kernel and compares every element with the oracle: NaN where it has NaN, within
/// 4e-6 * sqrt(keys) of the largest output elsewhere; and bit by bit with another order of items.
/// `edit` may change the inputs first.
void check(CompiledKernel &kernel, const Problem &problem,
           std::function<void(Tensors &)> edit = nullptr);

} // namespace mlir::attn::test

#endif // ATTN_TEST_UNIT_CODEGEN_COMPILEDKERNEL_H
