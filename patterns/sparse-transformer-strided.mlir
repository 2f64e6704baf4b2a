//===- Sparse Transformer, strided -------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The last 64 keys, and every 64th key before them: two steps lead from any position to any earlier
// one. The stride is a constant of the kernel. The paper alternates the two parts over heads or
// layers; this is their union, its merged form.
//
// FORMULA: k <= q and (q - k < 64 or (q - k) % 64 == 0)
// SOURCE: Child, Gray, Radford, Sutskever, Sparse Transformers, 2019, arXiv:1904.10509, section 4.2
//
// PICTURE: 256 x 256, 14752 pairs, a character is 16 x 16
//   / . . . . . . . . . . . . . . .
//   # / . . . . . . . . . . . . . .
//   # # / . . . . . . . . . . . . .
//   # # # / . . . . . . . . . . . .
//   / # # # / . . . . . . . . . . .
//   . / # # # / . . . . . . . . . .
//   . . / # # # / . . . . . . . . .
//   . . . / # # # / . . . . . . . .
//   / . . . / # # # / . . . . . . .
//   . / . . . / # # # / . . . . . .
//   . . / . . . / # # # / . . . . .
//   . . . / . . . / # # # / . . . .
//   / . . . / . . . / # # # / . . .
//   . / . . . / . . . / # # # / . .
//   . . / . . . / . . . / # # # / .
//   . . . / . . . / . . . / # # # /
//
//===----------------------------------------------------------------------===//

// RUN: attn-opt %s --verify-roundtrip -o /dev/null
// RUN: attn-opt %s --attn-verify=time-limit-ms=20000 -o /dev/null 2>&1 | FileCheck %s
// RUN: attn-compile %s -e shared -o %t && attn-run check %t/sparse-transformer-strided.so
// RUN: %python %source/test/Patterns/check.py %s

// CHECK: visits proved sound
// CHECK: full tiles proved sound
// CHECK: rows proved non-empty

attn.pattern @sparse_transformer_strided {
  %past   = attn.causal
  %near   = attn.window before 63 after 0
  %stride = attn.where affine_set<(q, k) : ((q - k) mod 64 == 0)>
  %far    = attn.intersect %past, %stride
  %m      = attn.union %near, %far
  attn.yield %m
}
attn.assert @sparse_transformer_strided causal
attn.assert @sparse_transformer_strided rows_nonempty
