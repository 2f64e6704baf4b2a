//===- BackEnds.h - LLVM's code generators by triple ---------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_TARGET_BACKENDS_H
#define ATTN_LIB_TARGET_BACKENDS_H

#include "llvm/ADT/StringRef.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/TargetRegistry.h"
#include <memory>

namespace mlir::attn {

/// The triple of LLVM's PTX back end.
constexpr llvm::StringRef kPTXTriple = "nvptx64-nvidia-cuda";

/// LLVM's back end for a triple; null if this LLVM has none.
const llvm::Target *findBackEnd(llvm::StringRef triple);

/// What that back end knows of a processor; null if there is no back end.
std::unique_ptr<llvm::MCSubtargetInfo> createSubtarget(llvm::StringRef triple, llvm::StringRef cpu,
                                                       llvm::StringRef features);

} // namespace mlir::attn

#endif // ATTN_LIB_TARGET_BACKENDS_H
