// RUN: attn-opt %s --attn-print-bands='query-length=16 key-length=16 tile=4,4 arguments=2,4' -o /dev/null | FileCheck %s

/// The example of the pass's description.
// CHECK:      @longformer(w, g): 3 bands
// CHECK-NEXT:   q - w <= k < q + w + 1
// CHECK-NEXT:   0 <= k < g
// CHECK-NEXT:   0 <= q < g
// CHECK-NEXT: 16 x 16, tile 4 x 4, w = 2, g = 4: 166 pairs; 2 tiles skipped, 7 partial, 7 full
// CHECK-NEXT:   # # # #
// CHECK-NEXT:   # / / .
// CHECK-NEXT:   # / / /
// CHECK-NEXT:   # . / /
attn.pattern @longformer(%w: index, %g: index) {
  %near = attn.window before %w after %w
  %cols = attn.keys 0 to %g
  %rows = attn.queries 0 to %g
  %m    = attn.union %near, %cols, %rows
  attn.yield %m
}
