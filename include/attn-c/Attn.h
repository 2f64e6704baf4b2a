/*===- Attn.h - the compiler as a C library ------------------------------*- C -*-===*\
|*
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* From the text of a spec to its mask, its tiles, its count, and a kernel that runs, in process:
|*
|*   AttnModule *spec;
|*   const AttnKernel *kernel;
|*   if (attn_module_load("patterns/longformer.mlir", &spec) != ATTN_RESULT_OK ||
|*       attn_compile(spec, "longformer", NULL, &kernel) != ATTN_RESULT_OK ||
|*       attn_run(kernel, &args, 0) != ATTN_OK)
|*     puts(attn_last_error());
|*
|* Every function may be called from any thread, at the same time, on the same handles. Functions
|* that can fail return an AttnResult, leave their outputs alone when they fail, and say why through
|* attn_last_error() (Runtime.h), whose text is a diagnostic with the line and a caret where there
|* is one. No input makes a function abort.
|*
|* Masks, counts and kernels are those of a *pattern* in a module; a pattern's name may be null
|* where the module holds one pattern only. Strings given out as `char **` are freed with
|* attn_string_free.
|*
\*===------------------------------------------------------------------------------===*/

#ifndef ATTN_C_ATTN_H
#define ATTN_C_ATTN_H

#include "attn/Runtime/Device.h"
#include "attn/Runtime/Runtime.h"

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What a function of this file returns. Values are never reused; the list only grows. */
typedef enum AttnResult {
  ATTN_RESULT_OK = 0,
  ATTN_RESULT_INVALID_SPEC = 1,     /**< the text does not parse or verify, or cannot be read */
  ATTN_RESULT_INVALID_ARGUMENT = 2, /**< no such pattern, a wrong number or size, a null */
  ATTN_RESULT_UNSUPPORTED = 3,      /**< a valid request that this version cannot compile */
  ATTN_RESULT_INTERNAL = 4          /**< a defect of the compiler; the text says in which phase */
} AttnResult;

/** "attn-opt 0.1.0, LLVM 22.1.8". */
ATTN_API const char *attn_version(void);

/** Frees a string that a function of this file gave out; null is allowed. */
ATTN_API void attn_string_free(char *text);

/*===------------------------------------------------------------------------------===*\
|* Specs
\*===------------------------------------------------------------------------------===*/

/** A parsed and verified spec. */
typedef struct AttnModule AttnModule;

/** Parses `size` bytes of text; `name` is the file's in diagnostics (null: "<string>"). */
ATTN_API AttnResult attn_module_parse(const char *text, size_t size, const char *name,
                                      AttnModule **module);

/** Parses the file at `path`. */
ATTN_API AttnResult attn_module_load(const char *path, AttnModule **module);

/** Destroys a module; null is allowed. Kernels compiled from it live on. */
ATTN_API void attn_module_destroy(AttnModule *module);

/** The number of patterns, in the order of the text. */
ATTN_API int64_t attn_module_pattern_count(const AttnModule *module);

/** The name of a pattern without `@`, owned by the module; null if there is no such index. */
ATTN_API const char *attn_module_pattern_name(const AttnModule *module, int64_t index);

/** The number of run-time arguments of a pattern; -1 if there is no such pattern. */
ATTN_API int64_t attn_module_argument_count(const AttnModule *module, const char *pattern);

/** The name of an argument without `%`, owned by the module; null if there is no such index. */
ATTN_API const char *attn_module_argument_name(const AttnModule *module, const char *pattern,
                                               int64_t index);

/** One pattern in its canonical form: two patterns are equal if these texts are. */
ATTN_API AttnResult attn_pattern_text(const AttnModule *module, const char *pattern, char **text);

/** One pattern as a formula in q and k, for people: "|q - k| <= w or k < g or q < g". */
ATTN_API AttnResult attn_pattern_formula(const AttnModule *module, const char *pattern,
                                         char **text);

/*===------------------------------------------------------------------------------===*\
|* What a pattern is at given sizes
\*===------------------------------------------------------------------------------===*/

/** Sizes, positions and the pattern's run-time arguments: what of AttnArgs a pattern depends on. */
typedef struct AttnProblem {
  uint64_t struct_size;     /**< sizeof(AttnProblem) */
  int64_t query_length;     /**< Sq */
  int64_t key_length;       /**< Sk */
  int64_t offset;           /**< position of query row 0; see attn_default_offset */
  int64_t key_offset;       /**< position of key row 0; by default 0 */
  int64_t length;           /**< end of the key positions; by default key_offset + Sk */
  const int64_t *arguments; /**< in the order of the pattern */
  int64_t argument_count;
} AttnProblem;

/**
 * The definition: mask[(i - row_begin) * (column_end - column_begin) + (j - column_begin)] is 1 if
 * row i sees column j, else 0. Ranges lie within [0, Sq) and [0, Sk).
 */
ATTN_API AttnResult attn_pattern_mask(const AttnModule *module, const char *pattern,
                                      const AttnProblem *problem, int64_t row_begin,
                                      int64_t row_end, int64_t column_begin, int64_t column_end,
                                      uint8_t *mask);

/**
 * The compiled schedule: tiles[t * ceil(Sk / tile_columns) + u] is 0 for a tile that is skipped, 1
 * for one that is masked element by element, 2 for a full one; t < ceil(Sq / tile_rows).
 */
ATTN_API AttnResult attn_pattern_tiles(const AttnModule *module, const char *pattern,
                                       const AttnProblem *problem, int64_t tile_rows,
                                       int64_t tile_columns, int8_t *tiles);

/** The exact number of visible pairs, from the bands: time and memory do not grow with Sq * Sk. */
ATTN_API AttnResult attn_pattern_count(const AttnModule *module, const char *pattern,
                                       const AttnProblem *problem, int64_t *pairs);

/**
 * The tiles of the schedule as a picture of at most `max_side` characters a side, lines ended by
 * '\n': '.' skipped, '/' masked element by element, '#' full.
 */
ATTN_API AttnResult attn_pattern_picture(const AttnModule *module, const char *pattern,
                                         const AttnProblem *problem, int64_t max_side, char **text);

/**
 * The oracle: attention by its definition, in f64 and without a compiled kernel, for tests. Reads
 * the inputs of `args`; output [batch, query_heads, Sq, features] and lse [batch, query_heads, Sq],
 * which may be null, are contiguous. Time grows with Sq * Sk.
 */
ATTN_API AttnResult attn_reference(const AttnModule *module, const char *pattern,
                                   const AttnArgs *args, double *output, double *lse);

/*===------------------------------------------------------------------------------===*\
|* Kernels
\*===------------------------------------------------------------------------------===*/

/** How to compile; a null pointer, and a zero or null field, take the default. */
typedef struct AttnCompileOptions {
  uint64_t struct_size; /**< sizeof(AttnCompileOptions) */
  const char *dtype;    /**< "f32"; for a GPU "bf16", the default, or "f16" */
  int64_t head_dim;     /**< features of query, key and value: a multiple of 8, for a GPU 64, 96,
                             128, 192 or 256; 64 by default */
  const char *target;   /**< "native", or as attn-compile --target; code for this machine only. For
                             a GPU "sm_80" or "sm_90a", without a default */
} AttnCompileOptions;

/**
 * Compiles a pattern for the machine that runs this, once: an equal pattern with equal options
 * gives the same kernel again. Kernels live as long as the process. Run them with attn_run
 * (Runtime.h).
 */
ATTN_API AttnResult attn_compile(const AttnModule *module, const char *pattern,
                                 const AttnCompileOptions *options, const AttnKernel **kernel);

/** A kernel for a GPU, as attn_device_load takes it. The library owns what the fields point to. */
typedef struct AttnDeviceImage {
  uint64_t struct_size; /**< sizeof(AttnDeviceImage), set by the caller */
  AttnDeviceInfo info;
  const void *ptx;
  size_t ptx_size;      /**< with the NUL at its end */
  const char *manifest; /**< JSON, NUL-terminated */
} AttnDeviceImage;

/**
 * Compiles a pattern for a GPU, which this machine need not have, once: an equal pattern with equal
 * options gives the same image again. Images live as long as the process.
 */
ATTN_API AttnResult attn_compile_device(const AttnModule *module, const char *pattern,
                                        const AttnCompileOptions *options, AttnDeviceImage *image);

#ifdef __cplusplus
}
#endif

#endif /* ATTN_C_ATTN_H */
