//===- WarpOps.cpp - instructions that lanes execute together -------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Cta.h"
#include "Matrix.h"

namespace attn::ptx {

bool Cta::executeWarpOp(Step &step) {
  const Instruction &inst = step.inst;
  switch (inst.opcode) {
  case Opcode::Activemask:
    forLanes(step.mask, [&](unsigned lane) { set(step, inst.operands[0], lane, step.mask); });
    return true;
  case Opcode::BarWarpSync:
    if (requireMembers(step, inst.operands[0]))
      meetLanes(step.warp);
    return true;
  case Opcode::ElectSync: {
    if (!requireMembers(step, inst.operands[1]))
      return true;
    unsigned leader = __builtin_ctz(step.mask);
    const Operand &target = inst.operands[0];
    if (target.kind != Operand::Pair) {
      failAt(step, "unknown form of elect.sync");
      return true;
    }
    forLanes(step.mask, [&](unsigned lane) {
      set(step, target.elements[0], lane, leader);
      set(step, target.elements[1], lane, lane == leader);
    });
    return true;
  }
  case Opcode::ShflSync:
    shuffle(step);
    return true;
  case Opcode::VoteSync:
    vote(step);
    return true;
  case Opcode::ReduxSync:
    reduce(step);
    return true;
  case Opcode::Ldmatrix:
    ldmatrix(step);
    return true;
  case Opcode::Stmatrix:
    stmatrix(step);
    return true;
  case Opcode::Mma:
    mma(step);
    return true;
  default:
    return false;
  }
}

// Lanes that have exited need not take part.
bool Cta::requireMembers(Step &step, const Operand &members) {
  uint32_t mask = uniform(step, members);
  if (failed() || (mask & step.warp.live) == step.mask)
    return !failed();
  char text[96];
  snprintf(text, sizeof text, "member mask 0x%08x, but executed by lanes 0x%08x", mask, step.mask);
  failAt(step, text);
  return false;
}

void Cta::shuffle(Step &step) {
  const Instruction &inst = step.inst;
  if (!requireMembers(step, inst.operands[4]))
    return;
  Lanes in{}, out{};
  std::array<bool, 32> valid{};
  for (unsigned lane = 0; lane < 32; ++lane)
    in[lane] = value(step, inst.operands[1], lane);
  forLanes(step.mask, [&](unsigned lane) {
    unsigned b = value(step, inst.operands[2], lane) & 31;
    unsigned c = value(step, inst.operands[3], lane);
    unsigned clamp = c & 31, segment = c >> 8 & 31;
    int most = (lane & segment) | (clamp & ~segment), least = lane & segment;
    int source = inst.sub == SubOp::Up     ? static_cast<int>(lane - b)
                 : inst.sub == SubOp::Down ? static_cast<int>(lane + b)
                 : inst.sub == SubOp::Bfly ? static_cast<int>(lane ^ b)
                                           : static_cast<int>(least | (b & ~segment));
    valid[lane] = inst.sub == SubOp::Up ? source >= most : source <= most;
    if (!valid[lane])
      source = lane;
    if (!(step.mask >> source & 1))
      return failAt(
          step, "takes a value from lane " + std::to_string(source) + ", which does not take part",
          lane);
    out[lane] = in[source];
  });
  const Operand &target = inst.operands[0];
  bool pair = target.kind == Operand::Pair;
  forLanes(step.mask, [&](unsigned lane) {
    set(step, pair ? target.elements[0] : target, lane, out[lane]);
    if (pair)
      set(step, target.elements[1], lane, valid[lane]);
  });
}

void Cta::vote(Step &step) {
  const Instruction &inst = step.inst;
  if (!requireMembers(step, inst.operands[2]))
    return;
  uint32_t ballot = 0;
  forLanes(step.mask, [&](unsigned lane) {
    ballot |= static_cast<uint32_t>(value(step, inst.operands[1], lane) & 1) << lane;
  });
  uint64_t result = inst.sub == SubOp::Ballot ? ballot
                    : inst.sub == SubOp::Any  ? ballot != 0
                    : inst.sub == SubOp::All  ? ballot == step.mask
                                              : ballot == 0 || ballot == step.mask;
  forLanes(step.mask, [&](unsigned lane) { set(step, inst.operands[0], lane, result); });
}

void Cta::reduce(Step &step) {
  const Instruction &inst = step.inst;
  if (!requireMembers(step, inst.operands[2]))
    return;
  Instruction combine;
  combine.types = inst.types;
  combine.opcode = inst.sub == SubOp::Add   ? Opcode::Add
                   : inst.sub == SubOp::Min ? Opcode::Min
                   : inst.sub == SubOp::Max ? Opcode::Max
                   : inst.sub == SubOp::And ? Opcode::And
                   : inst.sub == SubOp::Or  ? Opcode::Or
                                            : Opcode::Xor;
  uint64_t total = 0, extra = 0;
  bool first = true;
  forLanes(step.mask, [&](unsigned lane) {
    const uint64_t sum = total, own = value(step, inst.operands[1], lane), none = 0;
    const LaneInputs in = {&sum, &own, &none, &none};
    if (first)
      total = own;
    else if (!evaluate(combine, in, /*lanes=*/1, &total, &extra))
      failAt(step, "unknown form of redux.sync");
    first = false;
  });
  forLanes(step.mask, [&](unsigned lane) { set(step, inst.operands[0], lane, total); });
}

void Cta::ldmatrix(Step &step) {
  const Instruction &inst = step.inst;
  const Operand &target = inst.operands[0];
  if (!requireWarp(step))
    return;
  if (inst.m != 8 || inst.n != 8 || inst.type() != Type::B16 ||
      target.elements.size() != inst.count || inst.space == Space::Generic)
    return failAt(step, "unknown form of ldmatrix");
  std::array<Lanes, 4> out;
  Lanes buffer;
  const uint64_t *addresses = lanes(step, inst.operands[1], buffer);
  for (unsigned matrix = 0; matrix < inst.count; ++matrix) {
    uint16_t element[8][8];
    for (unsigned row = 0; row < 8; ++row) {
      unsigned lane = matrix * 8 + row;
      uint32_t address = sharedAddress(step, addresses[lane], 16, 16, lane);
      if (failed())
        return;
      readShared(step, address, element[row], 16, lane);
    }
    for (unsigned lane = 0; lane < 32; ++lane) {
      unsigned row = lane / 4, column = lane % 4 * 2;
      out[matrix][lane] =
          inst.has(Trans)
              ? element[column][row] | static_cast<uint32_t>(element[column + 1][row]) << 16
              : element[row][column] | static_cast<uint32_t>(element[row][column + 1]) << 16;
    }
  }
  for (unsigned matrix = 0; matrix < inst.count; ++matrix)
    setLanes(step, target.elements[matrix], out[matrix].data());
}

void Cta::stmatrix(Step &step) {
  const Instruction &inst = step.inst;
  const Operand &source = inst.operands[1];
  if (!requireWarp(step))
    return;
  if (inst.m != 8 || inst.n != 8 || inst.type() != Type::B16 ||
      source.elements.size() != inst.count || inst.space == Space::Generic)
    return failAt(step, "unknown form of stmatrix");
  Lanes addressBuffer, valueBuffer;
  const uint64_t *addresses = lanes(step, inst.operands[0], addressBuffer);
  for (unsigned matrix = 0; matrix < inst.count && !failed(); ++matrix) {
    uint16_t element[8][8];
    const uint64_t *values = lanes(step, source.elements[matrix], valueBuffer);
    for (unsigned lane = 0; lane < 32; ++lane) {
      uint32_t bits = values[lane];
      unsigned row = lane / 4, column = lane % 4 * 2;
      (inst.has(Trans) ? element[column][row] : element[row][column]) = bits;
      (inst.has(Trans) ? element[column + 1][row] : element[row][column + 1]) = bits >> 16;
    }
    for (unsigned row = 0; row < 8; ++row) {
      unsigned lane = matrix * 8 + row;
      uint32_t address = sharedAddress(step, addresses[lane], 16, 16, lane);
      if (!failed())
        writeShared(step, address, element[row], 16, lane);
    }
  }
}

// D = A B + C for the fragments of the PTX manual: thread lane/4 holds a row of A, C and D and a
// column of B, lane%4 a pair of columns of A, C, D and of rows of B.
void Cta::mma(Step &step) {
  const Instruction &inst = step.inst;
  if (!requireWarp(step))
    return;
  const std::vector<Type> &types = inst.types;
  bool known = inst.m == 16 && inst.n == 8 && (inst.k == 8 || inst.k == 16) && types.size() == 4 &&
               types[0] == Type::F32 && types[3] == Type::F32 && types[1] == types[2] &&
               (types[1] == Type::F16 || types[1] == Type::BF16) && inst.has(Row) && inst.has(Col);
  const Operand *d = &inst.operands[0], *a = &inst.operands[1], *b = &inst.operands[2],
                *c = &inst.operands[3];
  if (!known || a->elements.size() != inst.k / 4 || b->elements.size() != inst.k / 8 ||
      c->elements.size() != 4 || d->elements.size() != 4)
    return failAt(step, "unknown form of mma.sync");
  const unsigned depth = inst.k;
  float left[16 * 16], right[16 * 8], sums[16 * 8];
  Lanes buffer;
  for (unsigned i = 0; i < depth / 4; ++i) {
    const uint64_t *values = lanes(step, a->elements[i], buffer);
    for (unsigned lane = 0; lane < 32; ++lane) {
      float *pair = &left[(lane / 4 + 8 * (i & 1)) * depth + lane % 4 * 2 + 8 * (i >> 1)];
      pair[0] = fromHalf(types[1], values[lane]);
      pair[1] = fromHalf(types[1], values[lane] >> 16);
    }
  }
  for (unsigned i = 0; i < depth / 8; ++i) {
    const uint64_t *values = lanes(step, b->elements[i], buffer);
    for (unsigned lane = 0; lane < 32; ++lane) {
      float *pair = &right[(lane % 4 * 2 + 8 * i) * 8 + lane / 4];
      pair[0] = fromHalf(types[1], values[lane]);
      pair[8] = fromHalf(types[1], values[lane] >> 16);
    }
  }
  auto place = [](unsigned lane, unsigned i) {
    return (lane / 4 + 8 * (i / 2)) * 8 + lane % 4 * 2 + i % 2;
  };
  for (unsigned i = 0; i < 4; ++i) {
    const uint64_t *values = lanes(step, c->elements[i], buffer);
    for (unsigned lane = 0; lane < 32; ++lane)
      sums[place(lane, i)] = asFloat(values[lane]);
  }
  multiplyAdd(left, right, sums, 16, depth, 8);
  for (unsigned i = 0; i < 4; ++i) {
    for (unsigned lane = 0; lane < 32; ++lane)
      buffer[lane] = floatBits(sums[place(lane, i)]);
    setLanes(step, d->elements[i], buffer.data());
  }
}

} // namespace attn::ptx
