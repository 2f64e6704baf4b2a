//===- Device.cpp - the device, its context, streams and errors ---------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "State.h"

#include <cstdio>

using namespace attn::emulator;

//===----------------------------------------------------------------------===//
// Errors
//===----------------------------------------------------------------------===//

namespace {

struct ErrorText {
  CUresult result;
  const char *name, *text;
};

const ErrorText errorTexts[] = {
    {CUDA_SUCCESS, "CUDA_SUCCESS", "no error"},
    {CUDA_ERROR_INVALID_VALUE, "CUDA_ERROR_INVALID_VALUE", "invalid argument"},
    {CUDA_ERROR_OUT_OF_MEMORY, "CUDA_ERROR_OUT_OF_MEMORY", "out of memory"},
    {CUDA_ERROR_NOT_INITIALIZED, "CUDA_ERROR_NOT_INITIALIZED", "initialization error"},
    {CUDA_ERROR_INVALID_DEVICE, "CUDA_ERROR_INVALID_DEVICE", "invalid device ordinal"},
    {CUDA_ERROR_INVALID_IMAGE, "CUDA_ERROR_INVALID_IMAGE", "device kernel image is invalid"},
    {CUDA_ERROR_INVALID_CONTEXT, "CUDA_ERROR_INVALID_CONTEXT", "invalid device context"},
    {CUDA_ERROR_NO_BINARY_FOR_GPU, "CUDA_ERROR_NO_BINARY_FOR_GPU",
     "no kernel image is available for execution on the device"},
    {CUDA_ERROR_INVALID_PTX, "CUDA_ERROR_INVALID_PTX", "a PTX JIT compilation failed"},
    {CUDA_ERROR_INVALID_HANDLE, "CUDA_ERROR_INVALID_HANDLE", "invalid resource handle"},
    {CUDA_ERROR_NOT_FOUND, "CUDA_ERROR_NOT_FOUND", "named symbol not found"},
    {CUDA_ERROR_LAUNCH_FAILED, "CUDA_ERROR_LAUNCH_FAILED", "unspecified launch failure"},
    {CUDA_ERROR_NOT_SUPPORTED, "CUDA_ERROR_NOT_SUPPORTED", "operation not supported"},
};

CUresult findError(CUresult result, const char **out, const char *ErrorText::*part) {
  if (!out)
    return CUDA_ERROR_INVALID_VALUE;
  *out = nullptr;
  for (const ErrorText &error : errorTexts)
    if (error.result == result)
      *out = error.*part;
  return *out ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}

} // namespace

// Neither takes part in Call: asking for an error's text must not clear its report.
ATTN_DRIVER_API CUresult cuGetErrorName(CUresult result, const char **name) {
  return findError(result, name, &ErrorText::name);
}

ATTN_DRIVER_API CUresult cuGetErrorString(CUresult result, const char **text) {
  return findError(result, text, &ErrorText::text);
}

//===----------------------------------------------------------------------===//
// Device and context
//===----------------------------------------------------------------------===//

ATTN_DRIVER_API CUresult cuInit(unsigned flags) {
  Call call(Call::Nothing);
  Environment environment;
  std::string problem;
  if (!environment.read(problem))
    return call.fail(CUDA_ERROR_INVALID_VALUE, problem);
  if (flags)
    return call.fail(CUDA_ERROR_INVALID_VALUE, "cuInit with flags");
  call.state.isInitialised = true;
  return CUDA_SUCCESS;
}

ATTN_DRIVER_API CUresult cuDriverGetVersion(int *version) {
  if (!version)
    return CUDA_ERROR_INVALID_VALUE;
  *version = 13000;
  return CUDA_SUCCESS;
}

ATTN_DRIVER_API CUresult cuDeviceGetCount(int *count) {
  Call call(Call::Initialised);
  if (call.status != CUDA_SUCCESS)
    return call.status;
  *count = 1;
  return CUDA_SUCCESS;
}

ATTN_DRIVER_API CUresult cuDeviceGet(CUdevice *device, int ordinal) {
  Call call(Call::Initialised);
  if (call.status != CUDA_SUCCESS)
    return call.status;
  if (ordinal != 0)
    return call.fail(CUDA_ERROR_INVALID_DEVICE, "there is one device");
  *device = 0;
  return CUDA_SUCCESS;
}

ATTN_DRIVER_API CUresult cuDeviceGetName(char *name, int size, CUdevice device) {
  Call call(Call::Initialised);
  if (call.status != CUDA_SUCCESS)
    return call.status;
  if (device != 0 || size < 1)
    return call.fail(CUDA_ERROR_INVALID_VALUE, "there is one device");
  snprintf(name, size_t(size), "attn-opt PTX emulator");
  return CUDA_SUCCESS;
}

ATTN_DRIVER_API CUresult cuDeviceTotalMem_v2(size_t *bytes, CUdevice device) {
  Call call(Call::Initialised);
  if (call.status != CUDA_SUCCESS)
    return call.status;
  if (device != 0)
    return call.fail(CUDA_ERROR_INVALID_DEVICE, "there is one device");
  *bytes = size_t(4) << 30;
  return CUDA_SUCCESS;
}

ATTN_DRIVER_API CUresult cuDeviceGetAttribute(int *value, CUdevice_attribute attribute,
                                              CUdevice device) {
  Call call(Call::Initialised);
  if (call.status != CUDA_SUCCESS)
    return call.status;
  if (device != 0)
    return call.fail(CUDA_ERROR_INVALID_DEVICE, "there is one device");
  Environment environment;
  std::string problem;
  if (!environment.read(problem))
    return call.fail(CUDA_ERROR_INVALID_VALUE, problem);
  switch (attribute) {
  case CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_BLOCK:
    *value = kMaxThreads;
    return CUDA_SUCCESS;
  case CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK:
    *value = kDefaultSharedBytes;
    return CUDA_SUCCESS;
  case CU_DEVICE_ATTRIBUTE_WARP_SIZE:
    *value = 32;
    return CUDA_SUCCESS;
  case CU_DEVICE_ATTRIBUTE_MAX_REGISTERS_PER_BLOCK:
  case CU_DEVICE_ATTRIBUTE_MAX_REGISTERS_PER_MULTIPROCESSOR:
    *value = 65536;
    return CUDA_SUCCESS;
  case CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT:
    *value = int(environment.processors);
    return CUDA_SUCCESS;
  case CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_MULTIPROCESSOR:
    *value = kMaxResidentThreads;
    return CUDA_SUCCESS;
  case CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR:
    *value = int(environment.capability / 10);
    return CUDA_SUCCESS;
  case CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR:
    *value = int(environment.capability % 10);
    return CUDA_SUCCESS;
  case CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_MULTIPROCESSOR:
    *value = int(environment.sharedBytesPerProcessor());
    return CUDA_SUCCESS;
  case CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN:
    *value = int(environment.sharedBytesPerCta());
    return CUDA_SUCCESS;
  }
  return call.fail(CUDA_ERROR_NOT_SUPPORTED,
                   "device attribute " + std::to_string(attribute) + " is not emulated");
}

ATTN_DRIVER_API CUresult cuDevicePrimaryCtxRetain(CUcontext *context, CUdevice device) {
  Call call(Call::Initialised);
  if (call.status != CUDA_SUCCESS)
    return call.status;
  if (device != 0)
    return call.fail(CUDA_ERROR_INVALID_DEVICE, "there is one device");
  *context = theContext();
  return CUDA_SUCCESS;
}

ATTN_DRIVER_API CUresult cuDevicePrimaryCtxRelease_v2(CUdevice device) {
  Call call(Call::Initialised);
  if (call.status == CUDA_SUCCESS && device != 0)
    return call.fail(CUDA_ERROR_INVALID_DEVICE, "there is one device");
  return call.status;
}

/// Frees memory, modules and streams, and forgets a kernel's error.
ATTN_DRIVER_API CUresult cuDevicePrimaryCtxReset_v2(CUdevice device) {
  Call call(Call::Initialised);
  if (call.status != CUDA_SUCCESS)
    return call.status;
  if (device != 0)
    return call.fail(CUDA_ERROR_INVALID_DEVICE, "there is one device");
  call.state.reset();
  return CUDA_SUCCESS;
}

ATTN_DRIVER_API CUresult cuCtxGetCurrent(CUcontext *context) {
  Call call(Call::Initialised);
  if (call.status == CUDA_SUCCESS)
    *context = currentContext();
  return call.status;
}

ATTN_DRIVER_API CUresult cuCtxSetCurrent(CUcontext context) {
  Call call(Call::Initialised);
  if (call.status != CUDA_SUCCESS)
    return call.status;
  if (context && context != theContext())
    return call.fail(CUDA_ERROR_INVALID_CONTEXT, "the context is of another driver");
  currentContext() = context;
  return CUDA_SUCCESS;
}

ATTN_DRIVER_API CUresult cuCtxGetDevice(CUdevice *device) {
  Call call(Call::Context);
  if (call.status == CUDA_SUCCESS)
    *device = 0;
  return call.status;
}

ATTN_DRIVER_API CUresult cuCtxSynchronize() { return Call(Call::Context).status; }

//===----------------------------------------------------------------------===//
// Streams: a launch is done when its call returns
//===----------------------------------------------------------------------===//

static CUresult checkStream(CUstream stream) {
  Call call(Call::Context);
  if (call.status == CUDA_SUCCESS && !call.state.isStream(stream))
    return call.fail(CUDA_ERROR_INVALID_HANDLE, "the stream is none of this driver");
  return call.status;
}

ATTN_DRIVER_API CUresult cuStreamCreate(CUstream *stream, unsigned) {
  Call call(Call::Context);
  if (call.status != CUDA_SUCCESS)
    return call.status;
  auto handle = std::make_unique<char>();
  *stream = reinterpret_cast<CUstream>(handle.get());
  call.state.streams.emplace(*stream, std::move(handle));
  return CUDA_SUCCESS;
}

ATTN_DRIVER_API CUresult cuStreamDestroy_v2(CUstream stream) {
  Call call(Call::Context);
  if (call.status != CUDA_SUCCESS)
    return call.status;
  if (!call.state.streams.erase(stream))
    return call.fail(CUDA_ERROR_INVALID_HANDLE, "the stream is none of this driver");
  return CUDA_SUCCESS;
}

ATTN_DRIVER_API CUresult cuStreamSynchronize(CUstream stream) { return checkStream(stream); }

ATTN_DRIVER_API CUresult cuStreamQuery(CUstream stream) { return checkStream(stream); }
