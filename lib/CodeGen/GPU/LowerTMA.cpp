//===- LowerTMA.cpp - copies of whole tiles, and their barriers ---------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LowerTiles.h"

using namespace mlir;
using namespace mlir::attn;
using namespace mlir::attn::cuda;

Values cuda::lower(WarpEmitter &e, tile::LoadOp op) {
  int64_t columns = tile::panelColumns(op.getFeatures());
  // The form of PTX 8.0 takes an address in the cluster, which an address in the CTA is.
  auto cluster = LLVM::LLVMPointerType::get(e.getContext(), 7);
  for (int64_t column = 0; column < op.getFeatures(); column += columns) {
    Value to = e.at(op.getTo(), e.integer32(column * op.getRows() * 2));
    NVVM::CpAsyncBulkTensorGlobalToSharedClusterOp::create(
        e, LLVM::AddrSpaceCastOp::create(e, cluster, to), op.getMap(),
        {e.integer32(column), op.getRow(), op.getHead(), op.getBatch()}, op.getBarrier(),
        ValueRange(), Value(), Value(), NVVM::TMALoadMode::TILE, /*isCTAOnly=*/false,
        NVVM::CTAGroupKindAttr(), Value());
  }
  return {};
}

Values cuda::lower(WarpEmitter &e, tile::StoreOp op) {
  int64_t features = op.getFeatures(), columns = tile::panelColumns(features);
  int64_t rowBytes = 2 * columns, panelBytes = op.getRows() * rowBytes;
  Values registers = e.elements(op.getFragment());
  Value lane = op.getLane(), row = e.both(lane, e.integer32(15)),
        bit4 = e.shr(lane, e.integer32(4));
  // The swizzle of the hardware: chunk ^ (row mod 8) in rows of 128 bytes, chunk ^ (row / 2 mod 4)
  // in rows of 64.
  Value swizzle = columns == 64 ? e.both(row, e.integer32(7))
                                : e.both(e.shr(row, e.integer32(1)), e.integer32(3));
  Value base = e.at(op.getThrough(), e.mul(row, rowBytes));
  for (int64_t column = 0; column < features; column += 16) {
    int64_t panel = column / columns, chunk = column % columns / 8;
    Value place = arith::XOrIOp::create(e, e.add(bit4, chunk), swizzle);
    Value address = e.at(base, e.add(e.mul(place, 16), panel * panelBytes));
    e.storeMatrices(address, ArrayRef(registers).slice(column / 4, 4));
  }
  e.fenceProxyAsync();
  e.syncWarp();
  e.ifThen(e.eq(lane, e.integer32(0)), [&] {
    for (int64_t column = 0; column < features; column += columns)
      NVVM::CpAsyncBulkTensorSharedCTAToGlobalOp::create(
          e, op.getMap(), e.at(op.getThrough(), e.integer32(column / columns * panelBytes)),
          {e.integer32(column), op.getRow(), op.getHead(), op.getBatch()}, Value(),
          NVVM::TMAStoreMode::TILE, Value());
    NVVM::CpAsyncBulkCommitGroupOp::create(e);
    NVVM::CpAsyncBulkWaitGroupOp::create(e, 0, e.getUnitAttr());
  });
  e.syncWarp();
  return {};
}

Values cuda::lower(WarpEmitter &e, tile::StoreWaitOp op) {
  // Groups belong to the thread that committed them.
  e.ifThen(e.eq(op.getLane(), e.integer32(0)),
           [&] { NVVM::CpAsyncBulkWaitGroupOp::create(e, 0, UnitAttr()); });
  e.syncWarp();
  return {};
}

Values cuda::lower(WarpEmitter &e, tile::WaitOp op) {
  e.loopWhile(
      {},
      [&](ValueRange) -> Value {
        Value done = e.mbarrierTryWait(op.getBarrier(), op.getParity());
        return arith::XOrIOp::create(e, done, e.boolean(true));
      },
      [&](ValueRange) { return Values(); });
  return {};
}
