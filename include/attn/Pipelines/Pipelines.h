//===- Pipelines.h - the spine: named phases from text to artifact ------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The compiler's table of contents. A spec passes through named phases, and each has one function
// here that says which passes it is made of:
//
//   phase       after it the module holds
//   text        what the user wrote
//   dialect     simplified patterns, and a kernel function for each
//   bands       the same; every `attn.assert` is proved, or reported as not proved
//   schedule    besides, an `attn.schedule` for each pattern
//   codegen     ops of the LLVM dialect only; for a GPU in a module of each kernel, with NVVM's
//   artifact    for a GPU its PTX; what else lib/Target makes of it, as LLVM IR or machine code, is
//               in no module
//
// attn-opt, attn-compile and the C library run these and nothing else.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_PIPELINES_PIPELINES_H
#define ATTN_PIPELINES_PIPELINES_H

#include "mlir/IR/DialectRegistry.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassOptions.h"
#include <optional>

namespace mlir::attn {

/// The stages of the compiler, in order.
enum class Phase { Text = 1, Dialect, Bands, Schedule, Codegen, Artifact };

/// "text", "dialect", "bands", "schedule", "codegen", "artifact".
StringRef stringifyPhase(Phase phase);
std::optional<Phase> parsePhase(StringRef name);

/// What a user may choose; the only options of all phases.
struct PipelineOptions : public PassPipelineOptions<PipelineOptions> {
  Option<int64_t> headDim{*this, "head-dim",
                          llvm::cl::desc("features of query, key and value of the kernels made"),
                          llvm::cl::init(64)};
  Option<std::string> dtype{
      *this, "dtype", llvm::cl::desc("elements of query, key, value and output: f32, f16 or bf16"),
      llvm::cl::init("f32")};
  Option<std::string> target{
      *this, "target",
      llvm::cl::desc("native, x86-64-v4, x86-64-v3, aarch64, sm_80, sm_90a, or a processor"),
      llvm::cl::init("native")};
};

/// Simplifies patterns and makes a kernel function of every pattern that has none.
void populateDialectPhase(OpPassManager &passes, const PipelineOptions &options);

/// Proves the claims of the module; a refuted one is an error.
void populateBandsPhase(OpPassManager &passes, const PipelineOptions &options);

/// Derives the schedule of every pattern, in the tiles of the target's kernels.
void populateSchedulePhase(OpPassManager &passes, const PipelineOptions &options);

/// Makes code of the kernel functions and their schedules, down to the LLVM dialect, for a GPU also
/// NVVM's.
void populateCodegenPhase(OpPassManager &passes, const PipelineOptions &options);

/// Makes PTX of the code for a GPU. The artifact of a CPU is made without passes.
void populateArtifactPhase(OpPassManager &passes, const PipelineOptions &options);

/// The passes of one phase; none for text.
void populatePhase(Phase phase, OpPassManager &passes, const PipelineOptions &options);

/// Registers the dialects of all phases, and what translates the last one to LLVM IR.
void registerAllAttnDialects(DialectRegistry &registry);

/// Registers every pass of this project, and the passes of MLIR that belong to its pipelines.
void registerAllAttnPasses();

/// Registers a pipeline for each phase, `attn-dialect-pipeline` to `attn-codegen-pipeline`, and two
/// that are all of them: `attn-to-llvm-pipeline`, and `attn-to-nvvm` for GPUs, which ends in PTX.
void registerAllAttnPipelines();

} // namespace mlir::attn

#endif // ATTN_PIPELINES_PIPELINES_H
