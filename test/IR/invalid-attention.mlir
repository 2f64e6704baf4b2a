// RUN: attn-opt %s -split-input-file -verify-diagnostics

/// The rules of `attn.attention` one by one.

// expected-note @+1 {{'query' is 'tensor<1x2x8x128xf32>'}}
func.func @feature_size(%q: tensor<1x2x8x128xf32>, 
                        // expected-note @+1 {{'key' is 'tensor<1x2x8x64xf32>'}}
                        %k: tensor<1x2x8x64xf32>) {
  // expected-error @+1 {{'attn.attention' op expected 'key' feature size 64 to match 'query' feature size 128}}
  %o, %lse = attn.attention %q, %k, %k
      : tensor<1x2x8x128xf32>, tensor<1x2x8x64xf32>, tensor<1x2x8x64xf32> -> tensor<1x2x8x64xf32>, tensor<1x2x8xf32>
  return
}

// -----

// expected-note @+1 {{'value' is 'tensor<}}
func.func @output_feature_size(%q: tensor<1x2x8x64xf32>, %v: tensor<1x2x8x16xf32>) {
  // expected-error @+1 {{'attn.attention' op expected 'output' feature size 64 to match 'value' feature size 16}}
  %o, %lse = attn.attention %q, %q, %v
      : tensor<1x2x8x64xf32>, tensor<1x2x8x64xf32>, tensor<1x2x8x16xf32> -> tensor<1x2x8x64xf32>, tensor<1x2x8xf32>
  return
}

// -----

func.func @query_rank(%q: tensor<2x8x64xf32>, %k: tensor<1x2x8x64xf32>) {
  // expected-error @+1 {{'attn.attention' op expected 'query' of rank 4, [batch, heads, rows, features], found rank 3}}
  %o, %lse = attn.attention %q, %k, %k
      : tensor<2x8x64xf32>, tensor<1x2x8x64xf32>, tensor<1x2x8x64xf32> -> tensor<1x2x8x64xf32>, tensor<1x2x8xf32>
  return
}

// -----

func.func @lse_rank(%q: tensor<1x2x8x64xf32>) {
  // expected-error @+1 {{'attn.attention' op expected 'lse' of rank 3, [batch, heads, rows], found rank 4}}
  %o, %lse = attn.attention %q, %q, %q
      : tensor<1x2x8x64xf32>, tensor<1x2x8x64xf32>, tensor<1x2x8x64xf32> -> tensor<1x2x8x64xf32>, tensor<1x2x8x1xf32>
  return
}

// -----

func.func @unranked(%q: tensor<*xf32>) {
  // expected-error @+1 {{'attn.attention' op operand #0 must be ranked tensor of any type values, but got 'tensor<*xf32>'}}
  %o, %lse = attn.attention %q, %q, %q
      : tensor<*xf32>, tensor<*xf32>, tensor<*xf32> -> tensor<1x2x8x64xf32>, tensor<1x2x8xf32>
  return
}

// -----

func.func @element_integer(%q: tensor<1x2x8x64xi32>) {
  // expected-error @+1 {{'attn.attention' op expected 'query' of floating-point numbers, found 'i32'}}
  %o, %lse = attn.attention %q, %q, %q
      : tensor<1x2x8x64xi32>, tensor<1x2x8x64xi32>, tensor<1x2x8x64xi32> -> tensor<1x2x8x64xi32>, tensor<1x2x8xf32>
  return
}

// -----

// expected-note @+2 {{'value' is 'tensor<}}
// expected-note @+1 {{'query' is 'tensor<}}
func.func @element_differs(%q: tensor<1x2x8x64xf32>, %v: tensor<1x2x8x64xbf16>) {
  // expected-error @+1 {{'attn.attention' op expected 'value' of 'f32', as 'query', found 'bf16'}}
  %o, %lse = attn.attention %q, %q, %v
      : tensor<1x2x8x64xf32>, tensor<1x2x8x64xf32>, tensor<1x2x8x64xbf16> -> tensor<1x2x8x64xf32>, tensor<1x2x8xf32>
  return
}

// -----

func.func @element_lse(%q: tensor<1x2x8x64xbf16>) {
  // expected-error @+1 {{'attn.attention' op expected 'lse' of 'f32', found 'bf16'}}
  %o, %lse = attn.attention %q, %q, %q
      : tensor<1x2x8x64xbf16>, tensor<1x2x8x64xbf16>, tensor<1x2x8x64xbf16> -> tensor<1x2x8x64xbf16>, tensor<1x2x8xbf16>
  return
}

// -----

// expected-note @+2 {{'key' is 'tensor<}}
// expected-note @+1 {{'query' is 'tensor<}}
func.func @batch(%q: tensor<3x2x8x64xf32>, %k: tensor<2x2x8x64xf32>) {
  // expected-error @+1 {{'attn.attention' op expected 'key' batch size 2 to match 'query' batch size 3}}
  %o, %lse = attn.attention %q, %k, %k
      : tensor<3x2x8x64xf32>, tensor<2x2x8x64xf32>, tensor<2x2x8x64xf32> -> tensor<3x2x8x64xf32>, tensor<3x2x8xf32>
  return
}

// -----

// expected-note @+2 {{'query' is 'tensor<}}
// expected-note @+1 {{'key' is 'tensor<}}
func.func @head_groups(%q: tensor<1x7x8x64xf32>, %k: tensor<1x2x8x64xf32>) {
  // expected-error @+1 {{'attn.attention' op expected 'query' heads to be a multiple of 'key' heads, found 7 and 2}}
  %o, %lse = attn.attention %q, %k, %k
      : tensor<1x7x8x64xf32>, tensor<1x2x8x64xf32>, tensor<1x2x8x64xf32> -> tensor<1x7x8x64xf32>, tensor<1x7x8xf32>
  return
}

// -----

// expected-note @+2 {{'query' is 'tensor<}}
// expected-note @+1 {{'key' is 'tensor<}}
func.func @head_none(%q: tensor<1x7x8x64xf32>, %k: tensor<1x0x8x64xf32>) {
  // expected-error @+1 {{'attn.attention' op expected 'query' heads to be a multiple of 'key' heads, found 7 and 0}}
  %o, %lse = attn.attention %q, %k, %k
      : tensor<1x7x8x64xf32>, tensor<1x0x8x64xf32>, tensor<1x0x8x64xf32> -> tensor<1x7x8x64xf32>, tensor<1x7x8xf32>
  return
}

// -----

// expected-note @+2 {{'value' is 'tensor<}}
// expected-note @+1 {{'key' is 'tensor<}}
func.func @head_value(%q: tensor<1x2x8x64xf32>, %v: tensor<1x1x8x64xf32>) {
  // expected-error @+1 {{'attn.attention' op expected 'value' head count 1 to match 'key' head count 2}}
  %o, %lse = attn.attention %q, %q, %v
      : tensor<1x2x8x64xf32>, tensor<1x2x8x64xf32>, tensor<1x1x8x64xf32> -> tensor<1x2x8x64xf32>, tensor<1x2x8xf32>
  return
}

// -----

// expected-note @+2 {{'value' is 'tensor<}}
// expected-note @+1 {{'key' is 'tensor<}}
func.func @row_count(%q: tensor<1x2x8x64xf32>, %v: tensor<1x2x9x64xf32>) {
  // expected-error @+1 {{'attn.attention' op expected 'value' row count 9 to match 'key' row count 8}}
  %o, %lse = attn.attention %q, %q, %v
      : tensor<1x2x8x64xf32>, tensor<1x2x8x64xf32>, tensor<1x2x9x64xf32> -> tensor<1x2x8x64xf32>, tensor<1x2x8xf32>
  return
}

// -----

// expected-note @+1 {{'query' is 'tensor<1x2x8x64xf32>'}}
func.func @row_count_lse(%q: tensor<1x2x8x64xf32>) {
  // expected-error @+1 {{'attn.attention' op expected 'lse' row count 7 to match 'query' row count 8}}
  %o, %lse = attn.attention %q, %q, %q
      : tensor<1x2x8x64xf32>, tensor<1x2x8x64xf32>, tensor<1x2x8x64xf32> -> tensor<1x2x8x64xf32>, tensor<1x2x7xf32>
  return
}

// -----

func.func @offset(%q: tensor<1x2x8x64xf32>) {
  // expected-error @+1 {{'attn.attention' op expected 'offset' from -2147483647 to 2147483647, found 2147483648}}
  %o, %lse = attn.attention %q, %q, %q offset 2147483648
      : tensor<1x2x8x64xf32>, tensor<1x2x8x64xf32>, tensor<1x2x8x64xf32> -> tensor<1x2x8x64xf32>, tensor<1x2x8xf32>
  return
}

// -----

func.func @unknown_pattern(%q: tensor<1x2x8x64xf32>) {
  // expected-error @+1 {{'attn.attention' op expected 'mask' to be a pattern, found nothing named '@mistral'}}
  %o, %lse = attn.attention %q, %q, %q mask @mistral
      : tensor<1x2x8x64xf32>, tensor<1x2x8x64xf32>, tensor<1x2x8x64xf32> -> tensor<1x2x8x64xf32>, tensor<1x2x8xf32>
  return
}

// -----

// expected-note @+1 {{'@not_a_pattern' is this 'func.func'}}
func.func @not_a_pattern(%q: tensor<1x2x8x64xf32>) {
  // expected-error @+1 {{'attn.attention' op expected 'mask' to be a pattern, found '@not_a_pattern'}}
  %o, %lse = attn.attention %q, %q, %q mask @not_a_pattern
      : tensor<1x2x8x64xf32>, tensor<1x2x8x64xf32>, tensor<1x2x8x64xf32> -> tensor<1x2x8x64xf32>, tensor<1x2x8xf32>
  return
}

// -----

// expected-note @+1 {{'@longformer' is declared here as (%w: index, %g: index)}}
attn.pattern @longformer(%w: index, %g: index) {
  %near = attn.window before %w after %w
  %cols = attn.keys 0 to %g
  %m = attn.union %near, %cols
  attn.yield %m
}
func.func @argument_count(%q: tensor<1x2x8x64xf32>, %w: index) {
  // expected-error @+1 {{'attn.attention' op expected 2 arguments for '@longformer', found 1}}
  %o, %lse = attn.attention %q, %q, %q mask @longformer(%w)
      : tensor<1x2x8x64xf32>, tensor<1x2x8x64xf32>, tensor<1x2x8x64xf32> -> tensor<1x2x8x64xf32>, tensor<1x2x8xf32>
  return
}

// -----

// expected-note @+1 {{'@past' is declared here without arguments}}
attn.pattern @past {
  %m = attn.causal
  attn.yield %m
}
func.func @argument_none(%q: tensor<1x2x8x64xf32>, %w: index) {
  // expected-error @+1 {{'attn.attention' op expected 0 arguments for '@past', found 1}}
  %o, %lse = attn.attention %q, %q, %q mask @past(%w)
      : tensor<1x2x8x64xf32>, tensor<1x2x8x64xf32>, tensor<1x2x8x64xf32> -> tensor<1x2x8x64xf32>, tensor<1x2x8xf32>
  return
}

// -----

func.func @argument_without_mask(%q: tensor<1x2x8x64xf32>, %w: index) {
  // expected-error @+1 {{'attn.attention' op expected 'mask' for 1 pattern arguments, found none}}
  %o, %lse = "attn.attention"(%q, %q, %q, %w) <{operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 0, 0, 0>}>
      : (tensor<1x2x8x64xf32>, tensor<1x2x8x64xf32>, tensor<1x2x8x64xf32>, index) -> (tensor<1x2x8x64xf32>, tensor<1x2x8xf32>)
  return
}
