//===- Runs.cpp - which keys a tile visits next -----------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A tile's four columns each have the ranges of the schedule's bands. The columns are scanned
// together, so that a key row is loaded once for all of them:
//
//   units      0  1  2  3  4  5  6  7  8  9
//   column 0   .  /  #  #  #  /  .  .  .  .      . not visited, / partial, # full
//   column 1   .  .  /  #  #  #  /  .  .  .
//   run           1  2  3--3  4  5               one state of all columns each
//
// The scan jumps from one range to the next, in closed form: a gap costs nothing. A band with a
// filter (periodic windows) is asked unit by unit inside its range.
//
//===----------------------------------------------------------------------===//

#include "KernelEmitter.h"

using namespace mlir;
using namespace mlir::attn;
using namespace mlir::attn::cpu;

void KernelEmitter::emitRanges() {
  Type ptr = e.ptr(), i64 = e.i64();
  // (args, tile, first row): the ranges of its columns and its first run. Returns the units to
  // visit, a unit in several bands counted several times.
  ranges = define(".ranges", {ptr, ptr, i64}, i64, [&](ValueRange arguments) -> Value {
    Value args = arguments[0], tile = arguments[1], firstRow = arguments[2];
    e.store(firstRow, tile, tile::FirstRow);
    Value firstColumn = e.div(firstRow, kColumn), rows = queryLength(args);
    auto column = [&](Value c, ValueRange carried) -> Values {
      Value number = e.add(firstColumn, c);
      Value exists = e.lt(e.mul(number, kColumn), rows);
      Value place = e.at(tile, e.add(e.mul(c, layout.columnRange), tile::Ranges));
      IRMapping mapping;
      Value most = e.integer(0);
      for (auto [b, band] : llvm::enumerate(bands(args, number, mapping))) {
        Value end = e.select(exists, band.end, e.integer(0));
        int64_t offset = 4 * b * kWord;
        e.store(band.begin, place, offset);
        e.store(end, place, offset + kWord);
        e.store(band.fullBegin, place, offset + 2 * kWord);
        e.store(band.fullEnd, place, offset + 3 * kWord);
        most = e.add(most, e.max(e.sub(end, band.begin), e.integer(0)));
      }
      for (auto [i, capture] : llvm::enumerate(captures)) {
        Value word = captureToWord(e, e.getLoc(), mapping.lookup(capture));
        e.store(word, place, layout.capture(i));
      }
      return {e.max(carried[0], most)};
    };
    Value most = e.loop(e.integer(0), e.integer(kColumns), 1, e.integer(0), column)[0];
    e.call(next, {args, tile, e.integer(0)});
    return most;
  });
}

void KernelEmitter::emitNext() {
  Type ptr = e.ptr(), i64 = e.i64();
  size_t count = layout.bands;
  auto load = [&](Value place, size_t band, int64_t field) {
    return word(place, (4 * band + field) * kWord);
  };
  // (args, tile, unit): writes the first run at or after the unit.
  next = define(".next", {ptr, ptr, i64}, nullptr, [&](ValueRange arguments) -> Value {
    Value args = arguments[0], tile = arguments[1], from = arguments[2];
    Value never = e.integer(kEnd), zero = e.integer(0);
    // The last unit, if it is not full, is a run of its own: its rows are elsewhere.
    Value wholeUnits = e.div(keyLength(args), kUnit);
    auto ranges = [&](Value c) {
      return e.at(tile, e.add(e.mul(c, layout.columnRange), tile::Ranges));
    };

    // From `u`: where the next range begins.
    auto findBegin = [&](Value u) {
      auto column = [&](Value c, ValueRange carried) -> Values {
        Value place = ranges(c), begin = carried[0];
        for (size_t b = 0; b < count; ++b) {
          Value first = e.max(load(place, b, 0), u);
          begin = e.min(begin, e.select(e.lt(first, load(place, b, 1)), first, never));
        }
        return {begin};
      };
      return e.loop(e.integer(0), e.integer(kColumns), 1, never, column)[0];
    };

    // At `begin`: the next change of state, and the state.
    auto findState = [&](Value begin) -> Values {
      auto column = [&](Value c, ValueRange carried) -> Values {
        Value place = ranges(c), end = carried[0];
        Value visible = e.boolean(false), full = e.boolean(false);
        auto breakAt = [&](Value edge) {
          end = e.min(end, e.select(e.lt(begin, edge), edge, never));
        };
        for (size_t b = 0; b < count; ++b) {
          Value from = load(place, b, 0), to = load(place, b, 1);
          Value fullFrom = load(place, b, 2), fullTo = load(place, b, 3);
          for (Value edge : {from, to, fullFrom, fullTo})
            breakAt(edge);
          Value inside = e.both(e.le(from, begin), e.lt(begin, to));
          Value whole = e.both(inside, e.both(e.le(fullFrom, begin), e.lt(begin, fullTo)));
          if (kernel.schedule && !visits[b].getFilter().empty()) {
            IRMapping mapping;
            for (auto [i, capture] : llvm::enumerate(captures)) {
              Value kept = word(place, layout.capture(i));
              mapping.map(capture, captureFromWord(e, e.getLoc(), kept, capture));
            }
            auto [passes, passesFull] = inlineFilter(e, visits[b], mapping, begin);
            end = e.select(inside, e.add(begin, 1), end);
            inside = e.both(inside, passes);
            whole = e.both(e.both(whole, passes), passesFull);
          }
          visible = e.either(visible, inside);
          full = e.either(full, whole);
        }
        return {end, e.either(carried[1], e.shl(e.extend(visible), c)),
                e.either(carried[2], e.shl(e.extend(full), c))};
      };
      Value end = e.select(e.lt(begin, wholeUnits), wholeUnits, never);
      return e.loop(e.integer(0), e.integer(kColumns), 1, {end, zero, zero}, column);
    };

    // Filters may leave nothing of a unit: then on to the next one.
    Value begin = findBegin(from);
    Values state = e.loopWhile(
        {begin, from, zero, zero},
        [&](ValueRange carried) { return e.both(e.lt(carried[0], never), e.eq(carried[2], zero)); },
        [&](ValueRange carried) -> Values {
          Values found = findState(carried[0]);
          Value skipped = e.eq(found[1], zero);
          Value begin = e.choose(
              skipped, e.i64(), [&]() -> Values { return {findBegin(found[0])}; },
              [&]() -> Values { return {carried[0]}; })[0];
          return {begin, found[0], found[1], found[2]};
        });
    for (auto [value, offset] :
         llvm::zip(state, ArrayRef<int64_t>{tile::Begin, tile::End, tile::Visible, tile::Full}))
      e.store(value, tile, offset);
    return nullptr;
  });
}
