//===- MicroKernels.cpp - the two matrix products of attention ------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Both keep a block of results in registers and add to it one broadcast element times a few
// vectors:
//
//   scores[k][q] = sum over d of key[k][d] * query panel[d][q]      k in rows, q in lanes
//   output[q][d] += sum over k of weights[k][q] * value[k][d]       q in rows, d in lanes
//
// Keys and values are read where they are, row by row; only the query panel was transposed.
//
//===----------------------------------------------------------------------===//

#include "KernelEmitter.h"

using namespace mlir;
using namespace mlir::attn;
using namespace mlir::attn::cpu;

//===----------------------------------------------------------------------===//
// Scores
//===----------------------------------------------------------------------===//

Values KernelEmitter::scoreBlock(int64_t rows, int64_t columns, Value key, Value keyRow,
                                 Value panel, Value scores, ValueRange maxima) {
  int64_t vectors = columns * target.columnVectors();
  Values keys = {key};
  while (int64_t(keys.size()) < rows)
    keys.push_back(e.at(keys.back(), keyRow));

  Values zeros(rows * vectors, e.splat(0, lanes()));
  Value features = e.integer(kernel.features);
  Values sums = e.loop(e.integer(0), features, 1, zeros, [&](Value d, ValueRange sums) {
    Value panelRow = e.at(panel, e.mul(d, kScoreRow)), element = e.mul(d, kFloat);
    Values queries, next;
    for (int64_t v = 0; v < vectors; ++v)
      queries.push_back(e.load(vector(), panelRow, v * vectorBytes()));
    for (int64_t r = 0; r < rows; ++r) {
      Value factor = e.broadcast(e.load(e.f32(), e.at(keys[r], element)), lanes());
      for (int64_t v = 0; v < vectors; ++v)
        next.push_back(e.fma(factor, queries[v], sums[r * vectors + v]));
    }
    return next;
  });

  Values result(maxima);
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t v = 0; v < vectors; ++v) {
      Value score = sums[r * vectors + v];
      e.store(score, scores, r * kScoreRow + v * vectorBytes());
      result[v] = e.maxf(score, result[v]);
    }
  return result;
}

void KernelEmitter::emitScoreKernels() {
  Type ptr = e.ptr(), i64 = e.i64();
  for (int64_t columns = 1; columns <= target.scoreColumns(); ++columns) {
    std::string suffix = ".score" + std::to_string(columns);
    // (first key, bytes to the next, query panel, scores, units, maxima): of the first of the
    // columns.
    scoreKernels[columns] = define(
        suffix, {ptr, i64, ptr, ptr, i64, ptr}, nullptr,
        [&](ValueRange arguments) -> Value {
          Value key = arguments[0], keyRow = arguments[1], panel = arguments[2];
          Value scores = arguments[3], units = arguments[4], maxima = arguments[5];
          int64_t vectors = columns * target.columnVectors();
          Values state = {key, scores};
          for (int64_t v = 0; v < vectors; ++v)
            state.push_back(e.load(vector(), maxima, v * vectorBytes()));

          auto blocks = [&](Value count, int64_t rows) {
            state = e.loop(e.integer(0), count, 1, state, [&](Value, ValueRange carried) {
              Values next = {e.at(carried[0], e.mul(keyRow, rows)),
                             e.at(carried[1], rows * kScoreRow)};
              llvm::append_range(next, scoreBlock(rows, columns, carried[0], keyRow, panel,
                                                  carried[1], carried.drop_front(2)));
              return next;
            });
          };
          int64_t rows = target.scoreRows(columns);
          if (rows == 6) {
            // 16n = 6a + 4b, with as few fours as possible: b = n mod 3.
            Value fours = e.rem(units, e.integer(3));
            blocks(e.div(e.sub(e.mul(units, kUnit), e.mul(fours, 4)), 6), 6);
            blocks(fours, 4);
          } else {
            blocks(e.mul(units, kUnit / rows), rows);
          }
          for (int64_t v = 0; v < vectors; ++v)
            e.store(state[2 + v], maxima, v * vectorBytes());
          return nullptr;
        },
        /*exported=*/false, /*restrict=*/true);
  }
}

//===----------------------------------------------------------------------===//
// Output
//===----------------------------------------------------------------------===//

void KernelEmitter::valueBlock(int64_t rows, int64_t vectors, int64_t lanes, Value weights,
                               Value value, Value valueRow, Value output, Value count) {
  VectorType type = e.f32s(lanes);
  auto place = [&](int64_t r, int64_t v) { return r * layout.rowBytes() + v * lanes * kFloat; };
  Values state = {value, weights};
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t v = 0; v < vectors; ++v)
      state.push_back(e.load(type, output, place(r, v)));

  state = e.loop(e.integer(0), count, 1, state, [&](Value, ValueRange carried) {
    Value value = carried[0], weights = carried[1];
    Values next = {e.at(value, valueRow), e.at(weights, kScoreRow)}, values;
    for (int64_t v = 0; v < vectors; ++v)
      values.push_back(e.load(type, value, v * lanes * kFloat));
    for (int64_t r = 0; r < rows; ++r) {
      Value weight = e.broadcast(e.load(e.f32(), weights, r * kFloat), lanes);
      for (int64_t v = 0; v < vectors; ++v)
        next.push_back(e.fma(weight, values[v], carried[2 + r * vectors + v]));
    }
    return next;
  });

  for (int64_t r = 0; r < rows; ++r)
    for (int64_t v = 0; v < vectors; ++v)
      e.store(state[2 + r * vectors + v], output, place(r, v));
}

void KernelEmitter::emitValueKernel() {
  Type ptr = e.ptr(), i64 = e.i64();
  // (weights, values, bytes to the next value, output, keys): of one column.
  value = define(
      ".value", {ptr, ptr, i64, ptr, i64}, nullptr,
      [&](ValueRange arguments) -> Value {
        Value weights = arguments[0], value = arguments[1], valueRow = arguments[2];
        Value output = arguments[3], count = arguments[4];

        // `blocks` blocks of so many vectors, from byte `first` of a row.
        auto sweep = [&](int64_t first, int64_t blocks, int64_t vectors, int64_t lanes) {
          int64_t bytes = vectors * lanes * kFloat, rows = target.valueRows(vectors);
          e.loop(first, first + blocks * bytes, bytes, [&](Value feature) {
            Value v = e.at(value, feature), o = e.at(output, feature);
            auto block = [&](Value row, int64_t rows) {
              valueBlock(rows, vectors, lanes, e.at(weights, e.mul(row, kFloat)), v, valueRow,
                         e.at(o, e.mul(row, layout.rowBytes())), count);
            };
            int64_t whole = kColumn / rows * rows;
            e.loop(0, whole, rows, [&](Value row) { block(row, rows); });
            if (whole != kColumn)
              block(e.integer(whole), kColumn - whole);
          });
        };

        // As even a split of the row's vectors as their limit allows, the larger blocks first.
        int64_t vectors = kernel.features / lanes(), limit = target.valueVectors();
        if (vectors) {
          int64_t blocks = llvm::divideCeil(vectors, limit), large = vectors % blocks;
          int64_t size = vectors / blocks, bytes = vectorBytes();
          if (large)
            sweep(0, large, size + 1, lanes());
          sweep(large * (size + 1) * bytes, blocks - large, size, lanes());
        }
        if (int64_t rest = kernel.features % lanes())
          sweep(vectors * vectorBytes(), 1, 1, rest);
        return nullptr;
      },
      /*exported=*/false, /*restrict=*/true);
}
