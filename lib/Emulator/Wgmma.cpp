//===- Wgmma.cpp - asynchronous matrix products of a warpgroup -----------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Each warp computes its 16 rows. An operation owns its registers and reads shared memory from its
// issue until a wait_group retires it; in between it runs at any moment, in the order of issue.
//
//===----------------------------------------------------------------------===//

#include "Cta.h"
#include "Numeric.h"

namespace attn::ptx {
namespace {

/// A matrix descriptor: where the 16-byte chunks of a tile of 16 k-values lie.
struct Descriptor {
  uint32_t start, leading, stride, span;
  bool transposed; ///< M- or N-major

  Descriptor(uint64_t bits, bool transposed)
      : start((bits & 0x3fff) << 4), leading((bits >> 16 & 0x3fff) << 4),
        stride((bits >> 32 & 0x3fff) << 4), transposed(transposed) {
    const uint32_t spans[] = {0, 128, 64, 32};
    span = spans[bits >> 62];
  }

  /// K-major: chunk `minor` (0 or 1, eight k-values) of row `major`. MN-major: chunk `major` (eight
  /// rows) at k = `minor`.
  uint32_t chunk(uint32_t major, uint32_t minor) const {
    uint32_t address = start;
    if (!transposed) {
      address +=
          major / 8 * stride + major % 8 * (span ? span : 16) + minor * (span ? 16 : leading);
    } else if (span) {
      uint32_t perAtom = span / 16;
      address +=
          major / perAtom * leading + minor / 8 * stride + minor % 8 * span + major % perAtom * 16;
    } else {
      address += major * stride + minor / 8 * leading + minor % 8 * 16;
    }
    return swizzled(address, span);
  }

  /// The chunks of `rows` rows, in the order in which `element` counts them.
  void append(std::vector<uint32_t> &chunks, unsigned rows) const {
    for (unsigned major = 0; major < (transposed ? rows / 8 : rows); ++major)
      for (unsigned minor = 0; minor < (transposed ? 16u : 2u); ++minor)
        chunks.push_back(chunk(major, minor));
  }

  /// The index into `append`'s chunks and the place in that chunk of an element.
  std::pair<unsigned, unsigned> element(unsigned row, unsigned k) const {
    return transposed ? std::make_pair(row / 8 * 16 + k, row % 8)
                      : std::make_pair(row * 2 + k / 8, k % 8);
  }
};

} // namespace

bool Cta::executeWgmma(Step &step) {
  const Instruction &inst = step.inst;
  Warp &warp = step.warp;
  switch (inst.opcode) {
  case Opcode::WgmmaFence:
    if (requireWarp(step)) {
      warp.wgmmaFenced = true;
      step.frame.touched.assign(step.frame.touched.size(), 0);
    }
    return true;
  case Opcode::WgmmaCommitGroup:
    if (requireWarp(step))
      ++warp.wgmmaGroup;
    return true;
  case Opcode::WgmmaWaitGroup:
    if (requireWarp(step))
      wgmmaRetire(warp, inst.operands[0].value);
    return true;
  case Opcode::WgmmaMmaAsync:
    if (requireWarp(step))
      wgmmaIssue(step);
    return true;
  case Opcode::SetmaxnregDec:
  case Opcode::SetmaxnregInc: {
    uint64_t count = inst.operands[0].value;
    if (!requireWarp(step))
      return true;
    if (count < 24 || count > 256 || count % 8)
      failAt(step, "setmaxnreg to " + std::to_string(count) + " registers");
    else if (!kernel.requiredThreads && !kernel.maxThreads)
      failAt(step, "setmaxnreg in a kernel without .reqntid or .maxntid is ignored by ptxas");
    else
      logWarpgroup(step, count, 0);
    return true;
  }
  default:
    return false;
  }
}

bool Cta::logWarpgroup(Step &step, uint64_t a, uint64_t b) {
  auto &log = wgmmaLog[step.warp.id / 4];
  std::array<uint64_t, 3> entry{step.inst.line, a, b};
  size_t at = step.warp.wgmmaIssued++;
  if (at == log.size())
    log.push_back(entry);
  if (log[at] == entry)
    return true;
  failAt(step, "the warps of a warpgroup must execute the same instruction with the same "
               "descriptors, another one was at line " +
                   std::to_string(log[at][0]));
  return false;
}

void Cta::wgmmaIssue(Step &step) {
  const Instruction &inst = step.inst;
  Warp &warp = step.warp;
  Frame &frame = step.frame;
  const Operand *operands = inst.operands.data();
  bool inRegisters = operands[1].kind == Operand::Vector;
  const std::vector<Type> &types = inst.types;
  bool known = inst.m == 64 && inst.k == 16 && inst.n >= 8 && inst.n <= 256 && inst.n % 8 == 0 &&
               types.size() == 3 && types[0] == Type::F32 && types[1] == types[2] &&
               (types[1] == Type::F16 || types[1] == Type::BF16) &&
               operands[0].elements.size() == inst.n / 2 &&
               inst.operands.size() == (inRegisters ? 7u : 8u) &&
               (!inRegisters || operands[1].elements.size() == 4);
  if (!known)
    return failAt(step, "unknown form of wgmma");

  WgmmaOp op;
  op.inst = &inst;
  op.frame = step.split.frame;
  op.descriptorA = inRegisters ? 0 : uniform(step, operands[1]);
  op.descriptorB = uniform(step, operands[2]);
  op.scaleD = uniform(step, operands[3]) & 1;
  if (failed() || !logWarpgroup(step, op.descriptorA, op.descriptorB))
    return;
  for (uint64_t bits : {op.descriptorA, op.descriptorB})
    if (bits >> 49 & 7)
      return failAt(step, "descriptors with a base offset are not emulated");
  if (!warp.wgmmaFenced)
    return failAt(step, "no wgmma.fence before the first wgmma");

  auto unfenced = [&](int reg) {
    failAt(step, frame.function->registerNames[reg] +
                     " was accessed after the last wgmma.fence before this wgmma");
  };
  for (const Operand &element : operands[0].elements) {
    if (element.kind != Operand::Register)
      return failAt(step, "unknown form of wgmma");
    if (frame.inFlight[element.reg] == RegisterUse::Input)
      return failAt(step, "accumulates in an input of a wgmma in flight");
    if (frame.touched[element.reg])
      return unfenced(element.reg);
  }
  if (inRegisters)
    for (const Operand &element : operands[1].elements) {
      if (element.kind != Operand::Register)
        return failAt(step, "unknown form of wgmma");
      if (frame.inFlight[element.reg] == RegisterUse::Accumulator)
        return failAt(step, "reads an accumulator of a wgmma in flight");
      if (frame.touched[element.reg] & 2)
        return unfenced(element.reg);
      op.inputs.push_back(frame.registers[element.reg]);
    }

  if (!inRegisters)
    Descriptor(op.descriptorA, operands[6].value & 1).append(op.chunks, 64);
  Descriptor(op.descriptorB, operands[inRegisters ? 6 : 7].value & 1).append(op.chunks, inst.n);
  for (uint32_t chunk : op.chunks) {
    std::string problem = shared.checkBounds(chunk, 16, 16);
    if (problem.empty())
      problem = shared.checkRead(chunk, 16, warp.knowledge, SharedMemory::Access::Async);
    if (!problem.empty())
      return failAt(step, problem);
  }
  for (const Operand &element : operands[0].elements)
    frame.inFlight[element.reg] = RegisterUse::Accumulator;
  if (inRegisters)
    for (const Operand &element : operands[1].elements)
      frame.inFlight[element.reg] = RegisterUse::Input;
  op.group = warp.wgmmaGroup;
  op.issued = warp.knowledge;
  warp.wgmmas.push_back(std::move(op));
  Knowledge ignored;
  release(warp, ignored);
}

void Cta::wgmmaRun(Warp &warp, WgmmaOp &op) {
  const Instruction &inst = *op.inst;
  const Operand *operands = inst.operands.data();
  bool inRegisters = !op.inputs.empty();
  unsigned n = inst.n, firstRow = warp.id % 4 * 16;
  op.executed = true;
  auto half = [&](uint16_t bits) {
    return inst.types[1] == Type::BF16 ? fromBF16(bits) : fromF16(bits);
  };
  auto fetch = [&](const Descriptor &descriptor, const uint32_t *chunks, unsigned row, unsigned k) {
    auto [chunk, place] = descriptor.element(row, k);
    uint16_t bits;
    memcpy(&bits, shared.at(chunks[chunk]) + place * 2, 2);
    return half(bits);
  };
  float scaleA = static_cast<int64_t>(operands[4].value) < 0 ? -1 : 1;
  float scaleB = static_cast<int64_t>(operands[5].value) < 0 ? -1 : 1;

  float left[16][16];
  if (inRegisters) {
    for (unsigned lane = 0; lane < 32; ++lane)
      for (unsigned i = 0; i < 4; ++i)
        for (unsigned h = 0; h < 2; ++h)
          left[lane / 4 + 8 * (i & 1)][lane % 4 * 2 + h + 8 * (i >> 1)] =
              scaleA * half(op.inputs[i][lane] >> (16 * h));
  } else {
    Descriptor a(op.descriptorA, operands[6].value & 1);
    for (unsigned row = 0; row < 16; ++row)
      for (unsigned k = 0; k < 16; ++k)
        left[row][k] = scaleA * fetch(a, op.chunks.data(), firstRow + row, k);
  }
  Descriptor b(op.descriptorB, operands[inRegisters ? 6 : 7].value & 1);
  const uint32_t *chunksB = op.chunks.data() + (inRegisters ? 0 : 128);
  std::vector<float> right(16 * n), sums(16 * n, 0.0f);
  for (unsigned column = 0; column < n; ++column)
    for (unsigned k = 0; k < 16; ++k)
      right[k * n + column] = scaleB * fetch(b, chunksB, column, k);
  for (unsigned row = 0; row < 16; ++row)
    for (unsigned k = 0; k < 16; ++k)
      for (unsigned column = 0; column < n; ++column)
        sums[row * n + column] += left[row][k] * right[k * n + column];
  for (unsigned i = 0; i < n / 2; ++i) {
    Lanes &reg = op.frame->registers[operands[0].elements[i].reg];
    for (unsigned lane = 0; lane < 32; ++lane) {
      unsigned row = lane / 4 + 8 * (i / 2 % 2), column = 8 * (i / 4) + lane % 4 * 2 + i % 2;
      float sum = sums[row * n + column];
      reg[lane] = floatBits(op.scaleD ? sum + asFloat(reg[lane]) : sum);
    }
  }
}

void Cta::wgmmaRetire(Warp &warp, uint32_t keep) {
  auto mark = [](const WgmmaOp &op, RegisterUse accumulators, RegisterUse inputs) {
    for (const Operand &element : op.inst->operands[0].elements)
      op.frame->inFlight[element.reg] = accumulators;
    for (const Operand &element : op.inst->operands[1].elements)
      op.frame->inFlight[element.reg] = inputs;
  };
  while (!warp.wgmmas.empty() && warp.wgmmas.front().group + keep < warp.wgmmaGroup) {
    WgmmaOp &op = warp.wgmmas.front();
    if (!op.executed)
      wgmmaRun(warp, op);
    for (uint32_t chunk : op.chunks) {
      std::string problem = shared.checkRead(chunk, 16, op.issued, SharedMemory::Access::Async);
      if (!problem.empty())
        return fail(*op.inst, "an operand changed before a wait_group: " + problem);
      shared.recordRead(chunk, 16, warp.id, warp.knowledge.order[warp.id], op.inst->line);
    }
    mark(op, RegisterUse::Free, RegisterUse::Free);
    warp.wgmmas.pop_front();
  }
  for (const WgmmaOp &op : warp.wgmmas)
    mark(op, RegisterUse::Accumulator, RegisterUse::Input);
}

} // namespace attn::ptx
