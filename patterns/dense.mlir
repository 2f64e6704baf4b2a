//===- Dense -----------------------------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Every query sees every key. It is what `attn.attention` without a mask computes; as a pattern it
// is the baseline that the others are measured beside.
//
// FORMULA: True
// SOURCE: Vaswani et al., Attention Is All You Need, 2017, arXiv:1706.03762
//
// PICTURE: 8 x 8, 64 pairs
//   # # # # # # # #
//   # # # # # # # #
//   # # # # # # # #
//   # # # # # # # #
//   # # # # # # # #
//   # # # # # # # #
//   # # # # # # # #
//   # # # # # # # #
//
//===----------------------------------------------------------------------===//

// RUN: attn-opt %s --verify-roundtrip -o /dev/null
// RUN: attn-opt %s --attn-verify=time-limit-ms=20000 -o /dev/null 2>&1 | FileCheck %s
// RUN: attn-compile %s -e shared -o %t && attn-run check %t/dense.so
// RUN: %python %source/test/Patterns/check.py %s

// CHECK: visits proved sound
// CHECK: full tiles proved sound
// CHECK: rows proved non-empty

attn.pattern @dense {
  %m = attn.all
  attn.yield %m
}
attn.assert @dense rows_nonempty
