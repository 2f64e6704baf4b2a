// RUN: attn-opt %s --attn-print-bands='query-length=8 key-length=12 tile=2,2 arguments=3 transposed=true' \
// RUN:   -o /dev/null | FileCheck %s
// RUN: attn-opt %s --attn-print-bands='query-length=4 key-length=8 tile=2,2 arguments=3 offset=-1 key-offset=-2' \
// RUN:   -o /dev/null | FileCheck %s --check-prefix=OFFSET

/// Rows are tiles of keys: which queries see them. Queries end where keys end, so q = row + 4.
// CHECK-LABEL: @window(w): 1 band
// CHECK-NEXT:    k <= q < k + w + 1
// CHECK-NEXT:  8 x 12, tile 2 x 2, w = 3: 32 pairs; 12 tiles skipped, 8 partial, 4 full
// CHECK-NEXT:    / . . .
// CHECK-NEXT:    # / . .
// CHECK-NEXT:    / # / .
// CHECK-NEXT:    . / # /
// CHECK-NEXT:    . . / #
// CHECK-NEXT:    . . . /

/// Positions may be negative: here q is -1..2 and k is -2..5.
// OFFSET-LABEL: @window(w): 1 band
// OFFSET-NEXT:    q - w <= k < q + 1
// OFFSET-NEXT:  4 x 8, tile 2 x 2, w = 3: 13 pairs; 3 tiles skipped, 3 partial, 2 full
// OFFSET-NEXT:    # / . .
// OFFSET-NEXT:    / # / .
attn.pattern @window(%w: index) {
  %m = attn.window before %w after 0
  attn.yield %m
}

// CHECK-LABEL: @rows_and_blocks(w): 2 bands
// CHECK-NEXT:    3*(k floordiv 3) <= q < 3*(k floordiv 3) + 3
// CHECK-NEXT:    0 <= q < w, k mod 4 in [0, 1)
attn.pattern @rows_and_blocks(%w: index) {
  %own  = attn.block 3
  %rows = attn.queries 0 to %w
  %some = attn.where affine_set<(q, k) : (k mod 4 == 0)>
  %lane = attn.intersect %rows, %some
  %m    = attn.union %own, %lane
  attn.yield %m
}
