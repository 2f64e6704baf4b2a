// RUN: attn-opt %s --attn-schedule=tile=128,64 --attn-to-gpu=target=sm_80 | FileCheck %s --check-prefixes=CHECK,SM80
// RUN: attn-opt %s --attn-schedule=tile=128,128 --attn-to-gpu=target=sm_90a | FileCheck %s --check-prefixes=CHECK,SM90
// RUN: attn-opt %s --attn-schedule=tile=128,64 --attn-to-gpu=target=sm_80 --attn-gpu-to-llvm | FileCheck %s --check-prefix=LLVM
// RUN: attn-opt %s --attn-schedule=tile=128,128 --attn-to-gpu=target=sm_90a --attn-gpu-to-llvm | FileCheck %s --check-prefix=LLVM

/// What is left of the module is code: no op of attn, and further down only llvm and nvvm.
// CHECK: module attributes {gpu.container_module}
// CHECK-NOT: {{attn\.(pattern|schedule|attention|assert|visit)}}
// LLVM-NOT: {{(^| |")(attn|attn_tile|arith|scf|vector|math|func|cf)\.}}
// LLVM: llvm.func @past_bf16_d64(
// LLVM-NOT: {{(^| |")(attn|attn_tile|arith|scf|vector|math|func|cf)\.}}

/// How to launch it. sm_80: rows of 144 bytes, 128 of query, 64 of key and of value. sm_90a: five tiles of 128 rows of
/// 128 bytes; 16 bytes for the item and for each band of its visits; ten barriers, a word for each of two stages, and
/// one for the order of the items.
// SM80: gpu.module @past_bf16_d64 [#nvvm.target<chip = "sm_80", features = "+ptx80">]
// SM80-SAME: attn.launch = {key_tile = 64 : i32, output_rows = 0 : i32, panel_columns = 0 : i32, query_tile = 128 : i32, shared_bytes = 36864 : i32, threads = 256 : i32}
// SM90: gpu.module @past_bf16_d64 [#nvvm.target<chip = "sm_90a", features = "+ptx80">]
// SM90-SAME: attn.launch = {key_tile = 128 : i32, output_rows = 16 : i32, panel_columns = 64 : i32, query_tile = 128 : i32, shared_bytes = 82044 : i32, threads = 384 : i32}
// CHECK-NEXT: llvm.mlir.global external @shared() {addr_space = 3 : i32, alignment = 1024 : i64} : !llvm.array<0 x i8>

/// The launch is by value; only sm_90a has maps of tensors before it.
// SM80-NEXT: llvm.func @past_bf16_d64(%arg0: !llvm.ptr {llvm.align = 8 : i64, llvm.byval = !llvm.array<216 x i8>, nvvm.grid_constant})
// SM90-NEXT: llvm.func @past_bf16_d64({{.*}}%arg3: !llvm.ptr {llvm.align = 64 : i64, llvm.byval = !llvm.array<128 x i8>, nvvm.grid_constant}, %arg4: !llvm.ptr {llvm.align = 8 : i64, llvm.byval = !llvm.array<216 x i8>, nvvm.grid_constant})
// CHECK-SAME: nvvm.kernel, nvvm.minctasm = 1 : i32
// SM80-SAME: nvvm.reqntid = array<i32: 256, 1, 1>
// SM90-SAME: nvvm.reqntid = array<i32: 384, 1, 1>
// CHECK-SAME: "denormal-fp-math-f32", "preserve-sign"

/// sm_80: for each item the queries and the first keys; then values arrive during the first product, and the next
/// keys during the second.
// SM80: scf.for
// SM80: attn_tile.copy {{.*}}rows = 128
// SM80: attn_tile.copy {{.*}}rows = 64
// SM80: scf.while
// SM80: nvvm.cp.async.wait.group 0
// SM80-NEXT: nvvm.barrier
// SM80: attn_tile.copy {{.*}}rows = 64
// SM80: attn_tile.mma_ss
// SM80: nvvm.cp.async.wait.group 0
// SM80-NEXT: nvvm.barrier
// SM80: scf.if
// SM80: attn_tile.copy {{.*}}rows = 64
// SM80: scf.if %{{.*}} -> (vector<32xf32>)
// SM80: attn_tile.mask
// SM80: attn_tile.row_max
// SM80: attn_tile.exponential
// SM80: attn_tile.row_sum
// SM80: attn_tile.mma_rs
// SM80-NEXT: scf.yield
// SM80: attn_tile.combine
// SM80-NOT: {{attn_tile\.(copy|mma|load|wgmma)}}

/// sm_90a: one thread loads, keys first; it waits for a free buffer before each load. The ranges of an item's bands
/// are in shared memory, the item is told with its queries, and in the end that there is none.
// SM90: nvvm.mbarrier.init
// SM90: nvvm.barrier
// SM90: nvvm.setmaxregister {{.*}}decrease 72
// SM90: scf.for
// SM90: llvm.store %{{.*}} {alignment = 16 : i64} : vector<4xi32>, !llvm.ptr<3>
// SM90: scf.while
// SM90: llvm.load %{{.*}} {alignment = 16 : i64} : !llvm.ptr<3> -> vector<4xi32>
// SM90: attn_tile.wait
// SM90: attn_tile.load %arg1[
// SM90: scf.if
// SM90: attn_tile.wait
// SM90-COUNT-3: llvm.store %{{.*}} : i32, !llvm.ptr<3>
// SM90: attn_tile.load %arg0[
// SM90: attn_tile.wait
// SM90: attn_tile.load %arg2[
// SM90: scf.yield {{.*}} : i32, i32, i32
// SM90: attn_tile.wait
// SM90-NEXT: %[[NONE:.*]] = arith.constant -1 : i32
// SM90: llvm.store %[[NONE]], %{{.*}} : i32, !llvm.ptr<3>
// SM90: nvvm.mbarrier.arrive

/// The others compute. In the loop the next scores are under way before the last weights are multiplied, and the
/// softmax waits for the scores alone.
// SM90: nvvm.setmaxregister {{.*}}increase 216
// SM90: scf.while
// SM90: attn_tile.wait
// SM90: nvvm.vote.sync
// SM90-NEXT: scf.condition
// SM90: attn_tile.wgmma_ss
// SM90: attn_tile.wgmma_wait {{.*}}pending = 0
// SM90: attn_tile.mask
// SM90: scf.while
// SM90: nvvm.barrier id
// SM90: attn_tile.wgmma_fence
// SM90: attn_tile.wgmma_ss
// SM90: attn_tile.wait
// SM90: attn_tile.wgmma_fence
// SM90: attn_tile.wgmma_rs
// SM90: nvvm.barrier.arrive id
// SM90: attn_tile.wgmma_wait {{.*}}pending = 1
// SM90: attn_tile.row_sum
// SM90: attn_tile.wgmma_wait {{.*}}pending = 0
// SM90: attn_tile.scale_rows
// SM90: scf.yield
// SM90: attn_tile.wgmma_rs
// SM90: attn_tile.store %{{.*}} to %arg3[
// SM90: attn_tile.store_wait
// SM90-NOT: {{attn_tile\.(copy|mma|load|wgmma)}}
attn.pattern @past {
  %past = attn.causal
  attn.yield %past
}
func.func @past_bf16_d64(%q: tensor<?x?x?x64xbf16>, %k: tensor<?x?x?x64xbf16>, %v: tensor<?x?x?x64xbf16>,
                         %scale: f32, %offset: index) -> (tensor<?x?x?x64xbf16>, tensor<?x?x?xf32>) {
  %o, %l = attn.attention %q, %k, %v mask @past scale %scale offset %offset
      : tensor<?x?x?x64xbf16>, tensor<?x?x?x64xbf16>, tensor<?x?x?x64xbf16>
        -> tensor<?x?x?x64xbf16>, tensor<?x?x?xf32>
  return %o, %l : tensor<?x?x?x64xbf16>, tensor<?x?x?xf32>
}

/// Without a pattern every tile is visited, and only keys that do not exist are hidden.
// CHECK: gpu.module @dense_f16_d96
// SM90-SAME: panel_columns = 32 : i32
// SM80: attn_tile.mma_ss
// SM90: attn_tile.wgmma_ss
// CHECK: %[[KEEP0:.*]] = llvm.inline_asm "bmsk
// CHECK: %[[KEEP1:.*]] = llvm.inline_asm "bmsk
// CHECK-NEXT: attn_tile.mask %{{.*}}, %[[KEEP0]], %[[KEEP1]]
// CHECK-NOT: arith.cmpi sge, {{.*}} : vector
func.func @dense_f16_d96(%q: tensor<?x?x?x96xf16>, %k: tensor<?x?x?x96xf16>) -> tensor<?x?x?x96xf16> {
  %o, %l = attn.attention %q, %k, %k
      : tensor<?x?x?x96xf16>, tensor<?x?x?x96xf16>, tensor<?x?x?x96xf16>
        -> tensor<?x?x?x96xf16>, tensor<?x?x?xf32>
  return %o : tensor<?x?x?x96xf16>
}

/// Periodic windows have a filter: which tile comes next is searched for, before the loop and in it. The pattern's
/// argument follows the launch.
// CHECK: llvm.func @comb_f16_d64(
// CHECK-SAME: !llvm.array<224 x i8>
// SM80: scf.while {{.*}} : (i32, i1, i1) -> (i32, i1, i1)
// SM80: attn_tile.copy
// SM80: scf.while
// SM80: attn_tile.mma_ss
// SM80: scf.while {{.*}} : (i32, i1, i1) -> (i32, i1, i1)
// SM80: attn_tile.mask
// SM90: decrease 72
// SM90: scf.while {{.*}} : (i32, i1, i1) -> (i32, i1, i1)
// SM90: scf.while
// SM90: scf.while {{.*}} : (i32, i1, i1) -> (i32, i1, i1)
// SM90: attn_tile.load
// SM90: increase 216
// SM90-NOT: scf.while {{.*}} : (i32, i1, i1) -> (i32, i1, i1)
attn.pattern @comb(%w: index) {
  %comb = attn.window before %w after %w dilation 256
  attn.yield %comb
}
func.func @comb_f16_d64(%q: tensor<?x?x?x64xf16>, %k: tensor<?x?x?x64xf16>, %w: index) -> tensor<?x?x?x64xf16> {
  %o, %l = attn.attention %q, %k, %k mask @comb(%w)
      : tensor<?x?x?x64xf16>, tensor<?x?x?x64xf16>, tensor<?x?x?x64xf16>
        -> tensor<?x?x?x64xf16>, tensor<?x?x?xf32>
  return %o : tensor<?x?x?x64xf16>
}
