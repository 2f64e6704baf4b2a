//===- Optimizer.h - run passes of LLVM -----------------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_TARGET_OPTIMIZER_H
#define ATTN_LIB_TARGET_OPTIMIZER_H

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/Passes/PassBuilder.h"

namespace mlir::attn {

/// Runs the passes that `build` asks a builder for, which leaves LLVM's vectorisers out.
void runPasses(llvm::Module &module, llvm::TargetMachine &machine,
               llvm::function_ref<llvm::ModulePassManager(llvm::PassBuilder &)> build);

} // namespace mlir::attn

#endif // ATTN_LIB_TARGET_OPTIMIZER_H
