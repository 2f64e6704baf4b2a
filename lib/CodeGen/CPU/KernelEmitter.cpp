//===- KernelEmitter.cpp - one kernel function as native code -------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Functions, and what they read of the ABI and of the schedule.
//
//===----------------------------------------------------------------------===//

#include "KernelEmitter.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::attn;
using namespace mlir::attn::cpu;

static SmallVector<VisitOp> getVisits(KernelFunction &kernel) {
  if (!kernel.schedule)
    return {};
  return llvm::to_vector(kernel.schedule.getBody().front().getOps<VisitOp>());
}

static SmallVector<Value> getCaptures(KernelFunction &kernel) {
  return kernel.schedule ? getFilterCaptures(kernel.schedule) : SmallVector<Value>();
}

KernelEmitter::KernelEmitter(OpBuilder &builder, KernelFunction kernel, const Target &target)
    : e(kernel.attention.getLoc(), builder.getContext()), kernel(kernel), target(target),
      visits(getVisits(kernel)), captures(getCaptures(kernel)),
      // Without a pattern there is one band, of all keys.
      layout(kernel.features, kernel.schedule ? visits.size() : 1, captures.size()) {
  e.restoreInsertionPoint(builder.saveInsertionPoint());
}

void KernelEmitter::emit() {
  emitScoreKernels();
  emitValueKernel();
  emitMask();
  emitRescale();
  emitSoftmax();
  emitNext();
  emitRanges();
  emitBegin();
  emitStep();
  emitExactRow();
  emitFinish();
  emitCheck();
  emitPlan();
  emitCost();
  emitKernel();
}

LLVM::LLVMFuncOp KernelEmitter::define(StringRef suffix, TypeRange arguments, Type result,
                                       function_ref<Value(ValueRange)> body, bool exported,
                                       bool restrict) {
  Type returned = result ? result : LLVM::LLVMVoidType::get(e.getContext());
  auto function =
      LLVM::LLVMFuncOp::create(e, (kernel.getName() + suffix).str(),
                               LLVM::LLVMFunctionType::get(returned, SmallVector<Type>(arguments)),
                               exported ? LLVM::Linkage::External : LLVM::Linkage::Internal);
  // LLVM would otherwise make calls of memset and memcpy from loops; kernels call nothing.
  function.setPassthroughAttr(e.getStrArrayAttr({"no-builtins"}));
  function.setTargetCpu(target.cpu);
  function.setNoUnwind(true);
  if (!target.features.empty())
    function.setTargetFeaturesAttr(LLVM::TargetFeaturesAttr::get(e.getContext(), target.features));
  if (exported)
    function.setDsoLocal(true);
  else
    function.setNoInline(true);
  if (restrict)
    for (auto [index, type] : llvm::enumerate(arguments))
      if (isa<LLVM::LLVMPointerType>(type))
        function.setArgAttr(index, LLVM::LLVMDialect::getNoAliasAttrName(), e.getUnitAttr());

  OpBuilder::InsertionGuard guard(e);
  Block *entry = function.addEntryBlock(e);
  e.setInsertionPointToStart(entry);
  Value value = body(entry->getArguments());
  if (value)
    LLVM::ReturnOp::create(e, value);
  else
    LLVM::ReturnOp::create(e, ValueRange());
  return function;
}

//===----------------------------------------------------------------------===//
// What the ABI gives
//===----------------------------------------------------------------------===//

KernelCall KernelEmitter::call(Value args) {
  using Field = KernelCall::Field;
  auto field = [this, args](Field field) -> Value {
    switch (field) {
    case Field::QueryLength:
      return word(args, args::QueryLength);
    case Field::KeyLength:
      return word(args, args::KeyLength);
    case Field::Offset:
      return word(args, args::Offset);
    case Field::KeyOffset:
      return word(args, args::KeyOffset);
    case Field::Length:
      return word(args, args::Length);
    case Field::ScaleLog2:
      return e.mulf(e.load(e.f32(), args, args::Scale), e.real(1.44269504f));
    }
    llvm_unreachable("unknown field");
  };
  return KernelCall(e, kernel, field, [this, args](unsigned i) {
    return word(pointer(args, args::Arguments), i * kWord);
  });
}

//===----------------------------------------------------------------------===//
// Vectors
//===----------------------------------------------------------------------===//

Values KernelEmitter::loadColumn(Value base) {
  Values values;
  for (int64_t i = 0; i < target.columnVectors(); ++i)
    values.push_back(e.load(vector(), base, i * vectorBytes()));
  return values;
}

void KernelEmitter::storeColumn(ValueRange values, Value base) {
  for (auto [i, value] : llvm::enumerate(values))
    e.store(value, base, i * vectorBytes());
}

void KernelEmitter::copyColumn(Value from, Value to) { storeColumn(loadColumn(from), to); }

Value KernelEmitter::foldFeatures(Value init, function_ref<Value(Value, int64_t, Value)> body) {
  int64_t whole = kernel.features / lanes() * lanes();
  ValueRange inits = init ? ValueRange(init) : ValueRange();
  Values carried(inits);
  if (whole)
    carried = e.loop(e.integer(0), e.integer(whole * kFloat), vectorBytes(), inits,
                     [&](Value offset, ValueRange carried) -> Values {
                       Value next = body(offset, lanes(), init ? carried[0] : Value());
                       return init ? Values{next} : Values();
                     });
  Value last = init ? carried[0] : Value();
  if (whole != kernel.features)
    last = body(e.integer(whole * kFloat), kernel.features - whole, last);
  return last;
}

void KernelEmitter::overFeatures(function_ref<void(Value, int64_t)> body) {
  foldFeatures(nullptr, [&](Value offset, int64_t lanes, Value) -> Value {
    body(offset, lanes);
    return nullptr;
  });
}

Value KernelEmitter::widen(Value x) {
  int64_t width = cast<VectorType>(x.getType()).getNumElements();
  if (width == lanes())
    return x;
  SmallVector<int64_t> repeated;
  for (int64_t i = 0; i < lanes(); ++i)
    repeated.push_back(i % width);
  return e.shuffle(x, x, repeated);
}

void KernelEmitter::scaleRow(Value from, Value to, Value factor) {
  overFeatures([&](Value offset, int64_t lanes) {
    Value row = e.load(e.f32s(lanes), e.at(from, offset));
    e.store(e.mulf(row, e.broadcast(factor, lanes)), e.at(to, offset));
  });
}
