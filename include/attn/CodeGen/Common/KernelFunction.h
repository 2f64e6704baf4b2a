//===- KernelFunction.h - the functions that become kernels --------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A kernel function is a `func.func` whose body is one `attn.attention` of the function's arguments
// and a `return` of its results. It names a kernel and says what is compiled into it; at run time
// the numbers come from the kernel's ABI (include/attn/Runtime/Kernel.h).
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_CODEGEN_COMMON_KERNELFUNCTION_H
#define ATTN_CODEGEN_COMMON_KERNELFUNCTION_H

#include "attn/IR/AttnOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace mlir::attn {

/// A kernel function, with the symbols that it uses resolved.
struct KernelFunction {
  func::FuncOp function;
  AttentionOp attention;
  /// Null where every query sees every key.
  PatternOp pattern;
  /// The forward schedule of the pattern; null without a pattern.
  ScheduleOp schedule;
  /// The head dim.
  int64_t features;

  StringRef getName() { return function.getSymName(); }
  unsigned getNumArguments() { return attention.getPatternArguments().size(); }
};

/// The tiles that a code generator wants for a head dim; it reports the head dims that it has not.
using TileOfFeatures =
    function_ref<FailureOr<SmallVector<int64_t>>(AttentionOp attention, int64_t features)>;

/// Collects the kernel functions of a module in order. An `attn.attention` outside of them, an
/// element type other than `elements`, a head dim that is not known, or a pattern without a forward
/// schedule of the tiles wanted is an error.
FailureOr<SmallVector<KernelFunction>>
collectKernelFunctions(ModuleOp module, ArrayRef<Type> elements, TileOfFeatures tileOf);

/// Emits kernels where their functions are, which then go, as do the module's patterns, schedules
/// and assertions: what is left is code.
void replaceKernelFunctions(
    ModuleOp module, ArrayRef<KernelFunction> kernels,
    function_ref<void(OpBuilder &builder, const KernelFunction &kernel)> emit);

} // namespace mlir::attn

#endif // ATTN_CODEGEN_COMMON_KERNELFUNCTION_H
