//===- TensorMaps.cpp - encode tensor maps, and keep them ------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===------------------------------------------------------------------------------===//

#include "TensorMaps.h"

#include <cstring>

using namespace attn;
using namespace attn::cuda;

static_assert(sizeof(TensorMap) == 128, "as the driver lays it out");
static_assert(sizeof(TensorMapKey) == 8 * sizeof(uint64_t), "compared byte by byte");

static size_t hash(const TensorMapKey &key) {
  uint64_t words[8], state = 0;
  memcpy(words, &key, sizeof(words));
  for (uint64_t word : words) {
    state = (state ^ word) * 0x9e3779b97f4a7c15u;
    state ^= state >> 29;
  }
  return state;
}

TensorMapCache::TensorMapCache(int dtype, int features, int columns)
    : dtype(dtype), features(features), columns(columns), sets(columns ? kSets : 0) {}

Result TensorMapCache::encode(const Api &api, const Key &key, TensorMap &map) const {
  const uint64_t sizes[4] = {uint64_t(features), key.sizes[0], key.sizes[1], key.sizes[2]};
  const uint32_t box[4] = {uint32_t(columns), uint32_t(key.boxRows), 1, 1};
  const uint32_t steps[4] = {1, 1, 1, 1};
  const int element = dtype == ATTN_DTYPE_F16 ? kMapF16 : kMapBF16;
  const int swizzle = columns == 64 ? kSwizzle128 : columns == 32 ? kSwizzle64 : kSwizzle32;
  return api.encodeTiled(&map, element, 4, reinterpret_cast<void *>(key.address), sizes,
                         key.strides, box, steps, /*interleave=*/0, swizzle, kPromote256,
                         /*fill with zeros=*/0);
}

Result TensorMapCache::get(const Api &api, const std::array<Key, 4> &keys, TensorMap *maps,
                           size_t &failed) {
  std::lock_guard<std::mutex> lock(mutex);
  for (size_t i = 0; i < keys.size(); ++i) {
    Set &set = sets[hash(keys[i]) % kSets];
    size_t way = 0;
    while (way < set.used && memcmp(&set.entries[way].key, &keys[i], sizeof(Key)) != 0)
      ++way;
    if (way == set.used) {
      const Result result = encode(api, keys[i], maps[i]);
      if (result != kSuccess) {
        failed = i;
        return result;
      }
      way = set.used < kWays ? set.used++ : set.next++ % kWays;
      set.entries[way] = {keys[i], maps[i]};
    }
    maps[i] = set.entries[way].map;
  }
  return kSuccess;
}
