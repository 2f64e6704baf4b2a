//===- Barriers.cpp - named barriers, mbarriers and fences ----------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Barriers carry knowledge: an arrival adds what the arriving warp knows, and a warp that is let
// through learns all of it. The race checks of SharedMemory rest on nothing else.
//
//===----------------------------------------------------------------------===//

#include "Cta.h"

namespace attn::ptx {

bool Cta::executeBarrier(Step &step) {
  const Instruction &inst = step.inst;
  switch (inst.opcode) {
  case Opcode::BarSync:
  case Opcode::BarrierSync:
  case Opcode::BarrierCtaSync:
    namedBarrier(step, /*wait=*/true);
    return true;
  case Opcode::BarArrive:
  case Opcode::BarrierArrive:
  case Opcode::BarrierCtaArrive:
    namedBarrier(step, /*wait=*/false);
    return true;
  case Opcode::MbarrierInit:
    mbarrierInit(step);
    return true;
  case Opcode::MbarrierInval:
    forLanes(step.mask, [&](unsigned lane) {
      if (!mbarrierAt(step, inst.operands[0], lane))
        return;
      const uint32_t address = sharedAddress(step, value(step, inst.operands[0], lane), 8, 8, lane);
      for (const TensorCopy &copy : loads)
        if (copy.barrier == address)
          return failAt(step, "a copy that completes on this mbarrier is under way", lane);
      for (const Warp &warp : warps)
        for (const CopyArrival &arrival : warp.copyArrivals)
          if (arrival.barrier == address)
            return failAt(step, "an arrival at this mbarrier is under way", lane);
      mbarriers.erase(address);
      shared.unmarkBarrier(address);
    });
    return true;
  case Opcode::MbarrierArrive:
    mbarrierArrive(step);
    return true;
  case Opcode::MbarrierTestWait:
  case Opcode::MbarrierTryWait:
    mbarrierWait(step);
    return true;
  case Opcode::MbarrierExpectTx:
  case Opcode::MbarrierCompleteTx:
    forLanes(step.mask, [&](unsigned lane) {
      Mbarrier *barrier = mbarrierAt(step, inst.operands[0], lane);
      if (!barrier)
        return;
      int64_t bytes = value(step, inst.operands[1], lane) & 0xffffffff;
      barrier->transactions += inst.opcode == Opcode::MbarrierExpectTx ? bytes : -bytes;
      completeIfDone(inst, *barrier);
    });
    return true;
  case Opcode::FenceProxyAsync:
    if (inst.space == Space::Shared || inst.space == Space::Generic ||
        inst.space == Space::SharedCluster)
      fenceProxy(step.warp);
    return true;
  case Opcode::FenceMbarrierInit:
    for (auto &[address, barrier] : mbarriers)
      if (barrier.initWarp == step.warp.id)
        barrier.fenced = true;
    return true;
  default:
    return false;
  }
}

// What happens after a release is not part of it: the time of the warp goes on.
void Cta::release(Warp &warp, Knowledge &into) {
  into.join(warp.knowledge);
  warp.knowledge.order.raise(warp.id, warp.knowledge.order[warp.id] + 1);
}

// The lanes of a warp have waited for each other.
void Cta::meetLanes(Warp &warp) {
  Knowledge ignored;
  release(warp, ignored);
  warp.lanesMet = warp.knowledge.order[warp.id];
}

void Cta::fenceProxy(Warp &warp) {
  warp.knowledge.fenced.join(warp.knowledge.order);
  warp.knowledge.order.raise(warp.id, warp.knowledge.order[warp.id] + 1);
  for (auto &[address, barrier] : mbarriers)
    if (warp.knowledge.fenced[barrier.initWarp] >= barrier.initTime)
      barrier.fenced = true;
}

void Cta::namedBarrier(Step &step, bool wait) {
  const Instruction &inst = step.inst;
  Warp &warp = step.warp;
  if (step.mask != warp.live)
    return failAt(step, "a barrier must be executed by all lanes of the warp");
  uint64_t id = uniform(step, inst.operands[0]) & 0xffffffff;
  bool hasCount = inst.operands.size() > 1;
  unsigned threads = warps.size() * 32;
  unsigned count = hasCount ? uniform(step, inst.operands[1]) & 0xffffffff : threads;
  if (failed())
    return;
  if (id >= namedBarriers.size())
    return failAt(step, "barrier " + std::to_string(id) + " of 16");
  std::string name = "barrier " + std::to_string(id);
  if (count == 0 || count % 32 || count > threads)
    return failAt(step, name + " expects " + std::to_string(count) + " threads of " +
                            std::to_string(threads));
  NamedBarrier &barrier = namedBarriers[id];
  if (barrier.arrived == 0)
    barrier.expected = count;
  else if (barrier.expected != count)
    return failAt(step, name + " expects " + std::to_string(count) + " threads here and " +
                            std::to_string(barrier.expected) + " at line " +
                            std::to_string(barrier.line));
  if (barrier.arrivedWarps >> warp.id & 1)
    return failAt(step, name + ": this warp has arrived already in this phase (line " +
                            std::to_string(barrier.line) + ")");
  barrier.line = inst.line;
  barrier.arrived += 32;
  barrier.arrivedWarps |= 1u << warp.id;
  release(warp, barrier.knowledge);
  ++progress;
  if (wait) {
    meetLanes(warp);
    warp.waitingAt = id;
    barrier.waitingWarps |= 1u << warp.id;
  }
  if (barrier.arrived < barrier.expected)
    return;
  for (Warp &other : warps)
    if (barrier.waitingWarps >> other.id & 1) {
      other.waitingAt = -1;
      other.knowledge.join(barrier.knowledge);
    }
  barrier = NamedBarrier();
}

Mbarrier *Cta::mbarrierAt(Step &step, const Operand &operand, unsigned lane) {
  uint32_t address = sharedAddress(step, value(step, operand, lane), 8, 8, lane);
  if (failed())
    return nullptr;
  auto it = mbarriers.find(address);
  if (it == mbarriers.end()) {
    failAt(step, "there is no mbarrier at shared address " + std::to_string(address), lane);
    return nullptr;
  }
  Mbarrier &barrier = it->second;
  if (step.warp.knowledge.order[barrier.initWarp] < barrier.initTime) {
    failAt(step,
           "race: uses mbarrier " + std::to_string(address) +
               " without waiting for its mbarrier.init by warp " + std::to_string(barrier.initWarp),
           lane);
    return nullptr;
  }
  return &barrier;
}

void Cta::mbarrierInit(Step &step) {
  forLanes(step.mask, [&](unsigned lane) {
    uint32_t address = sharedAddress(step, value(step, step.inst.operands[0], lane), 8, 8, lane);
    unsigned count = value(step, step.inst.operands[1], lane) & 0xffffffff;
    if (failed())
      return;
    if (count == 0 || count >= 1u << 20)
      return failAt(step, "mbarrier with a count of " + std::to_string(count), lane);
    if (mbarriers.count(address))
      return failAt(step, "mbarrier " + std::to_string(address) + " is initialised twice", lane);
    Mbarrier barrier{};
    barrier.address = address;
    barrier.count = barrier.pending = count;
    barrier.agent = nextAgent++;
    barrier.initWarp = step.warp.id;
    barrier.initTime = step.warp.knowledge.order[step.warp.id];
    mbarriers[address] = barrier;
    shared.markBarrier(address);
  });
}

void Cta::arrive(const Instruction &inst, Mbarrier &barrier, unsigned count) {
  if (count > barrier.pending)
    return fail(inst, "too many arrivals at an mbarrier: " + std::to_string(count) + " for " +
                          std::to_string(barrier.pending) + " pending ones of " +
                          std::to_string(barrier.count));
  barrier.pending -= count;
  completeIfDone(inst, barrier);
}

void Cta::completeIfDone(const Instruction &inst, Mbarrier &barrier) {
  ++progress;
  if (barrier.pending || barrier.transactions)
    return;
  // A wait tells a phase from the next by a bit. If this phase does not need that the one before
  // has been seen, both may be over at a warp's next look, and it waits for one more.
  for (unsigned warp = 0; warp < warps.size(); ++warp) {
    const Mbarrier::Wait &wait = barrier.waits[warp];
    if (wait.phase == barrier.phase && barrier.arrivals[warp] < wait.time)
      return fail(inst, "race: mbarrier " + std::to_string(barrier.address) +
                            " may complete this phase before warp " + std::to_string(warp) +
                            " sees the end of the one before (line " + std::to_string(wait.line) +
                            ")");
  }
  ++barrier.phase;
  barrier.pending = barrier.count;
  barrier.arriving.order.raise(barrier.agent, barrier.phase);
  barrier.completed.join(barrier.arriving);
}

void Cta::mbarrierArrive(Step &step) {
  const Instruction &inst = step.inst;
  forLanes(step.mask, [&](unsigned lane) {
    Mbarrier *barrier = mbarrierAt(step, inst.operands[1], lane);
    if (!barrier)
      return;
    unsigned argument =
        inst.operands.size() > 2 ? value(step, inst.operands[2], lane) & 0xffffffff : 1;
    set(step, inst.operands[0], lane, barrier->phase);
    if (inst.has(ExpectTx))
      barrier->transactions += argument;
    barrier->arriving.join(step.warp.knowledge);
    barrier->arrivals.join(step.warp.knowledge.order);
    arrive(inst, *barrier, inst.has(ExpectTx) ? 1 : argument);
  });
  Knowledge ignored;
  release(step.warp, ignored);
}

void Cta::mbarrierWait(Step &step) {
  const Instruction &inst = step.inst;
  Warp &warp = step.warp;
  bool failedPoll = false, spurious = random(8);
  forLanes(step.mask, [&](unsigned lane) {
    Mbarrier *barrier = mbarrierAt(step, inst.operands[1], lane);
    if (!barrier)
      return;
    uint64_t operand = value(step, inst.operands[2], lane);
    bool done = inst.has(Parity) ? (barrier->phase & 1) != (operand & 1)
                                 : barrier->phase > static_cast<uint32_t>(operand);
    if (!done) {
      failedPoll = true;
      step.split.polledBarrier =
          sharedAddress(step, value(step, inst.operands[1], lane), 8, 8, lane);
      step.split.polledParity = operand & 1;
    }
    // try_wait may give up at any time.
    done &= !spurious;
    if (done) {
      warp.knowledge.join(barrier->completed);
      // What the lanes did before they arrived.
      warp.lanesMet = std::max(warp.lanesMet, barrier->completed.order[warp.id] + 1);
      barrier->waits[warp.id] = {barrier->phase, warp.knowledge.order[warp.id], inst.line};
    }
    set(step, inst.operands[0], lane, done);
  });
  Split &split = step.split;
  if (split.pollProgress != progress || !failedPoll)
    split.polls = 0;
  split.pollProgress = progress;
  split.polls += failedPoll;
}

} // namespace attn::ptx
