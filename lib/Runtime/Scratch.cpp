//===- Scratch.cpp - a thread's working memory --------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===------------------------------------------------------------------------------===//

#include "Scratch.h"

#include <cstdlib>
#include <sys/mman.h>

namespace {

constexpr size_t kLine = 64;
constexpr size_t kHugePage = size_t(2) << 20;
/// From here on a huge page is worth its memory: the panels no longer fit the first-level TLB.
constexpr size_t kHugeFrom = size_t(256) << 10;

struct Scratch {
  ~Scratch() { free(data); }

  void *data = nullptr;
  size_t capacity = 0;
};

} // namespace

void *attn::threadScratch(int64_t bytes) {
  static thread_local Scratch scratch;
  const size_t wanted = bytes > 0 ? size_t(bytes) : 1;
  if (wanted <= scratch.capacity)
    return scratch.data;

  const size_t alignment = wanted >= kHugeFrom ? kHugePage : kLine;
  const size_t rounded = (wanted + alignment - 1) / alignment * alignment;
  if (rounded < wanted) // beyond the address space
    return nullptr;
  free(scratch.data);
  scratch.capacity = 0;
  if (posix_memalign(&scratch.data, alignment, rounded) != 0) {
    scratch.data = nullptr;
    return nullptr;
  }
  if (alignment == kHugePage) // a hint: without it everything works, more slowly
    (void)madvise(scratch.data, rounded, MADV_HUGEPAGE);
  scratch.capacity = rounded;
  return scratch.data;
}
