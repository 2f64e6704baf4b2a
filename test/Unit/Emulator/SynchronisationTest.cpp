//===- SynchronisationTest.cpp - planted bugs must be caught -----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Four correct kernels run under 24 interleavings and give the right result each time. Then each is
// broken in one place, as a person would, and every interleaving must report it.
//
//===----------------------------------------------------------------------===//

#include "Harness.h"
#include "gtest/gtest.h"
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <numeric>

using namespace attn::ptx;
using namespace attn::ptx::test;

namespace {

uint16_t bf16(int value) {
  float f = value;
  uint32_t bits;
  memcpy(&bits, &f, 4);
  return bits >> 16;
}

/// Runs one of the inputs under one seed; the error, or "wrong result".
struct Kernel {
  virtual ~Kernel() = default;
  virtual std::string run(const std::string &text, uint64_t seed) const = 0;
};

struct BarrierKernel : Kernel {
  std::string run(const std::string &text, uint64_t seed) const override {
    std::vector<uint32_t> out(128, ~0u);
    DeviceMemory memory;
    memory.add(out.data(), 512, "out");
    const void *pointer = out.data();
    LaunchConfig config;
    config.block = {128, 1, 1};
    config.seed = seed;
    std::string error = runOnce(text, "barrier", config, {&pointer}, memory);
    for (unsigned i = 0; i < 128 && error.empty(); ++i)
      if (out[i] != (i + 64) % 128)
        error = "wrong result";
    return error;
  }
};

struct CopyKernel : Kernel {
  std::string run(const std::string &text, uint64_t seed) const override {
    std::vector<uint32_t> in(1024), out(1024, ~0u);
    std::iota(in.begin(), in.end(), 7);
    DeviceMemory memory;
    memory.add(in.data(), 4096, "in", /*writable=*/false);
    memory.add(out.data(), 4096, "out");
    const void *pointers[] = {out.data(), in.data()};
    LaunchConfig config;
    config.block = {64, 1, 1};
    config.seed = seed;
    std::string error = runOnce(text, "cp_async", config, {&pointers[0], &pointers[1]}, memory);
    for (unsigned i = 0; i < 1024 && error.empty(); i += 4)
      if (out[i] != in[i ^ 128])
        error = "wrong result";
    return error;
  }
};

struct TmaKernel : Kernel {
  std::string run(const std::string &text, uint64_t seed) const override {
    // The last of 31 rows is out of bounds: read as zero, never written.
    alignas(16) static float in[992], out[1024];
    std::iota(in, in + 992, 1.0f);
    std::fill(out, out + 1024, -1.0f);
    DeviceMemory memory;
    memory.add(in, sizeof in, "in", /*writable=*/false);
    memory.add(out, 31 * 128, "out");
    alignas(64) uint8_t maps[2][128];
    for (int i = 0; i < 2; ++i) {
      TensorMap map;
      map.address = reinterpret_cast<uint64_t>(i ? out : in);
      map.rank = 2;
      map.element = TensorMap::Element::F32;
      map.swizzle = TensorMap::Swizzle::B128;
      map.size[0] = 32, map.size[1] = 31;
      map.stride[1] = 128;
      map.box[0] = 32, map.box[1] = 8;
      map.encode(maps[i]);
    }
    LaunchConfig config;
    config.block = {160, 1, 1};
    config.dynamicShared = 4128;
    config.seed = seed;
    std::string error = runOnce(text, "tma", config, {maps[0], maps[1]}, memory);
    for (unsigned i = 0; i < 1024 && error.empty(); ++i)
      if (out[i] != (i < 992 ? 2 * in[i] : -1.0f))
        error = "wrong result";
    return error;
  }
};

struct WgmmaKernel : Kernel {
  std::string run(const std::string &text, uint64_t seed) const override {
    std::vector<uint16_t> a(64 * 16), b(8 * 16);
    auto left = [](int row, int k) { return (row * 5 + k * 3) % 13 - 6; };
    auto right = [](int column, int k) { return (column * 7 + k * 2) % 11 - 5; };
    for (int k = 0; k < 16; ++k) {
      for (int row = 0; row < 64; ++row)
        a[row * 16 + k] = bf16(left(row, k));
      for (int column = 0; column < 8; ++column)
        b[column * 16 + k] = bf16(right(column, k));
    }
    std::vector<float> out(512, -1.0f);
    DeviceMemory memory;
    memory.add(a.data(), a.size() * 2, "a", /*writable=*/false);
    memory.add(b.data(), b.size() * 2, "b", /*writable=*/false);
    memory.add(out.data(), 2048, "out");
    const void *pointers[] = {out.data(), a.data(), b.data()};
    LaunchConfig config;
    config.block = {128, 1, 1};
    config.seed = seed;
    std::string error =
        runOnce(text, "wgmma", config, {&pointers[0], &pointers[1], &pointers[2]}, memory);
    for (int thread = 0; thread < 128 && error.empty(); ++thread)
      for (int i = 0; i < 4; ++i) {
        int row = thread / 32 * 16 + thread % 32 / 4 + 8 * (i / 2);
        int column = thread % 4 * 2 + i % 2, sum = 0;
        for (int k = 0; k < 16; ++k)
          sum += 2 * left(row, k) * right(column, k);
        if (out[thread * 4 + i] != sum)
          error = "wrong result";
      }
    return error;
  }
};

const BarrierKernel barrier;
const CopyKernel copy;
const TmaKernel tma;
const WgmmaKernel wgmma;

struct Input {
  const char *file;
  const Kernel *kernel;
};
const Input inputs[] = {
    {"barrier", &barrier}, {"cp_async", &copy}, {"tma", &tma}, {"wgmma", &wgmma}};

const Kernel &kernelOf(const std::string &file) {
  for (const Input &input : inputs)
    if (input.file == file)
      return *input.kernel;
  abort();
}

constexpr unsigned interleavings = 24;

/// One planted bug. A report that depends on the interleaving is still expected from each.
struct Bug {
  const char *name, *file, *from, *to, *message;
};

const Bug bugs[] = {
    {"NoBarrierAfterWrite", "barrier", "bar.sync 0; // after write", "", "race: "},
    {"NoBarrierAfterRead", "barrier", "bar.sync 1, 128; // after read", "", "race: "},
    {"ArriveInsteadOfSync", "barrier", "bar.sync 0; // after write", "bar.arrive 0, 128;",
     "race: "},
    {"BarrierCountTooLarge", "barrier", "bar.sync 1, 128;", "bar.sync 1, 160;",
     "barrier 1 expects"},
    {"BarrierCountTooSmall", "barrier", "bar.sync 1, 128;", "bar.sync 1, 96;", ""},
    {"BarrierOutOfRange", "barrier", "bar.sync 1, 128;", "bar.sync 16, 128;", "barrier 16 of 16"},
    {"SharedOutOfBounds", "barrier", "and.b32 %r5, %r5, 511", "and.b32 %r5, %r5, 1023",
     "is outside"},
    {"SharedMisaligned", "barrier", "add.s32 %r5, %r2, 128", "add.s32 %r5, %r2, 130",
     "not aligned"},
    {"GlobalOutOfBounds", "barrier", "st.global.b32 [%rd3]", "st.global.b32 [%rd3+4]",
     "is past the 512 bytes of 'out'"},
    {"NoFirstCommit", "cp_async", "cp.async.commit_group; // first", "", "race: "},
    {"NoNextCommit", "cp_async", "cp.async.commit_group; // next", "", "race: "},
    {"WeakWaitGroup", "cp_async", "wait_group 1", "wait_group 2", "race: "},
    {"NoWaitGroup", "cp_async", "cp.async.wait_group 1;", "", "race: "},
    {"NoBarrierAfterCopy", "cp_async", "bar.sync 0; // copied", "", "race: "},
    {"EarlyOverwriteByCopy", "cp_async", "bar.sync 0; // read", "", "race: "},
    {"CopyOutOfBounds", "cp_async", "setp.lt.u32 %p1, %r6, 3", "setp.lt.u32 %p1, %r6, 4",
     "bytes of 'in'"},
    {"NoInitFence", "tma", "fence.mbarrier_init.release.cluster;", "", "missing fence"},
    {"NoBarrierAfterInit", "tma", "bar.sync 0; // barriers exist", "", ""},
    {"NoWaitForFull", "tma",
     "mbarrier.try_wait.parity.shared.b64 %p4, [%r6+4096], %r8;\n\t@!%p4 bra FULL;", "", ""},
    {"NoWaitForEmpty", "tma",
     "mbarrier.try_wait.parity.shared.b64 %p4, [%r6+4112], %r8;\n\t@!%p4 bra EMPTY;", "", ""},
    {"WrongEmptyParity", "tma", "xor.b32 %r8, %r8, 1;", "", "deadlock"},
    {"WrongFullParity", "tma", "mbarrier.try_wait.parity.shared.b64 %p4, [%r6+4096], %r8",
     "mbarrier.try_wait.parity.shared.b64 %p4, [%r6+4096], 1", ""},
    {"ExpectsTooManyBytes", "tma", "[%r6+4096], 1024", "[%r6+4096], 1040", "16 bytes pending"},
    {"ExpectsNoBytes", "tma", "mbarrier.arrive.expect_tx.shared.b64 _, [%r6+4096], 1024",
     "mbarrier.arrive.shared.b64 _, [%r6+4096]", ""},
    {"ExpectsHalf", "tma", "[%r6+4096], 1024", "[%r6+4096], 512", "bytes pending"},
    {"TooFewArrivals", "tma", "[smem+4112], 4", "[smem+4112], 5", "1 of 5 arrivals"},
    {"TooFewArrivalsExpected", "tma", "[smem+4112], 4", "[smem+4112], 1", ""},
    {"NoProxyFence", "tma", "fence.proxy.async.shared::cta;", "", "missing fence.proxy.async"},
    {"StoreBeforeOthersWrote", "tma", "bar.sync 1, 128; // written", "", "race: "},
    {"NoBulkCommit", "tma", "cp.async.bulk.commit_group;", "", ""},
    {"NoBulkWait", "tma", "cp.async.bulk.wait_group.read 0;", "", ""},
    {"OverwriteBeforeStored", "tma", "cp.async.bulk.wait_group.read 0;",
     "setp.lt.u32 %p8, %r3, 3;\n\t@%p8 bra STORED;\n\tcp.async.bulk.wait_group.read 0;",
     "the source changed before"},
    {"ReleaseBeforeRead", "tma",
     "ld.shared.v2.b32 {%r13, %r14}, [%r12];\n\t@%p6 mbarrier.arrive.shared.b64 _, [%r6+4112];",
     "@%p6 mbarrier.arrive.shared.b64 _, [%r6+4112];\n\tld.shared.v2.b32 {%r13, %r14}, [%r12];",
     "race: "},
    {"BoxMisaligned", "tma", "shl.b32 %r7, %r5, 10;", "shl.b32 %r7, %r5, 9;", "not aligned"},
    {"BoxOutOfBounds", "tma", "add.s32 %r17, %r7, 2048", "add.s32 %r17, %r7, 4096", ""},
    {"CoordinateOffByOne", "tma", "[%rd2, {0, %r9}]", "[%rd2, {1, %r9}]", "wrong result"},
    {"NoWgmmaFence", "wgmma", "wgmma.fence.sync.aligned;", "", "no wgmma.fence"},
    {"WriteAfterWgmmaFence", "wgmma", "wgmma.fence.sync.aligned;",
     "wgmma.fence.sync.aligned;\n\tmov.f32 %f1, 0f00000000;", "after the last wgmma.fence"},
    {"NoWgmmaCommit", "wgmma", "wgmma.commit_group.sync.aligned;", "", "reads accumulator"},
    {"NoWgmmaWait", "wgmma", "wgmma.wait_group.sync.aligned 0;", "", "reads accumulator"},
    {"WeakWgmmaWait", "wgmma", "wgmma.wait_group.sync.aligned 0;",
     "wgmma.wait_group.sync.aligned 1;", "reads accumulator"},
    {"InputOverwritten", "wgmma", "wgmma.commit_group.sync.aligned;",
     "mov.b32 %r24, 0;\n\twgmma.commit_group.sync.aligned;", "which a wgmma in flight uses"},
    {"OperandOverwritten", "wgmma", "wgmma.commit_group.sync.aligned;",
     "st.shared.b32 [%r10], 0;\n\twgmma.commit_group.sync.aligned;", "race: "},
    {"OperandOverwrittenInFlight", "wgmma", "wgmma.commit_group.sync.aligned;",
     "wgmma.commit_group.sync.aligned;\n\tbar.sync 0;\n\tst.shared.b32 [%r10], 0;",
     "an operand changed before a wait_group"},
    {"NoProxyFenceBeforeWgmma", "wgmma", "fence.proxy.async.shared::cta;", "",
     "missing fence.proxy.async"},
    {"NoBarrierBeforeWgmma", "wgmma", "bar.sync 0;", "", "race: "},
    {"NotSwizzled", "wgmma", "xor.b32 %r8, %r2, %r7", "mov.b32 %r8, %r2", "wrong result"},
    {"WrongSwizzleMode", "wgmma", "or.b64 %rd8, %rd8, 0xC000001000010000",
     "or.b64 %rd8, %rd8, 0x8000001000010000", "wrong result"},
    {"DescriptorDiffers", "wgmma", "shr.u32 %r28, %r28, 4",
     "shr.u32 %r28, %r28, 4;\n\tadd.s32 %r28, %r28, %r17", "same descriptors"},
    {"NotTheWholeWarp", "wgmma", "wgmma.fence.sync.aligned;", "@%p1 wgmma.fence.sync.aligned;",
     "whole warp"},
};

TEST(Synchronisation, CorrectKernelsPassUnderEveryInterleaving) {
  for (const Input &input : inputs)
    for (unsigned seed = 1; seed <= interleavings; ++seed)
      ASSERT_EQ(input.kernel->run(readInput(input.file), seed), "")
          << input.file << ", seed " << seed;
}

class PlantedBug : public ::testing::TestWithParam<Bug> {};

TEST_P(PlantedBug, IsCaught) {
  const Bug &bug = GetParam();
  std::string text = replaced(readInput(bug.file), bug.from, bug.to);
  for (unsigned seed = 1; seed <= interleavings; ++seed) {
    std::string error = kernelOf(bug.file).run(text, seed);
    ASSERT_NE(error, "") << "seed " << seed;
    ASSERT_NE(error.find(bug.message), std::string::npos) << "seed " << seed << ": " << error;
  }
}

INSTANTIATE_TEST_SUITE_P(All, PlantedBug, ::testing::ValuesIn(bugs),
                         [](const auto &info) { return std::string(info.param.name); });

// Of 16 bytes that one warp wrote, only the first word is known, or fenced: an access of all of
// them must not take the rest for granted.
TEST(SharedMemory, WordsOfOneWriterAreToldApart) {
  const std::string before =
      ".version 8.0\n.target sm_90a\n.address_size 64\n"
      ".visible .entry k(.param .align 64 .b8 map[128])\n{\n.reg .pred %p<3>;\n.reg .b32 %r<9>;\n"
      ".reg .b64 %rd<3>;\n.shared .align 128 .b8 tile[16];\n"
      "mov.b64 %rd1, map; cvta.param.u64 %rd1, %rd1;\n"
      "mov.u32 %r1, %tid.x; setp.eq.b32 %p1, %r1, 0; setp.eq.b32 %p2, %r1, 32;\n";
  const std::string readEarly =
      before + "@%p1 st.shared.b32 [tile], 1; bar.sync 0; @%p1 st.shared.b32 [tile+4], 1;\n"
               "@%p2 ld.shared.v4.b32 {%r2, %r3, %r4, %r5}, [tile]; bar.sync 0;\nret;\n}\n";
  const std::string fencedEarly =
      before + "@%p1 st.shared.b32 [tile], 1; fence.proxy.async.shared::cta;\n"
               "@%p1 st.shared.b32 [tile+4], 1; bar.sync 0;\n"
               "@%p2 cp.async.bulk.tensor.1d.global.shared::cta.tile.bulk_group [%rd1, {0}], "
               "[tile];\ncp.async.bulk.commit_group; cp.async.bulk.wait_group 0;\nret;\n}\n";
  alignas(16) float out[4];
  TensorMap map;
  map.address = reinterpret_cast<uint64_t>(out);
  map.rank = 1;
  map.element = TensorMap::Element::F32;
  map.size[0] = map.box[0] = 4;
  alignas(64) uint8_t bytes[128];
  map.encode(bytes);
  DeviceMemory memory;
  memory.add(out, sizeof out, "out");
  LaunchConfig config;
  config.block = {64, 1, 1};
  unsigned races = 0;
  for (config.seed = 1; config.seed <= interleavings; ++config.seed) {
    // Whether the read comes first is up to the interleaving; then it is the write that races.
    const std::string race = runOnce(readEarly, "k", config, {bytes}, memory);
    EXPECT_NE(race.find("race: "), std::string::npos) << race;
    races += race.find("race: reads") != std::string::npos;
    const std::string fence = runOnce(fencedEarly, "k", config, {bytes}, memory);
    EXPECT_NE(fence.find("missing fence.proxy.async"), std::string::npos) << fence;
  }
  EXPECT_GT(races, 0u);
}

//===----------------------------------------------------------------------===//
// Phases
//===----------------------------------------------------------------------===//

/// Warp 1 completes two phases of an mbarrier with `arrive`; warp 0 waits for the first, and both
/// run `between`.
std::string runPhases(const std::string &arrive, const std::string &between, uint64_t seed) {
  const std::string text =
      ".version 8.0\n.target sm_90a\n.address_size 64\n.visible .entry k()\n{\n"
      ".reg .pred %p<4>;\n.reg .b32 %r<4>;\n.shared .align 8 .b8 bar[8];\n"
      "mov.u32 %r1, %tid.x; setp.eq.b32 %p1, %r1, 0; setp.lt.u32 %p2, %r1, 32;\n"
      "@%p1 mbarrier.init.shared.b64 [bar], 32; bar.sync 0;\n@%p2 bra WAIT;\n" +
      arrive + "\n" + between + "\n" + arrive +
      "\nbra END;\nWAIT: mbarrier.try_wait.parity.shared.b64 %p3, [bar], 0; @!%p3 bra WAIT;\n" +
      between + "\nEND: ret;\n}\n";
  LaunchConfig config;
  config.block = {64, 1, 1};
  config.seed = seed;
  return runOnce(text, "k", config, {}, DeviceMemory());
}

// Whether the wait comes in time or too late is up to the interleaving; it is an error in any case.
TEST(Phases, DoNotOvertakeAWait) {
  for (const char *arrive : {"mbarrier.arrive.shared.b64 _, [bar];",
                             "cp.async.mbarrier.arrive.noinc.shared.b64 [bar];"}) {
    unsigned inTime = 0, tooLate = 0;
    for (uint64_t seed = 1; seed <= interleavings; ++seed) {
      EXPECT_EQ(runPhases(arrive, "bar.sync 0;", seed), "");
      const std::string error = runPhases(arrive, "", seed);
      const bool isInTime =
          error.find("may complete this phase before warp 0 sees") != std::string::npos;
      const bool isTooLate = error.find("deadlock") != std::string::npos;
      EXPECT_TRUE(isInTime || isTooLate) << error;
      inTime += isInTime;
      tooLate += isTooLate;
    }
    EXPECT_GT(inTime, 0u) << arrive;
    EXPECT_GT(tooLate, 0u) << arrive;
  }
}

//===----------------------------------------------------------------------===//
// Registers
//===----------------------------------------------------------------------===//

/// Three warpgroups: one that runs `first`, and two that run `others`.
std::string runWarpgroups(const std::string &directives, const std::string &first,
                          const std::string &others, uint64_t seed) {
  const std::string text = ".version 8.0\n.target sm_90a\n.address_size 64\n.visible .entry k()\n" +
                           directives + "\n{\n.reg .pred %p<2>;\n.reg .b32 %r<40>;\n" +
                           ".reg .b64 %rd<2>;\nmov.u32 %r0, %tid.x;\n" +
                           "setp.lt.u32 %p0, %r0, 128;\n@%p0 bra FIRST;\n" + others +
                           "\nbra END;\nFIRST: " + first + "\nEND: ret;\n}\n";
  LaunchConfig config;
  config.block = {384, 1, 1};
  config.seed = seed;
  return runOnce(text, "k", config, {}, DeviceMemory());
}

// 65536 registers are 168 for each of 384 threads; two groups have what the third gives them.
TEST(Registers, GoThroughThePoolOfTheCta) {
  struct Case {
    const char *directives, *first, *others, *message;
  };
  const char one[] = ".reqntid 384, 1, 1\n.minnctapersm 1", two[] = ".maxntid 384\n.minnctapersm 2";
  const Case cases[] = {
      {one, "setmaxnreg.dec.sync.aligned.u32 56;", "setmaxnreg.inc.sync.aligned.u32 224;", ""},
      {one, "setmaxnreg.dec.sync.aligned.u32 56;", "setmaxnreg.inc.sync.aligned.u32 232;",
       "deadlock"},
      {one, "setmaxnreg.dec.sync.aligned.u32 64;", "setmaxnreg.inc.sync.aligned.u32 224;",
       "setmaxnreg.inc.sync.aligned.u32 224 ("},
      {one, "", "setmaxnreg.inc.sync.aligned.u32 176;", "(0 registers are free)"},
      {one, "setmaxnreg.inc.sync.aligned.u32 168;", "setmaxnreg.dec.sync.aligned.u32 168;", ""},
      {one, "setmaxnreg.inc.sync.aligned.u32 160;", "",
       "setmaxnreg to 160 registers, of a warp that has 168"},
      {one, "setmaxnreg.dec.sync.aligned.u32 176;", "",
       "setmaxnreg to 176 registers, of a warp that has 168"},
      {two, "setmaxnreg.dec.sync.aligned.u32 56;", "setmaxnreg.inc.sync.aligned.u32 88;", ""},
      {two, "setmaxnreg.dec.sync.aligned.u32 56;", "setmaxnreg.inc.sync.aligned.u32 96;",
       "deadlock"},
      {".reqntid 384\n.maxnreg 96", "setmaxnreg.dec.sync.aligned.u32 104;", "",
       "of a warp that has 96"}};
  for (const Case &c : cases)
    for (uint64_t seed = 1; seed <= interleavings; ++seed) {
      const std::string error = runWarpgroups(c.directives, c.first, c.others, seed);
      EXPECT_NE(error.find(c.message), std::string::npos) << c.message << ": " << error;
      EXPECT_EQ(error.empty(), !*c.message) << error;
    }
}

TEST(Registers, MustHoldWhatAWgmmaUses) {
  std::string sums = "%r1";
  for (int i = 2; i <= 32; ++i)
    sums += ", %r" + std::to_string(i);
  const std::string multiply = "wgmma.fence.sync.aligned;\nmov.b64 %rd0, 0x4000004000010040;\n"
                               "wgmma.mma_async.sync.aligned.m64n64k16.f32.f16.f16 {" +
                               sums +
                               "}, %rd0, %rd0, 0, 1, 1, 0, 0;\nwgmma.commit_group.sync.aligned;\n" +
                               "wgmma.wait_group.sync.aligned 0;";
  auto run = [&](const std::string &registers) {
    return runWarpgroups(".reqntid 384, 1, 1",
                         "setmaxnreg.dec.sync.aligned.u32 " + registers + ";\n" + multiply, "", 1);
  };
  const std::string error = run("24");
  EXPECT_NE(error.find("a wgmma with 32 registers, of a warp that has 24"), std::string::npos)
      << error;
  EXPECT_EQ(run("32").find("a wgmma with"), std::string::npos) << run("32");
}

} // namespace
