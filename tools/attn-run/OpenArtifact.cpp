//===- OpenArtifact.cpp - an artifact, its kernel and its pattern ----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "OpenArtifact.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/JSON.h"

using namespace mlir;
using namespace mlir::attn;

llvm::Expected<std::unique_ptr<OpenArtifact>> OpenArtifact::open(const std::string &path,
                                                                 const std::string &name) {
  auto artifact = std::make_unique<OpenArtifact>();
  artifact->kernel = attn_open(path.c_str(), name.empty() ? nullptr : name.c_str());
  if (!artifact->kernel)
    return llvm::createStringError(attn_last_error());
  if (llvm::Error error = artifact->readManifest())
    return llvm::createStringError("'" + path +
                                   "' has a broken manifest: " + llvm::toString(std::move(error)));
  return artifact;
}

OpenArtifact::~OpenArtifact() { attn_close(kernel); }

llvm::Error OpenArtifact::readManifest() {
  auto parsed = llvm::json::parse(kernel->manifest);
  if (!parsed)
    return parsed.takeError();
  const llvm::json::Object *json = parsed->getAsObject();
  const llvm::json::Object *entry = json ? json->getObject("kernel") : nullptr;
  const llvm::json::Object *machine = json ? json->getObject("target") : nullptr;
  const llvm::json::Array *names = entry ? entry->getArray("arguments") : nullptr;
  const auto spec = json ? json->getString("spec") : std::nullopt;
  if (!machine || !names || !spec)
    return llvm::createStringError("expected 'kernel', 'target' and 'spec'");
  const auto text = [](const llvm::json::Object &object, StringRef key) {
    return object.getString(key).value_or("").str();
  };
  symbol = text(*entry, "symbol");
  patternName = text(*entry, "pattern");
  headDim = entry->getInteger("head_dim").value_or(0);
  target = text(*machine, "name");
  if (target == "native")
    target += " (" + text(*machine, "cpu") + ")";
  compiler = text(*json, "compiler");
  for (const llvm::json::Value &name : *names)
    arguments.push_back(name.getAsString().value_or("").str());
  if (spec->empty())
    return llvm::Error::success();

  context.loadDialect<AttnDialect>();
  module = parseSourceString<ModuleOp>(*spec, ParserConfig(&context));
  if (module && !module->getOps<PatternOp>().empty())
    pattern = *module->getOps<PatternOp>().begin();
  if (!pattern)
    return llvm::createStringError("its 'spec' is no pattern");
  return llvm::Error::success();
}
