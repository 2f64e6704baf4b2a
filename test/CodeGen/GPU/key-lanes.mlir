// RUN: attn-opt %s --attn-schedule=tile=128,64 --attn-to-gpu=target=sm_80 --canonicalize --cse | FileCheck %s

/// A lane holds 16 columns of a row, 0, 1, 8, 9, ... from its first, so a word has a bit for each of them. What a bound
/// leaves of them costs a few instructions, whatever their number is: the bound of causal is the row's position less
/// the first column's, just outside the columns at most; two columns of every eight below it, and up to two more.
// CHECK: %[[SCORES:.*]] = attn_tile.mma_ss
// CHECK: scf.if %{{.*}} -> (vector<32xf32>)
// CHECK-NOT: vector<16x
// CHECK: arith.minsi %{{.*}}, %c58_i64 : i64
// CHECK-NEXT: %[[BOUND:.*]] = arith.trunci %{{.*}} : i64 to i32
// CHECK-NEXT: %[[IN8:.*]] = arith.andi %[[BOUND]], %c7_i32
// CHECK-NEXT: %[[REST:.*]] = arith.minsi %[[IN8]], %c2_i32
// CHECK-NEXT: %[[EIGHTS:.*]] = arith.shrui %[[BOUND]], %c3_i32
// CHECK-NEXT: %[[TWICE:.*]] = arith.muli %[[EIGHTS]], %c2_i32
// CHECK-NEXT: %[[COUNT:.*]] = arith.addi %[[TWICE]], %[[REST]]
// CHECK-NEXT: %[[PAST0:.*]] = llvm.inline_asm "bmsk.clamp.b32 $0, 0, $1;", "=r,r" %[[COUNT]]

/// Keys that exist are one more bound, the same for both rows.
// CHECK: %[[EXIST:.*]] = llvm.inline_asm "bmsk
// CHECK-NEXT: %[[KEEP0:.*]] = arith.andi %[[PAST0]], %[[EXIST]] : i32
// CHECK: %[[PAST1:.*]] = llvm.inline_asm "bmsk
// CHECK-NEXT: %[[KEEP1:.*]] = arith.andi %[[PAST1]], %[[EXIST]] : i32
// CHECK-NEXT: attn_tile.mask %[[SCORES]], %[[KEEP0]], %[[KEEP1]] : vector<32xf32>, i32
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

/// The columns of a residue are known: a dilated window is words too.
// CHECK-LABEL: gpu.module @dilated_f16_d64
// CHECK: %[[EVEN:.*]] = arith.constant 21845 : i32
// CHECK: arith.select %{{.*}}, %[[EVEN]], %c0_i32
// CHECK-NOT: vector<16xi
// CHECK: attn_tile.mask %{{.*}} : vector<32xf32>, i32
attn.pattern @dilated {
  %m = attn.window before 4 after 4 dilation 2
  attn.yield %m
}
func.func @dilated_f16_d64(%q: tensor<?x?x?x64xf16>, %k: tensor<?x?x?x64xf16>) -> tensor<?x?x?x64xf16> {
  %o, %l = attn.attention %q, %k, %k mask @dilated
      : tensor<?x?x?x64xf16>, tensor<?x?x?x64xf16>, tensor<?x?x?x64xf16>
        -> tensor<?x?x?x64xf16>, tensor<?x?x?xf32>
  return %o : tensor<?x?x?x64xf16>
}

/// Other sets are evaluated column by column, and what bounds say is taken from the word's bits.
// CHECK-LABEL: gpu.module @summary_f16_d64
// CHECK: %[[SUMMARY:.*]] = arith.cmpi sge, %{{.*}} : vector<16xi32>
// CHECK: vector.broadcast %{{.*}} : i32 to vector<16xi32>
// CHECK: %[[BITS:.*]] = arith.andi %{{.*}}, %{{.*}} : vector<16xi32>
// CHECK: arith.cmpi ne, %[[BITS]], %{{.*}} : vector<16xi32>
// CHECK: attn_tile.mask %{{.*}} : vector<32xf32>, vector<16xi1>
attn.pattern @summary {
  %m = attn.where affine_set<(q, k) : (k mod 64 - 56 >= 0)>
  attn.yield %m
}
func.func @summary_f16_d64(%q: tensor<?x?x?x64xf16>, %k: tensor<?x?x?x64xf16>) -> tensor<?x?x?x64xf16> {
  %o, %l = attn.attention %q, %k, %k mask @summary
      : tensor<?x?x?x64xf16>, tensor<?x?x?x64xf16>, tensor<?x?x?x64xf16>
        -> tensor<?x?x?x64xf16>, tensor<?x?x?xf32>
  return %o : tensor<?x?x?x64xf16>
}
