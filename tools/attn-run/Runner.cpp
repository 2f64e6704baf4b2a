//===- Runner.cpp - calls an artifact's kernel ---------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Runner.h"

using namespace mlir;
using namespace mlir::attn;

namespace {

/// Threads of this process; tensors stay where they are.
class HostRunner : public Runner {
public:
  HostRunner(const AttnKernel *kernel, int threads) : kernel(kernel), threads(threads) {}

  llvm::Error load(Problem &problem) override {
    args = &problem.args;
    return llvm::Error::success();
  }
  llvm::Error run() override {
    if (attn_run(kernel, args, threads) != ATTN_OK)
      return llvm::createStringError(attn_last_error());
    return llvm::Error::success();
  }

private:
  const AttnKernel *kernel;
  int threads;
  const AttnArgs *args = nullptr;
};

} // namespace

std::unique_ptr<Runner> Runner::make(const OpenArtifact &artifact, int threads) {
  return std::make_unique<HostRunner>(artifact.kernel, threads);
}
