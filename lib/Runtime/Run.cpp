//===- Run.cpp - one call on several threads ------------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The items of a call differ in cost (the first rows of a causal pattern see few keys), so they are
// cut into chunks of about equal cost, several for each thread, and the threads take them from a
// counter, the heaviest first: what is left at the end is small. A chunk is a range of consecutive
// items, which share keys and values in the cache. Which thread runs an item never changes its
// result.
//
//===------------------------------------------------------------------------------===//

#include "Pool.h"
#include "Scratch.h"
#include "attn/Runtime/Error.h"
#include "attn/Runtime/Runtime.h"

#include <algorithm>
#include <cstdlib>
#include <sched.h>
#include <unistd.h>
#include <vector>

using namespace attn;

namespace {

struct Chunk {
  int64_t begin, end;
  double cost;
};

/// A call that several threads work on.
struct Call {
  const AttnKernel *kernel;
  const AttnArgs *args;
  int64_t scratchBytes;
  std::vector<Chunk> chunks;
  std::atomic<size_t> next{0};
  std::atomic<int> status{ATTN_OK};
};

/// Chunks for each thread: with fewer the last one may leave the others idle, more cost locality.
constexpr int64_t kChunksPerThread = 8;
/// Groups of items, for each thread, of which one item's cost is asked; bounds the work before a
/// call.
constexpr int64_t kGroupsPerThread = 64;
/// A thread is woken for at least this many multiply-adds, about 5 microseconds of them.
constexpr double kWorthWaking = 1 << 18;
constexpr int kMostThreads = 1024;

/// Consecutive items in chunks of about a `threads * kChunksPerThread`th of the total cost.
std::vector<Chunk> cutIntoChunks(const AttnKernel &kernel, const AttnArgs &args, int64_t items,
                                 int threads, double &total) {
  const int64_t groups = std::min(items, kGroupsPerThread * threads);
  std::vector<Chunk> pieces;
  pieces.reserve(groups);
  total = 0;
  for (int64_t g = 0, begin = 0; g < groups; ++g) {
    const int64_t end = begin + (items - begin) / (groups - g);
    const int64_t cost = kernel.cost(&args, begin + (end - begin) / 2);
    pieces.push_back({begin, end, double(std::max<int64_t>(cost, 1)) * double(end - begin)});
    total += pieces.back().cost;
    begin = end;
  }

  const double target = total / double(kChunksPerThread * threads);
  std::vector<Chunk> chunks;
  for (const Chunk &piece : pieces) {
    if (chunks.empty() || chunks.back().cost + piece.cost > target) {
      chunks.push_back(piece);
      continue;
    }
    chunks.back().end = piece.end;
    chunks.back().cost += piece.cost;
  }
  return chunks;
}

int runItems(const AttnKernel &kernel, const AttnArgs &args, int64_t scratchBytes, int64_t begin,
             int64_t end) {
  void *scratch = threadScratch(scratchBytes);
  return scratch ? kernel.run(&args, begin, end, scratch) : int(ATTN_ERROR_MEMORY);
}

/// Takes chunks until there are none, or until one has failed.
void takeChunks(void *data) {
  Call &call = *static_cast<Call *>(data);
  while (call.status.load(std::memory_order_relaxed) == ATTN_OK) {
    const size_t index = call.next.fetch_add(1, std::memory_order_relaxed);
    if (index >= call.chunks.size())
      return;
    const Chunk &chunk = call.chunks[index];
    const int status =
        runItems(*call.kernel, *call.args, call.scratchBytes, chunk.begin, chunk.end);
    int expected = ATTN_OK;
    if (status != ATTN_OK)
      call.status.compare_exchange_strong(expected, status);
  }
}

/// Runs all items on up to `threads` threads.
int runCall(const AttnKernel &kernel, const AttnArgs &args, const AttnPlan &plan, int threads) {
  threads = int(std::min<int64_t>(std::min(threads, kMostThreads), plan.items));
  Pool *pool = threads > 1 ? &Pool::get() : nullptr;
  if (!pool || !pool->tryAcquire())
    return runItems(kernel, args, plan.scratch_bytes, 0, plan.items);

  Call call;
  call.kernel = &kernel;
  call.args = &args;
  call.scratchBytes = plan.scratch_bytes;
  double total = 0;
  call.chunks = cutIntoChunks(kernel, args, plan.items, threads, total);
  const double worth = total * double(std::max<int64_t>(args.features, 1)) / kWorthWaking;
  const int helpers =
      int(std::min<double>({double(threads), double(call.chunks.size()), worth})) - 1;
  if (helpers < 1) {
    pool->release();
    return runItems(kernel, args, plan.scratch_bytes, 0, plan.items);
  }
  std::sort(call.chunks.begin(), call.chunks.end(),
            [](const Chunk &a, const Chunk &b) { return a.cost > b.cost; });
  pool->run(helpers, takeChunks, &call);
  pool->release();
  return call.status.load(std::memory_order_relaxed);
}

} // namespace

int attn_default_threads(void) {
  if (const char *text = getenv("ATTN_NUM_THREADS")) {
    char *end = nullptr;
    const long number = strtol(text, &end, 10);
    if (end != text && !*end && number > 0)
      return int(std::min<long>(number, kMostThreads));
  }
  cpu_set_t allowed;
  if (sched_getaffinity(0, sizeof(allowed), &allowed) == 0)
    return std::max(1, CPU_COUNT(&allowed));
  return std::max(1, int(sysconf(_SC_NPROCESSORS_ONLN)));
}

int attn_run(const AttnKernel *kernel, const AttnArgs *args, int threads) {
  if (!kernel || !args) {
    setLastError("expected a kernel and its arguments, found null");
    return ATTN_ERROR_STRUCT_SIZE;
  }
  AttnPlan plan = {sizeof(AttnPlan), 0, 0};
  int status = kernel->plan(args, &plan);
  if (status == ATTN_OK && plan.items > 0)
    status = runCall(*kernel, *args, plan, threads > 0 ? threads : attn_default_threads());
  if (status != ATTN_OK)
    setLastError(attn_status_message(status));
  return status;
}
