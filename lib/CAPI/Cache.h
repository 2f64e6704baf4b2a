//===- Cache.h - what the C library compiled, kept for the process -------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_CAPI_CACHE_H
#define ATTN_LIB_CAPI_CACHE_H

#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace mlir::attn::capi {

/// All `Value`s of the process, by what they were compiled from.
template <typename Value>
class Cache {
public:
  /// A value that is there, or about to be made by whoever holds the lock.
  struct Entry {
    std::mutex mutex;
    std::unique_ptr<Value> value;
  };

  /// Never destroyed: other threads may use values while the process ends.
  static Cache &get() {
    static auto *cache = new Cache();
    return *cache;
  }

  Entry &find(const std::string &key) {
    std::lock_guard<std::mutex> lock(mutex);
    return entries[key];
  }

private:
  std::mutex mutex;
  std::map<std::string, Entry> entries; // whose elements never move
};

} // namespace mlir::attn::capi

#endif // ATTN_LIB_CAPI_CACHE_H
