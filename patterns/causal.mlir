//===- Causal ----------------------------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A query sees the keys up to its own position. Positions, not rows: by default the last query is
// at the position of the last key, so the same pattern, and the same kernel, is prefill (as many
// queries as keys), decoding (one query), and chunked prefill (a few).
//
// FORMULA: k <= q
// SOURCE: Vaswani et al., Attention Is All You Need, 2017, arXiv:1706.03762, section 3.2.3
//
// PICTURE: 8 x 8, 36 pairs
//   # . . . . . . .
//   # # . . . . . .
//   # # # . . . . .
//   # # # # . . . .
//   # # # # # . . .
//   # # # # # # . .
//   # # # # # # # .
//   # # # # # # # #
//
// PICTURE: 3 x 8, 21 pairs
//   # # # # # # . .
//   # # # # # # # .
//   # # # # # # # #
//
// PICTURE: 1 x 8, 8 pairs
//   # # # # # # # #
//
//===----------------------------------------------------------------------===//

// RUN: attn-opt %s --verify-roundtrip -o /dev/null
// RUN: attn-opt %s --attn-verify=time-limit-ms=20000 -o /dev/null 2>&1 | FileCheck %s
// RUN: attn-compile %s -e shared -o %t && attn-run check %t/causal.so
// RUN: %python %source/test/Patterns/check.py %s

// CHECK: visits proved sound
// CHECK: full tiles proved sound
// CHECK: rows proved non-empty

attn.pattern @causal {
  %m = attn.causal
  attn.yield %m
}
attn.assert @causal causal
attn.assert @causal rows_nonempty
