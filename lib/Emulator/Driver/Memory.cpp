//===- Memory.cpp - device memory ----------------------------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Device memory is host memory that only kernels and copies may touch, within exact bounds. New
// memory is filled with ones: NaN in every float format.
//
//===----------------------------------------------------------------------===//

#include "State.h"

#include <cstdlib>
#include <cstring>

using namespace attn::emulator;

namespace {

void *host(CUdeviceptr address) { return reinterpret_cast<void *>(address); }

/// Why [address, address + size) is not within one allocation; "" if it is.
CUresult checkRange(Call &call, CUdeviceptr address, size_t size, bool write) {
  if (call.status != CUDA_SUCCESS || size == 0)
    return call.status;
  const std::string problem = call.state.memory.check(address, size, write);
  return problem.empty() ? CUDA_SUCCESS : call.fail(CUDA_ERROR_INVALID_VALUE, problem);
}

CUresult checkPointer(Call &call, const void *pointer) {
  if (call.status != CUDA_SUCCESS || pointer)
    return call.status;
  return call.fail(CUDA_ERROR_INVALID_VALUE, "the host address is null");
}

CUresult copyToDevice(CUdeviceptr to, const void *from, size_t size) {
  Call call(Call::Context);
  CUresult result = checkRange(call, to, size, /*write=*/true);
  if (result == CUDA_SUCCESS && size && (result = checkPointer(call, from)) == CUDA_SUCCESS)
    memcpy(host(to), from, size);
  return result;
}

CUresult copyToHost(void *to, CUdeviceptr from, size_t size) {
  Call call(Call::Context);
  CUresult result = checkRange(call, from, size, /*write=*/false);
  if (result == CUDA_SUCCESS && size && (result = checkPointer(call, to)) == CUDA_SUCCESS)
    memcpy(to, host(from), size);
  return result;
}

CUresult copyOnDevice(CUdeviceptr to, CUdeviceptr from, size_t size) {
  Call call(Call::Context);
  CUresult result = checkRange(call, to, size, /*write=*/true);
  if (result == CUDA_SUCCESS)
    result = checkRange(call, from, size, /*write=*/false);
  if (result == CUDA_SUCCESS && size)
    memmove(host(to), host(from), size);
  return result;
}

template <typename Element>
CUresult fill(CUdeviceptr to, Element element, size_t count) {
  Call call(Call::Context);
  if (call.status == CUDA_SUCCESS && to % sizeof(Element))
    return call.fail(CUDA_ERROR_INVALID_VALUE, "the address is not aligned to the element");
  const CUresult result = checkRange(call, to, count * sizeof(Element), /*write=*/true);
  for (size_t i = 0; result == CUDA_SUCCESS && i < count; ++i)
    static_cast<Element *>(host(to))[i] = element;
  return result;
}

} // namespace

ATTN_DRIVER_API CUresult cuMemAlloc_v2(CUdeviceptr *address, size_t size) {
  Call call(Call::Context);
  if (call.status != CUDA_SUCCESS)
    return call.status;
  if (size == 0)
    return call.fail(CUDA_ERROR_INVALID_VALUE, "an allocation of 0 bytes");
  void *data = nullptr;
  // The alignment that cuMemAlloc promises, and no more.
  if (posix_memalign(&data, 256, size) != 0)
    return call.fail(CUDA_ERROR_OUT_OF_MEMORY,
                     "an allocation of " + std::to_string(size) + " bytes");
  memset(data, 0xff, size);
  *address = reinterpret_cast<CUdeviceptr>(data);
  call.state.allocations[*address] = size;
  call.state.memory.add(data, size, "device memory of " + std::to_string(size) + " bytes");
  return CUDA_SUCCESS;
}

ATTN_DRIVER_API CUresult cuMemFree_v2(CUdeviceptr address) {
  Call call(Call::Context);
  if (call.status != CUDA_SUCCESS || !address)
    return call.status;
  const auto found = call.state.allocations.find(address);
  if (found == call.state.allocations.end())
    return call.fail(CUDA_ERROR_INVALID_VALUE, "the address is none that cuMemAlloc gave");
  call.state.memory.remove(host(address));
  // A host program that still reads it sees NaN.
  memset(host(address), 0xff, found->second);
  free(host(address));
  call.state.allocations.erase(found);
  return CUDA_SUCCESS;
}

ATTN_DRIVER_API CUresult cuMemcpyHtoD_v2(CUdeviceptr to, const void *from, size_t size) {
  return copyToDevice(to, from, size);
}
ATTN_DRIVER_API CUresult cuMemcpyHtoDAsync_v2(CUdeviceptr to, const void *from, size_t size,
                                              CUstream) {
  return copyToDevice(to, from, size);
}
ATTN_DRIVER_API CUresult cuMemcpyDtoH_v2(void *to, CUdeviceptr from, size_t size) {
  return copyToHost(to, from, size);
}
ATTN_DRIVER_API CUresult cuMemcpyDtoHAsync_v2(void *to, CUdeviceptr from, size_t size, CUstream) {
  return copyToHost(to, from, size);
}
ATTN_DRIVER_API CUresult cuMemcpyDtoD_v2(CUdeviceptr to, CUdeviceptr from, size_t size) {
  return copyOnDevice(to, from, size);
}
ATTN_DRIVER_API CUresult cuMemcpyDtoDAsync_v2(CUdeviceptr to, CUdeviceptr from, size_t size,
                                              CUstream) {
  return copyOnDevice(to, from, size);
}
ATTN_DRIVER_API CUresult cuMemsetD8_v2(CUdeviceptr to, unsigned char element, size_t count) {
  return fill(to, element, count);
}
ATTN_DRIVER_API CUresult cuMemsetD8Async(CUdeviceptr to, unsigned char element, size_t count,
                                         CUstream) {
  return fill(to, element, count);
}
ATTN_DRIVER_API CUresult cuMemsetD16_v2(CUdeviceptr to, unsigned short element, size_t count) {
  return fill(to, element, count);
}
ATTN_DRIVER_API CUresult cuMemsetD16Async(CUdeviceptr to, unsigned short element, size_t count,
                                          CUstream) {
  return fill(to, element, count);
}
ATTN_DRIVER_API CUresult cuMemsetD32_v2(CUdeviceptr to, unsigned element, size_t count) {
  return fill(to, element, count);
}
ATTN_DRIVER_API CUresult cuMemsetD32Async(CUdeviceptr to, unsigned element, size_t count,
                                          CUstream) {
  return fill(to, element, count);
}
