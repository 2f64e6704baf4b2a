//===- CompileOnce.cpp - patterns to artifacts, once in a process ---------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "CompileOnce.h"

using namespace mlir;
using namespace mlir::attn;

AttnResult capi::readCommonOptions(const AttnCompileOptions *given, PipelineOptions &options) {
  if (!given)
    return ATTN_RESULT_OK;
  if (given->struct_size < sizeof(AttnCompileOptions))
    return fail(ATTN_RESULT_INVALID_ARGUMENT, "expected 'struct_size' of at least " +
                                                  Twine(sizeof(AttnCompileOptions)) + ", found " +
                                                  Twine(given->struct_size));
  if (given->head_dim < 0)
    return fail(ATTN_RESULT_INVALID_ARGUMENT,
                "expected a positive 'head_dim', found " + Twine(given->head_dim));
  if (given->head_dim)
    options.headDim = given->head_dim;
  return ATTN_RESULT_OK;
}

AttnResult capi::compileArtifact(AttnModule &module, PatternOp pattern,
                                 const PipelineOptions &options, Artifact &result) {
  Diagnostics diagnostics(module);
  const std::string name = pattern.getSymName().str();
  Compilation compilation(isolate(pattern), name, name + ".mlir", options);
  if (failed(compilation.run(Phase::Artifact)))
    return diagnostics.fail(compilation.getPhase() == Phase::Artifact ? ATTN_RESULT_INTERNAL
                                                                      : ATTN_RESULT_UNSUPPORTED,
                            compilation.describeFailure());
  result = compilation.takeArtifact();
  return ATTN_RESULT_OK;
}
