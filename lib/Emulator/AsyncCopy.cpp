//===- AsyncCopy.cpp - cp.async and TMA -------------------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A copy owns its destination from its issue on: the bytes are poisoned and their last write is the
// copy's, which nobody knows before the wait. The data arrive at any later moment. A store owns its
// source until a wait_group says that it was read; it may write later still, until one without
// .read returns.
//
//===----------------------------------------------------------------------===//

#include "Cta.h"

#include <algorithm>
#include <cstring>

namespace attn::ptx {

uint32_t swizzled(uint32_t address, unsigned span) {
  switch (span) {
  case 128:
    return address ^ ((address >> 3) & 0x70);
  case 64:
    return address ^ ((address >> 3) & 0x30);
  case 32:
    return address ^ ((address >> 3) & 0x10);
  default:
    return address;
  }
}

bool Cta::executeAsyncCopy(Step &step) {
  const Instruction &inst = step.inst;
  Warp &warp = step.warp;
  switch (inst.opcode) {
  case Opcode::CpAsync:
    cpAsync(step);
    return true;
  case Opcode::CpAsyncCommitGroup:
    forLanes(step.mask, [&](unsigned lane) { ++warp.copyGroup[lane]; });
    return true;
  case Opcode::CpAsyncWaitAll:
    forLanes(step.mask, [&](unsigned lane) { ++warp.copyGroup[lane]; });
    waitCopies(warp, step.mask, 0);
    return true;
  case Opcode::CpAsyncWaitGroup:
    waitCopies(warp, step.mask, uniform(step, inst.operands[0]));
    return true;
  case Opcode::CpAsyncMbarrierArrive: {
    std::map<uint32_t, uint32_t> arrivals;
    forLanes(step.mask, [&](unsigned lane) {
      if (Mbarrier *barrier = mbarrierAt(step, inst.operands[0], lane)) {
        if (!inst.has(Noinc))
          ++barrier->pending;
        arrivals[sharedAddress(step, value(step, inst.operands[0], lane), 8, 8, lane)] |= 1u
                                                                                          << lane;
      }
    });
    Knowledge ignored;
    for (auto [address, mask] : arrivals)
      warp.copyArrivals.push_back({address, mask, warp.copySequence, &inst, warp.knowledge.order});
    release(warp, ignored);
    return true;
  }
  case Opcode::CpAsyncBulk:
  case Opcode::CpAsyncBulkTensor:
    bulkCopy(step);
    return true;
  case Opcode::CpAsyncBulkPrefetchTensor:
    return true;
  case Opcode::CpAsyncBulkCommitGroup:
    forLanes(step.mask, [&](unsigned lane) { ++warp.bulkGroup[lane]; });
    return true;
  case Opcode::CpAsyncBulkWaitGroup:
    waitStores(step);
    return true;
  default:
    return false;
  }
}

void Cta::cpAsync(Step &step) {
  const Instruction &inst = step.inst;
  Warp &warp = step.warp;
  uint64_t size = uniform(step, inst.operands[2]);
  if (size != 4 && size != 8 && size != 16)
    return failAt(step, "cp.async of " + std::to_string(size) + " bytes");
  uint32_t sequence = ++warp.copySequence;
  forLanes(step.mask, [&](unsigned lane) {
    uint32_t destination =
        sharedAddress(step, value(step, inst.operands[0], lane), size, size, lane);
    uint64_t source = value(step, inst.operands[1], lane), sourceSize = size;
    if (inst.operands.size() > 3)
      sourceSize = value(step, inst.operands[3], lane) & 0xffffffff;
    if (failed())
      return;
    if (sourceSize > size)
      return failAt(step,
                    "cp.async reads " + std::to_string(sourceSize) + " of " + std::to_string(size) +
                        " bytes",
                    lane);
    std::string problem;
    const uint8_t *bytes =
        sourceSize ? memory.find(source, sourceSize, /*write=*/false, problem) : nullptr;
    if (problem.empty() && sourceSize && source % size)
      problem = "the source is not aligned to " + std::to_string(size) + " bytes";
    if (problem.empty())
      problem = shared.checkWrite(destination, size, warp.knowledge, SharedMemory::Access::Plain);
    if (!problem.empty())
      return failAt(step, problem, lane);
    shared.recordWrite(destination, size, warps.size() + warp.id, sequence,
                       SharedMemory::Access::Plain, inst.line);
    memset(shared.at(destination), 0xff, size);
    warp.copies.push_back({lane, sequence, warp.copyGroup[lane], destination, bytes,
                           static_cast<unsigned>(size), static_cast<unsigned>(sourceSize), false});
  });
}

void Cta::land(LaneCopy &copy) {
  if (copy.landed)
    return;
  copy.landed = true;
  memset(shared.at(copy.destination), 0, copy.size);
  if (copy.sourceSize)
    memcpy(shared.at(copy.destination), copy.source, copy.sourceSize);
}

void Cta::waitCopies(Warp &warp, uint32_t mask, unsigned keep) {
  auto done = [&](LaneCopy &copy) {
    if (!(mask >> copy.lane & 1) || copy.group + keep >= warp.copyGroup[copy.lane])
      return false;
    land(copy);
    return true;
  };
  warp.copies.erase(std::remove_if(warp.copies.begin(), warp.copies.end(), done),
                    warp.copies.end());
  retireCopies(warp);
}

/// The warp knows its copies up to the first that some lane has not waited for.
void Cta::retireCopies(Warp &warp) {
  uint32_t known = warp.copySequence;
  for (const LaneCopy &copy : warp.copies)
    known = std::min(known, copy.sequence - 1);
  warp.knowledge.order.raise(warps.size() + warp.id, known);
}

void Cta::landArrival(Warp &warp, size_t at) {
  CopyArrival arrival = warp.copyArrivals[at];
  warp.copyArrivals.erase(warp.copyArrivals.begin() + at);
  for (LaneCopy &copy : warp.copies)
    if (copy.sequence <= arrival.sequence)
      land(copy);
  Mbarrier &barrier = mbarriers.at(arrival.barrier);
  barrier.arriving.order.raise(warps.size() + warp.id, arrival.sequence);
  barrier.arrivals.join(arrival.issued);
  arrive(*arrival.inst, barrier, __builtin_popcount(arrival.mask));
}

/// Reads what a tensor copy copies; the alignment that it wants of shared memory, or 0 after an
/// error.
unsigned Cta::readTensorCopy(Step &step, unsigned lane, const Operand &tensor, TensorCopy &copy) {
  const Instruction &inst = step.inst;
  auto refuse = [&](const std::string &problem) {
    failAt(step, problem, lane);
    return 0;
  };
  if (tensor.kind != Operand::Tensor || tensor.elements[1].elements.size() != inst.rank)
    return refuse("unknown form of a tensor copy");
  uint8_t bytes[128];
  uint64_t mapAddress = value(step, tensor.elements[0], lane);
  for (unsigned i = 0; i < 128; i += 16)
    access(step, Space::Generic, mapAddress + i, bytes + i, 16, false, lane,
           SharedMemory::Access::Plain, false);
  if (failed())
    return 0;
  TensorMap &map = copy.map;
  if (!TensorMap::decode(bytes, map))
    return refuse("the address holds no tensor map");
  if (std::string problem = map.check(); !problem.empty())
    return refuse(problem);
  if (map.rank != inst.rank)
    return refuse("the tensor map has rank " + std::to_string(map.rank));
  unsigned span =
      map.swizzle == TensorMap::Swizzle::None ? 0 : 16u << static_cast<unsigned>(map.swizzle);
  if (span && map.box[0] * map.elementBytes() != span)
    return refuse("rows shorter than the swizzle are not emulated");
  for (unsigned i = 0; i < inst.rank; ++i)
    copy.origin[i] = static_cast<int32_t>(value(step, tensor.elements[1].elements[i], lane));
  // The swizzle works on addresses: a box that does not start at its period is rotated.
  return span ? span * 8 : 128;
}

/// The same for a copy without a tensor map: a tensor of bytes, all of which are in the box.
unsigned Cta::readBulkCopy(Step &step, unsigned lane, const Operand &global, uint64_t size,
                           TensorCopy &copy) {
  TensorMap &map = copy.map;
  map.address = value(step, global, lane);
  map.rank = 1;
  map.element = TensorMap::Element::U8;
  map.stride[0] = 1;
  map.size[0] = map.box[0] = size & 0xffffffff;
  std::string problem;
  if (map.box[0] == 0 || map.box[0] % 16)
    problem = "a bulk copy of " + std::to_string(map.box[0]) + " bytes, no multiple of 16";
  else if (map.address % 16)
    problem = "the global address of a bulk copy is not aligned to 16 bytes";
  if (problem.empty())
    return 16;
  failAt(step, problem, lane);
  return 0;
}

void Cta::bulkCopy(Step &step) {
  const Instruction &inst = step.inst;
  Warp &warp = step.warp;
  const bool load = inst.has(CompleteTx), isTensor = inst.opcode == Opcode::CpAsyncBulkTensor;
  const Operand &globalOperand = inst.operands[load ? 1 : 0];
  const Operand &sharedOperand = inst.operands[load ? 0 : 1];
  const Operand &barrierOperand = inst.operands[isTensor ? 2 : 3]; // of a load
  if (load == inst.has(BulkGroup))
    return failAt(step, "unknown form of a bulk copy");
  forLanes(step.mask, [&](unsigned lane) {
    TensorCopy copy{};
    copy.inst = &inst;
    copy.lane = lane;
    const unsigned align = isTensor ? readTensorCopy(step, lane, globalOperand, copy)
                                    : readBulkCopy(step, lane, globalOperand,
                                                   value(step, inst.operands[2], lane), copy);
    if (!align)
      return;
    const unsigned size = copy.map.boxBytes();
    uint64_t address = value(step, sharedOperand, lane);
    address = (address & WindowMask) == SharedWindow ? address & ~WindowMask : address;
    std::string problem = shared.checkBounds(address, size, align);
    if (!problem.empty())
      return failAt(step, problem, lane);
    copy.shared = address;
    if (!load) {
      problem = shared.checkRead(address, size, warp.knowledge, SharedMemory::Access::Async);
      if (problem.empty())
        problem = shared.checkLanes(address, size, warp.id, lane, warp.lanesMet);
      if (!problem.empty())
        return failAt(step, problem, lane);
      copy.group = warp.bulkGroup[lane];
      copy.issued = warp.knowledge;
      warp.stores.push_back(copy);
      return;
    }
    Mbarrier *barrier = mbarrierAt(step, barrierOperand, lane);
    if (!barrier)
      return;
    if (!barrier->fenced)
      return failAt(step,
                    "missing fence: the mbarrier was initialised, but not made visible to "
                    "the asynchronous proxy",
                    lane);
    problem = shared.checkWrite(address, size, warp.knowledge, SharedMemory::Access::Async);
    if (!problem.empty())
      return failAt(step, problem, lane);
    copy.barrier = sharedAddress(step, value(step, barrierOperand, lane), 8, 8, lane);
    copy.phase = barrier->phase;
    shared.recordWrite(address, size, barrier->agent, barrier->phase + 1,
                       SharedMemory::Access::Async, inst.line);
    memset(shared.at(address), 0xff, size);
    loads.push_back(copy);
    ++progress;
  });
  Knowledge ignored;
  release(warp, ignored);
}

void Cta::land(TensorCopy &copy, bool load) {
  if (copy.landed || failed())
    return;
  copy.landed = true;
  const TensorMap &map = copy.map;
  unsigned span =
      map.swizzle == TensorMap::Swizzle::None ? 0 : 16u << static_cast<unsigned>(map.swizzle);
  const unsigned bytes = map.elementBytes(), total = map.boxBytes();
  const unsigned rowBytes = map.box[0] * bytes;
  // The bytes of a row that are inside the tensor: the row is not, when another coordinate is not.
  const int64_t before = std::max<int64_t>(0, -copy.origin[0]);
  const int64_t after =
      std::min<int64_t>(map.box[0], static_cast<int64_t>(map.size[0]) - copy.origin[0]);
  for (unsigned row = 0; row < total; row += rowBytes) {
    uint64_t rest = row / rowBytes, address = map.address + (copy.origin[0] + before) * bytes;
    bool inside = before < after;
    for (unsigned i = 1; i < map.rank; ++i) {
      int64_t at = copy.origin[i] + static_cast<int64_t>(rest % map.box[i]);
      rest /= map.box[i];
      inside &= at >= 0 && at < static_cast<int64_t>(map.size[i]);
      address += at * map.stride[i];
    }
    const unsigned begin = inside ? before * bytes : rowBytes, end = inside ? after * bytes : 0;
    uint8_t *global = nullptr;
    if (inside) {
      std::string problem;
      global = memory.find(address, end - begin, !load, problem);
      if (!global)
        return fail(*copy.inst, copy.inst->opcode == Opcode::CpAsyncBulkTensor
                                    ? problem + " (by the tensor map)"
                                    : problem);
    }
    // The swizzle moves chunks of 16 bytes.
    for (unsigned chunk = 0; chunk < rowBytes; chunk += 16) {
      const uint32_t at = swizzled(copy.shared + row + chunk, span);
      uint8_t *place = copy.source.empty() ? shared.at(at) : &copy.source[at - copy.shared];
      const unsigned first = std::max(begin, chunk), last = std::min(end, chunk + 16);
      if (load && (first != chunk || last != chunk + 16))
        memset(place, map.fillNaN ? 0xff : 0, 16);
      if (first >= last)
        continue;
      uint8_t *inShared = place + (first - chunk), *inGlobal = global + (first - begin);
      load ? memcpy(inShared, inGlobal, last - first) : memcpy(inGlobal, inShared, last - first);
    }
  }
  if (!load)
    return;
  Mbarrier &barrier = mbarriers.at(copy.barrier);
  if (barrier.phase != copy.phase)
    return fail(*copy.inst, "mbarrier " + std::to_string(copy.barrier) +
                                " completed its phase before the bytes of this copy arrived: "
                                "expect_tx is too small or missing");
  barrier.transactions -= total;
  completeIfDone(*copy.inst, barrier);
}

void Cta::waitStores(Step &step) {
  Warp &warp = step.warp;
  uint32_t keep = uniform(step, step.inst.operands[0]);
  const bool isWritten = !step.inst.has(ReadOnly);
  auto done = [&](TensorCopy &copy) {
    if (!(step.mask >> copy.lane & 1) || copy.group + keep >= warp.bulkGroup[copy.lane])
      return false;
    readSource(warp, copy);
    if (isWritten)
      land(copy, /*load=*/false);
    return copy.landed;
  };
  warp.stores.erase(std::remove_if(warp.stores.begin(), warp.stores.end(), done),
                    warp.stores.end());
}

/// The store has read its source, which is free from now on.
void Cta::readSource(Warp &warp, TensorCopy &copy) {
  if (!copy.source.empty() || failed())
    return;
  unsigned size = copy.map.boxBytes();
  const uint8_t *begin = shared.at(copy.shared);
  copy.source.assign(begin, begin + size);
  std::string problem =
      shared.checkRead(copy.shared, size, copy.issued, SharedMemory::Access::Async);
  if (!problem.empty())
    return fail(*copy.inst,
                "the source changed before a wait_group said that it was read: " + problem);
  shared.recordRead(copy.shared, size, warp.id, warp.knowledge.order[warp.id], copy.inst->line);
}

/// At the end of the CTA: its shared memory goes, what was read of it is written.
void Cta::landStores() {
  for (Warp &warp : warps)
    for (TensorCopy &copy : warp.stores) {
      if (copy.source.empty())
        fail(*copy.inst,
             "the CTA ends, and with it its shared memory, before a wait_group for this store");
      land(copy, /*load=*/false);
    }
}

} // namespace attn::ptx
