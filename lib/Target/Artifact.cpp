//===- Artifact.cpp - from the LLVM dialect to optimised LLVM IR ------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attn/Target/Artifact.h"
#include "Manifest.h"
#include "Optimizer.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace mlir::attn;

namespace {

/// What -O1 runs. Kernels arrive in SSA form, vectorised and unrolled, so this is most of what
/// helps.
constexpr llvm::StringLiteral kQuickPipeline = "function(sroa,early-cse,instcombine,simplifycfg)";

void optimize(llvm::Module &module, llvm::TargetMachine &machine, OptimizationLevel level) {
  runPasses(module, machine, [level](llvm::PassBuilder &builder) {
    if (level == OptimizationLevel::Full)
      return builder.buildPerModuleDefaultPipeline(llvm::OptimizationLevel::O3);
    llvm::ModulePassManager passes;
    llvm::cantFail(builder.parsePassPipeline(passes, kQuickPipeline));
    return passes;
  });
}

/// Makes every function compile for the target wherever the text of the module is compiled, and
/// keeps LLVM from turning loops into calls of the C library, which kernels must not need.
void setFunctionAttributes(llvm::Module &module, const TargetDescription &target) {
  for (llvm::Function &function : module) {
    if (function.isDeclaration())
      continue;
    function.addFnAttr("no-builtins");
    function.addFnAttr(llvm::Attribute::NoUnwind);
    function.addFnAttr("target-cpu", target.cpu);
    if (!target.features.empty())
      function.addFnAttr("target-features", target.features);
  }
}

} // namespace

llvm::Expected<Artifact> mlir::attn::buildArtifact(ModuleOp module, ArtifactInfo info,
                                                   const TargetDescription &target,
                                                   OptimizationLevel level) {
  const auto machine = createTargetMachine(target);
  const llvm::DataLayout layout = machine->createDataLayout();
  // Without these, MLIR's translation assumes a machine that nobody has.
  module->setAttr(LLVM::LLVMDialect::getTargetTripleAttrName(),
                  StringAttr::get(module.getContext(), target.triple));
  module->setAttr(LLVM::LLVMDialect::getDataLayoutAttrName(),
                  StringAttr::get(module.getContext(), layout.getStringRepresentation()));

  Artifact artifact;
  artifact.context = std::make_unique<llvm::LLVMContext>();
  registerBuiltinDialectTranslation(*module.getContext());
  registerLLVMDialectTranslation(*module.getContext());
  artifact.module = translateModuleToLLVMIR(module, *artifact.context, info.name);
  if (!artifact.module)
    return llvm::createStringError("the LLVM dialect does not translate to LLVM IR");
  artifact.module->setSourceFileName(info.name);
  setFunctionAttributes(*artifact.module, target);
  optimize(*artifact.module, *machine, level);

  std::string code;
  llvm::raw_string_ostream(code) << *artifact.module;
  artifact.manifest = printManifest(info, target, code);
  embedManifest(*artifact.module, info, target, artifact.manifest);
  artifact.info = std::move(info);
  artifact.target = target;
  return artifact;
}

llvm::StringRef mlir::attn::getCompilerVersion() {
  return "attn-opt " ATTN_VERSION ", LLVM " LLVM_VERSION_STRING;
}
