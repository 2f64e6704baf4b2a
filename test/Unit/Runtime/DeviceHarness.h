//===- DeviceHarness.h - launches through the emulated driver --------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===------------------------------------------------------------------------------===//

#ifndef ATTN_TEST_UNIT_RUNTIME_DEVICEHARNESS_H
#define ATTN_TEST_UNIT_RUNTIME_DEVICEHARNESS_H

#include "attn/Runtime/Device.h"

#include <cstdlib>
#include <dlfcn.h>
#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace attn::test {

/// A function or variable of a library that is open already.
template <typename Type>
Type symbolOf(const std::string &path, const char *name) {
  void *library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  return reinterpret_cast<Type>(library ? dlsym(library, name) : nullptr);
}

/// Device memory for the length of a test.
class DeviceBuffer {
public:
  DeviceBuffer(const AttnDriver *driver, size_t bytes) : driver(driver), bytes(bytes) {
    EXPECT_EQ(attn_device_allocate(driver, bytes, &address), ATTN_OK) << attn_last_error();
  }
  template <typename T>
  DeviceBuffer(const AttnDriver *driver, const std::vector<T> &from)
      : DeviceBuffer(driver, from.size() * sizeof(T)) {
    EXPECT_EQ(attn_device_upload(driver, address, from.data(), bytes), ATTN_OK)
        << attn_last_error();
  }
  ~DeviceBuffer() { attn_device_free(driver, address); }
  DeviceBuffer(const DeviceBuffer &) = delete;
  DeviceBuffer &operator=(const DeviceBuffer &) = delete;

  template <typename T>
  std::vector<T> download() const {
    std::vector<T> to(bytes / sizeof(T));
    EXPECT_EQ(attn_device_download(driver, to.data(), address, bytes), ATTN_OK)
        << attn_last_error();
    return to;
  }

  const AttnDriver *driver;
  size_t bytes;
  void *address = nullptr;
};

/// An environment variable for the length of a test.
class Variable {
public:
  Variable(const char *name, const char *value) : name(name) {
    const char *old = getenv(name);
    previous = old ? old : "";
    value ? setenv(name, value, 1) : unsetenv(name);
  }
  ~Variable() { previous.empty() ? unsetenv(name) : setenv(name, previous.c_str(), 1); }
  Variable(const Variable &) = delete;
  Variable &operator=(const Variable &) = delete;

private:
  const char *name;
  std::string previous;
};

/// Emulated devices, with nothing left of the test before.
class DeviceTest : public testing::Test {
protected:
  void SetUp() override {
    driver = attn_driver_open(ATTN_EMULATED_DRIVER);
    ASSERT_NE(driver, nullptr) << attn_last_error();
    reset();
  }
  void TearDown() override { reset(); }

  void reset(const char *path = ATTN_EMULATED_DRIVER) {
    const auto function = symbolOf<int (*)(int)>(path, "cuDevicePrimaryCtxReset_v2");
    ASSERT_NE(function, nullptr);
    EXPECT_EQ(function(0), 0);
  }

  AttnDeviceKernel *load(const AttnDeviceInfo &info, const std::string &ptx) {
    return attn_device_load(driver, &info, ptx.c_str(), ptx.size() + 1);
  }

  const AttnDriver *driver = nullptr;
};

/// A kernel of one warp for sm_80 without tensor maps, with head dim 8 and two arguments.
inline AttnDeviceInfo plainInfo(const char *symbol) {
  AttnDeviceInfo info = {};
  info.struct_size = sizeof(info);
  info.symbol = symbol;
  info.compute_capability = 80;
  info.dtype = ATTN_DTYPE_BF16;
  info.features = 8;
  info.threads = 32;
  info.query_tile = 16;
  info.key_tile = 16;
  info.argument_count = 2;
  return info;
}

/// Arguments for plainInfo, of 2 x 4 heads over 2, 40 queries and 24 keys, contiguous.
inline AttnArgs plainArgs(const int64_t *arguments) {
  AttnArgs args = {};
  args.struct_size = sizeof(args);
  args.batch = 2;
  args.query_heads = 4;
  args.key_heads = 2;
  args.query_length = 40;
  args.key_length = 24;
  args.features = 8;
  args.query = {nullptr, {4 * 40 * 8, 40 * 8, 8}};
  args.key = {nullptr, {2 * 24 * 8, 24 * 8, 8}};
  args.value = args.key;
  args.output = args.query;
  args.lse = {nullptr, {4 * 40, 40, 1}};
  args.offset = -16;
  args.key_offset = 3;
  args.length = 27;
  args.arguments = arguments;
  args.argument_count = 2;
  args.scale = 0.5f;
  return args;
}

/// A kernel k for plainInfo whose first thread of all runs `body`, with `output` in %rd1.
inline std::string plainKernel(const std::string &body,
                               unsigned parameterBytes = sizeof(AttnLaunch) + 16) {
  return ".version 8.0\n.target sm_80\n.address_size 64\n"
         ".visible .entry k(.param .align 8 .b8 launch[" +
         std::to_string(parameterBytes) +
         "])\n.reqntid 32, 1, 1\n{\n"
         "\t.reg .pred %p<4>;\n\t.reg .b32 %r<8>;\n\t.reg .b64 %rd<8>;\n"
         "\tld.param.b64 %rd1, [launch+24];\n"
         "\tmov.u32 %r1, %tid.x;\n\tmov.u32 %r2, %ctaid.x;\n\tor.b32 %r3, %r1, %r2;\n"
         "\tsetp.ne.b32 %p1, %r3, 0;\n\t@%p1 bra DONE;\n" +
         body + "DONE:\n\tret;\n}\n";
}

} // namespace attn::test

#endif // ATTN_TEST_UNIT_RUNTIME_DEVICEHARNESS_H
