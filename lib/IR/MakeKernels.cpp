//===- MakeKernels.cpp - a kernel function for every pattern ------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A file of patterns alone is enough to compile: each gets the function whose body is its
// attention, with everything that may differ between calls as an argument.
//
//===----------------------------------------------------------------------===//

#include "attn/IR/AttnOps.h"
#include "attn/IR/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/StringSwitch.h"

namespace mlir::attn {
#define GEN_PASS_DEF_ATTNMAKEKERNELSPASS
#include "attn/IR/Passes.h.inc"
} // namespace mlir::attn

using namespace mlir;
using namespace mlir::attn;

/// The element type of a name; null for others.
static Type parseElement(StringRef name, Builder builder) {
  return StringSwitch<Type>(name)
      .Case("f32", builder.getF32Type())
      .Case("f16", builder.getF16Type())
      .Case("bf16", builder.getBF16Type())
      .Default(Type());
}

/// Appends to `module` the kernel function `name` of `pattern`.
static void makeKernel(ModuleOp module, PatternOp pattern, StringRef name, Type element,
                       int64_t headDim) {
  auto builder = OpBuilder::atBlockEnd(module.getBody());
  Location loc = pattern.getLoc();
  Type index = builder.getIndexType(), f32 = builder.getF32Type();
  constexpr int64_t any = ShapedType::kDynamic;
  auto tensor = RankedTensorType::get({any, any, any, headDim}, element);
  auto lse = RankedTensorType::get({any, any, any}, f32);

  SmallVector<Type> inputs = {tensor, tensor, tensor, f32, index, index, index};
  unsigned firstPatternArgument = inputs.size();
  inputs.append(pattern.getArgumentNames().size(), index);

  auto function =
      func::FuncOp::create(builder, loc, name, builder.getFunctionType(inputs, {tensor, lse}));
  Block *body = function.addEntryBlock();
  builder.setInsertionPointToStart(body);
  auto arguments = body->getArguments();
  Location named = NameLoc::get(builder.getStringAttr("output"),
                                NameLoc::get(builder.getStringAttr("lse"), loc));
  auto attention = AttentionOp::create(
      builder, named, TypeRange{tensor, lse}, /*query=*/arguments[0], /*key=*/arguments[1],
      /*value=*/arguments[2], FlatSymbolRefAttr::get(pattern.getSymNameAttr()),
      arguments.drop_front(firstPatternArgument), /*dynamicScale=*/arguments[3],
      /*staticScale=*/FloatAttr(), /*dynamicOffset=*/arguments[4],
      /*staticOffset=*/IntegerAttr(), /*dynamicKeyOffset=*/arguments[5],
      /*staticKeyOffset=*/IntegerAttr(), /*dynamicLength=*/arguments[6],
      /*staticLength=*/IntegerAttr());
  func::ReturnOp::create(builder, loc, attention.getResults());
}

namespace {
struct MakeKernels : public attn::impl::AttnMakeKernelsPassBase<MakeKernels> {
  using AttnMakeKernelsPassBase::AttnMakeKernelsPassBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    if (headDim < 1) {
      emitError(module.getLoc()) << "expected a positive 'head-dim', found " << headDim.getValue();
      return signalPassFailure();
    }
    Type element = parseElement(dtype, Builder(&getContext()));
    if (!element) {
      emitError(module.getLoc()) << "expected 'dtype' f32, f16 or bf16, found '" << dtype << "'";
      return signalPassFailure();
    }
    SymbolTable symbols(module);
    DenseSet<StringAttr> used;
    module.walk([&](AttentionOp attention) {
      if (FlatSymbolRefAttr pattern = attention.getPatternAttr())
        used.insert(pattern.getAttr());
    });
    // The functions go behind the patterns, so the list of patterns does not grow.
    for (PatternOp pattern : llvm::to_vector(module.getOps<PatternOp>())) {
      if (!pattern.isPublic() || used.contains(pattern.getSymNameAttr()))
        continue;
      std::string name = (pattern.getSymName() + "_" + dtype + "_d" + Twine(headDim)).str();
      if (Operation *other = symbols.lookup(name)) {
        InFlightDiagnostic error = pattern.emitOpError()
                                   << "expected '@" << name << "' to be free for its kernel";
        error.attachNote(other->getLoc())
            << "'@" << name << "' is this '" << other->getName() << "'";
        return signalPassFailure();
      }
      makeKernel(module, pattern, name, element, headDim);
    }
  }
};
} // namespace
