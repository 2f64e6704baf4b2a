//===- Memory.cpp - device memory ----------------------------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The host keeps device memory, but not at the addresses that it gives out: only kernels and copies
// reach it, within exact bounds. New memory is filled with ones: NaN in every float format.
//
//===----------------------------------------------------------------------===//

#include "State.h"

#include <cstring>

using namespace attn::emulator;

namespace {

/// Where the host keeps [address, address + size); null, and `result` set, when that is not within
/// one allocation or the call is forbidden. `size` is not 0.
uint8_t *find(Call &call, CUdeviceptr address, size_t size, bool write, CUresult &result) {
  result = call.status;
  if (result != CUDA_SUCCESS)
    return nullptr;
  std::string problem;
  uint8_t *place = call.state.memory.find(address, size, write, problem);
  if (!place)
    result = call.fail(CUDA_ERROR_INVALID_VALUE, problem);
  return place;
}

/// Refuses a null host address.
bool isHost(Call &call, const void *pointer, CUresult &result) {
  if (!pointer)
    result = call.fail(CUDA_ERROR_INVALID_VALUE, "the host address is null");
  return pointer != nullptr;
}

CUresult copyToDevice(CUdeviceptr to, const void *from, size_t size) {
  Call call(Call::Context);
  if (size == 0)
    return call.status;
  CUresult result;
  if (uint8_t *place = find(call, to, size, /*write=*/true, result);
      place && isHost(call, from, result))
    memcpy(place, from, size);
  return result;
}

CUresult copyToHost(void *to, CUdeviceptr from, size_t size) {
  Call call(Call::Context);
  if (size == 0)
    return call.status;
  CUresult result;
  if (uint8_t *place = find(call, from, size, /*write=*/false, result);
      place && isHost(call, to, result))
    memcpy(to, place, size);
  return result;
}

CUresult copyOnDevice(CUdeviceptr to, CUdeviceptr from, size_t size) {
  Call call(Call::Context);
  if (size == 0)
    return call.status;
  CUresult result;
  uint8_t *target = find(call, to, size, /*write=*/true, result);
  const uint8_t *source = target ? find(call, from, size, /*write=*/false, result) : nullptr;
  if (source)
    memmove(target, source, size);
  return result;
}

template <typename Element>
CUresult fill(CUdeviceptr to, Element element, size_t count) {
  Call call(Call::Context);
  if (call.status != CUDA_SUCCESS || count == 0)
    return call.status;
  if (to % sizeof(Element))
    return call.fail(CUDA_ERROR_INVALID_VALUE, "the address is not aligned to the element");
  CUresult result;
  if (uint8_t *place = find(call, to, count * sizeof(Element), /*write=*/true, result))
    for (size_t i = 0; i < count; ++i)
      memcpy(place + i * sizeof(Element), &element, sizeof(Element));
  return result;
}

} // namespace

ATTN_DRIVER_API CUresult cuMemAlloc_v2(CUdeviceptr *address, size_t size) {
  Call call(Call::Context);
  if (call.status != CUDA_SUCCESS)
    return call.status;
  if (size == 0)
    return call.fail(CUDA_ERROR_INVALID_VALUE, "an allocation of 0 bytes");
  Storage data(static_cast<uint8_t *>(malloc(size)));
  const CUdeviceptr reserved = data ? call.state.reserve(size) : 0;
  if (!reserved)
    return call.fail(CUDA_ERROR_OUT_OF_MEMORY,
                     "an allocation of " + std::to_string(size) + " bytes");
  memset(data.get(), 0xff, size);
  *address = reserved;
  call.state.memory.addAt(reserved, data.get(), size,
                          "device memory of " + std::to_string(size) + " bytes");
  call.state.allocations[reserved] = std::move(data);
  return CUDA_SUCCESS;
}

ATTN_DRIVER_API CUresult cuMemFree_v2(CUdeviceptr address) {
  Call call(Call::Context);
  if (call.status != CUDA_SUCCESS || !address)
    return call.status;
  if (!call.state.allocations.erase(address))
    return call.fail(CUDA_ERROR_INVALID_VALUE, "the address is none that cuMemAlloc gave");
  call.state.memory.remove(reinterpret_cast<const void *>(address));
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
