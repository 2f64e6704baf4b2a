//===- KernelCall.cpp - the numbers of a kernel's call -----------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attn/CodeGen/Common/KernelCall.h"
#include <cmath>

using namespace mlir;
using namespace mlir::attn;

/// The literal, if the number is one.
static std::optional<int64_t> literal(OpFoldResult number) {
  if (auto attribute = dyn_cast_if_present<Attribute>(number))
    return cast<IntegerAttr>(attribute).getInt();
  return std::nullopt;
}

Value KernelCall::keyOffset() {
  OpFoldResult number = kernel.attention.getMixedKeyOffset();
  if (!number)
    return e.integer(0);
  if (std::optional<int64_t> value = literal(number))
    return e.integer(*value);
  return field(Field::KeyOffset);
}

Value KernelCall::length() {
  OpFoldResult number = kernel.attention.getMixedLength();
  if (!number)
    return e.add(keyOffset(), keyLength());
  if (std::optional<int64_t> value = literal(number))
    return e.integer(*value);
  return field(Field::Length);
}

Value KernelCall::offset() {
  OpFoldResult number = kernel.attention.getMixedOffset();
  if (!number)
    return e.add(keyOffset(), e.sub(keyLength(), queryLength()));
  if (std::optional<int64_t> value = literal(number))
    return e.integer(*value);
  return field(Field::Offset);
}

Value KernelCall::scaleLog2() {
  constexpr float log2e = 1.44269504f;
  OpFoldResult number = kernel.attention.getMixedScale();
  if (!number)
    return e.real(log2e / std::sqrt(float(kernel.features)));
  if (auto attribute = dyn_cast<Attribute>(number))
    return e.real(log2e * cast<FloatAttr>(attribute).getValue().convertToFloat());
  return field(Field::ScaleLog2);
}

PatternOperands KernelCall::patternOperands() {
  PatternOperands operands;
  operands.length = length();
  for (unsigned i = 0; i < kernel.getNumArguments(); ++i) {
    Value value = e.max(argument(i), e.integer(-kMaxNumber));
    operands.arguments.push_back(e.min(value, e.integer(kMaxNumber)));
  }
  return operands;
}

void KernelCall::overBands(Value tile, int64_t keyTile, IRMapping &mapping,
                           function_ref<void(const BandRange &)> use) {
  Value keys = keyLength(), zero = e.integer(0);
  Value count = e.div(e.add(keys, keyTile - 1), keyTile);
  if (!kernel.schedule)
    return use({zero, count, zero, e.div(keys, keyTile)});

  PatternOperands operands = patternOperands();
  // In the order of ScheduleOp::Argument.
  Values arguments = {tile, queryLength(), keys, offset(), keyOffset(), operands.length};
  llvm::append_range(arguments, operands.arguments);
  inlineSchedule(e, kernel.schedule, arguments, mapping, [&](BandRange band) {
    band.begin = e.max(band.begin, zero);
    band.end = e.min(band.end, count);
    use(band);
  });
}

SmallVector<BandRange> KernelCall::bands(Value tile, int64_t keyTile, IRMapping &mapping) {
  SmallVector<BandRange> result;
  overBands(tile, keyTile, mapping, [&](const BandRange &band) { result.push_back(band); });
  return result;
}
