//===- OpenArtifact.h - an artifact, its kernel and its pattern --------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_RUN_OPENARTIFACT_H
#define ATTN_RUN_OPENARTIFACT_H

#include "attn/IR/AttnOps.h"
#include "attn/Runtime/Device.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/OwningOpRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/JSON.h"

#include <memory>
#include <string>
#include <vector>

namespace mlir::attn {

/// What the assembler said of a kernel: see the manifest.
struct PtxasNumbers {
  std::string version;
  int64_t registers = 0, stackBytes = 0;
};

/// A kernel of an artifact, with what its manifest says of it. Kernels of processors are in a
/// shared library, manifest included. Those of a GPU are files beside their manifest.
class OpenArtifact {
public:
  /// Opens kernel `name`, or the only one, of a shared library or, where `path` ends in .json, of a
  /// GPU's manifest.
  static llvm::Expected<std::unique_ptr<OpenArtifact>> open(const std::string &path,
                                                            const std::string &name);
  ~OpenArtifact();

  std::string path;
  /// Null for a GPU.
  const AttnKernel *kernel = nullptr;
  /// For a GPU: how to launch the kernel, and the file of its PTX or else of its machine code, ""
  /// if there is neither.
  std::optional<AttnDeviceInfo> launch;
  std::string image;
  /// If ptxas was asked.
  std::optional<PtxasNumbers> ptxas;

  /// The manifest's text.
  std::string manifest;
  std::string symbol, patternName, target, cpu, compiler, dtypeName;
  AttnDtype dtype = ATTN_DTYPE_F32;
  int64_t headDim = 0;
  std::vector<std::string> arguments;
  /// Parsed again from the manifest; null where every query sees every key.
  PatternOp pattern;

private:
  llvm::Error openLibrary(const std::string &name);
  llvm::Error openManifest(StringRef name);
  llvm::Error readManifest(const llvm::json::Object &json, const llvm::json::Object *entry);
  llvm::Error readLaunch(const llvm::json::Object &entry);
  llvm::Error broken(const llvm::Twine &message) const;

  MLIRContext context{MLIRContext::Threading::DISABLED};
  OwningOpRef<ModuleOp> module;
};

} // namespace mlir::attn

#endif // ATTN_RUN_OPENARTIFACT_H
