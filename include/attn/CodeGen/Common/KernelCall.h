//===- KernelCall.h - the numbers of a kernel's call ---------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The attention op states some numbers as literals, leaves some out, and takes the others as
// operands, which at run time are fields of the kernel's ABI. This is the one place that knows
// which is which; a target says how a field is loaded.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_CODEGEN_COMMON_KERNELCALL_H
#define ATTN_CODEGEN_COMMON_KERNELCALL_H

#include "attn/CodeGen/Common/Emitter.h"
#include "attn/CodeGen/Common/KernelFunction.h"
#include "attn/CodeGen/Common/Predicate.h"
#include "attn/CodeGen/Common/ScheduleInline.h"
#include <functional>

namespace mlir::attn {

class KernelCall {
public:
  /// A field of the ABI. All are i64 but ScaleLog2, scale * log2(e) in f32.
  enum class Field { QueryLength, KeyLength, Offset, KeyOffset, Length, ScaleLog2 };
  using LoadField = std::function<Value(Field)>;
  /// Loads run-time argument i of the pattern, an i64.
  using LoadArgument = std::function<Value(unsigned)>;

  KernelCall(Emitter &emitter, const KernelFunction &kernel, LoadField field, LoadArgument argument)
      : e(emitter), kernel(kernel), field(std::move(field)), argument(std::move(argument)) {}

  Value queryLength() { return field(Field::QueryLength); }
  Value keyLength() { return field(Field::KeyLength); }
  /// Positions of the first row and the first column, and what attn.length means.
  Value offset();
  Value keyOffset();
  Value length();
  /// scale * log2(e): scores are exponents of 2.
  Value scaleLog2();
  PatternOperands patternOperands();

  /// Emits the bands of query tile `tile` (i64), clipped to the tiles of the call's keys, of
  /// `keyTile` keys each; `use` gets them one by one. `mapping` receives the values of the
  /// schedule's body. Without a pattern there is one band, of all keys.
  void overBands(Value tile, int64_t keyTile, IRMapping &mapping,
                 function_ref<void(const BandRange &)> use);
  /// The same, all at once.
  SmallVector<BandRange> bands(Value tile, int64_t keyTile, IRMapping &mapping);

private:
  Emitter &e;
  KernelFunction kernel;
  LoadField field;
  LoadArgument argument;
};

} // namespace mlir::attn

#endif // ATTN_CODEGEN_COMMON_KERNELCALL_H
