//===- Memory.cpp - device memory and tensor maps ---------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attn/Emulator/Emulator.h"

#include <cstring>

namespace attn::ptx {

void DeviceMemory::add(const void *data, size_t size, const std::string &name, bool writable) {
  addAt(reinterpret_cast<uint64_t>(data), data, size, name, writable);
}

void DeviceMemory::addAt(uint64_t address, const void *storage, size_t size,
                         const std::string &name, bool writable) {
  auto *bytes = static_cast<uint8_t *>(const_cast<void *>(storage)); // `writable` guards it
  allocations[address] = {bytes, size, name, writable};
}

void DeviceMemory::remove(const void *data) { allocations.erase(reinterpret_cast<uint64_t>(data)); }

uint8_t *DeviceMemory::find(uint64_t address, size_t size, bool write, std::string &problem) const {
  auto it = allocations.upper_bound(address);
  if (it == allocations.begin()) {
    problem = "global address is in no allocation";
    return nullptr;
  }
  --it;
  const Allocation &allocation = it->second;
  uint64_t offset = address - it->first;
  if (offset > allocation.size || size > allocation.size - offset) {
    problem = "global access of " + std::to_string(size) + " bytes at offset " +
              std::to_string(offset) + " is past the " + std::to_string(allocation.size) +
              " bytes of '" + allocation.name + "'";
    return nullptr;
  }
  if (write && !allocation.writable) {
    problem = "global write to '" + allocation.name + "', which is read-only";
    return nullptr;
  }
  return allocation.storage + offset;
}

std::string DeviceMemory::check(uint64_t address, size_t size, bool write) const {
  std::string problem;
  find(address, size, write, problem);
  return problem;
}

unsigned TensorMap::elementBytes() const {
  return element == Element::U8                                                           ? 1
         : element == Element::U16 || element == Element::F16 || element == Element::BF16 ? 2
                                                                                          : 4;
}

uint64_t TensorMap::boxBytes() const {
  uint64_t bytes = elementBytes();
  for (unsigned i = 0; i < rank; ++i)
    bytes *= box[i];
  return bytes;
}

std::string TensorMap::check() const {
  if (rank < 1 || rank > 5)
    return "tensor map of rank " + std::to_string(rank);
  if (address % 16)
    return "tensor map: the address is not aligned to 16 bytes";
  for (unsigned i = 0; i < rank; ++i) {
    if (size[i] == 0 || size[i] > (1ull << 32))
      return "tensor map: size " + std::to_string(size[i]) + " of dimension " + std::to_string(i);
    if (box[i] == 0 || box[i] > 256)
      return "tensor map: box " + std::to_string(box[i]) + " of dimension " + std::to_string(i);
    if (i > 0 && (stride[i] % 16 || stride[i] >= (1ull << 40)))
      return "tensor map: stride " + std::to_string(stride[i]) + " of dimension " +
             std::to_string(i) + " is no multiple of 16 bytes";
  }
  unsigned inner = box[0] * elementBytes();
  if (inner % 16)
    return "tensor map: the rows of a box are no multiple of 16 bytes";
  unsigned span = swizzle == Swizzle::None ? 0 : 16u << static_cast<unsigned>(swizzle);
  if (span && inner > span)
    return "tensor map: rows of " + std::to_string(inner) + " bytes under a swizzle of " +
           std::to_string(span);
  return "";
}

namespace {
struct Packed {
  char magic[8];
  uint64_t address, stride[5];
  uint32_t sizeMinusOne[5];
  uint16_t box[5];
  uint8_t rank, element, swizzle, fillNaN;
};
static_assert(sizeof(Packed) <= 128);
constexpr char magic[8] = {'a', 't', 't', 'n', 'T', 'M', 'A', '1'};
} // namespace

void TensorMap::encode(void *bytes) const {
  Packed packed{};
  memcpy(packed.magic, magic, sizeof magic);
  packed.address = address;
  for (unsigned i = 0; i < rank; ++i) {
    packed.stride[i] = stride[i];
    packed.sizeMinusOne[i] = size[i] - 1;
    packed.box[i] = box[i];
  }
  packed.rank = rank;
  packed.element = static_cast<uint8_t>(element);
  packed.swizzle = static_cast<uint8_t>(swizzle);
  packed.fillNaN = fillNaN;
  memset(bytes, 0, 128);
  memcpy(bytes, &packed, sizeof packed);
}

bool TensorMap::decode(const void *bytes, TensorMap &map) {
  Packed packed;
  memcpy(&packed, bytes, sizeof packed);
  if (memcmp(packed.magic, magic, sizeof magic) != 0)
    return false;
  map.address = packed.address;
  map.rank = packed.rank;
  map.element = static_cast<Element>(packed.element);
  map.swizzle = static_cast<Swizzle>(packed.swizzle);
  map.fillNaN = packed.fillNaN;
  for (unsigned i = 0; i < 5; ++i) {
    map.stride[i] = i == 0 ? map.elementBytes() : packed.stride[i];
    map.size[i] = static_cast<uint64_t>(packed.sizeMinusOne[i]) + 1;
    map.box[i] = packed.box[i];
  }
  return true;
}

} // namespace attn::ptx
