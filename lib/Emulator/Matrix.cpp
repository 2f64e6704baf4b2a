//===- Matrix.cpp - products of small matrices ------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Most of the time of a kernel in the emulator would go here, so these loops are compiled for the
// vectors that the host has. Products and sums are rounded apart (-ffp-contract=off), whatever the
// host could fuse.
//
//===----------------------------------------------------------------------===//

#include "Matrix.h"

#include <cstring>

#if defined(__x86_64__) && defined(__ELF__)
#define ATTN_VECTOR_CLONES __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define ATTN_VECTOR_CLONES
#endif

namespace attn::ptx {

ATTN_VECTOR_CLONES
void multiplyAdd(const float *__restrict left, const float *__restrict right,
                 float *__restrict sums, unsigned rows, unsigned depth, unsigned columns) {
  // 8 x 8 sums stay in registers over k: enough of them to hide the latency of an addition.
  constexpr unsigned kBlock = 8;
  for (unsigned j = 0; j < columns; j += kBlock)
    for (unsigned i = 0; i < rows; i += kBlock) {
      float block[kBlock][kBlock];
      for (unsigned r = 0; r < kBlock; ++r)
        memcpy(block[r], sums + (i + r) * columns + j, sizeof block[r]);
      for (unsigned k = 0; k < depth; ++k)
        for (unsigned r = 0; r < kBlock; ++r)
          for (unsigned c = 0; c < kBlock; ++c)
            block[r][c] += left[(i + r) * depth + k] * right[k * columns + j + c];
      for (unsigned r = 0; r < kBlock; ++r)
        memcpy(sums + (i + r) * columns + j, block[r], sizeof block[r]);
    }
}

ATTN_VECTOR_CLONES
void widen(Type type, const uint8_t *halves, float *floats, unsigned count) {
  for (unsigned i = 0; i < count; ++i) {
    uint16_t bits;
    memcpy(&bits, halves + 2 * i, 2);
    floats[i] = fromHalf(type, bits);
  }
}

} // namespace attn::ptx
