//===- TileOps.cpp - the dialect attn_tile --------------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attn/CodeGen/GPU/TileOps.h"
#include "mlir/IR/DialectImplementation.h"
#include "mlir/IR/OpImplementation.h"

using namespace mlir;
using namespace mlir::attn::tile;

#include "attn/CodeGen/GPU/TileDialect.cpp.inc"

#define GET_OP_CLASSES
#include "attn/CodeGen/GPU/TileOps.cpp.inc"

void TileDialect::initialize() {
  addOperations<
#define GET_OP_LIST
#include "attn/CodeGen/GPU/TileOps.cpp.inc"
      >();
}

static int64_t elements(Value vector) {
  return cast<VectorType>(vector.getType()).getNumElements();
}

/// A fragment has the elements of whole matrices of eight columns.
static LogicalResult checkFragment(Operation *op, StringRef name, Value fragment) {
  int64_t count = elements(fragment);
  if (count % 4 != 0)
    return op->emitOpError("expected '")
           << name << "' of a multiple of 4 elements, found " << count;
  return success();
}

/// The columns of `packed`, as what a product sums over.
static LogicalResult checkDepth(Operation *op, Value packed) {
  if (elements(packed) % 4 != 0)
    return op->emitOpError("expected 'a' of a multiple of 4 elements, 16 columns, found ")
           << elements(packed);
  return success();
}

static LogicalResult checkFeatures(Operation *op, int64_t features) {
  if (features <= 0 || features % 32 != 0 || features > 256)
    return op->emitOpError("expected 'features' to be a multiple of 32 up to 256, found ")
           << features;
  return success();
}

/// wgmma computes up to 256 columns; ours are whole steps of 16 of what follows.
static LogicalResult checkWidth(Operation *op, Value fragment) {
  int64_t columns = 2 * elements(fragment);
  if (columns % 16 != 0 || columns > 256)
    return op->emitOpError("expected a multiple of 16 columns up to 256, found ") << columns;
  return success();
}

LogicalResult MaskOp::verify() {
  int64_t columns = elements(getScores()) / 2;
  bool isWord = getKeep0().getType().isInteger();
  if (isWord && columns > 32)
    return emitOpError("expected words for at most 32 columns of a lane, found ") << columns;
  if (!isWord && elements(getKeep0()) != columns)
    return emitOpError("expected 'keep0' and 'keep1' of half the elements of 'scores', ")
           << columns << ", found " << elements(getKeep0());
  return checkFragment(*this, "scores", getScores());
}

LogicalResult RowMaxOp::verify() { return checkFragment(*this, "scores", getScores()); }
LogicalResult ExponentialOp::verify() { return checkFragment(*this, "scores", getScores()); }
LogicalResult RowSumOp::verify() { return checkFragment(*this, "weights", getWeights()); }
LogicalResult ScaleRowsOp::verify() { return checkFragment(*this, "fragment", getFragment()); }

LogicalResult PackOp::verify() {
  if (elements(getResult()) * 2 != elements(getFragment()))
    return emitOpError("expected a result of half the elements of 'fragment', ")
           << elements(getFragment()) / 2 << ", found " << elements(getResult());
  return checkFragment(*this, "fragment", getFragment());
}

LogicalResult CopyOp::verify() {
  if (failed(checkFeatures(*this, getFeatures())))
    return failure();
  // Four threads share a row.
  if (getThreads() <= 0 || getRows() <= 0 || getThreads() % 4 != 0 ||
      getRows() % (getThreads() / 4) != 0)
    return emitOpError("expected 'rows' to be a multiple of a quarter of 'threads', found ")
           << getRows() << " and " << getThreads();
  return success();
}

LogicalResult MmaSSOp::verify() {
  if (failed(checkFeatures(*this, getFeatures())))
    return failure();
  return checkWidth(*this, getResult());
}

LogicalResult MmaRSOp::verify() {
  return failed(checkDepth(*this, getA())) ? failure() : checkWidth(*this, getInit());
}

LogicalResult StoreOp::verify() {
  if (elements(getFragment()) * 4 != getFeatures())
    return emitOpError("expected 'fragment' of a quarter of 'features', ")
           << getFeatures() / 4 << " elements, found " << elements(getFragment());
  return checkFeatures(*this, getFeatures());
}

LogicalResult WgmmaSSOp::verify() {
  if (failed(checkFeatures(*this, getFeatures())))
    return failure();
  if (2 * elements(getResult()) != getBRows())
    return emitOpError("expected as many columns as 'b' has rows, ")
           << getBRows() << ", found " << 2 * elements(getResult());
  return checkWidth(*this, getResult());
}

LogicalResult WgmmaRSOp::verify() {
  return failed(checkDepth(*this, getA())) ? failure() : checkWidth(*this, getInit());
}
