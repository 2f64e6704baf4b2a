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

/// A number of the attention op: a literal of it, or else a field of AttnArgs.
static std::optional<int64_t> literal(OpFoldResult number) {
  if (auto attribute = dyn_cast_if_present<Attribute>(number))
    return cast<IntegerAttr>(attribute).getInt();
  return std::nullopt;
}

Value KernelEmitter::keyOffset(Value args) {
  OpFoldResult number = kernel.attention.getMixedKeyOffset();
  if (!number)
    return e.integer(0);
  if (std::optional<int64_t> value = literal(number))
    return e.integer(*value);
  return word(args, args::KeyOffset);
}

Value KernelEmitter::length(Value args) {
  OpFoldResult number = kernel.attention.getMixedLength();
  if (!number)
    return e.add(keyOffset(args), keyLength(args));
  if (std::optional<int64_t> value = literal(number))
    return e.integer(*value);
  return word(args, args::Length);
}

Value KernelEmitter::offset(Value args) {
  OpFoldResult number = kernel.attention.getMixedOffset();
  if (!number)
    return e.add(keyOffset(args), e.sub(keyLength(args), queryLength(args)));
  if (std::optional<int64_t> value = literal(number))
    return e.integer(*value);
  return word(args, args::Offset);
}

Value KernelEmitter::scale(Value args) {
  constexpr float log2e = 1.44269504f;
  OpFoldResult number = kernel.attention.getMixedScale();
  if (!number)
    return e.real(log2e / std::sqrt(float(kernel.features)));
  if (auto attribute = dyn_cast<Attribute>(number))
    return e.real(log2e * cast<FloatAttr>(attribute).getValue().convertToFloat());
  return e.mulf(e.load(e.f32(), args, args::Scale), e.real(log2e));
}

PatternOperands KernelEmitter::patternOperands(Value args) {
  PatternOperands operands;
  operands.length = length(args);
  if (kernel.getNumArguments() == 0)
    return operands;
  Value arguments = pointer(args, args::Arguments);
  for (unsigned i = 0; i < kernel.getNumArguments(); ++i) {
    Value argument = word(arguments, i * kWord);
    argument = e.max(argument, e.integer(-kMaxNumber));
    operands.arguments.push_back(e.min(argument, e.integer(kMaxNumber)));
  }
  return operands;
}

SmallVector<BandRange> KernelEmitter::bands(Value args, Value column, IRMapping &mapping) {
  Value count = units(args), zero = e.integer(0);
  if (!kernel.schedule)
    return {{zero, count, zero, e.div(keyLength(args), kUnit)}};

  PatternOperands operands = patternOperands(args);
  // In the order of ScheduleOp::Argument.
  Values arguments = {column,       queryLength(args), keyLength(args),
                      offset(args), keyOffset(args),   operands.length};
  llvm::append_range(arguments, operands.arguments);
  InlinedSchedule inlined = inlineSchedule(e, kernel.schedule, arguments);
  mapping = inlined.mapping;
  for (BandRange &band : inlined.bands) {
    band.begin = e.max(band.begin, zero);
    band.end = e.min(band.end, count);
  }
  return inlined.bands;
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
