/* What attn-compile writes, as far as the loader sees it. */
#include "attn/Runtime/Kernel.h"

#define EXPORT __attribute__((visibility("default")))

#ifndef FAKE_FOREIGN
EXPORT int attn_opt_abi_version(void) { return FAKE_VERSION << 16; }
EXPORT const char attn_opt_kernels[] = FAKE_KERNELS;

EXPORT int one_plan(const AttnArgs *args, AttnPlan *plan) {
  plan->items = args->batch;
  return ATTN_OK;
}
EXPORT int64_t one_cost(const AttnArgs *args, int64_t item) { return 1; }
EXPORT int one(const AttnArgs *args, int64_t begin, int64_t end, void *scratch) { return ATTN_OK; }
EXPORT const char one_manifest[] = "{\"symbol\": \"one\"}";
#else
EXPORT int unrelated;
#endif
