//===- KernelFunction.cpp - the functions that become kernels --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attn/CodeGen/Common/KernelFunction.h"

using namespace mlir;
using namespace mlir::attn;

/// Whether the function holding `attention` is nothing but it.
static LogicalResult checkShape(func::FuncOp function, AttentionOp attention) {
  Block &body = function.getBody().front();
  auto ret = dyn_cast<func::ReturnOp>(body.getTerminator());
  if (!function.getBody().hasOneBlock() || body.getOperations().size() != 2 || !ret) {
    auto diagnostic = attention.emitOpError("expected to be alone in a kernel function, found '@")
                      << function.getSymName() << "' with other ops";
    diagnostic.attachNote(function.getLoc())
        << "a kernel function is one 'attn.attention' of its arguments, and a return";
    return failure();
  }
  for (Value operand : attention->getOperands())
    if (!isa<BlockArgument>(operand))
      return attention.emitOpError("expected operands that are arguments of kernel function '")
             << function.getSymName() << "'";
  for (Value result : ret.getOperands())
    if (result.getDefiningOp() != attention)
      return ret.emitOpError(
          "expected a kernel function to return results of its 'attn.attention'");
  return success();
}

/// The head dim, if the operands' types are supported.
static FailureOr<int64_t> checkTypes(AttentionOp attention, ArrayRef<Type> elements) {
  auto query = cast<RankedTensorType>(attention.getQuery().getType());
  auto value = cast<RankedTensorType>(attention.getValue().getType());
  for (Type type : attention->getOperandTypes())
    if (auto tensor = dyn_cast<RankedTensorType>(type))
      if (!llvm::is_contained(elements, tensor.getElementType())) {
        auto diagnostic = attention.emitOpError("expected elements of type ");
        llvm::interleave(elements, diagnostic, " or ");
        return diagnostic << ", found " << tensor.getElementType();
      }
  int64_t features = query.getShape().back();
  if (ShapedType::isDynamic(features))
    return attention.emitOpError("expected a static head dim, found ") << query;
  if (features != value.getShape().back())
    return attention.emitOpError("expected 'value' of head dim ")
           << features << ", as 'query' has, found " << value;
  return features;
}

/// The pattern's forward schedule; every schedule of other tiles or direction is passed over.
static FailureOr<ScheduleOp> findSchedule(AttentionOp attention, PatternOp pattern, ModuleOp module,
                                          ArrayRef<int64_t> tile) {
  ScheduleOp other;
  for (auto schedule : module.getOps<ScheduleOp>()) {
    if (schedule.getPattern() != pattern.getSymName() || schedule.getTransposed())
      continue;
    if (schedule.getTile() == tile)
      return schedule;
    other = schedule;
  }
  if (other)
    return other.emitOpError("expected tiles of [")
           << tile << "], found [" << other.getTile() << "]";
  auto diagnostic = attention.emitOpError("expected a forward schedule of pattern '@")
                    << pattern.getSymName() << "', found none";
  diagnostic.attachNote() << "'attn-schedule' derives it";
  return failure();
}

FailureOr<SmallVector<KernelFunction>>
attn::collectKernelFunctions(ModuleOp module, ArrayRef<Type> elements, TileOfFeatures tileOf) {
  SmallVector<KernelFunction> kernels;
  WalkResult result = module.walk([&](AttentionOp attention) {
    auto function = dyn_cast<func::FuncOp>(attention->getParentOp());
    if (!function) {
      attention.emitOpError("expected to be in a function");
      return WalkResult::interrupt();
    }
    if (failed(checkShape(function, attention)))
      return WalkResult::interrupt();
    FailureOr<int64_t> features = checkTypes(attention, elements);
    if (failed(features))
      return WalkResult::interrupt();

    auto tile = tileOf(attention, *features);
    if (failed(tile))
      return WalkResult::interrupt();
    KernelFunction kernel{function, attention, nullptr, nullptr, *features};
    if (FlatSymbolRefAttr symbol = attention.getPatternAttr()) {
      kernel.pattern = SymbolTable::lookupNearestSymbolFrom<PatternOp>(attention, symbol);
      FailureOr<ScheduleOp> schedule = findSchedule(attention, kernel.pattern, module, *tile);
      if (failed(schedule))
        return WalkResult::interrupt();
      kernel.schedule = *schedule;
    }
    kernels.push_back(kernel);
    return WalkResult::advance();
  });
  if (result.wasInterrupted())
    return failure();
  return kernels;
}

void attn::replaceKernelFunctions(
    ModuleOp module, ArrayRef<KernelFunction> kernels,
    function_ref<void(OpBuilder &builder, const KernelFunction &kernel)> emit) {
  for (KernelFunction kernel : kernels) {
    OpBuilder builder(kernel.function);
    emit(builder, kernel);
    // Last: a kernel of the same name has taken its place.
    kernel.function.erase();
  }
  for (Operation &op : llvm::make_early_inc_range(*module.getBody()))
    if (isa<PatternOp, ScheduleOp, AssertOp>(op))
      op.erase();
}
