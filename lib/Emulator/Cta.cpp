//===- Cta.cpp - scheduling, divergence and control ---------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Cta.h"

#include "Decode.h"

#include <algorithm>
#include <cstring>

namespace attn::ptx {
namespace {

std::shared_ptr<Frame> makeFrame(const Function &function, std::mt19937_64 &rng) {
  auto frame = std::make_shared<Frame>();
  frame->function = &function;
  size_t count = function.registerBits.size();
  frame->registers.resize(count);
  // Registers start with anything, a different thing under every seed.
  for (size_t i = 0; i < count; ++i) {
    uint64_t poison = rng();
    uint64_t mask = function.registerBits[i] == 64 ? ~0ull : (1ull << function.registerBits[i]) - 1;
    for (uint64_t &lane : frame->registers[i])
      lane = (poison += 0x9e3779b97f4a7c15ull) & mask;
  }
  frame->inFlight.assign(count, RegisterUse::Free);
  frame->touched.assign(count, 0);
  return frame;
}

/// What a thread of the kernel starts with: as many registers as ptxas may use.
unsigned registersAtStart(const Function &kernel) {
  constexpr unsigned kFile = 65536, kUnit = 8, kMost = 256;
  const unsigned threads = kernel.requiredThreads ? kernel.requiredThreads : kernel.maxThreads;
  unsigned count = kMost;
  if (threads)
    count = std::min(count, kFile / (threads * std::max(1u, kernel.minCtas)) / kUnit * kUnit);
  return kernel.maxRegisters ? std::min(count, kernel.maxRegisters) : count;
}

} // namespace

Cta::Cta(const Function &kernel, const LaunchConfig &config, Dim3 index,
         const std::vector<uint8_t> &params, SharedMemory &shared, const DeviceMemory &memory,
         uint64_t seed)
    : kernel(kernel), config(config), index(index), params(params), memory(memory), rng(seed),
      shared(shared) {
  unsigned threads = config.block.x * config.block.y * config.block.z;
  unsigned count = (threads + 31) / 32;
  warps.resize(count);
  nextAgent = 2 * count;
  wgmmaLog.resize((count + 3) / 4);
  for (unsigned i = 0; i < count; ++i) {
    Warp &warp = warps[i];
    warp.id = i;
    warp.live = threads - i * 32 >= 32 ? ~0u : (1u << (threads - i * 32)) - 1;
    warp.registers = registersAtStart(kernel);
    warp.knowledge.order.raise(i, 1);
    for (auto &stack : warp.stack)
      stack.assign(kernel.frameBytes, 0xff);
    warp.splits.push_back({0, warp.live, makeFrame(kernel, rng), nullptr, 0, 0, 0, 0});
  }
  // Eager, random and lazy completion find different mistakes.
  const unsigned policies[] = {2, 20, 0};
  landOneIn = policies[rng() % 3];
}

void Cta::fail(const Instruction &inst, const std::string &message) {
  if (failed())
    return;
  error = "PTX line " + std::to_string(inst.line) + ": " + message + "\n  in '" + inst.text +
          "', CTA (" + std::to_string(index.x) + ", " + std::to_string(index.y) + ", " +
          std::to_string(index.z) + ")";
}

void Cta::failAt(const Step &step, const std::string &message, int lane) {
  if (failed())
    return;
  fail(step.inst, message);
  error += ", warp " + std::to_string(step.warp.id);
  if (lane >= 0)
    error += ", lane " + std::to_string(lane);
}

bool Cta::requireWarp(Step &step) {
  if (step.mask == ~0u)
    return true;
  char mask[16];
  snprintf(mask, sizeof mask, "0x%08x", step.mask);
  failAt(step, std::string("must be executed by the whole warp, not by lanes ") + mask);
  return false;
}

bool Cta::run() {
  while (!failed()) {
    std::vector<Warp *> runnable;
    bool live = false;
    for (Warp &warp : warps) {
      live |= warp.live != 0;
      if (warp.live && warp.waitingAt < 0)
        runnable.push_back(&warp);
    }
    if (!live)
      break;
    if (landOneIn && random(landOneIn))
      landSomething();
    if (allStuck()) {
      if (landingPending())
        landSomething();
      else
        reportDeadlock();
      continue;
    }
    Warp &warp = *runnable[rng() % runnable.size()];
    for (unsigned burst = 1 + rng() % 100; burst && !failed(); --burst) {
      if (!warp.live || warp.waitingAt >= 0)
        break;
      stepWarp(warp);
      if (allStuck())
        break;
    }
    if (instructions > config.instructionLimit && error.empty())
      error = "no end after " + std::to_string(instructions) + " warp instructions";
  }
  while (!failed() && landingPending())
    landSomething();
  landStores();
  for (Warp &warp : warps)
    if (warp.wgmmaIssued != wgmmaLog[warp.id / 4].size() && !failed())
      error = "warp " + std::to_string(warp.id) + " executed " + std::to_string(warp.wgmmaIssued) +
              " of the " + std::to_string(wgmmaLog[warp.id / 4].size()) +
              " instructions of its warpgroup";
  return !failed();
}

bool Cta::arriveAtJoins(Warp &warp, size_t at) {
  Split &split = warp.splits[at];
  std::shared_ptr<Join> join = split.join;
  if (!join || split.pc != join->pc || split.frame != join->frame)
    return false;
  join->arrived |= split.mask;
  if (join->arrived != join->expected) {
    warp.splits.erase(warp.splits.begin() + at);
    return true;
  }
  split.mask = join->arrived;
  split.join = join->outer;
  if (join->call) {
    // Copy the results from the frame of the callee.
    const Function &callee = *split.frame->function;
    Frame &caller = *split.frame->caller;
    for (size_t i = 0; i < callee.returns.size() && i < join->call->operands.size(); ++i)
      forLanes(split.mask, [&](unsigned lane) {
        uint8_t *stack = warp.stack[lane].data();
        memcpy(stack + caller.stackBase + join->call->operands[i].value,
               stack + split.frame->stackBase + callee.returns[i].offset, callee.returns[i].size);
      });
    for (RegisterUse use : split.frame->inFlight)
      if (use != RegisterUse::Free)
        fail(*join->call, "the callee returns while a wgmma uses its registers");
    split.frame = split.frame->caller;
    split.pc = join->returnPc;
  }
  return true;
}

void Cta::exitLanes(Warp &warp, uint32_t mask, std::shared_ptr<Join> join) {
  warp.live &= ~mask;
  for (; join; join = join->outer) {
    join->expected &= ~mask;
    if (!join->expected || join->arrived != join->expected)
      continue;
    // The lanes that waited here were only waiting for those that left. Calls return at their own
    // end, which arriveAtJoins sees.
    join->arrived = 0;
    warp.splits.push_back({join->pc, join->expected, join->frame, join, 0, 0, 0, 0});
    break;
  }
  if (!warp.live && !warp.wgmmas.empty())
    fail(*warp.wgmmas.front().inst, "the warp exits while this wgmma is in flight");
}

void Cta::stepWarp(Warp &warp) {
  size_t at = warp.splits.size() > 1 ? rng() % warp.splits.size() : 0;
  if (arriveAtJoins(warp, at) || failed())
    return;
  Split &split = warp.splits[at];
  const Function &function = *split.frame->function;
  if (split.pc >= static_cast<int>(function.code.size())) {
    uint32_t mask = split.mask;
    auto join = split.join;
    warp.splits.erase(warp.splits.begin() + at);
    exitLanes(warp, mask, join);
    ++progress;
    return;
  }
  ++instructions;
  const Instruction &inst = function.code[split.pc];
  uint32_t mask = split.mask;
  if (inst.guard >= 0)
    for (unsigned lane = 0; lane < 32; ++lane)
      if ((split.frame->registers[inst.guard][lane] & 1) == inst.guardNegated)
        mask &= ~(1u << lane);
  Step step{warp, split, *split.frame, inst, mask};
  checkRegisters(step);
  if (failed())
    return;
  if (endsBlock(inst.opcode) || inst.opcode == Opcode::Call) {
    std::shared_ptr<Frame> frame = split.frame; // outlives the split
    executeControl(step);
    return;
  }
  if (mask)
    execute(step);
  if (step.advance)
    ++split.pc;
}

// A wgmma owns its registers from its issue until a wait_group retires it.
void Cta::checkRegisters(Step &step) {
  if (step.inst.opcode == Opcode::WgmmaMmaAsync || !step.frame.function->usesWgmma)
    return;
  Frame &frame = step.frame;
  for (int reg : step.inst.reads) {
    if (frame.inFlight[reg] == RegisterUse::Accumulator)
      return failAt(step, "reads accumulator " + frame.function->registerNames[reg] +
                              " of a wgmma in flight: no wait_group has retired it");
    frame.touched[reg] |= 1;
  }
  for (int reg : step.inst.writes) {
    if (frame.inFlight[reg] != RegisterUse::Free)
      return failAt(step, "writes " + frame.function->registerNames[reg] +
                              ", which a wgmma in flight uses");
    frame.touched[reg] |= 2;
  }
  // ptxas coalesces the copies that tied operands of inline assembly leave behind.
  const Instruction &inst = step.inst;
  if (inst.opcode == Opcode::Mov && inst.operands[0].kind == Operand::Register &&
      inst.operands[1].kind == Operand::Register)
    frame.touched[inst.operands[0].reg] = frame.touched[inst.operands[1].reg];
}

void Cta::execute(Step &step) {
  if (executeWarpOp(step) || executeBarrier(step) || executeAsyncCopy(step) || executeWgmma(step))
    return;
  switch (step.inst.opcode) {
  case Opcode::Mov:
    return executeMov(step);
  case Opcode::Cvta:
  case Opcode::Isspacep:
    return executeCvta(step);
  case Opcode::Ld:
    return load(step);
  case Opcode::St:
    return store(step);
  case Opcode::Atom:
  case Opcode::Red:
    return atomic(step);
  case Opcode::Fence:
  case Opcode::Membar:
  case Opcode::Nanosleep:
  case Opcode::Prefetch:
  case Opcode::PrefetchTensormap:
  case Opcode::PrefetchParamTensormap:
  case Opcode::GriddepLaunch:
  case Opcode::GriddepWait:
    return;
  default:
    return executeArithmetic(step);
  }
}

void Cta::executeControl(Step &step) {
  Split &split = step.split;
  switch (step.inst.opcode) {
  case Opcode::Call:
    return call(step);
  case Opcode::Trap:
    if (step.mask)
      failAt(step, "trap");
    ++split.pc;
    return;
  case Opcode::Ret:
    if (step.frame.caller) {
      if (step.mask != split.mask && step.mask)
        return failAt(step, "a guarded ret of some lanes of a function is not emulated");
      split.pc = step.mask ? step.frame.function->code.size() : split.pc + 1;
      return;
    }
    [[fallthrough]];
  case Opcode::Exit: {
    uint32_t leaving = step.mask;
    auto join = split.join;
    ++split.pc;
    split.mask &= ~leaving;
    if (!split.mask)
      step.warp.splits.erase(step.warp.splits.begin() + (&split - step.warp.splits.data()));
    if (leaving)
      exitLanes(step.warp, leaving, join);
    ++progress;
    return;
  }
  default:
    return branch(step);
  }
}

void Cta::branch(Step &step) {
  Warp &warp = step.warp;
  const Instruction &inst = step.inst;
  int pc = step.split.pc;
  if (!step.mask || (inst.opcode == Opcode::Bra && step.mask == step.split.mask)) {
    step.split.pc = step.mask ? inst.targets[0] : pc + 1;
    return;
  }
  std::map<int, uint32_t> parts;
  if (uint32_t stay = step.split.mask & ~step.mask)
    parts[pc + 1] |= stay;
  forLanes(step.mask, [&](unsigned lane) {
    uint64_t which = 0;
    if (inst.opcode == Opcode::BrxIdx) {
      which = value(step, inst.operands[0], lane) & 0xffffffff;
      if (which >= inst.targets.size())
        return failAt(step, "index " + std::to_string(which) + " is outside the table", lane);
    }
    parts[inst.targets[which]] |= 1u << lane;
  });
  if (failed())
    return;
  if (parts.size() == 1) {
    step.split.pc = parts.begin()->first;
    return;
  }
  auto join = std::make_shared<Join>();
  join->pc = step.frame.function->reconvergence[pc];
  join->frame = step.split.frame;
  join->expected = step.split.mask;
  join->outer = step.split.join;
  std::shared_ptr<Frame> frame = step.split.frame;
  warp.splits.erase(warp.splits.begin() + (&step.split - warp.splits.data()));
  for (auto [target, mask] : parts)
    warp.splits.push_back({target, mask, frame, join, 0, 0, 0, 0});
}

void Cta::call(Step &step) {
  Split &split = step.split;
  if (step.mask != split.mask) {
    if (!step.mask) {
      ++split.pc;
      return;
    }
    return failAt(step, "a guarded call by some lanes is not emulated");
  }
  const Function &callee = *step.inst.callee;
  size_t arguments = callee.returns.size() + callee.params.size();
  if (step.inst.operands.size() != arguments)
    return failAt(step, "'" + callee.name + "' takes and returns " + std::to_string(arguments) +
                            " values");
  std::shared_ptr<Frame> frame = makeFrame(callee, rng);
  frame->caller = split.frame;
  frame->stackBase = (step.frame.stackBase + step.frame.function->frameBytes + 15) / 16 * 16;
  if (frame->stackBase > 512 * 1024)
    return failAt(step, "stack overflow");
  forLanes(split.mask, [&](unsigned lane) {
    std::vector<uint8_t> &stack = step.warp.stack[lane];
    size_t end = frame->stackBase + callee.frameBytes;
    if (stack.size() < end)
      stack.resize(end, 0xff);
    for (size_t i = 0; i < callee.params.size(); ++i)
      memcpy(&stack[frame->stackBase + callee.params[i].offset],
             &stack[step.frame.stackBase + step.inst.operands[callee.returns.size() + i].value],
             callee.params[i].size);
  });
  auto join = std::make_shared<Join>();
  join->pc = callee.code.size();
  join->frame = frame;
  join->expected = split.mask;
  join->outer = split.join;
  join->call = &step.inst;
  join->returnPc = split.pc + 1;
  split.join = join;
  split.frame = frame;
  split.pc = 0;
}

bool Cta::allStuck() const {
  for (const Warp &warp : warps)
    for (const Split &split : warp.splits)
      if (warp.waitingAt < 0 && (split.polls < 3 || split.pollProgress != progress))
        return false;
  return true;
}

bool Cta::landingPending() const {
  if (!loads.empty())
    return true;
  for (const Warp &warp : warps)
    if (!warp.copyArrivals.empty())
      return true;
  return false;
}

void Cta::landSomething() {
  Warp &warp = warps[rng() % warps.size()];
  if (!warp.copies.empty())
    land(warp.copies[rng() % warp.copies.size()]);
  if (!warp.stores.empty()) {
    const auto store = warp.stores.begin() + rng() % warp.stores.size();
    land(*store, /*load=*/false);
    if (!store->source.empty())
      warp.stores.erase(store);
  }
  if (landOneIn)
    for (WgmmaOp &op : warp.wgmmas)
      if (!op.executed) {
        wgmmaRun(warp, op);
        break;
      }
  if (!loads.empty()) {
    size_t at = rng() % loads.size();
    TensorCopy copy = loads[at];
    loads.erase(loads.begin() + at);
    land(copy, /*load=*/true);
    return;
  }
  for (Warp &other : warps)
    if (!other.copyArrivals.empty())
      return landArrival(other, 0);
}

void Cta::reportDeadlock() {
  error = "deadlock in CTA (" + std::to_string(index.x) + ", " + std::to_string(index.y) + ", " +
          std::to_string(index.z) + ")";
  for (const Warp &warp : warps) {
    if (!warp.live)
      continue;
    for (const Split &split : warp.splits) {
      if (split.pc >= static_cast<int>(split.frame->function->code.size()))
        continue;
      const Instruction &inst = split.frame->function->code[split.pc];
      error += "\n  warp " + std::to_string(warp.id) + " at PTX line " + std::to_string(inst.line) +
               ": " + inst.text;
      if (inst.opcode == Opcode::SetmaxnregInc)
        error += " (" + std::to_string(freeRegisters * 32) + " registers are free)";
      else if (warp.waitingAt < 0)
        error += " (polls mbarrier " + std::to_string(split.polledBarrier) + " for parity " +
                 std::to_string(split.polledParity) + ")";
    }
  }
  for (unsigned i = 0; i < namedBarriers.size(); ++i)
    if (namedBarriers[i].arrived)
      error += "\n  barrier " + std::to_string(i) + ": " +
               std::to_string(namedBarriers[i].arrived) + " of " +
               std::to_string(namedBarriers[i].expected) + " threads arrived";
  for (const auto &[address, barrier] : mbarriers)
    error += "\n  mbarrier " + std::to_string(address) + ": phase " +
             std::to_string(barrier.phase) + ", " + std::to_string(barrier.pending) + " of " +
             std::to_string(barrier.count) + " arrivals and " +
             std::to_string(barrier.transactions) + " bytes pending";
}

} // namespace attn::ptx
