//===- Step.cpp - one softmax step of a tile -----------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A step holds the scores of up to kStepUnits units at once, whatever runs they come from: short
// runs share the cost of loading and storing the output.
//
//   for each run:     scores of its columns, masked where a column is partial
//   for each column:  rescale if need be; softmax and output over its segments
//
// A segment is what a column sees of the step without a gap, in scores and in values: neighbouring
// runs are one segment, so a window is one or two segments per column.
//
//===----------------------------------------------------------------------===//

#include "KernelEmitter.h"

using namespace mlir;
using namespace mlir::attn;
using namespace mlir::attn::cpu;

void KernelEmitter::emitStep() {
  Type ptr = e.ptr(), i64 = e.i64();
  // (args, scratch, tile, limit): takes runs from below unit `limit`.
  step = define(".step", {ptr, ptr, ptr, i64}, nullptr, [&](ValueRange arguments) -> Value {
    Value args = arguments[0], scratch = arguments[1], tile = arguments[2], limit = arguments[3];
    Value zero = e.integer(0), scores = e.at(scratch, layout.scores);
    Value runs = e.at(scratch, layout.runs);
    Value length = keyLength(args), firstRow = word(tile, tile::FirstRow);
    auto columnOf = [&](int64_t base, Value c) {
      return e.at(tile, e.add(e.mul(c, kColumnBytes), base));
    };
    e.loop(0, kColumns, 1,
           [&](Value c) { copyColumn(columnOf(tile::Maximum, c), columnOf(tile::Candidate, c)); });

    //===------------------------------------------------------------------===//
    // Scores
    //===------------------------------------------------------------------===//

    auto scoreRun = [&](ValueRange carried) -> Values {
      Value row = carried[1], runCount = carried[2];
      Value begin = carried[0], end = word(tile, tile::End);
      Value visible = word(tile, tile::Visible), full = word(tile, tile::Full);
      Value room = e.sub(e.integer(kStepUnits), e.div(row, kUnit));
      Value stop = e.min(e.min(end, limit), e.add(begin, room));
      Value units = e.sub(stop, begin), rows = e.mul(units, kUnit);

      // Rows of the last unit were copied, because beyond them there may be no memory.
      Value firstKey = e.mul(begin, kUnit), left = e.sub(length, firstKey);
      Value isLast = e.lt(left, e.integer(kUnit));
      auto rowsAt = [&](int64_t base, int64_t stride, int64_t copy) -> std::pair<Value, Value> {
        Value rowBytes = word(scratch, stride);
        Value place = e.at(pointer(scratch, base), e.mul(firstKey, rowBytes));
        return {e.select(isLast, e.at(scratch, copy), place),
                e.select(isLast, e.integer(layout.rowBytes()), rowBytes)};
      };
      Value key, keyRow;
      std::tie(key, keyRow) = rowsAt(item::Key, item::KeyRow, layout.lastKeys);
      auto [value, valueRow] = rowsAt(item::Value, item::ValueRow, layout.lastValues);

      Value runScores = e.at(scores, e.mul(row, kScoreRow));
      Value panel = pointer(tile, tile::QueryPanel);
      Value firstColumn = LLVM::CountTrailingZerosOp::create(e, i64, visible, false);
      Value endColumn =
          e.sub(e.integer(64), LLVM::CountLeadingZerosOp::create(e, i64, visible, false));
      e.loop(firstColumn, endColumn, 1,
             [&](Value c) { copyColumn(columnOf(tile::Candidate, c), columnOf(tile::Before, c)); });
      auto score = [&](int64_t columns, Value c) {
        Value offset = e.mul(c, kColumnBytes);
        e.call(scoreKernels[columns], {key, keyRow, e.at(panel, offset), e.at(runScores, offset),
                                       units, columnOf(tile::Candidate, c)});
      };
      if (target.scoreColumns() == 1) {
        e.loop(firstColumn, endColumn, 1,
               [&](Value c) { e.ifThen(e.bit(visible, c), [&] { score(1, c); }); });
      } else {
        // The columns between two visible ones are computed too, and ignored.
        Value width = e.sub(endColumn, firstColumn);
        std::function<void(int64_t)> dispatch = [&](int64_t columns) {
          if (columns == 1)
            return score(1, firstColumn);
          e.ifElse(
              e.eq(width, e.integer(columns)), [&] { score(columns, firstColumn); },
              [&] { dispatch(columns - 1); });
        };
        dispatch(target.scoreColumns());
      }

      // What a column does not see must not enter its maximum.
      Value query = e.add(firstRow, offset(args)), position = e.add(firstKey, keyOffset(args));
      e.loop(firstColumn, endColumn, 1, [&](Value c) {
        Value before = columnOf(tile::Before, c), candidate = columnOf(tile::Candidate, c);
        Value seen = columnOf(tile::Seen, c);
        auto all = [&] {
          for (int64_t v = 0; v < target.columnVectors(); ++v)
            e.store(e.splat32(-1, lanes()), seen, v * vectorBytes());
        };
        auto some = [&] {
          Value columnQuery = e.add(query, e.mul(c, kColumn));
          e.call(mask, {args, e.at(runScores, e.mul(c, kColumnBytes)), before, candidate, seen,
                        columnQuery, position, rows, left});
        };
        e.ifElse(e.bit(full, c), all, [&] {
          e.ifElse(e.bit(visible, c), some, [&] { copyColumn(before, candidate); });
        });
      });

      Value entry = e.at(runs, e.mul(runCount, run::Size));
      e.store(row, entry, run::Row);
      e.store(rows, entry, run::Rows);
      e.store(visible, entry, run::Visible);
      e.store(value, entry, run::Value);
      e.store(valueRow, entry, run::ValueRow);

      e.ifElse(
          e.lt(stop, end), [&] { e.store(stop, tile, tile::Begin); },
          [&] { e.call(next, {args, tile, end}); });
      return {word(tile, tile::Begin), e.add(row, rows), e.add(runCount, 1)};
    };
    Value runCount = e.loopWhile(
        {word(tile, tile::Begin), zero, zero},
        [&](ValueRange carried) {
          Value room = e.lt(carried[1], e.integer(kStepUnits * kUnit));
          return e.both(e.lt(carried[0], limit), room);
        },
        scoreRun)[2];

    //===------------------------------------------------------------------===//
    // Weights and output
    //===------------------------------------------------------------------===//

    e.loop(0, kColumns, 1, [&](Value c) {
      Value maxima = columnOf(tile::Maximum, c), candidates = columnOf(tile::Candidate, c);
      Value sums = columnOf(tile::Sum, c);
      Value output = e.at(pointer(tile, tile::OutputPanel), e.mul(c, kColumn * layout.rowBytes()));
      Value outgrown;
      for (auto [maximum, candidate] : llvm::zip(loadColumn(maxima), loadColumn(candidates))) {
        Value limit = e.addf(maximum, e.splat(8, lanes()));
        Value grew = e.cmpf(arith::CmpFPredicate::OGT, candidate, limit);
        outgrown = outgrown ? e.either(outgrown, grew) : grew;
      }
      e.ifThen(e.any(outgrown), [&] {
        e.call(rescale, {maxima, sums, candidates, output, columnOf(tile::Before, c)});
      });

      // A segment: first row, rows, first value, bytes to the next value.
      auto finish = [&](ValueRange segment) {
        Value place = e.at(scores, e.add(e.mul(segment[0], kScoreRow), e.mul(c, kColumnBytes)));
        e.call(softmax, {place, segment[1], maxima, sums});
        e.call(value, {place, segment[2], segment[3], output, segment[1]});
      };
      auto isOpen = [&](ValueRange segment) { return e.ne(segment[1], zero); };
      auto extend = [&](Value index, ValueRange segment) -> Values {
        Value entry = e.at(runs, e.mul(index, run::Size));
        Value row = word(entry, run::Row), rows = word(entry, run::Rows);
        Value value = pointer(entry, run::Value), valueRow = word(entry, run::ValueRow);
        Value seen = e.bit(word(entry, run::Visible), c);
        Value valueEnd = e.at(segment[2], e.mul(segment[1], segment[3]));
        Value follows = LLVM::ICmpOp::create(e, LLVM::ICmpPredicate::eq, valueEnd, value);
        follows =
            e.both(follows, e.both(e.eq(segment[3], valueRow), e.both(seen, isOpen(segment))));
        Value closes = e.both(isOpen(segment), e.eq(follows, e.boolean(false)));
        e.ifThen(closes, [&] { finish(segment); });
        Value extended = e.add(segment[1], rows);
        return {e.select(follows, segment[0], row),
                e.select(follows, extended, e.select(seen, rows, zero)),
                e.select(follows, segment[2], value), e.select(follows, segment[3], valueRow)};
      };
      Values last = e.loop(zero, runCount, 1, {zero, zero, scores, zero}, extend);
      e.ifThen(isOpen(last), [&] { finish(last); });
    });
    return nullptr;
  });
}
