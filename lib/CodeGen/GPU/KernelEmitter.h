//===- KernelEmitter.h - one kernel function as GPU code ----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A kernel is one function, NAME. Its CTAs are persistent: each takes work items, that is a query
// tile of a head, until there are none, the longest first. What all targets share is here; the two
// ways through the keys are in
//
//   AmperePipeline.cpp    sm_80: cp.async and mma.sync, all warps alike
//   HopperPipeline.cpp    sm_90a: TMA and wgmma, a warp that loads and warpgroups that compute
//
//   the function, work items    Entry.cpp
//   visits of a tile            Visits.cpp
//   masks and online softmax    Softmax.cpp
//   output and lse              Output.cpp
//   one row, key by key         ExactRow.cpp
//
// Tiles, heads and rows are numbers of 32 bits; positions and addresses have 64.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_CODEGEN_GPU_KERNELEMITTER_H
#define ATTN_LIB_CODEGEN_GPU_KERNELEMITTER_H

#include "WarpEmitter.h"
#include "attn/CodeGen/Common/KernelCall.h"
#include "attn/CodeGen/GPU/Target.h"
#include "attn/CodeGen/GPU/TileOps.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"

namespace mlir::attn::cuda {

/// Threads of a warp, and rows of a tile that a warp holds.
constexpr int32_t kWarp = 32, kWarpRows = 16;
/// After the last tile of keys.
constexpr int32_t kNever = 0x7fffffff;

/// A query tile of a head; all i32, the same in all threads.
struct WorkItem {
  Value tile, firstRow, batch, head, keyHead;
};

/// What a query tile visits: the ranges of its bands in i32, and the values that their filters use.
struct TileVisits {
  SmallVector<BandRange> bands;
  IRMapping mapping;
};

/// A tile of keys: its number, kNever where there is none, and whether it must be masked.
struct Visit {
  Value tile, partial;
};

/// A lane: its number, its first row in the tile, and its first column.
struct Lane {
  Value number, row, column;
};

/// What a warp carries from one tile of keys to the next: the output fragment, and for each row the
/// maximum that weights refer to and the partial sum of weights.
struct Accumulator {
  Value output, maximum, sum;
};

class KernelEmitter {
public:
  /// The function is inserted at the builder's insertion point.
  KernelEmitter(OpBuilder &builder, const KernelFunction &kernel, const Target &target);

  /// Emits a `gpu.module` with the kernel.
  void emit();

private:
  //===--------------------------------------------------------------------===//
  // Entry.cpp
  //===--------------------------------------------------------------------===//

  /// Fields of AttnLaunch, by their offset.
  Value launchField(Type type, int64_t offset);
  Value number(int64_t offset) { return launchField(e.i32(), offset); }
  /// The address of element 0 of a head: of the tensor whose pointer and strides lie there.
  Value headAddress(int64_t pointer, int64_t strides, Value batch, Value head, int64_t bytes);
  /// Bytes from a row to the next, i64.
  Value rowBytes(int64_t strides, int64_t bytes);

  Value queryRows();
  Value keyRows();
  /// Whether heavier tiles have higher numbers.
  Value isLastHeaviest();
  /// The key head of a query head.
  Value keyHead(Value head);
  /// Runs `body` for the items of the CTA, of which it begins with those of the last tile if
  /// `isDescending`; the body returns the next values of `inits`.
  Values overItems(Value isDescending, ValueRange inits,
                   function_ref<Values(const WorkItem &, ValueRange)> body);
  /// The lane of a thread of a warp whose first row is `warpRow`.
  Lane laneOf(Value thread, Value warpRow);

  void emitAmpere();
  void emitHopper();

  //===--------------------------------------------------------------------===//
  // Visits.cpp
  //===--------------------------------------------------------------------===//

  /// The bands of the schedule; without a pattern there is one, of all keys.
  int64_t numBands() const;
  /// Emits the ranges of a query tile's bands, which are empty where the scale is not positive;
  /// `use` gets them one by one.
  void overVisits(Value tile, IRMapping &mapping, function_ref<void(const BandRange &)> use);
  /// The visits of a query tile.
  TileVisits visitsOf(Value tile);
  /// The same in memory, `visitsBytes` bytes at an address that 16 divides: a thread that looks at
  /// them now and then needs no registers for them meanwhile.
  int64_t visitsBytes() const;
  void storeVisits(Value tile, Value address);
  TileVisits loadVisits(Value address);
  /// The first visit at or after tile `from`.
  Visit next(const TileVisits &visits, Value from);
  /// The range of keys that holds all visits of a query tile, (begin, end) in rows of key.
  std::pair<Value, Value> keyRange(Value tile);

  //===--------------------------------------------------------------------===//
  // Softmax.cpp
  //===--------------------------------------------------------------------===//

  /// The position of row `row` of the head, i64.
  Value position(Value row) { return e.add(e.extend64(row), call.offset()); }
  /// Hides the scores of pairs that the pattern does not admit, and of keys that do not exist.
  Value mask(Value scores, const WorkItem &item, const Lane &lane, Value keyTile);
  Value maskIf(Value partial, Value scores, const WorkItem &item, const Lane &lane, Value keyTile);
  Accumulator start();
  /// Weights of scores; the maximum and the sum of `state` move on, and `factor` is what its output
  /// must be multiplied with.
  struct Weights {
    Value weights, factor;
  };
  Weights advance(Accumulator &state, Value scores);

  //===--------------------------------------------------------------------===//
  // Output.cpp
  //===--------------------------------------------------------------------===//

  /// The output of a tile as it is stored, the lse, and for each row of the lane a mask of lanes
  /// whose row must be computed again.
  struct Result {
    Value output, lse, suspects[2];
  };
  Result finish(const Accumulator &state);
  void storeLse(const Result &result, const WorkItem &item, const Lane &lane);
  void storeOutput(const Result &result, const WorkItem &item, const Lane &lane);
  /// Computes the suspect rows of the warp again; `ready` runs before the first.
  void repair(const Result &result, const WorkItem &item, const Lane &lane, Value warpRow,
              function_ref<void()> ready);

  //===--------------------------------------------------------------------===//
  // ExactRow.cpp
  //===--------------------------------------------------------------------===//

  /// Overwrites output and lse of row `row` of the head; the whole warp works on it.
  void exactRow(const WorkItem &item, Value lane, Value row);

  int64_t features() const { return kernel.features; }
  VectorType fragment(int64_t columns) { return e.f32s(columns / 2); }
  Value splatRow(float value) { return e.splat(value, 2); }

  WarpEmitter e;
  KernelFunction kernel;
  const Target &target;
  TileShape shape;
  Type element;
  SmallVector<VisitOp> visitOps;
  /// The values of the schedule that the filters of its bands use.
  SmallVector<Value> captures;
  KernelCall call;

  /// Values of the function.
  Value launch, maps[4], shared, thread;
  int64_t sharedBytes = 0;
  int32_t threads = 0;
  LLVM::LLVMFuncOp function;
};

} // namespace mlir::attn::cuda

#endif // ATTN_LIB_CODEGEN_GPU_KERNELEMITTER_H
