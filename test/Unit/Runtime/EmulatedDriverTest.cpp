//===- EmulatedDriverTest.cpp - what the emulated driver refuses ---------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Calls the driver's entry points as a program would that is not the runtime, and as one that is
// wrong.
//
//===------------------------------------------------------------------------------===//

#include "../../../lib/Emulator/Driver/Cuda.h"
#include "DeviceHarness.h"

#include <cerrno>
#include <cstring>
#include <thread>
#include <unistd.h>

using namespace attn::test;

namespace {

/// Calls an entry point; the types of the arguments are those that it has.
template <typename... Arguments>
int call(const char *name, Arguments... arguments) {
  const auto function = symbolOf<int (*)(Arguments...)>(ATTN_EMULATED_DRIVER, name);
  if (!function) {
    ADD_FAILURE() << "no '" << name << "'";
    return -1;
  }
  return function(arguments...);
}

std::string report() {
  return symbolOf<const char *(*)()>(ATTN_EMULATED_DRIVER, "attn_emulator_last_report")();
}

/// Writes `n` to `out`.
const std::string storeKernel = ".version 8.0\n.target sm_80\n.address_size 64\n"
                                ".visible .entry k(.param .u64 out, .param .u32 n)\n"
                                ".reqntid 32, 1, 1\n{\n"
                                "\t.reg .b32 %r<2>;\n\t.reg .b64 %rd<2>;\n"
                                "\tld.param.b64 %rd1, [out];\n\tld.param.b32 %r1, [n];\n"
                                "\tst.global.b32 [%rd1], %r1;\n\tret;\n}\n";

class EmulatedDriver : public testing::Test {
protected:
  void SetUp() override {
    ASSERT_EQ(call("cuInit", 0u), CUDA_SUCCESS);
    ASSERT_EQ(call("cuDevicePrimaryCtxReset_v2", 0), CUDA_SUCCESS);
    CUcontext context;
    ASSERT_EQ(call("cuDevicePrimaryCtxRetain", &context, 0), CUDA_SUCCESS);
    ASSERT_EQ(call("cuCtxSetCurrent", context), CUDA_SUCCESS);
    ASSERT_EQ(call("cuModuleLoadData", &module, (const void *)storeKernel.c_str()), CUDA_SUCCESS)
        << report();
    ASSERT_EQ(call("cuModuleGetFunction", &function, module, "k"), CUDA_SUCCESS);
    ASSERT_EQ(call("cuMemAlloc_v2", &memory, size_t(64)), CUDA_SUCCESS);
  }

  int launch(CUdeviceptr out, unsigned grid = 1, unsigned threads = 32, unsigned shared = 0,
             CUstream stream = nullptr) {
    unsigned n = 42;
    void *parameters[] = {&out, &n};
    return call("cuLaunchKernel", function, grid, 1u, 1u, threads, 1u, 1u, shared, stream,
                (void **)parameters, (void **)nullptr);
  }

  std::vector<unsigned> download() {
    std::vector<unsigned> data(16);
    EXPECT_EQ(call("cuMemcpyDtoH_v2", (void *)data.data(), memory, size_t(64)), CUDA_SUCCESS);
    return data;
  }

  CUmodule module = nullptr;
  CUfunction function = nullptr;
  CUdeviceptr memory = 0;
};

TEST_F(EmulatedDriver, Launches) {
  EXPECT_EQ(launch(memory + 8), CUDA_SUCCESS) << report();
  EXPECT_EQ(call("cuCtxSynchronize"), CUDA_SUCCESS);
  EXPECT_EQ(download()[2], 42u);
  EXPECT_EQ(download()[3], ~0u);
}

TEST_F(EmulatedDriver, WantsAContext) {
  std::thread([&] {
    EXPECT_EQ(launch(memory), CUDA_ERROR_INVALID_CONTEXT);
    EXPECT_EQ(report(), "the calling thread has no current context");
    EXPECT_EQ(call("cuCtxSetCurrent", (CUcontext)&module), CUDA_ERROR_INVALID_CONTEXT);
    CUdevice device;
    EXPECT_EQ(call("cuDeviceGet", &device, 1), CUDA_ERROR_INVALID_DEVICE);
  }).join();
}

TEST_F(EmulatedDriver, RefusesLaunchesThatTheKernelOrTheDeviceForbids) {
  EXPECT_EQ(launch(memory, 0), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(report(), "launch of 'k': a grid of 0 x 1 x 1 CTAs");
  EXPECT_EQ(launch(memory, 1, 64), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(report(), "launch of 'k': CTAs of 64 threads, the kernel says 32");
  EXPECT_EQ(launch(memory, 1, 2048), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(report(), "launch of 'k': CTAs of 2048 x 1 x 1 threads");
  EXPECT_EQ(launch(memory, 1, 32, 0, (CUstream)&module), CUDA_ERROR_INVALID_HANDLE);
  void *extra[] = {nullptr}, *parameters[] = {&memory, nullptr};
  EXPECT_EQ(call("cuLaunchKernel", function, 1u, 1u, 1u, 32u, 1u, 1u, 0u, (CUstream) nullptr,
                 (void **)parameters, (void **)extra),
            CUDA_ERROR_NOT_SUPPORTED);
  EXPECT_EQ(call("cuLaunchKernel", function, 1u, 1u, 1u, 32u, 1u, 1u, 0u, (CUstream) nullptr,
                 (void **)parameters, (void **)nullptr),
            CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(report(), "parameter 1 is null");
  EXPECT_EQ(call("cuCtxSynchronize"), CUDA_SUCCESS) << "a refused launch leaves nothing behind";
}

TEST_F(EmulatedDriver, WantsTheAttributeForMoreSharedMemory) {
  EXPECT_EQ(launch(memory, 1, 32, 48 * 1024), CUDA_SUCCESS) << report();
  EXPECT_EQ(launch(memory, 1, 32, 48 * 1024 + 1), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(report(), "launch of 'k': 49153 bytes of dynamic shared memory, the function's "
                      "attribute allows 49152");
  const auto allow = [&](int bytes) {
    return call("cuFuncSetAttribute", function, CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES,
                bytes);
  };
  EXPECT_EQ(allow(232448 + 1), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(allow(232448), CUDA_SUCCESS) << report();
  EXPECT_EQ(launch(memory, 1, 32, 100000), CUDA_SUCCESS) << report();
  int value = 0;
  EXPECT_EQ(
      call("cuFuncGetAttribute", &value, CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, function),
      CUDA_SUCCESS);
  EXPECT_EQ(value, 232448);
  // What the function may have, another device may not.
  const Variable ampere("ATTN_EMULATOR_CAPABILITY", "80");
  EXPECT_EQ(launch(memory, 1, 32, 200000), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(report(), "launch of 'k': 200000 bytes of shared memory, a CTA has 166912");
}

TEST_F(EmulatedDriver, RefusesClusters) {
  CUlaunchAttribute attribute = {};
  attribute.id = CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION;
  attribute.value.clusterDim[0] = attribute.value.clusterDim[1] = 1;
  attribute.value.clusterDim[2] = 1;
  const CUlaunchConfig config = {1, 1, 1, 32, 1, 1, 0, nullptr, &attribute, 1};
  unsigned n = 43;
  void *parameters[] = {&memory, &n};
  const auto run = [&] {
    return call("cuLaunchKernelEx", &config, function, (void **)parameters, (void **)nullptr);
  };
  EXPECT_EQ(run(), CUDA_SUCCESS) << report();
  EXPECT_EQ(download()[0], 43u);
  attribute.value.clusterDim[0] = 2;
  EXPECT_EQ(run(), CUDA_ERROR_NOT_SUPPORTED);
  EXPECT_EQ(report(), "clusters are not emulated");
}

TEST_F(EmulatedDriver, KnowsFreedMemoryAndUnloadedModules) {
  EXPECT_EQ(call("cuMemFree_v2", memory), CUDA_SUCCESS);
  EXPECT_EQ(call("cuMemFree_v2", memory), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(call("cuMemsetD8_v2", memory, (unsigned char)1, size_t(1)), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(launch(memory), CUDA_SUCCESS);
  EXPECT_EQ(call("cuCtxSynchronize"), CUDA_ERROR_LAUNCH_FAILED);
  EXPECT_NE(report().find("global address is in no allocation"), std::string::npos) << report();
  SetUp();
  CUfunction gone = function;
  EXPECT_EQ(call("cuModuleUnload", module), CUDA_SUCCESS);
  EXPECT_EQ(launch(memory), CUDA_ERROR_INVALID_HANDLE);
  EXPECT_EQ(call("cuModuleUnload", module), CUDA_ERROR_INVALID_HANDLE);
  EXPECT_EQ(call("cuModuleGetFunction", &gone, module, "k"), CUDA_ERROR_INVALID_HANDLE);
}

TEST_F(EmulatedDriver, KeepsItsMemoryFromTheHost) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  EXPECT_EQ(write(ends[1], reinterpret_cast<const void *>(memory), 1), -1);
  EXPECT_EQ(errno, EFAULT) << "a host program that reads it faults";
  close(ends[0]);
  close(ends[1]);
  for (int i = 0; i < 8; ++i) {
    CUdeviceptr other = 0;
    ASSERT_EQ(call("cuMemAlloc_v2", &other, size_t(100 * i + 1)), CUDA_SUCCESS);
    EXPECT_EQ(other % 512, 256u) << "no more alignment than the driver promises";
  }
  EXPECT_EQ(call("cuMemAlloc_v2", &memory, size_t(1) << 60), CUDA_ERROR_OUT_OF_MEMORY);
}

TEST_F(EmulatedDriver, FillsAndCopies) {
  EXPECT_EQ(call("cuMemsetD32_v2", memory, 7u, size_t(4)), CUDA_SUCCESS);
  EXPECT_EQ(call("cuMemsetD16_v2", memory + 16, (unsigned short)0x102, size_t(2)), CUDA_SUCCESS);
  EXPECT_EQ(call("cuMemsetD8_v2", memory + 20, (unsigned char)3, size_t(4)), CUDA_SUCCESS);
  EXPECT_EQ(call("cuMemcpyDtoD_v2", memory + 24, memory + 12, size_t(12)), CUDA_SUCCESS);
  std::vector<unsigned> expected(16, ~0u);
  const unsigned begin[] = {7, 7, 7, 7, 0x1020102, 0x3030303, 7, 0x1020102, 0x3030303};
  std::copy(std::begin(begin), std::end(begin), expected.begin());
  EXPECT_EQ(download(), expected);
  EXPECT_EQ(call("cuMemsetD32_v2", memory + 2, 7u, size_t(1)), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(call("cuMemsetD32_v2", memory, 7u, size_t(17)), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(call("cuMemcpyDtoD_v2", memory + 24, memory, size_t(41)), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(download(), expected) << "refused as a whole";
}

TEST_F(EmulatedDriver, WritesItsLogWithinTheBuffer) {
  char log[12];
  memset(log, 'x', sizeof(log));
  CUjit_option options[] = {CU_JIT_ERROR_LOG_BUFFER, CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES};
  void *values[] = {log, (void *)size_t(8)};
  CUmodule loaded;
  EXPECT_EQ(call("cuModuleLoadDataEx", &loaded, (const void *)"nonsense", 2u,
                 (CUjit_option *)options, (void **)values),
            CUDA_ERROR_INVALID_PTX);
  EXPECT_STREQ(log, report().substr(0, 7).c_str());
  EXPECT_EQ(log[8], 'x');
}

TEST_F(EmulatedDriver, KnowsItsStreams) {
  CUstream stream;
  ASSERT_EQ(call("cuStreamCreate", &stream, 0u), CUDA_SUCCESS);
  EXPECT_EQ(launch(memory, 1, 32, 0, stream), CUDA_SUCCESS) << report();
  EXPECT_EQ(call("cuStreamSynchronize", stream), CUDA_SUCCESS);
  EXPECT_EQ(call("cuStreamDestroy_v2", stream), CUDA_SUCCESS);
  EXPECT_EQ(call("cuStreamQuery", stream), CUDA_ERROR_INVALID_HANDLE);
}

//===----------------------------------------------------------------------===//
// Tensor maps
//===----------------------------------------------------------------------===//

/// The parameters of cuTensorMapEncodeTiled, legal at first.
struct MapRequest {
  int element = 9;
  uint32_t rank = 2;
  uint64_t address = 0x10000;
  uint64_t sizes[5] = {64, 100, 1, 1, 1}, strides[4] = {128, 16, 16, 16};
  uint32_t box[5] = {64, 8, 1, 1, 1}, steps[5] = {1, 1, 1, 1, 1};
  int interleave = 0, swizzle = 3, promotion = 3, fill = 0;
};

struct MapCase {
  const char *name;
  int result;
  const char *report;
  void (*change)(MapRequest &);
};

const MapCase mapCases[] = {
    {"Legal", CUDA_SUCCESS, "", [](MapRequest &) {}},
    {"Broadcast", CUDA_SUCCESS, "", [](MapRequest &map) { map.strides[0] = 0; }},
    {"Rank", CUDA_ERROR_INVALID_VALUE, "tensor map: rank 6", [](MapRequest &map) { map.rank = 6; }},
    {"Address", CUDA_ERROR_INVALID_VALUE, "tensor map: the address is not aligned to 16 bytes",
     [](MapRequest &map) { map.address += 8; }},
    {"Stride", CUDA_ERROR_INVALID_VALUE,
     "tensor map: stride 136 of dimension 1 is no multiple of 16 bytes",
     [](MapRequest &map) { map.strides[0] = 136; }},
    {"LongStride", CUDA_ERROR_INVALID_VALUE,
     "tensor map: stride 1099511627776 of dimension 1 is no multiple of 16 bytes",
     [](MapRequest &map) { map.strides[0] = uint64_t(1) << 40; }},
    {"SizeZero", CUDA_ERROR_INVALID_VALUE, "tensor map: size 0 of dimension 1",
     [](MapRequest &map) { map.sizes[1] = 0; }},
    {"Size", CUDA_ERROR_INVALID_VALUE, "tensor map: size 4294967297 of dimension 1",
     [](MapRequest &map) { map.sizes[1] = (uint64_t(1) << 32) + 1; }},
    {"Box", CUDA_ERROR_INVALID_VALUE, "tensor map: box 257 of dimension 1",
     [](MapRequest &map) { map.box[1] = 257; }},
    {"BoxWiderThanTheSwizzle", CUDA_ERROR_INVALID_VALUE,
     "tensor map: rows of 128 bytes under a swizzle of 64",
     [](MapRequest &map) { map.swizzle = 2; }},
    {"Swizzle", CUDA_ERROR_INVALID_VALUE, "tensor map: unknown swizzle, promotion or fill",
     [](MapRequest &map) { map.swizzle = 4; }},
    {"IntegersOfNaN", CUDA_ERROR_INVALID_VALUE, "tensor map: integers cannot be filled with NaN",
     [](MapRequest &map) { map.element = 1, map.fill = 1; }},
    {"StepZero", CUDA_ERROR_INVALID_VALUE, "tensor map: element stride 0",
     [](MapRequest &map) { map.steps[1] = 0; }},
    {"Step", CUDA_ERROR_NOT_SUPPORTED, "tensor map: element strides are not emulated",
     [](MapRequest &map) { map.steps[1] = 2; }},
    {"Element", CUDA_ERROR_NOT_SUPPORTED,
     "tensor map: this element type or interleaving is not emulated",
     [](MapRequest &map) { map.element = 4; }},
};

class EmulatedMap : public EmulatedDriver, public testing::WithParamInterface<MapCase> {};

TEST_P(EmulatedMap, IsRefusedAsByTheDriver) {
  MapRequest map;
  GetParam().change(map);
  alignas(64) char bytes[128];
  EXPECT_EQ(call("cuTensorMapEncodeTiled", (void *)bytes, map.element, map.rank,
                 (void *)map.address, (const uint64_t *)map.sizes, (const uint64_t *)map.strides,
                 (const uint32_t *)map.box, (const uint32_t *)map.steps, map.interleave,
                 map.swizzle, map.promotion, map.fill),
            GetParam().result);
  EXPECT_EQ(report(), GetParam().report);
}

INSTANTIATE_TEST_SUITE_P(Encode, EmulatedMap, testing::ValuesIn(mapCases),
                         [](const auto &info) { return info.param.name; });

} // namespace
