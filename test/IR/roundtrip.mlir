// RUN: attn-opt %s -verify-roundtrip -o %t
// RUN: attn-opt %t | diff %t -
// RUN: attn-opt %s -mlir-print-op-generic -o %t.generic
// RUN: attn-opt %t.generic -mlir-print-op-generic | diff %t.generic -
// RUN: attn-opt %s -emit-bytecode | attn-opt | diff %t -
// RUN: FileCheck %s --input-file %t

//===----------------------------------------------------------------------===//
// The published patterns, as their users write them
//===----------------------------------------------------------------------===//

attn.pattern @mistral(%w: index) {
  %past = attn.causal
  %near = attn.window before %w after 0
  %m    = attn.intersect %past, %near
  attn.yield %m
}
attn.pattern @longformer(%w: index, %g: index) {
  %near = attn.window before %w after %w
  %cols = attn.keys 0 to %g
  %rows = attn.queries 0 to %g
  %m    = attn.union %near, %cols, %rows
  attn.yield %m
}
attn.pattern @bigbird {
  %n     = attn.length
  %near  = attn.block 64 before 1 after 1
  %cols  = attn.keys 0 to 64
  %rows  = attn.queries 0 to 64
  %lastc = attn.where affine_set<(q, k)[n] : (k floordiv 64 - (n - 1) floordiv 64 == 0)>[%n]
  %lastr = attn.where affine_set<(q, k)[n] : (q floordiv 64 - (n - 1) floordiv 64 == 0)>[%n]
  %m     = attn.union %near, %cols, %rows, %lastc, %lastr
  attn.yield %m
}
attn.pattern @strided {
  %past = attn.causal
  %near = attn.window before 127 after 0
  %col  = attn.where affine_set<(q, k) : ((q - k) mod 128 == 0)>
  %far  = attn.intersect %past, %col
  %m    = attn.union %near, %far
  attn.yield %m
}
attn.pattern @fixed {
  %past    = attn.causal
  %own     = attn.block 128
  %summary = attn.where affine_set<(q, k) : (k mod 128 - 120 >= 0)>
  %any     = attn.union %own, %summary
  %m       = attn.intersect %past, %any
  attn.yield %m
}
attn.pattern @longnet_2048_4 {
  %segment = attn.block 2048
  %lane    = attn.where affine_set<(q, k) : (q mod 4 - 1 == 0, k mod 4 - 1 == 0)>
  %m       = attn.intersect %segment, %lane
  attn.yield %m
}
attn.pattern @chunked_with_sinks(%s: index) {
  %past  = attn.causal
  %chunk = attn.block 8192
  %sinks = attn.keys 0 to %s
  %local = attn.union %chunk, %sinks
  %m     = attn.intersect %past, %local
  attn.yield %m
}
attn.pattern @prefix_lm(%p: index) { %m = attn.prefix %p  attn.yield %m }

//===----------------------------------------------------------------------===//
// Every form of every op
//===----------------------------------------------------------------------===//

// CHECK-LABEL: attn.pattern private @leaves(%b: index) {
attn.pattern private @leaves(%b: index) {
  // CHECK-NEXT: %n = attn.length
  %n = attn.length
  // CHECK-NEXT: %c4 = arith.constant 4 : index
  %c4 = arith.constant 4 : index
  // CHECK-NEXT: %all = attn.all
  %all = attn.all
  // CHECK-NEXT: %past = attn.causal
  %past = attn.causal
  // CHECK-NEXT: %w0 = attn.window before 255 after 0
  %w0 = attn.window before 255 after 0 dilation 1
  // CHECK-NEXT: %w1 = attn.window before %b after -1 dilation 4
  %w1 = attn.window before %b after -1 dilation 4
  // CHECK-NEXT: %w2 = attn.window before 0 after %c4
  %w2 = attn.window before 0 after %c4
  // CHECK-NEXT: %cols = attn.keys -4 to %n
  %cols = attn.keys -4 to %n
  // CHECK-NEXT: %rows = attn.queries %b to 8
  %rows = attn.queries %b to 8
  // CHECK-NEXT: %b0 = attn.block 64
  %b0 = attn.block 64
  // CHECK-NEXT: %b1 = attn.block 64 shift 8 before 1 after %b
  %b1 = attn.block 64 shift 8 before 1 after %b
  // CHECK-NEXT: %b2 = attn.block 64 after 2
  %b2 = attn.block 64 after 2
  // CHECK-NEXT: %b3 = attn.block 64 shift %b
  %b3 = attn.block 64 shift %b
  // CHECK-NEXT: %chunk = attn.chunk 16
  %chunk = attn.chunk 16
  // CHECK-NEXT: %p0 = attn.prefix 16
  %p0 = attn.prefix 16
  // CHECK-NEXT: %p1 = attn.prefix %n {note = "attributes are kept"}
  %p1 = attn.prefix %n {note = "attributes are kept"}
  // CHECK-NEXT: %s0 = attn.where affine_set<(q, k) : (q - k * 2 + 1 >= 0, (q + k) ceildiv 3 == 0)>
  %s0 = attn.where affine_set<(q, k) : (q - 2 * k + 1 >= 0, (q + k) ceildiv 3 == 0)>
  // CHECK-NEXT: %s1 = attn.where affine_set<(q, k)[n] : (q - n >= 0)>[%n]
  %s1 = attn.where affine_set<(q, k)[n] : (q - n >= 0)>[%n]
  // CHECK-NEXT: %and = attn.intersect %past
  %and = attn.intersect %past
  // CHECK-NEXT: %or = attn.union %and, %all, %cols
  %or = attn.union %and, %all, %cols
  // CHECK-NEXT: %minus = attn.difference %or, %b0
  %minus = attn.difference %or, %b0
  // CHECK-NEXT: %not = attn.complement %minus
  %not = attn.complement %minus
  // CHECK-NEXT: attn.yield %not
  attn.yield %not
}

// CHECK-LABEL: attn.pattern @attributes attributes {source = "arXiv:2004.05150"} {
attn.pattern @attributes attributes {source = "arXiv:2004.05150"} {
  %m = attn.all
  attn.yield %m
}

// CHECK: attn.assert @mistral causal
// CHECK-NEXT: attn.assert @mistral rows_nonempty
// CHECK-NEXT: attn.assert @mistral within @attributes
// CHECK-NEXT: attn.assert @attributes equals @attributes
attn.assert @mistral causal
attn.assert @mistral rows_nonempty
attn.assert @mistral within @attributes
attn.assert @attributes equals @attributes

// CHECK-LABEL: func.func @attention
func.func @attention(%q: tensor<2x32x?x64xf32>, %k: tensor<2x8x?x64xf32>, %v: tensor<2x8x?x16xf32>, %w: index, %s: f32) {
  // CHECK: %o0, %l0 = attn.attention %{{[^ ]*}}, %{{[^ ]*}}, %{{[^ ]*}} :
  %o0, %l0 = attn.attention %q, %k, %v
      : tensor<2x32x?x64xf32>, tensor<2x8x?x64xf32>, tensor<2x8x?x16xf32> -> tensor<2x32x?x16xf32>, tensor<2x32x?xf32>
  // CHECK: %o1, %l1 = attn.attention {{.*}} mask @mistral(%{{[^ ]*}}) scale 1.250000e-01 :
  %o1, %l1 = attn.attention %q, %k, %v mask @mistral(%w) scale 0.125
      : tensor<2x32x?x64xf32>, tensor<2x8x?x64xf32>, tensor<2x8x?x16xf32> -> tensor<2x32x?x16xf32>, tensor<2x32x?xf32>
  // CHECK: %o2, %l2 = attn.attention {{.*}} mask @strided scale %{{[^ ]*}} offset -3 key_offset %{{[^ ]*}} length 6 {layer = 1 : i32} :
  %o2, %l2 = attn.attention %q, %k, %v mask @strided scale %s offset -3 key_offset %w length 6 {layer = 1 : i32}
      : tensor<2x32x?x64xf32>, tensor<2x8x?x64xf32>, tensor<2x8x?x16xf32> -> tensor<2x32x?x16xf32>, tensor<2x32x?xf32>
  return
}

// CHECK-LABEL: attn.schedule @mistral.fwd of @mistral tile [128, 64] merge(scan) {
// CHECK-NEXT: ^tile(%t: index, %query_length: index, %key_length: index, %offset: index, %key_offset: index, %length: index, %w: index):
attn.schedule @mistral.fwd of @mistral tile [128, 64] merge(scan) {
^tile(%t: index, %query_length: index, %key_length: index, %offset: index, %key_offset: index, %length: index, %w: index):
  %end = arith.addi %t, %w : index
  // CHECK: attn.visit %t to %[[END:.*]] full %t to %t band 0{{$}}
  attn.visit %t to %end full %t to %t band 0
  // CHECK-NEXT: attn.visit %t to %[[END]] full %t to %t band 1 where (%u: index) {
  attn.visit %t to %end full %t to %t band 1 where (%u: index) {
    %same = arith.cmpi eq, %u, %t : index
    // CHECK: attn.visit_yield
    attn.visit_yield %same, %same
  }
  // CHECK: attn.visit %t to %t full %t to %t band 2 fallback
  attn.visit %t to %t full %t to %t band 2 fallback
}

// CHECK-LABEL: attn.schedule @mistral.bwd_kv of @mistral tile [16, 16] merge(single) transposed {
attn.schedule @mistral.bwd_kv of @mistral tile [16, 16] merge(single) transposed {
^tile(%t: index, %query_length: index, %key_length: index, %offset: index, %key_offset: index, %length: index, %w: index):
}
