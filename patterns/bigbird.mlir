//===- BigBird without random blocks -----------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Blocks of 64: a query sees its own block and the two beside it, and the first and the last block
// are global, as rows and as columns. The block size is a constant of the kernel. The paper adds a
// few random blocks to each row.
//
// FORMULA: abs(q // 64 - k // 64) <= 1 or 0 <= k < 64 or 0 <= q < 64 or k // 64 == (n - 1) // 64
//     or q // 64 == (n - 1) // 64
// SOURCE: Zaheer et al., BigBird, 2020, arXiv:2007.14062, the internal construction (ITC)
//
// PICTURE: 512 x 512, 180224 pairs, a character is 32 x 32
//   # # # # # # # # # # # # # # # #
//   # # # # # # # # # # # # # # # #
//   # # # # # # . . . . . . . . # #
//   # # # # # # . . . . . . . . # #
//   # # # # # # # # . . . . . . # #
//   # # # # # # # # . . . . . . # #
//   # # . . # # # # # # . . . . # #
//   # # . . # # # # # # . . . . # #
//   # # . . . . # # # # # # . . # #
//   # # . . . . # # # # # # . . # #
//   # # . . . . . . # # # # # # # #
//   # # . . . . . . # # # # # # # #
//   # # . . . . . . . . # # # # # #
//   # # . . . . . . . . # # # # # #
//   # # # # # # # # # # # # # # # #
//   # # # # # # # # # # # # # # # #
//
//===----------------------------------------------------------------------===//

// RUN: attn-opt %s --verify-roundtrip -o /dev/null
// RUN: attn-opt %s --attn-verify=time-limit-ms=20000 -o /dev/null 2>&1 | FileCheck %s
// RUN: attn-compile %s -e shared -o %t && attn-run check %t/bigbird.so
// RUN: %python %source/test/Patterns/check.py %s

// CHECK: visits proved sound
// CHECK: full tiles proved sound
// CHECK: rows proved non-empty

attn.pattern @bigbird {
  %n        = attn.length
  %near     = attn.block 64 before 1 after 1
  %cols     = attn.keys 0 to 64
  %rows     = attn.queries 0 to 64
  %lastcols = attn.where affine_set<(q, k)[n] : (k floordiv 64 - (n - 1) floordiv 64 == 0)>[%n]
  %lastrows = attn.where affine_set<(q, k)[n] : (q floordiv 64 - (n - 1) floordiv 64 == 0)>[%n]
  %m        = attn.union %near, %cols, %rows, %lastcols, %lastrows
  attn.yield %m
}
attn.assert @bigbird rows_nonempty
