//===- GPUToBinary.cpp - from GPU modules to PTX --------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// MLIR's serializer does the work; what it lacks for our kernels is done to the LLVM IR before and
// while it optimises.
//
//===----------------------------------------------------------------------===//

#include "BackEnds.h"
#include "Optimizer.h"
#include "Recovery.h"
#include "attn/Target/Passes.h"
#include "mlir/Conversion/NVVMToLLVM/NVVMToLLVM.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Target/LLVM/ModuleToObject.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/GPU/GPUToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/NVVM/NVVMToLLVMIRTranslation.h"
#include "llvm/IR/DiagnosticInfo.h"
#include "llvm/IR/DiagnosticPrinter.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/Instructions.h"
#include "llvm/Transforms/Scalar/Scalarizer.h"

namespace mlir::attn {
#define GEN_PASS_DEF_ATTNGPUTOBINARYPASS
#include "attn/Target/Passes.h.inc"
} // namespace mlir::attn

using namespace mlir;
using namespace mlir::attn;

/// MLIR's inline asm is not convergent, so that LLVM would merge two barriers of a divergent
/// branch.
static void markInlineAsmConvergent(llvm::Module &module) {
  for (llvm::Function &function : module)
    for (llvm::Instruction &instruction : llvm::instructions(function))
      if (auto *call = llvm::dyn_cast<llvm::CallInst>(&instruction); call && call->isInlineAsm())
        call->setConvergent();
}

/// Notes errors of LLVM's back ends, which by default end the process.
static void noteError(const llvm::DiagnosticInfo *info, void *text) {
  if (info->getSeverity() != llvm::DS_Error)
    return;
  llvm::raw_string_ostream stream(*static_cast<std::string *>(text));
  llvm::DiagnosticPrinterRawOStream printer(stream);
  info->print(printer);
  stream << '\n';
}

namespace {

/// MLIR's serializer down to PTX. That of `#nvvm.target` would look for a CUDA toolkit, to link
/// what our kernels never call, and note in the module how long it took.
class Serializer : public LLVM::ModuleToObject {
public:
  Serializer(gpu::GPUModuleOp module, NVVM::NVVMTargetAttr target,
             function_ref<void(llvm::Module &)> prepare)
      : ModuleToObject(*module, kPTXTriple, target.getChip(), target.getFeatures(), target.getO(),
                       prepare) {}

protected:
  LogicalResult optimizeModule(llvm::Module &llvmModule, int level) override {
    FailureOr<llvm::TargetMachine *> machine = getOrCreateTargetMachine();
    if (failed(machine))
      return failure();
    const llvm::OptimizationLevel levels[] = {
        llvm::OptimizationLevel::O0, llvm::OptimizationLevel::O1, llvm::OptimizationLevel::O2,
        llvm::OptimizationLevel::O3};
    runPasses(llvmModule, **machine, [&](llvm::PassBuilder &builder) {
      llvm::ModulePassManager passes;
      // LLVM's back end would keep vectors in memory where a lane is chosen at run time.
      passes.addPass(llvm::createModuleToFunctionPassAdaptor(llvm::ScalarizerPass()));
      passes.addPass(builder.buildPerModuleDefaultPipeline(levels[level]));
      return passes;
    });
    return success();
  }

  FailureOr<SmallVector<char, 0>> moduleToObject(llvm::Module &llvmModule) override {
    FailureOr<llvm::TargetMachine *> machine = getOrCreateTargetMachine();
    if (failed(machine))
      return failure();
    FailureOr<SmallString<0>> text =
        translateModuleToISA(llvmModule, **machine, [&] { return getOperation().emitError(); });
    if (failed(text))
      return failure();
    return SmallVector<char, 0>(text->begin(), text->end());
  }
};

} // namespace

/// The PTX of a module.
static FailureOr<std::string> serialize(gpu::GPUModuleOp module, NVVM::NVVMTargetAttr target) {
  const auto subtarget = createSubtarget(kPTXTriple, "", "");
  if (!subtarget)
    return module.emitOpError("cannot be compiled: this LLVM has no back end for PTX");
  if (!subtarget->isCPUStringValid(target.getChip()))
    return module.emitOpError("expected a chip that LLVM knows, found '")
           << target.getChip() << "'";
  std::string errors;
  const auto prepare = [&](llvm::Module &llvmModule) {
    llvmModule.getContext().setDiagnosticHandlerCallBack(noteError, &errors);
    markInlineAsmConvergent(llvmModule);
  };
  std::optional<SmallVector<char, 0>> text;
  if (llvm::Error error = runRecoverably([&] { text = Serializer(module, target, prepare).run(); }))
    errors += llvm::toString(std::move(error));
  if (!errors.empty())
    return module.emitOpError("is not what LLVM can compile: ") << StringRef(errors).trim();
  if (!text)
    return failure(); // and a diagnostic says why
  return std::string(text->begin(), text->end());
}

/// Replaces a module by its binary.
static LogicalResult compile(gpu::GPUModuleOp module) {
  ArrayAttr targets = module.getTargetsAttr();
  if (!targets || targets.size() != 1 || !isa<NVVM::NVVMTargetAttr>(targets[0]))
    return module.emitOpError("expected one '#nvvm.target' to compile for, found ")
           << (targets ? targets.size() : 0) << " targets";
  FailureOr<std::string> text = serialize(module, cast<NVVM::NVVMTargetAttr>(targets[0]));
  if (failed(text))
    return failure();
  OpBuilder builder(module);
  auto object = gpu::ObjectAttr::get(builder.getContext(), targets[0],
                                     gpu::CompilationTarget::Assembly, builder.getStringAttr(*text),
                                     /*properties=*/DictionaryAttr(), /*kernels=*/nullptr);
  auto binary =
      gpu::BinaryOp::create(builder, module.getLoc(), module.getName(),
                            /*offloadingHandler=*/Attribute(), ArrayRef<Attribute>{object});
  binary->setDiscardableAttrs(module->getDiscardableAttrDictionary());
  module.erase();
  return success();
}

namespace {
struct GPUToBinary : public attn::impl::AttnGPUToBinaryPassBase<GPUToBinary> {
  void runOnOperation() override {
    // Some ops of nvvm are inline asm in disguise.
    OpPassManager toLLVM(gpu::GPUModuleOp::getOperationName());
    toLLVM.addPass(createConvertNVVMToLLVMPass());
    for (auto module : llvm::make_early_inc_range(getOperation().getOps<gpu::GPUModuleOp>()))
      if (failed(runPipeline(toLLVM, module)) || failed(compile(module)))
        return signalPassFailure();
  }
};
} // namespace

void mlir::attn::registerAttnTranslations(DialectRegistry &registry) {
  registerBuiltinDialectTranslation(registry);
  registerGPUDialectTranslation(registry);
  registerLLVMDialectTranslation(registry);
  registerNVVMDialectTranslation(registry);
}
