/*===- Runtime.h - load kernels and run them on threads ------------------*- C -*-===*\
|*
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* The host's half of Kernel.h: what opens a shared artifact, gives each thread its scratch, and
|* spreads a call's items over a pool of threads. A convenience, not a requirement: a program with
|* threads of its own calls NAME_plan once and NAME for every item.
|*
|*   const AttnKernel *kernel = attn_open("out/longformer.so", NULL);
|*   if (!kernel || attn_run(kernel, &args, 0) != ATTN_OK)
|*     puts(attn_last_error());
|*   attn_close(kernel);
|*
\*===------------------------------------------------------------------------------===*/

#ifndef ATTN_RUNTIME_RUNTIME_H
#define ATTN_RUNTIME_RUNTIME_H

#include "attn/Runtime/Kernel.h"

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define ATTN_API __attribute__((visibility("default")))
#else
#define ATTN_API
#endif

/** A kernel, wherever it comes from: a shared artifact, a linked object, or compiled in process. */
typedef struct AttnKernel {
  AttnPlanFunction plan;
  AttnCostFunction cost;
  AttnKernelFunction run;
  const char *manifest; /**< JSON, NUL-terminated */
} AttnKernel;

/**
 * Opens kernel `name` of the shared artifact at `path`; a null `name` is its only kernel. Null on
 * failure: no such file or kernel, or another major ABI version.
 */
ATTN_API const AttnKernel *attn_open(const char *path, const char *name);

/** Closes what `attn_open` gave; null is allowed. No call of the kernel may be under way. */
ATTN_API void attn_close(const AttnKernel *kernel);

/**
 * Runs a whole call on up to `threads` threads, the caller's among them; 0 is
 * `attn_default_threads()`. Returns an AttnStatus. The result has the same bits for any number of
 * threads. Any number of threads may call at once: the first one has the pool, the others run on
 * their own thread.
 */
ATTN_API int attn_run(const AttnKernel *kernel, const AttnArgs *args, int threads);

/** The number of processors that this process may use, or $ATTN_NUM_THREADS if that is > 0. */
ATTN_API int attn_default_threads(void);

/** The `offset` of a call that states none: the last query row is at the last key's position. */
ATTN_API int64_t attn_default_offset(int64_t query_length, int64_t key_length, int64_t key_offset);

/** What an AttnStatus means, in one sentence without a full stop; never null. */
ATTN_API const char *attn_status_message(int status);

/** Why the calling thread's last failing call failed, or "". Valid until its next one. */
ATTN_API const char *attn_last_error(void);

#ifdef __cplusplus
}
#endif

#endif /* ATTN_RUNTIME_RUNTIME_H */
