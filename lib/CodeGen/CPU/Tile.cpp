//===- Tile.cpp - the beginning and the end of a tile --------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "KernelEmitter.h"

using namespace mlir;
using namespace mlir::attn;
using namespace mlir::attn::cpu;

/// Finite, and below every score that matters: see Softmax.cpp.
static constexpr float kNoMaximum = -1e30f;

//===----------------------------------------------------------------------===//
// The query panel
//===----------------------------------------------------------------------===//

Values KernelEmitter::transpose(Values rows) {
  int64_t n = rows.size();
  // Interleaves of pairs inside 128-bit lanes, first of elements, then of pairs of elements: every
  // lane of row 4g + j then holds four rows of column 4*lane + j.
  for (int64_t width : {1, 2}) {
    Values next(n);
    for (int64_t i = 0; i < n; ++i) {
      if (i / width % 2)
        continue;
      SmallVector<int64_t> low, high;
      for (int64_t lane = 0; lane < n; lane += 4)
        for (int64_t x = 0; x < 4; ++x) {
          // Element x of the result: from row i or i + width, its low or high half.
          int64_t source = (x / width % 2) * n + lane + (width == 1 ? x / 2 : x % 2);
          low.push_back(source);
          high.push_back(source + 2);
        }
      Value a = rows[i], b = rows[i + width];
      int64_t place = width == 1 ? i : i / 4 * 4 + 2 * (i % 4);
      next[place] = e.shuffle(a, b, low);
      next[place + 1] = e.shuffle(a, b, high);
    }
    rows = next;
  }
  // Then whole 128-bit lanes: a transpose of (n/4) x (n/4) blocks, halves first.
  for (int64_t step = n / 4 / 2; step >= 1; step /= 2) {
    Values next(n);
    for (int64_t i = 0; i < n; ++i) {
      if (i / 4 / step % 2)
        continue;
      SmallVector<int64_t> low, high;
      for (int64_t x = 0; x < n; ++x) {
        int64_t lane = x / 4, second = lane / step % 2;
        low.push_back(second * n + x - second * step * 4);
        high.push_back(second * n + x + (1 - second) * step * 4);
      }
      int64_t partner = i + 4 * step;
      next[i] = e.shuffle(rows[i], rows[partner], low);
      next[partner] = e.shuffle(rows[i], rows[partner], high);
    }
    rows = next;
  }
  return rows;
}

void KernelEmitter::emitBegin() {
  Type ptr = e.ptr();
  // (args, scratch, tile): packs the queries, clears the rest. Rows beyond the last are copies of
  // it.
  begin = define(".begin", {ptr, ptr, ptr}, nullptr, [&](ValueRange arguments) -> Value {
    Value args = arguments[0], scratch = arguments[1], tile = arguments[2];
    Value query = pointer(scratch, item::Query), rowBytes = word(scratch, item::QueryRow);
    Value panel = pointer(tile, tile::QueryPanel), output = pointer(tile, tile::OutputPanel);
    Value firstRow = word(tile, tile::FirstRow);
    Value lastRow = e.sub(queryLength(args), e.integer(1));
    Value factor = e.broadcast(scale(args), lanes());

    e.loop(0, kTile, lanes(), [&](Value group) {
      Values rows;
      for (int64_t i = 0; i < lanes(); ++i) {
        Value row = e.min(e.add(e.add(firstRow, group), i), lastRow);
        rows.push_back(e.at(query, e.mul(row, rowBytes)));
      }
      Value column = e.at(panel, e.mul(group, kFloat));
      overFeatures([&](Value offset, int64_t width) {
        Values block;
        for (Value row : rows) {
          Value part = widen(e.load(e.f32s(width), e.at(row, offset)));
          block.push_back(e.mulf(part, factor));
        }
        block = transpose(block);
        // Byte d of a row is row d / kFloat of the panel. What widening added is not stored.
        Value place = e.at(column, e.mul(offset, kScoreRow / kFloat));
        for (int64_t i = 0; i < width; ++i)
          e.store(block[i], place, i * kScoreRow);
      });
    });

    Value none = e.splat(kNoMaximum, lanes()), zero = e.splat(0, lanes());
    e.loop(0, kTile * kFloat, vectorBytes(), [&](Value place) {
      e.store(none, e.at(e.at(tile, tile::Maximum), place));
      e.store(zero, e.at(e.at(tile, tile::Sum), place));
      e.store(zero, e.at(e.at(tile, tile::Seen), place));
    });
    e.loop(0, kTile * layout.rowBytes(), kUnit * kFloat / 2,
           [&](Value place) { e.store(e.splat(0, 8), e.at(output, place)); });
    return nullptr;
  });
}

//===----------------------------------------------------------------------===//
// Output and lse
//===----------------------------------------------------------------------===//

/// Whether a vector or scalar is NaN somewhere, lane by lane.
static Value isNan(Emitter &e, Value x) { return e.cmpf(arith::CmpFPredicate::UNO, x, x); }

/// Whether a sum, a scalar or lanes, is not that of weights of finite scores: it is 0 though keys
/// were seen, or it is not finite.
static Value isSuspect(Emitter &e, Value sum, Value seen) {
  Value zero = arith::ConstantOp::create(e, e.getZeroAttr(sum.getType()));
  Value none = arith::ConstantOp::create(e, e.getZeroAttr(seen.getType()));
  Value lost = e.both(e.cmpf(arith::CmpFPredicate::OEQ, sum, zero), e.ne(seen, none));
  return e.either(lost, isNan(e, e.mulf(sum, zero)));
}

Value KernelEmitter::isRowNotFinite(Value row) {
  Value sum = foldFeatures(e.splat(0, lanes()), [&](Value offset, int64_t width, Value sum) {
    // 0 * x is NaN for NaN and infinities, and a sum keeps it.
    Value x = widen(e.load(e.f32s(width), e.at(row, offset)));
    return e.fma(x, e.splat(0, lanes()), sum);
  });
  return e.any(isNan(e, sum));
}

void KernelEmitter::emitFinish() {
  Type ptr = e.ptr();
  // (args, scratch, tile): writes output and lse of the rows that exist.
  finish = define(".finish", {ptr, ptr, ptr}, nullptr, [&](ValueRange arguments) -> Value {
    Value args = arguments[0], scratch = arguments[1], tile = arguments[2];
    Value firstRow = word(tile, tile::FirstRow), panel = pointer(tile, tile::OutputPanel);
    Value output = pointer(scratch, item::Output), outputRow = word(scratch, item::OutputRow);
    Value lse = pointer(scratch, item::Lse), lseRow = word(scratch, item::LseRow);
    Value noLse = LLVM::ZeroOp::create(e, ptr);
    Value wantsLse = LLVM::ICmpOp::create(e, LLVM::ICmpPredicate::ne, lse, noLse);
    Value zero = e.integer(0);

    e.loop(0, kColumns, 1, [&](Value c) {
      auto columnOf = [&](int64_t base) { return e.at(tile, e.add(e.mul(c, kColumnBytes), base)); };
      Value columnRow = e.add(firstRow, e.mul(c, kColumn));
      Value rows = e.min(e.sub(queryLength(args), columnRow), e.integer(kColumn));
      Value inverses = columnOf(tile::Candidate), lses = columnOf(tile::Before);
      Value suspect, one = e.splat(1, lanes());
      constexpr float ln2 = 0.693147181f, infinity = std::numeric_limits<float>::infinity();
      for (int64_t v = 0; v < target.columnVectors(); ++v) {
        int64_t offset = v * vectorBytes();
        Value maximum = e.load(vector(), columnOf(tile::Maximum), offset);
        Value sum = e.load(vector(), columnOf(tile::Sum), offset);
        Value seen = e.load(e.i32s(lanes()), columnOf(tile::Seen), offset);
        // Rows without keys: their output is 0 already.
        Value empty = e.eq(seen, e.splat32(0, lanes()));
        e.store(e.divf(one, e.select(empty, one, sum)), inverses, offset);
        Value exponent = e.addf(maximum, log2(sum));
        Value logarithm = e.mulf(exponent, e.splat(ln2, lanes()));
        e.store(e.select(empty, e.splat(-infinity, lanes()), logarithm), lses, offset);
        Value flags = isSuspect(e, sum, seen);
        suspect = suspect ? e.either(suspect, flags) : flags;
      }

      // The rows, and whether any of their outputs is not finite.
      Value place = e.at(panel, e.mul(e.mul(c, kColumn), layout.rowBytes()));
      Value check =
          e.loop(zero, rows, 1, e.splat(0, lanes()), [&](Value r, ValueRange check) -> Values {
            Value from = e.at(place, e.mul(r, layout.rowBytes()));
            Value to = e.at(output, e.mul(e.add(columnRow, r), outputRow));
            Value factor = e.load(e.f32(), e.at(inverses, e.mul(r, kFloat)));
            e.ifThen(wantsLse, [&] {
              Value row = e.mul(e.add(columnRow, r), lseRow);
              e.store(e.load(e.f32(), e.at(lses, e.mul(r, kFloat))), e.at(lse, row));
            });
            return {foldFeatures(check[0], [&](Value offset, int64_t width, Value check) {
              Value x = e.load(e.f32s(width), e.at(from, offset));
              e.store(e.mulf(x, e.broadcast(factor, width)), e.at(to, offset));
              return e.fma(widen(x), e.splat(0, lanes()), check);
            })};
          })[0];
      suspect = e.either(suspect, isNan(e, check));
      e.ifThen(e.any(suspect), [&] {
        e.loop(zero, rows, 1, [&](Value r) {
          Value sum = e.load(e.f32(), e.at(columnOf(tile::Sum), e.mul(r, kFloat)));
          Value seen = e.load(e.i32(), e.at(columnOf(tile::Seen), e.mul(r, kFloat)));
          Value bad = isRowNotFinite(e.at(place, e.mul(r, layout.rowBytes())));
          e.ifThen(e.either(bad, isSuspect(e, sum, seen)),
                   [&] { e.call(exactRow, {args, scratch, tile, e.add(e.mul(c, kColumn), r)}); });
        });
      });
    });
    return nullptr;
  });
}
