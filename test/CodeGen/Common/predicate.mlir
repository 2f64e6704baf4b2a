// RUN: attn-opt %s --attn-schedule --attn-to-cpu=target=x86-64-v4 --canonicalize --cse | FileCheck %s

/// A window is two comparisons of lanes: the bounds k - 2 and k + %w are scalars, saturated to
/// just beyond the positions' range.
// CHECK-LABEL: llvm.func internal @near_f32_d8.mask(
// CHECK: %[[LOW:.*]] = arith.subi %[[KEY:.*]], %{{.*}} : i64
// CHECK: %[[HIGH:.*]] = arith.addi %[[KEY]], %{{.*}} : i64
// CHECK: arith.maxsi %[[LOW]], %{{.*}} : i64
// CHECK: arith.minsi
// CHECK: arith.trunci %{{.*}} : i64 to i32
// CHECK: arith.cmpi sge, %{{.*}} : vector<16xi32>
// CHECK: arith.maxsi %[[HIGH]]
// CHECK: arith.cmpi sle, %{{.*}} : vector<16xi32>
attn.pattern @near(%w: index) {
  %near = attn.window before %w after 2
  attn.yield %near
}
func.func @near_f32_d8(%q: tensor<?x?x?x8xf32>, %k: tensor<?x?x?x8xf32>, %w: index)
    -> tensor<?x?x?x8xf32> {
  %o, %lse = attn.attention %q, %k, %k mask @near(%w)
      : tensor<?x?x?x8xf32>, tensor<?x?x?x8xf32>, tensor<?x?x?x8xf32>
        -> tensor<?x?x?x8xf32>, tensor<?x?x?xf32>
  return %o : tensor<?x?x?x8xf32>
}

/// A congruence compares the residue of a lane with a scalar's; lanes add nothing.
// CHECK-LABEL: llvm.func internal @comb_f32_d8.mask(
// CHECK: scf.for
// CHECK-NOT: arith.addi %{{.*}} : vector<16xi32>
// CHECK: %[[OWN:.*]] = arith.andi %{{.*}} : vector<16xi32>
// CHECK-NOT: arith.addi %{{.*}} : vector<16xi32>
// CHECK: arith.andi %{{.*}} : i64
// CHECK: arith.cmpi eq, %[[OWN]], %{{.*}} : vector<16xi32>
attn.pattern @comb {
  %comb = attn.where affine_set<(q, k) : ((q - k) mod 128 == 0)>
  attn.yield %comb
}
func.func @comb_f32_d8(%q: tensor<?x?x?x8xf32>, %k: tensor<?x?x?x8xf32>) -> tensor<?x?x?x8xf32> {
  %o, %lse = attn.attention %q, %k, %k mask @comb
      : tensor<?x?x?x8xf32>, tensor<?x?x?x8xf32>, tensor<?x?x?x8xf32>
        -> tensor<?x?x?x8xf32>, tensor<?x?x?xf32>
  return %o : tensor<?x?x?x8xf32>
}

/// What depends on the key alone stays a scalar: lanes add its residue and take their own.
// CHECK-LABEL: llvm.func internal @last_f32_d8.mask(
// CHECK: arith.andi %{{.*}} : i64
// CHECK: arith.addi %{{.*}} : vector<16xi32>
// CHECK: arith.andi %{{.*}} : vector<16xi32>
// CHECK: arith.cmpi sge, %{{.*}} : vector<16xi32>
attn.pattern @last {
  %last = attn.where affine_set<(q, k) : ((q - k) mod 128 - 120 >= 0)>
  attn.yield %last
}
func.func @last_f32_d8(%q: tensor<?x?x?x8xf32>, %k: tensor<?x?x?x8xf32>) -> tensor<?x?x?x8xf32> {
  %o, %lse = attn.attention %q, %k, %k mask @last
      : tensor<?x?x?x8xf32>, tensor<?x?x?x8xf32>, tensor<?x?x?x8xf32>
        -> tensor<?x?x?x8xf32>, tensor<?x?x?xf32>
  return %o : tensor<?x?x?x8xf32>
}

/// Coefficients that 32 bits cannot hold get lanes of 64.
// CHECK-LABEL: llvm.func internal @steep_f32_d8.mask(
// CHECK: arith.extsi %{{.*}} : vector<16xi32> to vector<16xi64>
// CHECK: arith.muli %{{.*}} : vector<16xi64>
// CHECK: arith.cmpi sge, %{{.*}} : vector<16xi64>
attn.pattern @steep {
  %steep = attn.where affine_set<(q, k) : (1000 * q - k >= 0)>
  attn.yield %steep
}
func.func @steep_f32_d8(%q: tensor<?x?x?x8xf32>, %k: tensor<?x?x?x8xf32>) -> tensor<?x?x?x8xf32> {
  %o, %lse = attn.attention %q, %k, %k mask @steep
      : tensor<?x?x?x8xf32>, tensor<?x?x?x8xf32>, tensor<?x?x?x8xf32>
        -> tensor<?x?x?x8xf32>, tensor<?x?x?xf32>
  return %o : tensor<?x?x?x8xf32>
}
