//===- RunTest.cpp - every item once, on any number of threads ---------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The kernels here are fakes that record what they are asked to do. For races build this folder and
// lib/Runtime, which needs no LLVM, with ThreadSanitizer:
//
//   g++ -std=c++17 -g -O1 -fsanitize=thread -Iinclude -o runtime-tsan
//       lib/Runtime/*.cpp test/Unit/Runtime/RunTest.cpp -lgtest -lgtest_main -ldl
//   TSAN_OPTIONS=allocator_may_return_null=1:die_after_fork=0 ./runtime-tsan
//
//===------------------------------------------------------------------------------===//

#include "attn/Runtime/Runtime.h"

#include <atomic>
#include <chrono>
#include <cstring>
#include <gtest/gtest.h>
#include <set>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace {

/// What the fake kernel sees and does, reached through AttnArgs::query.
struct Fake {
  explicit Fake(int64_t items) : items(items), seen(items) {}

  AttnArgs args() {
    AttnArgs args = {};
    args.struct_size = sizeof(AttnArgs);
    args.features = 1 << 20; // dear enough that every thread is worth waking
    args.query.data = this;
    return args;
  }

  int64_t items;
  int64_t scratchBytes = 1000;
  int64_t failingItem = -1;
  std::vector<std::atomic<int>> seen;
  std::atomic<int64_t> heaviestFirst{-1};
};

int fakePlan(const AttnArgs *args, AttnPlan *plan) {
  if (args->struct_size < sizeof(AttnArgs))
    return ATTN_ERROR_STRUCT_SIZE;
  const Fake &fake = *static_cast<Fake *>(args->query.data);
  plan->items = fake.items;
  plan->scratch_bytes = fake.scratchBytes;
  return ATTN_OK;
}

/// Like causal: later items cost more.
int64_t fakeCost(const AttnArgs *, int64_t item) { return 1 + item; }

int fakeRun(const AttnArgs *args, int64_t begin, int64_t end, void *scratch) {
  Fake &fake = *static_cast<Fake *>(args->query.data);
  if (reinterpret_cast<uintptr_t>(scratch) % 64 != 0)
    return -1;
  // Scratch that two threads shared would show another thread's byte, and a race to TSan.
  const char mark = char(begin * 7 + 1);
  memset(scratch, mark, fake.scratchBytes);
  int64_t none = -1;
  fake.heaviestFirst.compare_exchange_strong(none, begin);
  for (int64_t item = begin; item < end; ++item) {
    if (item == fake.failingItem)
      return ATTN_ERROR_STRIDES;
    fake.seen[item].fetch_add(1);
  }
  for (int64_t i = 0; i < fake.scratchBytes; ++i)
    if (static_cast<char *>(scratch)[i] != mark)
      return -2;
  return ATTN_OK;
}

const AttnKernel fakeKernel = {fakePlan, fakeCost, fakeRun, "{}"};

void expectEachItemOnce(const Fake &fake) {
  for (int64_t item = 0; item < fake.items; ++item)
    ASSERT_EQ(fake.seen[item].load(), 1) << "item " << item << " of " << fake.items;
}

TEST(Run, RunsEachItemOnce) {
  for (int threads : {1, 2, 3, 8})
    for (int64_t items : {0, 1, 2, 3, 7, 64, 1000, 20000}) {
      Fake fake(items);
      const AttnArgs args = fake.args();
      EXPECT_EQ(attn_run(&fakeKernel, &args, threads), ATTN_OK);
      expectEachItemOnce(fake);
    }
}

TEST(Run, ManySmallCallsInARow) {
  for (int repeat = 0; repeat < 2000; ++repeat) {
    Fake fake(5);
    fake.scratchBytes = 1;
    const AttnArgs args = fake.args();
    ASSERT_EQ(attn_run(&fakeKernel, &args, 3), ATTN_OK);
    expectEachItemOnce(fake);
    if (repeat % 500 == 0) // let the pool fall asleep, and wake it again
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
}

TEST(Run, HeaviestChunkFirst) {
  Fake fake(1000);
  const AttnArgs args = fake.args();
  EXPECT_EQ(attn_run(&fakeKernel, &args, 2), ATTN_OK);
  EXPECT_GE(fake.heaviestFirst.load(), 100);
}

TEST(Run, ScratchGrowsAndMayBeLarge) {
  for (int64_t bytes : {int64_t(0), int64_t(100), int64_t(5) << 20, int64_t(64)}) {
    Fake fake(16);
    fake.scratchBytes = bytes;
    const AttnArgs args = fake.args();
    EXPECT_EQ(attn_run(&fakeKernel, &args, 2), ATTN_OK);
    expectEachItemOnce(fake);
  }
}

TEST(Run, NoMemoryIsAnError) {
  Fake fake(16);
  fake.scratchBytes = INT64_MAX - 100;
  const AttnArgs args = fake.args();
  for (int threads : {1, 2}) {
    EXPECT_EQ(attn_run(&fakeKernel, &args, threads), ATTN_ERROR_MEMORY);
    EXPECT_STREQ(attn_last_error(), "no memory for the scratch of the threads");
  }
}

TEST(Run, ErrorsOfPlanAndKernelArriveAtTheCaller) {
  Fake fake(100);
  AttnArgs args = fake.args();
  fake.failingItem = 50;
  for (int threads : {1, 4}) {
    EXPECT_EQ(attn_run(&fakeKernel, &args, threads), ATTN_ERROR_STRIDES);
    EXPECT_STREQ(attn_last_error(), "a stride is negative");
  }
  args.struct_size = 8;
  EXPECT_EQ(attn_run(&fakeKernel, &args, 4), ATTN_ERROR_STRUCT_SIZE);
  EXPECT_EQ(attn_run(nullptr, &args, 4), ATTN_ERROR_STRUCT_SIZE);
  EXPECT_STREQ(attn_last_error(), "expected a kernel and its arguments, found null");
}

TEST(Run, TwoCallersAtOnce) {
  const auto call = [] {
    for (int repeat = 0; repeat < 200; ++repeat) {
      Fake fake(50);
      const AttnArgs args = fake.args();
      ASSERT_EQ(attn_run(&fakeKernel, &args, 3), ATTN_OK);
      expectEachItemOnce(fake);
    }
  };
  std::thread first(call), second(call);
  first.join();
  second.join();
}

TEST(Run, WorksInAForkedChild) {
  Fake before(50);
  AttnArgs args = before.args();
  ASSERT_EQ(attn_run(&fakeKernel, &args, 3), ATTN_OK);
  const pid_t child = fork();
  if (child == 0) {
    Fake fake(50);
    args = fake.args();
    const int status = attn_run(&fakeKernel, &args, 3);
    int once = 0;
    for (const std::atomic<int> &count : fake.seen)
      once += count.load() == 1;
    _exit(status == ATTN_OK && once == 50 ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

TEST(Run, DefaultThreadsComeFromTheEnvironment) {
  setenv("ATTN_NUM_THREADS", "5", 1);
  EXPECT_EQ(attn_default_threads(), 5);
  for (const char *bad : {"0", "-3", "many", "", "2x"}) {
    setenv("ATTN_NUM_THREADS", bad, 1);
    EXPECT_LE(attn_default_threads(), int(std::thread::hardware_concurrency())) << bad;
    EXPECT_GE(attn_default_threads(), 1) << bad;
  }
  unsetenv("ATTN_NUM_THREADS");
}

TEST(Status, EveryCodeHasItsOwnMessage) {
  std::set<std::string> messages;
  for (int status = ATTN_OK; status <= ATTN_ERROR_MEMORY; ++status)
    messages.insert(attn_status_message(status));
  EXPECT_EQ(messages.size(), size_t(ATTN_ERROR_MEMORY) + 1);
  EXPECT_STREQ(attn_status_message(99), "unknown status");
}

TEST(Status, DefaultOffsetAlignsTheEnds) {
  EXPECT_EQ(attn_default_offset(4, 10, 0), 6);
  EXPECT_EQ(attn_default_offset(10, 4, 100), 94);
}

} // namespace
