// RUN: attn-opt %s --attn-to-cpu=target=x86-64-v4 --split-input-file --verify-diagnostics
// RUN: echo "" | not attn-opt - --attn-to-cpu=target=z80 2>&1 | FileCheck %s --check-prefix=TARGET

// TARGET: error: unknown target 'z80', expected {{.*}}x86-64-v4{{.*}}aarch64

func.func @double(%q: tensor<?x?x?x64xf64>, %k: tensor<?x?x?x64xf64>, %v: tensor<?x?x?x64xf64>)
    -> (tensor<?x?x?x64xf64>, tensor<?x?x?xf32>) {
  // expected-error @+1 {{'attn.attention' op expected elements of type 'f32', found 'f64'}}
  %o, %l = attn.attention %q, %k, %v
      : tensor<?x?x?x64xf64>, tensor<?x?x?x64xf64>, tensor<?x?x?x64xf64>
        -> tensor<?x?x?x64xf64>, tensor<?x?x?xf32>
  return %o, %l : tensor<?x?x?x64xf64>, tensor<?x?x?xf32>
}

// -----

func.func @odd_features(%q: tensor<?x?x?x20xf32>, %k: tensor<?x?x?x20xf32>, %v: tensor<?x?x?x20xf32>)
    -> (tensor<?x?x?x20xf32>, tensor<?x?x?xf32>) {
  // expected-error @+1 {{expected a head dim that is a multiple of 8 from 8 to 1024, found 20}}
  %o, %l = attn.attention %q, %k, %v
      : tensor<?x?x?x20xf32>, tensor<?x?x?x20xf32>, tensor<?x?x?x20xf32>
        -> tensor<?x?x?x20xf32>, tensor<?x?x?xf32>
  return %o, %l : tensor<?x?x?x20xf32>, tensor<?x?x?xf32>
}

// -----

func.func @many_features(%q: tensor<?x?x?x2048xf32>, %k: tensor<?x?x?x2048xf32>,
                         %v: tensor<?x?x?x2048xf32>)
    -> (tensor<?x?x?x2048xf32>, tensor<?x?x?xf32>) {
  // expected-error @+1 {{expected a head dim that is a multiple of 8 from 8 to 1024, found 2048}}
  %o, %l = attn.attention %q, %k, %v
      : tensor<?x?x?x2048xf32>, tensor<?x?x?x2048xf32>, tensor<?x?x?x2048xf32>
        -> tensor<?x?x?x2048xf32>, tensor<?x?x?xf32>
  return %o, %l : tensor<?x?x?x2048xf32>, tensor<?x?x?xf32>
}

// -----

func.func @unknown_features(%q: tensor<?x?x?x?xf32>, %k: tensor<?x?x?x?xf32>,
                            %v: tensor<?x?x?x?xf32>) -> (tensor<?x?x?x?xf32>, tensor<?x?x?xf32>) {
  // expected-error @+1 {{expected a static head dim, found 'tensor<?x?x?x?xf32>'}}
  %o, %l = attn.attention %q, %k, %v
      : tensor<?x?x?x?xf32>, tensor<?x?x?x?xf32>, tensor<?x?x?x?xf32>
        -> tensor<?x?x?x?xf32>, tensor<?x?x?xf32>
  return %o, %l : tensor<?x?x?x?xf32>, tensor<?x?x?xf32>
}

// -----

attn.pattern @past {
  %past = attn.causal
  attn.yield %past
}
func.func @no_schedule(%q: tensor<?x?x?x64xf32>, %k: tensor<?x?x?x64xf32>, %v: tensor<?x?x?x64xf32>)
    -> (tensor<?x?x?x64xf32>, tensor<?x?x?xf32>) {
  // expected-error @+2 {{expected a forward schedule of pattern '@past', found none}}
  // expected-note @+1 {{'attn-schedule' derives it}}
  %o, %l = attn.attention %q, %k, %v mask @past
      : tensor<?x?x?x64xf32>, tensor<?x?x?x64xf32>, tensor<?x?x?x64xf32>
        -> tensor<?x?x?x64xf32>, tensor<?x?x?xf32>
  return %o, %l : tensor<?x?x?x64xf32>, tensor<?x?x?xf32>
}

// -----

attn.pattern @past {
  %past = attn.causal
  attn.yield %past
}
// expected-error @+1 {{'attn.schedule' op expected tiles of [16, 16], found [64, 16]}}
attn.schedule @past.fwd of @past tile [64, 16] merge(single) {
^tile(%t: index, %query_length: index, %key_length: index, %offset: index, %key_offset: index,
      %length: index):
  %c0 = arith.constant 0 : index
  attn.visit %c0 to %key_length full %c0 to %c0 band 0
}
func.func @other_tiles(%q: tensor<?x?x?x64xf32>, %k: tensor<?x?x?x64xf32>, %v: tensor<?x?x?x64xf32>)
    -> (tensor<?x?x?x64xf32>, tensor<?x?x?xf32>) {
  %o, %l = attn.attention %q, %k, %v mask @past
      : tensor<?x?x?x64xf32>, tensor<?x?x?x64xf32>, tensor<?x?x?x64xf32>
        -> tensor<?x?x?x64xf32>, tensor<?x?x?xf32>
  return %o, %l : tensor<?x?x?x64xf32>, tensor<?x?x?xf32>
}

// -----

func.func @not_alone(%q: tensor<?x?x?x64xf32>, %k: tensor<?x?x?x64xf32>)
    -> (tensor<?x?x?x64xf32>, tensor<?x?x?xf32>) {
  %scale = arith.constant 0.5 : f32
  // expected-error @+2 {{expected to be alone in a kernel function, found '@not_alone' with other ops}}
  // expected-note @-4 {{a kernel function is one 'attn.attention' of its arguments, and a return}}
  %o, %l = attn.attention %q, %k, %k scale %scale
      : tensor<?x?x?x64xf32>, tensor<?x?x?x64xf32>, tensor<?x?x?x64xf32>
        -> tensor<?x?x?x64xf32>, tensor<?x?x?xf32>
  return %o, %l : tensor<?x?x?x64xf32>, tensor<?x?x?xf32>
}

// -----

func.func @returns_input(%q: tensor<?x?x?x64xf32>, %k: tensor<?x?x?x64xf32>)
    -> tensor<?x?x?x64xf32> {
  %o, %l = attn.attention %q, %k, %k
      : tensor<?x?x?x64xf32>, tensor<?x?x?x64xf32>, tensor<?x?x?x64xf32>
        -> tensor<?x?x?x64xf32>, tensor<?x?x?xf32>
  // expected-error @+1 {{expected a kernel function to return results of its 'attn.attention'}}
  return %q : tensor<?x?x?x64xf32>
}

// -----

// expected-note @+1 {{'@taken_plan' is defined here}}
func.func @taken_plan() {
  return
}
func.func @taken(%q: tensor<?x?x?x64xf32>, %k: tensor<?x?x?x64xf32>) -> tensor<?x?x?x64xf32> {
  // expected-error @+1 {{expected '@taken_plan' to be free for the kernel '@taken'}}
  %o, %l = attn.attention %q, %k, %k
      : tensor<?x?x?x64xf32>, tensor<?x?x?x64xf32>, tensor<?x?x?x64xf32>
        -> tensor<?x?x?x64xf32>, tensor<?x?x?xf32>
  return %o : tensor<?x?x?x64xf32>
}
