//===- LowerTiles.h - what each family of tile ops becomes --------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_CODEGEN_GPU_LOWERTILES_H
#define ATTN_LIB_CODEGEN_GPU_LOWERTILES_H

#include "WarpEmitter.h"
#include "attn/CodeGen/GPU/TileOps.h"

namespace mlir::attn::cuda {

// Each emits what an op stands for and gives its results.

/// mask, row_max, exponential, row_sum, combine, scale_rows, pack (LowerFragments.cpp).
Values lower(WarpEmitter &e, tile::MaskOp op);
Values lower(WarpEmitter &e, tile::RowMaxOp op);
Values lower(WarpEmitter &e, tile::ExponentialOp op);
Values lower(WarpEmitter &e, tile::RowSumOp op);
Values lower(WarpEmitter &e, tile::CombineOp op);
Values lower(WarpEmitter &e, tile::ScaleRowsOp op);
Values lower(WarpEmitter &e, tile::PackOp op);

/// copy, mma_ss, mma_rs (LowerMma.cpp).
Values lower(WarpEmitter &e, tile::CopyOp op);
Values lower(WarpEmitter &e, tile::MmaSSOp op);
Values lower(WarpEmitter &e, tile::MmaRSOp op);

/// load, store, store_wait, wait (LowerTMA.cpp).
Values lower(WarpEmitter &e, tile::LoadOp op);
Values lower(WarpEmitter &e, tile::StoreOp op);
Values lower(WarpEmitter &e, tile::StoreWaitOp op);
Values lower(WarpEmitter &e, tile::WaitOp op);

/// wgmma_ss, wgmma_rs, wgmma_fence, wgmma_wait (LowerWgmma.cpp).
Values lower(WarpEmitter &e, tile::WgmmaSSOp op);
Values lower(WarpEmitter &e, tile::WgmmaRSOp op);
Values lower(WarpEmitter &e, tile::WgmmaFenceOp op);
Values lower(WarpEmitter &e, tile::WgmmaWaitOp op);

} // namespace mlir::attn::cuda

#endif // ATTN_LIB_CODEGEN_GPU_LOWERTILES_H
