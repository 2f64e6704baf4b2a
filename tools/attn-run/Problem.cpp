//===- Problem.cpp - tensors to call a kernel with -----------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Problem.h"
#include "Dtype.h"
#include "attn/Reference/Reference.h"

#include <cmath>
#include <limits>
#include <random>

using namespace mlir;
using namespace mlir::attn;

std::optional<ProblemSizes> mlir::attn::parseSizes(llvm::StringRef text) {
  const auto [rows, columns] = text.split('x');
  ProblemSizes sizes;
  const auto parse = [](llvm::StringRef number, int64_t &result) {
    return !number.getAsInteger(10, result) && result >= 0 && result <= (int64_t(1) << 30);
  };
  if (!parse(rows, sizes.queryLength) ||
      !parse(text.contains('x') ? columns : rows, sizes.keyLength))
    return std::nullopt;
  return sizes;
}

double mlir::attn::bytesOf(const ProblemSizes &sizes, int64_t features) {
  const double queries = double(sizes.batch) * sizes.queryHeads * sizes.queryLength;
  const double keys = double(sizes.batch) * sizes.keyHeads * sizes.keyLength;
  const double inputs = (queries + 2 * keys) * features, outputs = queries * (features + 1);
  return sizeof(float) * 2 * (inputs + outputs) + sizeof(double) * outputs;
}

/// A view of [batch, heads, rows, features] without gaps.
static AttnTensor makeTensor(std::vector<float> &data, int64_t batch, int64_t heads, int64_t rows,
                             int64_t features) {
  data.resize(batch * heads * rows * features);
  return {data.data(), {heads * rows * features, rows * features, features}};
}

Problem::Problem(const OpenArtifact &artifact, const ProblemSizes &sizes,
                 llvm::ArrayRef<int64_t> arguments)
    : sizes(sizes), arguments(arguments) {
  const int64_t features = artifact.headDim;
  args.struct_size = sizeof(AttnArgs);
  args.batch = sizes.batch;
  args.query_heads = sizes.queryHeads;
  args.key_heads = sizes.keyHeads;
  args.query_length = sizes.queryLength;
  args.key_length = sizes.keyLength;
  args.features = features;
  args.query = makeTensor(query, sizes.batch, sizes.queryHeads, sizes.queryLength, features);
  args.key = makeTensor(key, sizes.batch, sizes.keyHeads, sizes.keyLength, features);
  args.value = makeTensor(value, sizes.batch, sizes.keyHeads, sizes.keyLength, features);
  args.output = makeTensor(output, sizes.batch, sizes.queryHeads, sizes.queryLength, features);
  args.lse = makeTensor(lse, sizes.batch, sizes.queryHeads, sizes.queryLength, 1);
  args.offset = attn_default_offset(sizes.queryLength, sizes.keyLength, 0);
  args.length = sizes.keyLength;
  args.arguments = this->arguments.data();
  args.argument_count = this->arguments.size();
  args.scale = float(1 / std::sqrt(double(features)));

  std::mt19937 generator(1); // the same inputs for every run
  std::normal_distribution<float> normal;
  for (std::vector<float> *tensor : {&query, &key, &value})
    for (float &element : *tensor)
      element = roundTo(artifact.dtype, normal(generator));
  poison();
}

void Problem::poison() {
  std::fill(output.begin(), output.end(), std::numeric_limits<float>::quiet_NaN());
  std::fill(lse.begin(), lse.end(), std::numeric_limits<float>::quiet_NaN());
}

int64_t mlir::attn::countVisible(const OpenArtifact &artifact, const Problem &problem) {
  const AttnArgs &args = problem.args;
  if (!artifact.pattern)
    return args.query_length * args.key_length;
  int64_t pairs = 0;
  for (int64_t row = 0; row < args.query_length; ++row) {
    const std::vector<bool> seen =
        reference::seenKeys(artifact.pattern, problem.arguments, args.length, args.offset + row,
                            args.key_offset, args.key_offset + args.key_length);
    pairs += std::count(seen.begin(), seen.end(), true);
  }
  return pairs;
}

/// The largest difference; infinite where one is finite and the other not.
static double largestDifference(llvm::ArrayRef<float> found, llvm::ArrayRef<double> expected) {
  double largest = 0;
  for (auto [x, y] : llvm::zip_equal(found, expected)) {
    if (double(x) == y) // the infinities of rows without keys, too
      continue;
    const double difference = std::abs(double(x) - y);
    largest = std::isfinite(difference) ? std::max(largest, difference)
                                        : std::numeric_limits<double>::infinity();
  }
  return largest;
}

/// Sums of f32 grow in error with the keys. A type of 16 bits is far coarser: what counts there is
/// that weights and output are rounded to it, each by half an ulp; 2 ulp is what the kernels' tests
/// allow at least (test/Execution/tolerance.py).
static double allowedShare(AttnDtype dtype, int64_t keys) {
  if (dtype == ATTN_DTYPE_F32)
    return 4e-6 * std::sqrt(double(std::max<int64_t>(keys, 1)));
  return 2 * ulpOf(dtype);
}

Deviation mlir::attn::compareWithOracle(const OpenArtifact &artifact, const Problem &problem) {
  const AttnArgs &args = problem.args;
  const reference::Result expected = reference::attend(artifact.pattern, reference::makeCall(args));

  double largest = 0;
  for (double element : expected.output)
    largest = std::max(largest, std::abs(element));
  Deviation deviation;
  deviation.output =
      largestDifference(problem.output, expected.output) / (largest > 0 ? largest : 1);
  deviation.lse = largestDifference(problem.lse, expected.lse);
  // Rows that see no key are 0 exactly.
  if (largest > 0)
    deviation.allowed = allowedShare(artifact.dtype, args.key_length);
  return deviation;
}
