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
  /// A runner on up to `threads` threads, where 0 is all that this process may use; for a kernel of
  /// a GPU, on the device of the driver that attn_driver_open finds under the name.
  static llvm::Expected<std::unique_ptr<Runner>> make(const OpenArtifact &artifact, int threads,
                                                      const std::string &driver);
  virtual ~Runner() = default;

  /// Takes a problem's tensors, outputs too, to where the kernel runs. The problem lives until the
  /// next one.
  virtual llvm::Error load(Problem &problem) = 0;
  /// Calls the kernel `calls` times and waits until all are done.
  virtual llvm::Error run(int64_t calls) = 0;
  /// Brings the outputs back.
  virtual llvm::Error store() = 0;

  /// The least time in seconds of calls that are measured together: beside it, that of starting
  /// and of waiting is nothing.
  virtual double batchSeconds() const { return 0; }
  /// Whether times are those of the emulator.
  virtual bool isEmulated() const { return false; }
};

} // namespace mlir::attn

#endif // ATTN_RUN_RUNNER_H
