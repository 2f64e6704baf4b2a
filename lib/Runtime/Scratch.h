//===- Scratch.h - a thread's working memory ----------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===------------------------------------------------------------------------------===//

#ifndef ATTN_LIB_RUNTIME_SCRATCH_H
#define ATTN_LIB_RUNTIME_SCRATCH_H

#include <cstddef>
#include <cstdint>

namespace attn {

/// The calling thread's scratch of at least `bytes`, aligned to 64; null if there is no memory. It
/// is kept until the thread ends or asks for more, so that a small call allocates nothing.
void *threadScratch(int64_t bytes);

} // namespace attn

#endif // ATTN_LIB_RUNTIME_SCRATCH_H
