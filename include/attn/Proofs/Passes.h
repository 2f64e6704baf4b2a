//===- Passes.h - passes of the proof stage ---------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_PROOFS_PASSES_H
#define ATTN_PROOFS_PASSES_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"
#include <memory>

namespace mlir::attn {

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "attn/Proofs/Passes.h.inc"

} // namespace mlir::attn

#endif // ATTN_PROOFS_PASSES_H
