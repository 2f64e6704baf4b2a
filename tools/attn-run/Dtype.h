//===- Dtype.h - the types of elements that kernels have ------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_RUN_DTYPE_H
#define ATTN_RUN_DTYPE_H

#include "attn/Runtime/Device.h"
#include "mlir/Support/LLVM.h"

#include <optional>
#include <vector>

namespace mlir::attn {

/// From the words of a manifest: f32, f16, bf16.
std::optional<AttnDtype> parseDtype(StringRef name);

/// The size of a number.
size_t bytesOf(AttnDtype dtype);

/// How far the number after 1 is from it.
double ulpOf(AttnDtype dtype);

/// The number of the type that is nearest, of two the even one.
float roundTo(AttnDtype dtype, float number);

/// The bytes of numbers that the type holds exactly.
std::vector<char> encode(AttnDtype dtype, ArrayRef<float> numbers);
/// The reverse; `bytes` are as many as `numbers` take.
void decode(AttnDtype dtype, ArrayRef<char> bytes, MutableArrayRef<float> numbers);

} // namespace mlir::attn

#endif // ATTN_RUN_DTYPE_H
