// RUN: attn-opt %s -attn-make-kernels -verify-diagnostics
// RUN: not attn-opt %s -attn-make-kernels=head-dim=0 2>&1 | FileCheck %s
// RUN: not attn-opt %s -attn-make-kernels=dtype=f64 2>&1 | FileCheck %s --check-prefix=DTYPE

// DTYPE: error: expected 'dtype' f32, f16 or bf16, found 'f64'
// CHECK: error: expected a positive 'head-dim', found 0

// expected-error @+1 {{'attn.pattern' op expected '@past_f32_d64' to be free for its kernel}}
attn.pattern @past {
  %m = attn.causal
  attn.yield %m
}

// expected-note @+1 {{'@past_f32_d64' is this 'func.func'}}
func.func private @past_f32_d64()
