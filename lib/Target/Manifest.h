//===- Manifest.h - what an artifact says of itself ---------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_TARGET_MANIFEST_H
#define ATTN_LIB_TARGET_MANIFEST_H

#include "attn/Target/Artifact.h"

namespace mlir::attn {

/// The manifest of a whole artifact. `code` is hashed into it: the LLVM IR without manifests, or
/// the PTX.
std::string printManifest(const ArtifactInfo &info, const TargetDescription &target,
                          llvm::StringRef code);

/// The manifest of one kernel: its entry in the artifact's.
std::string printKernelManifest(const KernelInfo &kernel, const TargetDescription &target);

/// Adds what Kernel.h promises of an artifact to its module: the manifests, the list of kernels and
/// the ABI version.
void embedManifest(llvm::Module &module, const ArtifactInfo &info, const TargetDescription &target,
                   llvm::StringRef manifest);

} // namespace mlir::attn

#endif // ATTN_LIB_TARGET_MANIFEST_H
