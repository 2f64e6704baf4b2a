// RUN: attn-opt %s --attn-print-bands='query-length=8 key-length=8 tile=2,2 arguments=3,1' -o /dev/null | FileCheck %s

/// One golden picture per mask op: its bands, and the tiles of 8 queries and 8 keys. Arguments that a
/// pattern does not use are there because all patterns of a file get the same ones.

// CHECK-LABEL: @all(a, b): 1 band
// CHECK-NEXT:    every pair
// CHECK-NEXT:  8 x 8, tile 2 x 2, a = 3, b = 1: 64 pairs; 0 tiles skipped, 0 partial, 16 full
// CHECK-NEXT:    # # # #
attn.pattern @all(%a: index, %b: index) {
  %m = attn.all
  attn.yield %m
}

// CHECK-LABEL: @causal(a, b): 1 band
// CHECK-NEXT:    k < q + 1
// CHECK-NEXT:  8 x 8, tile 2 x 2, a = 3, b = 1: 36 pairs; 6 tiles skipped, 4 partial, 6 full
// CHECK-NEXT:    / . . .
// CHECK-NEXT:    # / . .
// CHECK-NEXT:    # # / .
// CHECK-NEXT:    # # # /
attn.pattern @causal(%a: index, %b: index) {
  %m = attn.causal
  attn.yield %m
}

// CHECK-LABEL: @window(a, b): 1 band
// CHECK-NEXT:    q - a <= k < q + b + 1
// CHECK-NEXT:  8 x 8, tile 2 x 2, a = 3, b = 1: 33 pairs
// CHECK-NEXT:    # / . .
// CHECK-NEXT:    # # / .
// CHECK-NEXT:    / # # /
// CHECK-NEXT:    . / # #
attn.pattern @window(%a: index, %b: index) {
  %m = attn.window before %a after %b
  attn.yield %m
}

/// A window strictly in the past: its distances are negative on one side.
// CHECK-LABEL: @past_window(a, b): 1 band
// CHECK-NEXT:    q - 3 <= k < q
attn.pattern @past_window(%a: index, %b: index) {
  %m = attn.window before 3 after -1
  attn.yield %m
}

// CHECK-LABEL: @dilated_window(a, b): 1 band
// CHECK-NEXT:    q - 3*a <= k < q + 1, (k - q) mod 3 in [0, 1)
// CHECK-NEXT:  8 x 8, tile 2 x 2, a = 3, b = 1: 15 pairs
// CHECK-NEXT:    / . . .
// CHECK-NEXT:    / / . .
// CHECK-NEXT:    / / / .
// CHECK-NEXT:    / / / /
attn.pattern @dilated_window(%a: index, %b: index) {
  %m = attn.window before %a after 0 dilation 3
  attn.yield %m
}

// CHECK-LABEL: @keys(a, b): 1 band
// CHECK-NEXT:    b <= k < 6
// CHECK-NEXT:  8 x 8, tile 2 x 2, a = 3, b = 1: 40 pairs
// CHECK-NEXT:    / # # .
attn.pattern @keys(%a: index, %b: index) {
  %m = attn.keys %b to 6
  attn.yield %m
}

// CHECK-LABEL: @queries(a, b): 1 band
// CHECK-NEXT:    0 <= q < a
// CHECK-NEXT:  8 x 8, tile 2 x 2, a = 3, b = 1: 24 pairs
// CHECK-NEXT:    # # # #
// CHECK-NEXT:    / / / /
// CHECK-NEXT:    . . . .
attn.pattern @queries(%a: index, %b: index) {
  %m = attn.queries 0 to %a
  attn.yield %m
}

/// Blocks of 3 do not fit tiles of 2: their edges fall anywhere.
// CHECK-LABEL: @block(a, b): 1 band
// CHECK-NEXT:    3*(q floordiv 3) <= k < 3*(q floordiv 3) + 3
// CHECK-NEXT:  8 x 8, tile 2 x 2, a = 3, b = 1: 22 pairs
// CHECK-NEXT:    # / . .
// CHECK-NEXT:    / / / .
// CHECK-NEXT:    . / # .
// CHECK-NEXT:    . . . #
attn.pattern @block(%a: index, %b: index) {
  %m = attn.block 3
  attn.yield %m
}

// CHECK-LABEL: @near_blocks(a, b): 1 band
// CHECK-NEXT:    2*((q - b) floordiv 2) - b <= k < 2*((q - b) floordiv 2) + b + 2
attn.pattern @near_blocks(%a: index, %b: index) {
  %m = attn.block 2 shift %b before %b after 0
  attn.yield %m
}

// CHECK-LABEL: @chunk(a, b): 1 band
// CHECK-NEXT:    4*(q floordiv 4) <= k < q + 1
// CHECK-NEXT:  8 x 8, tile 2 x 2, a = 3, b = 1: 20 pairs
attn.pattern @chunk(%a: index, %b: index) {
  %m = attn.chunk 4
  attn.yield %m
}

// CHECK-LABEL: @prefix(a, b): 1 band
// CHECK-NEXT:    k < max(q + 1, a)
// CHECK-NEXT:  8 x 8, tile 2 x 2, a = 3, b = 1: 39 pairs
attn.pattern @prefix(%a: index, %b: index) {
  %m = attn.prefix %a
  attn.yield %m
}

/// The example of Bands.h.
// CHECK-LABEL: @sink_and_window(a, b): 2 bands
// CHECK-NEXT:    q - 3 <= k < q + 1
// CHECK-NEXT:    0 <= k < min(q + 1, 1)
// CHECK-NEXT:  8 x 8, tile 2 x 2, a = 3, b = 1: 30 pairs
// CHECK-NEXT:    / . . .
// CHECK-NEXT:    # / . .
// CHECK-NEXT:    / # / .
// CHECK-NEXT:    / / # /
attn.pattern @sink_and_window(%a: index, %b: index) {
  %past  = attn.causal
  %near  = attn.window before 3 after 0
  %sink  = attn.keys 0 to 1
  %any   = attn.union %near, %sink
  %m     = attn.intersect %past, %any
  attn.yield %m
}

// CHECK-LABEL: @difference(a, b): 1 band
// CHECK-NEXT:    k < 4*(q floordiv 4)
// CHECK-NEXT:  8 x 8, tile 2 x 2, a = 3, b = 1: 16 pairs
attn.pattern @difference(%a: index, %b: index) {
  %past = attn.causal
  %own  = attn.block 4
  %m    = attn.difference %past, %own
  attn.yield %m
}

// CHECK-LABEL: @complement(a, b): 2 bands
// CHECK-NEXT:    k < 0
// CHECK-NEXT:    a <= k
// CHECK-NEXT:  8 x 8, tile 2 x 2, a = 3, b = 1: 40 pairs
attn.pattern @complement(%a: index, %b: index) {
  %sinks = attn.keys 0 to %a
  %m     = attn.complement %sinks
  attn.yield %m
}

/// Every kind of constraint that bands express.
// CHECK-LABEL: @where(a, b): 1 band
// CHECK-NEXT:    0 <= q < length, 4*((q + 2) floordiv 4) - 4 <= k < (q - b) floordiv 2 + 1,
// CHECK-SAME:      q mod 4 in [1, 4), k mod 6 in [2, 4), (k - q) mod 5 in [1, 2)
attn.pattern @where(%a: index, %b: index) {
  %n = attn.length
  %m = attn.where affine_set<(q, k)[b, n] : (
      q >= 0, n - 1 - q >= 0, k floordiv 4 - (q + 2) floordiv 4 + 1 >= 0, q - 2 * k - b >= 0,
      q mod 4 - 1 >= 0, (k floordiv 2) mod 3 - 1 == 0, (k - q) mod 5 - 1 == 0)>[%b, %n]
  attn.yield %m
}

/// A constraint without q and k holds for all pairs or for none.
// CHECK-LABEL: @switch(a, b): 1 band
// CHECK-NEXT:    q < [0 <= a - 5 ? inf : -inf]
// CHECK-NEXT:  8 x 8, tile 2 x 2, a = 3, b = 1: 0 pairs
attn.pattern @switch(%a: index, %b: index) {
  %m = attn.where affine_set<(q, k)[a] : (a - 5 >= 0)>[%a]
  attn.yield %m
}

// CHECK-LABEL: @nothing(a, b): 0 bands
// CHECK-NEXT:  8 x 8, tile 2 x 2, a = 3, b = 1: 0 pairs; 16 tiles skipped
attn.pattern @nothing(%a: index, %b: index) {
  %m = attn.where affine_set<(q, k) : (q mod 4 - 5 == 0)>
  attn.yield %m
}
