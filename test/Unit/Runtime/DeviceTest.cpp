//===- DeviceTest.cpp - real launches of small kernels on the emulated driver ---------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Kernels written by hand go the whole way: the runtime's C functions, the driver opened with
// dlopen, PTX text, the emulator.
//
//===------------------------------------------------------------------------------===//

#include "DeviceHarness.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <fstream>
#include <limits>
#include <numeric>
#include <set>
#include <thread>

using namespace attn::test;

namespace {

const int64_t patternArguments[] = {1234567890123, -7};

/// Copies the whole parameter to the output, behind it the number of CTAs.
std::string recordKernel() {
  std::string body;
  const unsigned bytes = sizeof(AttnLaunch) + 16;
  for (unsigned i = 0; i < bytes; i += 8)
    body += "\tld.param.b64 %rd2, [launch+" + std::to_string(i) + "];\n\tst.global.b64 [%rd1+" +
            std::to_string(i) + "], %rd2;\n";
  return plainKernel(body + "\tmov.u32 %r4, %nctaid.x;\n\tst.global.b32 [%rd1+" +
                     std::to_string(bytes) + "], %r4;\n");
}

bool contains(const std::string &text, const std::string &part) {
  return text.find(part) != std::string::npos;
}

//===----------------------------------------------------------------------===//
// What a launch passes
//===----------------------------------------------------------------------===//

TEST_F(DeviceTest, PassesEveryFieldOfTheLaunch) {
  AttnDeviceKernel *kernel = load(plainInfo("k"), recordKernel());
  ASSERT_NE(kernel, nullptr) << attn_last_error();
  DeviceBuffer output(driver, sizeof(AttnLaunch) + 16 + 4);
  AttnArgs args = plainArgs(patternArguments);
  // A different number for each field.
  int64_t next = 1;
  for (AttnTensor *tensor : {&args.query, &args.key, &args.value, &args.output, &args.lse})
    for (int64_t &stride : tensor->strides)
      stride = 8 * next++;
  args.query.data = reinterpret_cast<void *>(0x1000);
  args.key.data = reinterpret_cast<void *>(0x2000);
  args.value.data = reinterpret_cast<void *>(0x3000);
  args.output.data = output.address;
  args.lse.data = reinterpret_cast<void *>(0x5004);
  ASSERT_EQ(attn_device_launch(kernel, &args, nullptr), ATTN_OK) << attn_last_error();
  ASSERT_EQ(attn_device_synchronize(driver, nullptr), ATTN_OK) << attn_last_error();

  const auto bytes = output.download<char>();
  AttnLaunch found;
  memcpy(&found, bytes.data(), sizeof(found));
  EXPECT_EQ(found.query, args.query.data);
  EXPECT_EQ(found.key, args.key.data);
  EXPECT_EQ(found.value, args.value.data);
  EXPECT_EQ(found.output, args.output.data);
  EXPECT_EQ(found.lse, args.lse.data);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(found.query_strides[i], args.query.strides[i]);
    EXPECT_EQ(found.key_strides[i], args.key.strides[i]);
    EXPECT_EQ(found.value_strides[i], args.value.strides[i]);
    EXPECT_EQ(found.output_strides[i], args.output.strides[i]);
    EXPECT_EQ(found.lse_strides[i], args.lse.strides[i]);
  }
  EXPECT_EQ(found.offset, -16);
  EXPECT_EQ(found.key_offset, 3);
  EXPECT_EQ(found.length, 27);
  EXPECT_EQ(found.query_length, 40);
  EXPECT_EQ(found.key_length, 24);
  EXPECT_EQ(found.query_heads, 4);
  EXPECT_EQ(found.group, 2);
  EXPECT_EQ(found.tiles, 3) << "40 queries in tiles of 16";
  EXPECT_EQ(found.items, 2 * 4 * 3);
  EXPECT_FLOAT_EQ(found.scale_log2, 0.5f * 1.44269504f);
  EXPECT_EQ(found.reserved, 0);
  int64_t numbers[2];
  memcpy(numbers, bytes.data() + sizeof(AttnLaunch), 16);
  EXPECT_EQ(numbers[0], patternArguments[0]);
  EXPECT_EQ(numbers[1], patternArguments[1]);
  attn_device_unload(kernel);
}

/// The number of CTAs of a launch under so many processors.
int ctasOf(const AttnDriver *driver, const AttnDeviceInfo &info, const char *processors) {
  const Variable variable("ATTN_EMULATOR_PROCESSORS", processors);
  const std::string ptx = recordKernel();
  AttnDeviceKernel *kernel = attn_device_load(driver, &info, ptx.c_str(), ptx.size() + 1);
  if (!kernel) {
    ADD_FAILURE() << attn_last_error();
    return 0;
  }
  DeviceBuffer output(driver, sizeof(AttnLaunch) + 16 + 4);
  AttnArgs args = plainArgs(patternArguments);
  args.output.data = output.address;
  EXPECT_EQ(attn_device_launch(kernel, &args, nullptr), ATTN_OK) << attn_last_error();
  attn_device_unload(kernel);
  return output.download<int>().back();
}

TEST_F(DeviceTest, LaunchesAsManyCtasAsFitTheDevice) {
  AttnDeviceInfo info = plainInfo("k");
  EXPECT_EQ(ctasOf(driver, info, "2"), 24) << "64 CTAs of 32 threads fit a processor";
  info.shared_bytes = 100000;
  EXPECT_EQ(ctasOf(driver, info, "2"), 4) << "two for each processor by shared memory";
  EXPECT_EQ(ctasOf(driver, info, "7"), 14);
  EXPECT_EQ(ctasOf(driver, info, "100"), 24) << "no more than there are items";
}

TEST_F(DeviceTest, LaunchesNothingWhereThereIsNothing) {
  AttnDeviceKernel *kernel = load(plainInfo("k"), plainKernel("\ttrap;\n"));
  ASSERT_NE(kernel, nullptr) << attn_last_error();
  for (int64_t AttnArgs::*size :
       {&AttnArgs::batch, &AttnArgs::query_heads, &AttnArgs::query_length}) {
    AttnArgs args = plainArgs(patternArguments);
    args.*size = 0;
    EXPECT_EQ(attn_device_launch(kernel, &args, nullptr), ATTN_OK) << attn_last_error();
    EXPECT_EQ(attn_device_synchronize(driver, nullptr), ATTN_OK) << attn_last_error();
  }
  attn_device_unload(kernel);
}

//===----------------------------------------------------------------------===//
// One test for each status
//===----------------------------------------------------------------------===//

struct Refusal {
  const char *name;
  int status;
  const char *message;
  void (*change)(AttnArgs &);
};

const Refusal refusals[] = {
    {"StructSize", ATTN_ERROR_STRUCT_SIZE,
     "'struct_size' is smaller than the kernel's version of the interface requires",
     [](AttnArgs &args) { args.struct_size -= 8; }},
    {"Features", ATTN_ERROR_FEATURES,
     "'features' is not the head dim that the kernel was compiled for: expected 8, found 16",
     [](AttnArgs &args) { args.features = 16; }},
    {"Heads", ATTN_ERROR_HEADS, "'query_heads' is not a multiple of 'key_heads': found 4 and 3",
     [](AttnArgs &args) { args.key_heads = 3; }},
    {"NoKeyHeads", ATTN_ERROR_HEADS,
     "'query_heads' is not a multiple of 'key_heads': found 4 and 0",
     [](AttnArgs &args) { args.key_heads = 0; }},
    {"NegativeHeads", ATTN_ERROR_HEADS,
     "'query_heads' is not a multiple of 'key_heads': found -4 and -2",
     [](AttnArgs &args) { args.query_heads = -4, args.key_heads = -2; }},
    {"NegativeLength", ATTN_ERROR_LENGTH,
     "a size is negative, or a position exceeds 2^30: 'query_length' is -1",
     [](AttnArgs &args) { args.query_length = -1; }},
    {"NegativeBatch", ATTN_ERROR_LENGTH,
     "a size is negative, or a position exceeds 2^30: 'batch' is -1",
     [](AttnArgs &args) { args.batch = -1; }},
    {"KeysBeyondThePositions", ATTN_ERROR_LENGTH,
     "a size is negative, or a position exceeds 2^30: 'key_offset' is 1073741801",
     [](AttnArgs &args) { args.key_offset = (1 << 30) - 23; }},
    {"QueriesBeforeThePositions", ATTN_ERROR_LENGTH,
     "a size is negative, or a position exceeds 2^30: 'offset' is -1073741825",
     [](AttnArgs &args) { args.offset = -(1 << 30) - 1; }},
    {"OffsetThatOverflows", ATTN_ERROR_LENGTH,
     "a size is negative, or a position exceeds 2^30: 'offset' is 9223372036854775807",
     [](AttnArgs &args) { args.offset = std::numeric_limits<int64_t>::max(); }},
    {"EndBeyondThePositions", ATTN_ERROR_LENGTH,
     "a size is negative, or a position exceeds 2^30: 'length' is 1073741825",
     [](AttnArgs &args) { args.length = (1 << 30) + 1; }},
    {"TooManyItems", ATTN_ERROR_LENGTH,
     "a size is negative, or a position exceeds 2^30: batch * query_heads * tiles of 16 queries "
     "exceeds 2^31 - 1 work items",
     [](AttnArgs &args) { args.batch = (int64_t(1) << 31) / (4 * 3) + 1; }},
    {"ItemsThatOverflow", ATTN_ERROR_LENGTH,
     "a size is negative, or a position exceeds 2^30: batch * query_heads * tiles of 16 queries "
     "exceeds 2^31 - 1 work items",
     [](AttnArgs &args) { args.batch = int64_t(1) << 62; }},
    {"Arguments", ATTN_ERROR_ARGUMENTS,
     "'argument_count' is not the number of arguments of the pattern: expected 2, found 1",
     [](AttnArgs &args) { args.argument_count = 1; }},
    {"Strides", ATTN_ERROR_STRIDES, "a stride is negative: 'value' has a row stride of -8",
     [](AttnArgs &args) { args.value.strides[2] = -8; }},
    {"LseStrides", ATTN_ERROR_STRIDES, "a stride is negative: 'lse' has a batch stride of -1",
     [](AttnArgs &args) { args.lse.strides[0] = -1; }},
    {"AddressAlignment", ATTN_ERROR_ALIGNMENT,
     "an address, or a stride in bytes, is not a multiple of 16: 'key' is at an address that is 8 "
     "bytes past a multiple of 16",
     [](AttnArgs &args) { args.key.data = reinterpret_cast<void *>(0x1008); }},
    {"StrideAlignment", ATTN_ERROR_ALIGNMENT,
     "an address, or a stride in bytes, is not a multiple of 16: 'output' has a head stride of 324 "
     "elements",
     [](AttnArgs &args) { args.output.strides[1] = 324; }},
    {"LseAlignment", ATTN_ERROR_ALIGNMENT,
     "an address, or a stride in bytes, is not a multiple of 16: 'lse' is at an address that is 2 "
     "bytes past a multiple of 4",
     [](AttnArgs &args) { args.lse.data = reinterpret_cast<void *>(0x1002); }},
};

class RefusalTest : public DeviceTest, public testing::WithParamInterface<Refusal> {};

TEST_P(RefusalTest, IsRefusedBeforeTheLaunch) {
  AttnDeviceKernel *kernel = load(plainInfo("k"), plainKernel("\ttrap;\n"));
  ASSERT_NE(kernel, nullptr) << attn_last_error();
  AttnArgs args = plainArgs(patternArguments);
  GetParam().change(args);
  EXPECT_EQ(attn_device_launch(kernel, &args, nullptr), GetParam().status);
  EXPECT_STREQ(attn_last_error(), GetParam().message);
  EXPECT_EQ(attn_device_synchronize(driver, nullptr), ATTN_OK) << "nothing ran";
  attn_device_unload(kernel);
}

INSTANTIATE_TEST_SUITE_P(Status, RefusalTest, testing::ValuesIn(refusals),
                         [](const auto &info) { return info.param.name; });

TEST_F(DeviceTest, AllowsTheLimitsThemselves) {
  AttnDeviceKernel *kernel = load(plainInfo("k"), recordKernel());
  ASSERT_NE(kernel, nullptr) << attn_last_error();
  DeviceBuffer output(driver, sizeof(AttnLaunch) + 16 + 4);
  AttnArgs args = plainArgs(patternArguments);
  args.output.data = output.address;
  args.length = 1 << 30;
  args.key_offset = (1 << 30) - args.key_length;
  args.offset = -(1 << 30);
  args.query.strides[0] = args.key.strides[1] = args.value.strides[2] = 0; // broadcasts
  args.lse.strides[2] = 3;
  EXPECT_EQ(attn_device_launch(kernel, &args, nullptr), ATTN_OK) << attn_last_error();
  attn_device_unload(kernel);
}

TEST_F(DeviceTest, RefusesNull) {
  AttnArgs args = plainArgs(patternArguments);
  EXPECT_EQ(attn_device_launch(nullptr, &args, nullptr), ATTN_ERROR_STRUCT_SIZE);
  EXPECT_EQ(attn_device_load(nullptr, nullptr, nullptr, 0), nullptr);
  EXPECT_EQ(attn_device_allocate(driver, 16, nullptr), ATTN_ERROR_DRIVER);
  attn_device_unload(nullptr);
}

//===----------------------------------------------------------------------===//
// Images
//===----------------------------------------------------------------------===//

TEST_F(DeviceTest, RefusesMachineCode) {
  const AttnDeviceInfo info = plainInfo("k");
  EXPECT_EQ(attn_device_load(driver, &info, "\177ELF\2\1\1", 8), nullptr);
  EXPECT_STREQ(attn_last_error(),
               "kernel 'k': the driver refuses the image: CUDA_ERROR_NO_BINARY_FOR_GPU (no kernel "
               "image is available for execution on the device)\n"
               "the emulated driver runs PTX, the image is machine code (a cubin)");
}

TEST_F(DeviceTest, ShowsTheCompilersLog) {
  EXPECT_EQ(load(plainInfo("k"), plainKernel("\tadd.s99 %r1, %r1, %r1;\n")), nullptr);
  const std::string message = attn_last_error();
  EXPECT_TRUE(contains(message, "CUDA_ERROR_INVALID_PTX")) << message;
  EXPECT_TRUE(contains(message, "line 16")) << message;
  EXPECT_TRUE(contains(message, "'.s99'")) << message;
}

TEST_F(DeviceTest, RefusesTextWithoutAnEnd) {
  const AttnDeviceInfo info = plainInfo("k");
  const std::string ptx = recordKernel();
  EXPECT_EQ(attn_device_load(driver, &info, ptx.c_str(), ptx.size()), nullptr);
  EXPECT_TRUE(contains(attn_last_error(), "expected PTX that ends with a zero byte within"));
  EXPECT_EQ(attn_device_load(driver, &info, nullptr, 8), nullptr);
  EXPECT_TRUE(contains(attn_last_error(), "expected an image of PTX or machine code"));
}

TEST_F(DeviceTest, RefusesAnotherName) {
  EXPECT_EQ(load(plainInfo("l"), recordKernel()), nullptr);
  EXPECT_TRUE(contains(attn_last_error(), "kernel 'l': the image has no such kernel: "
                                          "CUDA_ERROR_NOT_FOUND"))
      << attn_last_error();
}

TEST_F(DeviceTest, RefusesAnotherArchitecture) {
  AttnDeviceInfo info = plainInfo("k");
  info.compute_capability = 90;
  const Variable ampere("ATTN_EMULATOR_CAPABILITY", "80");
  EXPECT_EQ(load(info, recordKernel()), nullptr);
  EXPECT_STREQ(attn_last_error(),
               "kernel 'k': needs compute capability 9.0 or later, the device has 8.0");
  const Variable hopper("ATTN_EMULATOR_CAPABILITY", "90");
  info.compute_capability = 80;
  info.is_architecture_exact = 1;
  EXPECT_EQ(load(info, recordKernel()), nullptr);
  EXPECT_STREQ(attn_last_error(),
               "kernel 'k': needs compute capability 8.0 exactly, the device has 9.0");
}

// The text says more than the info: the driver has the last word.
TEST_F(DeviceTest, RefusesTextForAnotherArchitecture) {
  std::string ptx = recordKernel();
  ptx.replace(ptx.find("sm_80"), 5, "sm_90a");
  const Variable ampere("ATTN_EMULATOR_CAPABILITY", "80");
  EXPECT_EQ(load(plainInfo("k"), ptx), nullptr);
  EXPECT_TRUE(contains(attn_last_error(), "the PTX is for sm_90a, the emulated device is sm_80"))
      << attn_last_error();
}

TEST_F(DeviceTest, RefusesMoreSharedMemoryThanThereIs) {
  AttnDeviceInfo info = plainInfo("k");
  info.shared_bytes = 232449;
  EXPECT_EQ(load(info, recordKernel()), nullptr);
  EXPECT_STREQ(attn_last_error(),
               "kernel 'k': needs 232449 bytes of shared memory, the device has 232448 a CTA");
  info.shared_bytes = 232448;
  AttnDeviceKernel *kernel = load(info, recordKernel());
  EXPECT_NE(kernel, nullptr) << attn_last_error();
  attn_device_unload(kernel);
  const Variable ampere("ATTN_EMULATOR_CAPABILITY", "80");
  EXPECT_EQ(load(info, recordKernel()), nullptr) << "sm_80 has 163 KB";
}

TEST_F(DeviceTest, RefusesOtherParameters) {
  EXPECT_EQ(load(plainInfo("k"), plainKernel("", sizeof(AttnLaunch))), nullptr);
  EXPECT_STREQ(attn_last_error(), "kernel 'k': expected parameter 0 of 232 bytes, found 216");
  AttnDeviceInfo info = plainInfo("k");
  info.panel_columns = 16;
  info.output_rows = 8;
  EXPECT_EQ(load(info, recordKernel()), nullptr);
  EXPECT_STREQ(attn_last_error(), "kernel 'k': expected parameter 0 of 128 bytes, found 232");
  std::string ptx = recordKernel();
  ptx.replace(ptx.find("launch[232]"), 11, "launch[232], .param .u32 more");
  EXPECT_EQ(load(plainInfo("k"), ptx), nullptr);
  EXPECT_STREQ(attn_last_error(), "kernel 'k': expected 1 parameters, found more");
}

TEST_F(DeviceTest, RefusesDescriptionsThatFitNoKernel) {
  const auto refused = [&](auto change) -> std::string {
    AttnDeviceInfo info = plainInfo("k");
    change(info);
    EXPECT_EQ(load(info, recordKernel()), nullptr);
    return attn_last_error();
  };
  EXPECT_EQ(refused([](AttnDeviceInfo &info) { info.struct_size = 8; }),
            "kernel 'k': expected 'struct_size' of this version of the interface, found 8");
  EXPECT_EQ(refused([](AttnDeviceInfo &info) { info.symbol = nullptr; }),
            "kernel '': expected the name of a kernel, found none");
  EXPECT_EQ(refused([](AttnDeviceInfo &info) { info.dtype = 3; }),
            "kernel 'k': expected 'dtype' to be an AttnDtype, found 3");
  EXPECT_EQ(refused([](AttnDeviceInfo &info) { info.threads = 0; }),
            "kernel 'k': expected 'threads' between 1 and 1024, found 0");
  EXPECT_EQ(refused([](AttnDeviceInfo &info) { info.query_tile = 0; }),
            "kernel 'k': expected 'query_tile' to be positive, found 0");
  EXPECT_EQ(refused([](AttnDeviceInfo &info) { info.argument_count = 65; }),
            "kernel 'k': expected 'argument_count' between 0 and 64, found 65");
  EXPECT_EQ(refused([](AttnDeviceInfo &info) { info.panel_columns = 24; }),
            "kernel 'k': expected 'panel_columns' to be 0, 16, 32 or 64, found 24");
  EXPECT_EQ(refused([](AttnDeviceInfo &info) { info.panel_columns = 64, info.dtype = 0; }),
            "kernel 'k': expected a 'dtype' of 16 bits with tensor maps, found f32");
  EXPECT_EQ(refused([](AttnDeviceInfo &info) { info.panel_columns = 64, info.key_tile = 257; }),
            "kernel 'k': expected 'query_tile, key_tile, output_rows' between 1 and 256, the most "
            "rows of a box of a tensor map, found 257");
}

//===----------------------------------------------------------------------===//
// Tensor maps
//===----------------------------------------------------------------------===//

/// Loads a box of keys, rows 2 to 9 of head 1 of batch 1, and stores it at the same place of the
/// output.
std::string copyKernel(unsigned features, unsigned rows) {
  const std::string box = std::to_string(features * 2 * rows);
  return ".version 8.0\n.target sm_90a\n.address_size 64\n"
         ".extern .shared .align 1024 .b8 shared[];\n"
         ".visible .entry k(.param .align 64 .b8 query[128], .param .align 64 .b8 key[128], "
         ".param .align 64 .b8 value[128], .param .align 64 .b8 output[128], "
         ".param .align 8 .b8 launch[232])\n.reqntid 32, 1, 1\n{\n"
         "\t.reg .pred %p<4>;\n\t.reg .b32 %r<8>;\n\t.reg .b64 %rd<8>;\n"
         "\tmov.u32 %r1, %tid.x;\n\tmov.u32 %r2, %ctaid.x;\n\tor.b32 %r1, %r1, %r2;\n"
         "\tsetp.ne.b32 %p1, %r1, 0;\n\t@%p1 bra DONE;\n"
         "\tmov.b64 %rd1, key;\n\tcvta.param.u64 %rd1, %rd1;\n"
         "\tmov.b64 %rd2, output;\n\tcvta.param.u64 %rd2, %rd2;\n"
         "\tmbarrier.init.shared.b64 [shared+16384], 1;\n"
         "\tfence.mbarrier_init.release.cluster;\n"
         "\tmbarrier.arrive.expect_tx.shared.b64 _, [shared+16384], " +
         box +
         ";\n"
         "\tcp.async.bulk.tensor.4d.shared::cluster.global.tile.mbarrier::complete_tx::bytes "
         "[shared], [%rd1, {0, 2, 1, 1}], [shared+16384];\n"
         "WAIT:\n\tmbarrier.try_wait.parity.shared.b64 %p2, [shared+16384], 0;\n"
         "\t@!%p2 bra WAIT;\n"
         "\tcp.async.bulk.tensor.4d.global.shared::cta.tile.bulk_group [%rd2, {0, 2, 1, 1}], "
         "[shared];\n"
         "\tcp.async.bulk.commit_group;\n\tcp.async.bulk.wait_group 0;\n"
         "DONE:\n\tret;\n}\n";
}

class TensorMapTest : public DeviceTest, public testing::WithParamInterface<int> {};

// Rows that are no keys arrive as zeros, and rows that are no queries are not written.
TEST_P(TensorMapTest, CopyBoxes) {
  const int features = GetParam();
  AttnDeviceInfo info = plainInfo("k");
  info.compute_capability = 90;
  info.is_architecture_exact = 1;
  info.features = features;
  info.shared_bytes = 16384 + 8;
  info.query_tile = 16;
  info.key_tile = info.output_rows = 8;
  info.panel_columns = features;
  AttnDeviceKernel *kernel = load(info, copyKernel(unsigned(features), 8));
  ASSERT_NE(kernel, nullptr) << attn_last_error();

  // [batch, rows, heads, features], with a hole behind each row of heads.
  const int heads = 2, keys = 6, queries = 5, hole = 8;
  const auto strided = [&](int rows) {
    const int64_t row = heads * features + hole;
    return AttnTensor{nullptr, {rows * row, features, row}};
  };
  AttnArgs args = plainArgs(patternArguments);
  args.features = features;
  args.query_heads = args.key_heads = heads;
  args.key_length = keys;
  args.query_length = queries;
  args.query = args.output = strided(queries);
  args.key = args.value = strided(keys);
  std::vector<uint16_t> input(size_t(2 * args.key.strides[0]));
  std::iota(input.begin(), input.end(), uint16_t(1));
  DeviceBuffer keyBuffer(driver, input),
      outputBuffer(driver, size_t(2 * args.output.strides[0]) * 2);
  args.query.data = outputBuffer.address;
  args.output.data = outputBuffer.address;
  args.key.data = args.value.data = keyBuffer.address;
  ASSERT_EQ(attn_device_launch(kernel, &args, nullptr), ATTN_OK) << attn_last_error();
  ASSERT_EQ(attn_device_synchronize(driver, nullptr), ATTN_OK) << attn_last_error();
  attn_device_unload(kernel);

  const auto output = outputBuffer.download<uint16_t>();
  std::vector<uint16_t> expected(output.size(), 0xffff);
  const auto at = [&](const AttnTensor &tensor, int row, int feature) {
    return size_t(tensor.strides[0] + tensor.strides[1] + row * tensor.strides[2] + feature);
  };
  for (int row = 2; row < queries; ++row)
    for (int feature = 0; feature < features; ++feature)
      expected[at(args.output, row, feature)] = row < keys ? input[at(args.key, row, feature)] : 0;
  EXPECT_EQ(output, expected);
}

INSTANTIATE_TEST_SUITE_P(Swizzles, TensorMapTest, testing::Values(64, 32, 16));

//===----------------------------------------------------------------------===//
// What goes wrong later
//===----------------------------------------------------------------------===//

TEST_F(DeviceTest, ReportsAKernelsErrorUntilTheContextIsReset) {
  AttnDeviceKernel *kernel = load(plainInfo("k"), plainKernel("\tst.global.b32 [%rd1+64], %r1;\n"));
  ASSERT_NE(kernel, nullptr) << attn_last_error();
  void *output = nullptr;
  ASSERT_EQ(attn_device_allocate(driver, 64, &output), ATTN_OK);
  AttnArgs args = plainArgs(patternArguments);
  args.output.data = output;
  EXPECT_EQ(attn_device_launch(kernel, &args, nullptr), ATTN_OK) << "a launch is asynchronous";
  EXPECT_EQ(attn_device_synchronize(driver, nullptr), ATTN_ERROR_DRIVER);
  const std::string message = attn_last_error();
  EXPECT_TRUE(contains(message, "the work of a stream failed: CUDA_ERROR_LAUNCH_FAILED "
                                "(unspecified launch failure)\nkernel 'k': PTX line 16: "))
      << message;
  EXPECT_TRUE(contains(message, "is past the 64 bytes")) << message;
  EXPECT_TRUE(contains(message, "ATTN_EMULATOR_SEED=1")) << message;
  // Whatever is asked now, it fails.
  char byte = 0;
  EXPECT_EQ(attn_device_download(driver, &byte, output, 1), ATTN_ERROR_DRIVER);
  EXPECT_EQ(attn_device_launch(kernel, &args, nullptr), ATTN_ERROR_DRIVER);
  EXPECT_TRUE(contains(attn_last_error(), "is past the 64 bytes"));
  attn_device_unload(kernel);
  reset();
  EXPECT_EQ(attn_device_allocate(driver, 64, &output), ATTN_OK) << attn_last_error();
}

TEST_F(DeviceTest, RefusesHostMemoryInKernels) {
  AttnDeviceKernel *kernel = load(plainInfo("k"), recordKernel());
  ASSERT_NE(kernel, nullptr) << attn_last_error();
  alignas(16) static char host[512];
  AttnArgs args = plainArgs(patternArguments);
  args.output.data = host;
  EXPECT_EQ(attn_device_launch(kernel, &args, nullptr), ATTN_OK) << attn_last_error();
  EXPECT_EQ(attn_device_synchronize(driver, nullptr), ATTN_ERROR_DRIVER);
  EXPECT_TRUE(contains(attn_last_error(), "PTX line")) << attn_last_error();
  attn_device_unload(kernel);
}

TEST_F(DeviceTest, HoldsMemoryToItsBounds) {
  const std::vector<int> four = {1, 2, 3, 4};
  DeviceBuffer buffer(driver, 16);
  EXPECT_EQ(buffer.download<uint32_t>(), std::vector<uint32_t>(4, ~0u)) << "poison";
  EXPECT_EQ(attn_device_upload(driver, buffer.address, four.data(), 16), ATTN_OK);
  EXPECT_EQ(buffer.download<int>(), four);
  char *end = static_cast<char *>(buffer.address) + 13;
  EXPECT_EQ(attn_device_upload(driver, end, four.data(), 4), ATTN_ERROR_DRIVER);
  EXPECT_TRUE(contains(attn_last_error(),
                       "cannot copy to the device: CUDA_ERROR_INVALID_VALUE (invalid argument)\n"))
      << attn_last_error();
  EXPECT_EQ(attn_device_free(driver, end), ATTN_ERROR_DRIVER);
  EXPECT_TRUE(contains(attn_last_error(), "is none that cuMemAlloc gave")) << attn_last_error();
  void *none = &buffer;
  EXPECT_EQ(attn_device_allocate(driver, 0, &none), ATTN_OK);
  EXPECT_EQ(none, nullptr);
  EXPECT_EQ(attn_device_free(driver, none), ATTN_OK);
  int other;
  EXPECT_EQ(attn_device_synchronize(driver, &other), ATTN_ERROR_DRIVER);
  EXPECT_TRUE(contains(attn_last_error(), "CUDA_ERROR_INVALID_HANDLE")) << attn_last_error();
}

//===----------------------------------------------------------------------===//
// Seeds, threads, several drivers
//===----------------------------------------------------------------------===//

/// Writes the order in which the 24 CTAs of a launch run.
const char *const orderBody = "\tst.global.b32 [%rd1], %r1;\n";

std::string orderKernel() {
  std::string ptx = plainKernel(orderBody);
  // Every CTA takes a number, and keeps it at its place.
  ptx.replace(ptx.find("or.b32 %r3, %r1, %r2"), 20, "mov.b32 %r3, %r1");
  ptx.replace(ptx.find(orderBody), strlen(orderBody),
              "\tatom.global.add.u32 %r4, [%rd1], 1;\n\tmul.wide.u32 %rd2, %r2, 4;\n"
              "\tadd.s64 %rd2, %rd1, %rd2;\n\tst.global.b32 [%rd2+4], %r4;\n");
  return ptx;
}

std::vector<int> orderOf(const AttnDriver *driver, AttnDeviceKernel *kernel, const char *seed) {
  const Variable variable("ATTN_EMULATOR_SEED", seed);
  DeviceBuffer output(driver, std::vector<int>(25, 0));
  AttnArgs args = plainArgs(patternArguments);
  args.output.data = output.address;
  EXPECT_EQ(attn_device_launch(kernel, &args, nullptr), ATTN_OK) << attn_last_error();
  return output.download<int>();
}

TEST_F(DeviceTest, RunsUnderTheSeedOfTheEnvironment) {
  AttnDeviceKernel *kernel = load(plainInfo("k"), orderKernel());
  ASSERT_NE(kernel, nullptr) << attn_last_error();
  const std::vector<int> byDefault = orderOf(driver, kernel, nullptr);
  EXPECT_EQ(orderOf(driver, kernel, "1"), byDefault);
  std::set<std::vector<int>> orders;
  for (const char *seed : {"1", "2", "3"}) {
    std::vector<int> order = orderOf(driver, kernel, seed);
    EXPECT_EQ(orderOf(driver, kernel, seed), order) << "the same seed is the same run";
    orders.insert(order);
    std::sort(order.begin() + 1, order.end());
    for (int i = 0; i < 24; ++i)
      EXPECT_EQ(order[size_t(i) + 1], i);
  }
  EXPECT_EQ(orders.size(), 3u);
  attn_device_unload(kernel);
}

TEST_F(DeviceTest, TakesLaunchesOfManyThreads) {
  AttnDeviceKernel *kernel = load(plainInfo("k"), orderKernel());
  ASSERT_NE(kernel, nullptr) << attn_last_error();
  std::vector<int> counts(4);
  std::vector<std::thread> threads;
  for (int &count : counts)
    threads.emplace_back([&] {
      DeviceBuffer output(driver, std::vector<int>(25, 0));
      AttnArgs args = plainArgs(patternArguments);
      args.output.data = output.address;
      for (int i = 0; i < 10; ++i)
        EXPECT_EQ(attn_device_launch(kernel, &args, nullptr), ATTN_OK) << attn_last_error();
      count = output.download<int>()[0];
    });
  for (std::thread &thread : threads)
    thread.join();
  EXPECT_EQ(counts, std::vector<int>(4, 240));
  attn_device_unload(kernel);
}

TEST_F(DeviceTest, KeepsTwoDriversApart) {
  const std::string copy = testing::TempDir() + "attn-second-driver.so.1";
  {
    std::ifstream from(ATTN_EMULATED_DRIVER, std::ios::binary);
    std::ofstream to(copy, std::ios::binary);
    to << from.rdbuf();
  }
  const AttnDriver *second = attn_driver_open(copy.c_str());
  ASSERT_NE(second, nullptr) << attn_last_error();
  ASSERT_NE(second, driver);
  const std::string ptx = orderKernel();
  const AttnDeviceInfo info = plainInfo("k");
  AttnDeviceKernel *here = load(info, ptx);
  AttnDeviceKernel *there = attn_device_load(second, &info, ptx.c_str(), ptx.size() + 1);
  ASSERT_TRUE(here && there) << attn_last_error();
  EXPECT_EQ(orderOf(driver, here, "5"), orderOf(second, there, "5"));

  // What belongs to one is unknown to the other, whose errors stay its own.
  DeviceBuffer output(driver, std::vector<int>(25, 0));
  AttnArgs args = plainArgs(patternArguments);
  args.output.data = output.address;
  EXPECT_EQ(attn_device_launch(there, &args, nullptr), ATTN_OK);
  EXPECT_EQ(attn_device_synchronize(second, nullptr), ATTN_ERROR_DRIVER);
  EXPECT_EQ(attn_device_synchronize(driver, nullptr), ATTN_OK) << attn_last_error();
  EXPECT_EQ(attn_device_launch(here, &args, nullptr), ATTN_OK) << attn_last_error();
  EXPECT_EQ(output.download<int>()[0], 24);
  attn_device_unload(there);
  attn_device_unload(here);
  reset(copy.c_str());
  remove(copy.c_str());
}

} // namespace
