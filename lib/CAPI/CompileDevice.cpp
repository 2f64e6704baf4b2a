//===- CompileDevice.cpp - patterns to kernels for a GPU ------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "CompileOnce.h"

using namespace mlir;
using namespace mlir::attn;
using capi::fail;

namespace {

/// Reads and checks the options.
AttnResult readOptions(const AttnCompileOptions *given, PipelineOptions &options) {
  if (AttnResult bad = capi::readCommonOptions(given, options))
    return bad;
  options.target = std::string(given && given->target ? given->target : "");
  options.dtype = std::string(given && given->dtype ? given->dtype : "bf16");
  // That of a processor is refused as an unknown one is: no code for it runs on a GPU.
  auto target = resolveTarget(options.target);
  const bool isGPU = target && target->isGPU();
  if (!target)
    llvm::consumeError(target.takeError());
  if (!isGPU)
    return fail(ATTN_RESULT_UNSUPPORTED,
                "expected target 'sm_80' or 'sm_90a' for a GPU, found '" + options.target + "'");
  if (options.dtype != "f16" && options.dtype != "bf16")
    return fail(ATTN_RESULT_UNSUPPORTED,
                "expected dtype 'f16' or 'bf16' for a GPU, found '" + options.dtype + "'");
  return ATTN_RESULT_OK;
}

/// The artifact itself is kept.
AttnResult keep(Artifact artifact, std::unique_ptr<Artifact> &result) {
  result = std::make_unique<Artifact>(std::move(artifact));
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
  PipelineOptions options;
  if (AttnResult bad = readOptions(given, options))
    return bad;
  const Artifact *artifact;
  if (AttnResult bad = capi::compileOnce<Artifact>(module, name, options, keep, artifact))
    return bad;
  image->info = makeDeviceInfo(artifact->info.kernels.front());
  image->ptx = artifact->images.front().ptx.c_str();
  image->ptx_size = artifact->images.front().ptx.size() + 1;
  image->manifest = artifact->manifest.c_str();
  return ATTN_RESULT_OK;
}
