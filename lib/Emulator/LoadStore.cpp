//===- LoadStore.cpp - operands, memory accesses and moves --------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Cta.h"
#include "Numeric.h"

#include <algorithm>

namespace attn::ptx {

uint64_t Cta::special(const Step &step, SpecialRegister reg, unsigned lane) const {
  using R = SpecialRegister;
  const Dim3 &block = config.block, &grid = config.grid;
  unsigned thread = step.warp.id * 32 + lane;
  uint32_t below = (1u << lane) - 1, self = 1u << lane;
  switch (reg) {
  case R::Tid:
    return thread % block.x;
  case R::TidY:
    return thread / block.x % block.y;
  case R::TidZ:
    return thread / (block.x * block.y);
  case R::Ntid:
    return block.x;
  case R::NtidY:
    return block.y;
  case R::NtidZ:
    return block.z;
  case R::Ctaid:
    return index.x;
  case R::CtaidY:
    return index.y;
  case R::CtaidZ:
    return index.z;
  case R::Nctaid:
    return grid.x;
  case R::NctaidY:
    return grid.y;
  case R::NctaidZ:
    return grid.z;
  case R::Laneid:
    return lane;
  case R::Warpid:
    return step.warp.id;
  case R::Nwarpid:
    return warps.size();
  case R::LanemaskEq:
    return self;
  case R::LanemaskLt:
    return below;
  case R::LanemaskLe:
    return below | self;
  case R::LanemaskGt:
    return ~(below | self);
  case R::LanemaskGe:
    return ~below;
  case R::DynamicSmemSize:
    return config.dynamicShared;
  case R::Clock:
    return instructions;
  case R::Zero:
    return 0;
  case R::One:
    return 1;
  }
  return 0;
}

uint64_t Cta::value(const Step &step, const Operand &operand, unsigned lane) const {
  uint64_t base = operand.frameRelative ? step.frame.stackBase : 0;
  switch (operand.kind) {
  case Operand::Register:
    return step.frame.registers[operand.reg][lane];
  case Operand::Special:
    return special(step, static_cast<SpecialRegister>(operand.value), lane);
  case Operand::Address:
    return operand.value + (operand.reg >= 0 ? step.frame.registers[operand.reg][lane] : base);
  case Operand::Immediate:
    return operand.value + base;
  default:
    return 0;
  }
}

void Cta::set(Step &step, const Operand &operand, unsigned lane, uint64_t value) {
  if (operand.kind != Operand::Register)
    return;
  unsigned bits = step.frame.function->registerBits[operand.reg];
  step.frame.registers[operand.reg][lane] = bits == 64 ? value : value & ((1ull << bits) - 1);
}

const uint64_t *Cta::lanes(const Step &step, const Operand &operand, Lanes &buffer) const {
  if (operand.kind == Operand::Register)
    return step.frame.registers[operand.reg].data();
  if (operand.kind == Operand::Immediate || (operand.kind == Operand::Address && operand.reg < 0))
    buffer.fill(value(step, operand, 0));
  else
    for (unsigned lane = 0; lane < 32; ++lane)
      buffer[lane] = value(step, operand, lane);
  return buffer.data();
}

void Cta::setLanes(Step &step, const Operand &operand, const uint64_t *values) {
  if (operand.kind != Operand::Register)
    return;
  const unsigned bits = step.frame.function->registerBits[operand.reg];
  const uint64_t kept = bits == 64 ? ~0ull : (1ull << bits) - 1;
  Lanes &target = step.frame.registers[operand.reg];
  if (step.mask == ~0u) {
    for (unsigned lane = 0; lane < 32; ++lane)
      target[lane] = values[lane] & kept;
    return;
  }
  forLanes(step.mask, [&](unsigned lane) { target[lane] = values[lane] & kept; });
}

uint64_t Cta::uniform(Step &step, const Operand &operand) {
  uint64_t first = value(step, operand, __builtin_ctz(step.mask));
  forLanes(step.mask, [&](unsigned lane) {
    if (value(step, operand, lane) != first)
      failAt(step, "an operand that must be the same in all lanes differs", lane);
  });
  return first;
}

uint32_t Cta::sharedAddress(Step &step, uint64_t address, unsigned size, unsigned align, int lane) {
  uint64_t offset = (address & WindowMask) == SharedWindow ? address & ~WindowMask
                    : step.inst.space == Space::Generic    ? ~0ull
                                                           : address;
  std::string problem = shared.checkBounds(offset, size, align);
  if (problem.empty())
    return offset;
  failAt(step, problem, lane);
  return SharedBase;
}

void Cta::readShared(Step &step, uint32_t address, void *data, unsigned size, int lane,
                     SharedMemory::Access kind) {
  Warp &warp = step.warp;
  std::string problem = shared.checkRead(address, size, warp.knowledge, kind);
  if (!problem.empty())
    return failAt(step, problem, lane);
  shared.recordRead(address, size, warp.id, warp.knowledge.order[warp.id], step.inst.line);
  memcpy(data, shared.at(address), size);
}

void Cta::writeShared(Step &step, uint32_t address, const void *data, unsigned size, int lane,
                      SharedMemory::Access kind) {
  Warp &warp = step.warp;
  std::string problem = shared.checkWrite(address, size, warp.knowledge, kind);
  if (!problem.empty())
    return failAt(step, problem, lane);
  shared.recordWrite(address, size, warp.id, warp.knowledge.order[warp.id], kind, step.inst.line,
                     lane);
  memcpy(shared.at(address), data, size);
}

void Cta::access(Step &step, Space space, uint64_t address, void *data, unsigned size, bool write,
                 unsigned lane, SharedMemory::Access kind, bool frameRelative) {
  // Parameters of a kernel are apart; those of functions are in the frame.
  if (space == Space::Param)
    space = frameRelative ? Space::Local : Space::Param;
  if (space == Space::Generic) {
    uint64_t window = address & WindowMask;
    space = window == SharedWindow  ? Space::Shared
            : window == LocalWindow ? Space::Local
            : window == ParamWindow ? Space::Param
                                    : Space::Global;
    if (space != Space::Global)
      address &= ~WindowMask;
  }
  if (address % size)
    return failAt(step, "address is not aligned to " + std::to_string(size) + " bytes", lane);
  uint8_t *place = nullptr;
  switch (space) {
  case Space::Shared:
  case Space::SharedCluster: {
    std::string problem = shared.checkBounds(address, size, size);
    if (!problem.empty())
      return failAt(step, problem, lane);
    if (write)
      return writeShared(step, address, data, size, lane, kind);
    return readShared(step, address, data, size, lane, kind);
  }
  case Space::Local:
    if (address + size > step.warp.stack[lane].size())
      return failAt(step, "local address " + std::to_string(address) + " is outside the stack",
                    lane);
    place = step.warp.stack[lane].data() + address;
    break;
  case Space::Param:
    if (write || step.frame.caller || address + size > params.size())
      return failAt(step, "parameter address " + std::to_string(address) + " is out of bounds",
                    lane);
    memcpy(data, params.data() + address, size);
    return;
  default: {
    std::string problem;
    place = memory.find(address, size, write, problem);
    if (!place)
      return failAt(step, problem, lane);
  }
  }
  write ? memcpy(place, data, size) : memcpy(data, place, size);
}

namespace {
SharedMemory::Access accessKind(const Instruction &inst) {
  return inst.has(Volatile | Relaxed | Acquire | Release) ? SharedMemory::Access::Strong
                                                          : SharedMemory::Access::Plain;
}
} // namespace

void Cta::load(Step &step) {
  const Instruction &inst = step.inst;
  unsigned size = bitWidth(inst.type()) / 8, count = inst.vector;
  const Operand &source = inst.operands[1];
  const Operand &target = inst.operands[0];
  if (!size || (count > 1 && target.elements.size() != count))
    return failAt(step, "unknown form of ld");
  forLanes(step.mask, [&](unsigned lane) {
    uint8_t data[64] = {};
    uint64_t address = value(step, source, lane);
    // The whole vector must be aligned, except for parameters.
    access(step, inst.space, address, data, size * count, false, lane, accessKind(inst),
           source.frameRelative);
    for (unsigned i = 0; i < count; ++i) {
      uint64_t bits = 0;
      memcpy(&bits, data + i * size, size);
      if (isSigned(inst.type()) && size < 8)
        bits = static_cast<int64_t>(bits << (64 - size * 8)) >> (64 - size * 8);
      set(step, count > 1 ? target.elements[i] : target, lane, bits);
    }
  });
}

void Cta::store(Step &step) {
  const Instruction &inst = step.inst;
  unsigned size = bitWidth(inst.type()) / 8, count = inst.vector;
  const Operand &target = inst.operands[0];
  const Operand &source = inst.operands[1];
  if (!size || (count > 1 && source.elements.size() != count))
    return failAt(step, "unknown form of st");
  forLanes(step.mask, [&](unsigned lane) {
    uint8_t data[64];
    for (unsigned i = 0; i < count; ++i) {
      uint64_t bits = value(step, count > 1 ? source.elements[i] : source, lane);
      memcpy(data + i * size, &bits, size);
    }
    access(step, inst.space, value(step, target, lane), data, size * count, true, lane,
           accessKind(inst), target.frameRelative);
  });
}

void Cta::atomic(Step &step) {
  const Instruction &inst = step.inst;
  bool returns = inst.opcode == Opcode::Atom;
  const Operand *operands = &inst.operands[returns ? 1 : 0];
  Type type = inst.type();
  unsigned size = bitWidth(type) / 8;
  std::vector<unsigned> order;
  forLanes(step.mask, [&](unsigned lane) { order.push_back(lane); });
  std::shuffle(order.begin(), order.end(), rng);
  for (unsigned lane : order) {
    uint64_t address = value(step, operands[0], lane), old = 0;
    uint64_t operand = value(step, operands[1], lane), result = 0, extra = 0;
    access(step, inst.space, address, &old, size, false, lane, SharedMemory::Access::Strong, false);
    if (failed())
      return;
    Instruction arithmetic;
    arithmetic.types = {type};
    const uint64_t none = 0;
    const LaneInputs in = {&old, &operand, &none, &none};
    bool known = true;
    uint64_t mask = size == 8 ? ~0ull : (1ull << (size * 8)) - 1;
    switch (inst.sub) {
    case SubOp::Exch:
      result = operand;
      break;
    case SubOp::Cas:
      result = old == (operand & mask) ? value(step, operands[2], lane) : old;
      break;
    case SubOp::Inc:
      result = old >= (operand & mask) ? 0 : old + 1;
      break;
    case SubOp::Dec:
      result = old == 0 || old > (operand & mask) ? operand : old - 1;
      break;
    case SubOp::Add:
    case SubOp::Min:
    case SubOp::Max:
    case SubOp::And:
    case SubOp::Or:
    case SubOp::Xor:
      arithmetic.opcode = inst.sub == SubOp::Add   ? Opcode::Add
                          : inst.sub == SubOp::Min ? Opcode::Min
                          : inst.sub == SubOp::Max ? Opcode::Max
                          : inst.sub == SubOp::And ? Opcode::And
                          : inst.sub == SubOp::Or  ? Opcode::Or
                                                   : Opcode::Xor;
      known = evaluate(arithmetic, in, /*lanes=*/1, &result, &extra);
      break;
    default:
      known = false;
    }
    if (!known)
      return failAt(step, "unknown form of an atomic operation");
    access(step, inst.space, address, &result, size, true, lane, SharedMemory::Access::Strong,
           false);
    if (returns)
      set(step, inst.operands[0], lane, old);
  }
}

void Cta::executeMov(Step &step) {
  const Operand &target = step.inst.operands[0], &source = step.inst.operands[1];
  unsigned total = bitWidth(step.inst.type());
  if (target.kind != Operand::Vector && source.kind != Operand::Vector) {
    Lanes buffer;
    return setLanes(step, target, lanes(step, source, buffer));
  }
  forLanes(step.mask, [&](unsigned lane) {
    uint64_t bits = 0;
    if (source.kind == Operand::Vector) {
      unsigned width = total / source.elements.size();
      for (size_t i = 0; i < source.elements.size(); ++i)
        bits |= (value(step, source.elements[i], lane) & ((1ull << width) - 1)) << (i * width);
    } else {
      bits = value(step, source, lane);
    }
    if (target.kind != Operand::Vector)
      return set(step, target, lane, bits);
    unsigned width = total / target.elements.size();
    for (size_t i = 0; i < target.elements.size(); ++i)
      set(step, target.elements[i], lane, bits >> (i * width) & ((1ull << width) - 1));
  });
}

void Cta::executeCvta(Step &step) {
  const Instruction &inst = step.inst;
  uint64_t window = inst.space == Space::Shared || inst.space == Space::SharedCluster ? SharedWindow
                    : inst.space == Space::Local                                      ? LocalWindow
                    : inst.space == Space::Param                                      ? ParamWindow
                                                                                      : 0;
  forLanes(step.mask, [&](unsigned lane) {
    uint64_t address = value(step, inst.operands[1], lane);
    bool inside = (address & WindowMask) == window;
    if (inst.opcode == Opcode::Isspacep)
      return set(step, inst.operands[0], lane, inside);
    if (inst.has(To) && window && !inside)
      return failAt(step, "the generic address is not in this space", lane);
    set(step, inst.operands[0], lane,
        inst.has(To) && window ? address & ~WindowMask : address | window);
  });
}

void Cta::executeArithmetic(Step &step) {
  static const Lanes zero{};
  const Instruction &inst = step.inst;
  if (inst.opcode == Opcode::CreatepolicyFractional)
    return setLanes(step, inst.operands[0], zero.data()); // a cache policy says nothing here
  Lanes buffers[4], out, extra;
  LaneInputs in = {zero.data(), zero.data(), zero.data(), zero.data()};
  for (size_t i = 1; i < inst.operands.size() && i < 5; ++i)
    in[i - 1] = lanes(step, inst.operands[i], buffers[i - 1]);
  // Lanes that take no part compute something too; it is dropped.
  if (!evaluate(inst, in, /*lanes=*/32, out.data(), extra.data()))
    return failAt(step, "unknown form of this instruction");
  const Operand &target = inst.operands[0];
  if (target.kind == Operand::Pair) {
    setLanes(step, target.elements[0], out.data());
    setLanes(step, target.elements[1], extra.data());
  } else {
    setLanes(step, target, out.data());
  }
}

} // namespace attn::ptx
