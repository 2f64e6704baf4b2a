// RUN: attn-opt %s | FileCheck %s
// RUN: attn-opt %s -emit-bytecode | attn-opt | FileCheck %s
// RUN: attn-opt %s -mlir-print-debuginfo | attn-opt | FileCheck %s
// RUN: attn-opt %s -cse | FileCheck %s --check-prefix=CSE

/// A pattern is printed in the words of its author.
// CHECK-LABEL: attn.pattern @longformer(%w: index, %global_tokens: index) {
attn.pattern @longformer(%w: index, %global_tokens: index) {
  // CHECK-NEXT: %near = attn.window before %w after %w
  // CHECK-NEXT: %cols = attn.keys 0 to %global_tokens
  // CHECK-NEXT: %m = attn.union %near, %cols
  // CHECK-NEXT: attn.yield %m
  %near = attn.window before %w after %w
  %cols = attn.keys 0 to %global_tokens
  %m    = attn.union %near, %cols
  attn.yield %m
}

/// Without arguments there are no parentheses; numbers are no names.
// CHECK-LABEL: attn.pattern @numbered {
attn.pattern @numbered {
  // CHECK-NEXT: %0 = attn.causal
  // CHECK-NEXT: attn.yield %0
  %17 = attn.causal
  attn.yield %17
}

/// A name never keeps two equal masks apart: it is no attribute.
// CSE-LABEL: attn.pattern @twice
attn.pattern @twice {
  // CSE-NEXT: %past = attn.causal
  // CSE-NEXT: attn.union %past, %past
  %past = attn.causal
  %also = attn.causal
  %m = attn.union %past, %also
  attn.yield %m
}

/// Sets speak of q, k and the operands, whatever the author called them.
// CHECK-LABEL: attn.pattern @sets
attn.pattern @sets(%k: index, %w: index) {
  // CHECK-NEXT: %n = attn.length
  // CHECK-NEXT: attn.where affine_set<(q, k)[n, w] : (q - n + w >= 0, -k + n floordiv 16 == 0)>[%n, %w]
  %n = attn.length
  %a = attn.where affine_set<(i, j)[s, t] : (i - s + t >= 0, s floordiv 16 - j == 0)>[%n, %w]
  /// An operand called as a dimension or as another operand gets another name.
  // CHECK-NEXT: attn.where affine_set<(q, k)[k_, w, w_] : (q - k_ + w - w_ >= 0)>[%k, %w, %w]
  %b = attn.where affine_set<(q, k)[a, b, c] : (q - a + b - c >= 0)>[%k, %w, %w]
  // CHECK-NEXT: %[[NUMBERED:.*]] = attn.length
  // CHECK-NEXT: attn.where affine_set<(q, k)[s0] : (q mod 4 - s0 >= 0)>[%[[NUMBERED]]]
  %0 = attn.length
  %c = attn.where affine_set<(q, k)[a] : (q mod 4 - a >= 0)>[%0]
  %m = attn.union %a, %b, %c
  attn.yield %m
}

/// Each of two results has its name.
// CHECK-LABEL: func.func @attention
func.func @attention(%q: tensor<1x2x?x8xf32>, %w: index) -> (tensor<1x2x?x8xf32>, tensor<1x2x?xf32>) {
  // CHECK: %near_output, %near_lse = attn.attention
  // CHECK: return %near_output, %near_lse
  %near_output, %near_lse = attn.attention %q, %q, %q mask @longformer(%w, %w)
      : tensor<1x2x?x8xf32>, tensor<1x2x?x8xf32>, tensor<1x2x?x8xf32> -> tensor<1x2x?x8xf32>, tensor<1x2x?xf32>
  return %near_output, %near_lse : tensor<1x2x?x8xf32>, tensor<1x2x?xf32>
}

/// The arguments of a schedule are those of its pattern after those of the tile.
// CHECK-LABEL: attn.schedule @longformer.fwd
attn.schedule @longformer.fwd of @longformer tile [16, 16] merge(scan) {
// CHECK-NEXT: ^tile(%t: index, %query_length: index, %key_length: index, %offset: index, %key_offset: index, %length: index, %w: index, %global_tokens: index):
^bb0(%0: index, %1: index, %2: index, %3: index, %4: index, %5: index, %6: index, %7: index):
  // CHECK-NEXT: attn.visit %t to %w full %t to %w band 0 where (%u: index)
  attn.visit %0 to %6 full %0 to %6 band 0 where (%v: index) {
    %true = arith.cmpi eq, %v, %0 : index
    attn.visit_yield %true, %true
  }
}
