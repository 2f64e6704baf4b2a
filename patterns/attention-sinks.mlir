//===- Attention sinks -------------------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A causal window of `w` keys before the query, and the first `s` keys, which every later query
// still sees. Where the window reaches into the sinks a pair counts once: a pattern is a set.
//
// FORMULA: k <= q and (q - k <= w or 0 <= k < s)
// ARGUMENTS: s=2 w=3
// SOURCE: Xiao et al., StreamingLLM, 2023, arXiv:2309.17453
//
// PICTURE: 16 x 16, 81 pairs
//   # . . . . . . . . . . . . . . .
//   # # . . . . . . . . . . . . . .
//   # # # . . . . . . . . . . . . .
//   # # # # . . . . . . . . . . . .
//   # # # # # . . . . . . . . . . .
//   # # # # # # . . . . . . . . . .
//   # # . # # # # . . . . . . . . .
//   # # . . # # # # . . . . . . . .
//   # # . . . # # # # . . . . . . .
//   # # . . . . # # # # . . . . . .
//   # # . . . . . # # # # . . . . .
//   # # . . . . . . # # # # . . . .
//   # # . . . . . . . # # # # . . .
//   # # . . . . . . . . # # # # . .
//   # # . . . . . . . . . # # # # .
//   # # . . . . . . . . . . # # # #
//
//===----------------------------------------------------------------------===//

// RUN: attn-opt %s --verify-roundtrip -o /dev/null
// RUN: attn-opt %s --attn-verify=time-limit-ms=20000 -o /dev/null 2>&1 | FileCheck %s
// RUN: attn-compile %s -e shared -o %t && attn-run check %t/attention-sinks.so --arg s=2 --arg w=3
// RUN: %python %source/test/Patterns/check.py %s

// CHECK: visits proved sound
// CHECK: full tiles proved sound
// CHECK: rows proved non-empty

attn.pattern @attention_sinks(%s: index, %w: index) {
  %near  = attn.window before %w after 0
  %sinks = attn.keys 0 to %s
  %past  = attn.causal
  %old   = attn.intersect %past, %sinks
  %m     = attn.union %near, %old
  attn.yield %m
}
attn.assert @attention_sinks causal
attn.assert @attention_sinks rows_nonempty
