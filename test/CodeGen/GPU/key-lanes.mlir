// RUN: attn-opt %s --attn-schedule=tile=128,64 --attn-to-gpu=target=sm_80 --canonicalize --cse | FileCheck %s

/// A lane holds columns 0, 1, 8, 9, ... from its first. The mask of causal costs one comparison a column and row: the
/// rest is a bound, the row's position less the first column's, held just outside the columns.
// CHECK: %[[COLUMNS:.*]] = arith.constant dense<[0, 1, 8, 9, 16, 17, 24, 25, 32, 33, 40, 41, 48, 49, 56, 57]> : vector<16xi32>
// CHECK: %[[SCORES:.*]] = attn_tile.mma_ss
// CHECK: scf.if %{{.*}} -> (vector<32xf32>)
// CHECK-NOT: vector<16x
// CHECK: arith.trunci %{{.*}} : i64 to i32
// CHECK: %[[BOUND0:.*]] = vector.broadcast %{{.*}} : i32 to vector<16xi32>
// CHECK-NEXT: %[[KEEP0:.*]] = arith.cmpi sge, %[[BOUND0]], %[[COLUMNS]] : vector<16xi32>
// CHECK-NOT: vector<16x
// CHECK: %[[BOUND1:.*]] = vector.broadcast %{{.*}} : i32 to vector<16xi32>
// CHECK-NEXT: %[[KEEP1:.*]] = arith.cmpi sge, %[[BOUND1]], %[[COLUMNS]] : vector<16xi32>
// CHECK-NEXT: attn_tile.mask %[[SCORES]], %[[KEEP0]], %[[KEEP1]]

/// Keys that do not exist: one comparison for both rows, in the last tile.
// CHECK: scf.if
// CHECK-NEXT: %[[EXIST:.*]] = vector.broadcast
// CHECK-NEXT: %[[KEEP:.*]] = arith.cmpi sgt, %[[EXIST]], %[[COLUMNS]]
// CHECK-NEXT: attn_tile.mask %{{.*}}, %[[KEEP]], %[[KEEP]]
// CHECK-NOT: {{= arith.*}} vector<16x
// CHECK: attn_tile.row_max
attn.pattern @past {
  %past = attn.causal
  attn.yield %past
}
func.func @past_f16_d64(%q: tensor<?x?x?x64xf16>, %k: tensor<?x?x?x64xf16>) -> tensor<?x?x?x64xf16> {
  %o, %l = attn.attention %q, %k, %k mask @past
      : tensor<?x?x?x64xf16>, tensor<?x?x?x64xf16>, tensor<?x?x?x64xf16>
        -> tensor<?x?x?x64xf16>, tensor<?x?x?xf32>
  return %o : tensor<?x?x?x64xf16>
}
