// RUN: attn-opt %s --attn-to-cpu=target=x86-64-v4 | FileCheck %s --check-prefixes=CHECK,V4
// RUN: attn-opt %s --attn-to-cpu=target=x86-64-v3 | FileCheck %s --check-prefixes=CHECK,V3
// RUN: attn-opt %s --attn-to-cpu=target=aarch64 | FileCheck %s --check-prefixes=CHECK,NEON
// RUN: attn-opt %s --attn-to-cpu=target=x86-64-v4 --attn-cpu-to-llvm | FileCheck %s --check-prefix=LLVM

/// What is left of the module is code: no op of attn, whatever the pattern.
// CHECK-NOT: attn.
// LLVM-NOT: {{(^| |")(attn|arith|scf|vector|math|func|cf|builtin)\.}}

/// The target is in the module, for whoever makes machine code of it.
// V4: llvm.target_triple = "x86_64-unknown-linux-gnu"
// NEON: llvm.target_triple = "aarch64-unknown-linux-gnu"

/// AVX-512 holds 6 keys x 64 queries of scores in 24 registers.
// V4-LABEL: llvm.func internal @past_f32_d64.score4(
// V4-SAME: target_cpu = "x86-64-v4"
// V4: scf.for {{.*}} -> (vector<16xf32>, {{.*}}vector<16xf32>)
// V4-COUNT-24: vector.fma {{.*}} : vector<16xf32>
// V4-NEXT: scf.yield

/// AVX2 has 16 registers: 6 keys x 16 queries, one column at a time.
// V3-LABEL: llvm.func internal @past_f32_d64.score1(
// V3-COUNT-12: vector.fma {{.*}} : vector<8xf32>
// V3-NEXT: scf.yield

/// With four lanes, the same column is four vectors.
// NEON-LABEL: llvm.func internal @past_f32_d64.score1(
// NEON-COUNT-24: vector.fma {{.*}} : vector<4xf32>
// NEON-NEXT: scf.yield

/// The three functions of the C ABI are all that can be called from outside.
// CHECK-DAG: llvm.func @past_f32_d64_plan(%{{.*}}: !llvm.ptr, %{{.*}}: !llvm.ptr) -> i32
// CHECK-DAG: llvm.func @past_f32_d64_cost(%{{.*}}: !llvm.ptr, %{{.*}}: i64) -> i64
// CHECK-DAG: llvm.func @past_f32_d64(%{{.*}}: !llvm.ptr, %{{.*}}: i64, %{{.*}}: i64, %{{.*}}: !llvm.ptr) -> i32
// LLVM-LABEL: llvm.func @past_f32_d64(
attn.pattern @past {
  %past = attn.causal
  attn.yield %past
}
attn.schedule @past.fwd of @past tile [16, 16] merge(single) {
^tile(%t: index, %query_length: index, %key_length: index, %offset: index, %key_offset: index,
      %length: index):
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c15 = arith.constant 15 : index
  %c16 = arith.constant 16 : index
  %row = arith.muli %t, %c16 : index
  %shift = arith.subi %offset, %key_offset : index
  %first = arith.addi %row, %shift : index
  %last = arith.addi %first, %c15 : index
  %unit = arith.floordivsi %last, %c16 : index
  %end = arith.addi %unit, %c1 : index
  %next = arith.addi %first, %c1 : index
  %whole = arith.floordivsi %next, %c16 : index
  %units = arith.floordivsi %key_length, %c16 : index
  %full = arith.minsi %whole, %units : index
  attn.visit %c0 to %end full %c0 to %full band 0
}
func.func @past_f32_d64(%query: tensor<?x?x?x64xf32>, %key: tensor<?x?x?x64xf32>,
                        %value: tensor<?x?x?x64xf32>, %scale: f32, %offset: index)
    -> (tensor<?x?x?x64xf32>, tensor<?x?x?xf32>) {
  %output, %lse = attn.attention %query, %key, %value mask @past scale %scale offset %offset
      : tensor<?x?x?x64xf32>, tensor<?x?x?x64xf32>, tensor<?x?x?x64xf32>
        -> tensor<?x?x?x64xf32>, tensor<?x?x?xf32>
  return %output, %lse : tensor<?x?x?x64xf32>, tensor<?x?x?xf32>
}
