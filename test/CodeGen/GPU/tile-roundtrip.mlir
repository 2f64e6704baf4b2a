// RUN: attn-opt %s --verify-roundtrip | FileCheck %s

/// What the examples of TileOps.td do not show: f16, no registers at a fence, and several at a wait.
// CHECK-LABEL: func.func @fence_of_nothing(
// CHECK-NEXT: attn_tile.wgmma_fence{{$}}
func.func @fence_of_nothing() {
  attn_tile.wgmma_fence
  return
}

// CHECK-LABEL: func.func @wait_for_two(
// CHECK: %{{.*}}:2 = attn_tile.wgmma_wait %{{.*}}, %{{.*}} {pending = 0 : i64} : vector<48xf32>, vector<32xi32>
func.func @wait_for_two(%o: vector<48xf32>, %p: vector<32xi32>) -> (vector<48xf32>, vector<32xi32>) {
  %o1, %p1 = attn_tile.wgmma_wait %o, %p {pending = 0 : i64} : vector<48xf32>, vector<32xi32>
  return %o1, %p1 : vector<48xf32>, vector<32xi32>
}

/// The smallest product, and the element in the syntax.
// CHECK-LABEL: func.func @half(
// CHECK: attn_tile.mma_ss %{{.*}}, %{{.*}} of f16 lane %{{.*}} {features = 32 : i64} : vector<8xf32>
// CHECK: attn_tile.pack %{{.*}} to f16 : vector<8xf32> -> vector<4xi32>
func.func @half(%q: !llvm.ptr<3>, %k: !llvm.ptr<3>, %lane: i32) -> vector<4xi32> {
  %s = attn_tile.mma_ss %q, %k of f16 lane %lane {features = 32 : i64} : vector<8xf32>
  %p = attn_tile.pack %s to f16 : vector<8xf32> -> vector<4xi32>
  return %p : vector<4xi32>
}
