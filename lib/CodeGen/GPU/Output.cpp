//===- Output.cpp - the end of a tile ---------------------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Here a NaN is dealt with. A weight of 0 times a value that is not finite is NaN, so what nobody
// sees could leak; and rows whose scores are all -inf end with a sum of 0, as rows without keys do.
// A row whose sum is not positive and finite, or whose output is not finite, is *suspect*: it is
// computed again, key by key. The loops pay nothing for it.
//
//===----------------------------------------------------------------------===//

#include "KernelEmitter.h"
#include "attn/Runtime/Device.h"

#include <cstddef>

using namespace mlir;
using namespace mlir::attn;
using namespace mlir::attn::cuda;

KernelEmitter::Result KernelEmitter::finish(const Accumulator &state) {
  Result result;
  Type row = state.sum.getType();
  Values total = e.elements(tile::CombineOp::create(e, row, state.sum));
  Values inverse;
  for (Value sum : total)
    inverse.push_back(e.reciprocal(sum));
  Value output =
      tile::ScaleRowsOp::create(e, state.output.getType(), state.output, e.vectorOf(inverse));
  // 0 * x is NaN for NaN and infinities, and a sum keeps it.
  Value zeros = tile::ScaleRowsOp::create(e, output.getType(), output, splatRow(0));
  Value partial = tile::RowSumOp::create(e, row, zeros, splatRow(0), splatRow(0));
  Values check = e.elements(tile::CombineOp::create(e, row, partial));

  Values maximum = e.elements(state.maximum), lse;
  Value zero = e.real(0), scale = call.scaleLog2();
  for (int r = 0; r < 2; ++r) {
    Value positive = e.cmpf(arith::CmpFPredicate::OGT, total[r], zero);
    Value finite = e.cmpf(arith::CmpFPredicate::OEQ, e.fma(total[r], zero, check[r]), zero);
    Value healthy = e.both(positive, finite);
    result.suspects[r] = e.ballot(arith::XOrIOp::create(e, healthy, e.boolean(true)));
    Value exponent = e.fma(maximum[r], scale, e.log2(total[r]));
    lse.push_back(e.mulf(exponent, e.real(0.693147181f)));
  }
  result.lse = e.vectorOf(lse);
  result.output = tile::PackOp::create(e, e.i32s(features() / 4), output, element);
  return result;
}

void KernelEmitter::storeLse(const Result &result, const WorkItem &item, const Lane &lane) {
  Value base = launchField(e.globalPtr(), offsetof(AttnLaunch, lse));
  Value none = LLVM::ZeroOp::create(e, e.globalPtr());
  Value wanted = LLVM::ICmpOp::create(e, LLVM::ICmpPredicate::ne, base, none);
  // One of the four lanes of a row writes it.
  Value first = e.eq(lane.column, e.integer32(0));
  e.ifThen(e.both(wanted, first), [&] {
    Value head = headAddress(offsetof(AttnLaunch, lse), offsetof(AttnLaunch, lse_strides),
                             item.batch, item.head, sizeof(float));
    for (int32_t r = 0; r < 2; ++r) {
      Value row = e.add(e.add(item.firstRow, lane.row), 8 * r);
      e.ifThen(e.lt(row, queryRows()), [&] {
        Value bytes = rowBytes(offsetof(AttnLaunch, lse_strides), sizeof(float));
        e.store(e.lane(result.lse, r), e.at(head, e.mul(e.extend64(row), bytes)));
      });
    }
  });
}

void KernelEmitter::storeOutput(const Result &result, const WorkItem &item, const Lane &lane) {
  Values registers = e.elements(result.output);
  Value head = headAddress(offsetof(AttnLaunch, output), offsetof(AttnLaunch, output_strides),
                           item.batch, item.head, 2);
  for (int32_t r = 0; r < 2; ++r) {
    Value row = e.add(e.add(item.firstRow, lane.row), 8 * r);
    e.ifThen(e.lt(row, queryRows()), [&] {
      Value bytes = rowBytes(offsetof(AttnLaunch, output_strides), 2);
      Value to = e.at(head, e.mul(e.extend64(row), bytes));
      to = e.at(to, e.extend64(e.mul(lane.column, 2)));
      for (int64_t j = 0; j < features() / 8; ++j)
        e.store(registers[2 * j + r], e.at(to, 16 * j));
    });
  }
}

void KernelEmitter::repair(const Result &result, const WorkItem &item, const Lane &lane,
                           Value warpRow, function_ref<void()> ready) {
  Value any = e.ne(e.either(result.suspects[0], result.suspects[1]), e.integer32(0));
  e.ifThen(any, [&] {
    ready();
    e.loop(e.integer32(0), e.integer32(kWarpRows), 1, [&](Value index) {
      // Row r of lane l is row l / 4 + 8r of the warp.
      Value isHigh = e.le(e.integer32(8), index);
      Value mask = e.select(isHigh, result.suspects[1], result.suspects[0]);
      Value bit = e.mul(e.both(index, e.integer32(7)), 4);
      Value suspect = e.ne(e.both(e.shr(mask, bit), e.integer32(1)), e.integer32(0));
      Value row = e.add(e.add(item.firstRow, warpRow), index);
      e.ifThen(e.both(suspect, e.lt(row, queryRows())), [&] { exactRow(item, lane.number, row); });
    });
  });
}
