// RUN: attn-opt %s --verify-roundtrip

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
attn.pattern private @mix(%b: index) {
  %c4 = arith.constant 4 : index
  %a = attn.block 64 shift 8 before -1 after %b
  %c = attn.window before %c4 after %b dilation 3
  %d = attn.difference %a, %c
  %x = attn.where affine_set<(q, k)[a, b] : (q - a - b + k * 2 >= 0)>[%b, %b]
  %e = attn.complement %d
  %ch = attn.chunk 16
  %all = attn.all {foo = 1 : i32}
  %f = attn.union %e, %ch, %all, %x
  attn.yield %f
}
attn.assert @mistral causal
attn.assert @strided within @mistral
func.func @f(%q: tensor<2x32x?x64xf32>, %k: tensor<2x8x?x64xf32>, %v: tensor<2x8x?x64xf32>, %w: index, %s: f32) {
  %o, %lse = attn.attention %q, %k, %v mask @mistral(%w) scale 0.125
    : tensor<2x32x?x64xf32>, tensor<2x8x?x64xf32>, tensor<2x8x?x64xf32> -> tensor<2x32x?x64xf32>, tensor<2x32x?xf32>
  %o1, %lse1 = attn.attention %q, %k, %v mask @strided scale %s offset -3 key_offset %w length 6
    : tensor<2x32x?x64xf32>, tensor<2x8x?x64xf32>, tensor<2x8x?x64xf32> -> tensor<2x32x?x64xf32>, tensor<2x32x?xf32>
  %o2, %lse2 = attn.attention %q, %k, %v 
    : tensor<2x32x?x64xf32>, tensor<2x8x?x64xf32>, tensor<2x8x?x64xf32> -> tensor<2x32x?x64xf32>, tensor<2x32x?xf32>
  return
}
attn.schedule @mistral.fwd of @mistral tile [128, 64] merge(scan) {
^tile(%t: index, %query_length: index, %key_length: index, %offset: index, %key_offset: index, %length: index, %w: index):
  %x = arith.addi %t, %w : index
  attn.visit %t to %x full %t to %t band 0
  attn.visit %t to %x full %t to %t band 1 where (%u: index) {
    %c = arith.cmpi eq, %u, %t : index
    attn.visit_yield %c, %c
  }
}
attn.schedule @mistral.bwd_kv of @mistral tile [128, 64] merge(single) transposed {
^tile(%t: index, %query_length: index, %key_length: index, %offset: index, %key_offset: index, %length: index, %w: index):
  attn.visit %t to %w full %t to %t band 0 fallback
}
