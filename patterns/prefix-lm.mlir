//===- Prefix-LM -------------------------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The first `p` positions are an input that is known as a whole: every query sees them, also those
// inside the prefix. After the prefix, causal.
//
// FORMULA: k <= q or k < p
// ARGUMENTS: p=4
// SOURCE: Raffel et al., T5, 2019, arXiv:1910.10683, section 3.2.1
//
// PICTURE: 16 x 16, 142 pairs
//   # # # # . . . . . . . . . . . .
//   # # # # . . . . . . . . . . . .
//   # # # # . . . . . . . . . . . .
//   # # # # . . . . . . . . . . . .
//   # # # # # . . . . . . . . . . .
//   # # # # # # . . . . . . . . . .
//   # # # # # # # . . . . . . . . .
//   # # # # # # # # . . . . . . . .
//   # # # # # # # # # . . . . . . .
//   # # # # # # # # # # . . . . . .
//   # # # # # # # # # # # . . . . .
//   # # # # # # # # # # # # . . . .
//   # # # # # # # # # # # # # . . .
//   # # # # # # # # # # # # # # . .
//   # # # # # # # # # # # # # # # .
//   # # # # # # # # # # # # # # # #
//
//===----------------------------------------------------------------------===//

// RUN: attn-opt %s --verify-roundtrip -o /dev/null
// RUN: attn-opt %s --attn-verify=time-limit-ms=20000 -o /dev/null 2>&1 | FileCheck %s
// RUN: attn-compile %s -e shared -o %t && attn-run check %t/prefix-lm.so --arg p=4
// RUN: %python %source/test/Patterns/check.py %s

// CHECK: visits proved sound
// CHECK: full tiles proved sound
// CHECK: rows proved non-empty

attn.pattern @prefix_lm(%p: index) {
  %m = attn.prefix %p
  attn.yield %m
}
attn.assert @prefix_lm rows_nonempty
