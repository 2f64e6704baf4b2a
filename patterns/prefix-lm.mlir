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

attn.pattern @prefix_lm(%p: index) {
  %m = attn.prefix %p
  attn.yield %m
}
attn.assert @prefix_lm rows_nonempty
