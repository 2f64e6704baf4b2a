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

def AttnCheckPtxasPass : Pass<"attn-check-ptxas", "ModuleOp"> {
  let summary = "ask ptxas whether the PTX of GPU binaries becomes fast code";
  let description = [{
    Input: `gpu.binary`s of PTX. Output: the same; a remark says how many registers each takes. An
    error for a kernel that ptxas does not assemble, whose registers it spills, or whose wgmma it
    serializes, with the line of its log; and where no ptxas is found. Never: changes anything.
  }];
}

#endif // ATTN_TARGET_PASSES_TD
