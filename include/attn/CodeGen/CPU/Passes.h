//===- Passes.h - passes of CPU code generation -----------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From schedules to the LLVM dialect. Afterwards the module holds, for each kernel function NAME,
// the `llvm.func`s NAME_plan, NAME_cost and NAME with external linkage; everything else is
// internal. What a code generator of LLVM must know is in the module:
//
//   llvm.target_triple, llvm.data_layout     attributes of the module
//   target_cpu, target_features              attributes of every function
//
// so `translateModuleToLLVMIR`, LLVM's O2 or O3, and a target machine of that triple finish the
// work.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_CODEGEN_CPU_PASSES_H
#define ATTN_CODEGEN_CPU_PASSES_H

#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassManager.h"

namespace mlir::attn {

#define GEN_PASS_DECL
#include "attn/CodeGen/CPU/Passes.h.inc"

/// Adds the passes that lower the output of `attn-to-cpu` to the LLVM dialect; also registered as
/// the pipeline `attn-cpu-to-llvm`.
void populateCPUToLLVM(OpPassManager &manager);

/// Registers `attn-to-cpu` and `attn-cpu-to-llvm`.
void registerAttnCPUPasses();

} // namespace mlir::attn

#endif // ATTN_CODEGEN_CPU_PASSES_H
