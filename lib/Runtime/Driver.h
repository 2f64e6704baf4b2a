//===- Driver.h - the CUDA driver, opened at run time ---------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Our own declarations of the driver's entry points, so that neither building nor running needs
// CUDA: the library is opened with dlopen, and there may be several, NVIDIA's and the emulator.
//
//===------------------------------------------------------------------------------===//

#ifndef ATTN_LIB_RUNTIME_DRIVER_H
#define ATTN_LIB_RUNTIME_DRIVER_H

#include "attn/Runtime/Device.h"

#include <mutex>
#include <string>

namespace attn::cuda {

using Result = int;
using Device = int;
using Address = uint64_t;
using Context = struct ContextObject *;
using Module = struct ModuleObject *;
using Function = struct FunctionObject *;
using Stream = struct StreamObject *;

/// The driver asks for 64 bytes of alignment.
struct alignas(64) TensorMap {
  uint64_t opaque[16];
};

constexpr Result kSuccess = 0;

/// CUdevice_attribute.
enum DeviceAttribute {
  kProcessorCount = 16,
  kCapabilityMajor = 75,
  kCapabilityMinor = 76,
  kSharedBytesOptIn = 97
};
/// CUfunction_attribute.
enum FunctionAttribute { kMaxDynamicSharedBytes = 8 };
/// CUjit_option.
enum JitOption { kErrorLog = 5, kErrorLogBytes = 6 };
/// CUtensorMapDataType.
enum MapElement { kMapF16 = 6, kMapBF16 = 9 };
/// CUtensorMapSwizzle.
enum MapSwizzle { kSwizzle32 = 1, kSwizzle64 = 2, kSwizzle128 = 3 };
/// CUtensorMapL2promotion.
enum MapPromotion { kPromote256 = 3 };

// X(member, symbol, parameters); the symbols with _v2 are what cuda.h's names stand for.
#define ATTN_CUDA_FUNCTIONS(X)                                                                     \
  X(init, "cuInit", (unsigned))                                                                    \
  X(getErrorName, "cuGetErrorName", (Result, const char **))                                       \
  X(getErrorString, "cuGetErrorString", (Result, const char **))                                   \
  X(deviceGetCount, "cuDeviceGetCount", (int *))                                                   \
  X(deviceGet, "cuDeviceGet", (Device *, int))                                                     \
  X(deviceGetAttribute, "cuDeviceGetAttribute", (int *, int, Device))                              \
  X(primaryContextRetain, "cuDevicePrimaryCtxRetain", (Context *, Device))                         \
  X(contextGetCurrent, "cuCtxGetCurrent", (Context *))                                             \
  X(contextSetCurrent, "cuCtxSetCurrent", (Context))                                               \
  X(contextGetDevice, "cuCtxGetDevice", (Device *))                                                \
  X(moduleLoadDataEx, "cuModuleLoadDataEx", (Module *, const void *, unsigned, int *, void **))    \
  X(moduleUnload, "cuModuleUnload", (Module))                                                      \
  X(moduleGetFunction, "cuModuleGetFunction", (Function *, Module, const char *))                  \
  X(functionSetAttribute, "cuFuncSetAttribute", (Function, int, int))                              \
  X(occupancy, "cuOccupancyMaxActiveBlocksPerMultiprocessor", (int *, Function, int, size_t))      \
  X(launchKernel, "cuLaunchKernel",                                                                \
    (Function, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, Stream,       \
     void **, void **))                                                                            \
  X(memoryAllocate, "cuMemAlloc_v2", (Address *, size_t))                                          \
  X(memoryFree, "cuMemFree_v2", (Address))                                                         \
  X(copyToDevice, "cuMemcpyHtoD_v2", (Address, const void *, size_t))                              \
  X(copyToHost, "cuMemcpyDtoH_v2", (void *, Address, size_t))                                      \
  X(streamSynchronize, "cuStreamSynchronize", (Stream))

// Entry points of newer drivers: null where there is none. Tensor maps came with CUDA 12.0.
#define ATTN_CUDA_OPTIONAL_FUNCTIONS(X)                                                            \
  X(encodeTiled, "cuTensorMapEncodeTiled",                                                         \
    (TensorMap *, int, uint32_t, void *, const uint64_t *, const uint64_t *, const uint32_t *,     \
     const uint32_t *, int, int, int, int))                                                        \
  X(functionGetParameter, "cuFuncGetParamInfo", (Function, size_t, size_t *, size_t *))

/// The entry points of one driver.
struct Api {
#define ATTN_MEMBER(NAME, SYMBOL, PARAMETERS) Result(*NAME) PARAMETERS = nullptr;
  ATTN_CUDA_FUNCTIONS(ATTN_MEMBER)
  ATTN_CUDA_OPTIONAL_FUNCTIONS(ATTN_MEMBER)
#undef ATTN_MEMBER
  /// Of the emulator only: what it reported of the thread's last failing call.
  const char *(*emulatorReport)() = nullptr;
};

} // namespace attn::cuda

struct AttnDriver {
  attn::cuda::Api api;
  std::string name;
  attn::cuda::Device device = 0;

  /// Makes sure that the calling thread has a current context: its own, which it shares with a
  /// framework, or else the primary one of the first device.
  attn::cuda::Result enter(attn::cuda::Context &context) const;

  /// Sets the thread's last error to "`what`: the driver's words"; returns ATTN_ERROR_DRIVER.
  int fail(const std::string &what, attn::cuda::Result result) const;

  /// An attribute of the current context's device.
  attn::cuda::Result attribute(int attribute, int &value) const;

private:
  mutable std::mutex mutex;
  mutable attn::cuda::Context primary = nullptr;
};

#endif // ATTN_LIB_RUNTIME_DRIVER_H
