//===- Target.h - what the GPU kernels know of an architecture -----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Everything that differs between architectures by number is in this table; the rest of
// lib/CodeGen/GPU reads it.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_CODEGEN_GPU_TARGET_H
#define ATTN_CODEGEN_GPU_TARGET_H

#include "llvm/ADT/StringRef.h"
#include <cstdint>
#include <optional>

namespace mlir::attn::cuda {

/// How a kernel of some head dim is cut into tiles.
struct TileShape {
  /// Rows of query of a work item, rows of key and value of a step.
  int64_t queries, keys;
  /// Steps whose keys and values are in shared memory at once.
  int64_t stages;
};

/// A GPU architecture.
struct Target {
  /// LLVM's names, and ptxas's: "sm_80", "+ptx80".
  llvm::StringRef chip, features;
  /// 10 * major + minor of the devices that run it, and whether later ones do not.
  int32_t computeCapability;
  bool isExact;
  /// Whether there are TMA and wgmma; else there are cp.async and mma.sync.
  bool isHopper;
  /// Dynamic shared memory that a CTA may have, in bytes.
  int64_t sharedLimit;

  /// The tiles for a head dim; nothing where no kernel is built for it.
  std::optional<TileShape> tileShape(int64_t features) const;
};

/// The target "sm_80" or "sm_90a"; nothing for other names.
std::optional<Target> lookupTarget(llvm::StringRef chip);

/// The names that `lookupTarget` knows, and the head dims of `tileShape`, for messages.
llvm::StringRef getTargetNames();
llvm::StringRef getHeadDims();

} // namespace mlir::attn::cuda

#endif // ATTN_CODEGEN_GPU_TARGET_H
