//===- Sliding window --------------------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A query sees its own key and the `w` keys before it. `w` is a distance: a row sees w + 1 keys. A
// model whose window is given as a number of tokens W, as in Mistral and Hugging Face, has w = W -
// 1.
//
// FORMULA: 0 <= q - k <= w
// ARGUMENTS: w=3
// SOURCE: Jiang et al., Mistral 7B, 2023, arXiv:2310.06825
//
// PICTURE: 16 x 16, 58 pairs
//   # . . . . . . . . . . . . . . .
//   # # . . . . . . . . . . . . . .
//   # # # . . . . . . . . . . . . .
//   # # # # . . . . . . . . . . . .
//   . # # # # . . . . . . . . . . .
//   . . # # # # . . . . . . . . . .
//   . . . # # # # . . . . . . . . .
//   . . . . # # # # . . . . . . . .
//   . . . . . # # # # . . . . . . .
//   . . . . . . # # # # . . . . . .
//   . . . . . . . # # # # . . . . .
//   . . . . . . . . # # # # . . . .
//   . . . . . . . . . # # # # . . .
//   . . . . . . . . . . # # # # . .
//   . . . . . . . . . . . # # # # .
//   . . . . . . . . . . . . # # # #
//
//===----------------------------------------------------------------------===//

// RUN: attn-opt %s --verify-roundtrip -o /dev/null
// RUN: attn-opt %s --attn-verify=time-limit-ms=20000 -o /dev/null 2>&1 | FileCheck %s
// RUN: attn-compile %s -e shared -o %t && attn-run check %t/sliding-window.so --arg w=3
// RUN: %python %source/test/Patterns/check.py %s

// CHECK: visits proved sound
// CHECK: full tiles proved sound
// CHECK: rows proved non-empty

attn.pattern @sliding_window(%w: index) {
  %m = attn.window before %w after 0
  attn.yield %m
}
attn.assert @sliding_window causal
attn.assert @sliding_window rows_nonempty
