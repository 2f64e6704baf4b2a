// RUN: attn-opt %s --attn-gpu-to-binary --split-input-file --verify-diagnostics

// expected-error @+1 {{'gpu.module' op expected one '#nvvm.target' to compile for, found 0 targets}}
gpu.module @no_target {
}

// -----

// expected-error @+1 {{'gpu.module' op expected one '#nvvm.target' to compile for, found 2 targets}}
gpu.module @two_targets [#nvvm.target<chip = "sm_80">, #nvvm.target<chip = "sm_90a">] {
}

// -----

// expected-error @+1 {{'gpu.module' op expected a chip that LLVM knows, found 'sm_95'}}
gpu.module @no_such_chip [#nvvm.target<chip = "sm_95">] {
}

// -----

/// LLVM has no instruction for this intrinsic, and says so in a way that ends processes.
// expected-error @+1 {{'gpu.module' op is not what LLVM can compile: no libcall available for flog2}}
gpu.module @not_selected [#nvvm.target<chip = "sm_90a", features = "+ptx80">] {
  llvm.func @kernel(%out: !llvm.ptr<1>, %x: f32) attributes {nvvm.kernel} {
    %y = llvm.intr.log2(%x) : (f32) -> f32
    llvm.store %y, %out : f32, !llvm.ptr<1>
    llvm.return
  }
}

// -----

/// A later version of PTX has this one; a process that failed once compiles on.
// expected-error @+1 {{'gpu.module' op is not what LLVM can compile: Cannot select: intrinsic %llvm.nvvm.cp.async.bulk.tensor.g2s.cta.tile.1d}}
gpu.module @too_old [#nvvm.target<chip = "sm_90a", features = "+ptx80">] {
  llvm.func @kernel(%to: !llvm.ptr<3>, %map: !llvm.ptr, %bar: !llvm.ptr<3>, %x: i32) attributes {nvvm.kernel} {
    nvvm.cp.async.bulk.tensor.shared.cluster.global %to, %map, %bar, box[%x] {isCTAOnly = true} : !llvm.ptr<3>, !llvm.ptr
    llvm.return
  }
}

// -----

// expected-error @+1 {{Failed creating the llvm::Module}}
gpu.module @not_translated [#nvvm.target<chip = "sm_90a", features = "+ptx80">] {
  llvm.func @kernel(%out: !llvm.ptr<1>) attributes {nvvm.kernel} {
    // expected-error @+1 {{cannot be converted to LLVM IR}}
    %one = arith.constant 1 : i32
    llvm.store %one, %out : i32, !llvm.ptr<1>
    llvm.return
  }
}
