//===- Compilation.cpp - one spec on its way through the phases ----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attn/Pipelines/Compilation.h"
#include "attn/Bands/FromPattern.h"
#include "attn/CodeGen/GPU/Target.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Parser/Parser.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace mlir::attn;

namespace {

/// The patterns and claims of a module as text.
std::string printSpec(ModuleOp module) {
  std::string text;
  llvm::raw_string_ostream os(text);
  for (Operation &op : *module.getBody())
    if (isa<PatternOp, AssertOp>(op))
      os << op << '\n';
  return text;
}

/// Each pattern's name, then a band a line.
std::string printBands(ModuleOp module) {
  std::string text;
  llvm::raw_string_ostream os(text);
  for (auto pattern : module.getOps<PatternOp>()) {
    const PatternBands bands = bandsOf(pattern);
    os << '@' << pattern.getSymName() << ": " << bands.bands.size()
       << (bands.bands.size() == 1 ? " band\n" : " bands\n");
    for (const Band &band : bands.bands) {
      os << "  ";
      band.print(os, bands.symbols);
      os << '\n';
    }
  }
  return text;
}

} // namespace

OwningOpRef<ModuleOp> mlir::attn::parseSpec(llvm::SourceMgr &sources, MLIRContext &context) {
  return parseSourceFile<ModuleOp>(sources, ParserConfig(&context));
}

Compilation::Compilation(OwningOpRef<ModuleOp> givenModule, std::string name, std::string source,
                         const PipelineOptions &options, OptimizationLevel level)
    : module(std::move(givenModule)), source(std::move(source)), options(options), level(level) {
  info.name = std::move(name);
  info.spec = printSpec(*module);
}

LogicalResult Compilation::run(Phase last, llvm::function_ref<LogicalResult()> observe) {
  while (phase < last) {
    phase = Phase(int(phase) + 1);
    isFailed = failed(phase == Phase::Artifact ? makeArtifact() : runPasses());
    if (isFailed || (observe && failed(observe())))
      return failure();
  }
  return success();
}

LogicalResult Compilation::runPasses() {
  PassManager passes(module->getContext());
  populatePhase(phase, passes, options);
  if (failed(passes.run(*module)))
    return failure();
  if (phase == Phase::Dialect) {
    describeKernels();
    if (info.kernels.empty())
      return module->emitError("expected a pattern or an attention to compile, found none");
  }
  if (phase == Phase::Bands)
    bands = printBands(*module);
  return success();
}

/// The phase after the next ones forgets patterns, so what the manifest says of them is noted here.
void Compilation::describeKernels() {
  for (auto function : module->getOps<func::FuncOp>()) {
    const auto attentions = function.getBody().getOps<AttentionOp>();
    if (attentions.empty())
      continue;
    AttentionOp attention = *attentions.begin();
    KernelInfo kernel;
    kernel.symbol = function.getSymName().str();
    auto query = cast<RankedTensorType>(attention.getQuery().getType());
    llvm::raw_string_ostream(kernel.dtype) << query.getElementType();
    kernel.headDim = query.getShape().back();
    if (FlatSymbolRefAttr name = attention.getPatternAttr()) {
      auto pattern = mlir::SymbolTable::lookupNearestSymbolFrom<PatternOp>(attention, name);
      kernel.pattern = name.getValue().str();
      llvm::raw_string_ostream(kernel.patternText) << *pattern << '\n';
      for (auto argument : pattern.getArgumentNames().getAsRange<StringAttr>())
        kernel.arguments.push_back(argument.getValue().str());
    }
    info.kernels.push_back(std::move(kernel));
  }
}

LogicalResult Compilation::makeArtifact() {
  if (failed(runPasses()))
    return failure();
  auto built = [&]() -> llvm::Expected<Artifact> {
    auto target = resolveTarget(options.target);
    if (!target)
      return target.takeError();
    if (const auto gpu = cuda::lookupTarget(options.target))
      return buildDeviceArtifact(*module, info, *target, gpu->sharedLimit);
    return buildArtifact(*module, info, *target, level);
  }();
  if (!built) {
    error = llvm::toString(built.takeError());
    return failure();
  }
  artifact = std::move(*built);
  return success();
}

std::string Compilation::describeFailure() const {
  std::string command = "attn-opt " + source;
  /// Adds a phase with those of its options that have a value.
  const auto add = [&](Phase step, ArrayRef<std::string> values) {
    if (step > phase)
      return;
    const std::string text = llvm::join(values, " ");
    const StringRef quote = values.size() > 1 ? "\"" : "";
    command += (" --attn-" + stringifyPhase(step) + "-pipeline" + (text.empty() ? "" : "=") +
                quote + text + quote)
                   .str();
  };
  const bool isGPU = cuda::lookupTarget(options.target).has_value();
  const std::string headDim = "head-dim=" + std::to_string(options.headDim);
  const std::string target = "target=" + options.target;
  SmallVector<std::string, 2> kernels = {headDim}, tiles;
  if (options.dtype != "f32")
    kernels.push_back("dtype=" + options.dtype);
  if (isGPU)
    tiles = {headDim, target};
  add(Phase::Dialect, kernels);
  add(Phase::Bands, {});
  add(Phase::Schedule, tiles);
  add(Phase::Codegen, target);
  if (isGPU && phase == Phase::Artifact)
    command += " --attn-gpu-to-binary";
  // For processors LLVM's part is no pass, but what it is given can be seen.
  return ("phase '" + stringifyPhase(phase) + "' failed" + (error.empty() ? "" : ": ") + error +
          (phase == Phase::Artifact && !isGPU ? "\nsee its input with: " : "\nrepeat it with: ") +
          command)
      .str();
}

std::string Compilation::print() {
  if (phase == Phase::Bands)
    return bands;
  if (phase == Phase::Artifact)
    return llvm::cantFail(emitAssembly(artifact));
  std::string text;
  llvm::raw_string_ostream(text) << **module << '\n';
  return text;
}

std::string Compilation::getDumpSuffix() const {
  const StringRef suffix = phase == Phase::Artifact ? artifact.target.isGPU() ? ".ptx" : ".s"
                           : phase == Phase::Bands  ? ".txt"
                                                    : ".mlir";
  return ("." + Twine(int(phase)) + "." + stringifyPhase(phase) + suffix).str();
}
