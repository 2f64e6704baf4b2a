//===- TensorMaps.h - tensor maps of a kernel, encoded once ----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A tensor map tells the copy engine where a tensor lies and how its boxes are laid out in shared
// memory. Encoding one takes about a microsecond, and a network calls a kernel with the same
// tensors again and again, so a kernel keeps those that it used last.
//
//===------------------------------------------------------------------------------===//

#ifndef ATTN_LIB_RUNTIME_TENSORMAPS_H
#define ATTN_LIB_RUNTIME_TENSORMAPS_H

#include "Driver.h"

#include <array>
#include <vector>

namespace attn {

/// What a map is made from: a tensor [batch, heads, rows, features] and the rows of its boxes. No
/// padding: keys are compared byte by byte.
struct TensorMapKey {
  uint64_t address;
  uint64_t sizes[3];   ///< rows, heads, batch; at least 1
  uint64_t strides[3]; ///< in bytes, of the same dimensions
  uint64_t boxRows;
};

/// The maps that a kernel used last, a bounded number. Any number of threads may ask.
class TensorMapCache {
public:
  using Key = TensorMapKey;

  /// For boxes of `columns` of `features` elements of an AttnDtype of 16 bits.
  TensorMapCache(int dtype, int features, int columns);

  /// Copies the maps of `keys` to `maps`. On failure `failed` is the index of the one that the
  /// driver refuses.
  cuda::Result get(const cuda::Api &api, const std::array<Key, 4> &keys, cuda::TensorMap *maps,
                   size_t &failed);

private:
  static constexpr size_t kSets = 64, kWays = 4;
  struct Entry {
    Key key;
    cuda::TensorMap map;
  };
  struct Set {
    Entry entries[kWays];
    size_t used = 0, next = 0;
  };

  cuda::Result encode(const cuda::Api &api, const Key &key, cuda::TensorMap &map) const;

  int dtype, features, columns;
  std::mutex mutex;
  std::vector<Set> sets;
};

} // namespace attn

#endif // ATTN_LIB_RUNTIME_TENSORMAPS_H
