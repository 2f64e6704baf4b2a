//===- TileOps.h - what a GPU kernel does with a tile --------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The dialect attn_tile; TileOps.td says what its ops mean.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_CODEGEN_GPU_TILEOPS_H
#define ATTN_CODEGEN_GPU_TILEOPS_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "attn/CodeGen/GPU/TileDialect.h.inc"

#define GET_OP_CLASSES
#include "attn/CodeGen/GPU/TileOps.h.inc"

namespace mlir::attn::tile {

/// Bytes from one row to the next of a padded tile.
constexpr int64_t paddedRowBytes(int64_t features) { return 2 * features + 16; }

/// Columns of a panel: as wide as the swizzle that divides the features.
constexpr int64_t panelColumns(int64_t features) { return features % 64 == 0 ? 64 : 32; }

} // namespace mlir::attn::tile

#endif // ATTN_CODEGEN_GPU_TILEOPS_H
