// RUN: attn-opt %s -canonicalize -split-input-file | FileCheck %s

/// A nested union is one list, in the order of its author.
// CHECK-LABEL: attn.pattern @flatten_union
attn.pattern @flatten_union(%w: index, %g: index) {
  // CHECK-DAG: %[[NEAR:.*]] = attn.window
  // CHECK-DAG: %[[COLS:.*]] = attn.keys
  // CHECK-DAG: %[[ROWS:.*]] = attn.queries
  // CHECK: attn.union %[[NEAR]], %[[COLS]], %[[ROWS]]
  %near = attn.window before %w after 0
  %cols = attn.keys 0 to %g
  %rows = attn.queries 0 to %g
  %global = attn.union %cols, %rows
  %m = attn.union %near, %global
  attn.yield %m
}

// -----

// CHECK-LABEL: attn.pattern @flatten_intersect
attn.pattern @flatten_intersect(%w: index) {
  // CHECK: attn.intersect %past, %own, %near
  %past = attn.causal
  %own = attn.block 16
  %near = attn.window before %w after 0
  %local = attn.intersect %past, %own
  %m = attn.intersect %local, %near
  attn.yield %m
}

// -----

/// A union inside an intersection is not flattened: it means something else.
// CHECK-LABEL: attn.pattern @negative_flatten
attn.pattern @negative_flatten(%w: index) {
  // CHECK: %[[ANY:.*]] = attn.union %own, %near
  // CHECK: attn.intersect %past, %[[ANY]]
  %past = attn.causal
  %own = attn.block 16
  %near = attn.window before %w after 0
  %any = attn.union %own, %near
  %m = attn.intersect %past, %any
  attn.yield %m
}

// -----

// CHECK-LABEL: attn.pattern @idempotent
attn.pattern @idempotent {
  // CHECK-NEXT: %past = attn.causal
  // CHECK-NEXT: attn.yield %past
  %past = attn.causal
  %a = attn.union %past, %past
  %m = attn.intersect %a, %a
  attn.yield %m
}

// -----

// CHECK-LABEL: attn.pattern @repeated
attn.pattern @repeated {
  // CHECK: attn.union %own, %past{{$}}
  %past = attn.causal
  %own = attn.block 4
  %m = attn.union %own, %past, %own
  attn.yield %m
}

// -----

// CHECK-LABEL: attn.pattern @single
attn.pattern @single {
  // CHECK-NEXT: %past = attn.causal
  // CHECK-NEXT: attn.yield %past
  %past = attn.causal
  %a = attn.union %past
  %m = attn.intersect %a
  attn.yield %m
}

// -----

/// a | (a & b) = a, and a & (a | b) = a.
// CHECK-LABEL: attn.pattern @absorption
attn.pattern @absorption {
  // CHECK-NEXT: %past = attn.causal
  // CHECK-NEXT: attn.yield %past
  %past = attn.causal
  %own = attn.block 4
  %both = attn.intersect %past, %own
  %a = attn.union %past, %both
  %any = attn.union %own, %a
  %m = attn.intersect %any, %a
  attn.yield %m
}

// -----

// CHECK-LABEL: attn.pattern @all_neutral
attn.pattern @all_neutral {
  // CHECK: attn.intersect %past, %own{{$}}
  %all = attn.all
  %past = attn.causal
  %own = attn.block 4
  %m = attn.intersect %all, %past, %own
  attn.yield %m
}

// -----

// CHECK-LABEL: attn.pattern @all_absorbs
attn.pattern @all_absorbs {
  // CHECK-NEXT: %all = attn.all
  // CHECK-NEXT: attn.yield %all
  %all = attn.all
  %past = attn.causal
  %m = attn.union %past, %all
  attn.yield %m
}

// -----

// CHECK-LABEL: attn.pattern @all_alone
attn.pattern @all_alone {
  // CHECK-NEXT: %all = attn.all
  // CHECK-NEXT: attn.yield %all
  %all = attn.all
  %every = attn.all
  %m = attn.intersect %all, %every
  attn.yield %m
}

// -----

// CHECK-LABEL: attn.pattern @empty_neutral
attn.pattern @empty_neutral {
  // CHECK-NEXT: %past = attn.causal
  // CHECK-NEXT: attn.yield %past
  %none = attn.queries 8 to 8
  %past = attn.causal
  %m = attn.union %none, %past
  attn.yield %m
}

// -----

/// Every empty leaf takes one form.
// CHECK-LABEL: attn.pattern @empty_absorbs
attn.pattern @empty_absorbs(%w: index) {
  // CHECK-NEXT: %[[EMPTY:.*]] = attn.keys 0 to 0
  // CHECK-NEXT: attn.yield %[[EMPTY]]
  %c3 = arith.constant 3 : index
  %none = attn.window before %c3 after -4
  %near = attn.window before %w after 0
  %m = attn.intersect %near, %none
  attn.yield %m
}

// -----

// CHECK-LABEL: attn.pattern @empty_block
attn.pattern @empty_block {
  // CHECK-NEXT: attn.keys 0 to 0
  %c1 = arith.constant -1 : index
  %m = attn.block 16 before %c1 after 0
  attn.yield %m
}

// -----

// CHECK-LABEL: attn.pattern @empty_keys
attn.pattern @empty_keys {
  // CHECK-NEXT: attn.keys 0 to 0
  %m = attn.keys 9 to 3
  attn.yield %m
}

// -----

/// A range with one unknown end may hold something.
// CHECK-LABEL: attn.pattern @negative_empty
attn.pattern @negative_empty(%g: index) {
  // CHECK: attn.keys 9 to %g
  %m = attn.keys 9 to %g
  attn.yield %m
}

// -----

// CHECK-LABEL: attn.pattern @double_complement
attn.pattern @double_complement {
  // CHECK-NEXT: %past = attn.causal
  // CHECK-NEXT: attn.yield %past
  %past = attn.causal
  %future = attn.complement %past
  %m = attn.complement %future
  attn.yield %m
}

// -----

// CHECK-LABEL: attn.pattern @complement_of_all
attn.pattern @complement_of_all {
  // CHECK-NEXT: attn.keys 0 to 0
  %all = attn.all
  %m = attn.complement %all
  attn.yield %m
}

// -----

// CHECK-LABEL: attn.pattern @complement_of_empty
attn.pattern @complement_of_empty {
  // CHECK-NEXT: attn.all
  %none = attn.keys 0 to 0
  %m = attn.complement %none
  attn.yield %m
}

// -----

// CHECK-LABEL: attn.pattern @complements_intersect
attn.pattern @complements_intersect {
  // CHECK-NEXT: attn.keys 0 to 0
  %past = attn.causal
  %future = attn.complement %past
  %m = attn.intersect %past, %future
  attn.yield %m
}

// -----

// CHECK-LABEL: attn.pattern @complements_unite
attn.pattern @complements_unite {
  // CHECK-NEXT: attn.all
  %past = attn.causal
  %own = attn.block 4
  %future = attn.complement %past
  %m = attn.union %future, %own, %past
  attn.yield %m
}

// -----

/// A difference reads better than an intersection with a complement, and stays.
// CHECK-LABEL: attn.pattern @negative_difference
attn.pattern @negative_difference {
  // CHECK: attn.difference %past, %own
  %past = attn.causal
  %own = attn.block 4
  %m = attn.difference %past, %own
  attn.yield %m
}

// -----

// CHECK-LABEL: attn.pattern @difference_of_empty
attn.pattern @difference_of_empty {
  // CHECK-NEXT: %past = attn.causal
  // CHECK-NEXT: attn.yield %past
  %none = attn.keys 0 to 0
  %past = attn.causal
  %m = attn.difference %past, %none
  attn.yield %m
}

// -----

// CHECK-LABEL: attn.pattern @difference_from_empty
attn.pattern @difference_from_empty {
  // CHECK-NEXT: %none = attn.keys 0 to 0
  // CHECK-NEXT: attn.yield %none
  %none = attn.keys 0 to 0
  %past = attn.causal
  %m = attn.difference %none, %past
  attn.yield %m
}

// -----

// CHECK-LABEL: attn.pattern @difference_of_same
attn.pattern @difference_of_same {
  // CHECK-NEXT: attn.keys 0 to 0
  %past = attn.causal
  %m = attn.difference %past, %past
  attn.yield %m
}

// -----

// CHECK-LABEL: attn.pattern @difference_of_all
attn.pattern @difference_of_all {
  // CHECK-NEXT: attn.keys 0 to 0
  %past = attn.causal
  %all = attn.all
  %m = attn.difference %past, %all
  attn.yield %m
}

// -----

// CHECK-LABEL: attn.pattern @difference_from_all
attn.pattern @difference_from_all {
  // CHECK: attn.complement %past
  %past = attn.causal
  %all = attn.all
  %m = attn.difference %all, %past
  attn.yield %m
}

// -----

/// Values that are constants become literals, in every op that takes a number.
// CHECK-LABEL: attn.pattern @literals
attn.pattern @literals(%w: index) {
  // CHECK-NOT: arith.constant
  // CHECK-DAG: attn.window before 4 after %w dilation 2
  // CHECK-DAG: attn.keys 4 to 9
  // CHECK-DAG: attn.queries %w to 9
  // CHECK-DAG: attn.block 16 shift 4 before 4 after 9
  // CHECK-DAG: attn.prefix 9
  // CHECK-DAG: attn.where affine_set<(q, k)[w] : (q - w + 4 >= 0)>[%w]
  %c4 = arith.constant 4 : index
  %c9 = arith.constant 9 : index
  %a = attn.window before %c4 after %w dilation 2
  %b = attn.keys %c4 to %c9
  %c = attn.queries %w to %c9
  %d = attn.block 16 shift %c4 before %c4 after %c9
  %e = attn.prefix %c9
  %f = attn.where affine_set<(q, k)[a, b] : (q - b + a >= 0)>[%c4, %w]
  %m = attn.union %a, %b, %c, %d, %e, %f
  attn.yield %m
}

// -----

// CHECK-LABEL: attn.pattern @where_holds
attn.pattern @where_holds {
  // CHECK-NEXT: attn.all
  %c4 = arith.constant 4 : index
  %m = attn.where affine_set<(q, k)[n] : (n - 4 == 0, n >= 0)>[%c4]
  attn.yield %m
}

// -----

// CHECK-LABEL: attn.pattern @where_fails
attn.pattern @where_fails {
  // CHECK-NEXT: attn.keys 0 to 0
  %c4 = arith.constant 4 : index
  %m = attn.where affine_set<(q, k)[n] : (q - k >= 0, 3 - n >= 0)>[%c4]
  attn.yield %m
}

// -----

/// The numbers of attention fold as well; a literal that would be refused stays a value.
attn.pattern @past {
  %m = attn.causal
  attn.yield %m
}
// CHECK-LABEL: func.func @attention
func.func @attention(%q: tensor<1x2x8x4xf32>) -> (tensor<1x2x8x4xf32>, tensor<1x2x8xf32>) {
  // CHECK: %[[LARGE:.*]] = arith.constant 4294967296 : index
  // CHECK: attn.attention {{.*}} mask @past scale 5.000000e-01 offset 4 key_offset %[[LARGE]] length 8 :
  %half = arith.constant 0.5 : f32
  %c4 = arith.constant 4 : index
  %c8 = arith.constant 8 : index
  %large = arith.constant 4294967296 : index
  %o, %lse = attn.attention %q, %q, %q mask @past scale %half offset %c4 key_offset %large length %c8
      : tensor<1x2x8x4xf32>, tensor<1x2x8x4xf32>, tensor<1x2x8x4xf32> -> tensor<1x2x8x4xf32>, tensor<1x2x8xf32>
  return %o, %lse : tensor<1x2x8x4xf32>, tensor<1x2x8xf32>
}
