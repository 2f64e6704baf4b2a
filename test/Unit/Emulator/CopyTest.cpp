//===- CopyTest.cpp - device memory, tensor copies and bulk copies ------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Harness.h"
#include "gtest/gtest.h"
#include <cstring>
#include <numeric>
#include <tuple>

using namespace attn::ptx;
using namespace attn::ptx::test;

namespace {

const std::string header = ".version 8.0\n.target sm_90a\n.address_size 64\n";

/// Runs `text`, a kernel "k" of one warp.
std::string run(const std::string &text, const std::vector<const void *> &arguments,
                const DeviceMemory &memory, uint64_t seed = 1) {
  LaunchConfig config;
  config.block = {32, 1, 1};
  config.seed = seed;
  return runOnce(text, "k", config, arguments, memory);
}

TEST(DeviceMemory, AddressesNeedNotBeTheHosts) {
  const std::string text =
      header + ".visible .entry k(.param .u64 out)\n{\n.reg .b32 %r<4>;\n.reg .b64 %rd<4>;\n"
               "ld.param.b64 %rd1, [out]; mov.u32 %r1, %tid.x; mul.wide.u32 %rd2, %r1, 4;\n"
               "add.s64 %rd1, %rd1, %rd2; st.global.b32 [%rd1], %r1;\nret;\n}\n";
  std::vector<uint32_t> storage(32, ~0u);
  DeviceMemory memory;
  const uint64_t address = 0x700000001000;
  memory.addAt(address, storage.data(), 128, "out");
  ASSERT_EQ(run(text, {&address}, memory), "");
  for (uint32_t i = 0; i < 32; ++i)
    EXPECT_EQ(storage[i], i);

  std::string problem;
  EXPECT_EQ(memory.find(address + 8, 4, true, problem),
            reinterpret_cast<uint8_t *>(storage.data()) + 8);
  EXPECT_EQ(memory.find(address + 126, 4, true, problem), nullptr);
  EXPECT_EQ(problem, "global access of 4 bytes at offset 126 is past the 128 bytes of 'out'");
  EXPECT_EQ(memory.find(address, ~size_t(0), true, problem), nullptr);
  // What the host calls it means nothing to a kernel.
  const void *host = storage.data();
  EXPECT_NE(run(text, {&host}, memory).find("is in no allocation"), std::string::npos);
}

TEST(Launch, SaysWhetherTheKernelStarted) {
  std::string error;
  const auto module =
      Module::parse(header + ".visible .entry k()\n.reqntid 32, 1, 1\n{\ntrap;\nret;\n}\n", error);
  ASSERT_TRUE(module) << error;
  LaunchConfig config;
  config.block = {64, 1, 1};
  LaunchResult result = launch(*module, "k", config, nullptr, DeviceMemory());
  EXPECT_NE(result.error.find("64 threads"), std::string::npos) << result.error;
  EXPECT_FALSE(result.started);
  config.block = {32, 1, 1};
  result = launch(*module, "k", config, nullptr, DeviceMemory());
  EXPECT_NE(result.error.find("trap"), std::string::npos) << result.error;
  EXPECT_TRUE(result.started);
}

/// A box of 8 x 4 that hangs over the edges of a tensor of 10 x 3.
struct Box {
  int x, y;
  TensorMap::Element element;
  bool fillNaN;
};

constexpr unsigned kWide = 10, kHigh = 3, kBoxWide = 8, kBoxHigh = 4;

std::string boxKernel(bool isLoad, const Box &box) {
  const std::string at = "{" + std::to_string(box.x) + ", " + std::to_string(box.y) + "}";
  std::string text = header +
                     ".visible .entry k(.param .align 64 .b8 map[128], .param .u64 flat)\n{\n"
                     ".reg .pred %p<4>;\n.reg .b32 %r<9>;\n.reg .b64 %rd<9>;\n"
                     ".shared .align 128 .b8 tile[128];\n.shared .align 8 .b8 bar[8];\n"
                     "mov.u32 %r1, %tid.x; setp.ne.b32 %p1, %r1, 0;\n"
                     "mov.b64 %rd1, map; cvta.param.u64 %rd1, %rd1; ld.param.b64 %rd2, [flat];\n"
                     "shl.b32 %r2, %r1, 2; cvt.u64.u32 %rd3, %r2; add.s64 %rd2, %rd2, %rd3;\n"
                     "mov.b32 %r3, tile; add.s32 %r4, %r3, %r2;\n";
  const unsigned bytes = box.element == TensorMap::Element::F32 ? 128 : 64;
  if (isLoad)
    text += "@!%p1 mbarrier.init.shared.b64 [bar], 1;\nfence.mbarrier_init.release.cluster;\n"
            "bar.sync 0;\n@%p1 bra WAIT;\nmbarrier.arrive.expect_tx.shared.b64 _, [bar], " +
            std::to_string(bytes) +
            ";\ncp.async.bulk.tensor.2d.shared::cluster.global.tile.mbarrier::complete_tx::bytes "
            "[tile], [%rd1, " +
            at +
            "], [bar];\nWAIT: mbarrier.try_wait.parity.shared.b64 %p2, [bar], 0;\n"
            "@!%p2 bra WAIT;\n";
  text += "setp.ge.u32 %p3, %r2, " + std::to_string(bytes) + ";\n";
  if (isLoad)
    text += "@!%p3 ld.shared.b32 %r5, [%r4];\n@!%p3 st.global.b32 [%rd2], %r5;\nret;\n}\n";
  else
    text += "@!%p3 ld.global.b32 %r5, [%rd2];\n@!%p3 st.shared.b32 [%r4], %r5;\n"
            "fence.proxy.async.shared::cta;\nbar.sync 0;\n@%p1 bra END;\n"
            "cp.async.bulk.tensor.2d.global.shared::cta.tile.bulk_group [%rd1, " +
            at +
            "], [tile];\ncp.async.bulk.commit_group;\ncp.async.bulk.wait_group 0;\n"
            "END: ret;\n}\n";
  return text;
}

/// A matrix whose rows are 64 bytes apart, in boxes of `boxKernel`.
TensorMap matrixMap(const void *tensor, TensorMap::Element element, unsigned wide, unsigned high) {
  TensorMap map;
  map.address = reinterpret_cast<uint64_t>(tensor);
  map.rank = 2;
  map.element = element;
  map.size[0] = wide, map.size[1] = high;
  map.stride[1] = 64;
  map.box[0] = kBoxWide, map.box[1] = kBoxHigh;
  return map;
}

template <typename Element>
void checkBox(const Box &box) {
  SCOPED_TRACE(std::to_string(box.x) + ", " + std::to_string(box.y));
  const unsigned stride = 64 / sizeof(Element); // elements of a row of the tensor in memory
  alignas(16) Element tensor[4 * 64], flat[kBoxWide * kBoxHigh];
  std::iota(tensor, tensor + 4 * 64, Element(1));
  TensorMap map = matrixMap(tensor, box.element, kWide, kHigh);
  map.fillNaN = box.fillNaN;
  ASSERT_EQ(map.check(), "");
  alignas(64) uint8_t bytes[128];
  map.encode(bytes);
  DeviceMemory memory;
  // No more than the map says: what hangs over must not be touched.
  memory.add(tensor, 2 * 64 + kWide * sizeof(Element), "tensor");
  memory.add(flat, sizeof flat, "flat");
  const void *pointer = flat;
  auto isInside = [&](unsigned x, unsigned y) {
    const int column = box.x + int(x), row = box.y + int(y);
    return column >= 0 && column < int(kWide) && row >= 0 && row < int(kHigh);
  };
  auto expected = [&](unsigned x, unsigned y) {
    return Element(1 + (box.y + int(y)) * int(stride) + box.x + int(x));
  };
  for (uint64_t seed = 1; seed <= 3; ++seed) {
    memset(flat, 0x55, sizeof flat);
    ASSERT_EQ(run(boxKernel(/*isLoad=*/true, box), {bytes, &pointer}, memory, seed), "");
    for (unsigned y = 0; y < kBoxHigh; ++y)
      for (unsigned x = 0; x < kBoxWide; ++x) {
        Element found = flat[y * kBoxWide + x], outside;
        memset(&outside, box.fillNaN ? 0xff : 0, sizeof outside);
        const Element wanted = isInside(x, y) ? expected(x, y) : outside;
        EXPECT_EQ(memcmp(&found, &wanted, sizeof found), 0) << x << ", " << y;
      }
  }

  std::vector<Element> before(tensor, tensor + 4 * 64);
  std::iota(flat, flat + kBoxWide * kBoxHigh, Element(500));
  ASSERT_EQ(run(boxKernel(/*isLoad=*/false, box), {bytes, &pointer}, memory), "");
  for (unsigned y = 0; y < kBoxHigh; ++y)
    for (unsigned x = 0; x < kBoxWide; ++x)
      if (isInside(x, y))
        before[(box.y + int(y)) * int(stride) + box.x + int(x)] = Element(500 + y * kBoxWide + x);
  for (unsigned i = 0; i < 4 * 64; ++i)
    EXPECT_EQ(before[i], tensor[i]) << i;
}

TEST(TensorCopy, BoxesHangOverTheEdges) {
  for (int x : {-9, -8, -3, 0, 2, 3, 9, 10})
    for (int y : {-4, -1, 0, 2, 3})
      for (bool fillNaN : {false, true}) {
        checkBox<float>({x, y, TensorMap::Element::F32, fillNaN});
        checkBox<uint16_t>({x, y, TensorMap::Element::BF16, fillNaN});
      }
}

TEST(TensorCopy, MemoryThatIsNotThereIsReported) {
  alignas(16) float tensor[64] = {};
  const TensorMap map = matrixMap(tensor, TensorMap::Element::F32, kWide, kHigh);
  alignas(64) uint8_t bytes[128];
  map.encode(bytes);
  float flat[32];
  DeviceMemory memory;
  memory.add(tensor, 2 * 64 + 28, "tensor"); // an element of the last row is missing
  memory.add(flat, sizeof flat, "flat");
  const void *pointer = flat;
  const std::string error =
      run(boxKernel(true, {0, 0, TensorMap::Element::F32, false}), {bytes, &pointer}, memory);
  EXPECT_NE(error.find("of 'tensor' (by the tensor map)"), std::string::npos) << error;
}

TEST(TensorCopy, WaitsForTheLanesThatWroteItsSource) {
  alignas(16) float tensor[64], flat[32] = {};
  const TensorMap map = matrixMap(tensor, TensorMap::Element::F32, kBoxWide, kBoxHigh);
  alignas(64) uint8_t bytes[128];
  map.encode(bytes);
  DeviceMemory memory;
  memory.add(tensor, sizeof tensor, "tensor");
  memory.add(flat, sizeof flat, "flat");
  const void *pointer = flat;
  const std::string text = boxKernel(/*isLoad=*/false, {0, 0, TensorMap::Element::F32, false});
  auto runWith = [&](const std::string &barrier) {
    return run(replaced(text, "bar.sync 0;", barrier), {bytes, &pointer}, memory);
  };
  EXPECT_EQ(runWith("bar.sync 0;"), "");
  EXPECT_EQ(runWith("bar.warp.sync -1;"), "");
  const std::string error = runWith("");
  EXPECT_NE(error.find("race: lane 0 reads shared address "), std::string::npos) << error;
  EXPECT_NE(error.find("without waiting for lane 1 and "), std::string::npos) << error;
}

/// 64 bytes from global into shared memory and on to global memory, in bulk.
const std::string bulkKernel =
    header +
    ".visible .entry k(.param .u64 to, .param .u64 from)\n{\n.reg .pred %p<4>;\n"
    ".reg .b32 %r<4>;\n.reg .b64 %rd<4>;\n.shared .align 16 .b8 tile[64];\n"
    ".shared .align 8 .b8 bar[8];\nmov.u32 %r1, %tid.x; setp.ne.b32 %p1, %r1, 0;\n"
    "ld.param.b64 %rd1, [to]; ld.param.b64 %rd2, [from];\n@%p1 bra END;\n"
    "mbarrier.init.shared.b64 [bar], 1; fence.mbarrier_init.release.cluster;\n"
    "mbarrier.arrive.expect_tx.shared.b64 _, [bar], 64;\n"
    "cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes [tile], [%rd2], 64, [bar];\n"
    "WAIT: mbarrier.try_wait.parity.shared.b64 %p2, [bar], 0; @!%p2 bra WAIT;\n"
    "cp.async.bulk.global.shared::cta.bulk_group [%rd1], [tile], 64;\n"
    "cp.async.bulk.commit_group; cp.async.bulk.wait_group 0;\nEND: ret;\n}\n";

TEST(BulkCopy, GoesBothWays) {
  alignas(16) uint32_t from[16], to[16];
  std::iota(from, from + 16, 1);
  DeviceMemory memory;
  memory.add(from, 64, "from", /*writable=*/false);
  memory.add(to, 64, "to");
  const void *pointers[] = {to, from};
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    memset(to, 0xff, 64);
    ASSERT_EQ(run(bulkKernel, {&pointers[0], &pointers[1]}, memory, seed), "");
    EXPECT_EQ(memcmp(from, to, 64), 0);
  }
}

TEST(BulkCopy, MistakesAreReported) {
  alignas(16) uint32_t from[16] = {}, to[16];
  DeviceMemory memory;
  memory.add(from, 64, "from", /*writable=*/false);
  memory.add(to, 64, "to");
  const void *pointers[] = {to, from};
  const std::tuple<std::string, std::string, std::string> mistakes[] = {
      {"[%rd2], 64", "[%rd2], 40", "no multiple of 16"},
      {"[%rd2], 64", "[%rd2+4], 64", "not aligned to 16 bytes"},
      {"[%rd2], 64", "[%rd2+16], 64", "is past the 64 bytes of 'from'"},
      {"[tile], 64", "[tile], 80", "is outside"},
      {"[%rd1], [tile]", "[%rd2], [tile]", "which is read-only"},
      {"_, [bar], 64", "_, [bar], 48", ""},
      {"WAIT: mbarrier.try_wait.parity.shared.b64 %p2, [bar], 0; @!%p2 bra WAIT;", "",
       "race: reads"},
      {"cp.async.bulk.wait_group 0;", "", "before a wait_group for this store"}};
  for (const auto &[mistake, instead, message] : mistakes)
    for (uint64_t seed = 1; seed <= 5; ++seed) {
      const std::string error =
          run(replaced(bulkKernel, mistake, instead), {&pointers[0], &pointers[1]}, memory, seed);
      EXPECT_NE(error, "") << instead;
      EXPECT_NE(error.find(message), std::string::npos) << error;
    }
}

// A wait_group.read frees the source. The bytes may still be on their way, and land on what is
// stored to the same place meanwhile.
TEST(BulkCopy, MayWriteAfterItsSourceWasRead) {
  const std::string reused = replaced(bulkKernel, "cp.async.bulk.wait_group 0;",
                                      "cp.async.bulk.wait_group.read 0; st.shared.b32 [tile], 7;\n"
                                      "cp.async.bulk.wait_group 0; st.global.b32 [%rd1+4], 8;");
  const std::string early = replaced(reused, "cp.async.bulk.wait_group 0;", "");
  alignas(16) uint32_t from[16], to[16];
  std::iota(from, from + 16, 1);
  DeviceMemory memory;
  memory.add(from, 64, "from", /*writable=*/false);
  memory.add(to, 64, "to");
  const void *pointers[] = {to, from};
  unsigned overwrites = 0;
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    ASSERT_EQ(run(reused, {&pointers[0], &pointers[1]}, memory, seed), "");
    EXPECT_EQ(to[0], 1u) << "what was in shared memory when the copy began";
    EXPECT_EQ(to[1], 8u);
    ASSERT_EQ(run(early, {&pointers[0], &pointers[1]}, memory, seed), "");
    EXPECT_EQ(to[0], 1u);
    overwrites += to[1] == 2;
  }
  EXPECT_GT(overwrites, 0u);
}

TEST(Parameters, AStructureIsPassedByValue) {
  const std::string text =
      header + ".visible .entry k(.param .align 64 .b8 map[128], .param .align 8 .b8 launch[40])\n"
               "{\n.reg .b32 %r<9>;\n.reg .b64 %rd<9>;\nld.param.b64 %rd1, [launch+8];\n"
               "ld.param.v2.b32 {%r1, %r2}, [launch+16]; mov.b64 %rd2, launch;\n"
               "cvta.param.u64 %rd3, %rd2; ld.b32 %r3, [%rd3+36]; ld.param.b32 %r4, [%rd2+32];\n"
               "st.global.v4.b32 [%rd1], {%r1, %r2, %r3, %r4};\nret;\n}\n";
  alignas(16) uint32_t out[4] = {};
  uint32_t words[10];
  std::iota(words, words + 10, 100);
  const uint64_t address = reinterpret_cast<uint64_t>(out);
  memcpy(words + 2, &address, 8);
  DeviceMemory memory;
  memory.add(out, sizeof out, "out");
  alignas(64) uint8_t map[128] = {};
  ASSERT_EQ(run(text, {map, words}, memory), "");
  const uint32_t expected[] = {104, 105, 109, 108};
  EXPECT_EQ(memcmp(out, expected, sizeof out), 0);
  const std::string beyond =
      run(replaced(text, "[launch+16]", "[launch+40]"), {map, words}, memory);
  EXPECT_NE(beyond.find("parameter address 168 is out of bounds"), std::string::npos) << beyond;
}

} // namespace
