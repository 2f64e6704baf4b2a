// RUN: attn-opt %s --attn-lower-tiles --canonicalize --cse | FileCheck %s --implicit-check-not=attn_tile
/// A bit selects the score or -inf: columns 0 and 1 of row 0, then of row 1.
// CHECK-LABEL: func.func @mask(
// CHECK: %[[S0:.*]] = vector.extract %arg0[0]
// CHECK: %[[S3:.*]] = vector.extract %arg0[3]
// CHECK: %[[ROW0:.*]] = vector.extract %arg1[0]
// CHECK: arith.select %[[ROW0]], %[[S0]], %[[HIDDEN:.*]] : f32
// CHECK: %[[ROW1:.*]] = vector.extract %arg2[1]
// CHECK: arith.select %[[ROW1]], %[[S3]], %[[HIDDEN]] : f32
func.func @mask(%s: vector<4xf32>, %k0: vector<2xi1>, %k1: vector<2xi1>) -> vector<4xf32> {
  %r = attn_tile.mask %s, %k0, %k1 : vector<4xf32>, vector<2xi1>
  return %r : vector<4xf32>
}

/// The same by the bits of a word.
// CHECK-LABEL: func.func @mask_word(
// CHECK: %[[S1:.*]] = vector.extract %arg0[1]
// CHECK: %[[S2:.*]] = vector.extract %arg0[2]
// CHECK: %[[BIT1:.*]] = arith.andi %arg1, %c2_i32
// CHECK: %[[KEEP1:.*]] = arith.cmpi ne, %[[BIT1]], %c0_i32
// CHECK: arith.select %[[KEEP1]], %[[S1]], %[[HIDDEN:.*]] : f32
// CHECK: %[[BIT0:.*]] = arith.andi %arg2, %c1_i32
// CHECK: %[[KEEP0:.*]] = arith.cmpi ne, %[[BIT0]], %c0_i32
// CHECK: arith.select %[[KEEP0]], %[[S2]], %[[HIDDEN]] : f32
func.func @mask_word(%s: vector<4xf32>, %k0: i32, %k1: i32) -> vector<4xf32> {
  %r = attn_tile.mask %s, %k0, %k1 : vector<4xf32>, i32
  return %r : vector<4xf32>
}

/// The lanes of a row differ in the two low bits of their number; a NaN is passed over.
// CHECK-LABEL: func.func @row_max(
// CHECK: %[[TWO:.*]] = arith.constant 2 : i32
// CHECK: %[[M0:.*]] = vector.extract %arg1[0]
// CHECK: %[[A:.*]] = llvm.intr.maxnum(%[[M0]], %
// CHECK: %[[B:.*]] = llvm.intr.maxnum(%[[A]], %
// CHECK: %[[OTHER:.*]] = nvvm.shfl.sync  bfly %{{.*}}, %[[B]], %[[TWO]],
// CHECK: %[[D:.*]] = llvm.intr.maxnum(%[[B]], %[[OTHER]])
// CHECK-NEXT: nvvm.shfl.sync  bfly %{{.*}}, %[[D]], %c1_i32,
func.func @row_max(%s: vector<4xf32>, %m: vector<2xf32>) -> vector<2xf32> {
  %r = attn_tile.row_max %s, %m : vector<4xf32>
  return %r : vector<2xf32>
}

/// The product with the scale and the difference are one fused step: rows 0 and 1 have their own maximum.
// CHECK-LABEL: func.func @exponential(
// CHECK: %[[P0:.*]] = arith.mulf %{{.*}}, %arg1
// CHECK: %[[N0:.*]] = arith.negf %[[P0]]
// CHECK: %[[P1:.*]] = arith.mulf %{{.*}}, %arg1
// CHECK: %[[N1:.*]] = arith.negf %[[P1]]
// CHECK: %[[X0:.*]] = llvm.intr.fma(%{{.*}}, %arg1, %[[N0]])
// CHECK-NEXT: llvm.intr.exp2(%[[X0]])
// CHECK: llvm.intr.fma(%{{.*}}, %arg1, %[[N0]])
// CHECK: llvm.intr.fma(%{{.*}}, %arg1, %[[N1]])
// CHECK: llvm.intr.fma(%{{.*}}, %arg1, %[[N1]])
// CHECK-NOT: llvm.intr.fma
func.func @exponential(%s: vector<4xf32>, %scale: f32, %m: vector<2xf32>) -> vector<4xf32> {
  %r = attn_tile.exponential %s, %scale, %m : vector<4xf32>
  return %r : vector<4xf32>
}

/// Partial: the old sum enters by one fused step, and no lane asks another.
// CHECK-LABEL: func.func @row_sum(
// CHECK-NOT: nvvm.shfl
// CHECK: %[[W2:.*]] = vector.extract %arg0[2]
// CHECK: %[[L1:.*]] = vector.extract %arg1[1]
// CHECK: %[[F1:.*]] = vector.extract %arg2[1]
// CHECK: llvm.intr.fma(%[[L1]], %[[F1]], %[[W2]])
// CHECK-NOT: nvvm.shfl
// CHECK: return
func.func @row_sum(%w: vector<4xf32>, %l: vector<2xf32>, %f: vector<2xf32>) -> vector<2xf32> {
  %r = attn_tile.row_sum %w, %l, %f : vector<4xf32>
  return %r : vector<2xf32>
}

/// Two exchanges for each of the two rows.
// CHECK-LABEL: func.func @combine(
// CHECK-COUNT-4: nvvm.shfl.sync  bfly
// CHECK-NOT: nvvm.shfl
func.func @combine(%l: vector<2xf32>) -> vector<2xf32> {
  %r = attn_tile.combine %l
  return %r : vector<2xf32>
}

/// Elements 0 and 1 are of row 0, elements 2 and 3 of row 1.
// CHECK-LABEL: func.func @scale_rows(
// CHECK: %[[F0:.*]] = vector.extract %arg1[0]
// CHECK: %[[F1:.*]] = vector.extract %arg1[1]
// CHECK: arith.mulf %{{.*}}, %[[F0]]
// CHECK-NEXT: arith.mulf %{{.*}}, %[[F0]]
// CHECK-NEXT: arith.mulf %{{.*}}, %[[F1]]
// CHECK-NEXT: arith.mulf %{{.*}}, %[[F1]]
func.func @scale_rows(%o: vector<4xf32>, %f: vector<2xf32>) -> vector<4xf32> {
  %r = attn_tile.scale_rows %o, %f : vector<4xf32>
  return %r : vector<4xf32>
}

/// The instruction names the high half first.
// CHECK-LABEL: func.func @pack(
// CHECK: %[[P0:.*]] = vector.extract %arg0[0]
// CHECK: %[[P1:.*]] = vector.extract %arg0[1]
// CHECK: nvvm.convert.f32x2.to.f16x2 %[[P1]], %[[P0]] {rnd = #nvvm.fp_rnd_mode<rn>}
// CHECK: nvvm.convert.f32x2.to.bf16x2 %[[P1]], %[[P0]] {rnd = #nvvm.fp_rnd_mode<rn>}
func.func @pack(%p: vector<4xf32>) -> (vector<2xi32>, vector<2xi32>) {
  %h = attn_tile.pack %p to f16 : vector<4xf32> -> vector<2xi32>
  %b = attn_tile.pack %p to bf16 : vector<4xf32> -> vector<2xi32>
  return %h, %b : vector<2xi32>, vector<2xi32>
}

/// Rows are 2 * 64 + 16 bytes apart. A row that does not exist takes 0 bytes of row 0; 128 threads copy 32 rows
/// at a time, 64 bytes of each, and the second half begins at 32 * 144.
// CHECK-LABEL: func.func @copy(
// CHECK: %[[TO:.*]] = llvm.getelementptr %arg3[
// CHECK: %[[EXISTS:.*]] = arith.cmpi slt, %[[ROW:.*]], %arg2
// CHECK: arith.select %[[EXISTS]], %[[ROW]], %c0_i32
// CHECK: %[[BYTES:.*]] = arith.select %[[EXISTS]], %c16_i32, %c0_i32
// CHECK: %[[FROM:.*]] = llvm.getelementptr %arg0[
// CHECK: nvvm.cp.async.shared.global %[[TO]], %[[FROM]], 16, cache =  cg, %[[BYTES]]
// CHECK: %[[TO64:.*]] = llvm.getelementptr %[[TO]][64]
// CHECK: %[[FROM64:.*]] = llvm.getelementptr %[[FROM]][64]
// CHECK: nvvm.cp.async.shared.global %[[TO64]], %[[FROM64]], 16, cache =  cg, %[[BYTES]]
// CHECK: llvm.getelementptr %[[TO]][4608]
// CHECK: nvvm.cp.async.shared.global
// CHECK: llvm.getelementptr %[[TO]][4672]
// CHECK: nvvm.cp.async.shared.global
// CHECK-NOT: nvvm.cp.async
func.func @copy(%from: !llvm.ptr<1>, %bytes: i64, %exist: i32, %to: !llvm.ptr<3>, %thread: i32) {
  attn_tile.copy %from, %bytes, %exist to %to thread %thread
      {threads = 128 : i64, rows = 64 : i64, features = 64 : i64}
  return
}

/// Two steps of 16 features, each with one load of queries and one of keys, and two products of 8 columns. Rows of
/// 32 features are 80 bytes apart; lanes 16 to 31 point at the next 8 columns of queries and the next 8 keys.
// CHECK-LABEL: func.func @mma_ss_bf16(
// CHECK: %[[HIGH:.*]] = arith.shrui %arg2, %c4_i32
// CHECK: %[[ROW:.*]] = arith.andi %arg2, %c15_i32
// CHECK: %[[BYTES:.*]] = arith.muli %[[ROW]], %c80_i32
// CHECK: %[[NEXT:.*]] = arith.muli %[[HIGH]], %c16_i32
// CHECK: %[[LANE:.*]] = arith.addi %[[BYTES]], %[[NEXT]]
// CHECK: %[[A:.*]] = llvm.getelementptr %arg0[%[[LANE]]]
// CHECK: arith.muli %[[HIGH]], %c8_i32
// CHECK: %[[B:.*]] = llvm.getelementptr %arg1[
// CHECK: nvvm.ldmatrix %[[A]] {{.*}}layout = #nvvm.mma_layout<row>, num = 4
// CHECK: nvvm.ldmatrix %[[B]] {{.*}}layout = #nvvm.mma_layout<row>, num = 4
// CHECK-COUNT-2: nvvm.mma.sync {{.*}}<bf16>, {{.*}}<m = 16, n = 8, k = 16>
// CHECK: %[[A1:.*]] = llvm.getelementptr %[[A]][32]
// CHECK: nvvm.ldmatrix %[[A1]]
// CHECK: %[[B1:.*]] = llvm.getelementptr %[[B]][32]
// CHECK: nvvm.ldmatrix %[[B1]]
// CHECK-COUNT-2: nvvm.mma.sync
// CHECK-NOT: nvvm.mma.sync
func.func @mma_ss_bf16(%q: !llvm.ptr<3>, %k: !llvm.ptr<3>, %lane: i32) -> vector<8xf32> {
  %s = attn_tile.mma_ss %q, %k of bf16 lane %lane {features = 32 : i64} : vector<8xf32>
  return %s : vector<8xf32>
}

/// Pairs of f16 are vectors for nvvm. The next 16 keys lie 16 * 80 bytes further; queries are loaded once a step.
// CHECK-LABEL: func.func @mma_ss_f16(
// CHECK: nvvm.ldmatrix %[[A:[^ ]+]] {
// CHECK: nvvm.ldmatrix %[[B:[^ ]+]] {
// CHECK-COUNT-2: nvvm.mma.sync {{.*}}<m = 16, n = 8, k = 16>} : (vector<2xf16>, vector<2xf16>, f32)
// CHECK: llvm.getelementptr %[[B]][1280]
// CHECK-NEXT: nvvm.ldmatrix
// CHECK-COUNT-2: nvvm.mma.sync
// CHECK: llvm.getelementptr %[[A]][32]
// CHECK-NEXT: nvvm.ldmatrix
// CHECK: llvm.getelementptr %[[B]][32]
// CHECK-NEXT: nvvm.ldmatrix
// CHECK-COUNT-2: nvvm.mma.sync
// CHECK: llvm.getelementptr %[[B]][1312]
// CHECK-NEXT: nvvm.ldmatrix
// CHECK-COUNT-2: nvvm.mma.sync
// CHECK-NOT: nvvm.{{mma.sync|ldmatrix|cp.async}}
func.func @mma_ss_f16(%q: !llvm.ptr<3>, %k: !llvm.ptr<3>, %lane: i32) -> vector<16xf32> {
  %s = attn_tile.mma_ss %q, %k of f16 lane %lane {features = 32 : i64} : vector<16xf32>
  return %s : vector<16xf32>
}

/// Values are read transposed: rows 8 to 15 are the second matrix, and columns 8 to 15 the third.
// CHECK-LABEL: func.func @mma_rs(
// CHECK: %[[BIT3:.*]] = arith.andi %{{.*}}, %c1_i32
// CHECK: %[[BIT4:.*]] = arith.shrui %arg3, %c4_i32
// CHECK: arith.muli %[[BIT3]], %c8_i32
// CHECK: arith.muli %[[BIT4]], %c16_i32
// CHECK: nvvm.ldmatrix %[[B:[^ ]+]] {{.*}}layout = #nvvm.mma_layout<col>, num = 4
// CHECK-COUNT-2: nvvm.mma.sync
// CHECK: llvm.getelementptr %[[B]][32]
// CHECK-COUNT-2: nvvm.mma.sync
// CHECK: llvm.getelementptr %[[B]][1280]
// CHECK-COUNT-2: nvvm.mma.sync
// CHECK: llvm.getelementptr %[[B]][1312]
// CHECK-COUNT-2: nvvm.mma.sync
// CHECK-NOT: nvvm.{{mma.sync|ldmatrix|cp.async}}
func.func @mma_rs(%p: vector<8xi32>, %v: !llvm.ptr<3>, %o: vector<16xf32>,
    %lane: i32) -> vector<16xf32> {
  %r = attn_tile.mma_rs %p, %v, %o of bf16 lane %lane : vector<8xi32>, vector<16xf32>
  return %r : vector<16xf32>
}

/// 96 features are three panels of 32, of 128 rows of 64 bytes; coordinates go from the innermost to the outermost.
// CHECK-LABEL: func.func @load_96(
// CHECK: %[[P0:.*]] = llvm.addrspacecast %arg4
// CHECK: nvvm.cp.async.bulk.tensor.shared.cluster.global %[[P0]], %arg0, %arg5, box[%c0_i32, %arg3, %arg2, %arg1]
// CHECK: llvm.getelementptr %arg4[8192]
// CHECK: nvvm.cp.async.bulk.tensor.shared.cluster.global {{.*}}box[%c32_i32, %arg3, %arg2, %arg1]
// CHECK: llvm.getelementptr %arg4[16384]
// CHECK: nvvm.cp.async.bulk.tensor.shared.cluster.global {{.*}}box[%c64_i32, %arg3, %arg2, %arg1]
// CHECK-NOT: nvvm.{{mma.sync|ldmatrix|cp.async}}
func.func @load_96(%map: !llvm.ptr, %b: i32, %h: i32, %r: i32, %to: !llvm.ptr<3>,
    %bar: !llvm.ptr<3>) {
  attn_tile.load %map[%b, %h, %r] to %to signals %bar {rows = 128 : i64, features = 96 : i64}
  return
}

/// One panel with rows of 128 bytes: chunk 2i + (lane / 16) of a row lies at itself xor (row mod 8). TMA reads what the
/// warp wrote: a fence of the proxies and a barrier come first, and the warp waits until it has been read.
// CHECK-LABEL: func.func @store_64(
// CHECK: %[[ROW:.*]] = arith.andi %arg6, %c15_i32
// CHECK: %[[HIGH:.*]] = arith.shrui %arg6, %c4_i32
// CHECK: %[[SWIZZLE:.*]] = arith.andi %[[ROW]], %c7_i32
// CHECK: arith.muli %[[ROW]], %c128_i32
// CHECK: arith.xori %[[HIGH]], %[[SWIZZLE]]
// CHECK: nvvm.stmatrix
// CHECK: %[[CHUNK:.*]] = arith.addi %[[HIGH]], %c2_i32
// CHECK: arith.xori %[[CHUNK]], %[[SWIZZLE]]
// CHECK-COUNT-3: nvvm.stmatrix
// CHECK: nvvm.fence.proxy {kind = #nvvm.proxy_kind<async.shared>, space = #nvvm.shared_space<cta>}
// CHECK-NEXT: nvvm.bar.warp.sync
// CHECK: arith.cmpi eq, %arg6, %c0_i32
// CHECK-NEXT: scf.if
// CHECK-NEXT: nvvm.cp.async.bulk.tensor.global.shared.cta %arg2, %arg1, box[%c0_i32, %arg5, %arg4, %arg3]
// CHECK-NEXT: nvvm.cp.async.bulk.commit.group
// CHECK-NEXT: nvvm.cp.async.bulk.wait_group 0 {read}
// CHECK-NEXT: }
// CHECK-NEXT: nvvm.bar.warp.sync
func.func @store_64(%o: vector<16xi32>, %to: !llvm.ptr<3>, %map: !llvm.ptr,
    %b: i32, %h: i32, %r: i32, %lane: i32) {
  attn_tile.store %o through %to to %map[%b, %h, %r] lane %lane
      {rows = 128 : i64, features = 64 : i64} : vector<16xi32>
  return
}

/// Rows of 64 bytes: the swizzle is (row / 2) mod 4, and chunks of the next panel are those of the first again.
// CHECK-LABEL: func.func @store_96(
// CHECK: %[[ROW:.*]] = arith.andi %arg6, %c15_i32
// CHECK: %[[HIGH:.*]] = arith.shrui %arg6, %c4_i32
// CHECK: %[[HALF:.*]] = arith.shrui %[[ROW]], %c1_i32
// CHECK: %[[SWIZZLE:.*]] = arith.andi %[[HALF]], %c3_i32
// CHECK: arith.muli %[[ROW]], %c64_i32
// CHECK: %[[PLACE:.*]] = arith.xori %[[HIGH]], %[[SWIZZLE]]
// CHECK: %[[OFFSET:.*]] = arith.muli %[[PLACE]], %c16_i32
// CHECK-COUNT-2: nvvm.stmatrix
// CHECK: arith.addi %[[OFFSET]], %c8192_i32
// CHECK-COUNT-2: nvvm.stmatrix
// CHECK: arith.addi %[[OFFSET]], %c16384_i32
// CHECK-COUNT-2: nvvm.stmatrix
// CHECK: box[%c0_i32,
// CHECK: llvm.getelementptr %arg1[8192]
// CHECK-NEXT: {{.*}}box[%c32_i32,
// CHECK: llvm.getelementptr %arg1[16384]
// CHECK-NEXT: {{.*}}box[%c64_i32,
func.func @store_96(%o: vector<24xi32>, %to: !llvm.ptr<3>, %map: !llvm.ptr,
    %b: i32, %h: i32, %r: i32, %lane: i32) {
  attn_tile.store %o through %to to %map[%b, %h, %r] lane %lane
      {rows = 128 : i64, features = 96 : i64} : vector<24xi32>
  return
}

/// Not `read`: what was stored must be in global memory, for the whole warp.
// CHECK-LABEL: func.func @store_wait(
// CHECK: nvvm.cp.async.bulk.wait_group 0{{$}}
// CHECK-NEXT: }
// CHECK-NEXT: nvvm.bar.warp.sync
func.func @store_wait(%lane: i32) {
  attn_tile.store_wait lane %lane
  return
}

/// Again and again until the phase is over: the instruction itself may give up.
// CHECK-LABEL: func.func @wait(
// CHECK: scf.while
// CHECK: %[[DONE:.*]] = nvvm.mbarrier.try_wait %arg0, %arg1
// CHECK: %[[AGAIN:.*]] = arith.xori %[[DONE]], %true
// CHECK-NEXT: scf.condition(%[[AGAIN]])
func.func @wait(%bar: !llvm.ptr<3>, %parity: i32) {
  attn_tile.wait %bar, %parity
  return
}

/// Descriptors of 128-byte swizzle: 1 << 62 | 64 << 32 (eight rows) | panel / 16 << 16, which is 1024 for 128 rows and
/// 128 for 16. Four steps of 32 bytes are in the first panel, then a panel further; only the first step overwrites,
/// and each step has the registers of the result, which are tied.
// CHECK-LABEL: func.func @wgmma_ss_128(
// CHECK: %[[Q:.*]] = arith.addi %{{.*}}, %c4611686293372403712_i64
// CHECK: %[[K:.*]] = arith.addi %{{.*}}, %c4611686293313683456_i64
// CHECK: llvm.inline_asm has_side_effects
// CHECK-SAME: add.s64 da, $8, 0;\0Aadd.s64 db, $9, 0;\0Asetp.ne.b32 p, 0, 0;\0Awgmma.mma_async.sync.aligned.m64n16k16.f32.bf16.bf16 {$0, $1, $2, $3, $4, $5, $6, $7}, da, db, p, 1, 1, 0, 0;
// CHECK-SAME: add.s64 da, $8, 2;\0Aadd.s64 db, $9, 2;\0Asetp.ne.b32 p, 1, 0;
// CHECK-SAME: add.s64 da, $8, 6;\0Aadd.s64 db, $9, 6;
// CHECK-SAME: add.s64 da, $8, 1024;\0Aadd.s64 db, $9, 128;\0Asetp.ne.b32 p, 1, 0;
// CHECK-SAME: add.s64 da, $8, 1030;\0Aadd.s64 db, $9, 134;
// CHECK-SAME: wgmma.commit_group.sync.aligned;
// CHECK-SAME: "=f,=f,=f,=f,=f,=f,=f,=f,l,l,0,1,2,3,4,5,6,7,~{memory}" %[[Q]], %[[K]], %[[U:.*]], %[[U]], %[[U]]
func.func @wgmma_ss_128(%q: i32, %k: i32) -> vector<8xf32> {
  %s = attn_tile.wgmma_ss %q, %k of bf16
      {aRows = 128 : i64, bRows = 16 : i64, features = 128 : i64} : vector<8xf32>
  return %s : vector<8xf32>
}

/// Of 64-byte swizzle: 2 << 62 | 32 << 32 | panel / 16 << 16, that is 512 for 128 rows and 64 for 16; a panel holds two
/// steps.
// CHECK-LABEL: func.func @wgmma_ss_96(
// CHECK: %[[Q:.*]] = arith.addi %{{.*}}, %c-9223371899382267904_i64
// CHECK: %[[K:.*]] = arith.addi %{{.*}}, %c-9223371899411628032_i64
// CHECK: llvm.inline_asm has_side_effects
// CHECK-SAME: add.s64 da, $8, 2;\0Aadd.s64 db, $9, 2;
// CHECK-SAME: m64n16k16.f32.f16.f16
// CHECK-SAME: add.s64 da, $8, 512;\0Aadd.s64 db, $9, 64;
// CHECK-SAME: add.s64 da, $8, 514;\0Aadd.s64 db, $9, 66;
// CHECK-SAME: add.s64 da, $8, 1026;\0Aadd.s64 db, $9, 130;
// CHECK-SAME: commit_group
// CHECK-SAME: %[[Q]], %[[K]]
func.func @wgmma_ss_96(%q: i32, %k: i32) -> vector<8xf32> {
  %s = attn_tile.wgmma_ss %q, %k of f16
      {aRows = 128 : i64, bRows = 16 : i64, features = 96 : i64} : vector<8xf32>
  return %s : vector<8xf32>
}

/// The weights are inputs, four registers a step, and the output is tied. The values are transposed (the last 1); 16
/// rows of 128 bytes are 128 units of 16.
// CHECK-LABEL: func.func @wgmma_rs(
// CHECK: %[[V:.*]] = arith.addi %{{.*}}, %c4611686293322072064_i64
// CHECK: llvm.inline_asm has_side_effects
// CHECK-SAME: add.s64 db, $40, 0;
// CHECK-SAME: m64n64k16.f32.bf16.bf16 {$0, $1,
// CHECK-SAME: $31}, {$32, $33, $34, $35}, db, 1, 1, 1, 1;\0Aadd.s64 db, $40, 128;
// CHECK-SAME: {$36, $37, $38, $39}, db, 1, 1, 1, 1;\0Awgmma.commit_group.sync.aligned;\0A}"
// CHECK-SAME: =f,r,r,r,r,r,r,r,r,l,0,1,2,
// CHECK-SAME: ,31,~{memory}"
func.func @wgmma_rs(%p: vector<8xi32>, %v: i32, %o: vector<32xf32>) -> vector<32xf32> {
  %r = attn_tile.wgmma_rs %p, %v, %o of bf16 : vector<8xi32>, vector<32xf32>
  return %r : vector<32xf32>
}

/// Registers pass through the fence and the wait: no access to them crosses.
// CHECK-LABEL: func.func @fence_wait(
// CHECK: %[[FENCED:.*]] = llvm.inline_asm has_side_effects "wgmma.fence.sync.aligned;", "=f,=f,=f,=f,=r,=r,=r,=r,0,1,2,3,4,5,6,7,~{memory}"
// CHECK: %[[LAST:.*]] = llvm.extractvalue %[[FENCED]][7]
// CHECK: llvm.inline_asm has_side_effects "wgmma.wait_group.sync.aligned 1;", "=f,=f,=f,=f,=r,=r,=r,=r,0,1,2,3,4,5,6,7,~{memory}" {{.*}}%[[LAST]] :
func.func @fence_wait(%o: vector<4xf32>, %p: vector<4xi32>) -> (vector<4xf32>, vector<4xi32>) {
  %f:2 = attn_tile.wgmma_fence %o, %p : vector<4xf32>, vector<4xi32>
  %w:2 = attn_tile.wgmma_wait %f#0, %f#1 {pending = 1 : i64} : vector<4xf32>, vector<4xi32>
  return %w#0, %w#1 : vector<4xf32>, vector<4xi32>
}
