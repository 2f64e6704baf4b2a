//===- CompileOnce.h - patterns to artifacts, once in a process ----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the functions that compile share: they differ in the targets that they take, and in what
// they make of the artifact.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_CAPI_COMPILEONCE_H
#define ATTN_LIB_CAPI_COMPILEONCE_H

#include "Module.h"
#include "attn/Pipelines/Compilation.h"

#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace mlir::attn::capi {

/// All `Value`s of the process, by what they were compiled from.
template <typename Value>
class Cache {
public:
  /// A value that is there, or about to be made by whoever holds the lock.
  struct Entry {
    std::mutex mutex;
    std::unique_ptr<Value> value;
  };

  /// Never destroyed: other threads may use values while the process ends.
  static Cache &get() {
    static auto *cache = new Cache();
    return *cache;
  }

  Entry &find(const std::string &key) {
    std::lock_guard<std::mutex> lock(mutex);
    return entries[key];
  }

private:
  std::mutex mutex;
  std::map<std::string, Entry> entries; // whose elements never move
};

/// Checks what options have in common for all targets, and takes their head dim if they give one.
AttnResult readCommonOptions(const AttnCompileOptions *given, PipelineOptions &options);

/// Compiles a pattern to an artifact of one kernel. With the module locked.
AttnResult compileArtifact(AttnModule &module, PatternOp pattern, const PipelineOptions &options,
                           Artifact &result);

/// The value that `make` makes of the artifact of a pattern: compiled where no pattern of the same
/// text and options has been. It lives as long as the process.
template <typename Value>
AttnResult compileOnce(const AttnModule *module, const char *name, const PipelineOptions &options,
                       function_ref<AttnResult(Artifact, std::unique_ptr<Value> &)> make,
                       const Value *&result) {
  std::lock_guard<std::mutex> moduleLock(module->mutex);
  PatternOp pattern = module->find(name);
  if (!pattern)
    return ATTN_RESULT_INVALID_ARGUMENT;
  const std::string text = canonicalText(pattern);
  if (text.empty())
    return ATTN_RESULT_INTERNAL;
  const std::string key =
      options.target + '\0' + options.dtype + '\0' + std::to_string(options.headDim) + '\0' + text;
  auto &cached = Cache<Value>::get().find(key);
  std::lock_guard<std::mutex> valueLock(cached.mutex);
  if (!cached.value) {
    Artifact artifact;
    if (AttnResult bad =
            compileArtifact(const_cast<AttnModule &>(*module), pattern, options, artifact))
      return bad;
    if (AttnResult bad = make(std::move(artifact), cached.value))
      return bad;
  }
  result = cached.value.get();
  return ATTN_RESULT_OK;
}

} // namespace mlir::attn::capi

#endif // ATTN_LIB_CAPI_COMPILEONCE_H
