/// What a tile visits is computed by straight-line arithmetic: no list, and nothing that grows with the
/// sequence.
// RUN: attn-opt --split-input-file --attn-schedule='tile=32,16' %s | FileCheck %s
// RUN: attn-opt --split-input-file --attn-schedule='tile=32,16 transposed' %s | FileCheck %s --check-prefix=BACK

/// One band needs no merging. Keys up to the last query of the tile are visited, full up to the first.
// CHECK-LABEL: attn.pattern @causal
// CHECK: attn.schedule @causal.fwd of @causal tile [32, 16] merge(single)
// CHECK-NEXT: ^tile(%[[T:.*]]: index, %[[SQ:.*]]: index, %[[SK:.*]]: index, %[[OFF:.*]]: index, %[[KOFF:.*]]: index, %{{.*}}: index):
// CHECK-DAG: %[[ROW:.*]] = arith.muli %[[T]], %c32
// CHECK-DAG: %[[FIRST:.*]] = arith.addi %[[OFF]], %[[ROW]]
// CHECK: attn.visit %c0 to %{{.*}} full %c0 to %{{.*}} band 0
// CHECK-NOT: where
// BACK-LABEL: attn.pattern @causal
// BACK: attn.schedule @causal.bwd_kv of @causal tile [32, 16] merge(single) transposed
// BACK: arith.muli %t, %c16
// BACK: attn.visit
attn.pattern @causal {
  %m = attn.causal
  attn.yield %m
}

// -----

/// Arguments of the pattern follow the sizes. The order of a window and of global keys depends on the
/// tile, so the bands are scanned.
// CHECK-LABEL: attn.pattern @longformer
// CHECK: attn.schedule @longformer.fwd of @longformer tile [32, 16] merge(scan)
// CHECK-NEXT: ^tile({{.*}}, %length: index, %w: index, %g: index):
// CHECK: arith.subi %{{.*}}, %w
// CHECK: attn.visit {{.*}} band 0
// CHECK: attn.visit {{.*}} band 1
// CHECK: attn.visit {{.*}} band 2
attn.pattern @longformer(%w: index, %g: index) {
  %near = attn.window before %w after %w
  %cols = attn.keys 0 to %g
  %rows = attn.queries 0 to %g
  %m    = attn.union %near, %cols, %rows
  attn.yield %m
}

// -----

/// The far keys start at the first column for every tile, hence never after the near ones. Periodic
/// windows are tested tile by tile; what does not depend on the tile stays outside.
// CHECK-LABEL: attn.pattern @strided
// CHECK: merge(ordered)
// CHECK: attn.visit %c0 to %{{.*}} band 1 where (%[[U:.*]]: index) {
// CHECK-NEXT: arith.muli %[[U]], %c16
// CHECK-NOT: arith.muli %t
// CHECK: attn.visit_yield
// CHECK: attn.visit {{.*}} band 0
attn.pattern @strided {
  %past = attn.causal
  %near = attn.window before 127 after 0
  %col  = attn.where affine_set<(q, k) : ((q - k) mod 128 == 0)>
  %far  = attn.intersect %past, %col
  %m    = attn.union %near, %far
  attn.yield %m
}

// -----

/// A band that is empty for all sizes costs nothing.
// CHECK-LABEL: attn.pattern @nothing
// CHECK: attn.schedule @nothing.fwd
// CHECK-NOT: attn.visit
// CHECK: }
attn.pattern @nothing {
  %past   = attn.causal
  %future = attn.window before -1 after 7
  %m      = attn.intersect %past, %future
  attn.yield %m
}

// -----

/// A schedule that is there is never replaced.
// CHECK-LABEL: attn.pattern @mine
// CHECK: attn.schedule @mine.fwd of @mine tile [8, 8] merge(single)
// CHECK-NOT: attn.schedule @mine.fwd
// BACK-LABEL: attn.pattern @mine
// BACK: attn.schedule @mine.bwd_kv
attn.pattern @mine {
  %m = attn.all
  attn.yield %m
}
attn.schedule @mine.fwd of @mine tile [8, 8] merge(single) {
^tile(%t: index, %query_length: index, %key_length: index, %offset: index, %key_offset: index, %length: index):
  %c0 = arith.constant 0 : index
  %c8 = arith.constant 8 : index
  %n = arith.ceildivsi %key_length, %c8 : index
  attn.visit %c0 to %n full %c0 to %c0 band 0
}
