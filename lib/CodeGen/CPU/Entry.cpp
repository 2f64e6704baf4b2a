//===- Entry.cpp - the functions of the C ABI -----------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A work item is a block of up to kTiles tiles of one head. Where they see many keys, the tiles
// walk together, a window of kStepUnits units at a time, so that keys and values loaded into the
// caches serve all of them; where they see few, one tile is finished before the next begins.
//
//===----------------------------------------------------------------------===//

#include "KernelEmitter.h"

using namespace mlir;
using namespace mlir::attn;
using namespace mlir::attn::cpu;

/// Rows of queries of a work item.
static constexpr int64_t kBlock = kTile * kTiles;

/// A tile that visits fewer units walks by itself.
static constexpr int64_t kNarrowUnits = 1024 / kUnit;

//===----------------------------------------------------------------------===//
// Checks and plan
//===----------------------------------------------------------------------===//

void KernelEmitter::emitCheck() {
  // (args): an AttnStatus. Later checks may read what earlier ones found.
  check = define(".check", {e.ptr()}, e.i32(), [&](ValueRange arguments) -> Value {
    Value args = arguments[0], zero = e.integer(0);
    auto require = [&](Value condition, int32_t status, function_ref<Value()> rest) {
      return e.choose(
          condition, e.i32(), [&]() -> Values { return {rest()}; },
          [&]() -> Values { return {e.integer32(status)}; })[0];
    };
    auto isBetween = [&](Value x, int64_t low, int64_t high) {
      return e.both(e.le(e.integer(low), x), e.le(x, e.integer(high)));
    };
    auto checkStrides = [&]() -> Value {
      Value valid = e.boolean(true);
      for (int64_t base : {args::Query, args::Key, args::Value, args::Output, args::Lse})
        for (int64_t stride : {tensor::BatchStride, tensor::HeadStride, tensor::RowStride})
          valid = e.both(valid, e.le(zero, word(args, base + stride)));
      return require(valid, ATTN_ERROR_STRIDES, [&] { return e.integer32(ATTN_OK); });
    };
    auto checkArguments = [&]() -> Value {
      Value count = word(args, args::ArgumentCount);
      return require(e.eq(count, e.integer(kernel.getNumArguments())), ATTN_ERROR_ARGUMENTS,
                     checkStrides);
    };
    auto checkLengths = [&]() -> Value {
      // Positions of rows and columns are in [-limit, limit).
      Value valid = isBetween(word(args, args::Batch), 0, kEnd);
      Value rows = queryLength(args), columns = keyLength(args);
      for (auto [first, count] :
           {std::pair(offset(args), rows), std::pair(keyOffset(args), columns)}) {
        valid = e.both(valid, isBetween(count, 0, 2 * kPositionLimit));
        valid = e.both(valid, isBetween(first, -kPositionLimit, kPositionLimit));
        valid = e.both(valid, e.le(e.add(first, count), e.integer(kPositionLimit)));
      }
      valid = e.both(valid, isBetween(length(args), -kPositionLimit, kPositionLimit));
      return require(valid, ATTN_ERROR_LENGTH, checkArguments);
    };
    auto checkHeads = [&]() -> Value {
      Value query = word(args, args::QueryHeads), key = word(args, args::KeyHeads);
      Value divides = e.eq(e.rem(query, e.max(key, e.integer(1))), zero);
      Value some = e.either(e.lt(zero, key), e.eq(query, zero));
      Value counts = e.both(e.le(zero, query), e.le(zero, key));
      return require(e.both(counts, e.both(some, divides)), ATTN_ERROR_HEADS, checkLengths);
    };
    auto checkFeatures = [&]() -> Value {
      Value features = word(args, args::Features);
      return require(e.eq(features, e.integer(kernel.features)), ATTN_ERROR_FEATURES, checkHeads);
    };
    Value size = word(args, args::StructSize);
    return require(e.le(e.integer(args::Size), size), ATTN_ERROR_STRUCT_SIZE, checkFeatures);
  });
}

/// Work items of a head.
static Value blocks(Emitter &e, Value rows) { return e.div(e.add(rows, kBlock - 1), kBlock); }

void KernelEmitter::emitPlan() {
  Type ptr = e.ptr();
  auto body = [&](ValueRange arguments) -> Value {
    Value args = arguments[0], out = arguments[1];
    Value status = e.call(check, args);
    Value fits = e.le(e.integer(plan::Size), word(out, plan::StructSize));
    status = e.select(fits, status, e.integer32(ATTN_ERROR_STRUCT_SIZE));
    e.ifThen(e.eq(status, e.integer32(ATTN_OK)), [&] {
      Value heads = e.mul(word(args, args::Batch), word(args, args::QueryHeads));
      e.store(e.mul(heads, blocks(e, queryLength(args))), out, plan::Items);
      e.store(e.integer(layout.totalBytes()), out, plan::ScratchBytes);
    });
    return status;
  };
  define("_plan", {ptr, ptr}, e.i32(), body, /*exported=*/true);
}

void KernelEmitter::emitCost() {
  auto body = [&](ValueRange arguments) -> Value {
    Value args = arguments[0], item = arguments[1], rows = queryLength(args);
    Value firstColumn = e.mul(e.rem(item, blocks(e, rows)), kBlock / kColumn);
    Value endColumn =
        e.min(e.add(firstColumn, kBlock / kColumn), e.div(e.add(rows, kColumn - 1), kColumn));
    auto column = [&](Value column, ValueRange cost) -> Values {
      // Packing, scaling and storing a row cost about as much as 40 keys.
      Value sum = e.add(cost[0], kColumn * 40);
      IRMapping mapping;
      for (const BandRange &band : bands(args, column, mapping)) {
        Value units = e.max(e.sub(band.end, band.begin), e.integer(0));
        sum = e.add(sum, e.mul(units, kColumn * kUnit));
      }
      return {sum};
    };
    return e.loop(firstColumn, endColumn, 1, e.integer(0), column)[0];
  };
  define("_cost", {e.ptr(), e.i64()}, e.i64(), body, /*exported=*/true);
}

//===----------------------------------------------------------------------===//
// The kernel
//===----------------------------------------------------------------------===//

void KernelEmitter::emitKernel() {
  Type ptr = e.ptr(), i64 = e.i64();

  // (args, scratch, batch, query head): the head's tensors, and copies of its last keys and values
  // padded with zeros to a unit.
  auto head = define(".head", {ptr, ptr, i64, i64}, nullptr, [&](ValueRange arguments) -> Value {
    Value args = arguments[0], scratch = arguments[1], batch = arguments[2];
    Value queryHead = arguments[3];
    Value group = e.div(word(args, args::QueryHeads), word(args, args::KeyHeads));
    Value keyHead = e.div(queryHead, group);
    struct {
      int64_t from, base, row;
      Value head;
    } tensors[] = {{args::Query, item::Query, item::QueryRow, queryHead},
                   {args::Key, item::Key, item::KeyRow, keyHead},
                   {args::Value, item::Value, item::ValueRow, keyHead},
                   {args::Output, item::Output, item::OutputRow, queryHead},
                   {args::Lse, item::Lse, item::LseRow, queryHead}};
    for (auto &[from, base, row, head] : tensors) {
      Value data = pointer(args, from);
      Value elements = e.add(e.mul(batch, word(args, from + tensor::BatchStride)),
                             e.mul(head, word(args, from + tensor::HeadStride)));
      Value place = e.at(data, e.mul(elements, kFloat));
      if (from == args::Lse) {
        Value none = LLVM::ZeroOp::create(e, ptr);
        place = e.select(LLVM::ICmpOp::create(e, LLVM::ICmpPredicate::eq, data, none), none, place);
      }
      e.store(place, scratch, base);
      e.store(e.mul(word(args, from + tensor::RowStride), kFloat), scratch, row);
    }

    Value whole = e.mul(e.div(keyLength(args), kUnit), kUnit);
    Value left = e.sub(keyLength(args), whole);
    for (auto [base, stride, copy] : {std::tuple(item::Key, item::KeyRow, layout.lastKeys),
                                      std::tuple(item::Value, item::ValueRow, layout.lastValues)}) {
      Value rowBytes = word(scratch, stride), to = e.at(scratch, copy);
      Value from = e.at(pointer(scratch, base), e.mul(whole, rowBytes));
      e.loop(e.integer(0), e.integer(kUnit * layout.rowBytes()), 8 * kFloat,
             [&](Value place) { e.store(e.splat(0, 8), e.at(to, place)); });
      e.loop(e.integer(0), left, 1, [&](Value r) {
        scaleRow(e.at(from, e.mul(r, rowBytes)), e.at(to, e.mul(r, layout.rowBytes())), e.real(1));
      });
    }
    return nullptr;
  });

  // (args, scratch, first row): one block of the scratch's head.
  auto block = define(".block", {ptr, ptr, i64}, nullptr, [&](ValueRange arguments) -> Value {
    Value args = arguments[0], scratch = arguments[1], firstRow = arguments[2];
    Value zero = e.integer(0), never = e.integer(kEnd);
    Value rows = e.min(e.sub(queryLength(args), firstRow), e.integer(kBlock));
    Value count = e.div(e.add(rows, kTile - 1), kTile);
    auto tileAt = [&](Value index) {
      return e.at(e.at(scratch, layout.tiles), e.mul(index, layout.tileBytes));
    };
    auto run = [&](Value tile, Value limit) { e.call(step, {args, scratch, tile, limit}); };

    auto prepare = [&](Value index, ValueRange most) -> Values {
      Value tile = tileAt(index);
      Value row = e.add(firstRow, e.mul(index, kTile));
      return {e.max(most[0], e.call(ranges, {args, tile, row}))};
    };
    Value most = e.loop(zero, count, 1, zero, prepare)[0];
    Value isNarrow = e.lt(most, e.integer(kNarrowUnits));
    e.loop(zero, count, 1, [&](Value index) {
      // Tiles that walk alone use the same panels one after the other.
      Value slot = e.select(isNarrow, zero, index);
      Value panel = e.at(e.at(scratch, layout.panels), e.mul(slot, layout.panelsBytes()));
      e.store(panel, tileAt(index), tile::QueryPanel);
      e.store(e.at(panel, layout.panelBytes()), tileAt(index), tile::OutputPanel);
    });

    e.ifElse(
        isNarrow,
        [&] {
          e.loop(zero, count, 1, [&](Value index) {
            Value tile = tileAt(index);
            e.call(begin, {args, scratch, tile});
            e.loopWhile(
                {}, [&](ValueRange) { return e.lt(word(tile, tile::Begin), never); },
                [&](ValueRange) -> Values {
                  run(tile, never);
                  return {};
                });
            e.call(finish, {args, scratch, tile});
          });
        },
        [&] {
          e.loop(zero, count, 1,
                 [&](Value index) { e.call(begin, {args, scratch, tileAt(index)}); });
          auto nextUnit = [&] {
            return e.loop(zero, count, 1, never, [&](Value index, ValueRange least) -> Values {
              return {e.min(least[0], word(tileAt(index), tile::Begin))};
            })[0];
          };
          e.loopWhile(
              nextUnit(), [&](ValueRange unit) { return e.lt(unit[0], never); },
              [&](ValueRange unit) -> Values {
                Value limit = e.add(unit[0], kStepUnits);
                e.loop(zero, count, 1, [&](Value index) {
                  Value tile = tileAt(index);
                  e.ifThen(e.lt(word(tile, tile::Begin), limit), [&] { run(tile, limit); });
                });
                return {nextUnit()};
              });
          e.loop(zero, count, 1,
                 [&](Value index) { e.call(finish, {args, scratch, tileAt(index)}); });
        });
    return nullptr;
  });

  auto body = [&](ValueRange arguments) -> Value {
    Value args = arguments[0], first = arguments[1], last = arguments[2], scratch = arguments[3];
    Value status = e.call(check, args);
    e.ifThen(e.eq(status, e.integer32(ATTN_OK)), [&] {
      Value perHead = blocks(e, queryLength(args)), heads = word(args, args::QueryHeads);
      e.loop(first, last, 1, [&](Value item) {
        Value index = e.div(item, perHead);
        e.call(head, {args, scratch, e.div(index, heads), e.rem(index, heads)});
        e.call(block, {args, scratch, e.mul(e.rem(item, perHead), kBlock)});
      });
    });
    return status;
  };
  define("", {ptr, i64, i64, ptr}, e.i32(), body, /*exported=*/true);
}
