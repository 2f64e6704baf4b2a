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

attn.pattern @dense {
  %m = attn.all
  attn.yield %m
}
attn.assert @dense rows_nonempty
