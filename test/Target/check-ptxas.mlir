// REQUIRES: ptxas
// RUN: attn-opt %s --attn-gpu-to-binary --attn-check-ptxas --split-input-file --verify-diagnostics

// expected-remark @+1 {{'accepted' takes}}
gpu.module @accepted [#nvvm.target<chip = "sm_90a", features = "+ptx80">] {
  llvm.func @accepted(%out: !llvm.ptr<1>, %x: i32) attributes {nvvm.kernel} {
    llvm.store %x, %out : i32, !llvm.ptr<1>
    llvm.return
  }
}

// -----

/// Without a bound on its threads, a kernel cannot move registers between its warps.
// expected-error @+1 {{kernel 'no_bound' is refused for sm_90a: ptxas}}
gpu.module @no_bound [#nvvm.target<chip = "sm_90a", features = "+ptx80">] {
  llvm.func @no_bound(%out: !llvm.ptr<1>, %x: i32) attributes {nvvm.kernel} {
    nvvm.setmaxregister increase 240
    llvm.store %x, %out : i32, !llvm.ptr<1>
    llvm.return
  }
}

// -----

// expected-error @+1 {{cannot assemble 'nonsense' for sm_80: }}
gpu.module @nonsense [#nvvm.target<chip = "sm_80", features = "+ptx80">] {
  llvm.func @nonsense() attributes {nvvm.kernel} {
    llvm.inline_asm has_side_effects "no.such.instruction;", "" : () -> ()
    llvm.return
  }
}
