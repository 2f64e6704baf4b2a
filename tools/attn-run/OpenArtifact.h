//===- OpenArtifact.h - an artifact, its kernel and its pattern --------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_RUN_OPENARTIFACT_H
#define ATTN_RUN_OPENARTIFACT_H

#include "attn/IR/AttnOps.h"
#include "attn/Runtime/Runtime.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/OwningOpRef.h"
#include "llvm/Support/Error.h"

#include <memory>
#include <string>
#include <vector>

namespace mlir::attn {

/// A kernel of a shared artifact, with what its manifest says of it.
class OpenArtifact {
public:
  /// Opens kernel `name`, or the only one.
  static llvm::Expected<std::unique_ptr<OpenArtifact>> open(const std::string &path,
                                                            const std::string &name);
  ~OpenArtifact();

  const AttnKernel *kernel = nullptr;
  std::string symbol, patternName, target, compiler;
  int64_t headDim = 0;
  std::vector<std::string> arguments;
  /// Parsed again from the manifest; null where every query sees every key.
  PatternOp pattern;

private:
  llvm::Error readManifest();

  MLIRContext context{MLIRContext::Threading::DISABLED};
  OwningOpRef<ModuleOp> module;
};

} // namespace mlir::attn

#endif // ATTN_RUN_OPENARTIFACT_H
