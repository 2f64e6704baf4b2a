//===- Sparse Transformer, fixed ---------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Causal over the query's own block of 64, and over the last 8 columns of every block, which
// summarise it. Block and column count are constants of the kernel.
//
// FORMULA: k <= q and (q // 64 == k // 64 or k % 64 >= 56)
// SOURCE: Child, Gray, Radford, Sutskever, Sparse Transformers, 2019, arXiv:1904.10509, section 4.2
//
// PICTURE: 128 x 128, 4672 pairs, a character is 8 x 8
//   / . . . . . . . . . . . . . . .
//   # / . . . . . . . . . . . . . .
//   # # / . . . . . . . . . . . . .
//   # # # / . . . . . . . . . . . .
//   # # # # / . . . . . . . . . . .
//   # # # # # / . . . . . . . . . .
//   # # # # # # / . . . . . . . . .
//   # # # # # # # / . . . . . . . .
//   . . . . . . . # / . . . . . . .
//   . . . . . . . # # / . . . . . .
//   . . . . . . . # # # / . . . . .
//   . . . . . . . # # # # / . . . .
//   . . . . . . . # # # # # / . . .
//   . . . . . . . # # # # # # / . .
//   . . . . . . . # # # # # # # / .
//   . . . . . . . # # # # # # # # /
//
//===----------------------------------------------------------------------===//

// RUN: attn-opt %s --verify-roundtrip -o /dev/null
// RUN: attn-opt %s --attn-verify=time-limit-ms=20000 -o /dev/null 2>&1 | FileCheck %s
// RUN: attn-compile %s -e shared -o %t && attn-run check %t/sparse-transformer-fixed.so
// RUN: %python %source/test/Patterns/check.py %s

// CHECK: visits proved sound
// CHECK: full tiles proved sound
// CHECK: rows proved non-empty

attn.pattern @sparse_transformer_fixed {
  %past    = attn.causal
  %own     = attn.block 64
  %summary = attn.where affine_set<(q, k) : (k mod 64 - 56 >= 0)>
  %any     = attn.union %own, %summary
  %m       = attn.intersect %past, %any
  attn.yield %m
}
attn.assert @sparse_transformer_fixed causal
attn.assert @sparse_transformer_fixed rows_nonempty
