//===- Manifest.cpp - what an artifact says of itself ---------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Manifest.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/SHA256.h"
#include "llvm/Support/raw_ostream.h"
#include <cstddef>

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

void printLaunch(llvm::json::OStream &json, const KernelInfo &kernel) {
  const AttnDeviceInfo info = makeDeviceInfo(kernel);
  json.attributeObject("launch", [&] {
    json.attribute("compute_capability", info.compute_capability);
    json.attribute("is_architecture_exact", info.is_architecture_exact);
    json.attribute("threads", info.threads);
    json.attribute("shared_bytes", info.shared_bytes);
    json.attribute("query_tile", info.query_tile);
    json.attribute("key_tile", info.key_tile);
    json.attribute("panel_columns", info.panel_columns);
    json.attribute("output_rows", info.output_rows);
  });
}

/// What the kernel is called with: name, kind and size of each parameter, and of the structure the
/// place of each field.
void printParameters(llvm::json::OStream &json, const KernelInfo &kernel) {
  constexpr int64_t kTensorMapBytes = 128;
  const std::pair<StringRef, size_t> fields[] = {
      {"query", offsetof(AttnLaunch, query)},
      {"key", offsetof(AttnLaunch, key)},
      {"value", offsetof(AttnLaunch, value)},
      {"output", offsetof(AttnLaunch, output)},
      {"lse", offsetof(AttnLaunch, lse)},
      {"query_strides", offsetof(AttnLaunch, query_strides)},
      {"key_strides", offsetof(AttnLaunch, key_strides)},
      {"value_strides", offsetof(AttnLaunch, value_strides)},
      {"output_strides", offsetof(AttnLaunch, output_strides)},
      {"lse_strides", offsetof(AttnLaunch, lse_strides)},
      {"offset", offsetof(AttnLaunch, offset)},
      {"key_offset", offsetof(AttnLaunch, key_offset)},
      {"length", offsetof(AttnLaunch, length)},
      {"query_length", offsetof(AttnLaunch, query_length)},
      {"key_length", offsetof(AttnLaunch, key_length)},
      {"query_heads", offsetof(AttnLaunch, query_heads)},
      {"group", offsetof(AttnLaunch, group)},
      {"tiles", offsetof(AttnLaunch, tiles)},
      {"items", offsetof(AttnLaunch, items)},
      {"scale_log2", offsetof(AttnLaunch, scale_log2)},
  };
  const auto print = [&](StringRef name, StringRef kind, int64_t bytes) {
    json.attribute("name", name);
    json.attribute("kind", kind);
    json.attribute("bytes", bytes);
  };
  json.attributeArray("parameters", [&] {
    if (kernel.launch->panelColumns)
      for (StringRef name : {"query_map", "key_map", "value_map", "output_map"})
        json.object([&] { print(name, "tensor_map", kTensorMapBytes); });
    json.object([&] {
      print("launch", "struct", sizeof(AttnLaunch) + 8 * kernel.arguments.size());
      json.attributeObject("offsets", [&] {
        for (const auto &[name, offset] : fields)
          json.attribute(name, int64_t(offset));
        json.attribute("arguments", int64_t(sizeof(AttnLaunch)));
      });
    });
  });
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
    if (kernel.launch) {
      printLaunch(json, kernel);
      printParameters(json, kernel);
    }
    if (kernel.ptxas)
      json.attributeObject("ptxas", [&] {
        json.attribute("version", kernel.ptxas->version);
        json.attribute("registers", kernel.ptxas->registers);
        json.attribute("spill_bytes", 0);
        json.attribute("stack_bytes", kernel.ptxas->stack);
        json.attribute("static_shared_bytes", kernel.ptxas->staticShared);
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
