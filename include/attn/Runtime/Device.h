/*===- Device.h - load GPU kernels and launch them -----------------------*- C -*-===*\
|*
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* The GPU half of Runtime.h. A driver is found at run time: NVIDIA's libcuda.so.1, or the emulator
|* that stands in for it on machines without a GPU. A kernel is an *image* (PTX, which the driver
|* compiles, or a cubin) and an AttnDeviceInfo that says how to launch it; attn-compile writes both.
|*
|*   const AttnDriver *driver = attn_driver_open("cuda");
|*   AttnDeviceKernel *kernel = attn_device_load(driver, &info, image, size);
|*   if (!kernel || attn_device_launch(kernel, &args, stream) != ATTN_OK)
|*     puts(attn_last_error());
|*   attn_device_unload(kernel);
|*
|* The kernel's parameters are, in this order:
|*
|*   4 tensor maps of 128 bytes by value (query, key, value, output), if `panel_columns` is not 0
|*   1 structure by value: an AttnLaunch and, behind it, the pattern's arguments, 8 bytes each
|*
\*===------------------------------------------------------------------------------===*/

#ifndef ATTN_RUNTIME_DEVICE_H
#define ATTN_RUNTIME_DEVICE_H

#include "attn/Runtime/Runtime.h"

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Element types of query, key, value and output; lse is f32. */
enum AttnDtype { ATTN_DTYPE_F32 = 0, ATTN_DTYPE_F16 = 1, ATTN_DTYPE_BF16 = 2 };

/** How to launch a kernel. */
typedef struct AttnDeviceInfo {
  uint64_t struct_size;          /**< sizeof(AttnDeviceInfo) */
  const char *symbol;            /**< the kernel's name in the image */
  int32_t compute_capability;    /**< 10 * major + minor that the kernel needs: 80, 90 */
  int32_t is_architecture_exact; /**< 1: that capability only (sm_90a); 0: that or a later one */
  int32_t dtype;                 /**< an AttnDtype */
  int32_t features;              /**< head dim */
  int32_t threads;               /**< of a CTA */
  int32_t shared_bytes;          /**< dynamic shared memory of a CTA */
  int32_t query_tile;            /**< rows of query that one work item takes */
  int32_t key_tile;              /**< rows of key and value of one copy */
  int32_t panel_columns;         /**< columns of the boxes of the tensor maps, whose swizzle is as
                                      wide; 0: the kernel takes no tensor maps */
  int32_t output_rows;           /**< rows of a box of the output's tensor map */
  int32_t argument_count;        /**< the pattern's run-time arguments */
} AttnDeviceInfo;

/**
 * What a launch passes to the kernel by value, the pattern's arguments behind it in one structure.
 * Pointers are device addresses, strides are in elements (batch, head, row).
 */
typedef struct AttnLaunch {
  const void *query, *key, *value;
  void *output;
  float *lse; /**< may be null */
  int64_t query_strides[3], key_strides[3], value_strides[3], output_strides[3], lse_strides[3];
  int64_t offset, key_offset, length;
  int32_t query_length, key_length;
  int32_t query_heads;
  int32_t group;    /**< query heads that share a key head */
  int32_t tiles;    /**< query tiles of a head */
  int32_t items;    /**< batch * query_heads * tiles: work items, spread over a persistent grid */
  float scale_log2; /**< scale * log2(e) */
  int32_t reserved; /**< 0 */
} AttnLaunch;

/** The most run-time arguments that a pattern of a GPU kernel may have. */
#define ATTN_MAX_DEVICE_ARGUMENTS 64

/** A driver that is loaded. It stays so until the process ends. */
typedef struct AttnDriver AttnDriver;

/**
 * Opens a driver: "cuda" or null is libcuda.so.1; "emulator" is the one that comes with this
 * project, at $ATTN_EMULATOR or in emulator/, ../lib/emulator/ or lib/emulator/ beside the library
 * or executable that holds this function; anything with a slash is a path. The same driver gives
 * the same pointer. Null where there is none, or it has no device.
 */
ATTN_API const AttnDriver *attn_driver_open(const char *name);

/**
 * 10 * major + minor of the driver's device, 0 after a failure. The device is that of the calling
 * thread's context, or the first one; a thread without a context gets that one's primary context.
 */
ATTN_API int attn_driver_compute_capability(const AttnDriver *driver);

/** 1 if the driver is the emulator, whose times say nothing about a GPU; otherwise 0. */
ATTN_API int attn_driver_is_emulator(const AttnDriver *driver);

/** A kernel that is loaded into a driver's device. */
typedef struct AttnDeviceKernel AttnDeviceKernel;

/**
 * Loads an image: PTX (text, NUL-terminated within `size`) or a cubin. Null on failure: another
 * architecture, no such symbol, other parameters, more shared memory than the device has, or what
 * the driver says of the PTX. `info` is copied. The kernel belongs to the context that is current.
 */
ATTN_API AttnDeviceKernel *attn_device_load(const AttnDriver *driver, const AttnDeviceInfo *info,
                                            const void *image, size_t size);

/** Unloads a kernel; null is allowed. No launch of it may be under way. */
ATTN_API void attn_device_unload(AttnDeviceKernel *kernel);

/**
 * Checks the arguments and launches the kernel on `stream` (a CUstream; null is the default one):
 * asynchronous, at most one launch a call; what goes wrong in the kernel is reported by a later
 * call. `args` holds device addresses; they, and the strides in bytes of dimensions of more than
 * one element, are multiples of 16; lse needs 4. Returns an AttnStatus. Any number of threads may
 * call at once.
 */
ATTN_API int attn_device_launch(AttnDeviceKernel *kernel, const AttnArgs *args, void *stream);

/**
 * Device memory for programs without a framework; failures return ATTN_ERROR_DRIVER. No bytes are
 * a null address.
 */
ATTN_API int attn_device_allocate(const AttnDriver *driver, size_t size, void **address);
ATTN_API int attn_device_free(const AttnDriver *driver, void *address);
/** Copies; both wait until the copy is done. */
ATTN_API int attn_device_upload(const AttnDriver *driver, void *to, const void *from, size_t size);
ATTN_API int attn_device_download(const AttnDriver *driver, void *to, const void *from,
                                  size_t size);
/** Waits for what was launched on `stream`; reports what went wrong there. */
ATTN_API int attn_device_synchronize(const AttnDriver *driver, void *stream);

#ifdef __cplusplus
}
#endif

#endif /* ATTN_RUNTIME_DEVICE_H */
