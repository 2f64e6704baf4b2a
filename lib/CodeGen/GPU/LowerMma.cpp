//===- LowerMma.cpp - cp.async, ldmatrix and mma.sync ------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Padded rows keep every address a lane's base plus a constant, and the eight rows that an ldmatrix
// reads at once in different banks: (2 * features + 16) / 16 is odd for every multiple of 32.
//
//===----------------------------------------------------------------------===//

#include "LowerTiles.h"

using namespace mlir;
using namespace mlir::attn;
using namespace mlir::attn::cuda;

/// Bytes of one asynchronous copy, and of a row of an 8 x 8 matrix.
static constexpr int64_t kChunk = 16;

Values cuda::lower(WarpEmitter &e, tile::CopyOp op) {
  int64_t rows = op.getRows(), rowsPerPass = op.getThreads() / 4;
  int64_t chunks = 2 * op.getFeatures() / kChunk, stride = tile::paddedRowBytes(op.getFeatures());
  // Four neighbours copy 64 bytes of a row at a time.
  Value thread = op.getThread(), chunk = e.both(thread, e.integer32(3));
  Value row = e.shr(thread, e.integer32(2));
  Value column = e.mul(chunk, kChunk);
  Value to = e.at(op.getTo(), e.add(e.mul(row, stride), column));
  for (int64_t pass = 0; pass < rows / rowsPerPass; ++pass) {
    Value index = e.add(row, pass * rowsPerPass);
    Value exists = e.lt(index, op.getExist());
    // A row that does not exist takes no bytes, of an address that does.
    Value place = e.select(exists, index, e.integer32(0));
    Value bytes = e.select(exists, e.integer32(kChunk), e.integer32(0));
    Value offset = e.add(e.mul(e.extend64(place), op.getRowBytes()), e.extend64(column));
    Value from = e.at(op.getFrom(), offset);
    for (int64_t c = 0; c < chunks; c += 4)
      NVVM::CpAsyncOp::create(
          e, e.at(to, e.integer32(pass * rowsPerPass * stride + c * kChunk)),
          e.at(from, c * kChunk), e.getI32IntegerAttr(kChunk),
          NVVM::LoadCacheModifierKindAttr::get(e.getContext(), NVVM::LoadCacheModifierKind::CG),
          bytes);
  }
  return {};
}

Values cuda::lower(WarpEmitter &e, tile::MmaSSOp op) {
  int64_t stride = tile::paddedRowBytes(op.getFeatures());
  int64_t columns = 2 * cast<VectorType>(op.getResult().getType()).getNumElements();
  Value lane = op.getLane();
  Value low = e.both(lane, e.integer32(7)),
        bit3 = e.both(e.shr(lane, e.integer32(3)), e.integer32(1));
  Value bit4 = e.shr(lane, e.integer32(4));
  // Matrices of `a`: rows 0-7 and 8-15, then the next eight columns.
  Value a =
      e.at(op.getA(), e.add(e.mul(e.both(lane, e.integer32(15)), stride), e.mul(bit4, kChunk)));
  // Matrices of `b`: both halves of the columns for rows 0-7, then for rows 8-15.
  Value b = e.at(op.getB(), e.add(e.mul(e.add(low, e.mul(bit4, 8)), stride), e.mul(bit3, kChunk)));
  Values sums(columns / 2, e.real(0));
  for (int64_t k = 0; k < op.getFeatures(); k += 16) {
    Values left = e.loadMatrices(e.at(a, e.integer32(2 * k)), /*transposed=*/false);
    for (int64_t n = 0; n < columns; n += 16) {
      Values right = e.loadMatrices(e.at(b, e.integer32(n * stride + 2 * k)), /*transposed=*/false);
      for (int64_t half = 0; half < 2; ++half) {
        int64_t place = (n / 8 + half) * 4;
        Values sum = e.mma(left, ArrayRef(right).slice(2 * half, 2), ArrayRef(sums).slice(place, 4),
                           op.getElement());
        llvm::copy(sum, sums.begin() + place);
      }
    }
  }
  return {e.vectorOf(sums)};
}

Values cuda::lower(WarpEmitter &e, tile::MmaRSOp op) {
  Values a = e.elements(op.getA()), sums = e.elements(op.getInit());
  int64_t depth = 4 * a.size(), features = 2 * sums.size();
  int64_t stride = tile::paddedRowBytes(features);
  Value lane = op.getLane();
  Value low = e.both(lane, e.integer32(7)),
        bit3 = e.both(e.shr(lane, e.integer32(3)), e.integer32(1));
  Value bit4 = e.shr(lane, e.integer32(4));
  Value b = e.at(op.getB(), e.add(e.mul(e.add(low, e.mul(bit3, 8)), stride), e.mul(bit4, kChunk)));
  for (int64_t k = 0; k < depth; k += 16)
    for (int64_t n = 0; n < features; n += 16) {
      Values right = e.loadMatrices(e.at(b, e.integer32(k * stride + 2 * n)), /*transposed=*/true);
      for (int64_t half = 0; half < 2; ++half) {
        int64_t place = (n / 8 + half) * 4;
        Values sum = e.mma(ArrayRef(a).slice(k / 4, 4), ArrayRef(right).slice(2 * half, 2),
                           ArrayRef(sums).slice(place, 4), op.getElement());
        llvm::copy(sum, sums.begin() + place);
      }
    }
  return {e.vectorOf(sums)};
}
