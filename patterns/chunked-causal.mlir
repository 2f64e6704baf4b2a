//===- Chunked causal --------------------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Causal inside chunks of 128: a query sees the keys up to its own, back to the start of its chunk.
// The chunk size is a constant of the kernel; Llama 4 has 8192.
//
// FORMULA: k <= q and q // 128 == k // 128
// SOURCE: Meta AI, Llama 4, 2025 (`attention_chunk_size`)
//
// PICTURE: 256 x 256, 16512 pairs, a character is 16 x 16
//   / . . . . . . . . . . . . . . .
//   # / . . . . . . . . . . . . . .
//   # # / . . . . . . . . . . . . .
//   # # # / . . . . . . . . . . . .
//   # # # # / . . . . . . . . . . .
//   # # # # # / . . . . . . . . . .
//   # # # # # # / . . . . . . . . .
//   # # # # # # # / . . . . . . . .
//   . . . . . . . . / . . . . . . .
//   . . . . . . . . # / . . . . . .
//   . . . . . . . . # # / . . . . .
//   . . . . . . . . # # # / . . . .
//   . . . . . . . . # # # # / . . .
//   . . . . . . . . # # # # # / . .
//   . . . . . . . . # # # # # # / .
//   . . . . . . . . # # # # # # # /
//
//===----------------------------------------------------------------------===//

// RUN: attn-opt %s --verify-roundtrip -o /dev/null
// RUN: attn-opt %s --attn-verify=time-limit-ms=20000 -o /dev/null 2>&1 | FileCheck %s
// RUN: attn-compile %s -e shared -o %t && attn-run check %t/chunked-causal.so
// RUN: %python %source/test/Patterns/check.py %s

// CHECK: visits proved sound
// CHECK: full tiles proved sound
// CHECK: rows proved non-empty

attn.pattern @chunked_causal {
  %m = attn.chunk 128
  attn.yield %m
}
attn.assert @chunked_causal causal
attn.assert @chunked_causal rows_nonempty
