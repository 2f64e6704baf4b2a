//===- Manifest.cpp - what an artifact says of itself ---------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Manifest.h"
#include "attn/Runtime/Kernel.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/SHA256.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir::attn;
using llvm::StringRef;

namespace {

std::string printJSON(llvm::function_ref<void(llvm::json::OStream &)> print) {
  std::string text;
  llvm::raw_string_ostream os(text);
  llvm::json::OStream json(os, /*IndentSize=*/2);
  print(json);
  return text;
}

void printKernel(llvm::json::OStream &json, const KernelInfo &kernel) {
  json.object([&] {
    json.attribute("symbol", kernel.symbol);
    json.attribute("pattern", kernel.pattern);
    json.attribute("dtype", kernel.dtype);
    json.attribute("head_dim", kernel.headDim);
    json.attributeArray("arguments", [&] {
      for (const std::string &name : kernel.arguments)
        json.value(name);
    });
  });
}

void printTarget(llvm::json::OStream &json, const TargetDescription &target) {
  json.attributeObject("target", [&] {
    json.attribute("name", target.name);
    json.attribute("triple", target.triple);
    json.attribute("cpu", target.cpu);
    json.attribute("features", target.features);
    json.attribute("instruction_set", stringifyInstructionSet(target.instructionSet));
  });
}

std::string abiVersion() {
  return std::to_string(ATTN_ABI_VERSION_MAJOR) + "." + std::to_string(ATTN_ABI_VERSION_MINOR);
}

/// Defines a constant C string that other files can see.
void defineString(llvm::Module &module, StringRef name, StringRef text,
                  llvm::GlobalValue::LinkageTypes linkage) {
  auto *value = llvm::ConstantDataArray::getString(module.getContext(), text);
  auto *global =
      new llvm::GlobalVariable(module, value->getType(), /*isConstant=*/true, linkage, value, name);
  global->setAlignment(llvm::Align(1));
}

} // namespace

std::string mlir::attn::printKernelManifest(const KernelInfo &kernel,
                                            const TargetDescription &target) {
  return printJSON([&](llvm::json::OStream &json) {
    json.object([&] {
      json.attribute("abi_version", abiVersion());
      json.attribute("compiler", getCompilerVersion());
      printTarget(json, target);
      json.attributeBegin("kernel");
      printKernel(json, kernel);
      json.attributeEnd();
      json.attribute("spec", kernel.patternText);
    });
  });
}

std::string mlir::attn::printManifest(const ArtifactInfo &info, const TargetDescription &target,
                                      StringRef code) {
  const auto print = [&](StringRef hash) {
    return printJSON([&](llvm::json::OStream &json) {
      json.object([&] {
        json.attribute("abi_version", abiVersion());
        json.attribute("compiler", getCompilerVersion());
        printTarget(json, target);
        json.attributeArray("kernels", [&] {
          for (const KernelInfo &kernel : info.kernels)
            printKernel(json, kernel);
        });
        json.attribute("spec", info.spec);
        if (!hash.empty())
          json.attribute("hash", hash);
      });
    });
  };
  llvm::SHA256 hash;
  hash.update(print(""));
  hash.update(code);
  return print("sha256:" + llvm::toHex(hash.final(), /*LowerCase=*/true));
}

void mlir::attn::embedManifest(llvm::Module &module, const ArtifactInfo &info,
                               const TargetDescription &target, StringRef manifest) {
  constexpr auto weak = llvm::GlobalValue::WeakODRLinkage;
  constexpr auto external = llvm::GlobalValue::ExternalLinkage;
  std::string names;
  for (const KernelInfo &kernel : info.kernels) {
    names += kernel.symbol + '\0';
    defineString(module, kernel.symbol + "_manifest", printKernelManifest(kernel, target),
                 external);
  }
  defineString(module, "attn_opt_kernels", names, weak);
  defineString(module, "attn_opt_manifest", manifest, weak);

  llvm::IRBuilder<> builder(module.getContext());
  auto *type = llvm::FunctionType::get(builder.getInt32Ty(), /*isVarArg=*/false);
  auto *function = llvm::Function::Create(type, weak, "attn_opt_abi_version", module);
  function->setDoesNotThrow();
  builder.SetInsertPoint(llvm::BasicBlock::Create(module.getContext(), "", function));
  builder.CreateRet(builder.getInt32(ATTN_ABI_VERSION_MAJOR << 16 | ATTN_ABI_VERSION_MINOR));
}
