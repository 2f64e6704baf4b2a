//===- ToCPU.cpp - lower kernel functions to native code ---------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "KernelEmitter.h"
#include "attn/CodeGen/CPU/Passes.h"
#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"
#include "llvm/TargetParser/Triple.h"

namespace mlir::attn {
#define GEN_PASS_DEF_ATTNTOCPUPASS
#include "attn/CodeGen/CPU/Passes.h.inc"
} // namespace mlir::attn

using namespace mlir;
using namespace mlir::attn;
using namespace mlir::attn::cpu;

namespace {

constexpr int64_t kMaxFeatures = 1024;

class ToCPU : public attn::impl::AttnToCPUPassBase<ToCPU> {
public:
  using AttnToCPUPassBase::AttnToCPUPassBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    std::optional<Target> target = lookupTarget(this->target);
    if (!target) {
      module.emitError("unknown target '")
          << this->target << "', expected one of " << getTargetNames();
      return signalPassFailure();
    }
    auto tileOf = [](AttentionOp attention, int64_t features) -> FailureOr<SmallVector<int64_t>> {
      if (features <= 0 || features > kMaxFeatures || features % 8 != 0)
        return attention.emitOpError("expected a head dim that is a multiple of 8 from 8 to ")
               << kMaxFeatures << ", found " << features;
      return SmallVector<int64_t>{kColumn, kUnit};
    };
    Type f32 = Float32Type::get(&getContext());
    auto kernels = collectKernelFunctions(module, f32, tileOf);
    if (failed(kernels))
      return signalPassFailure();
    for (KernelFunction &kernel : *kernels)
      if (failed(checkNames(kernel)))
        return signalPassFailure();

    replaceKernelFunctions(module, *kernels, [&](OpBuilder &builder, const KernelFunction &kernel) {
      KernelEmitter(builder, kernel, *target).emit();
    });

    llvm::Triple triple(target->triple);
    auto text = [&](StringRef value) { return StringAttr::get(&getContext(), value); };
    module->setAttr(LLVM::LLVMDialect::getTargetTripleAttrName(), text(triple.str()));
    module->setAttr(LLVM::LLVMDialect::getDataLayoutAttrName(), text(triple.computeDataLayout()));
  }

private:
  /// Names that the kernel needs beside its own must be free.
  LogicalResult checkNames(KernelFunction &kernel) {
    for (StringRef suffix : {"_plan", "_cost"}) {
      std::string name = (kernel.getName() + suffix).str();
      Operation *other = SymbolTable::lookupSymbolIn(getOperation(), name);
      if (!other)
        continue;
      auto diagnostic = kernel.attention.emitOpError("expected '@")
                        << name << "' to be free for the kernel '@" << kernel.getName() << "'";
      diagnostic.attachNote(other->getLoc()) << "'@" << name << "' is defined here";
      return failure();
    }
    return success();
  }
};

} // namespace

void attn::populateCPUToLLVM(OpPassManager &manager) {
  manager.addPass(createCanonicalizerPass());
  manager.addPass(createCSEPass());
  manager.addPass(createSCFToControlFlowPass());
  // Floor division and the like have no instruction.
  manager.addPass(arith::createArithExpandOpsPass());
  manager.addPass(createConvertVectorToLLVMPass());
  manager.addPass(createConvertMathToLLVMPass());
  manager.addPass(createArithToLLVMConversionPass());
  manager.addPass(createConvertControlFlowToLLVMPass());
  manager.addPass(createConvertFuncToLLVMPass());
  manager.addPass(createCanonicalizerPass());
  manager.addPass(createCSEPass());
  manager.addPass(createReconcileUnrealizedCastsPass());
}

namespace {
#define GEN_PASS_REGISTRATION
#include "attn/CodeGen/CPU/Passes.h.inc"
} // namespace

void attn::registerAttnCPUPasses() {
  registerAttnToCPUPass();
  PassPipelineRegistration<>(
      "attn-cpu-to-llvm", "lower the output of attn-to-cpu to the LLVM dialect", populateCPUToLLVM);
}
