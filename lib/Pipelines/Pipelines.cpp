//===- Pipelines.cpp - the passes of each phase ---------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attn/Pipelines/Pipelines.h"
#include "attn/CodeGen/CPU/Passes.h"
#include "attn/IR/Passes.h"
#include "attn/Proofs/Passes.h"
#include "attn/Schedule/Passes.h"
#include "attn/Target/Targets.h"
#include "mlir/Transforms/Passes.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace mlir::attn;

namespace {

constexpr std::pair<Phase, StringRef> kPhases[] = {
    {Phase::Text, "text"},         {Phase::Dialect, "dialect"}, {Phase::Bands, "bands"},
    {Phase::Schedule, "schedule"}, {Phase::Codegen, "codegen"}, {Phase::Artifact, "artifact"},
};

/// Code is generated for a family of processors; which of them it is matters to LLVM only.
StringRef familyOf(InstructionSet set) {
  switch (set) {
  case InstructionSet::AVX512:
    return "x86-64-v4";
  case InstructionSet::AVX2:
    return "x86-64-v3";
  case InstructionSet::NEON:
    return "aarch64";
  }
  llvm_unreachable("unknown instruction set");
}

} // namespace

StringRef mlir::attn::stringifyPhase(Phase phase) {
  return llvm::find_if(kPhases, [&](auto &entry) { return entry.first == phase; })->second;
}

std::optional<Phase> mlir::attn::parsePhase(StringRef name) {
  for (const auto &[phase, phaseName] : kPhases)
    if (phaseName == name)
      return phase;
  return std::nullopt;
}

void mlir::attn::populateDialectPhase(OpPassManager &passes, const PipelineOptions &options) {
  passes.addPass(createCanonicalizerPass());
  passes.addPass(createCSEPass());
  AttnMakeKernelsPassOptions kernels;
  kernels.headDim = options.headDim;
  kernels.dtype = options.dtype;
  passes.addPass(createAttnMakeKernelsPass(kernels));
}

void mlir::attn::populateBandsPhase(OpPassManager &passes, const PipelineOptions &) {
  AttnVerifyPassOptions verify;
  verify.claimsOnly = true;
  passes.addPass(createAttnVerifyPass(verify));
}

void mlir::attn::populateSchedulePhase(OpPassManager &passes, const PipelineOptions &) {
  passes.addPass(createAttnSchedulePass());
  passes.addPass(createCanonicalizerPass());
  passes.addPass(createCSEPass());
}

void mlir::attn::populateCodegenPhase(OpPassManager &passes, const PipelineOptions &options) {
  AttnToCPUPassOptions toCPU;
  // A name that does not resolve is left for the pass to report.
  auto target = resolveTarget(options.target);
  toCPU.target = target ? familyOf(target->instructionSet).str() : options.target.getValue();
  if (!target)
    llvm::consumeError(target.takeError());
  passes.addPass(createAttnToCPUPass(toCPU));
  populateCPUToLLVM(passes);
}

void mlir::attn::populatePhase(Phase phase, OpPassManager &passes, const PipelineOptions &options) {
  switch (phase) {
  case Phase::Dialect:
    return populateDialectPhase(passes, options);
  case Phase::Bands:
    return populateBandsPhase(passes, options);
  case Phase::Schedule:
    return populateSchedulePhase(passes, options);
  case Phase::Codegen:
    return populateCodegenPhase(passes, options);
  case Phase::Text:
  case Phase::Artifact:
    return;
  }
}
