//===- Passes.h - passes of the dialect stage --------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_IR_PASSES_H
#define ATTN_IR_PASSES_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace mlir::attn {

#define GEN_PASS_DECL
#include "attn/IR/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "attn/IR/Passes.h.inc"

} // namespace mlir::attn

#endif // ATTN_IR_PASSES_H
