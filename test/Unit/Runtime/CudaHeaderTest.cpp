//===- CudaHeaderTest.cpp - our declarations of CUDA against CUDA's own --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Where a toolkit is installed, the compiler compares: a wrong number is an error of this file.
//
//===------------------------------------------------------------------------------===//

#include <cstddef>
#include <cstdint>
#include <gtest/gtest.h>

#if __has_include(<cuda.h>)

#include <cuda.h>

#if CUDA_VERSION >= 12040

#include "../../../lib/Runtime/Driver.h"
namespace emulated {
#include "../../../lib/Emulator/Driver/Cuda.h"
} // namespace emulated

namespace runtime = attn::cuda;

#define SAME(NAME) static_assert(int(emulated::NAME) == int(::NAME), #NAME)
SAME(CUDA_ERROR_INVALID_VALUE);
SAME(CUDA_ERROR_OUT_OF_MEMORY);
SAME(CUDA_ERROR_NOT_INITIALIZED);
SAME(CUDA_ERROR_INVALID_DEVICE);
SAME(CUDA_ERROR_INVALID_IMAGE);
SAME(CUDA_ERROR_INVALID_CONTEXT);
SAME(CUDA_ERROR_NO_BINARY_FOR_GPU);
SAME(CUDA_ERROR_INVALID_PTX);
SAME(CUDA_ERROR_INVALID_HANDLE);
SAME(CUDA_ERROR_NOT_FOUND);
SAME(CUDA_ERROR_LAUNCH_FAILED);
SAME(CUDA_ERROR_NOT_SUPPORTED);
SAME(CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_BLOCK);
SAME(CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK);
SAME(CU_DEVICE_ATTRIBUTE_WARP_SIZE);
SAME(CU_DEVICE_ATTRIBUTE_MAX_REGISTERS_PER_BLOCK);
SAME(CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT);
SAME(CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_MULTIPROCESSOR);
SAME(CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR);
SAME(CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR);
SAME(CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_MULTIPROCESSOR);
SAME(CU_DEVICE_ATTRIBUTE_MAX_REGISTERS_PER_MULTIPROCESSOR);
SAME(CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN);
SAME(CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK);
SAME(CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES);
SAME(CU_FUNC_ATTRIBUTE_LOCAL_SIZE_BYTES);
SAME(CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES);
SAME(CU_FUNC_ATTRIBUTE_PREFERRED_SHARED_MEMORY_CARVEOUT);
SAME(CU_JIT_ERROR_LOG_BUFFER);
SAME(CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES);
SAME(CU_LAUNCH_ATTRIBUTE_IGNORE);
SAME(CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION);
SAME(CU_LAUNCH_ATTRIBUTE_PROGRAMMATIC_STREAM_SERIALIZATION);

#define SAME_PLACE(TYPE, FIELD)                                                                    \
  static_assert(offsetof(emulated::TYPE, FIELD) == offsetof(::TYPE, FIELD), #FIELD)
static_assert(sizeof(emulated::CUlaunchConfig) == sizeof(::CUlaunchConfig));
static_assert(sizeof(emulated::CUlaunchAttribute) == sizeof(::CUlaunchAttribute));
SAME_PLACE(CUlaunchConfig, sharedMemBytes);
SAME_PLACE(CUlaunchConfig, hStream);
SAME_PLACE(CUlaunchConfig, attrs);
SAME_PLACE(CUlaunchConfig, numAttrs);
SAME_PLACE(CUlaunchAttribute, value);

#define IS(NAME, THEIRS) static_assert(int(runtime::NAME) == int(THEIRS), #NAME)
IS(kProcessorCount, CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT);
IS(kCapabilityMajor, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR);
IS(kCapabilityMinor, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR);
IS(kSharedBytesOptIn, CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN);
IS(kMaxDynamicSharedBytes, CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES);
IS(kErrorLog, CU_JIT_ERROR_LOG_BUFFER);
IS(kErrorLogBytes, CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES);
IS(kMapF16, CU_TENSOR_MAP_DATA_TYPE_FLOAT16);
IS(kMapBF16, CU_TENSOR_MAP_DATA_TYPE_BFLOAT16);
IS(kSwizzle32, CU_TENSOR_MAP_SWIZZLE_32B);
IS(kSwizzle64, CU_TENSOR_MAP_SWIZZLE_64B);
IS(kSwizzle128, CU_TENSOR_MAP_SWIZZLE_128B);
IS(kPromote256, CU_TENSOR_MAP_L2_PROMOTION_L2_256B);
static_assert(sizeof(runtime::TensorMap) == sizeof(CUtensorMap));

/// The sizes of a function's parameters, in order, as one number.
template <typename Result, typename... Parameters>
constexpr uint64_t sizesOf(Result (*)(Parameters...)) {
  uint64_t sizes = 0;
  ((sizes = sizes * 31 + sizeof(Parameters)), ...);
  return sizes;
}
// cuda.h's macros turn the names without _v2 into the symbols that the runtime looks up.
#define SAME_PARAMETERS(MEMBER, NAME)                                                              \
  static_assert(sizesOf(decltype(runtime::Api::MEMBER)(nullptr)) ==                                \
                    sizesOf(decltype (&::NAME)(nullptr)),                                          \
                #NAME)
SAME_PARAMETERS(init, cuInit);
SAME_PARAMETERS(getErrorName, cuGetErrorName);
SAME_PARAMETERS(getErrorString, cuGetErrorString);
SAME_PARAMETERS(deviceGetCount, cuDeviceGetCount);
SAME_PARAMETERS(deviceGet, cuDeviceGet);
SAME_PARAMETERS(deviceGetAttribute, cuDeviceGetAttribute);
SAME_PARAMETERS(primaryContextRetain, cuDevicePrimaryCtxRetain);
SAME_PARAMETERS(contextGetCurrent, cuCtxGetCurrent);
SAME_PARAMETERS(contextSetCurrent, cuCtxSetCurrent);
SAME_PARAMETERS(contextGetDevice, cuCtxGetDevice);
SAME_PARAMETERS(moduleLoadDataEx, cuModuleLoadDataEx);
SAME_PARAMETERS(moduleUnload, cuModuleUnload);
SAME_PARAMETERS(moduleGetFunction, cuModuleGetFunction);
SAME_PARAMETERS(functionSetAttribute, cuFuncSetAttribute);
SAME_PARAMETERS(functionGetParameter, cuFuncGetParamInfo);
SAME_PARAMETERS(occupancy, cuOccupancyMaxActiveBlocksPerMultiprocessor);
SAME_PARAMETERS(launchKernel, cuLaunchKernel);
SAME_PARAMETERS(memoryAllocate, cuMemAlloc);
SAME_PARAMETERS(memoryFree, cuMemFree);
SAME_PARAMETERS(copyToDevice, cuMemcpyHtoD);
SAME_PARAMETERS(copyToHost, cuMemcpyDtoH);
SAME_PARAMETERS(streamSynchronize, cuStreamSynchronize);
SAME_PARAMETERS(encodeTiled, cuTensorMapEncodeTiled);

TEST(CudaHeader, AgreesWithOurDeclarations) { SUCCEED() << "the compiler has compared them"; }

#define ATTN_COMPARED
#endif
#endif

#ifndef ATTN_COMPARED
TEST(CudaHeader, AgreesWithOurDeclarations) { GTEST_SKIP() << "no cuda.h of CUDA 12.4 or later"; }
#endif
