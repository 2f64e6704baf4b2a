/*===- Kernel.h - the C ABI of compiled kernels --------------------------*- C -*-===*\
|*
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* A compiled kernel NAME exports
|*
|*   int     NAME_plan(const AttnArgs *args, AttnPlan *plan);
|*   int64_t NAME_cost(const AttnArgs *args, int64_t item);
|*   int     NAME(const AttnArgs *args, int64_t item_begin, int64_t item_end, void *scratch);
|*   extern const char NAME_manifest[];     JSON, NUL-terminated
|*
|* and the artifact that holds it, once for all its kernels (weak symbols, so that several objects
|* can be linked into one program):
|*
|*   int attn_opt_abi_version(void);        major * 65536 + minor
|*   extern const char attn_opt_manifest[]; JSON: the kernels, the spec, the hash of both
|*   extern const char attn_opt_kernels[];  the kernels' names, each NUL-terminated, then ""
|*
|* The work is a list of independent items (a batch entry, a query head, a block of queries). The
|* host decides how many threads run them and in which order; the result has the same bits whatever
|* it decides. Kernels keep no state, allocate nothing and call nothing outside themselves.
|*
\*===------------------------------------------------------------------------------===*/

#ifndef ATTN_RUNTIME_KERNEL_H
#define ATTN_RUNTIME_KERNEL_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Version of this interface: a loader refuses a kernel of another major version. */
#define ATTN_ABI_VERSION_MAJOR 1
#define ATTN_ABI_VERSION_MINOR 0

/** What a kernel function returns. Values are never reused; the list only grows. */
enum AttnStatus {
  ATTN_OK = 0,
  ATTN_ERROR_STRUCT_SIZE = 1, /**< `struct_size` is smaller than the kernel's version requires */
  ATTN_ERROR_FEATURES = 2,    /**< `features` is not the head dim of the kernel */
  ATTN_ERROR_HEADS = 3,       /**< `query_heads` is not a multiple of `key_heads` */
  ATTN_ERROR_LENGTH = 4,      /**< a size is negative, or a position exceeds +-2^30 */
  ATTN_ERROR_ARGUMENTS = 5,   /**< `argument_count` is not the pattern's */
  ATTN_ERROR_STRIDES = 6,     /**< a stride is negative */
  ATTN_ERROR_MEMORY = 7,      /**< of the runtime, never of a kernel: no memory for scratch */
  ATTN_ERROR_ALIGNMENT = 8, /**< of a GPU launch: an address or stride is no multiple of 16 bytes */
  ATTN_ERROR_DRIVER = 9     /**< of a GPU launch: the driver failed; attn_last_error says how */
};

/**
 * A tensor of f32 elements [batch, heads, rows, features], features contiguous. Strides are in
 * elements. For `lse`, [batch, heads, rows], strides[2] is the row's.
 */
typedef struct AttnTensor {
  void *data;
  int64_t strides[3]; /**< batch, head, row; not negative, 0 broadcasts an input */
} AttnTensor;

/** The arguments of a call. Inputs are never written; output and lse are written whole. */
typedef struct AttnArgs {
  uint64_t struct_size; /**< sizeof(AttnArgs) */
  int64_t batch;
  int64_t query_heads; /**< a multiple of key_heads; query head h reads key head h / group */
  int64_t key_heads;
  int64_t query_length; /**< Sq, rows of query, output and lse */
  int64_t key_length;   /**< Sk, rows of key and value */
  int64_t features;     /**< head dim */
  AttnTensor query;
  AttnTensor key;
  AttnTensor value;
  AttnTensor output;
  AttnTensor lse;           /**< natural logarithm; data may be null: then it is not written */
  int64_t offset;           /**< position of query row 0; by default key_offset + Sk - Sq */
  int64_t key_offset;       /**< position of key row 0; by default 0 */
  int64_t length;           /**< end of the key positions; by default key_offset + Sk */
  const int64_t *arguments; /**< the pattern's run-time arguments, in order */
  int64_t argument_count;
  float scale; /**< of query . key, before the softmax; by default 1/sqrt(features) */
} AttnArgs;

/** What a call needs; NAME_plan checks the arguments and fills it. */
typedef struct AttnPlan {
  uint64_t struct_size;  /**< sizeof(AttnPlan), set by the caller */
  int64_t items;         /**< number of work items, possibly 0 */
  int64_t scratch_bytes; /**< per thread, to be aligned to 64 bytes */
} AttnPlan;

typedef int (*AttnPlanFunction)(const AttnArgs *, AttnPlan *);
/** Estimated time of an item, in multiply-adds of one feature; for balancing only. */
typedef int64_t (*AttnCostFunction)(const AttnArgs *, int64_t item);
typedef int (*AttnKernelFunction)(const AttnArgs *, int64_t item_begin, int64_t item_end,
                                  void *scratch);

#ifdef __cplusplus
}
#endif

#endif /* ATTN_RUNTIME_KERNEL_H */
