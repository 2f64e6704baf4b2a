//===- SharedMemory.cpp - shared memory that knows who touched it ----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "SharedMemory.h"

#include <algorithm>

namespace attn::ptx {

// Poison is all ones: NaN in every float format, far out of bounds as an index.
SharedMemory::SharedMemory(unsigned size, unsigned warps)
    : warps(warps), bytes(SharedBase + size, 0xff), granules(bytes.size() / 4 + 1),
      reads(granules.size() * warps), readLines(granules.size()),
      blockWrites(bytes.size() / kBlock + 1) {}

void SharedMemory::reset() {
  std::fill(bytes.begin(), bytes.end(), 0xff);
  std::fill(granules.begin(), granules.end(), Granule());
  std::fill(reads.begin(), reads.end(), 0);
  std::fill(readLines.begin(), readLines.end(), 0);
  std::fill(blockWrites.begin(), blockWrites.end(), 0);
  writes = 0;
}

std::string SharedMemory::describeBounds(uint64_t address, unsigned size, unsigned align) const {
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
  if (granule * 4 >= address && granule * 4 + 4 <= address + size)
    return 15;
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
  // Neighbours mostly come from one write: what was found of it holds for them too.
  unsigned writer = ~0u, fencedWriter = ~0u;
  uint32_t time = 0, fencedTime = 0;
  for (unsigned g = address / 4; g * 4 < address + size; ++g) {
    const Granule &granule = granules[g];
    if (granule.barrier)
      return describe(g) + " holds an mbarrier";
    if (!(granule.writtenBytes & byteMask(g, address, size)) ||
        (granule.strong && access == Access::Strong))
      continue;
    if (granule.writer != writer || granule.writeTime > time) {
      if (known.order[granule.writer] < granule.writeTime)
        return "race: reads " + describe(g) + " without waiting for " + describeWriter(granule);
      writer = granule.writer;
      time = granule.writeTime;
    }
    if (access != Access::Async || granule.async ||
        (granule.writer == fencedWriter && granule.writeTime <= fencedTime))
      continue;
    if (known.fenced[granule.writer] < granule.writeTime)
      return "missing fence.proxy.async: the asynchronous proxy reads " + describe(g) + " after " +
             describeWriter(granule);
    fencedWriter = granule.writer;
    fencedTime = granule.writeTime;
  }
  return "";
}

void SharedMemory::recordRead(uint32_t address, unsigned size, unsigned warp, uint32_t time,
                              unsigned line) {
  const unsigned first = address / 4, count = (address + size - 1) / 4 - first + 1;
  std::fill_n(reads.begin() + warp * granules.size() + first, count, time);
  std::fill_n(readLines.begin() + first, count, line);
}

std::string SharedMemory::checkWrite(uint32_t address, unsigned size, const Knowledge &known,
                                     Access access) {
  const unsigned first = address / 4, end = (address + size - 1) / 4 + 1;
  unsigned writer = ~0u;
  uint32_t time = 0;
  for (unsigned g = first; g < end; ++g) {
    const Granule &granule = granules[g];
    if (granule.barrier)
      return describe(g) + " holds an mbarrier";
    if (!(granule.writtenBytes & byteMask(g, address, size)))
      continue;
    bool bothStrong = granule.strong && access == Access::Strong;
    if (!bothStrong && (granule.writer != writer || granule.writeTime > time)) {
      if (known.order[granule.writer] < granule.writeTime)
        return "race: writes " + describe(g) + " without waiting for " + describeWriter(granule);
      writer = granule.writer;
      time = granule.writeTime;
    }
    if (access == Access::Async && !granule.async &&
        known.fenced[granule.writer] < granule.writeTime)
      return "missing fence.proxy.async: the asynchronous proxy writes " + describe(g) + " after " +
             describeWriter(granule);
  }
  if (access == Access::Strong)
    return "";
  for (unsigned warp = 0; warp < warps; ++warp) {
    const uint32_t *read = &reads[warp * granules.size()], knownTime = known.order[warp];
    uint32_t latest = 0;
    for (unsigned g = first; g < end; ++g)
      latest = std::max(latest, read[g]);
    // Reads of part of a granule may be of other bytes: only whole ones are told apart.
    for (unsigned g = first; latest > knownTime && g < end; ++g)
      if (read[g] > knownTime && byteMask(g, address, size) == 15)
        return "race: writes " + describe(g) + " while warp " + std::to_string(warp) +
               " may still read it (line " + std::to_string(readLines[g]) + ")";
  }
  return "";
}

void SharedMemory::recordWrite(uint32_t address, unsigned size, unsigned agent, uint32_t time,
                               Access access, unsigned line, unsigned lane) {
  for (unsigned g = address / 4; g * 4 < address + size; ++g) {
    Granule &granule = granules[g];
    uint8_t mask = byteMask(g, address, size);
    bool same = granule.writer == agent && granule.writeTime == time;
    granule.writtenBytes = same ? granule.writtenBytes | mask : mask;
    granule.writer = agent;
    granule.writeTime = time;
    granule.writeLine = line;
    granule.lane = lane;
    granule.strong = access == Access::Strong;
    granule.async = access == Access::Async;
  }
  countWrite(address, size);
}

std::string SharedMemory::checkLanes(uint32_t address, unsigned size, unsigned warp, unsigned lane,
                                     uint32_t met) const {
  for (unsigned g = address / 4; g * 4 < address + size; ++g) {
    const Granule &granule = granules[g];
    if (granule.writtenBytes && granule.writer == warp && granule.lane != lane &&
        granule.writeTime >= met)
      return "race: lane " + std::to_string(lane) + " reads " + describe(g) +
             " without waiting for lane " + std::to_string(granule.lane) + " and " +
             describeWriter(granule);
  }
  return "";
}

void SharedMemory::countWrite(uint32_t address, unsigned size) {
  ++writes;
  for (unsigned block = address / kBlock; block * kBlock < address + size; ++block)
    blockWrites[block] = writes;
}

bool SharedMemory::isWrittenSince(uint32_t address, unsigned size, uint64_t write) const {
  for (unsigned block = address / kBlock; block * kBlock < address + size; ++block)
    if (blockWrites[block] > write)
      return true;
  return false;
}

void SharedMemory::unmarkBarrier(uint32_t address) {
  granules[address / 4].barrier = granules[address / 4 + 1].barrier = false;
}

void SharedMemory::markBarrier(uint32_t address) {
  granules[address / 4].barrier = granules[address / 4 + 1].barrier = true;
  countWrite(address, 8);
}

} // namespace attn::ptx
