//===- Target.cpp - what the GPU kernels know of an architecture -------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attn/CodeGen/GPU/Target.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir::attn;
using namespace mlir::attn::cuda;

// PTX 8.0, of CUDA 12.0, is the first with what sm_90a needs; a later version would turn away
// drivers that could compile these kernels.
static constexpr Target kTargets[] = {
    {"sm_80", "+ptx80", 80, false, false, 163 * 1024},
    {"sm_90a", "+ptx80", 90, true, true, 227 * 1024},
};

std::optional<Target> cuda::lookupTarget(llvm::StringRef chip) {
  const auto *found = llvm::find_if(kTargets, [&](auto &target) { return target.chip == chip; });
  if (found == std::end(kTargets))
    return std::nullopt;
  return *found;
}

std::optional<TileShape> Target::tileShape(int64_t features) const {
  switch (features) {
  case 64:
  case 96:
  case 128:
    return isHopper ? TileShape{128, 128, 2} : TileShape{128, 64, 1};
  case 192:
    return isHopper ? TileShape{128, 112, 2} : TileShape{128, 64, 1};
  case 256:
    return isHopper ? TileShape{128, 80, 2} : TileShape{128, 64, 1};
  }
  return std::nullopt;
}

llvm::StringRef cuda::getTargetNames() { return "sm_80, sm_90a"; }
llvm::StringRef cuda::getHeadDims() { return "64, 96, 128, 192 or 256"; }
