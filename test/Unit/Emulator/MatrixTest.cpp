//===- MatrixTest.cpp - matrix instructions against plain products ------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Small integers, so that every order of summation gives the same bits. Where elements lie in
// shared memory and in registers is written down here once more, by row and column instead of by
// address.
//
//===----------------------------------------------------------------------===//

#include "Harness.h"
#include "gtest/gtest.h"
#include <cstring>

using namespace attn::ptx;
using namespace attn::ptx::test;

namespace {

const std::string header = ".version 8.0\n.target sm_90a\n.address_size 64\n";

int left(unsigned row, unsigned k) { return int(row * 5 + k * 3) % 13 - 6; }
int right(unsigned column, unsigned k) { return int(column * 7 + k * 2) % 11 - 5; }

/// A small integer as a half.
uint16_t half(bool isBF16, int value) {
  float f = float(value);
  uint32_t bits;
  memcpy(&bits, &f, 4);
  if (isBF16 || value == 0)
    return uint16_t(bits >> 16);
  return uint16_t((bits >> 16 & 0x8000) | ((bits >> 23 & 255) - 112) << 10 | (bits >> 13 & 1023));
}

std::string repeated(unsigned count, const std::string &prefix) {
  std::string list;
  for (unsigned i = 0; i < count; ++i)
    list += (i ? ", " : "") + prefix + std::to_string(i);
  return list;
}

constexpr unsigned kDepth = 64; ///< four steps of 16

/// An operand of a wgmma in shared memory, as TMA leaves it: panels as wide as the swizzle.
struct Tile {
  bool isTransposed; ///< rows are contiguous instead of k-values
  unsigned span;     ///< bytes of the swizzle
  unsigned rows;
  unsigned base;

  unsigned columns() const { return span / 2; }
  /// Lines of a panel; each is `span` bytes.
  unsigned lines() const { return isTransposed ? kDepth : rows; }
  unsigned panelBytes() const { return (lines() * span + 1023) / 1024 * 1024; }
  unsigned panels() const { return ((isTransposed ? rows : kDepth) + columns() - 1) / columns(); }
  unsigned bytes() const { return panels() * panelBytes(); }
  unsigned place(unsigned row, unsigned k) const {
    const unsigned line = isTransposed ? k : row, column = isTransposed ? row : k;
    // Lines of 128 bytes rotate from one to the next; narrower ones share 128 bytes.
    const unsigned rotation = line / (128 / span) % (span / 16);
    const unsigned chunk = (column % columns() / 8) ^ rotation;
    return column / columns() * panelBytes() + line * span + chunk * 16 + column % 8 * 2;
  }
  /// The descriptor of a step, of which the swizzle sees the address only.
  uint64_t descriptor(unsigned step) const {
    const unsigned panel = step * 16 / columns(), inPanel = step * 16 % columns();
    const uint64_t start =
        base + (isTransposed ? step * 16 * span : panel * panelBytes() + inPanel * 2);
    const uint64_t mode = span == 128 ? 1 : span == 64 ? 2 : 3;
    return start >> 4 | uint64_t(panelBytes() >> 4) << 16 | uint64_t(8 * span >> 4) << 32 |
           mode << 62;
  }
};

/// One form of wgmma: 64 x n = 64 x 64 times 64 x n in four steps.
std::string runWgmma(unsigned n, bool isBF16, bool inRegisters, bool transposedA, bool transposedB,
                     unsigned span, uint64_t seed) {
  Tile a{transposedA, span, 64, SharedBase}, b{transposedB, span, n, SharedBase};
  if (!inRegisters)
    b.base += a.bytes();
  const unsigned total = (inRegisters ? 0 : a.bytes()) + b.bytes();
  std::vector<uint8_t> image(total, 0xff);
  auto put = [&](const Tile &tile, unsigned row, unsigned k, int value) {
    const uint16_t bits = half(isBF16, value);
    memcpy(&image[tile.base - SharedBase + tile.place(row, k)], &bits, 2);
  };
  for (unsigned k = 0; k < kDepth; ++k) {
    for (unsigned row = 0; row < 64 && !inRegisters; ++row)
      put(a, row, k, left(row, k));
    for (unsigned column = 0; column < n; ++column)
      put(b, column, k, right(column, k));
  }
  // The fragments of A: a pair of k-values in each of four registers.
  std::vector<uint16_t> fragments(128 * 4 * 8);
  for (unsigned thread = 0; thread < 128; ++thread)
    for (unsigned step = 0; step < 4; ++step)
      for (unsigned i = 0; i < 8; ++i) {
        const unsigned row = thread / 32 * 16 + thread % 32 / 4 + i / 2 % 2 * 8;
        const unsigned k = step * 16 + thread % 4 * 2 + i % 2 + i / 4 * 8;
        fragments[(thread * 4 + step) * 8 + i] = half(isBF16, left(row, k));
      }

  std::string text =
      header +
      ".extern .shared .align 1024 .b8 smem[];\n"
      ".visible .entry k(.param .u64 out, .param .u64 image, .param .u64 fragments)\n"
      ".reqntid 128, 1, 1\n{\n.reg .pred %p<9>;\n.reg .b32 %r<40>;\n.reg .b64 %rd<20>;\n"
      ".reg .f32 %f<128>;\n"
      "ld.param.b64 %rd1, [out]; ld.param.b64 %rd2, [image];\n"
      "ld.param.b64 %rd3, [fragments]; mov.u32 %r1, %tid.x; shl.b32 %r2, %r1, 4;\n"
      "LOOP: setp.ge.u32 %p1, %r2, " +
      std::to_string(total) +
      "; @%p1 bra DONE; cvt.u64.u32 %rd4, %r2; add.s64 %rd4, %rd4, %rd2;\n"
      "ld.global.v4.b32 {%r3, %r4, %r5, %r6}, [%rd4]; mov.b32 %r7, smem; add.s32 %r7, %r7, %r2;\n"
      "st.shared.v4.b32 [%r7], {%r3, %r4, %r5, %r6}; add.s32 %r2, %r2, 2048; bra LOOP;\n"
      "DONE: fence.proxy.async.shared::cta; bar.sync 0;\n"
      "mul.wide.u32 %rd5, %r1, 64; add.s64 %rd5, %rd5, %rd3;\n";
  for (unsigned step = 0; step < 4; ++step) {
    const std::string offset = "[%rd5+" + std::to_string(step * 16) + "]", r = "%r";
    auto name = [&](unsigned i) { return r + std::to_string(10 + step * 4 + i); };
    text += "ld.global.v4.b32 {" + name(0) + ", " + name(1) + ", " + name(2) + ", " + name(3) +
            "}, " + offset + ";\n";
  }
  text += "wgmma.fence.sync.aligned;\n";
  const std::string type = isBF16 ? "bf16" : "f16";
  for (unsigned step = 0; step < 4; ++step) {
    auto name = [&](unsigned i) { return "%r" + std::to_string(10 + step * 4 + i); };
    text += "mov.b64 %rd6, " + std::to_string(a.descriptor(step)) + "; mov.b64 %rd7, " +
            std::to_string(b.descriptor(step)) + "; setp.ne.b32 %p2, " + std::to_string(step) +
            ", 0;\nwgmma.mma_async.sync.aligned.m64n" + std::to_string(n) + "k16.f32." + type +
            "." + type + " {" + repeated(n / 2, "%f") + "}, " +
            (inRegisters ? "{" + name(0) + ", " + name(1) + ", " + name(2) + ", " + name(3) + "}"
                         : std::string("%rd6")) +
            ", %rd7, %p2, 1, 1" +
            (inRegisters   ? ""
             : transposedA ? ", 1"
                           : ", 0") +
            (transposedB ? ", 1" : ", 0") + ";\n";
  }
  text += "wgmma.commit_group.sync.aligned; wgmma.wait_group.sync.aligned 0;\n"
          "mul.wide.u32 %rd8, %r1, " +
          std::to_string(n * 2) + "; add.s64 %rd8, %rd8, %rd1;\n";
  for (unsigned i = 0; i < n / 2; ++i)
    text += "st.global.f32 [%rd8+" + std::to_string(4 * i) + "], %f" + std::to_string(i) + ";\n";
  text += "ret;\n}\n";

  std::vector<float> out(64 * n, -1.0f);
  DeviceMemory memory;
  memory.add(out.data(), out.size() * 4, "out");
  memory.add(image.data(), image.size(), "image", /*writable=*/false);
  memory.add(fragments.data(), fragments.size() * 2, "fragments", /*writable=*/false);
  const void *pointers[] = {out.data(), image.data(), fragments.data()};
  LaunchConfig config;
  config.block = {128, 1, 1};
  config.dynamicShared = total;
  config.seed = seed;
  std::string error =
      runOnce(text, "k", config, {&pointers[0], &pointers[1], &pointers[2]}, memory);
  for (unsigned i = 0; i < 64 * n && error.empty(); ++i) {
    const unsigned thread = i / (n / 2), reg = i % (n / 2);
    const unsigned row = thread / 32 * 16 + thread % 32 / 4 + reg / 2 % 2 * 8;
    const unsigned column = reg / 4 * 8 + thread % 4 * 2 + reg % 2;
    int sum = 0;
    for (unsigned k = 0; k < kDepth; ++k)
      sum += left(row, k) * right(column, k);
    if (out[i] != float(sum))
      error = "row " + std::to_string(row) + ", column " + std::to_string(column) + ": " +
              std::to_string(out[i]) + " instead of " + std::to_string(sum);
  }
  return error;
}

TEST(Wgmma, EveryFormIsTheProduct) {
  uint64_t seed = 0;
  for (unsigned n : {8u, 64u, 80u, 96u, 112u, 128u, 176u, 192u, 256u})
    for (unsigned span : {128u, 64u, 32u})
      for (bool transposedB : {false, true})
        for (unsigned formA = 0; formA < 3; ++formA) {
          const bool isBF16 = ++seed % 2;
          ASSERT_EQ(runWgmma(n, isBF16, formA == 0, formA == 1, transposedB, span, seed), "")
              << "n " << n << ", swizzle " << span << ", form of A " << formA << ", transposed B "
              << transposedB << ", bf16 " << isBF16;
        }
}

/// One mma.sync; threads hold the fragments of the PTX manual.
std::string runMma(unsigned depth, bool isBF16, uint64_t seed) {
  const unsigned countA = depth / 4, countB = depth / 8;
  std::vector<uint16_t> in(32 * 16);
  for (unsigned lane = 0; lane < 32; ++lane)
    for (unsigned i = 0; i < 2 * (countA + countB); ++i) {
      const unsigned pair = lane % 4 * 2 + i % 2, j = i - 2 * countA;
      in[lane * 16 + i] = i < 2 * countA
                              ? half(isBF16, left(lane / 4 + i / 2 % 2 * 8, pair + i / 4 * 8))
                              : half(isBF16, right(lane / 4, pair + j / 2 * 8));
    }
  const std::string type = isBF16 ? "bf16" : "f16";
  const std::string text =
      header +
      ".visible .entry k(.param .u64 out, .param .u64 in)\n{\n.reg .b32 %r<20>;\n"
      ".reg .b64 %rd<5>;\n.reg .f32 %f<8>;\n"
      "ld.param.b64 %rd1, [out]; ld.param.b64 %rd2, [in]; mov.u32 %r1, %tid.x;\n"
      "mul.wide.u32 %rd3, %r1, 32; add.s64 %rd2, %rd2, %rd3;\n"
      "mul.wide.u32 %rd3, %r1, 16; add.s64 %rd1, %rd1, %rd3;\n"
      "ld.global.v4.b32 {%r4, %r5, %r6, %r7}, [%rd2];\n"
      "ld.global.v2.b32 {%r8, %r9}, [%rd2+16];\n"
      "mov.f32 %f4, 0f3F800000; mov.f32 %f5, 0f40000000;\n"
      "mma.sync.aligned.m16n8k" +
      std::to_string(depth) + ".row.col.f32." + type + "." + type + ".f32 {%f0, %f1, %f2, %f3}, " +
      (depth == 16 ? "{%r4, %r5, %r6, %r7}, {%r8, %r9}" : "{%r4, %r5}, {%r6}") +
      ", {%f4, %f4, %f5, %f5};\nst.global.v4.f32 [%rd1], {%f0, %f1, %f2, %f3};\nret;\n}\n";
  std::vector<float> out(128, -1.0f);
  DeviceMemory memory;
  memory.add(out.data(), 512, "out");
  memory.add(in.data(), in.size() * 2, "in", /*writable=*/false);
  const void *pointers[] = {out.data(), in.data()};
  LaunchConfig config;
  config.block = {32, 1, 1};
  config.seed = seed;
  std::string error = runOnce(text, "k", config, {&pointers[0], &pointers[1]}, memory);
  for (unsigned i = 0; i < 128 && error.empty(); ++i) {
    const unsigned row = i / 4 / 4 + i % 4 / 2 * 8, column = i / 4 % 4 * 2 + i % 2;
    int sum = row < 8 ? 1 : 2;
    for (unsigned k = 0; k < depth; ++k)
      sum += left(row, k) * right(column, k);
    if (out[i] != float(sum))
      error = "row " + std::to_string(row) + ", column " + std::to_string(column);
  }
  return error;
}

TEST(Mma, EveryFormIsTheProduct) {
  for (unsigned depth : {8u, 16u})
    for (bool isBF16 : {false, true})
      EXPECT_EQ(runMma(depth, isBF16, 1), "") << "depth " << depth << ", bf16 " << isBF16;
}

/// Matrices of 8 x 8 go from registers into shared memory and back: element (row, column) of matrix
/// m is m * 64 + row * 8 + column.
std::string runMatrices(unsigned count, bool transposedStore, bool transposedLoad) {
  std::string registers;
  for (unsigned i = 0; i < count; ++i)
    registers += (i ? ", %r" : "{%r") + std::to_string(10 + i);
  registers += "}";
  const std::string form = ".sync.aligned.m8n8.x" + std::to_string(count);
  std::string text = header +
                     ".visible .entry k(.param .u64 out)\n{\n.reg .b32 %r<20>;\n.reg .b64 %rd<5>;\n"
                     ".shared .align 16 .b8 tile[512];\n"
                     "ld.param.b64 %rd1, [out]; mov.u32 %r1, %tid.x; mul.wide.u32 %rd3, %r1, 16;\n"
                     "add.s64 %rd1, %rd1, %rd3; shl.b32 %r2, %r1, 4; mov.b32 %r3, tile;\n"
                     "add.s32 %r3, %r3, %r2;\n"
                     // The lane's pair of elements, 2 * lane and the next.
                     "shl.b32 %r4, %r1, 1; shl.b32 %r5, %r4, 16; add.s32 %r4, %r4, %r5;\n"
                     "add.s32 %r4, %r4, 0x10000;\n";
  for (unsigned i = 0; i < count; ++i)
    text += "add.s32 %r" + std::to_string(10 + i) + ", %r4, " + std::to_string(i * 64 * 0x10001) +
            ";\n";
  text += "stmatrix" + form + (transposedStore ? ".trans" : "") + ".shared.b16 [%r3], " +
          registers + ";\nbar.warp.sync -1;\nldmatrix" + form + (transposedLoad ? ".trans" : "") +
          ".shared.b16 " + registers + ", [%r3];\n";
  for (unsigned i = 0; i < count; ++i)
    text +=
        "st.global.b32 [%rd1+" + std::to_string(4 * i) + "], %r" + std::to_string(10 + i) + ";\n";
  text += "ret;\n}\n";
  std::vector<uint16_t> out(32 * 8, 0xffff);
  DeviceMemory memory;
  memory.add(out.data(), 512, "out");
  const void *pointer = out.data();
  LaunchConfig config;
  config.block = {32, 1, 1};
  std::string error = runOnce(text, "k", config, {&pointer}, memory);
  for (unsigned lane = 0; lane < 32 && error.empty(); ++lane)
    for (unsigned i = 0; i < 2 * count; ++i) {
      const unsigned row = lane / 4, column = lane % 4 * 2 + i % 2;
      const unsigned expected =
          i / 2 * 64 + (transposedStore != transposedLoad ? column * 8 + row : row * 8 + column);
      if (out[lane * 8 + i] != expected)
        error = "lane " + std::to_string(lane) + ", half " + std::to_string(i) + " is " +
                std::to_string(out[lane * 8 + i]);
    }
  return error;
}

TEST(Matrices, StoreAndLoadEveryForm) {
  for (unsigned count : {1u, 2u, 4u})
    for (bool transposedStore : {false, true})
      for (bool transposedLoad : {false, true})
        EXPECT_EQ(runMatrices(count, transposedStore, transposedLoad), "")
            << count << " matrices, transposed " << transposedStore << transposedLoad;
}

} // namespace
