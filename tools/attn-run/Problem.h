//===- Problem.h - tensors to call a kernel with -------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_RUN_PROBLEM_H
#define ATTN_RUN_PROBLEM_H

#include "OpenArtifact.h"

namespace mlir::attn {

/// Sizes of one call.
struct ProblemSizes {
  int64_t batch = 1, queryHeads = 2, keyHeads = 1, queryLength = 0, keyLength = 0;
};

/// "128" and "100x128" as query and key length.
std::optional<ProblemSizes> parseSizes(llvm::StringRef text);

/// Random inputs, contiguous [batch, heads, rows, features], that the kernel's type holds exactly;
/// outputs full of NaN.
class Problem {
public:
  Problem(const OpenArtifact &artifact, const ProblemSizes &sizes,
          llvm::ArrayRef<int64_t> arguments);

  /// Fills the outputs with NaN: what a kernel forgets to write is seen.
  void poison();

  ProblemSizes sizes;
  AttnArgs args = {};
  std::vector<float> query, key, value, output, lse;
  std::vector<int64_t> arguments;
};

/// About how many bytes a problem of these sizes takes, with the oracle's results in f64 and copies
/// on a device.
double bytesOf(const ProblemSizes &sizes, int64_t features);

/// The number of pairs that the pattern's definition makes visible, in one head.
int64_t countVisible(const OpenArtifact &artifact, const Problem &problem);

/// How far a kernel's result is from the oracle's.
struct Deviation {
  /// Of the output, relative to the largest element of the oracle's; infinite if NaN or -inf
  /// differ.
  double output = 0;
  /// Of the lse, absolute.
  double lse = 0;
  double allowed = 0;

  bool isAllowed() const { return output <= allowed && lse <= 1e-3; }
};

/// Compares the problem's outputs with the oracle.
Deviation compareWithOracle(const OpenArtifact &artifact, const Problem &problem);

} // namespace mlir::attn

#endif // ATTN_RUN_PROBLEM_H
