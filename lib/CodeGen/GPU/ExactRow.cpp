//===- ExactRow.cpp - one row of the result, key by key -------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// For suspect rows (Output.cpp) and scales that are not positive: only visible keys are touched,
// and what is not finite in them stays, as the formula says. The lanes of a warp share the
// features.
//
//===----------------------------------------------------------------------===//

#include "KernelEmitter.h"
#include "attn/Runtime/Device.h"

#include <cstddef>

using namespace mlir;
using namespace mlir::attn;
using namespace mlir::attn::cuda;

void KernelEmitter::exactRow(const WorkItem &item, Value lane, Value row) {
  constexpr float infinity = std::numeric_limits<float>::infinity();
  int64_t perLane = features() / kWarp;
  Value column = e.extend64(e.mul(lane, 2));
  auto head = [&](int64_t pointer, int64_t strides, Value head) {
    return e.at(headAddress(pointer, strides, item.batch, head, 2), column);
  };
  auto rowOf = [&](Value head, int64_t strides, Value row) {
    return e.at(head, e.mul(e.extend64(row), rowBytes(strides, 2)));
  };
  // The lane's features of a row: lane, lane + 32, ...
  auto loadRow = [&](Value address) {
    Values values;
    for (int64_t i = 0; i < perLane; ++i)
      values.push_back(e.widen(e.load(e.getI16Type(), e.at(address, i * kWarp * 2)), element));
    return values;
  };
  constexpr int64_t queryStrides = offsetof(AttnLaunch, query_strides);
  constexpr int64_t keyStrides = offsetof(AttnLaunch, key_strides);
  constexpr int64_t valueStrides = offsetof(AttnLaunch, value_strides);
  constexpr int64_t outputStrides = offsetof(AttnLaunch, output_strides);
  Value queryHead = head(offsetof(AttnLaunch, query), queryStrides, item.head);
  Value keyHead = head(offsetof(AttnLaunch, key), keyStrides, item.keyHead);
  Value valueHead = head(offsetof(AttnLaunch, value), valueStrides, item.keyHead);
  Values query = loadRow(rowOf(queryHead, queryStrides, row));
  Value queryPosition = position(row), scale = call.scaleLog2();
  Value firstPosition = call.keyOffset();
  PatternOperands operands = call.patternOperands();

  // Folds `body` over the keys that the row sees.
  auto [begin, end] = keyRange(item.tile);
  auto overVisible = [&, begin = begin, end = end](
                         ValueRange inits, function_ref<Values(Value, ValueRange)> body) -> Values {
    TypeRange types = inits.getTypes();
    return e.loop(begin, end, 1, inits, [&](Value key, ValueRange carried) -> Values {
      Value sees = emitPredicate(e, e.getLoc(), kernel.pattern, operands,
                                 {LaneSide::Keys, firstPosition, key}, queryPosition);
      return e.choose(
          sees, types, [&] { return body(key, carried); }, [&] { return Values(carried); });
    });
  };
  auto score = [&](Value key) {
    Values keys = loadRow(rowOf(keyHead, keyStrides, key));
    Value sum = e.mulf(query[0], keys[0]);
    for (int64_t i = 1; i < perLane; ++i)
      sum = e.fma(query[i], keys[i], sum);
    return e.mulf(e.sumOver(sum, kWarp), scale);
  };

  Values found = overVisible({e.real(-infinity), e.integer32(0)},
                             [&](Value key, ValueRange carried) -> Values {
                               return {e.maxf(carried[0], score(key)), e.add(carried[1], 1)};
                             });
  Value maximum = found[0], count = found[1];
  Values sums(perLane + 1, e.real(0));
  sums = overVisible(sums, [&](Value key, ValueRange carried) -> Values {
    Value weight = e.exp2(e.subf(score(key), maximum));
    Values next = loadRow(rowOf(valueHead, valueStrides, key));
    for (auto [value, sum] : llvm::zip(next, carried))
      value = e.fma(weight, value, sum);
    next.push_back(e.addf(carried.back(), weight));
    return next;
  });

  // A row without keys gives 0 and -inf.
  Value empty = e.eq(count, e.integer32(0)), total = sums.back();
  Value inverse = e.divf(e.real(1), e.select(empty, e.real(1), total));
  Value output =
      rowOf(head(offsetof(AttnLaunch, output), outputStrides, item.head), outputStrides, row);
  for (int64_t i = 0; i < perLane; ++i)
    e.store(e.narrow(e.mulf(sums[i], inverse), element), e.at(output, i * kWarp * 2));

  Value lse = launchField(e.globalPtr(), offsetof(AttnLaunch, lse));
  Value none = LLVM::ZeroOp::create(e, e.globalPtr());
  Value wanted = LLVM::ICmpOp::create(e, LLVM::ICmpPredicate::ne, lse, none);
  e.ifThen(e.both(wanted, e.eq(lane, e.integer32(0))), [&] {
    Value exponent = e.addf(maximum, e.log2(total));
    Value result = e.mulf(exponent, e.real(0.693147181f));
    Value base = headAddress(offsetof(AttnLaunch, lse), offsetof(AttnLaunch, lse_strides),
                             item.batch, item.head, sizeof(float));
    Value bytes = rowBytes(offsetof(AttnLaunch, lse_strides), sizeof(float));
    e.store(e.select(empty, e.real(-infinity), result), e.at(base, e.mul(e.extend64(row), bytes)));
  });
}
