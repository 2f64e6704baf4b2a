//===- Dilated window --------------------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A window with gaps: every second key, `w` of them on both sides. `w` counts taps, not positions,
// so the window reaches 2 w positions far. The dilation is a constant of the kernel; edit the
// number for another.
//
// FORMULA: abs(q - k) <= 2 * w and (q - k) % 2 == 0
// ARGUMENTS: w=2
// SOURCE: Beltagy, Peters, Cohan, Longformer, 2020, arXiv:2004.05150, section 3.1
//
// PICTURE: 16 x 16, 68 pairs
//   # . # . # . . . . . . . . . . .
//   . # . # . # . . . . . . . . . .
//   # . # . # . # . . . . . . . . .
//   . # . # . # . # . . . . . . . .
//   # . # . # . # . # . . . . . . .
//   . # . # . # . # . # . . . . . .
//   . . # . # . # . # . # . . . . .
//   . . . # . # . # . # . # . . . .
//   . . . . # . # . # . # . # . . .
//   . . . . . # . # . # . # . # . .
//   . . . . . . # . # . # . # . # .
//   . . . . . . . # . # . # . # . #
//   . . . . . . . . # . # . # . # .
//   . . . . . . . . . # . # . # . #
//   . . . . . . . . . . # . # . # .
//   . . . . . . . . . . . # . # . #
//
//===----------------------------------------------------------------------===//

// RUN: attn-opt %s --verify-roundtrip -o /dev/null
// RUN: attn-opt %s --attn-verify=time-limit-ms=20000 -o /dev/null 2>&1 | FileCheck %s
// RUN: attn-compile %s -e shared -o %t && attn-run check %t/dilated-window.so --arg w=2
// RUN: %python %source/test/Patterns/check.py %s

// CHECK: visits proved sound
// CHECK: full tiles proved sound
// CHECK: rows proved non-empty

attn.pattern @dilated_window(%w: index) {
  %m = attn.window before %w after %w dilation 2
  attn.yield %m
}
attn.assert @dilated_window rows_nonempty
