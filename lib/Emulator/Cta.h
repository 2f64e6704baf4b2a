//===- Cta.h - one running CTA ------------------------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The state of a CTA and the instructions that change it. A warp is a set of *splits*, groups of
// lanes with one program counter; a branch divides a split, and its parts run in random order until
// they meet at the post-dominator. Asynchronous work sits in queues until the scheduler, a wait or
// the end of the kernel lets it land.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_EMULATOR_CTA_H
#define ATTN_LIB_EMULATOR_CTA_H

#include "SharedMemory.h"
#include "attn/Emulator/Emulator.h"

#include <array>
#include <deque>
#include <random>

namespace attn::ptx {

using Lanes = std::array<uint64_t, 32>;

/// Generic addresses carry the space in the top byte, where no global address has one.
constexpr uint64_t SharedWindow = 0x51ull << 56, LocalWindow = 0x52ull << 56,
                   ParamWindow = 0x53ull << 56, WindowMask = 0xffull << 56;

/// What an asynchronous wgmma does with a register.
enum class RegisterUse : uint8_t { Free, Accumulator, Input };

struct Frame {
  const Function *function;
  std::shared_ptr<Frame> caller;
  uint32_t stackBase = 0;
  std::vector<Lanes> registers;
  /// Uses by wgmma operations that no wait_group has retired.
  std::vector<RegisterUse> inFlight;
  /// Touched since the last wgmma.fence: bit 0 read, bit 1 written.
  std::vector<uint8_t> touched;
};

/// Where lanes of a split wait for each other, and what they do then.
struct Join {
  int pc;
  std::shared_ptr<Frame> frame;
  uint32_t expected, arrived = 0;
  std::shared_ptr<Join> outer;
  /// Set for the end of a function: the call to return from.
  const Instruction *call = nullptr;
  int returnPc = 0;
};

struct Split {
  int pc = 0;
  uint32_t mask = 0;
  std::shared_ptr<Frame> frame;
  std::shared_ptr<Join> join;
  /// Failed polls of an mbarrier since anything changed.
  uint64_t pollProgress = 0;
  unsigned polls = 0;
  uint32_t polledBarrier = 0, polledParity = 0;
};

/// A named barrier of a CTA.
struct NamedBarrier {
  unsigned expected = 0, arrived = 0;
  uint32_t arrivedWarps = 0, waitingWarps = 0;
  unsigned line = 0;
  Knowledge knowledge;
};

struct Mbarrier {
  /// A warp's last wait that succeeded: the phases completed by then, when and where.
  struct Wait {
    uint32_t phase = ~0u, time = 0, line = 0;
  };

  uint32_t address;
  unsigned count, pending, agent;
  int64_t transactions = 0;
  uint32_t phase = 0; ///< phases completed
  unsigned initWarp;
  uint32_t initTime;
  bool fenced = false; ///< visible to the asynchronous proxy
  Knowledge arriving, completed;
  /// What came before the arrivals, whether or not they carry knowledge.
  VectorClock arrivals;
  std::array<Wait, 32> waits;
};

/// One lane's cp.async.
struct LaneCopy {
  unsigned lane;
  uint32_t sequence, group;
  uint32_t destination;
  const uint8_t *source;
  unsigned size, sourceSize;
  bool landed = false;
};

/// A cp.async.mbarrier.arrive that waits for the copies before it.
struct CopyArrival {
  uint32_t barrier;
  uint32_t mask, sequence;
  const Instruction *inst;
  VectorClock issued;
};

/// A copy between shared and global memory, with a tensor map or, in bulk, with one made up for it.
struct TensorCopy {
  const Instruction *inst;
  TensorMap map;
  std::array<int64_t, 5> origin;
  uint32_t shared;
  uint32_t barrier, phase;
  unsigned lane;
  uint32_t group;
  bool landed = false;
  Knowledge issued;
  /// The source of a store, from when a wait_group said that it was read.
  std::vector<uint8_t> source;
};

/// A matrix in shared memory: its 16-byte chunks in the order of Wgmma.cpp, and the same memory in
/// ascending order.
struct WgmmaTile {
  struct Range {
    uint32_t begin, end;
  };
  std::vector<uint32_t> chunks;
  std::vector<Range> ranges;
};

struct WgmmaOp {
  const Instruction *inst;
  std::shared_ptr<Frame> frame;
  uint64_t descriptorA, descriptorB;
  bool scaleD;
  std::vector<Lanes> inputs;
  /// What it reads of shared memory: A, unless that is in registers, and B.
  std::vector<const WgmmaTile *> tiles;
  Knowledge issued;
  uint64_t lastWrite = 0; ///< to shared memory, when it was issued
  /// The group counts once it is committed, that is below Warp::wgmmaGroup.
  uint32_t group = 0;
  bool executed = false;
};

struct Warp {
  unsigned id;
  uint32_t live;
  std::vector<Split> splits;
  Knowledge knowledge;
  /// What lanes did before this time, all lanes know.
  uint32_t lanesMet = 0;
  std::array<std::vector<uint8_t>, 32> stack;
  int waitingAt = -1;
  uint32_t copySequence = 0;
  std::array<uint32_t, 32> copyGroup{}, bulkGroup{};
  std::vector<LaneCopy> copies;
  std::vector<CopyArrival> copyArrivals;
  std::vector<TensorCopy> stores;
  std::deque<WgmmaOp> wgmmas;
  uint32_t wgmmaGroup = 0;
  size_t wgmmaIssued = 0;
  bool wgmmaFenced = false;
  unsigned registers = 0; ///< of a thread
};

class Cta {
public:
  Cta(const Function &kernel, const LaunchConfig &config, Dim3 index,
      const std::vector<uint8_t> &params, SharedMemory &shared, const DeviceMemory &memory,
      uint64_t seed);

  /// Runs to the end; false after an error.
  bool run();

  std::string error;
  uint64_t instructions = 0;

private:
  /// One instruction in execution.
  struct Step {
    Warp &warp;
    Split &split;
    Frame &frame;
    const Instruction &inst;
    uint32_t mask;
    bool advance = true;
  };

  // Scheduling (Cta.cpp).
  void stepWarp(Warp &warp);
  bool arriveAtJoins(Warp &warp, size_t split);
  void exitLanes(Warp &warp, uint32_t mask, std::shared_ptr<Join> join);
  bool allStuck() const;
  void reportDeadlock();
  void landSomething();
  bool landingPending() const;
  void execute(Step &step);
  void executeControl(Step &step);
  void branch(Step &step);
  void call(Step &step);
  void checkRegisters(Step &step);
  void fail(const Instruction &inst, const std::string &message);
  void failAt(const Step &step, const std::string &message, int lane = -1);
  bool failed() const { return !error.empty(); }
  bool random(unsigned oneIn) { return rng() % oneIn == 0; }
  /// Reports lanes that are missing from a collective of the whole warp.
  bool requireWarp(Step &step);

  // Operands.
  uint64_t value(const Step &step, const Operand &operand, unsigned lane) const;
  uint64_t special(const Step &step, SpecialRegister reg, unsigned lane) const;
  void set(Step &step, const Operand &operand, unsigned lane, uint64_t value);
  /// The values of an operand in all 32 lanes: a register's own, or those put into `buffer`.
  const uint64_t *lanes(const Step &step, const Operand &operand, Lanes &buffer) const;
  /// Sets an operand in the lanes of the step.
  void setLanes(Step &step, const Operand &operand, const uint64_t *values);
  /// The value of an operand that must not differ between the lanes.
  uint64_t uniform(Step &step, const Operand &operand);
  /// An address in shared memory, from the shared or the generic space.
  uint32_t sharedAddress(Step &step, uint64_t address, unsigned size, unsigned align, int lane);

  // LoadStore.cpp.
  void executeArithmetic(Step &step);
  void executeMov(Step &step);
  void executeCvta(Step &step);
  void load(Step &step);
  void store(Step &step);
  void atomic(Step &step);
  /// Reads or writes `size` bytes of any space for one lane.
  void access(Step &step, Space space, uint64_t address, void *data, unsigned size, bool write,
              unsigned lane, SharedMemory::Access kind, bool frameRelative);
  void readShared(Step &step, uint32_t address, void *data, unsigned size, int lane,
                  SharedMemory::Access kind = SharedMemory::Access::Plain);
  void writeShared(Step &step, uint32_t address, const void *data, unsigned size, int lane,
                   SharedMemory::Access kind = SharedMemory::Access::Plain);

  // WarpOps.cpp.
  bool executeWarpOp(Step &step);
  bool requireMembers(Step &step, const Operand &members);
  void shuffle(Step &step);
  void vote(Step &step);
  void reduce(Step &step);
  void ldmatrix(Step &step);
  void stmatrix(Step &step);
  void mma(Step &step);

  // Barriers.cpp.
  bool executeBarrier(Step &step);
  void namedBarrier(Step &step, bool wait);
  Mbarrier *mbarrierAt(Step &step, const Operand &operand, unsigned lane);
  void mbarrierInit(Step &step);
  void mbarrierArrive(Step &step);
  void mbarrierWait(Step &step);
  void arrive(const Instruction &inst, Mbarrier &barrier, unsigned count);
  void completeIfDone(const Instruction &inst, Mbarrier &barrier);
  void release(Warp &warp, Knowledge &into);
  void meetLanes(Warp &warp);
  void fenceProxy(Warp &warp);

  // AsyncCopy.cpp.
  bool executeAsyncCopy(Step &step);
  void cpAsync(Step &step);
  void waitCopies(Warp &warp, uint32_t mask, unsigned keep);
  void land(LaneCopy &copy);
  void landArrival(Warp &warp, size_t index);
  void retireCopies(Warp &warp);
  void bulkCopy(Step &step);
  unsigned readTensorCopy(Step &step, unsigned lane, const Operand &tensor, TensorCopy &copy);
  unsigned readBulkCopy(Step &step, unsigned lane, const Operand &global, uint64_t size,
                        TensorCopy &copy);
  void waitStores(Step &step);
  void land(TensorCopy &copy, bool load);
  void readSource(Warp &warp, TensorCopy &copy);
  void landStores();

  // Wgmma.cpp.
  bool executeWgmma(Step &step);
  void setRegisters(Step &step);
  bool logWarpgroup(Step &step, uint64_t a, uint64_t b);
  /// The tile of a descriptor. Kernels use a few of them again and again.
  const WgmmaTile &wgmmaTile(uint64_t bits, bool transposed, unsigned rows);
  void wgmmaIssue(Step &step);
  void wgmmaRun(Warp &warp, WgmmaOp &op);
  void wgmmaRetire(Warp &warp, uint32_t keep);

  const Function &kernel;
  const LaunchConfig &config;
  Dim3 index;
  const std::vector<uint8_t> &params;
  const DeviceMemory &memory;
  std::mt19937_64 rng;
  SharedMemory &shared;
  std::vector<Warp> warps;
  std::array<NamedBarrier, 16> namedBarriers;
  std::map<uint32_t, Mbarrier> mbarriers;
  unsigned nextAgent;
  std::vector<TensorCopy> loads;
  /// What the warps of each warpgroup issue must be the same: line and descriptors of each wgmma.
  std::vector<std::vector<std::array<uint64_t, 3>>> wgmmaLog;
  std::map<std::pair<uint64_t, unsigned>, WgmmaTile> wgmmaTiles;
  /// Of each thread of a warp: what setmaxnreg.dec has released and no inc has taken.
  unsigned freeRegisters = 0;
  /// Counts events that can wake a warp.
  uint64_t progress = 1;
  /// One in this many scheduling rounds lands something; 0: only when nothing else can go on.
  unsigned landOneIn;
};

/// The values of each source operand in all lanes.
using LaneInputs = std::array<const uint64_t *, 4>;

/// The results of an arithmetic instruction in `lanes` lanes; false when the combination of types
/// and modifiers is unknown. `extra` is the second result of setp.
bool evaluate(const Instruction &inst, const LaneInputs &in, unsigned lanes, uint64_t *out,
              uint64_t *extra);

/// The swizzle of TMA and wgmma, on absolute shared addresses: 0, 32, 64 or 128 bytes.
uint32_t swizzled(uint32_t address, unsigned span);

template <typename Body>
void forLanes(uint32_t mask, Body body) {
  for (unsigned lane = 0; lane < 32; ++lane)
    if (mask >> lane & 1)
      body(lane);
}

} // namespace attn::ptx

#endif // ATTN_LIB_EMULATOR_CTA_H
