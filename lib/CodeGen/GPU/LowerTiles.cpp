//===- LowerTiles.cpp - from tile ops to llvm and nvvm -------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LowerTiles.h"
#include "attn/CodeGen/GPU/Passes.h"
#include "llvm/ADT/TypeSwitch.h"

namespace mlir::attn {
#define GEN_PASS_DEF_ATTNLOWERTILESPASS
#include "attn/CodeGen/GPU/Passes.h.inc"
} // namespace mlir::attn

using namespace mlir;
using namespace mlir::attn;
using namespace mlir::attn::cuda;

namespace {

class LowerTiles : public attn::impl::AttnLowerTilesPassBase<LowerTiles> {
public:
  using AttnLowerTilesPassBase::AttnLowerTilesPassBase;

  void runOnOperation() override {
    SmallVector<Operation *> ops;
    getOperation()->walk([&](Operation *op) {
      if (isa<tile::TileDialect>(op->getDialect()))
        ops.push_back(op);
    });
    for (Operation *op : ops) {
      WarpEmitter e(op->getLoc(), &getContext());
      e.setInsertionPoint(op);
      Values lowered =
          TypeSwitch<Operation *, Values>(op)
              .Case<tile::MaskOp, tile::RowMaxOp, tile::ExponentialOp, tile::RowSumOp,
                    tile::CombineOp, tile::ScaleRowsOp, tile::PackOp, tile::CopyOp, tile::MmaSSOp,
                    tile::MmaRSOp, tile::LoadOp, tile::StoreOp, tile::StoreWaitOp, tile::WaitOp,
                    tile::WgmmaSSOp, tile::WgmmaRSOp, tile::WgmmaFenceOp, tile::WgmmaWaitOp>(
                  [&](auto tileOp) { return lower(e, tileOp); });
      op->replaceAllUsesWith(lowered);
      op->erase();
    }
  }
};

} // namespace
