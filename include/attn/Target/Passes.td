//===- Passes.td - passes of the artifact stage ----------------------*- tablegen -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_TARGET_PASSES_TD
#define ATTN_TARGET_PASSES_TD

include "mlir/Pass/PassBase.td"

def AttnGPUToBinaryPass : Pass<"attn-gpu-to-binary", "ModuleOp"> {
  let summary = "compile GPU modules to PTX";
  let description = [{
    Input: `gpu.module`s of llvm and nvvm ops, each with one `#nvvm.target`.
    Output: for each a `gpu.binary` of its name and its discardable attributes, whose one object is
    PTX text. Vectors are split into scalars first: a register of a GPU thread holds one lane. Every
    inline asm is convergent: LLVM never merges or moves one across divergent control flow.
    Needs no CUDA toolkit. Never: changes other ops.
  }];
  let dependentDialects = ["::mlir::gpu::GPUDialect", "::mlir::LLVM::LLVMDialect",
                           "::mlir::NVVM::NVVMDialect"];
}

#endif // ATTN_TARGET_PASSES_TD
