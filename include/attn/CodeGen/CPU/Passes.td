//===- Passes.td - passes of CPU code generation ---------------------*- tablegen -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_CODEGEN_CPU_PASSES_TD
#define ATTN_CODEGEN_CPU_PASSES_TD

include "mlir/Pass/PassBase.td"

def AttnToCPUPass : Pass<"attn-to-cpu", "ModuleOp"> {
  let summary = "lower kernel functions to native vectors and loops";
  let description = [{
    Input: patterns, kernel functions (one `attn.attention` of the function's arguments, and a return), and
    forward schedules of tiles [16, 16]; elements f32, head dim a multiple of 8 up to 1024.
    Output: for each kernel function NAME the functions NAME, NAME_plan and NAME_cost of the C ABI
    (include/attn/Runtime/Kernel.h) and the internal functions they use, in the arith, math, vector, scf and
    llvm dialects. No op of attn is left. The module carries `llvm.target_triple` and
    `llvm.data_layout`, every function its target cpu and features.
    Never: libcalls, globals, stack memory.
  }];
  let options = [Option<"target", "target", "std::string", "\"native\"",
                        "processor: native, x86-64-v4, x86-64-v3 or aarch64">];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::LLVM::LLVMDialect",
                           "::mlir::math::MathDialect", "::mlir::scf::SCFDialect",
                           "::mlir::vector::VectorDialect"];
}

#endif // ATTN_CODEGEN_CPU_PASSES_TD
