//===- Evaluate.h - run a schedule on the host ------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What does a schedule visit at given sizes? The answer comes from the ops of the `attn.schedule`,
// which are what code generation compiles, and not from the bands they were built from: pictures,
// tile counts and tests therefore see every mistake made on the way.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_SCHEDULE_EVALUATE_H
#define ATTN_SCHEDULE_EVALUATE_H

#include "attn/Bands/Tiles.h"
#include "attn/IR/AttnOps.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/SmallVector.h"
#include <vector>

namespace mlir::attn {

/// A kind for every (tile, visited tile): (query tile, key tile), or the reverse when transposed.
struct ScheduleGrid {
  int64_t numTiles = 0;
  int64_t numVisited = 0;
  std::vector<TileKind> kinds;

  TileKind at(int64_t tile, int64_t visited) const { return kinds[tile * numVisited + visited]; }
  int64_t count(TileKind kind) const { return llvm::count(kinds, kind); }
  /// One line a tile: `.` skipped, `/` partial, `#` full.
  std::string str() const;
};

/// A schedule's body as a list of operations on numbered slots, compiled once and run for many
/// sizes.
class ScheduleProgram {
public:
  /// Fails with an error at the first op that no schedule should contain.
  static FailureOr<ScheduleProgram> compile(ScheduleOp schedule);

  /// Tiles t of the given sizes: query tiles, or key tiles when transposed.
  int64_t getNumTiles(const Sizes &sizes) const;
  /// Tiles u of the given sizes: key tiles, or query tiles when transposed.
  int64_t getNumVisited(const Sizes &sizes) const;

  /// Calls `visit` once for each tile that `tile` visits, in increasing order. Nothing of the size
  /// of the sequence is allocated.
  void forEachVisit(const Sizes &sizes, int64_t tile,
                    llvm::function_ref<void(int64_t visited, TileKind kind)> visit);

  ScheduleGrid evaluate(const Sizes &sizes);

  /// Operations of the body, filters included: what deriving a tile costs, whatever the length.
  size_t getNumOperations() const;

private:
  enum class Code : uint8_t {
    Add,
    Sub,
    Mul,
    FloorDiv,
    CeilDiv,
    Div,
    Rem,
    Min,
    Max,
    And,
    Or,
    Xor,
    ShiftRight,
    ShiftLeft,
    Select,
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
  };
  struct Operation {
    Code code;
    unsigned result, operands[3];
  };
  struct Band {
    unsigned begin, end, fullBegin, fullEnd;
    bool fallback;
    /// The filter region, if any: its argument, its operations and what it yields.
    std::vector<Operation> filter;
    unsigned tile = 0, visible = 0, full = 0;
    bool hasFilter = false;
  };
  class Compiler;

  void run(ArrayRef<Operation> operations);
  int64_t queryTile = 1, keyTile = 1;
  bool transposed = false;
  unsigned numArguments = 0;
  std::vector<Operation> body;
  std::vector<Band> bands;
  std::vector<int64_t> slots;
};

/// Compiles and evaluates.
FailureOr<ScheduleGrid> evaluateSchedule(ScheduleOp schedule, const Sizes &sizes);

} // namespace mlir::attn

#endif // ATTN_SCHEDULE_EVALUATE_H
