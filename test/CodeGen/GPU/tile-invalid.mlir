// RUN: attn-opt %s --split-input-file --verify-diagnostics

func.func @mask_keeps(%s: vector<32xf32>, %keep: vector<8xi1>) {
  // expected-error @+1 {{'attn_tile.mask' op expected 'keep0' and 'keep1' of half the elements of 'scores', 16, found 8}}
  %r = attn_tile.mask %s, %keep, %keep : vector<32xf32>, vector<8xi1>
  return
}

// -----

func.func @mask_word(%s: vector<128xf32>, %keep: i32) {
  // expected-error @+1 {{'attn_tile.mask' op expected words for at most 32 columns of a lane, found 64}}
  %r = attn_tile.mask %s, %keep, %keep : vector<128xf32>, i32
  return
}

// -----

func.func @mask_matrices(%s: vector<6xf32>, %keep: vector<3xi1>) {
  // expected-error @+1 {{'attn_tile.mask' op expected 'scores' of a multiple of 4 elements, found 6}}
  %r = attn_tile.mask %s, %keep, %keep : vector<6xf32>, vector<3xi1>
  return
}

// -----

func.func @row_max_matrices(%s: vector<6xf32>, %m: vector<2xf32>) {
  // expected-error @+1 {{'attn_tile.row_max' op expected 'scores' of a multiple of 4 elements, found 6}}
  %r = attn_tile.row_max %s, %m : vector<6xf32>
  return
}

// -----

func.func @exponential_matrices(%s: vector<6xf32>, %scale: f32, %m: vector<2xf32>) {
  // expected-error @+1 {{'attn_tile.exponential' op expected 'scores' of a multiple of 4 elements, found 6}}
  %r = attn_tile.exponential %s, %scale, %m : vector<6xf32>
  return
}

// -----

func.func @row_sum_matrices(%w: vector<6xf32>, %m: vector<2xf32>) {
  // expected-error @+1 {{'attn_tile.row_sum' op expected 'weights' of a multiple of 4 elements, found 6}}
  %r = attn_tile.row_sum %w, %m, %m : vector<6xf32>
  return
}

// -----

func.func @scale_rows_matrices(%f: vector<6xf32>, %m: vector<2xf32>) {
  // expected-error @+1 {{'attn_tile.scale_rows' op expected 'fragment' of a multiple of 4 elements, found 6}}
  %r = attn_tile.scale_rows %f, %m : vector<6xf32>
  return
}

// -----

func.func @pack_half(%f: vector<8xf32>) {
  // expected-error @+1 {{'attn_tile.pack' op expected a result of half the elements of 'fragment', 4, found 8}}
  %r = attn_tile.pack %f to f16 : vector<8xf32> -> vector<8xi32>
  return
}

// -----

func.func @pack_matrices(%f: vector<6xf32>) {
  // expected-error @+1 {{'attn_tile.pack' op expected 'fragment' of a multiple of 4 elements, found 6}}
  %r = attn_tile.pack %f to f16 : vector<6xf32> -> vector<3xi32>
  return
}

// -----

func.func @copy_features(%from: !llvm.ptr<1>, %bytes: i64, %i: i32, %to: !llvm.ptr<3>) {
  // expected-error @+1 {{'attn_tile.copy' op expected 'features' to be a multiple of 32 up to 256, found 40}}
  attn_tile.copy %from, %bytes, %i to %to thread %i
      {threads = 256 : i64, rows = 64 : i64, features = 40 : i64}
  return
}

// -----

func.func @copy_rows(%from: !llvm.ptr<1>, %bytes: i64, %i: i32, %to: !llvm.ptr<3>) {
  // expected-error @+1 {{'attn_tile.copy' op expected 'rows' to be a multiple of a quarter of 'threads', found 80 and 256}}
  attn_tile.copy %from, %bytes, %i to %to thread %i
      {threads = 256 : i64, rows = 80 : i64, features = 64 : i64}
  return
}

// -----

func.func @copy_no_threads(%from: !llvm.ptr<1>, %bytes: i64, %i: i32, %to: !llvm.ptr<3>) {
  // expected-error @+1 {{expected 'rows' to be a multiple of a quarter of 'threads', found 64 and 0}}
  attn_tile.copy %from, %bytes, %i to %to thread %i
      {threads = 0 : i64, rows = 64 : i64, features = 64 : i64}
  return
}

// -----

func.func @mma_ss_features(%p: !llvm.ptr<3>, %lane: i32) {
  // expected-error @+1 {{'attn_tile.mma_ss' op expected 'features' to be a multiple of 32 up to 256, found 288}}
  %s = attn_tile.mma_ss %p, %p of f16 lane %lane {features = 288 : i64} : vector<8xf32>
  return
}

// -----

func.func @mma_ss_width(%p: !llvm.ptr<3>, %lane: i32) {
  // expected-error @+1 {{'attn_tile.mma_ss' op expected a multiple of 16 columns up to 256, found 24}}
  %s = attn_tile.mma_ss %p, %p of f16 lane %lane {features = 64 : i64} : vector<12xf32>
  return
}

// -----

func.func @mma_rs_depth(%a: vector<6xi32>, %b: !llvm.ptr<3>, %o: vector<8xf32>, %lane: i32) {
  // expected-error @+1 {{'attn_tile.mma_rs' op expected 'a' of a multiple of 4 elements, 16 columns, found 6}}
  %r = attn_tile.mma_rs %a, %b, %o of f16 lane %lane : vector<6xi32>, vector<8xf32>
  return
}

// -----

func.func @mma_rs_width(%a: vector<4xi32>, %b: !llvm.ptr<3>, %o: vector<12xf32>, %lane: i32) {
  // expected-error @+1 {{'attn_tile.mma_rs' op expected a multiple of 16 columns up to 256, found 24}}
  %r = attn_tile.mma_rs %a, %b, %o of f16 lane %lane : vector<4xi32>, vector<12xf32>
  return
}

// -----

func.func @store_quarter(%f: vector<8xi32>, %to: !llvm.ptr<3>, %map: !llvm.ptr, %i: i32) {
  // expected-error @+1 {{'attn_tile.store' op expected 'fragment' of a quarter of 'features', 16 elements, found 8}}
  attn_tile.store %f through %to to %map[%i, %i, %i] lane %i {rows = 128 : i64, features = 64 : i64}
      : vector<8xi32>
  return
}

// -----

func.func @store_features(%f: vector<10xi32>, %to: !llvm.ptr<3>, %map: !llvm.ptr, %i: i32) {
  // expected-error @+1 {{'attn_tile.store' op expected 'features' to be a multiple of 32 up to 256, found 40}}
  attn_tile.store %f through %to to %map[%i, %i, %i] lane %i {rows = 128 : i64, features = 40 : i64}
      : vector<10xi32>
  return
}

// -----

func.func @wgmma_ss_features(%a: i32) {
  // expected-error @+1 {{'attn_tile.wgmma_ss' op expected 'features' to be a multiple of 32 up to 256, found 16}}
  %s = attn_tile.wgmma_ss %a, %a of bf16 {aRows = 64 : i64, bRows = 16 : i64, features = 16 : i64} : vector<8xf32>
  return
}

// -----

func.func @wgmma_ss_rows(%a: i32) {
  // expected-error @+1 {{'attn_tile.wgmma_ss' op expected as many columns as 'b' has rows, 32, found 16}}
  %s = attn_tile.wgmma_ss %a, %a of bf16 {aRows = 64 : i64, bRows = 32 : i64, features = 64 : i64} : vector<8xf32>
  return
}

// -----

func.func @wgmma_ss_width(%a: i32) {
  // expected-error @+1 {{'attn_tile.wgmma_ss' op expected a multiple of 16 columns up to 256, found 272}}
  %s = attn_tile.wgmma_ss %a, %a of bf16 {aRows = 64 : i64, bRows = 272 : i64, features = 64 : i64} : vector<136xf32>
  return
}

// -----

func.func @wgmma_rs_depth(%a: vector<6xi32>, %b: i32, %o: vector<8xf32>) {
  // expected-error @+1 {{'attn_tile.wgmma_rs' op expected 'a' of a multiple of 4 elements, 16 columns, found 6}}
  %r = attn_tile.wgmma_rs %a, %b, %o of bf16 : vector<6xi32>, vector<8xf32>
  return
}

// -----

func.func @wgmma_rs_width(%a: vector<4xi32>, %b: i32, %o: vector<4xf32>) {
  // expected-error @+1 {{'attn_tile.wgmma_rs' op expected a multiple of 16 columns up to 256, found 8}}
  %r = attn_tile.wgmma_rs %a, %b, %o of bf16 : vector<4xi32>, vector<4xf32>
  return
}
