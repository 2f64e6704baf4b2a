// RUN: attn-opt %s --attn-gpu-to-binary | FileCheck %s
// What is installed does not matter.
// RUN: env CUDA_ROOT=%t.missing CUDA_PATH=%t.missing attn-opt %s --attn-gpu-to-binary | FileCheck %s

/// The module becomes a binary of its name that still says how to launch it. Both barriers of the
/// divergent branch survive: merged into one behind it, they would be another program.
// CHECK-LABEL: gpu.binary @barriers
// CHECK-SAME: {attn.launch = {threads = 128 : i32}}
// CHECK-SAME: #gpu.object<#nvvm.target<chip = "sm_90a", features = "+ptx80">, assembly =
// CHECK-SAME: .version 8.0
// CHECK-SAME: .target sm_90a
// CHECK-SAME: .entry barriers(
// CHECK-SAME: .reqntid 128
// CHECK-SAME: bar.sync 1, 128;
// CHECK-SAME: bar.sync 1, 128;
gpu.module @barriers [#nvvm.target<chip = "sm_90a", features = "+ptx80", O = 2>]
    attributes {attn.launch = {threads = 128 : i32}} {
  llvm.func @barriers(%out: !llvm.ptr<1>, %n: i32)
      attributes {nvvm.kernel, nvvm.reqntid = array<i32: 128, 1, 1>} {
    %c0 = llvm.mlir.constant(0 : i32) : i32
    %c1 = llvm.mlir.constant(1 : i32) : i32
    %thread = nvvm.read.ptx.sreg.tid.x : i32
    %low = llvm.icmp "slt" %thread, %n : i32
    llvm.cond_br %low, ^low, ^high
  ^low:
    llvm.inline_asm has_side_effects "bar.sync 1, 128;", "~{memory}" : () -> ()
    llvm.store %c0, %out : i32, !llvm.ptr<1>
    llvm.br ^exit
  ^high:
    llvm.inline_asm has_side_effects "bar.sync 1, 128;", "~{memory}" : () -> ()
    llvm.store %c1, %out : i32, !llvm.ptr<1>
    llvm.br ^exit
  ^exit:
    llvm.return
  }
}

/// A vector that goes round a loop, and a lane of it chosen at run time, stay in registers.
// CHECK-LABEL: gpu.binary @vectors
// CHECK-SAME: .target sm_80
// CHECK-NOT: .local
// CHECK-SAME: selp.f32
// CHECK-SAME: ex2.approx.f32
// CHECK-NOT: .local
gpu.module @vectors [#nvvm.target<chip = "sm_80", features = "+ptx80", O = 2>] {
  llvm.func @vectors(%out: !llvm.ptr<1>, %n: i32, %lane: i32) attributes {nvvm.kernel} {
    %zero = llvm.mlir.constant(dense<0.0> : vector<8xf32>) : vector<8xf32>
    %half = llvm.mlir.constant(dense<0.5> : vector<8xf32>) : vector<8xf32>
    %c0 = llvm.mlir.constant(0 : i32) : i32
    %c1 = llvm.mlir.constant(1 : i32) : i32
    llvm.br ^head(%c0, %zero : i32, vector<8xf32>)
  ^head(%i: i32, %carried: vector<8xf32>):
    %more = llvm.icmp "slt" %i, %n : i32
    llvm.cond_br %more, ^body, ^exit
  ^body:
    %x = llvm.inline_asm has_side_effects "mov.f32 $0, 0f3F000000;", "=f" : () -> f32
    %inserted = llvm.insertelement %x, %carried[%lane : i32] : vector<8xf32>
    %power = llvm.intr.exp2(%inserted) : (vector<8xf32>) -> vector<8xf32>
    %small = llvm.fcmp "olt" %power, %half : vector<8xf32>
    %clamped = llvm.select %small, %power, %half : vector<8xi1>, vector<8xf32>
    %next = llvm.add %i, %c1 : i32
    llvm.br ^head(%next, %clamped : i32, vector<8xf32>)
  ^exit:
    llvm.store %carried, %out : vector<8xf32>, !llvm.ptr<1>
    llvm.return
  }
}

/// Dynamic shared memory, and an op that is inline asm in disguise.
// CHECK-LABEL: gpu.binary @shared
// CHECK-SAME: .extern .shared .align 1024 .b8 shared[];
// CHECK-SAME: cp.async.bulk.wait_group.read
gpu.module @shared [#nvvm.target<chip = "sm_90a", features = "+ptx80", O = 2>] {
  llvm.mlir.global external @shared() {addr_space = 3 : i32, alignment = 1024 : i64} : !llvm.array<0 x i8>
  llvm.func @kernel(%x: i32) attributes {nvvm.kernel} {
    %address = llvm.mlir.addressof @shared : !llvm.ptr<3>
    llvm.store %x, %address : i32, !llvm.ptr<3>
    nvvm.cp.async.bulk.wait_group 0 {read}
    llvm.return
  }
}

/// Other ops stay as they are.
// CHECK-LABEL: func.func @host
func.func @host() {
  return
}
