//===- State.h - what the emulated driver holds -------------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One device with one context, which every call takes a lock of: launches run one after the other,
// each to its end within the call. A kernel's error is kept and returned by every later call, as
// the driver does after a fault, until the context is reset.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_EMULATOR_DRIVER_STATE_H
#define ATTN_LIB_EMULATOR_DRIVER_STATE_H

#include "Cuda.h"
#include "attn/Emulator/Emulator.h"

#include <cstdlib>
#include <memory>
#include <mutex>
#include <set>

/// A kernel of a module.
struct CUfunc_st {
  const CUmod_st *module;
  const attn::ptx::Function *function;
  unsigned dynamicSharedLimit;
};

struct CUmod_st {
  std::unique_ptr<attn::ptx::Module> ptx;
  std::map<std::string, std::unique_ptr<CUfunc_st>> functions;
};

namespace attn::emulator {

/// Dynamic shared memory that a launch has without asking for more.
constexpr unsigned kDefaultSharedBytes = 48 * 1024;
/// Shared memory of a CTA that the system keeps for itself.
constexpr unsigned kReservedSharedBytes = 1024;
constexpr unsigned kMaxThreads = 1024, kMaxResidentThreads = 2048;

/// The device that the environment describes: $ATTN_EMULATOR_CAPABILITY (80 or 90, by default 90),
/// $ATTN_EMULATOR_PROCESSORS (by default 2), $ATTN_EMULATOR_SEED (by default 1).
struct Environment {
  uint64_t capability = 90, processors = 2, seed = 1;

  /// Reads it; false, and `problem`, when a variable is no allowed number.
  bool read(std::string &problem);

  unsigned sharedBytesPerProcessor() const { return (capability == 80 ? 164 : 228) * 1024; }
  unsigned sharedBytesPerCta() const { return sharedBytesPerProcessor() - kReservedSharedBytes; }
};

struct FreeStorage {
  void operator()(void *data) const { free(data); }
};
/// The bytes of device memory, which the device sees at another address.
using Storage = std::unique_ptr<uint8_t, FreeStorage>;

struct State {
  std::mutex mutex;
  bool isInitialised = false;
  CUresult sticky = CUDA_SUCCESS;
  std::string stickyReport;
  /// Memory by device address, and the bounds that kernels and copies are held to.
  std::map<CUdeviceptr, Storage> allocations;
  ptx::DeviceMemory memory;
  /// The part of the device's address space that was never given out.
  CUdeviceptr nextAddress = 0, endAddress = 0;
  std::map<CUmodule, std::unique_ptr<CUmod_st>> modules;
  std::set<CUfunction> functions;
  std::map<CUstream, std::unique_ptr<char>> streams;

  static State &get();
  /// Frees everything that belongs to the context.
  void reset();
  bool isStream(CUstream stream) const;
  /// Device addresses for `size` bytes; 0 when there are no more.
  CUdeviceptr reserve(size_t size);
};

/// One call of the driver: takes the lock and finds what forbids the call, before it does anything.
class Call {
public:
  enum Needs { Nothing, Initialised, Context };
  explicit Call(Needs needs);

  /// What forbids the call.
  CUresult status = CUDA_SUCCESS;
  State &state;

  /// Keeps `report` for attn_emulator_last_report and gives `result` back.
  CUresult fail(CUresult result, const std::string &report);

private:
  std::lock_guard<std::mutex> lock;
};

/// The context that is current on the calling thread.
CUcontext &currentContext();
/// The only context.
CUcontext theContext();

} // namespace attn::emulator

#endif // ATTN_LIB_EMULATOR_DRIVER_STATE_H
