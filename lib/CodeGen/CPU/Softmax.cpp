//===- Softmax.cpp - from scores to weights, one column at a time ----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The online softmax in exponents of 2. Lanes are queries. A column keeps
//
//   maximum m    that its weights refer to: weight = 2^(score - m)
//   sum          of the weights so far
//
// and m follows the scores lazily: only where some lane's candidate exceeds its m by more than 8
// are the sum and the output scaled down. Weights are then at most 2^8, sums stay far from
// overflow, and after a query's first few keys the scaling hardly ever happens.
//
// m starts at a finite sentinel, so that lanes without any visible key compute 2^(-inf - m) = 0 and
// no NaN.
//
//===----------------------------------------------------------------------===//

#include "KernelEmitter.h"

using namespace mlir;
using namespace mlir::attn;
using namespace mlir::attn::cpu;

//===----------------------------------------------------------------------===//
// Exponential and logarithm
//===----------------------------------------------------------------------===//

/// 2^f on [0, 1) with relative error 8.2e-8, exact at 0; highest power first.
static constexpr float kExp2[] = {0.00186713008f, 0.00901703028f, 0.0557999131f,
                                  0.24016445f,    0.693151312f,   1.0f};

Value KernelEmitter::exp2(Value x) {
  int64_t lanes = this->lanes();
  auto polynomial = [&](Value fraction) {
    Value result = e.splat(kExp2[0], lanes);
    for (float coefficient : ArrayRef(kExp2).drop_front())
      result = e.fma(result, fraction, e.splat(coefficient, lanes));
    return result;
  };
  if (target.hasScalef) {
    auto intrinsic = [&](StringRef name, ValueRange operands) {
      return LLVM::CallIntrinsicOp::create(e, vector(), e.getStringAttr(name), operands)
          .getResult(0);
    };
    Value allLanes = arith::ConstantOp::create(e, e.getI16IntegerAttr(-1));
    Value currentRounding = e.integer32(4);
    // vreduceps with immediate 9: x - floor(x); vscalefps: p * 2^floor(x).
    Value fraction = intrinsic("llvm.x86.avx512.mask.reduce.ps.512",
                               {x, e.integer32(9), x, allLanes, currentRounding});
    Value power = polynomial(fraction);
    return intrinsic("llvm.x86.avx512.mask.scalef.ps.512",
                     {power, x, power, allLanes, currentRounding});
  }
  // Below -127 the exponent field becomes 0, and so does the result. NaN passes every step.
  x = e.maxf(e.splat(-127, lanes), x);
  Value floor = math::FloorOp::create(e, x);
  Value power = polynomial(e.subf(x, floor));
  // Adding 2^23 + 127 leaves floor + 127 in the lowest bits; shifted, they are the exponent of
  // 2^floor.
  Value biased = e.addf(floor, e.splat(8388608.0f + 127.0f, lanes));
  Value bits = e.shl(e.bitcast(biased, e.i32s(lanes)), e.splat32(23, lanes));
  return e.mulf(power, e.bitcast(bits, vector()));
}

Value KernelEmitter::log2(Value x) {
  int64_t lanes = this->lanes();
  VectorType integers = e.i32s(lanes);
  // x = mantissa * 2^exponent with the mantissa in [sqrt(1/2), sqrt(2)): subtracting the bits of
  // sqrt(1/2) makes the exponent field the number wanted.
  Value bits = e.bitcast(x, integers);
  Value shifted = e.sub(bits, e.splat32(0x3f3504f3, lanes));
  Value exponent = arith::ShRSIOp::create(e, shifted, e.splat32(23, lanes));
  Value fraction =
      e.add(e.both(shifted, e.splat32(0x007fffff, lanes)), e.splat32(0x3f3504f3, lanes));
  Value mantissa = e.bitcast(fraction, vector());

  // log2(mantissa) = 2/ln(2) * artanh(s), s = (mantissa - 1) / (mantissa + 1), |s| < 0.172.
  Value one = e.splat(1, lanes);
  Value s = e.divf(e.subf(mantissa, one), e.addf(mantissa, one));
  Value square = e.mulf(s, s);
  constexpr float scale = 2.88539008f;
  Value series = e.splat(scale / 9, lanes);
  for (float power : {7.0f, 5.0f, 3.0f, 1.0f})
    series = e.fma(series, square, e.splat(scale / power, lanes));
  Value whole = arith::SIToFPOp::create(e, vector(), exponent);
  // The bits of a NaN are not a number's: 0 * x brings it back.
  return e.fma(series, s, e.fma(x, e.splat(0, lanes), whole));
}

//===----------------------------------------------------------------------===//
// Functions of a column
//===----------------------------------------------------------------------===//

void KernelEmitter::emitMask() {
  Type ptr = e.ptr(), i64 = e.i64();
  int64_t vectors = target.columnVectors();
  VectorType integers = e.i32s(lanes());
  // (args, scores, candidates before, candidates, seen, first query, first key: positions; keys,
  // keys that exist): the scores of pairs that are not visible become -inf.
  auto body = [&](ValueRange arguments) -> Value {
    Value args = arguments[0], scores = arguments[1], seen = arguments[4];
    Value before = arguments[2], candidates = arguments[3];
    Value firstQuery = arguments[5], firstKey = arguments[6];
    Value count = arguments[7], exist = arguments[8];
    PatternOperands operands = patternOperands(args);

    // Per vector: its queries' positions, its maximum, what it has seen.
    Values queries, state = loadColumn(before);
    Value first = e.broadcast(arith::TruncIOp::create(e, e.i32(), firstQuery), lanes());
    for (int64_t v = 0; v < vectors; ++v) {
      SmallVector<int32_t> numbers;
      for (int64_t i = 0; i < lanes(); ++i)
        numbers.push_back(v * lanes() + i);
      auto iota = DenseElementsAttr::get(integers, ArrayRef(numbers));
      queries.push_back(e.add(first, arith::ConstantOp::create(e, iota)));
      state.push_back(e.load(integers, seen, v * vectorBytes()));
    }
    Value hidden = e.splat(-std::numeric_limits<float>::infinity(), lanes());
    auto row = [&](Value index, ValueRange state) {
      Value key = e.add(firstKey, index);
      Value exists = e.broadcast(e.lt(index, exist), lanes());
      Value place = e.at(scores, e.mul(index, kScoreRow));
      Values maxima, seen;
      for (int64_t v = 0; v < vectors; ++v) {
        Value sees = emitPredicate(e, e.getLoc(), kernel.pattern, operands,
                                   {LaneSide::Queries, nullptr, queries[v]}, key);
        Value visible = e.both(exists, sees);
        Value score = e.load(vector(), place, v * vectorBytes());
        score = e.select(visible, score, hidden);
        e.store(score, place, v * vectorBytes());
        maxima.push_back(e.maxf(score, state[v]));
        Value bits = arith::ExtSIOp::create(e, integers, visible);
        seen.push_back(e.either(bits, state[vectors + v]));
      }
      llvm::append_range(maxima, seen);
      return maxima;
    };
    state = e.loop(e.integer(0), count, 1, state, row);
    storeColumn(ValueRange(state).take_front(vectors), candidates);
    storeColumn(ValueRange(state).drop_front(vectors), seen);
    return nullptr;
  };
  mask = define(".mask", {ptr, ptr, ptr, ptr, ptr, i64, i64, i64, i64}, nullptr, body);
}

void KernelEmitter::emitRescale() {
  Type ptr = e.ptr();
  // (maxima, sums, candidates, output, scratch for a column).
  rescale =
      define(".rescale", {ptr, ptr, ptr, ptr, ptr}, nullptr, [&](ValueRange arguments) -> Value {
        Value maxima = arguments[0], sums = arguments[1], candidates = arguments[2];
        Value output = arguments[3], factors = arguments[4];
        for (int64_t v = 0; v < target.columnVectors(); ++v) {
          int64_t place = v * vectorBytes();
          Value candidate = e.load(vector(), candidates, place);
          Value factor = exp2(e.subf(e.load(vector(), maxima, place), candidate));
          e.store(candidate, maxima, place);
          e.store(e.mulf(e.load(vector(), sums, place), factor), sums, place);
          e.store(factor, factors, place);
        }
        e.loop(0, kColumn, 1, [&](Value row) {
          Value factor = e.load(e.f32(), e.at(factors, e.mul(row, kFloat)));
          Value place = e.at(output, e.mul(row, layout.rowBytes()));
          scaleRow(place, place, factor);
        });
        return nullptr;
      });
}

void KernelEmitter::emitSoftmax() {
  Type ptr = e.ptr(), i64 = e.i64();
  int64_t vectors = target.columnVectors(), rows = std::max<int64_t>(1, 4 / vectors);
  // (scores, keys, maxima, sums): scores become weights.
  softmax = define(
      ".softmax", {ptr, i64, ptr, ptr}, nullptr,
      [&](ValueRange arguments) -> Value {
        Value scores = arguments[0], count = arguments[1], sums = arguments[3];
        Values maxima = loadColumn(arguments[2]);
        auto step = [&](Value index, ValueRange sums) {
          Value place = e.at(scores, e.mul(index, kScoreRow));
          Values next;
          for (int64_t v = 0; v < vectors; ++v) {
            // The rows' weights are added in pairs: one addition depends on the previous iteration.
            Values weights;
            for (int64_t r = 0; r < rows; ++r) {
              int64_t offset = r * kScoreRow + v * vectorBytes();
              weights.push_back(exp2(e.subf(e.load(vector(), place, offset), maxima[v])));
              e.store(weights.back(), place, offset);
            }
            for (; weights.size() > 1; weights.resize(weights.size() / 2))
              for (size_t r = 0; r < weights.size() / 2; ++r)
                weights[r] = e.addf(weights[2 * r], weights[2 * r + 1]);
            next.push_back(e.addf(sums[v], weights.front()));
          }
          return next;
        };
        storeColumn(e.loop(e.integer(0), count, rows, loadColumn(sums), step), sums);
        return nullptr;
      },
      /*exported=*/false, /*restrict=*/true);
}
