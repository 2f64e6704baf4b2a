//===- AttnOps.h - the ops of the attn dialect -------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_IR_ATTNOPS_H
#define ATTN_IR_ATTNOPS_H

#include "attn/IR/AttnDialect.h"
#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/IntegerSet.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "attn/IR/AttnEnums.h.inc"

namespace mlir {
class PatternRewriter;
} // namespace mlir

namespace mlir::attn {

/// Numbers of a pattern lie within +-kMaxNumber, literals by verification and values by clamping;
/// sizes, which multiply them, within [1, kMaxSize]. So sums of products of the two stay within 64
/// bits.
inline constexpr int64_t kMaxNumber = int64_t(1) << 40;
inline constexpr int64_t kMaxSize = int64_t(1) << 20;

/// Lengths and offsets of an attention lie within +-kMaxPosition.
inline constexpr int64_t kMaxPosition = (int64_t(1) << 31) - 1;

/// Names the results of `op` as its author did: `op`'s location is one `NameLoc` per result, that
/// of the first outermost, around the place in the source.
void setResultNames(Operation *op, OpAsmSetValueNameFn setName);

} // namespace mlir::attn

#define GET_OP_CLASSES
#include "attn/IR/AttnOps.h.inc"

#endif // ATTN_IR_ATTNOPS_H
