//===- Reference.h - the oracle: dense attention over the predicate ---*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the compiler's results are compared with. A pattern is read as its definition says, one pair
// (q, k) after the other, and attention is the dense formula in f64 over the pairs that are
// visible:
//
//            k 0 1 2 3          q = 2 sees k = 1 and 2, so with s[k] = scale * (query[2] . key[k])
//       q 0    # . . .
//         1    # # . .          lse[2]    = log(exp(s[1]) + exp(s[2]))
//         2    . # # .          output[2] = exp(s[1] - lse[2]) * value[1]
//         3    . . # #                    + exp(s[2] - lse[2]) * value[2]
//
// There are no bands, no tiles and no running maximum here: an oracle that shared the optimiser's
// logic would share its mistakes. It uses the dialect and nothing else of this project; a call of a
// kernel becomes one of the oracle by the structure that Kernel.h passes to kernels.
//
// Non-finite numbers: what a row does not see is never read. A visible NaN or infinity enters the
// formula as IEEE arithmetic has it. A row that sees no key gives output 0 and lse -inf.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_REFERENCE_REFERENCE_H
#define ATTN_REFERENCE_REFERENCE_H

#include "attn/IR/AttnOps.h"
#include "attn/Runtime/Kernel.h"

#include <vector>

namespace mlir::attn::reference {

/// Whether position `q` sees position `k`. `arguments` are the pattern's, in order, and `length` is
/// the end of the key positions.
bool sees(PatternOp pattern, ArrayRef<int64_t> arguments, int64_t length, int64_t q, int64_t k);

/// The same for every key position in [keyBegin, keyEnd): element i is `sees(..., q, keyBegin +
/// i)`.
std::vector<bool> seenKeys(PatternOp pattern, ArrayRef<int64_t> arguments, int64_t length,
                           int64_t q, int64_t keyBegin, int64_t keyEnd);

/// A tensor [batch, heads, rows, features] of f32 with strides in elements, of any sign.
struct Tensor {
  const float *data = nullptr;
  int64_t batchStride = 0, headStride = 0, rowStride = 0, featureStride = 1;

  float at(int64_t batch, int64_t head, int64_t row, int64_t feature) const {
    return data[batch * batchStride + head * headStride + row * rowStride +
                feature * featureStride];
  }
};

/// The operands of `attn.attention`, without defaults: every number is given.
struct Call {
  int64_t batch = 1, queryHeads = 1, keyHeads = 1, queryLength = 0, keyLength = 0, features = 0;
  Tensor query, key, value;
  double scale = 1.0;
  int64_t offset = 0, keyOffset = 0, length = 0;
  SmallVector<int64_t> arguments;
};

/// A kernel's call on tensors of f32. Its arguments are copied, its tensors are not.
Call makeCall(const AttnArgs &args);

/// What attention gives, contiguous: output [batch, queryHeads, queryLength, features] and lse
/// [batch, queryHeads, queryLength].
struct Result {
  std::vector<double> output, lse;
};

/// Attention over `pattern`, or over all pairs where it is null. Inputs are exact f32 values, all
/// arithmetic is f64. Time is proportional to queryLength * keyLength.
Result attend(PatternOp pattern, const Call &call);

} // namespace mlir::attn::reference

#endif // ATTN_REFERENCE_REFERENCE_H
