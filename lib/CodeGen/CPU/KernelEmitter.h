//===- KernelEmitter.h - one kernel function as native code ---------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Layout.h has the vocabulary. A kernel NAME becomes these functions, each kept apart from its
// callers so that its registers are allocated for it alone and it can be found in the assembly:
//
//   NAME, NAME_plan, NAME_cost    the C ABI                                     Entry.cpp
//   NAME.check                    AttnStatus of the arguments                   Entry.cpp
//   NAME.ranges                   evaluates the schedule for a tile's columns   Runs.cpp
//   NAME.next                     finds a tile's next run                       Runs.cpp
//   NAME.begin, NAME.finish       query panel; output and lse                   Tile.cpp
//   NAME.step                     scores, mask, softmax, output of a step       Step.cpp
//   NAME.score<n>                 scores of n columns                           MicroKernels.cpp
//   NAME.mask                     masks a column's scores by the predicate      Softmax.cpp
//   NAME.rescale, NAME.softmax    of a column                                   Softmax.cpp
//   NAME.value                    adds weights * values to a column's output    MicroKernels.cpp
//   NAME.exact                    one row, with NaN and infinities              ExactRow.cpp
//
// `args` is the caller's AttnArgs, `scratch` the thread's memory, `tile` a pointer into it.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_CODEGEN_CPU_KERNELEMITTER_H
#define ATTN_LIB_CODEGEN_CPU_KERNELEMITTER_H

#include "Layout.h"
#include "attn/CodeGen/CPU/Target.h"
#include "attn/CodeGen/Common/KernelCall.h"

namespace mlir::attn::cpu {

class KernelEmitter {
public:
  /// Functions are inserted at the builder's insertion point.
  KernelEmitter(OpBuilder &builder, KernelFunction kernel, const Target &target);

  void emit();

private:
  //===--------------------------------------------------------------------===//
  // Functions
  //===--------------------------------------------------------------------===//

  /// Defines NAME + `suffix`; `body` returns what the function returns, possibly null. `restrict`
  /// says that no two pointers of the arguments overlap.
  LLVM::LLVMFuncOp define(StringRef suffix, TypeRange arguments, Type result,
                          function_ref<Value(ValueRange)> body, bool exported = false,
                          bool restrict = false);

  void emitScoreKernels();
  void emitValueKernel();
  void emitMask();
  void emitRescale();
  void emitSoftmax();
  void emitRanges();
  void emitNext();
  void emitBegin();
  void emitStep();
  void emitExactRow();
  void emitFinish();
  void emitCheck();
  void emitPlan();
  void emitCost();
  void emitKernel();

  //===--------------------------------------------------------------------===//
  // What the ABI gives (Operands.cpp)
  //===--------------------------------------------------------------------===//

  Value word(Value base, int64_t offset) { return e.load(e.i64(), base, offset); }
  Value pointer(Value base, int64_t offset) { return e.load(e.ptr(), base, offset); }

  /// What the call's AttnArgs and the attention op say together.
  KernelCall call(Value args);
  Value queryLength(Value args) { return call(args).queryLength(); }
  Value keyLength(Value args) { return call(args).keyLength(); }
  Value offset(Value args) { return call(args).offset(); }
  Value keyOffset(Value args) { return call(args).keyOffset(); }
  Value length(Value args) { return call(args).length(); }
  Value scale(Value args) { return call(args).scaleLog2(); }
  PatternOperands patternOperands(Value args) { return call(args).patternOperands(); }
  /// The bands of column `column` (numbered from the head's first query), clipped to the call's
  /// units. `mapping` receives the values of the schedule's body.
  SmallVector<BandRange> bands(Value args, Value column, IRMapping &mapping) {
    return call(args).bands(column, kUnit, mapping);
  }

  //===--------------------------------------------------------------------===//
  // Pieces of functions
  //===--------------------------------------------------------------------===//

  /// 2^x of a native vector; exactly 0 for -inf, NaN for NaN (Softmax.cpp).
  Value exp2(Value x);
  /// log2(x) of a native vector of positive normal numbers; NaN for NaN.
  Value log2(Value x);

  /// Adds one block of `rows` keys: writes its scores, returns the maxima.
  Values scoreBlock(int64_t rows, int64_t columns, Value key, Value keyRow, Value panel,
                    Value scores, ValueRange maxima);
  /// Adds to `rows` rows of output `vectors` vectors of `lanes`, at byte `feature` of their rows.
  void valueBlock(int64_t rows, int64_t vectors, int64_t lanes, Value weights, Value value,
                  Value valueRow, Value output, Value count);

  /// Calls `body(byte offset, lanes)` for the vectors that make up a row of features: native ones,
  /// then one of 8 lanes where the head dim asks for it.
  void overFeatures(function_ref<void(Value offset, int64_t lanes)> body);
  /// The same with a value that is carried from one to the next.
  Value foldFeatures(Value init,
                     function_ref<Value(Value offset, int64_t lanes, Value carried)> body);
  /// A native vector that repeats a shorter one.
  Value widen(Value x);
  /// The row's features times `factor`, stored at `to`.
  void scaleRow(Value from, Value to, Value factor);
  /// Whether a row of the output panel holds a NaN or an infinity.
  Value isRowNotFinite(Value row);
  /// Transposes square blocks of native vectors.
  Values transpose(Values rows);

  int64_t lanes() const { return target.lanes; }
  /// Bytes of a native vector.
  int64_t vectorBytes() const { return target.lanes * kFloat; }
  VectorType vector() { return e.f32s(lanes()); }
  /// Vectors of a column at `base`.
  Values loadColumn(Value base);
  void storeColumn(ValueRange values, Value base);
  void copyColumn(Value from, Value to);

  Emitter e;
  KernelFunction kernel;
  const Target &target;
  SmallVector<VisitOp> visits;
  SmallVector<Value> captures;
  Layout layout;

  /// Index n: n columns.
  std::array<LLVM::LLVMFuncOp, kColumns + 1> scoreKernels;
  LLVM::LLVMFuncOp value, mask, rescale, softmax, ranges, next, begin, step, exactRow, finish,
      check;
};

} // namespace mlir::attn::cpu

#endif // ATTN_LIB_CODEGEN_CPU_KERNELEMITTER_H
