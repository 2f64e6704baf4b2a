//===- Runner.h - calls an artifact's kernel -----------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_RUN_RUNNER_H
#define ATTN_RUN_RUNNER_H

#include "Problem.h"

namespace mlir::attn {

/// Calls a kernel on one problem after the other.
class Runner {
public:
  /// A runner on up to `threads` threads; 0 is all that this process may use.
  static std::unique_ptr<Runner> make(const OpenArtifact &artifact, int threads);
  virtual ~Runner() = default;

  /// Takes a problem's tensors to where the kernel runs. The problem lives until the next one.
  virtual llvm::Error load(Problem &problem) = 0;
  /// Calls the kernel and waits until it is done.
  virtual llvm::Error run() = 0;
};

} // namespace mlir::attn

#endif // ATTN_RUN_RUNNER_H
