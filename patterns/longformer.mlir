//===- Longformer ------------------------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A window of `w` keys on both sides, and `g` global tokens at the start, which see everything and
// are seen by everything. The paper gives the global rows projections of their own: that is two
// attention ops, not a mask.
//
// FORMULA: abs(q - k) <= w or 0 <= k < g or 0 <= q < g
// ARGUMENTS: w=2 g=2
// SOURCE: Beltagy, Peters, Cohan, Longformer, 2020, arXiv:2004.05150
//
// PICTURE: 16 x 16, 124 pairs
//   # # # # # # # # # # # # # # # #
//   # # # # # # # # # # # # # # # #
//   # # # # # . . . . . . . . . . .
//   # # # # # # . . . . . . . . . .
//   # # # # # # # . . . . . . . . .
//   # # . # # # # # . . . . . . . .
//   # # . . # # # # # . . . . . . .
//   # # . . . # # # # # . . . . . .
//   # # . . . . # # # # # . . . . .
//   # # . . . . . # # # # # . . . .
//   # # . . . . . . # # # # # . . .
//   # # . . . . . . . # # # # # . .
//   # # . . . . . . . . # # # # # .
//   # # . . . . . . . . . # # # # #
//   # # . . . . . . . . . . # # # #
//   # # . . . . . . . . . . . # # #
//
//===----------------------------------------------------------------------===//

// RUN: attn-opt %s --verify-roundtrip -o /dev/null
// RUN: attn-opt %s --attn-verify=time-limit-ms=20000 -o /dev/null 2>&1 | FileCheck %s
// RUN: attn-compile %s -e shared -o %t && attn-run check %t/longformer.so --arg w=2 --arg g=2
// RUN: %python %source/test/Patterns/check.py %s

// CHECK: visits proved sound
// CHECK: full tiles proved sound
// CHECK: rows proved non-empty

attn.pattern @longformer(%w: index, %g: index) {
  %near = attn.window before %w after %w
  %cols = attn.keys 0 to %g
  %rows = attn.queries 0 to %g
  %m    = attn.union %near, %cols, %rows
  attn.yield %m
}
attn.assert @longformer rows_nonempty
