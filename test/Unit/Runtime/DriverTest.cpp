//===- DriverTest.cpp - which drivers open, which kernels load, and what a launch costs ----===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===------------------------------------------------------------------------------===//

#include "DeviceHarness.h"

#include <atomic>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <new>

using namespace attn::test;

// Counts allocations: a launch must not make any.
static std::atomic<size_t> allocations{0};

void *operator new(size_t size) {
  ++allocations;
  if (void *data = malloc(size ? size : 1))
    return data;
  throw std::bad_alloc();
}
void operator delete(void *data) noexcept { free(data); }
void operator delete(void *data, size_t) noexcept { free(data); }

namespace {

const std::string fakes = ATTN_FAKES;

/// The message after `attn_driver_open` has failed.
std::string openFailure(const char *name) {
  EXPECT_EQ(attn_driver_open(name), nullptr);
  return attn_last_error();
}

TEST(Driver, IsNoWord) {
  EXPECT_EQ(openFailure("emulated"),
            "expected driver 'cuda', 'emulator' or a path, found 'emulated'");
}

TEST(Driver, SaysWhyALibraryDoesNotOpen) {
  EXPECT_NE(openFailure("./missing/libcuda.so.1").find("cannot open the driver: ./missing"),
            std::string::npos);
}

TEST(Driver, SaysWhereItLookedForTheEmulator) {
  const Variable unset("ATTN_EMULATOR", nullptr);
  const std::string message = openFailure("emulator");
  EXPECT_EQ(message.find("cannot find the emulated driver, looked for /"), 0u) << message;
  for (const char *place : {"/emulator/libcuda.so.1, ", "/../lib/emulator/libcuda.so.1, ",
                            "/lib/emulator/libcuda.so.1; set ATTN_EMULATOR to its path"})
    EXPECT_NE(message.find(place), std::string::npos) << message;
}

TEST(Driver, TakesTheEmulatorFromTheEnvironment) {
  const Variable path("ATTN_EMULATOR", ATTN_EMULATED_DRIVER);
  const AttnDriver *driver = attn_driver_open("emulator");
  ASSERT_NE(driver, nullptr) << attn_last_error();
  EXPECT_EQ(driver, attn_driver_open(ATTN_EMULATED_DRIVER)) << "one library, one driver";
  EXPECT_EQ(attn_driver_compute_capability(driver), 90);
  const Variable ampere("ATTN_EMULATOR_CAPABILITY", "80");
  EXPECT_EQ(attn_driver_compute_capability(driver), 80);
}

// glibc would take a library with this SONAME for the one that a framework asks for.
TEST(Driver, EmulatorIsNotFoundUnderTheNameOfTheRealOne) {
  ASSERT_NE(attn_driver_open(ATTN_EMULATED_DRIVER), nullptr);
  void *library = dlopen("libcuda.so.1", RTLD_NOW | RTLD_NOLOAD);
  EXPECT_TRUE(!library || !dlsym(library, "attn_emulator_last_report"));
}

TEST(Driver, RefusesBadEnvironments) {
  const AttnDriver *driver = attn_driver_open(ATTN_EMULATED_DRIVER);
  const Variable capability("ATTN_EMULATOR_CAPABILITY", "75");
  EXPECT_EQ(attn_driver_compute_capability(driver), 0);
  EXPECT_STREQ(
      attn_last_error(),
      "cannot ask for the compute capability: CUDA_ERROR_INVALID_VALUE (invalid argument)\n"
      "ATTN_EMULATOR_CAPABILITY is '75', expected 80 or 90");
  const Variable seed("ATTN_EMULATOR_SEED", "many");
  const Variable fine("ATTN_EMULATOR_CAPABILITY", "90");
  EXPECT_EQ(attn_driver_compute_capability(driver), 0);
  EXPECT_NE(std::string(attn_last_error()).find("ATTN_EMULATOR_SEED is 'many', expected a number"),
            std::string::npos);
}

TEST(Driver, RefusesOneWithoutADevice) {
  const std::string path = fakes + "/FakeNoDevice.so";
  EXPECT_EQ(openFailure(path.c_str()), "driver '" + path +
                                           "' does not start: CUDA_ERROR_NO_DEVICE (no "
                                           "CUDA-capable device is detected)");
}

TEST(Driver, RefusesALibraryThatIsNoDriver) {
  const std::string path = fakes + "/FakeOldDriver.so";
  EXPECT_EQ(openFailure(path.c_str()), "driver '" + path + "' has no 'cuStreamSynchronize'");
}

TEST(Driver, TellsTheEmulatorFromOthers) {
  EXPECT_EQ(attn_driver_is_emulator(attn_driver_open(ATTN_EMULATED_DRIVER)), 1);
  const AttnDriver *other = attn_driver_open((fakes + "/FakeDriver.so").c_str());
  ASSERT_NE(other, nullptr) << attn_last_error();
  EXPECT_EQ(attn_driver_is_emulator(other), 0);
}

TEST(Driver, RefusesNull) {
  EXPECT_EQ(attn_driver_compute_capability(nullptr), 0);
  EXPECT_EQ(attn_driver_is_emulator(nullptr), 0);
  EXPECT_EQ(attn_device_synchronize(nullptr, nullptr), ATTN_ERROR_DRIVER);
  EXPECT_STREQ(attn_last_error(), "expected a driver, found null");
}

/// The fake driver, and a kernel with tensor maps in it.
class FakeDriver : public testing::Test {
protected:
  void SetUp() override {
    const AttnDriver *driver = attn_driver_open(path.c_str());
    ASSERT_NE(driver, nullptr) << attn_last_error();
    AttnDeviceInfo info = plainInfo("k");
    info.features = 64;
    info.panel_columns = 64;
    info.query_tile = 32;
    info.output_rows = 8;
    info.shared_bytes = 100000;
    info.threads = 384;
    kernel = attn_device_load(driver, &info, "text", 5);
    ASSERT_NE(kernel, nullptr) << attn_last_error();
    number("fake_encoded") = number("fake_launched") = number("fake_wrong_maps") = 0;
    args = plainArgs(arguments);
    args.features = 64;
    for (AttnTensor *tensor : {&args.query, &args.key, &args.value, &args.output}) {
      for (int64_t &stride : tensor->strides)
        stride *= 8;
      place(*tensor, 1 + (tensor - &args.query));
    }
  }
  void TearDown() override { attn_device_unload(kernel); }

  void place(AttnTensor &tensor, uint64_t megabyte) {
    tensor.data = reinterpret_cast<void *>(megabyte << 20);
  }
  template <typename Type = int>
  Type &number(const char *name) {
    return *symbolOf<Type *>(path, name);
  }

  const std::string path = fakes + "/FakeDriver.so";
  const int64_t arguments[2] = {5, 6};
  AttnDeviceKernel *kernel = nullptr;
  AttnArgs args;
};

TEST_F(FakeDriver, LaunchesAGridThatFitsTheDevice) {
  ASSERT_EQ(attn_device_launch(kernel, &args, nullptr), ATTN_OK) << attn_last_error();
  EXPECT_EQ(number<unsigned>("fake_grid"), 2u * 4 * 2) << "a CTA for each item";
  EXPECT_EQ(number<unsigned>("fake_threads"), 384u);
  EXPECT_EQ(number<unsigned>("fake_shared"), 100000u);
  args.batch = 1000;
  ASSERT_EQ(attn_device_launch(kernel, &args, nullptr), ATTN_OK) << attn_last_error();
  EXPECT_EQ(number<unsigned>("fake_grid"), 132u * 2) << "what the device runs at once";
}

TEST_F(FakeDriver, DescribesTensorsAsTheKernelsReadThem) {
  ASSERT_EQ(attn_device_launch(kernel, &args, nullptr), ATTN_OK) << attn_last_error();
  struct Map {
    uint64_t sizes[4], strides[3];
    uint32_t box[4];
    int element, swizzle, promotion, fill;
  };
  const Map *maps = &number<Map>("fake_maps");
  for (int tensor = 0; tensor < 4; ++tensor) {
    SCOPED_TRACE(tensor);
    const Map &map = maps[tensor];
    const bool isKeyOrValue = tensor == 1 || tensor == 2;
    const uint64_t rows = isKeyOrValue ? 24 : 40, heads = isKeyOrValue ? 2 : 4;
    const uint64_t sizes[] = {64, rows, heads, 2};
    const uint64_t strides[] = {128, rows * 128, heads * rows * 128};
    const uint32_t boxRows[] = {32, 16, 16, 8}, box[] = {64, boxRows[tensor], 1, 1};
    EXPECT_EQ(memcmp(map.sizes, sizes, sizeof(sizes)), 0);
    EXPECT_EQ(memcmp(map.strides, strides, sizeof(strides)), 0);
    EXPECT_EQ(memcmp(map.box, box, sizeof(box)), 0);
    EXPECT_EQ(map.element, 9) << "bf16";
    EXPECT_EQ(map.swizzle, 3) << "128 bytes";
    EXPECT_EQ(map.promotion, 3) << "256 bytes";
    EXPECT_EQ(map.fill, 0) << "zeros";
  }
}

// A framework gives dimensions of one element any stride.
TEST_F(FakeDriver, IgnoresStridesThatAreNeverUsed) {
  args.batch = 1;
  args.query_heads = args.key_heads = 1;
  ASSERT_EQ(attn_device_launch(kernel, &args, nullptr), ATTN_OK) << attn_last_error();
  EXPECT_EQ(number("fake_encoded"), 4);
  for (AttnTensor *tensor : {&args.query, &args.key, &args.value, &args.output})
    tensor->strides[0] = tensor->strides[1] = 1;
  ASSERT_EQ(attn_device_launch(kernel, &args, nullptr), ATTN_OK) << attn_last_error();
  EXPECT_EQ(number("fake_encoded"), 4) << "the same tensors";
}

TEST_F(FakeDriver, EncodesEmptyTensorsAtALegalAddress) {
  args.key_length = 0;
  args.key.data = args.value.data = nullptr;
  ASSERT_EQ(attn_device_launch(kernel, &args, nullptr), ATTN_OK) << attn_last_error();
  EXPECT_EQ(number("fake_wrong_maps"), 2) << "key's and value's are query's";
}

TEST_F(FakeDriver, NamesTheTensorWhoseMapIsRefused) {
  number("fake_refuse_maps") = 1;
  EXPECT_EQ(attn_device_launch(kernel, &args, nullptr), ATTN_ERROR_DRIVER);
  EXPECT_STREQ(attn_last_error(),
               "the driver refuses a tensor map of 'query', [2, 4, 40, 64] with strides of 20480, "
               "5120, 128 bytes: CUDA_ERROR_INVALID_VALUE (invalid argument)");
  number("fake_refuse_maps") = 0;
  EXPECT_EQ(number("fake_launched"), 0);
}

TEST_F(FakeDriver, KeepsTheMapsThatItUsedLast) {
  for (int round = 0; round < 2; ++round)
    for (uint64_t i = 1; i <= 2000; ++i) {
      place(args.key, 16 + i);
      ASSERT_EQ(attn_device_launch(kernel, &args, nullptr), ATTN_OK) << attn_last_error();
    }
  EXPECT_EQ(number("fake_wrong_maps"), 0);
  const int encoded = number("fake_encoded");
  EXPECT_GT(encoded, 4000) << "2000 tensors do not fit the cache";
  for (int i = 0; i < 10; ++i)
    ASSERT_EQ(attn_device_launch(kernel, &args, nullptr), ATTN_OK);
  EXPECT_LE(number("fake_encoded"), encoded + 3) << "at most the other three again";
}

TEST_F(FakeDriver, LaunchesInMicrosecondsWithoutAllocating) {
  ASSERT_EQ(attn_device_launch(kernel, &args, nullptr), ATTN_OK) << attn_last_error();
  constexpr int kLaunches = 100000;
  const size_t before = allocations;
  // Of this thread alone: the tests run beside others.
  const auto microseconds = [] {
    timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return double(time.tv_sec) * 1e6 + double(time.tv_nsec) * 1e-3;
  };
  const double start = microseconds();
  for (int i = 0; i < kLaunches; ++i)
    attn_device_launch(kernel, &args, nullptr);
  const double elapsed = microseconds() - start;
  EXPECT_EQ(allocations - before, 0u);
  EXPECT_EQ(number("fake_launched"), kLaunches + 1);
  EXPECT_EQ(number("fake_encoded"), 4);
  const double each = elapsed / kLaunches;
  printf("host cost of a launch, without the driver's: %.3f microseconds\n", each);
  EXPECT_LT(each, 3) << "microseconds; the driver's own part comes on top";
}

TEST_F(FakeDriver, LeavesTheCallersContextAlone) {
  int other;
  number<void *>("fake_current") = &other;
  ASSERT_EQ(attn_device_launch(kernel, &args, nullptr), ATTN_OK) << attn_last_error();
  EXPECT_EQ(number<void *>("fake_current"), &other);
  number<void *>("fake_current") = nullptr;
  ASSERT_EQ(attn_device_launch(kernel, &args, nullptr), ATTN_OK) << attn_last_error();
  EXPECT_NE(number<void *>("fake_current"), nullptr) << "a thread without one keeps the kernel's";
}

} // namespace
