//===- ToGPU.cpp - lower kernel functions to GPU kernels -----------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "KernelEmitter.h"
#include "attn/CodeGen/GPU/Passes.h"
#include "attn/Runtime/Device.h"
#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

namespace mlir::attn {
#define GEN_PASS_DEF_ATTNTOGPUPASS
#include "attn/CodeGen/GPU/Passes.h.inc"
} // namespace mlir::attn

using namespace mlir;
using namespace mlir::attn;
using namespace mlir::attn::cuda;

namespace {

class ToGPU : public attn::impl::AttnToGPUPassBase<ToGPU> {
public:
  using AttnToGPUPassBase::AttnToGPUPassBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    std::optional<Target> target = lookupTarget(this->target);
    if (!target) {
      module.emitError("unknown target '")
          << this->target << "', expected one of " << getTargetNames();
      return signalPassFailure();
    }
    Type elements[] = {Float16Type::get(&getContext()), BFloat16Type::get(&getContext())};
    auto tileOf = [&](AttentionOp attention, int64_t features) -> FailureOr<SmallVector<int64_t>> {
      std::optional<TileShape> shape = target->tileShape(features);
      if (!shape)
        return attention.emitOpError("expected a head dim of ")
               << getHeadDims() << " for target '" << target->chip << "', found " << features;
      return SmallVector<int64_t>{shape->queries, shape->keys};
    };
    auto kernels = collectKernelFunctions(module, elements, tileOf);
    if (failed(kernels))
      return signalPassFailure();
    for (KernelFunction &kernel : *kernels)
      if (kernel.getNumArguments() > ATTN_MAX_DEVICE_ARGUMENTS) {
        kernel.attention.emitOpError("expected a pattern of at most ")
            << ATTN_MAX_DEVICE_ARGUMENTS << " arguments, found " << kernel.getNumArguments();
        return signalPassFailure();
      }

    replaceKernelFunctions(module, *kernels, [&](OpBuilder &builder, const KernelFunction &kernel) {
      KernelEmitter(builder, kernel, *target).emit();
    });
    module->setAttr(gpu::GPUDialect::getContainerModuleAttrName(), UnitAttr::get(&getContext()));
  }
};

} // namespace

void attn::populateToGPU(OpPassManager &manager, StringRef chip) {
  AttnToGPUPassOptions options;
  options.target = chip.str();
  manager.addPass(createAttnToGPUPass(options));
  populateGPUToLLVM(manager);
}

void attn::populateGPUToLLVM(OpPassManager &manager) {
  manager.addPass(createCanonicalizerPass());
  manager.addPass(createCSEPass());
  manager.addPass(createAttnLowerTilesPass());
  manager.addPass(createSCFToControlFlowPass());
  // Floor division and the like have no instruction.
  manager.addPass(arith::createArithExpandOpsPass());
  manager.addPass(createConvertVectorToLLVMPass());
  manager.addPass(createArithToLLVMConversionPass());
  manager.addPass(createConvertControlFlowToLLVMPass());
  manager.addPass(createConvertNVVMToLLVMPass());
  manager.addPass(createReconcileUnrealizedCastsPass());
}

namespace {
#define GEN_PASS_REGISTRATION
#include "attn/CodeGen/GPU/Passes.h.inc"
} // namespace

void attn::registerAttnGPUPasses() {
  registerAttnToGPUPass();
  registerAttnLowerTilesPass();
  PassPipelineRegistration<>("attn-gpu-to-llvm",
                             "lower the output of attn-to-gpu to the llvm and nvvm dialects",
                             populateGPUToLLVM);
}
