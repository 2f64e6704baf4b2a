//===- Module.cpp - modules of PTX and their kernels ---------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "State.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

using namespace attn::emulator;

namespace {

/// Where a caller wants the compiler's messages.
struct JitLog {
  char *buffer = nullptr;
  size_t bytes = 0;

  JitLog(unsigned count, const CUjit_option *options, void *const *values) {
    for (unsigned i = 0; i < count; ++i) {
      if (options[i] == CU_JIT_ERROR_LOG_BUFFER)
        buffer = static_cast<char *>(values[i]);
      else if (options[i] == CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES)
        bytes = reinterpret_cast<size_t>(values[i]);
    }
  }

  void write(const std::string &message) const {
    if (!buffer || bytes == 0)
      return;
    const size_t length = std::min(message.size(), bytes - 1);
    memcpy(buffer, message.data(), length);
    buffer[length] = 0;
  }
};

/// Why a device of `capability` does not run PTX for `target` ("sm_80", "sm_90a"); "" if it does.
std::string mismatch(const std::string &target, uint64_t capability) {
  char *end = nullptr;
  const bool isKnown = target.compare(0, 3, "sm_") == 0;
  const uint64_t needed = isKnown ? strtoull(target.c_str() + 3, &end, 10) : 0;
  if (!isKnown || end == target.c_str() + 3)
    return "the PTX names no target architecture";
  const bool isExact = *end == 'a';
  if (isExact ? needed == capability : needed <= capability)
    return "";
  return "the PTX is for " + target + ", the emulated device is sm_" + std::to_string(capability) +
         ": set ATTN_EMULATOR_CAPABILITY";
}

CUresult load(CUmodule *module, const void *image, const JitLog &log) {
  Call call(Call::Context);
  if (call.status != CUDA_SUCCESS)
    return call.status;
  const auto refuse = [&](CUresult result, const std::string &message) {
    log.write(message);
    return call.fail(result, message);
  };
  if (!module || !image)
    return refuse(CUDA_ERROR_INVALID_VALUE, "the image is null");
  if (strncmp(static_cast<const char *>(image), "\177ELF", 4) == 0 ||
      strncmp(static_cast<const char *>(image), "\x50\xed\x55\xba", 4) == 0)
    return refuse(CUDA_ERROR_NO_BINARY_FOR_GPU,
                  "the emulated driver runs PTX, the image is machine code (a cubin)");
  Environment environment;
  std::string problem;
  if (!environment.read(problem))
    return refuse(CUDA_ERROR_INVALID_VALUE, problem);
  auto loaded = std::make_unique<CUmod_st>();
  loaded->ptx = attn::ptx::Module::parse(static_cast<const char *>(image), problem);
  if (!loaded->ptx)
    return refuse(CUDA_ERROR_INVALID_PTX, problem);
  if (problem = mismatch(loaded->ptx->target, environment.capability); !problem.empty())
    return refuse(CUDA_ERROR_NO_BINARY_FOR_GPU, problem);
  *module = loaded.get();
  call.state.modules.emplace(*module, std::move(loaded));
  return CUDA_SUCCESS;
}

/// Refuses a handle that cuModuleGetFunction did not give.
CUresult checkFunction(Call &call, CUfunction function) {
  if (call.status != CUDA_SUCCESS || call.state.functions.count(function))
    return call.status;
  return call.fail(CUDA_ERROR_INVALID_HANDLE, "the function is none of a loaded module");
}

unsigned maxThreadsOf(const attn::ptx::Function &function) {
  return function.requiredThreads ? function.requiredThreads
         : function.maxThreads    ? function.maxThreads
                                  : kMaxThreads;
}

std::string dimensions(const attn::ptx::Dim3 &dim) {
  return std::to_string(dim.x) + " x " + std::to_string(dim.y) + " x " + std::to_string(dim.z);
}

/// What is wrong with a launch before it begins; "" if nothing.
std::string mistakeOfLaunch(const CUfunc_st &function, const attn::ptx::LaunchConfig &config) {
  const attn::ptx::Dim3 &grid = config.grid, &block = config.block;
  if (!grid.x || !grid.y || !grid.z || grid.x > 0x7fffffff || grid.y > 65535 || grid.z > 65535)
    return "a grid of " + dimensions(grid) + " CTAs";
  const uint64_t threads = uint64_t(block.x) * block.y * block.z;
  if (threads == 0 || threads > kMaxThreads || block.z > 64)
    return "CTAs of " + dimensions(block) + " threads";
  const unsigned required = function.function->requiredThreads,
                 most = maxThreadsOf(*function.function);
  if (required ? threads != required : threads > most)
    return "CTAs of " + std::to_string(threads) + " threads, the kernel says " +
           std::to_string(most);
  if (config.dynamicShared > function.dynamicSharedLimit)
    return std::to_string(config.dynamicShared) +
           " bytes of dynamic shared memory, the function's attribute allows " +
           std::to_string(function.dynamicSharedLimit);
  const uint64_t shared = uint64_t(config.dynamicShared) + function.module->ptx->staticShared;
  if (shared > config.sharedLimit)
    return std::to_string(shared) + " bytes of shared memory, a CTA has " +
           std::to_string(config.sharedLimit);
  if (function.function->clusterSize != 1)
    return "clusters are not emulated";
  return "";
}

CUresult launch(CUfunction function, attn::ptx::LaunchConfig config, CUstream stream,
                void **parameters, void **extra) {
  Call call(Call::Context);
  if (const CUresult result = checkFunction(call, function); result != CUDA_SUCCESS)
    return result;
  if (!call.state.isStream(stream))
    return call.fail(CUDA_ERROR_INVALID_HANDLE, "the stream is none of this driver");
  if (extra)
    return call.fail(CUDA_ERROR_NOT_SUPPORTED, "packed parameters are not emulated");
  for (size_t i = 0; i < function->function->params.size(); ++i)
    if (!parameters || !parameters[i])
      return call.fail(CUDA_ERROR_INVALID_VALUE, "parameter " + std::to_string(i) + " is null");
  Environment environment;
  std::string problem;
  if (!environment.read(problem))
    return call.fail(CUDA_ERROR_INVALID_VALUE, problem);
  config.seed = environment.seed;
  config.sharedLimit = environment.sharedBytesPerCta();
  problem = mismatch(function->module->ptx->target, environment.capability);
  if (problem.empty())
    problem = mistakeOfLaunch(*function, config);
  const std::string &name = function->function->name;
  if (!problem.empty())
    return call.fail(CUDA_ERROR_INVALID_VALUE, "launch of '" + name + "': " + problem);
  const attn::ptx::LaunchResult result =
      attn::ptx::launch(*function->module->ptx, name, config, parameters, call.state.memory);
  if (!result.started)
    return call.fail(CUDA_ERROR_INVALID_VALUE, result.error);
  if (!result) {
    // As on hardware, the launch itself has succeeded: it is the calls after it that fail.
    call.state.sticky = CUDA_ERROR_LAUNCH_FAILED;
    call.state.stickyReport =
        result.error + "\n  (ATTN_EMULATOR_SEED=" + std::to_string(config.seed) + ")";
  }
  return CUDA_SUCCESS;
}

} // namespace

ATTN_DRIVER_API CUresult cuModuleLoadData(CUmodule *module, const void *image) {
  return load(module, image, JitLog(0, nullptr, nullptr));
}

ATTN_DRIVER_API CUresult cuModuleLoadDataEx(CUmodule *module, const void *image, unsigned count,
                                            CUjit_option *options, void **values) {
  return load(module, image, JitLog(count, options, values));
}

ATTN_DRIVER_API CUresult cuModuleUnload(CUmodule module) {
  Call call(Call::Context);
  if (call.status != CUDA_SUCCESS)
    return call.status;
  const auto found = call.state.modules.find(module);
  if (found == call.state.modules.end())
    return call.fail(CUDA_ERROR_INVALID_HANDLE, "the module is not loaded");
  for (const auto &[name, function] : module->functions)
    call.state.functions.erase(function.get());
  call.state.modules.erase(found);
  return CUDA_SUCCESS;
}

ATTN_DRIVER_API CUresult cuModuleGetFunction(CUfunction *function, CUmodule module,
                                             const char *name) {
  Call call(Call::Context);
  if (call.status != CUDA_SUCCESS)
    return call.status;
  if (!call.state.modules.count(module))
    return call.fail(CUDA_ERROR_INVALID_HANDLE, "the module is not loaded");
  const attn::ptx::Function *found = module->ptx->find(name);
  if (!found || !found->isEntry)
    return call.fail(CUDA_ERROR_NOT_FOUND, "the module has no kernel '" + std::string(name) + "'");
  std::unique_ptr<CUfunc_st> &slot = module->functions[name];
  if (!slot)
    slot.reset(new CUfunc_st{module, found, kDefaultSharedBytes});
  *function = slot.get();
  call.state.functions.insert(slot.get());
  return CUDA_SUCCESS;
}

ATTN_DRIVER_API CUresult cuFuncGetParamInfo(CUfunction function, size_t index, size_t *offset,
                                            size_t *size) {
  Call call(Call::Context);
  if (const CUresult result = checkFunction(call, function); result != CUDA_SUCCESS)
    return result;
  const auto &params = function->function->params;
  if (index >= params.size())
    return call.fail(CUDA_ERROR_INVALID_VALUE,
                     "the kernel has " + std::to_string(params.size()) + " parameters");
  *offset = params[index].offset;
  if (size)
    *size = params[index].size;
  return CUDA_SUCCESS;
}

ATTN_DRIVER_API CUresult cuFuncSetAttribute(CUfunction function, CUfunction_attribute attribute,
                                            int value) {
  Call call(Call::Context);
  if (const CUresult result = checkFunction(call, function); result != CUDA_SUCCESS)
    return result;
  if (attribute == CU_FUNC_ATTRIBUTE_PREFERRED_SHARED_MEMORY_CARVEOUT)
    return CUDA_SUCCESS;
  if (attribute != CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES)
    return call.fail(CUDA_ERROR_NOT_SUPPORTED, "function attribute " + std::to_string(attribute) +
                                                   " cannot be set in the emulator");
  Environment environment;
  std::string problem;
  if (!environment.read(problem))
    return call.fail(CUDA_ERROR_INVALID_VALUE, problem);
  const int64_t limit =
      int64_t(environment.sharedBytesPerCta()) - function->module->ptx->staticShared;
  if (value < 0 || value > limit)
    return call.fail(CUDA_ERROR_INVALID_VALUE, std::to_string(value) +
                                                   " bytes of dynamic shared memory, a CTA has " +
                                                   std::to_string(limit));
  function->dynamicSharedLimit = unsigned(value);
  return CUDA_SUCCESS;
}

ATTN_DRIVER_API CUresult cuFuncGetAttribute(int *value, CUfunction_attribute attribute,
                                            CUfunction function) {
  Call call(Call::Context);
  if (const CUresult result = checkFunction(call, function); result != CUDA_SUCCESS)
    return result;
  switch (attribute) {
  case CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK:
    *value = int(maxThreadsOf(*function->function));
    return CUDA_SUCCESS;
  case CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES:
    *value = int(function->module->ptx->staticShared);
    return CUDA_SUCCESS;
  case CU_FUNC_ATTRIBUTE_LOCAL_SIZE_BYTES:
    *value = int(function->function->frameBytes);
    return CUDA_SUCCESS;
  case CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES:
    *value = int(function->dynamicSharedLimit);
    return CUDA_SUCCESS;
  default:
    return call.fail(CUDA_ERROR_NOT_SUPPORTED,
                     "function attribute " + std::to_string(attribute) + " is not emulated");
  }
}

/// By threads and shared memory: registers are allotted by ptxas, which the emulator has not.
ATTN_DRIVER_API CUresult cuOccupancyMaxActiveBlocksPerMultiprocessor(int *ctas, CUfunction function,
                                                                     int threads,
                                                                     size_t dynamicShared) {
  Call call(Call::Context);
  if (const CUresult result = checkFunction(call, function); result != CUDA_SUCCESS)
    return result;
  Environment environment;
  std::string problem;
  if (!environment.read(problem))
    return call.fail(CUDA_ERROR_INVALID_VALUE, problem);
  if (threads < 1)
    return call.fail(CUDA_ERROR_INVALID_VALUE, "CTAs of " + std::to_string(threads) + " threads");
  const uint64_t shared =
      dynamicShared + function->module->ptx->staticShared + kReservedSharedBytes;
  *ctas = unsigned(threads) > maxThreadsOf(*function->function)
              ? 0
              : int(std::min<uint64_t>(kMaxResidentThreads / unsigned(threads),
                                       environment.sharedBytesPerProcessor() / shared));
  return CUDA_SUCCESS;
}

ATTN_DRIVER_API CUresult cuLaunchKernel(CUfunction function, unsigned gridX, unsigned gridY,
                                        unsigned gridZ, unsigned blockX, unsigned blockY,
                                        unsigned blockZ, unsigned sharedBytes, CUstream stream,
                                        void **parameters, void **extra) {
  attn::ptx::LaunchConfig config;
  config.grid = {gridX, gridY, gridZ};
  config.block = {blockX, blockY, blockZ};
  config.dynamicShared = sharedBytes;
  return launch(function, config, stream, parameters, extra);
}

ATTN_DRIVER_API CUresult cuLaunchKernelEx(const CUlaunchConfig *launchConfig, CUfunction function,
                                          void **parameters, void **extra) {
  attn::ptx::LaunchConfig config;
  config.grid = {launchConfig->gridDimX, launchConfig->gridDimY, launchConfig->gridDimZ};
  config.block = {launchConfig->blockDimX, launchConfig->blockDimY, launchConfig->blockDimZ};
  config.dynamicShared = launchConfig->sharedMemBytes;
  for (unsigned i = 0; i < launchConfig->numAttrs; ++i) {
    const CUlaunchAttribute &attribute = launchConfig->attrs[i];
    const unsigned *cluster = attribute.value.clusterDim;
    const bool isAllowed = attribute.id == CU_LAUNCH_ATTRIBUTE_IGNORE ||
                           attribute.id == CU_LAUNCH_ATTRIBUTE_PROGRAMMATIC_STREAM_SERIALIZATION ||
                           (attribute.id == CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION &&
                            cluster[0] == 1 && cluster[1] == 1 && cluster[2] == 1);
    if (isAllowed)
      continue;
    return Call(Call::Context)
        .fail(CUDA_ERROR_NOT_SUPPORTED,
              attribute.id == CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION
                  ? "clusters are not emulated"
                  : "launch attribute " + std::to_string(attribute.id) + " is not emulated");
  }
  return launch(function, config, launchConfig->hStream, parameters, extra);
}
