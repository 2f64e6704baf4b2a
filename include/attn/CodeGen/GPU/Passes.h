//===- Passes.h - passes of GPU code generation -----------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From schedules to the NVVM dialect. Afterwards the module holds, for each kernel function NAME, a
// `gpu.module @NAME` with the `llvm.func @NAME` of the kernel, an `#nvvm.target`, and the attribute
// `attn.launch`, a dictionary of the numbers of AttnDeviceInfo: threads, shared_bytes, query_tile,
// key_tile, panel_columns, output_rows (i32). `attn-gpu-to-binary` makes PTX of it.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_CODEGEN_GPU_PASSES_H
#define ATTN_CODEGEN_GPU_PASSES_H

#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassManager.h"

namespace mlir::attn {

#define GEN_PASS_DECL
#include "attn/CodeGen/GPU/Passes.h.inc"

/// Adds the passes from kernel functions to the llvm and nvvm dialects for "sm_80" or "sm_90a".
void populateToGPU(OpPassManager &manager, StringRef chip);

/// Adds those of them that lower the output of `attn-to-gpu`; also registered as the pipeline
/// `attn-gpu-to-llvm`.
void populateGPUToLLVM(OpPassManager &manager);

/// Registers `attn-to-gpu`, `attn-lower-tiles` and `attn-gpu-to-llvm`.
void registerAttnGPUPasses();

} // namespace mlir::attn

#endif // ATTN_CODEGEN_GPU_PASSES_H
