//===- Pool.cpp - threads that wait for work ----------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===------------------------------------------------------------------------------===//

#include "Pool.h"

#include <chrono>
#include <pthread.h>

using namespace attn;

namespace {

std::atomic<Pool *> thePool{nullptr};

/// In a forked child: forget the parent's pool. Its memory is left alone, as its mutex may be
/// locked.
void forgetPool() { thePool.store(nullptr, std::memory_order_relaxed); }

/// Tells the processor that this is a waiting loop.
void pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

/// Waits for `ready` without sleeping, long enough to cover the gap between the calls of a busy
/// program (about 50 microseconds) and no longer. Returns what `ready` said last.
template <typename Ready>
bool spin(Ready ready) {
  using Clock = std::chrono::steady_clock;
  const Clock::time_point end = Clock::now() + std::chrono::microseconds(50);
  do {
    for (int i = 0; i < 64; ++i) {
      if (ready())
        return true;
      pause();
    }
  } while (Clock::now() < end);
  return ready();
}

} // namespace

Pool &Pool::get() {
  static const int registered = pthread_atfork(nullptr, nullptr, forgetPool);
  (void)registered;
  Pool *pool = thePool.load(std::memory_order_acquire);
  if (pool)
    return *pool;
  Pool *created = new Pool();
  if (thePool.compare_exchange_strong(pool, created, std::memory_order_acq_rel))
    return *created;
  delete created; // another thread was first, and nobody has seen ours
  return *pool;
}

/// Starts threads until there are `workers` of them, or as many as the system allows.
void Pool::grow(int workers) {
  while (threads < workers) {
    pthread_t thread;
    if (pthread_create(&thread, nullptr, &Pool::enter, this) != 0)
      return;
    pthread_detach(thread);
    ++threads;
  }
}

void Pool::run(int helpers, void (*callFunction)(void *), void *callData) {
  grow(helpers);
  function = callFunction;
  data = callData;
  places.store(helpers, std::memory_order_relaxed);
  gate.store(kOpen, std::memory_order_release);
  // Both this pair and the one in waitForCall are sequentially consistent: either the worker sees
  // the new number, or we see that it sleeps.
  calls.fetch_add(1);
  if (sleepers.load() > 0) {
    {
      std::lock_guard<std::mutex> lock(mutex);
    }
    wake.notify_all();
  }

  callFunction(callData);

  gate.fetch_and(~kOpen, std::memory_order_acq_rel);
  const auto empty = [&] { return gate.load() == 0; };
  if (spin(empty))
    return;
  std::unique_lock<std::mutex> lock(mutex);
  callerSleeps.store(true);
  done.wait(lock, empty);
  callerSleeps.store(false);
}

void *Pool::enter(void *pool) {
  static_cast<Pool *>(pool)->work();
  return nullptr;
}

void Pool::work() {
  for (uint32_t seen = 0;;) {
    seen = waitForCall(seen);
    help();
  }
}

/// Returns the number of calls once it differs from `seen`.
uint32_t Pool::waitForCall(uint32_t seen) {
  const auto called = [&] { return calls.load() != seen; };
  if (!spin(called)) {
    std::unique_lock<std::mutex> lock(mutex);
    sleepers.fetch_add(1);
    wake.wait(lock, called);
    sleepers.fetch_sub(1);
  }
  return calls.load();
}

/// Passes the gate, if it is open, and takes part in the call.
void Pool::help() {
  uint32_t state = gate.load(std::memory_order_relaxed);
  do {
    if (!(state & kOpen))
      return;
  } while (!gate.compare_exchange_weak(state, state + 1, std::memory_order_acquire,
                                       std::memory_order_relaxed));
  if (places.fetch_sub(1, std::memory_order_relaxed) > 0)
    function(data);
  if (gate.fetch_sub(1) - 1 == 0 && callerSleeps.load()) {
    {
      std::lock_guard<std::mutex> lock(mutex);
    }
    done.notify_one();
  }
}
