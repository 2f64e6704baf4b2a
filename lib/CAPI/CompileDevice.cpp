//===- CompileDevice.cpp - patterns to kernels for a GPU ------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Cache.h"
#include "Module.h"
#include "attn/Pipelines/Compilation.h"

#include <string>

using namespace mlir;
using namespace mlir::attn;
using capi::fail;

namespace {

/// What to compile for, with the defaults filled in.
struct Options {
  std::string target;
  std::string dtype = "bf16";
  int64_t headDim = 64;
};

/// Reads and checks the options.
AttnResult readOptions(const AttnCompileOptions *given, Options &options) {
  if (given && given->struct_size < sizeof(AttnCompileOptions))
    return fail(ATTN_RESULT_INVALID_ARGUMENT, "expected 'struct_size' of at least " +
                                                  Twine(sizeof(AttnCompileOptions)) + ", found " +
                                                  Twine(given->struct_size));
  if (given && given->target)
    options.target = given->target;
  // That of a processor is refused as an unknown one is: no code for it runs on a GPU.
  auto target = resolveTarget(options.target);
  const bool isGPU = target && target->isGPU();
  if (!target)
    llvm::consumeError(target.takeError());
  if (!isGPU)
    return fail(ATTN_RESULT_UNSUPPORTED,
                "expected target 'sm_80' or 'sm_90a' for a GPU, found '" + options.target + "'");
  if (given->dtype)
    options.dtype = given->dtype;
  if (options.dtype != "f16" && options.dtype != "bf16")
    return fail(ATTN_RESULT_UNSUPPORTED,
                "expected dtype 'f16' or 'bf16' for a GPU, found '" + options.dtype + "'");
  if (given->head_dim < 0)
    return fail(ATTN_RESULT_INVALID_ARGUMENT,
                "expected a positive 'head_dim', found " + Twine(given->head_dim));
  if (given->head_dim)
    options.headDim = given->head_dim;
  return ATTN_RESULT_OK;
}

/// Compiles a pattern to the image of one kernel. With the module locked.
AttnResult compile(AttnModule &module, PatternOp pattern, const Options &options,
                   std::unique_ptr<Artifact> &result) {
  capi::Diagnostics diagnostics(module);
  PipelineOptions pipeline;
  pipeline.headDim = options.headDim;
  pipeline.dtype = options.dtype;
  pipeline.target = options.target;
  const std::string name = pattern.getSymName().str();
  Compilation compilation(capi::isolate(pattern), name, name + ".mlir", pipeline);
  if (failed(compilation.run(Phase::Artifact)))
    return diagnostics.fail(compilation.getPhase() == Phase::Artifact ? ATTN_RESULT_INTERNAL
                                                                      : ATTN_RESULT_UNSUPPORTED,
                            compilation.describeFailure());
  result = std::make_unique<Artifact>(compilation.takeArtifact());
  return ATTN_RESULT_OK;
}

} // namespace

AttnResult attn_compile_device(const AttnModule *module, const char *name,
                               const AttnCompileOptions *given, AttnDeviceImage *image) {
  if (!module || !image)
    return fail(ATTN_RESULT_INVALID_ARGUMENT,
                "expected a module and a place for the image, found null");
  if (image->struct_size < sizeof(AttnDeviceImage))
    return fail(ATTN_RESULT_INVALID_ARGUMENT, "expected 'struct_size' of the image of at least " +
                                                  Twine(sizeof(AttnDeviceImage)) + ", found " +
                                                  Twine(image->struct_size));
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
  auto &cached = capi::Cache<Artifact>::get().find(options.target + '\0' + options.dtype + '\0' +
                                                   std::to_string(options.headDim) + '\0' + text);
  std::lock_guard<std::mutex> imageLock(cached.mutex);
  if (!cached.value)
    if (AttnResult bad = compile(const_cast<AttnModule &>(*module), pattern, options, cached.value))
      return bad;
  const Artifact &artifact = *cached.value;
  image->info = makeDeviceInfo(artifact.info.kernels.front());
  image->ptx = artifact.images.front().ptx.c_str();
  image->ptx_size = artifact.images.front().ptx.size() + 1;
  image->manifest = artifact.manifest.c_str();
  return ATTN_RESULT_OK;
}
