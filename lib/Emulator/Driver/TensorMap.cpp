//===- TensorMap.cpp - encode tensor maps ------------------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Refuses what the driver's manual refuses, and says what it was; then packs the map in the
// emulator's own format.
//
//===----------------------------------------------------------------------===//

#include "State.h"

using namespace attn::emulator;
using attn::ptx::TensorMap;

namespace {

/// CUtensorMapDataType, as far as it is emulated.
bool elementOf(int type, TensorMap::Element &element) {
  switch (type) {
  case 0:
    element = TensorMap::Element::U8;
    return true;
  case 1:
    element = TensorMap::Element::U16;
    return true;
  case 2:
    element = TensorMap::Element::U32;
    return true;
  case 3:
    element = TensorMap::Element::S32;
    return true;
  case 6:
    element = TensorMap::Element::F16;
    return true;
  case 7:
    element = TensorMap::Element::F32;
    return true;
  case 9:
    element = TensorMap::Element::BF16;
    return true;
  default:
    return false;
  }
}

} // namespace

ATTN_DRIVER_API CUresult cuTensorMapEncodeTiled(void *tensorMap, int type, uint32_t rank,
                                                void *address, const uint64_t *sizes,
                                                const uint64_t *strides, const uint32_t *box,
                                                const uint32_t *elementStrides, int interleave,
                                                int swizzle, int promotion, int fill) {
  Call call(Call::Context);
  if (call.status != CUDA_SUCCESS)
    return call.status;
  const auto refuse = [&](const std::string &message) {
    return call.fail(CUDA_ERROR_INVALID_VALUE, "tensor map: " + message);
  };
  TensorMap map;
  if (!tensorMap || reinterpret_cast<uintptr_t>(tensorMap) % 64)
    return refuse("it lies at an address that is not aligned to 64 bytes");
  if (rank < 1 || rank > 5)
    return refuse("rank " + std::to_string(rank));
  if (swizzle < 0 || swizzle > 3 || promotion < 0 || promotion > 3 || fill < 0 || fill > 1)
    return refuse("unknown swizzle, promotion or fill");
  if (!elementOf(type, map.element) || interleave != 0)
    return call.fail(CUDA_ERROR_NOT_SUPPORTED,
                     "tensor map: this element type or interleaving is not emulated");
  if (fill && map.element < TensorMap::Element::F16)
    return refuse("integers cannot be filled with NaN");
  map.rank = rank;
  map.address = reinterpret_cast<uint64_t>(address);
  map.swizzle = static_cast<TensorMap::Swizzle>(swizzle);
  map.fillNaN = fill != 0;
  for (uint32_t i = 0; i < rank; ++i) {
    map.size[i] = sizes[i];
    map.stride[i] = i ? strides[i - 1] : map.elementBytes();
    map.box[i] = box[i];
    if (elementStrides[i] == 0 || elementStrides[i] > 8)
      return refuse("element stride " + std::to_string(elementStrides[i]));
    if (i && elementStrides[i] != 1)
      return call.fail(CUDA_ERROR_NOT_SUPPORTED, "tensor map: element strides are not emulated");
  }
  if (const std::string problem = map.check(); !problem.empty())
    return call.fail(CUDA_ERROR_INVALID_VALUE, problem);
  map.encode(tensorMap);
  return CUDA_SUCCESS;
}
