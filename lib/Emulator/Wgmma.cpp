//===- Wgmma.cpp - asynchronous matrix products of a warpgroup -----------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Each warp computes its 16 rows. An operation owns its registers and reads shared memory from its
// issue until a wait_group retires it; in between it runs at any moment, in the order of issue.
//
//===----------------------------------------------------------------------===//

#include "Cta.h"
#include "Matrix.h"

#include <algorithm>
#include <cstring>

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
};

} // namespace

const WgmmaTile &Cta::wgmmaTile(uint64_t bits, bool transposed, unsigned rows) {
  WgmmaTile &tile = wgmmaTiles[{bits, rows * 2 + transposed}];
  if (!tile.chunks.empty())
    return tile;
  Descriptor(bits, transposed).append(tile.chunks, rows);
  std::vector<uint32_t> sorted = tile.chunks;
  std::sort(sorted.begin(), sorted.end());
  for (uint32_t chunk : sorted) {
    if (!tile.ranges.empty() && chunk <= tile.ranges.back().end) {
      tile.ranges.back().end = chunk + 16;
      continue;
    }
    tile.ranges.push_back({chunk, chunk + 16});
  }
  return tile;
}

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
  case Opcode::SetmaxnregInc:
    if (requireWarp(step))
      setRegisters(step);
    return true;
  default:
    return false;
  }
}

// Registers go from warp to warp by way of a pool of the CTA, which is empty at first.
void Cta::setRegisters(Step &step) {
  const uint64_t count = step.inst.operands[0].value;
  const bool isInc = step.inst.opcode == Opcode::SetmaxnregInc;
  unsigned &registers = step.warp.registers;
  const std::string what = "setmaxnreg to " + std::to_string(count) + " registers";
  if (count < 24 || count > 256 || count % 8)
    return failAt(step, what);
  if (!kernel.requiredThreads && !kernel.maxThreads)
    return failAt(step, "setmaxnreg in a kernel without .reqntid or .maxntid is ignored by ptxas");
  if (isInc ? count < registers : count > registers)
    return failAt(step, what + ", of a warp that has " + std::to_string(registers));
  if (isInc && count - registers > freeRegisters) {
    Split &split = step.split;
    split.polls = split.pollProgress == progress ? split.polls + 1 : 1;
    split.pollProgress = progress;
    step.advance = false;
    return;
  }
  freeRegisters += registers;
  freeRegisters -= count;
  registers = count;
  ++progress;
  logWarpgroup(step, count, 0);
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
  const unsigned needed = inst.n / 2 + (inRegisters ? 4 : 0);
  if (needed > warp.registers)
    return failAt(step, "a wgmma with " + std::to_string(needed) +
                            " registers, of a warp that has " + std::to_string(warp.registers));

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
    op.tiles.push_back(&wgmmaTile(op.descriptorA, operands[6].value & 1, 64));
  op.tiles.push_back(&wgmmaTile(op.descriptorB, operands[inRegisters ? 6 : 7].value & 1, inst.n));
  for (const WgmmaTile *tile : op.tiles)
    for (auto [begin, end] : tile->ranges) {
      std::string problem = shared.checkBounds(begin, end - begin, 16);
      if (problem.empty())
        problem = shared.checkRead(begin, end - begin, warp.knowledge, SharedMemory::Access::Async);
      if (!problem.empty())
        return failAt(step, problem);
    }
  op.lastWrite = shared.lastWrite();
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
  const Type type = inst.types[1];

  // `rows` rows of a tile from `first` on, as a matrix of 16 k-values per row, times `scale`.
  auto fetch = [&](const WgmmaTile &tile, bool transposed, unsigned first, unsigned rows,
                   const Operand &scale, float *matrix, unsigned rowStride, unsigned kStride) {
    const float factor = static_cast<int64_t>(scale.value) < 0 ? -1 : 1;
    float values[8];
    for (unsigned chunk = 0; chunk < rows * 2; ++chunk) {
      // Eight k-values of a row, or eight rows at one k.
      const unsigned row = transposed ? chunk / 16 * 8 : chunk / 2;
      const unsigned k = transposed ? chunk % 16 : chunk % 2 * 8;
      widen(type, shared.at(tile.chunks[first * 2 + chunk]), values, 8);
      float *to = matrix + row * rowStride + k * kStride;
      const unsigned stride = transposed ? rowStride : kStride;
      for (unsigned i = 0; i < 8; ++i)
        to[i * stride] = factor * values[i];
    }
  };

  float left[16 * 16];
  if (inRegisters) {
    const float factor = static_cast<int64_t>(operands[4].value) < 0 ? -1 : 1;
    for (unsigned i = 0; i < 4; ++i)
      for (unsigned lane = 0; lane < 32; ++lane)
        for (unsigned h = 0; h < 2; ++h)
          left[(lane / 4 + 8 * (i & 1)) * 16 + lane % 4 * 2 + h + 8 * (i >> 1)] =
              factor * fromHalf(type, op.inputs[i][lane] >> (16 * h));
  } else {
    fetch(*op.tiles[0], operands[6].value & 1, firstRow, 16, operands[4], left, 16, 1);
  }
  std::array<float, 16 * 256> right, sums;
  fetch(*op.tiles.back(), operands[inRegisters ? 6 : 7].value & 1, 0, n, operands[5], right.data(),
        1, n);
  std::fill_n(sums.begin(), 16 * n, 0.0f);
  multiplyAdd(left, right.data(), sums.data(), 16, 16, n);
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
    for (const WgmmaTile *tile : op.tiles)
      for (auto [begin, end] : tile->ranges) {
        // What nobody wrote to is as it was when it was checked at the issue.
        std::string problem;
        if (shared.isWrittenSince(begin, end - begin, op.lastWrite))
          problem = shared.checkRead(begin, end - begin, op.issued, SharedMemory::Access::Async);
        if (!problem.empty())
          return fail(*op.inst, "an operand changed before a wait_group: " + problem);
        shared.recordRead(begin, end - begin, warp.id, warp.knowledge.order[warp.id],
                          op.inst->line);
      }
    mark(op, RegisterUse::Free, RegisterUse::Free);
    warp.wgmmas.pop_front();
  }
  for (const WgmmaOp &op : warp.wgmmas)
    mark(op, RegisterUse::Accumulator, RegisterUse::Input);
}

} // namespace attn::ptx
