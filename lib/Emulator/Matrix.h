//===- Matrix.h - products of small matrices --------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_EMULATOR_MATRIX_H
#define ATTN_LIB_EMULATOR_MATRIX_H

#include "Numeric.h"
#include "attn/Emulator/Program.h"

namespace attn::ptx {

/// sums[i][j] += left[i][k] * right[k][j], with k in ascending order: the result has the same bits
/// on every host. Rows and columns are multiples of 8.
void multiplyAdd(const float *left, const float *right, float *sums, unsigned rows, unsigned depth,
                 unsigned columns);

/// The value of a half in one of the two formats.
inline float fromHalf(Type type, uint64_t bits) {
  return type == Type::BF16 ? fromBF16(bits) : fromF16(bits & 0xffff);
}

/// Widens `count` halves.
void widen(Type type, const uint8_t *halves, float *floats, unsigned count);

} // namespace attn::ptx

#endif // ATTN_LIB_EMULATOR_MATRIX_H
