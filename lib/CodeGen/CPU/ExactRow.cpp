//===- ExactRow.cpp - one row of the result, key by key -------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The fast path multiplies the values of invisible keys by 0, which is wrong for NaN and
// infinities; and scores that are all -inf, or below the sentinel of Softmax.cpp, leave it with a
// sum of 0. Rows whose sum is 0 though they saw keys, or whose sum or output is not finite, are
// computed again here: only visible keys are touched. What is not finite in them stays, as the
// formula says; only time is lost.
//
//===----------------------------------------------------------------------===//

#include "KernelEmitter.h"

using namespace mlir;
using namespace mlir::attn;
using namespace mlir::attn::cpu;

void KernelEmitter::emitExactRow() {
  Type ptr = e.ptr(), i64 = e.i64();
  constexpr float infinity = std::numeric_limits<float>::infinity();
  // (args, scratch, tile, row of the tile): overwrites the row's output and lse. Runs of the tile
  // are found anew: call it after the last step.
  exactRow = define(".exact", {ptr, ptr, ptr, i64}, nullptr, [&](ValueRange arguments) -> Value {
    Value args = arguments[0], scratch = arguments[1], tile = arguments[2];
    Value row = arguments[3], zero = e.integer(0);
    Value column = e.div(row, kColumn), number = e.add(word(tile, tile::FirstRow), row);
    auto rowOf = [&](int64_t base, int64_t stride, Value index) {
      return e.at(pointer(scratch, base), e.mul(index, word(scratch, stride)));
    };
    Value query = rowOf(item::Query, item::QueryRow, number);
    Value position = arith::TruncIOp::create(e, e.i32(), e.add(number, offset(args)));
    Value factor = scale(args), firstKey = keyOffset(args), keys = keyLength(args);
    PatternOperands operands = patternOperands(args);

    // Folds `body` over the keys that the row sees.
    auto overVisible = [&](ValueRange inits,
                           function_ref<Values(Value key, ValueRange)> body) -> Values {
      TypeRange types = inits.getTypes();
      auto overKey = [&](Value key, ValueRange carried) -> Values {
        Value sees = emitPredicate(e, e.getLoc(), kernel.pattern, operands,
                                   {LaneSide::Queries, nullptr, position}, e.add(key, firstKey));
        return e.choose(
            sees, types, [&] { return body(key, carried); }, [&] { return Values(carried); });
      };
      Values state = {zero};
      llvm::append_range(state, inits);
      auto overRun = [&](ValueRange carried) -> Values {
        e.call(next, {args, tile, carried[0]});
        Value begin = word(tile, tile::Begin), end = word(tile, tile::End);
        Value first = e.mul(begin, kUnit), last = e.min(e.mul(end, kUnit), keys);
        // Nothing of a run that only other columns see, nor of the one that says there are no more.
        last = e.select(e.bit(word(tile, tile::Visible), column), last, first);
        Value none = e.lt(e.integer(kEnd - 1), begin);
        Values next = {e.select(none, e.integer(kEnd), end)};
        llvm::append_range(
            next, e.loop(first, e.select(none, first, last), 1, carried.drop_front(), overKey));
        return next;
      };
      state = e.loopWhile(
          state, [&](ValueRange carried) { return e.lt(carried[0], e.integer(kEnd)); }, overRun);
      return Values(ArrayRef(state).drop_front());
    };
    auto score = [&](Value key) {
      Value place = rowOf(item::Key, item::KeyRow, key);
      Value products =
          foldFeatures(e.splat(0, lanes()), [&](Value offset, int64_t width, Value sum) {
            Value x = e.load(e.f32s(width), e.at(query, offset));
            Value y = e.load(e.f32s(width), e.at(place, offset));
            if (width == lanes())
              return e.fma(x, y, sum);
            // The half vector counts once.
            SmallVector<int64_t> indices;
            for (int64_t i = 0; i < lanes(); ++i)
              indices.push_back(i);
            Value product = e.shuffle(e.mulf(x, y), e.splat(0, width), indices);
            return e.addf(sum, product);
          });
      return e.mulf(vector::ReductionOp::create(e, vector::CombiningKind::ADD, products), factor);
    };

    Values found =
        overVisible({e.real(-infinity), zero}, [&](Value key, ValueRange carried) -> Values {
          return {e.maxf(score(key), carried[0]), e.add(carried[1], 1)};
        });
    Value maximum = found[0], count = found[1];

    Value panel = e.at(pointer(tile, tile::OutputPanel), e.mul(row, layout.rowBytes()));
    overFeatures(
        [&](Value offset, int64_t width) { e.store(e.splat(0, width), e.at(panel, offset)); });
    Value sum = overVisible(e.real(0), [&](Value key, ValueRange carried) -> Values {
      Value exponent = e.broadcast(e.subf(score(key), maximum), lanes());
      Value weight = e.lane(exp2(exponent), 0);
      Value value = rowOf(item::Value, item::ValueRow, key);
      overFeatures([&](Value offset, int64_t width) {
        Value x = e.load(e.f32s(width), e.at(value, offset));
        Value place = e.at(panel, offset);
        e.store(e.fma(e.broadcast(weight, width), x, e.load(e.f32s(width), place)), place);
      });
      return {e.addf(carried[0], weight)};
    })[0];

    // A row without keys gives 0 and -inf.
    Value empty = e.eq(count, zero);
    Value inverse = e.divf(e.real(1), e.select(empty, e.real(1), sum));
    scaleRow(panel, rowOf(item::Output, item::OutputRow, number), inverse);
    Value lse = pointer(scratch, item::Lse);
    Value none = LLVM::ZeroOp::create(e, ptr);
    e.ifThen(LLVM::ICmpOp::create(e, LLVM::ICmpPredicate::ne, lse, none), [&] {
      Value logarithm = e.lane(log2(e.broadcast(sum, lanes())), 0);
      Value result = e.mulf(e.addf(maximum, logarithm), e.real(0.693147181f));
      e.store(e.select(empty, e.real(-infinity), result),
              e.at(lse, e.mul(number, word(scratch, item::LseRow))));
    });
    return nullptr;
  });
}
