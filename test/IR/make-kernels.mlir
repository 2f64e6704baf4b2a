// RUN: attn-opt %s -attn-make-kernels | FileCheck %s
// RUN: attn-opt %s -attn-make-kernels=head-dim=128 | FileCheck %s --check-prefix=D128
// RUN: attn-opt %s -attn-make-kernels="dtype=bf16 head-dim=128" | FileCheck %s --check-prefix=BF16
// RUN: attn-opt %s -attn-make-kernels=dtype=f16 | FileCheck %s --check-prefix=F16

/// A pattern becomes a function of everything that may differ between calls: scale, offset, key offset,
/// length, and the pattern's own arguments.
attn.pattern @longformer(%w: index, %g: index) {
  %near = attn.window before %w after %w
  %cols = attn.keys 0 to %g
  %m = attn.union %near, %cols
  attn.yield %m
}

/// One that a function uses has its kernel.
attn.pattern @used {
  %m = attn.causal
  attn.yield %m
}

/// A private one is not asked for.
attn.pattern private @hidden {
  %m = attn.causal
  attn.yield %m
}

func.func @kernel(%q: tensor<1x2x8x4xf32>) -> (tensor<1x2x8x4xf32>, tensor<1x2x8xf32>) {
  %o, %lse = attn.attention %q, %q, %q mask @used
      : tensor<1x2x8x4xf32>, tensor<1x2x8x4xf32>, tensor<1x2x8x4xf32> -> tensor<1x2x8x4xf32>, tensor<1x2x8xf32>
  return %o, %lse : tensor<1x2x8x4xf32>, tensor<1x2x8xf32>
}

// CHECK-NOT: func.func @used_f32
// CHECK-NOT: func.func @hidden_f32
// CHECK-LABEL: func.func @longformer_f32_d64(
// CHECK-SAME: %[[Q:[^:]*]]: tensor<?x?x?x64xf32>, %[[K:[^:]*]]: tensor<?x?x?x64xf32>, %[[V:[^:]*]]: tensor<?x?x?x64xf32>,
// CHECK-SAME: %[[SCALE:[^:]*]]: f32, %[[OFFSET:[^:]*]]: index, %[[KEY_OFFSET:[^:]*]]: index, %[[LENGTH:[^:]*]]: index,
// CHECK-SAME: %[[W:[^:]*]]: index, %[[G:[^:]*]]: index) -> (tensor<?x?x?x64xf32>, tensor<?x?x?xf32>)
// CHECK-NEXT: %output, %lse = attn.attention %[[Q]], %[[K]], %[[V]] mask @longformer(%[[W]], %[[G]])
// CHECK-SAME: scale %[[SCALE]] offset %[[OFFSET]] key_offset %[[KEY_OFFSET]] length %[[LENGTH]] :
// CHECK-NEXT: return %output, %lse
// CHECK-NOT: func.func @used_f32
// CHECK-NOT: func.func @hidden_f32

// D128-LABEL: func.func @longformer_f32_d128(
// D128-SAME: tensor<?x?x?x128xf32>

/// The scale and the lse are f32 whatever the elements are.
// BF16-LABEL: func.func @longformer_bf16_d128(
// BF16-SAME: tensor<?x?x?x128xbf16>, %{{[^:]*}}: f32,
// BF16-SAME: -> (tensor<?x?x?x128xbf16>, tensor<?x?x?xf32>)
// F16-LABEL: func.func @longformer_f16_d64(
// F16-SAME: tensor<?x?x?x64xf16>
