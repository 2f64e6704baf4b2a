//===- Passes.h - passes of the artifact stage ------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_TARGET_PASSES_H
#define ATTN_TARGET_PASSES_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/DialectRegistry.h"
#include "mlir/Pass/Pass.h"

namespace mlir::attn {

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "attn/Target/Passes.h.inc"

/// Registers what translates GPU modules to LLVM IR and that to PTX: a context whose registry lacks
/// it cannot run the passes of this stage.
void registerAttnTranslations(DialectRegistry &registry);

} // namespace mlir::attn

#endif // ATTN_TARGET_PASSES_H
