//===- SharedMemory.cpp - shared memory that knows who touched it ----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "SharedMemory.h"

namespace attn::ptx {

// Poison is all ones: NaN in every float format, far out of bounds as an index.
SharedMemory::SharedMemory(unsigned size, unsigned warps)
    : warps(warps), bytes(SharedBase + size, 0xff), granules(bytes.size() / 4 + 1),
      reads(granules.size() * warps) {}

std::string SharedMemory::checkBounds(uint64_t address, unsigned size, unsigned align) const {
  if (address < SharedBase || address + size > bytes.size())
    return "shared address " + std::to_string(static_cast<int64_t>(address)) + " of " +
           std::to_string(size) + " bytes is outside [" + std::to_string(SharedBase) + ", " +
           std::to_string(bytes.size()) + ")";
  if (address % align)
    return "shared address " + std::to_string(address) + " is not aligned to " +
           std::to_string(align) + " bytes";
  return "";
}

uint8_t SharedMemory::byteMask(unsigned granule, uint32_t address, unsigned size) {
  uint8_t mask = 0;
  for (unsigned byte = 0; byte < 4; ++byte)
    mask |= (granule * 4 + byte - address < size) << byte;
  return mask;
}

std::string SharedMemory::describe(unsigned granule) const {
  return "shared address " + std::to_string(granule * 4);
}

std::string SharedMemory::describeWriter(const Granule &granule) const {
  unsigned agent = granule.writer;
  std::string line = " of line " + std::to_string(granule.writeLine);
  if (agent < warps)
    return "the write" + line + " by warp " + std::to_string(agent);
  if (agent < 2 * warps)
    return "the cp.async" + line + " by warp " + std::to_string(agent - warps);
  return "the TMA load" + line;
}

std::string SharedMemory::checkRead(uint32_t address, unsigned size, const Knowledge &known,
                                    Access access) {
  for (unsigned g = address / 4; g * 4 < address + size; ++g) {
    const Granule &granule = granules[g];
    if (granule.barrier)
      return describe(g) + " holds an mbarrier";
    if (!(granule.writtenBytes & byteMask(g, address, size)) ||
        (granule.strong && access == Access::Strong))
      continue;
    if (known.order[granule.writer] < granule.writeTime)
      return "race: reads " + describe(g) + " without waiting for " + describeWriter(granule);
    if (access == Access::Async && !granule.async &&
        known.fenced[granule.writer] < granule.writeTime)
      return "missing fence.proxy.async: the asynchronous proxy reads " + describe(g) + " after " +
             describeWriter(granule);
  }
  return "";
}

void SharedMemory::recordRead(uint32_t address, unsigned size, unsigned warp, uint32_t time,
                              unsigned line) {
  for (unsigned g = address / 4; g * 4 < address + size; ++g) {
    reads[g * warps + warp] = time;
    granules[g].readLine = line;
  }
}

std::string SharedMemory::checkWrite(uint32_t address, unsigned size, const Knowledge &known,
                                     Access access) {
  for (unsigned g = address / 4; g * 4 < address + size; ++g) {
    const Granule &granule = granules[g];
    if (granule.barrier)
      return describe(g) + " holds an mbarrier";
    if (granule.writtenBytes & byteMask(g, address, size)) {
      bool bothStrong = granule.strong && access == Access::Strong;
      if (!bothStrong && known.order[granule.writer] < granule.writeTime)
        return "race: writes " + describe(g) + " without waiting for " + describeWriter(granule);
      if (access == Access::Async && !granule.async &&
          known.fenced[granule.writer] < granule.writeTime)
        return "missing fence.proxy.async: the asynchronous proxy writes " + describe(g) +
               " after " + describeWriter(granule);
    }
    // Reads of part of a granule may be of other bytes: only whole ones are told apart.
    if (access == Access::Strong || byteMask(g, address, size) != 15)
      continue;
    for (unsigned warp = 0; warp < warps; ++warp)
      if (known.order[warp] < reads[g * warps + warp])
        return "race: writes " + describe(g) + " while warp " + std::to_string(warp) +
               " may still read it (line " + std::to_string(granule.readLine) + ")";
  }
  return "";
}

void SharedMemory::recordWrite(uint32_t address, unsigned size, unsigned agent, uint32_t time,
                               Access access, unsigned line) {
  for (unsigned g = address / 4; g * 4 < address + size; ++g) {
    Granule &granule = granules[g];
    uint8_t mask = byteMask(g, address, size);
    bool same = granule.writer == agent && granule.writeTime == time;
    granule.writtenBytes = same ? granule.writtenBytes | mask : mask;
    granule.writer = agent;
    granule.writeTime = time;
    granule.writeLine = line;
    granule.strong = access == Access::Strong;
    granule.async = access == Access::Async;
  }
}

void SharedMemory::markBarrier(uint32_t address) {
  granules[address / 4].barrier = granules[address / 4 + 1].barrier = true;
}

} // namespace attn::ptx
