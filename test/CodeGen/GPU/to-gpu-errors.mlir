// RUN: attn-opt %s --attn-to-gpu=target=sm_80 --split-input-file --verify-diagnostics
// RUN: echo "" | not attn-opt - --attn-to-gpu=target=sm_90 2>&1 | FileCheck %s --check-prefix=TARGET

// TARGET: error: unknown target 'sm_90', expected one of sm_80, sm_90a

func.func @single(%q: tensor<?x?x?x64xf32>, %k: tensor<?x?x?x64xf32>, %v: tensor<?x?x?x64xf32>)
    -> (tensor<?x?x?x64xf32>, tensor<?x?x?xf32>) {
  // expected-error @+1 {{'attn.attention' op expected elements of type 'f16' or 'bf16', found 'f32'}}
  %o, %l = attn.attention %q, %k, %v
      : tensor<?x?x?x64xf32>, tensor<?x?x?x64xf32>, tensor<?x?x?x64xf32>
        -> tensor<?x?x?x64xf32>, tensor<?x?x?xf32>
  return %o, %l : tensor<?x?x?x64xf32>, tensor<?x?x?xf32>
}

// -----

func.func @odd_features(%q: tensor<?x?x?x80xf16>, %k: tensor<?x?x?x80xf16>, %v: tensor<?x?x?x80xf16>)
    -> (tensor<?x?x?x80xf16>, tensor<?x?x?xf32>) {
  // expected-error @+1 {{'attn.attention' op expected a head dim of 64, 96, 128, 192 or 256 for target 'sm_80', found 80}}
  %o, %l = attn.attention %q, %k, %v
      : tensor<?x?x?x80xf16>, tensor<?x?x?x80xf16>, tensor<?x?x?x80xf16>
        -> tensor<?x?x?x80xf16>, tensor<?x?x?xf32>
  return %o, %l : tensor<?x?x?x80xf16>, tensor<?x?x?xf32>
}

// -----

func.func @unknown_features(%q: tensor<?x?x?x?xf16>, %k: tensor<?x?x?x?xf16>, %v: tensor<?x?x?x?xf16>)
    -> (tensor<?x?x?x?xf16>, tensor<?x?x?xf32>) {
  // expected-error @+1 {{expected a static head dim, found 'tensor<?x?x?x?xf16>'}}
  %o, %l = attn.attention %q, %k, %v
      : tensor<?x?x?x?xf16>, tensor<?x?x?x?xf16>, tensor<?x?x?x?xf16>
        -> tensor<?x?x?x?xf16>, tensor<?x?x?xf32>
  return %o, %l : tensor<?x?x?x?xf16>, tensor<?x?x?xf32>
}

// -----

attn.pattern @past {
  %past = attn.causal
  attn.yield %past
}
func.func @no_schedule(%q: tensor<?x?x?x64xf16>, %k: tensor<?x?x?x64xf16>, %v: tensor<?x?x?x64xf16>)
    -> (tensor<?x?x?x64xf16>, tensor<?x?x?xf32>) {
  // expected-error @+2 {{expected a forward schedule of pattern '@past', found none}}
  // expected-note @+1 {{'attn-schedule' derives it}}
  %o, %l = attn.attention %q, %k, %v mask @past
      : tensor<?x?x?x64xf16>, tensor<?x?x?x64xf16>, tensor<?x?x?x64xf16>
        -> tensor<?x?x?x64xf16>, tensor<?x?x?xf32>
  return %o, %l : tensor<?x?x?x64xf16>, tensor<?x?x?xf32>
}

// -----

/// The tiles of sm_90a are not those of sm_80.
attn.pattern @past {
  %past = attn.causal
  attn.yield %past
}
// expected-error @+1 {{'attn.schedule' op expected tiles of [128, 64], found [128, 128]}}
attn.schedule @past.fwd of @past tile [128, 128] merge(single) {
^tile(%t: index, %query_length: index, %key_length: index, %offset: index, %key_offset: index,
      %length: index):
  %c0 = arith.constant 0 : index
  attn.visit %c0 to %key_length full %c0 to %c0 band 0
}
func.func @other_tiles(%q: tensor<?x?x?x64xf16>, %k: tensor<?x?x?x64xf16>, %v: tensor<?x?x?x64xf16>)
    -> (tensor<?x?x?x64xf16>, tensor<?x?x?xf32>) {
  %o, %l = attn.attention %q, %k, %v mask @past
      : tensor<?x?x?x64xf16>, tensor<?x?x?x64xf16>, tensor<?x?x?x64xf16>
        -> tensor<?x?x?x64xf16>, tensor<?x?x?xf32>
  return %o, %l : tensor<?x?x?x64xf16>, tensor<?x?x?xf32>
}

// -----

func.func @not_alone(%q: tensor<?x?x?x64xf16>, %k: tensor<?x?x?x64xf16>)
    -> (tensor<?x?x?x64xf16>, tensor<?x?x?xf32>) {
  %scale = arith.constant 0.5 : f32
  // expected-error @+2 {{expected to be alone in a kernel function, found '@not_alone' with other ops}}
  // expected-note @-4 {{a kernel function is one 'attn.attention' of its arguments, and a return}}
  %o, %l = attn.attention %q, %k, %k scale %scale
      : tensor<?x?x?x64xf16>, tensor<?x?x?x64xf16>, tensor<?x?x?x64xf16>
        -> tensor<?x?x?x64xf16>, tensor<?x?x?xf32>
  return %o, %l : tensor<?x?x?x64xf16>, tensor<?x?x?xf32>
}

// -----

func.func @returns_input(%q: tensor<?x?x?x64xf16>, %k: tensor<?x?x?x64xf16>)
    -> tensor<?x?x?x64xf16> {
  %o, %l = attn.attention %q, %k, %k
      : tensor<?x?x?x64xf16>, tensor<?x?x?x64xf16>, tensor<?x?x?x64xf16>
        -> tensor<?x?x?x64xf16>, tensor<?x?x?xf32>
  // expected-error @+1 {{expected a kernel function to return results of its 'attn.attention'}}
  return %q : tensor<?x?x?x64xf16>
}

// -----

func.func @other_value(%q: tensor<?x?x?x64xf16>, %k: tensor<?x?x?x64xf16>, %v: tensor<?x?x?x128xf16>)
    -> (tensor<?x?x?x128xf16>, tensor<?x?x?xf32>) {
  // expected-error @+1 {{expected 'value' of head dim 64, as 'query' has, found 'tensor<?x?x?x128xf16>'}}
  %o, %l = attn.attention %q, %k, %v
      : tensor<?x?x?x64xf16>, tensor<?x?x?x64xf16>, tensor<?x?x?x128xf16>
        -> tensor<?x?x?x128xf16>, tensor<?x?x?xf32>
  return %o, %l : tensor<?x?x?x128xf16>, tensor<?x?x?xf32>
}
