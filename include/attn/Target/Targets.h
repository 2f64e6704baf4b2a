//===- Targets.h - the machines that kernels are compiled for -----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_TARGET_TARGETS_H
#define ATTN_TARGET_TARGETS_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Target/TargetMachine.h"
#include <memory>
#include <string>

namespace mlir::attn {

/// What code generation has a form for.
enum class InstructionSet { AVX512, AVX2, NEON, SM80, SM90a };

/// "avx512", "avx2", "neon", "sm_80", "sm_90a".
llvm::StringRef stringifyInstructionSet(InstructionSet set);

/// A machine, by LLVM's words for it.
struct TargetDescription {
  /// As the user wrote it.
  std::string name;
  std::string triple;
  std::string cpu;
  /// What the processor has beyond its name's features; "" unless the target is `native`.
  std::string features;
  InstructionSet instructionSet;

  /// Kernels for GPUs become PTX, those for processors LLVM IR.
  bool isGPU() const {
    return instructionSet == InstructionSet::SM80 || instructionSet == InstructionSet::SM90a;
  }
};

/// Finds a target by name: `native` (this machine), `x86-64-v4`, `x86-64-v3`, `aarch64`, a
/// processor as LLVM calls it (`cascadelake`, `znver4`, `neoverse-v1`), or the GPU architectures
/// `sm_80` and `sm_90a`. The error of another name suggests one.
llvm::Expected<TargetDescription> resolveTarget(llvm::StringRef name);

/// LLVM's code generator for a target. Never null for what `resolveTarget` gave.
std::unique_ptr<llvm::TargetMachine> createTargetMachine(const TargetDescription &target);

/// The names of `resolveTarget` that are not processors, and what they stand for, one a line.
std::string describeTargets();

} // namespace mlir::attn

#endif // ATTN_TARGET_TARGETS_H
