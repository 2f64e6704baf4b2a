//===- Symmetric window ------------------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A query sees the keys at a distance of at most `w` on both sides, 2 w + 1 keys in all: the local
// layers of encoders. A model whose window W counts both sides together has w = W / 2.
//
// FORMULA: abs(q - k) <= w
// ARGUMENTS: w=2
// SOURCE: Warner et al., ModernBERT, 2024, arXiv:2412.13663
//
// PICTURE: 16 x 16, 74 pairs
//   # # # . . . . . . . . . . . . .
//   # # # # . . . . . . . . . . . .
//   # # # # # . . . . . . . . . . .
//   . # # # # # . . . . . . . . . .
//   . . # # # # # . . . . . . . . .
//   . . . # # # # # . . . . . . . .
//   . . . . # # # # # . . . . . . .
//   . . . . . # # # # # . . . . . .
//   . . . . . . # # # # # . . . . .
//   . . . . . . . # # # # # . . . .
//   . . . . . . . . # # # # # . . .
//   . . . . . . . . . # # # # # . .
//   . . . . . . . . . . # # # # # .
//   . . . . . . . . . . . # # # # #
//   . . . . . . . . . . . . # # # #
//   . . . . . . . . . . . . . # # #
//
//===----------------------------------------------------------------------===//

// RUN: attn-opt %s --verify-roundtrip -o /dev/null
// RUN: attn-opt %s --attn-verify=time-limit-ms=20000 -o /dev/null 2>&1 | FileCheck %s
// RUN: attn-compile %s -e shared -o %t && attn-run check %t/symmetric-window.so --arg w=2
// RUN: %python %source/test/Patterns/check.py %s

// CHECK: visits proved sound
// CHECK: full tiles proved sound
// CHECK: rows proved non-empty

attn.pattern @symmetric_window(%w: index) {
  %m = attn.window before %w after %w
  attn.yield %m
}
attn.assert @symmetric_window rows_nonempty
