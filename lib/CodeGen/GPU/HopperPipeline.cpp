//===- HopperPipeline.cpp - a tile's way through its keys on sm_90a ---------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// After FlashAttention-3 (Shah et al., 2024, arXiv:2407.08608): one thread of the first warpgroup
// loads by TMA; two warpgroups compute 64 rows each, with the product of the next scores under way
// during the softmax, and take turns at the tensor cores (barriers 1 and 2):
//
//     warpgroup 1   Q K1  P V0 | softmax 1     | Q K2  P V1 | softmax 2
//     warpgroup 2   softmax 0  | Q K1  P V0    | softmax 1  | Q K2  P V1
//
// The loader walks the items, and the schedule one tile ahead, and tells the others what they get:
// the item beside the queries, and a word beside each buffer of keys. So items and schedule cost
// the computing warps nothing, no registers either.
//
//     barrier        arrivals                          a phase is over when
//     queryFull      1, and the bytes                  an item is told, and its queries are there
//     queryEmpty     8, one of each computing warp     its output has left the buffer
//     keyFull[s]     1, and the bytes                  keys of stage s, and the word, are there
//     keyEmpty[s]    8                                 they are not needed any more
//     valueFull[s], valueEmpty[s]                      likewise
//
//===----------------------------------------------------------------------===//

#include "KernelEmitter.h"

using namespace mlir;
using namespace mlir::attn;
using namespace mlir::attn::cuda;

/// The word of a tile of keys: 4 * tile + 2 * (it is the last) + (it is partial); -1 where an item
/// has none.
static constexpr int32_t kPartial = 1, kLast = 2;

/// What the loader tells for an item's tile after the last item.
static constexpr int32_t kNoItem = -1;

/// Warps and threads of a warpgroup; rows that it computes; warpgroups that compute.
static constexpr int32_t kWarpgroupWarps = 4, kWarpgroup = 128, kWarpgroupRows = 64;
static constexpr int32_t kComputing = 2;

/// Registers of a thread that loads, and of one that computes: 72 + 2 * 216 = 3 * 168.
static constexpr int32_t kLoadRegisters = 72, kComputeRegisters = 216;

/// Named barriers: 0 is that of all threads; 1 and 2 take turns; then one of each warpgroup.
static constexpr int32_t kTurn = 1, kOutput = 3;

namespace {

/// A buffer of the ring and the parity of its phase.
struct Stage {
  Value index, parity;
};

/// Where things lie in shared memory.
struct Memory {
  Memory(const TileShape &shape, int64_t features, int64_t visitsBytes) {
    auto take = [this](int64_t bytes) { return std::exchange(end, end + bytes); };
    queries = take(shape.queries * features * 2);
    stageBytes = shape.keys * features * 2;
    keys = take(shape.stages * stageBytes);
    values = take(shape.stages * stageBytes);
    item = take(16);
    visits = take(llvm::alignTo(visitsBytes, 8));
    queryFull = take(8);
    queryEmpty = take(8);
    for (int64_t *ring : {&keyFull, &keyEmpty, &valueFull, &valueEmpty})
      *ring = take(8 * shape.stages);
    words = take(4 * shape.stages);
    isDescending = take(4);
  }
  int64_t end = 0;
  int64_t stageBytes, queries, keys, values;
  /// An item's tile, batch and head, i32 each; the loader's visits of it.
  int64_t item, visits;
  int64_t queryFull, queryEmpty, keyFull, keyEmpty, valueFull, valueEmpty, words;
  /// The order of the items, an i32.
  int64_t isDescending;
};

} // namespace

void KernelEmitter::emitHopper() {
  threads = kWarpgroup * (1 + kComputing);
  const Memory memory(shape, features(), visitsBytes());
  sharedBytes = memory.end;
  Value warp = e.uniform(e.shr(thread, e.integer32(5)));
  Value laneNumber = e.both(thread, e.integer32(kWarp - 1));
  Value isLaneZero = e.eq(laneNumber, e.integer32(0));
  Value warpgroup = e.div(warp, kWarpgroupWarps);
  Value zero = e.integer32(0), one = e.integer32(1);

  auto at = [&](int64_t offset) { return e.at(shared, e.integer32(offset)); };
  auto ring = [&](int64_t offset, int64_t bytes, Value stage) {
    return e.at(at(offset), e.mul(stage, bytes));
  };
  auto barrierOf = [&](int64_t offset, Value stage) { return ring(offset, 8, stage); };
  auto wait = [&](Value barrier, Value parity) { tile::WaitOp::create(e, barrier, parity); };
  auto advanced = [&](Stage stage) -> Stage {
    Value index = e.add(stage.index, 1);
    Value wraps = e.eq(index, e.integer32(shape.stages));
    Value flip = arith::ExtUIOp::create(e, e.i32(), wraps);
    return {e.select(wraps, zero, index), arith::XOrIOp::create(e, stage.parity, flip)};
  };

  e.ifThen(e.eq(thread, zero), [&] {
    constexpr int32_t computingWarps = kComputing * kWarpgroupWarps;
    e.mbarrierInit(at(memory.queryFull), 1);
    e.mbarrierInit(at(memory.queryEmpty), computingWarps);
    for (int64_t s = 0; s < shape.stages; ++s)
      for (auto [base, count] : {std::pair(memory.keyFull, 1), std::pair(memory.valueFull, 1),
                                 std::pair(memory.keyEmpty, computingWarps),
                                 std::pair(memory.valueEmpty, computingWarps)})
        e.mbarrierInit(at(base + 8 * s), count);
    NVVM::FenceMbarrierInitOp::create(e);
    // Here there are registers for it.
    e.store(arith::ExtUIOp::create(e, e.i32(), isLastHeaviest()), at(memory.isDescending));
  });
  e.syncThreads();

  auto setRegisters = [&](int32_t count, NVVM::SetMaxRegisterAction action) {
    NVVM::SetMaxRegisterOp::create(e, count, action);
  };

  //===--------------------------------------------------------------------===//
  // Loading
  //===--------------------------------------------------------------------===//

  auto load = [&] {
    auto tellItem = [&](const WorkItem &item) {
      for (auto [i, number] : llvm::enumerate(Values{item.tile, item.batch, item.head}))
        e.store(number, at(memory.item + 4 * i));
    };
    // A phase that nobody has begun counts as over: the first wait of each buffer passes.
    auto loadItem = [&](const WorkItem &item, ValueRange carried) -> Values {
      Value queryParity = carried[2], never = e.integer32(kNever);
      auto loadQueries = [&] {
        wait(at(memory.queryEmpty), queryParity);
        tellItem(item);
        e.mbarrierExpect(at(memory.queryFull), shape.queries * features() * 2);
        tile::LoadOp::create(e, maps[0], item.batch, item.head, item.firstRow, at(memory.queries),
                             at(memory.queryFull), shape.queries, features());
      };
      auto loadStage = [&](Value map, Value keyTile, int64_t base, int64_t full, Stage stage) {
        Value barrier = barrierOf(full, stage.index);
        e.mbarrierExpect(barrier, memory.stageBytes);
        tile::LoadOp::create(e, map, item.batch, item.keyHead, e.mul(keyTile, shape.keys),
                             ring(base, memory.stageBytes, stage.index), barrier, shape.keys,
                             features());
      };
      auto tell = [&](Stage stage, Value word) {
        wait(barrierOf(memory.keyEmpty, stage.index), stage.parity);
        e.store(word, ring(memory.words, 4, stage.index));
      };
      auto waitValues = [&](Stage stage) {
        wait(barrierOf(memory.valueEmpty, stage.index), stage.parity);
      };

      storeVisits(item.tile, at(memory.visits));
      auto nextVisit = [&](Value from) { return next(loadVisits(at(memory.visits)), from); };
      Visit first = nextVisit(zero);
      Values end = e.choose(
          e.lt(first.tile, never), {e.i32(), e.i32()},
          [&]() -> Values {
            Values loop = e.loopWhile(
                {first.tile, first.partial, e.boolean(true), carried[0], carried[1]},
                [&](ValueRange carried) { return e.lt(carried[0], never); },
                [&](ValueRange carried) -> Values {
                  Value keyTile = carried[0], isFirst = carried[2];
                  Stage stage{carried[3], carried[4]};
                  Visit following = nextVisit(e.add(keyTile, 1));
                  Value isLast = e.eq(following.tile, never);
                  Value word = e.mul(keyTile, 4);
                  word = e.add(word, e.select(isLast, e.integer32(kLast), zero));
                  word = e.add(word, e.select(carried[1], e.integer32(kPartial), zero));
                  tell(stage, word);
                  loadStage(maps[1], keyTile, memory.keys, memory.keyFull, stage);
                  // Behind the first keys: the buffer is free only when the last output has left
                  // it.
                  e.ifThen(isFirst, loadQueries);
                  waitValues(stage);
                  loadStage(maps[2], keyTile, memory.values, memory.valueFull, stage);
                  Stage after = advanced(stage);
                  return {following.tile, following.partial, e.boolean(false), after.index,
                          after.parity};
                });
            return {loop[3], loop[4]};
          },
          [&]() -> Values {
            Stage stage{carried[0], carried[1]};
            tell(stage, e.integer32(-1));
            e.mbarrierArrive(barrierOf(memory.keyFull, stage.index));
            loadQueries();
            waitValues(stage);
            e.mbarrierArrive(barrierOf(memory.valueFull, stage.index));
            Stage after = advanced(stage);
            return {after.index, after.parity};
          });
      return {end[0], end[1], arith::XOrIOp::create(e, queryParity, one)};
    };
    Value isDescending = e.ne(e.load(e.i32(), at(memory.isDescending)), zero);
    Values end = overItems(isDescending, {zero, one, one}, loadItem);
    wait(at(memory.queryEmpty), end[2]);
    e.store(e.integer32(kNoItem), at(memory.item));
    e.mbarrierArrive(at(memory.queryFull));
  };

  //===--------------------------------------------------------------------===//
  // Computing
  //===--------------------------------------------------------------------===//

  auto compute = [&] {
    Value group = e.sub(warpgroup, one);
    auto warpRowOf = [&](Value warp) {
      return e.mul(e.sub(warp, e.integer32(kWarpgroupWarps)), kWarpRows);
    };
    Lane lane = laneOf(thread, warpRowOf(warp));
    Value base = LLVM::PtrToIntOp::create(e, e.i32(), shared);
    int64_t rowBytes = 2 * tile::panelColumns(features());
    Value queries = e.add(base, e.mul(group, kWarpgroupRows * rowBytes));
    auto stageAddress = [&](int64_t offset, Value stage) {
      return e.add(e.add(base, e.mul(stage, memory.stageBytes)), offset);
    };
    auto release = [&](int64_t barriers, Value stage) {
      e.ifThen(isLaneZero, [&] { e.mbarrierArrive(barrierOf(barriers, stage)); });
    };
    auto myTurn = [&] { e.barrier(e.add(group, kTurn), 2 * kWarpgroup); };
    auto yourTurn = [&] { e.barrierArrive(e.sub(e.integer32(kTurn + 1), group), 2 * kWarpgroup); };

    auto multiplyKeys = [&](Value stage) -> Value {
      return tile::WgmmaSSOp::create(e, fragment(shape.keys), queries,
                                     stageAddress(memory.keys, stage), element, shape.queries,
                                     shape.keys, features());
    };
    // output += weights * values of `stage`, once they are there.
    auto multiplyValues = [&](Value &output, Value &weights, Stage stage) {
      wait(barrierOf(memory.valueFull, stage.index), stage.parity);
      auto fenced = tile::WgmmaFenceOp::create(e, TypeRange{output.getType(), weights.getType()},
                                               ValueRange{output, weights});
      weights = fenced.getResult(1);
      output = tile::WgmmaRSOp::create(e, output.getType(), weights,
                                       stageAddress(memory.values, stage.index),
                                       fenced.getResult(0), element);
    };
    auto waitForAll = [&](Value &output, Value &weights) {
      auto done = tile::WgmmaWaitOp::create(e, TypeRange{output.getType(), weights.getType()}, 0,
                                            ValueRange{output, weights});
      output = done.getResult(0);
      weights = done.getResult(1);
    };
    auto has = [&](Value word, int32_t flag) {
      return e.uniformCondition(e.ne(e.both(word, e.integer32(flag)), zero));
    };
    auto packed = [&](Value weights) -> Value {
      return tile::PackOp::create(e, e.i32s(shape.keys / 4), weights, element);
    };

    // The second warpgroup lets the first one go first.
    e.ifThen(e.eq(group, one), yourTurn);

    auto receiveItem = [&] {
      WorkItem item;
      item.tile = e.load(e.i32(), at(memory.item));
      item.firstRow = e.mul(item.tile, shape.queries);
      item.batch = e.load(e.i32(), at(memory.item + 4));
      item.head = e.load(e.i32(), at(memory.item + 8));
      item.keyHead = keyHead(item.head);
      return item;
    };
    auto hasItem = [&](ValueRange carried) -> Value {
      wait(at(memory.queryFull), carried[2]);
      return e.uniformCondition(e.ne(receiveItem().tile, e.integer32(kNoItem)));
    };
    e.loopWhile({zero, zero, zero}, hasItem, [&](ValueRange carried) -> Values {
      // Only the tile is needed before the output.
      WorkItem item = receiveItem();
      Stage stage{carried[0], carried[1]};
      auto receive = [&](Stage stage) {
        wait(barrierOf(memory.keyFull, stage.index), stage.parity);
        return e.load(e.i32(), ring(memory.words, 4, stage.index));
      };
      auto masked = [&](Value scores, Value word) {
        Value keyTile = e.shr(word, e.integer32(2));
        return maskIf(has(word, kPartial), scores, item, lane, keyTile);
      };
      Value word = receive(stage);
      Accumulator zeroState = start();
      SmallVector<Type> types = {zeroState.output.getType(), zeroState.maximum.getType(),
                                 zeroState.sum.getType(), e.i32(), e.i32()};
      Values end = e.choose(
          e.uniformCondition(e.lt(word, zero)), types,
          [&]() -> Values {
            release(memory.keyEmpty, stage.index);
            wait(barrierOf(memory.valueFull, stage.index), stage.parity);
            release(memory.valueEmpty, stage.index);
            Stage after = advanced(stage);
            return {zeroState.output, zeroState.maximum, zeroState.sum, after.index, after.parity};
          },
          [&]() -> Values {
            Accumulator state = zeroState;
            tile::WgmmaFenceOp::create(e, TypeRange(), ValueRange());
            Value scores = multiplyKeys(stage.index);
            scores = tile::WgmmaWaitOp::create(e, scores.getType(), 0, scores).getResult(0);
            release(memory.keyEmpty, stage.index);
            Value weights = packed(advance(state, masked(scores, word)).weights);

            Values loop = e.loopWhile(
                {state.output, weights, state.maximum, state.sum, stage.index, stage.parity,
                 has(word, kLast)},
                [&](ValueRange carried) {
                  return arith::XOrIOp::create(e, carried[6], e.boolean(true));
                },
                [&](ValueRange carried) -> Values {
                  Value output = carried[0], weights = carried[1];
                  Accumulator state{output, carried[2], carried[3]};
                  Stage before{carried[4], carried[5]}, stage = advanced(before);
                  Value word = receive(stage);
                  myTurn();
                  auto fenced =
                      tile::WgmmaFenceOp::create(e, TypeRange{output.getType(), weights.getType()},
                                                 ValueRange{output, weights});
                  output = fenced.getResult(0);
                  weights = fenced.getResult(1);
                  Value scores = multiplyKeys(stage.index);
                  multiplyValues(output, weights, before);
                  yourTurn();
                  scores = tile::WgmmaWaitOp::create(e, scores.getType(), 1, scores).getResult(0);
                  release(memory.keyEmpty, stage.index);
                  Weights next = advance(state, masked(scores, word));
                  waitForAll(output, weights);
                  release(memory.valueEmpty, before.index);
                  output = tile::ScaleRowsOp::create(e, output.getType(), output, next.factor);
                  return {output,      packed(next.weights), state.maximum,   state.sum,
                          stage.index, stage.parity,         has(word, kLast)};
                });
            Value output = loop[0], last = loop[1];
            Stage stage{loop[4], loop[5]};
            multiplyValues(output, last, stage);
            waitForAll(output, last);
            release(memory.valueEmpty, stage.index);
            Stage after = advanced(stage);
            return {output, loop[2], loop[3], after.index, after.parity};
          });

      // Numbers that only the output needs are made here, not held through the loop.
      item = receiveItem();
      Value here = e.opaque(thread, /*staysHere=*/true);
      Value warpRow = warpRowOf(e.uniform(e.shr(here, e.integer32(5))));
      Lane outputLane = laneOf(here, warpRow);
      Result result = finish({end[0], end[1], end[2]});
      // The output takes the place of the queries, which the warpgroup has read.
      e.barrier(e.add(group, kOutput), kWarpgroup);
      tile::StoreOp::create(e, result.output, e.at(at(memory.queries), e.mul(warpRow, rowBytes)),
                            maps[3], item.batch, item.head, e.add(item.firstRow, warpRow),
                            outputLane.number, shape.queries, features());
      e.ifThen(isLaneZero, [&] { e.mbarrierArrive(at(memory.queryEmpty)); });
      storeLse(result, item, outputLane);
      repair(result, item, outputLane, warpRow,
             [&] { tile::StoreWaitOp::create(e, outputLane.number); });
      return {end[3], end[4], arith::XOrIOp::create(e, carried[2], one)};
    });
  };

  e.ifElse(
      e.eq(warpgroup, zero),
      [&] {
        setRegisters(kLoadRegisters, NVVM::SetMaxRegisterAction::decrease);
        e.ifThen(e.eq(warp, zero), [&] { e.ifThen(e.electedLane(), load); });
      },
      [&] {
        setRegisters(kComputeRegisters, NVVM::SetMaxRegisterAction::increase);
        compute();
      });
}
