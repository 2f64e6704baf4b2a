//===- Compilation.h - one spec on its way through the phases ------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_PIPELINES_COMPILATION_H
#define ATTN_PIPELINES_COMPILATION_H

#include "attn/IR/AttnOps.h"
#include "attn/Pipelines/Pipelines.h"
#include "attn/Target/Artifact.h"

namespace mlir::attn {

/// A spec, and what the phases have made of it so far.
class Compilation {
public:
  /// Takes a verified module; `name` is the base of file names and `source` what the user would
  /// give attn-opt, for messages.
  Compilation(OwningOpRef<ModuleOp> module, std::string name, std::string source,
              const PipelineOptions &options, OptimizationLevel level = OptimizationLevel::Full);

  /// Runs the phases up to `last`, and calls `observe` after each, whose failure ends it too.
  /// Errors of passes are diagnostics of the context.
  LogicalResult run(Phase last, llvm::function_ref<LogicalResult()> observe = {});

  /// Did a phase fail, not `observe`?
  bool hasFailed() const { return isFailed; }

  /// After that: the phase, what was wrong if no diagnostic says it, and the command that repeats
  /// it.
  std::string describeFailure() const;

  Phase getPhase() const { return phase; }

  /// What the current phase has made, as text: MLIR, the list of bands, or assembly.
  std::string print();

  /// The suffix of a file that holds `print()`: ".2.dialect.mlir" to ".6.artifact.s" or
  /// ".6.artifact.ptx".
  std::string getDumpSuffix() const;

  /// The artifact; after the last phase only.
  const Artifact &getArtifact() const { return artifact; }
  Artifact takeArtifact() { return std::move(artifact); }

private:
  LogicalResult runPasses();
  LogicalResult makeArtifact();
  void describeKernels();

  OwningOpRef<ModuleOp> module;
  std::string source;
  const PipelineOptions &options;
  OptimizationLevel level;
  Phase phase = Phase::Text;
  /// Gathered while there are patterns to describe.
  ArtifactInfo info;
  std::string bands;
  Artifact artifact;
  bool isFailed = false;
  /// Of the last phase, which has no diagnostics.
  std::string error;
};

/// Parses and verifies a spec. Diagnostics go to the context.
OwningOpRef<ModuleOp> parseSpec(llvm::SourceMgr &sources, MLIRContext &context);

} // namespace mlir::attn

#endif // ATTN_PIPELINES_COMPILATION_H
