//===- Passes.h - passes of the bands stage -----------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_BANDS_PASSES_H
#define ATTN_BANDS_PASSES_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace mlir::attn {

#define GEN_PASS_DECL
#include "attn/Bands/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "attn/Bands/Passes.h.inc"

} // namespace mlir::attn

#endif // ATTN_BANDS_PASSES_H
