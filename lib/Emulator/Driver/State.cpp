//===- State.cpp - what the emulated driver holds ---------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "State.h"

#include <cerrno>
#include <cstdlib>
#include <sys/mman.h>

namespace attn::emulator {
namespace {

std::string &lastReport() {
  static thread_local std::string report;
  return report;
}

bool readNumber(const char *name, uint64_t &number, std::string &problem) {
  const char *text = getenv(name);
  if (!text || !*text)
    return true;
  char *end = nullptr;
  errno = 0;
  const unsigned long long value = strtoull(text, &end, 10);
  if (*end || *text == '-' || errno) {
    problem = std::string(name) + " is '" + text + "', expected a number";
    return false;
  }
  number = value;
  return true;
}

} // namespace

bool Environment::read(std::string &problem) {
  if (!readNumber("ATTN_EMULATOR_CAPABILITY", capability, problem) ||
      !readNumber("ATTN_EMULATOR_PROCESSORS", processors, problem) ||
      !readNumber("ATTN_EMULATOR_SEED", seed, problem))
    return false;
  if (capability != 80 && capability != 90)
    problem = "ATTN_EMULATOR_CAPABILITY is '" + std::to_string(capability) + "', expected 80 or 90";
  else if (processors < 1 || processors > 1024)
    problem = "ATTN_EMULATOR_PROCESSORS is '" + std::to_string(processors) +
              "', expected a number between 1 and 1024";
  return problem.empty();
}

// Never destroyed: calls may come while the process ends.
State &State::get() {
  static State *state = new State;
  return *state;
}

void State::reset() {
  allocations.clear();
  memory = {};
  functions.clear();
  modules.clear();
  streams.clear();
  sticky = CUDA_SUCCESS;
  stickyReport.clear();
}

// Device addresses are real ones that nothing is mapped at, so that a host program that uses one
// faults, as it would with a GPU. None is given out twice: what was freed stays unknown.
CUdeviceptr State::reserve(size_t size) {
  constexpr size_t kSpace = size_t(1) << 40;
  // cuMemAlloc promises 256 bytes; no address is aligned to more, and none is next to another.
  constexpr size_t kAlignment = 256, kGap = 4096;
  if (!endAddress) {
    void *base =
        mmap(nullptr, kSpace, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (base == MAP_FAILED)
      return 0;
    nextAddress = reinterpret_cast<CUdeviceptr>(base) + kAlignment;
    endAddress = reinterpret_cast<CUdeviceptr>(base) + kSpace;
  }
  if (size > kSpace ||
      (size + kGap) / (2 * kAlignment) * (2 * kAlignment) > endAddress - nextAddress)
    return 0;
  const CUdeviceptr address = nextAddress;
  nextAddress += (size + kGap) / (2 * kAlignment) * (2 * kAlignment);
  return address;
}

bool State::isStream(CUstream stream) const {
  // The two numbers are the legacy and the per-thread default stream.
  const uintptr_t number = reinterpret_cast<uintptr_t>(stream);
  return number <= 2 || streams.count(stream) != 0;
}

CUcontext &currentContext() {
  static thread_local CUcontext context = nullptr;
  return context;
}

CUcontext theContext() { return reinterpret_cast<CUcontext>(&State::get()); }

Call::Call(Needs needs) : state(State::get()), lock(state.mutex) {
  lastReport().clear();
  if (needs == Nothing)
    return;
  if (!state.isInitialised)
    status = fail(CUDA_ERROR_NOT_INITIALIZED, "cuInit was not called");
  else if (needs == Context && !currentContext())
    status = fail(CUDA_ERROR_INVALID_CONTEXT, "the calling thread has no current context");
  else if (needs == Context && state.sticky != CUDA_SUCCESS)
    status = fail(state.sticky, state.stickyReport);
}

CUresult Call::fail(CUresult result, const std::string &report) {
  lastReport() = report;
  return result;
}

} // namespace attn::emulator

/// What was wrong with the calling thread's last call, or "".
ATTN_DRIVER_API const char *attn_emulator_last_report() {
  return attn::emulator::lastReport().c_str();
}
