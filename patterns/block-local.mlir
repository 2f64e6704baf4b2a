//===- Block local -----------------------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The sequence is cut into blocks of 64, and a query sees the keys of its own block. The block size
// is a constant of the kernel; the last block may be short.
//
// FORMULA: q // 64 == k // 64
// SOURCE: Qiu et al., Blockwise Self-Attention, 2019, arXiv:1911.02972
//
// PICTURE: 256 x 256, 16384 pairs, a character is 16 x 16
//   # # # # . . . . . . . . . . . .
//   # # # # . . . . . . . . . . . .
//   # # # # . . . . . . . . . . . .
//   # # # # . . . . . . . . . . . .
//   . . . . # # # # . . . . . . . .
//   . . . . # # # # . . . . . . . .
//   . . . . # # # # . . . . . . . .
//   . . . . # # # # . . . . . . . .
//   . . . . . . . . # # # # . . . .
//   . . . . . . . . # # # # . . . .
//   . . . . . . . . # # # # . . . .
//   . . . . . . . . # # # # . . . .
//   . . . . . . . . . . . . # # # #
//   . . . . . . . . . . . . # # # #
//   . . . . . . . . . . . . # # # #
//   . . . . . . . . . . . . # # # #
//
//===----------------------------------------------------------------------===//

// RUN: attn-opt %s --verify-roundtrip -o /dev/null
// RUN: attn-opt %s --attn-verify=time-limit-ms=20000 -o /dev/null 2>&1 | FileCheck %s
// RUN: attn-compile %s -e shared -o %t && attn-run check %t/block-local.so
// RUN: %python %source/test/Patterns/check.py %s

// CHECK: visits proved sound
// CHECK: full tiles proved sound
// CHECK: rows proved non-empty

attn.pattern @block_local {
  %m = attn.block 64
  attn.yield %m
}
attn.assert @block_local rows_nonempty
