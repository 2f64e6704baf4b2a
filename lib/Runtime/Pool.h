//===- Pool.h - threads that wait for work -------------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A pool serves one call at a time. The caller opens a gate; workers that are awake pass it and
// take part; when the caller has found no more work it closes the gate and waits for those inside
// only. A worker that wakes late finds the gate closed and goes back to sleep, so a short call
// never waits for a thread that the system has not scheduled yet.
//
//===------------------------------------------------------------------------------===//

#ifndef ATTN_LIB_RUNTIME_POOL_H
#define ATTN_LIB_RUNTIME_POOL_H

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace attn {

class Pool {
public:
  /// The process's pool, without threads until the first `run`. A forked child gets a new one: its
  /// parent's threads do not exist there. Never destroyed: threads may sleep in it when the process
  /// ends.
  static Pool &get();

  /// Takes the pool for one call of `run`; false if another thread has it.
  bool tryAcquire() { return !taken.exchange(true, std::memory_order_acquire); }
  void release() { taken.store(false, std::memory_order_release); }

  /// Calls `function(data)` on the calling thread and on up to `helpers` others, and returns when
  /// all calls have returned. The function takes work from a shared counter until there is none, so
  /// that the number of calls does not matter. Only between tryAcquire and release.
  void run(int helpers, void (*function)(void *), void *data);

private:
  static void *enter(void *pool);
  void work();
  uint32_t waitForCall(uint32_t seen);
  void help();
  void grow(int workers);

  std::atomic<bool> taken{false};
  int threads = 0; // guarded by `taken`

  // The call. Written only while the gate is closed and nobody is inside.
  void (*function)(void *) = nullptr;
  void *data = nullptr;
  std::atomic<int> places{0}; // helpers still wanted

  /// `kOpen` while work may be joined, plus the number of workers inside.
  std::atomic<uint32_t> gate{0};
  static constexpr uint32_t kOpen = uint32_t(1) << 31;

  /// Number of calls so far: a change wakes the workers.
  std::atomic<uint32_t> calls{0};
  std::atomic<int> sleepers{0};
  std::atomic<bool> callerSleeps{false};
  std::mutex mutex;
  std::condition_variable wake;
  std::condition_variable done;
};

} // namespace attn

#endif // ATTN_LIB_RUNTIME_POOL_H
