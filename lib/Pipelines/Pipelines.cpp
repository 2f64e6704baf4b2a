//===- Pipelines.cpp - the passes of each phase ---------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attn/Pipelines/Pipelines.h"
#include "attn/CodeGen/CPU/Passes.h"
#include "attn/CodeGen/GPU/Passes.h"
#include "attn/CodeGen/GPU/Target.h"
#include "attn/IR/Passes.h"
#include "attn/Proofs/Passes.h"
#include "attn/Schedule/Passes.h"
#include "attn/Target/Passes.h"
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
  case InstructionSet::SM80:
  case InstructionSet::SM90a:
    break;
  }
  llvm_unreachable("no family of processors");
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

void mlir::attn::populateSchedulePhase(OpPassManager &passes, const PipelineOptions &options) {
  AttnSchedulePassOptions schedule;
  if (std::optional<cuda::Target> gpu = cuda::lookupTarget(options.target))
    // Of a head dim without kernels the code generator speaks, as it does on CPUs.
    if (std::optional<cuda::TileShape> shape = gpu->tileShape(options.headDim))
      schedule.tile = {shape->queries, shape->keys};
  passes.addPass(createAttnSchedulePass(schedule));
  passes.addPass(createCanonicalizerPass());
  passes.addPass(createCSEPass());
}

void mlir::attn::populateCodegenPhase(OpPassManager &passes, const PipelineOptions &options) {
  if (cuda::lookupTarget(options.target))
    return populateToGPU(passes, options.target);
  AttnToCPUPassOptions toCPU;
  // A name that does not resolve is left for the pass to report.
  auto target = resolveTarget(options.target);
  toCPU.target = target ? familyOf(target->instructionSet).str() : options.target.getValue();
  if (!target)
    llvm::consumeError(target.takeError());
  passes.addPass(createAttnToCPUPass(toCPU));
  populateCPUToLLVM(passes);
}

void mlir::attn::populateArtifactPhase(OpPassManager &passes, const PipelineOptions &options) {
  if (cuda::lookupTarget(options.target))
    passes.addPass(createAttnGPUToBinaryPass());
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
  case Phase::Artifact:
    return populateArtifactPhase(passes, options);
  case Phase::Text:
    return;
  }
}
