//===- Compile.cpp - patterns to kernels of this process ------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "CompileOnce.h"
#include "attn/Target/JIT.h"

using namespace mlir;
using namespace mlir::attn;
using capi::fail;

namespace {

/// Does the processor of this machine have what a kernel of `set` uses?
bool canRun(InstructionSet set, InstructionSet native) {
  return set == native || (set == InstructionSet::AVX2 && native == InstructionSet::AVX512);
}

/// Reads and checks the options.
AttnResult readOptions(const AttnCompileOptions *given, PipelineOptions &options) {
  if (AttnResult bad = capi::readCommonOptions(given, options))
    return bad;
  if (given && given->dtype && StringRef(given->dtype) != "f32")
    return fail(ATTN_RESULT_UNSUPPORTED,
                "expected dtype 'f32', found '" + Twine(given->dtype) + "'");
  if (!given || !given->target || !*given->target || StringRef(given->target) == "native")
    return ATTN_RESULT_OK;

  options.target = std::string(given->target);
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

/// Loads the kernel into this process.
AttnResult load(Artifact artifact, std::unique_ptr<JITKernel> &result) {
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
  PipelineOptions options;
  if (AttnResult bad = readOptions(given, options))
    return bad;
  const JITKernel *loaded;
  if (AttnResult bad = capi::compileOnce<JITKernel>(module, name, options, load, loaded))
    return bad;
  *kernel = &loaded->get();
  return ATTN_RESULT_OK;
}
