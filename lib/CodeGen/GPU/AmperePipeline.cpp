//===- AmperePipeline.cpp - a tile's way through its keys on sm_80 ----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Eight warps of 16 rows. Keys and values of a step have one buffer each, and are copied while the
// other one is used:
//
//     copies    K0     V0    K1     V1    K2 ...
//     products         Q K0  P V0   Q K1  P V1
//
//===----------------------------------------------------------------------===//

#include "KernelEmitter.h"
#include "attn/Runtime/Device.h"

#include <cstddef>

using namespace mlir;
using namespace mlir::attn;
using namespace mlir::attn::cuda;

void KernelEmitter::emitAmpere() {
  threads = shape.queries / kWarpRows * kWarp;
  int64_t rowBytes = tile::paddedRowBytes(features());
  int64_t keysAt = shape.queries * rowBytes, valuesAt = keysAt + shape.keys * rowBytes;
  sharedBytes = valuesAt + shape.keys * rowBytes;
  Value queries = shared, keys = e.at(shared, keysAt), values = e.at(shared, valuesAt);
  Value warp = e.uniform(e.shr(thread, e.integer32(5)));
  Value warpRow = e.mul(warp, kWarpRows);
  Lane lane = laneOf(thread, warpRow);
  Value never = e.integer32(kNever);

  // Copies `rows` rows of a head from row `first` on, of which `length` exist in all.
  auto copy = [&](Value head, int64_t strides, Value first, Value length, Value to, int64_t rows) {
    Value bytes = this->rowBytes(strides, 2);
    Value from = e.at(head, e.mul(e.extend64(first), bytes));
    tile::CopyOp::create(e, from, bytes, e.sub(length, first), to, thread, threads, rows,
                         features());
  };
  auto commit = [&] { NVVM::CpAsyncCommitGroupOp::create(e); };
  // What was copied is there for all threads, and all have read what is to be overwritten.
  auto arrive = [&] {
    NVVM::CpAsyncWaitGroupOp::create(e, 0);
    e.syncThreads();
  };

  overItems(isLastHeaviest(), {}, [&](const WorkItem &item, ValueRange) -> Values {
    Value queryHead = headAddress(offsetof(AttnLaunch, query), offsetof(AttnLaunch, query_strides),
                                  item.batch, item.head, 2);
    Value keyHead = headAddress(offsetof(AttnLaunch, key), offsetof(AttnLaunch, key_strides),
                                item.batch, item.keyHead, 2);
    Value valueHead = headAddress(offsetof(AttnLaunch, value), offsetof(AttnLaunch, value_strides),
                                  item.batch, item.keyHead, 2);
    auto copyKeys = [&](Value tile) {
      copy(keyHead, offsetof(AttnLaunch, key_strides), e.mul(tile, shape.keys), keyRows(), keys,
           shape.keys);
      commit();
    };
    TileVisits visits = visitsOf(item.tile);
    Visit first = next(visits, e.integer32(0));
    e.ifThen(e.lt(first.tile, never), [&] {
      copy(queryHead, offsetof(AttnLaunch, query_strides), item.firstRow, queryRows(), queries,
           shape.queries);
      copyKeys(first.tile);
    });

    Accumulator zero = start();
    Values end = e.loopWhile(
        {first.tile, first.partial, zero.output, zero.maximum, zero.sum},
        [&](ValueRange carried) { return e.lt(carried[0], never); },
        [&](ValueRange carried) -> Values {
          Value keyTile = carried[0], partial = carried[1];
          Accumulator state{carried[2], carried[3], carried[4]};
          arrive();
          copy(valueHead, offsetof(AttnLaunch, value_strides), e.mul(keyTile, shape.keys),
               keyRows(), values, shape.keys);
          commit();
          Value scores = tile::MmaSSOp::create(e, fragment(shape.keys),
                                               e.at(queries, e.mul(warpRow, rowBytes)), keys,
                                               element, features(), lane.number);
          Visit following = next(visits, e.add(keyTile, 1));
          arrive();
          e.ifThen(e.lt(following.tile, never), [&] { copyKeys(following.tile); });
          scores = maskIf(partial, scores, item, lane, keyTile);
          Weights weights = advance(state, scores);
          Value packed = tile::PackOp::create(e, e.i32s(shape.keys / 4), weights.weights, element);
          Value output =
              tile::ScaleRowsOp::create(e, state.output.getType(), state.output, weights.factor);
          output = tile::MmaRSOp::create(e, output.getType(), packed, values, output, element,
                                         lane.number);
          return {following.tile, following.partial, output, state.maximum, state.sum};
        });

    Result result = finish({end[2], end[3], end[4]});
    storeOutput(result, item, lane);
    storeLse(result, item, lane);
    // The lanes of a row have stored what lanes of other numbers store again.
    repair(result, item, lane, warpRow, [&] { e.syncWarp(); });
    return {};
  });
}
