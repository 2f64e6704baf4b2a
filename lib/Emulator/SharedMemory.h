//===- SharedMemory.h - shared memory that knows who touched it ------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Every four bytes of shared memory remember their last write and, per warp, their last read, as
// times of vector clocks. An access is a race when such a time is not in what the accessing agent
// knows; it knows what it did itself and what barriers told it. The agents are
//
//   0 .. warps-1          the warps,
//   warps .. 2*warps-1    the cp.async copies of each warp; the time is the copy's number,
//   2*warps ..            the mbarriers; the time is the phase that completes a TMA load.
//
// A second clock holds what a proxy fence has made visible to the asynchronous proxy (TMA, wgmma).
// So a missing barrier, a missing wait and a missing fence are each the same question: is the last
// write in the clock?
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_EMULATOR_SHAREDMEMORY_H
#define ATTN_LIB_EMULATOR_SHAREDMEMORY_H

#include "attn/Emulator/Program.h"

namespace attn::ptx {

class VectorClock {
public:
  uint32_t operator[](unsigned agent) const { return agent < times.size() ? times[agent] : 0; }
  void raise(unsigned agent, uint32_t time) {
    if (agent >= times.size())
      times.resize(agent + 1);
    if (times[agent] < time)
      times[agent] = time;
  }
  void join(const VectorClock &other) {
    for (unsigned i = 0; i < other.times.size(); ++i)
      raise(i, other.times[i]);
  }

private:
  std::vector<uint32_t> times;
};

/// What an agent knows: which events came before, and which of them the asynchronous proxy sees.
struct Knowledge {
  VectorClock order, fenced;

  void join(const Knowledge &other) {
    order.join(other.order);
    fenced.join(other.fenced);
  }
};

class SharedMemory {
public:
  SharedMemory(unsigned bytes, unsigned warps);
  /// Makes it the memory of another CTA, that nobody has touched.
  void reset();

  /// How an access orders itself against others.
  enum class Access : uint8_t {
    Plain,
    Strong, ///< atomic, volatile or relaxed: no race with its like
    Async   ///< by TMA or wgmma, which need the proxy fence after generic writes
  };

  /// An empty string when [address, address + size) is shared memory.
  std::string checkBounds(uint64_t address, unsigned size, unsigned align) const {
    const bool valid =
        address >= SharedBase && address + size <= bytes.size() && (address & (align - 1)) == 0;
    return valid ? "" : describeBounds(address, size, align);
  }

  /// Checks (first) and records (second) accesses of a warp that knows `known`. A message says what
  /// is wrong; it is empty when nothing is.
  std::string checkRead(uint32_t address, unsigned size, const Knowledge &known, Access access);
  void recordRead(uint32_t address, unsigned size, unsigned warp, uint32_t time, unsigned line);
  std::string checkWrite(uint32_t address, unsigned size, const Knowledge &known, Access access);
  void recordWrite(uint32_t address, unsigned size, unsigned agent, uint32_t time, Access access,
                   unsigned line, unsigned lane = 0);
  /// Checks that a lane reads nothing that other lanes of its warp wrote at time `met` or later.
  std::string checkLanes(uint32_t address, unsigned size, unsigned warp, unsigned lane,
                         uint32_t met) const;
  /// Marks the bytes of an mbarrier, which ordinary accesses must leave alone.
  void markBarrier(uint32_t address);
  void unmarkBarrier(uint32_t address);

  /// The number of the last write so far, and whether a later one touched a block of memory that
  /// [address, address + size) is in.
  uint64_t lastWrite() const { return writes; }
  bool isWrittenSince(uint32_t address, unsigned size, uint64_t write) const;

  uint8_t *at(uint32_t address) { return &bytes[address]; }
  unsigned end() const { return bytes.size(); }

private:
  struct Granule {
    uint32_t writeTime = 0, writeLine = 0;
    uint16_t writer = 0;
    uint8_t writtenBytes = 0; ///< 0: never written
    uint8_t lane = 0;         ///< of a warp
    bool strong = false, async = false, barrier = false;
  };
  static uint8_t byteMask(unsigned granule, uint32_t address, unsigned size);
  std::string describeBounds(uint64_t address, unsigned size, unsigned align) const;
  void countWrite(uint32_t address, unsigned size);
  std::string describe(unsigned granule) const;
  std::string describeWriter(const Granule &granule) const;

  unsigned warps;
  std::vector<uint8_t> bytes;
  std::vector<Granule> granules;
  /// Per warp and, within it, granule; and the line of the last read by any warp.
  std::vector<uint32_t> reads, readLines;
  /// Per block of kBlock bytes, the number of its last write.
  static constexpr unsigned kBlock = 256;
  std::vector<uint64_t> blockWrites;
  uint64_t writes = 0;
};

} // namespace attn::ptx

#endif // ATTN_LIB_EMULATOR_SHAREDMEMORY_H
