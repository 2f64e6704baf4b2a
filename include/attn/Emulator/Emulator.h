//===- Emulator.h - run PTX on a machine without a GPU --------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Runs the kernels of a parsed module under a seed. The emulator is harsher than hardware: it
// schedules warps and diverged lanes at random, lets asynchronous work land at any legal time, and
// reports what the PTX memory model does not promise even where hardware would get away with it.
// lib/Emulator/README.md lists what is checked and what is not modelled.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_EMULATOR_EMULATOR_H
#define ATTN_EMULATOR_EMULATOR_H

#include "attn/Emulator/Program.h"

#include <cstddef>

namespace attn::ptx {

struct Dim3 {
  unsigned x = 1, y = 1, z = 1;
};

/// The device memory that a kernel may touch: host memory registered by its owner. Each access to
/// the global space must lie within one allocation.
class DeviceMemory {
public:
  /// Registers `size` bytes at `data` under a name for messages; their device address is `data`.
  void add(const void *data, size_t size, const std::string &name, bool writable = true);
  /// Registers `size` bytes that the device sees at `address` and the host keeps at `storage`.
  void addAt(uint64_t address, const void *storage, size_t size, const std::string &name,
             bool writable = true);
  void remove(const void *data);

  /// Where the host keeps [address, address + size); null, and `problem` set, when it may not be
  /// accessed.
  uint8_t *find(uint64_t address, size_t size, bool write, std::string &problem) const;

  /// An empty string when [address, address + size) may be accessed, else why not.
  std::string check(uint64_t address, size_t size, bool write) const;

private:
  struct Allocation {
    uint8_t *storage;
    size_t size;
    std::string name;
    bool writable;
  };
  std::map<uint64_t, Allocation> allocations;
};

/// What a tensor map says; encode() packs it into the 128 bytes that a kernel takes by value. The
/// packing is the emulator's own: maps of the real driver are refused.
struct TensorMap {
  enum class Element : uint8_t { U8, U16, U32, S32, F16, BF16, F32 };
  enum class Swizzle : uint8_t { None, B32, B64, B128 };

  uint64_t address = 0;
  unsigned rank = 0;
  Element element = Element::BF16;
  Swizzle swizzle = Swizzle::None;
  /// Out-of-bounds elements load as NaN instead of zero.
  bool fillNaN = false;
  /// Elements per dimension, innermost first.
  uint64_t size[5] = {};
  /// Bytes from one element to the next in dimensions 1 and up; stride[0] is the element's size.
  uint64_t stride[5] = {};
  unsigned box[5] = {};

  unsigned elementBytes() const;
  /// Bytes of shared memory that one box takes; all of them count in a transaction.
  uint64_t boxBytes() const;
  /// An empty string when cuTensorMapEncodeTiled would accept the map, else why not.
  std::string check() const;
  void encode(void *bytes128) const;
  static bool decode(const void *bytes128, TensorMap &map);
};

struct LaunchConfig {
  Dim3 grid, block;
  unsigned dynamicShared = 0;
  /// One seed is one interleaving; the same seed gives the same run.
  uint64_t seed = 1;
  /// Shared memory that a CTA may have (sm_90: 227 KB).
  unsigned sharedLimit = 232448;
  /// Warp instructions after which a CTA counts as endless.
  uint64_t instructionLimit = 400000000;
};

struct LaunchResult {
  /// Empty when the kernel ran to its end and nothing was reported.
  std::string error;
  /// Warp instructions executed.
  uint64_t instructions = 0;
  /// Whether the launch was accepted; else `error` says what is wrong with it.
  bool started = false;

  explicit operator bool() const { return error.empty(); }
};

/// Runs `kernel` of `module`. `arguments` points at one value for each parameter, as in
/// cuLaunchKernel.
LaunchResult launch(const Module &module, const std::string &kernel, const LaunchConfig &config,
                    const void *const *arguments, const DeviceMemory &memory);

} // namespace attn::ptx

#endif // ATTN_EMULATOR_EMULATOR_H
