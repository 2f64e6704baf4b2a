/// What LLVM makes of the emitted code: the loops of the two matrix products stay in registers, and a
/// kernel needs nothing from outside.
// RUN: attn-opt %s --attn-to-cpu=target=x86-64-v4 --attn-cpu-to-llvm | mlir-translate --mlir-to-llvmir | opt -O2 -o %t.v4
// RUN: llc %t.v4 -o - | %python %S/Inputs/hot-loops.py | FileCheck %s --check-prefix=V4
// RUN: llc %t.v4 -filetype=obj -relocation-model=pic -o %t.o && llvm-nm -u %t.o | count 0
// RUN: attn-opt %s --attn-to-cpu=target=x86-64-v3 --attn-cpu-to-llvm | mlir-translate --mlir-to-llvmir | opt -O2 -o %t.v3
// RUN: llc %t.v3 -o - | %python %S/Inputs/hot-loops.py | FileCheck %s --check-prefix=V3
// RUN: llc %t.v3 -filetype=obj -relocation-model=pic -o %t.o && llvm-nm -u %t.o | count 0
// RUN: attn-opt %s --attn-to-cpu=target=aarch64 --attn-cpu-to-llvm | mlir-translate --mlir-to-llvmir | opt -O2 -o %t.neon
// RUN: llc %t.neon -o - | %python %S/Inputs/hot-loops.py | FileCheck %s --check-prefix=NEON
// RUN: llc %t.neon -filetype=obj -relocation-model=pic -o %t.o && llvm-nm -u %t.o | count 0

/// 24 multiply-adds for 4 vector loads and 6 broadcasts; 80 = 5 vectors of 16 = 3 + 2.
// V4: every.score1: 16 multiply-adds, {{[0-9]+}} instructions, 0 spills
// V4: every.score2: 16 multiply-adds, {{[0-9]+}} instructions, 0 spills
// V4: every.score3: 24 multiply-adds, {{[0-9]+}} instructions, 0 spills
// V4: every.score4: 24 multiply-adds, {{[0-9]+}} instructions, 0 spills
// V4: every.score4: 16 multiply-adds, {{[0-9]+}} instructions, 0 spills
// V4: every.value: 24 multiply-adds, {{[0-9]+}} instructions, 0 spills
// V4: every.value: 16 multiply-adds, {{[0-9]+}} instructions, 0 spills
// V4: every.softmax: 20 multiply-adds, {{[0-9]+}} instructions, 0 spills

// V3: every.score1: 12 multiply-adds, {{[0-9]+}} instructions, 0 spills
// V3: every.score1: {{8|16}} multiply-adds, {{[0-9]+}} instructions, 0 spills
// V3: every.value: 12 multiply-adds, {{[0-9]+}} instructions, 0 spills
// V3: every.value: {{8|16}} multiply-adds, {{[0-9]+}} instructions, 0 spills

// NEON: every.score1: 24 multiply-adds, {{[0-9]+}} instructions, 0 spills
// NEON: every.score1: 16 multiply-adds, {{[0-9]+}} instructions, 0 spills
// NEON: every.value: 24 multiply-adds, {{[0-9]+}} instructions, 0 spills
// NEON: every.value: 16 multiply-adds, {{[0-9]+}} instructions, 0 spills
// NEON: every.softmax: 20 multiply-adds, {{[0-9]+}} instructions, 0 spills
func.func @every(%query: tensor<?x?x?x80xf32>, %key: tensor<?x?x?x80xf32>,
                 %value: tensor<?x?x?x80xf32>) -> (tensor<?x?x?x80xf32>, tensor<?x?x?xf32>) {
  %output, %lse = attn.attention %query, %key, %value
      : tensor<?x?x?x80xf32>, tensor<?x?x?x80xf32>, tensor<?x?x?x80xf32>
        -> tensor<?x?x?x80xf32>, tensor<?x?x?xf32>
  return %output, %lse : tensor<?x?x?x80xf32>, tensor<?x?x?xf32>
}
