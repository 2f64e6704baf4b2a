//===- MaskVerifiers.cpp - what the mask ops demand ----------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Checks.h"

using namespace mlir;
using namespace mlir::attn;

LogicalResult WindowOp::verify() {
  return failure(failed(checkNumber(*this, "before", getDynamicBefore(), getStaticBeforeAttr())) ||
                 failed(checkNumber(*this, "after", getDynamicAfter(), getStaticAfterAttr())) ||
                 failed(checkSize(*this, "dilation", getDilation())));
}

template <typename RangeOp>
static LogicalResult verifyRange(RangeOp op) {
  return failure(failed(checkNumber(op, "begin", op.getDynamicBegin(), op.getStaticBeginAttr())) ||
                 failed(checkNumber(op, "end", op.getDynamicEnd(), op.getStaticEndAttr())));
}

LogicalResult KeysOp::verify() { return verifyRange(*this); }

LogicalResult QueriesOp::verify() { return verifyRange(*this); }

LogicalResult BlockOp::verify() {
  return failure(
      failed(checkSize(*this, "size", getSize())) ||
      failed(checkOptionalNumber(*this, "shift", getDynamicShift(), getStaticShiftAttr())) ||
      failed(checkOptionalNumber(*this, "before", getDynamicBefore(), getStaticBeforeAttr())) ||
      failed(checkOptionalNumber(*this, "after", getDynamicAfter(), getStaticAfterAttr())));
}

LogicalResult ChunkOp::verify() { return checkSize(*this, "size", getSize()); }

LogicalResult PrefixOp::verify() {
  return checkNumber(*this, "length", getDynamicLength(), getStaticLengthAttr());
}

static LogicalResult verifyMasks(Operation *op) {
  if (op->getNumOperands() == 0)
    return op->emitOpError("expected at least one mask, found none");
  return success();
}

LogicalResult IntersectOp::verify() { return verifyMasks(*this); }

LogicalResult UnionOp::verify() { return verifyMasks(*this); }
