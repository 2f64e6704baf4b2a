//===- Passes.td - passes of GPU code generation ---------------------*- tablegen -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_CODEGEN_GPU_PASSES_TD
#define ATTN_CODEGEN_GPU_PASSES_TD

include "mlir/Pass/PassBase.td"

def AttnToGPUPass : Pass<"attn-to-gpu", "ModuleOp"> {
  let summary = "lower kernel functions to GPU kernels made of tile ops";
  let description = [{
    Input: patterns, kernel functions (one `attn.attention` of the function's arguments, and a return), and
    forward schedules of the target's tiles; elements f16 or bf16, head dim 64, 96, 128, 192 or 256.
    Output: for each kernel function NAME a `gpu.module @NAME` with the kernel `@NAME`, in the attn_tile, arith,
    vector, scf, llvm and nvvm dialects, and the attribute `attn.launch`, which says how to launch it
    (include/attn/Runtime/Device.h). No op of attn is left.
    Never: global memory of its own, calls, libdevice.
  }];
  let options = [Option<"target", "target", "std::string", "\"sm_90a\"",
                        "architecture: sm_80 or sm_90a">];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::attn::tile::TileDialect",
                           "::mlir::gpu::GPUDialect", "::mlir::LLVM::LLVMDialect",
                           "::mlir::NVVM::NVVMDialect", "::mlir::scf::SCFDialect",
                           "::mlir::vector::VectorDialect"];
}

def AttnLowerTilesPass : Pass<"attn-lower-tiles"> {
  let summary = "lower tile ops to llvm and nvvm";
  let description = [{
    Input: attn_tile ops. Output: the instructions that they stand for: llvm and nvvm ops, inline assembly where
    nvvm has none (wgmma with a register operand, and its fences and waits tied to the registers that they
    protect), and arith. Never: changes any other op.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::LLVM::LLVMDialect",
                           "::mlir::NVVM::NVVMDialect", "::mlir::scf::SCFDialect",
                           "::mlir::vector::VectorDialect"];
}

#endif // ATTN_CODEGEN_GPU_PASSES_TD
