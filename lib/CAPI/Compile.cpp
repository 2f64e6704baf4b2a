//===- Compile.cpp - patterns to kernels of this process ------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Cache.h"
#include "Module.h"
#include "attn/Pipelines/Compilation.h"
#include "attn/Target/JIT.h"

#include <memory>
#include <string>

using namespace mlir;
using namespace mlir::attn;
using capi::fail;

namespace {

/// What to compile for, with the defaults filled in.
struct Options {
  std::string target = "native";
  int64_t headDim = 64;
};

/// Does the processor of this machine have what a kernel of `set` uses?
bool canRun(InstructionSet set, InstructionSet native) {
  return set == native || (set == InstructionSet::AVX2 && native == InstructionSet::AVX512);
}

/// Reads and checks the options.
AttnResult readOptions(const AttnCompileOptions *given, Options &options) {
  if (!given)
    return ATTN_RESULT_OK;
  if (given->struct_size < sizeof(AttnCompileOptions))
    return fail(ATTN_RESULT_INVALID_ARGUMENT, "expected 'struct_size' of at least " +
                                                  Twine(sizeof(AttnCompileOptions)) + ", found " +
                                                  Twine(given->struct_size));
  if (given->dtype && StringRef(given->dtype) != "f32")
    return fail(ATTN_RESULT_UNSUPPORTED,
                "expected dtype 'f32', found '" + Twine(given->dtype) + "'");
  if (given->head_dim < 0)
    return fail(ATTN_RESULT_INVALID_ARGUMENT,
                "expected a positive 'head_dim', found " + Twine(given->head_dim));
  if (given->head_dim)
    options.headDim = given->head_dim;
  if (!given->target || !*given->target || StringRef(given->target) == "native")
    return ATTN_RESULT_OK;

  options.target = given->target;
  auto target = resolveTarget(options.target);
  if (!target)
    return fail(ATTN_RESULT_INVALID_ARGUMENT, llvm::toString(target.takeError()));
  auto native = resolveTarget("native");
  if (!native)
    return fail(ATTN_RESULT_UNSUPPORTED, llvm::toString(native.takeError()));
  // A processor's name may stand for features that nobody has checked here.
  if (!StringRef(target->name).starts_with("x86-64-v") && target->name != "aarch64")
    return fail(ATTN_RESULT_UNSUPPORTED, "expected target 'native', 'x86-64-v4', 'x86-64-v3' or "
                                         "'aarch64' for code that runs in this process, found '" +
                                             options.target + "'");
  if (!canRun(target->instructionSet, native->instructionSet))
    return fail(ATTN_RESULT_UNSUPPORTED, "this machine has " +
                                             stringifyInstructionSet(native->instructionSet) +
                                             ", target '" + options.target + "' needs " +
                                             stringifyInstructionSet(target->instructionSet));
  return ATTN_RESULT_OK;
}

/// Compiles a pattern and loads its kernel. With the module locked.
AttnResult compile(AttnModule &module, PatternOp pattern, const Options &options,
                   std::unique_ptr<JITKernel> &result) {
  capi::Diagnostics diagnostics(module);
  PipelineOptions pipeline;
  pipeline.headDim = options.headDim;
  pipeline.target = options.target;
  const std::string name = pattern.getSymName().str();
  Compilation compilation(capi::isolate(pattern), name, name + ".mlir", pipeline);
  if (failed(compilation.run(Phase::Artifact)))
    return diagnostics.fail(compilation.getPhase() == Phase::Artifact ? ATTN_RESULT_INTERNAL
                                                                      : ATTN_RESULT_UNSUPPORTED,
                            compilation.describeFailure());
  const Artifact &artifact = compilation.getArtifact();
  auto object = emitObject(artifact);
  if (!object)
    return fail(ATTN_RESULT_INTERNAL, llvm::toString(object.takeError()));
  auto kernel = JITKernel::load(*object, artifact.info.kernels.front().symbol);
  if (!kernel)
    return fail(ATTN_RESULT_INTERNAL, llvm::toString(kernel.takeError()));
  result = std::move(*kernel);
  return ATTN_RESULT_OK;
}

} // namespace

AttnResult attn_compile(const AttnModule *module, const char *name, const AttnCompileOptions *given,
                        const AttnKernel **kernel) {
  if (!module || !kernel)
    return fail(ATTN_RESULT_INVALID_ARGUMENT,
                "expected a module and a place for the kernel, found null");
  Options options;
  if (AttnResult bad = readOptions(given, options))
    return bad;
  std::lock_guard<std::mutex> moduleLock(module->mutex);
  PatternOp pattern = module->find(name);
  if (!pattern)
    return ATTN_RESULT_INVALID_ARGUMENT;
  const std::string text = capi::canonicalText(pattern);
  if (text.empty())
    return ATTN_RESULT_INTERNAL;
  auto &cached = capi::Cache<JITKernel>::get().find(options.target + '\0' +
                                                    std::to_string(options.headDim) + '\0' + text);
  std::lock_guard<std::mutex> kernelLock(cached.mutex);
  if (!cached.value)
    if (AttnResult bad = compile(const_cast<AttnModule &>(*module), pattern, options, cached.value))
      return bad;
  *kernel = &cached.value->get();
  return ATTN_RESULT_OK;
}
