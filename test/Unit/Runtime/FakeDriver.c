/* A driver that does nothing but remember: what a launch costs the host, what it passes, and
 * drivers that are not usable (FAKE_NO_DEVICE, FAKE_OLD). */

#include "attn/Runtime/Device.h"

#include <string.h>

#define EXPORT __attribute__((visibility("default")))
#define IGNORED(NAME)                                                                              \
  EXPORT int NAME() { return 0; }

/** Read by the tests. */
EXPORT int fake_encoded = 0, fake_launched = 0, fake_wrong_maps = 0, fake_refuse_maps = 0;
EXPORT unsigned fake_grid = 0, fake_threads = 0, fake_shared = 0;
EXPORT void *fake_current = 0;
EXPORT struct {
  uint64_t sizes[4], strides[3];
  uint32_t box[4];
  int element, swizzle, promotion, fill;
} fake_maps[4]; /**< the last four */

IGNORED(cuModuleUnload)
IGNORED(cuFuncSetAttribute)
IGNORED(cuMemAlloc_v2)
IGNORED(cuMemFree_v2)
IGNORED(cuMemcpyHtoD_v2)
IGNORED(cuMemcpyDtoH_v2)
#ifndef FAKE_OLD
IGNORED(cuStreamSynchronize)
#endif

EXPORT int cuInit(unsigned flags) {
#ifdef FAKE_NO_DEVICE
  return 100;
#else
  return 0;
#endif
}
EXPORT int cuGetErrorName(int result, const char **name) {
  *name = result == 100 ? "CUDA_ERROR_NO_DEVICE" : "CUDA_ERROR_INVALID_VALUE";
  return 0;
}
EXPORT int cuGetErrorString(int result, const char **text) {
  *text = result == 100 ? "no CUDA-capable device is detected" : "invalid argument";
  return 0;
}
EXPORT int cuDeviceGetCount(int *count) { return *count = 1, 0; }
EXPORT int cuDeviceGet(int *device, int ordinal) { return *device = ordinal, 0; }
EXPORT int cuDeviceGetAttribute(int *value, int attribute, int device) {
  *value = attribute == 75 ? 9 : attribute == 76 ? 0 : attribute == 16 ? 132 : 232448;
  return 0;
}
EXPORT int cuDevicePrimaryCtxRetain(void **context, int device) {
  return *context = &fake_current, 0;
}
EXPORT int cuCtxGetCurrent(void **context) { return *context = fake_current, 0; }
EXPORT int cuCtxSetCurrent(void *context) { return fake_current = context, 0; }
EXPORT int cuCtxGetDevice(int *device) { return *device = 0, 0; }
EXPORT int cuModuleLoadDataEx(void **module, const void *image, unsigned count, int *options,
                              void **values) {
  return *module = &fake_grid, 0;
}
EXPORT int cuModuleGetFunction(void **function, void *module, const char *name) {
  return *function = &fake_launched, 0;
}
EXPORT int cuOccupancyMaxActiveBlocksPerMultiprocessor(int *count, void *function, int threads,
                                                       size_t shared) {
  return *count = 2, 0;
}

/** The map is what it was made from. */
EXPORT int cuTensorMapEncodeTiled(uint64_t *map, int element, uint32_t rank, void *address,
                                  const uint64_t *sizes, const uint64_t *strides,
                                  const uint32_t *box, const uint32_t *steps, int interleave,
                                  int swizzle, int promotion, int fill) {
  int last;
  if (fake_refuse_maps || rank != 4 || interleave != 0 || (uintptr_t)map % 64)
    return 1;
  memset(map, 0, 128);
  map[0] = (uintptr_t)address;
  last = fake_encoded++ % 4;
  memcpy(fake_maps[last].sizes, sizes, sizeof(fake_maps[last].sizes));
  memcpy(fake_maps[last].strides, strides, sizeof(fake_maps[last].strides));
  memcpy(fake_maps[last].box, box, sizeof(fake_maps[last].box));
  fake_maps[last].element = element;
  fake_maps[last].swizzle = swizzle;
  fake_maps[last].promotion = promotion;
  fake_maps[last].fill = fill;
  return 0;
}

EXPORT int cuLaunchKernel(void *function, unsigned gridX, unsigned gridY, unsigned gridZ,
                          unsigned blockX, unsigned blockY, unsigned blockZ, unsigned shared,
                          void *stream, void **parameters, void **extra) {
  const AttnLaunch *launch = parameters[4];
  const void *const addresses[4] = {launch->query, launch->key, launch->value, launch->output};
  int i;
  for (i = 0; i < 4; ++i)
    fake_wrong_maps += *(const uint64_t *)parameters[i] != (uintptr_t)addresses[i];
  ++fake_launched;
  fake_grid = gridX;
  fake_threads = blockX;
  fake_shared = shared;
  return 0;
}
