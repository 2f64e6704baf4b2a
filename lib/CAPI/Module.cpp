//===- Module.cpp - specs: parse, list, print -------------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Module.h"
#include "Formula.h"
#include "attn/Pipelines/Compilation.h"
#include "attn/Runtime/Error.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Support/FileUtilities.h"
#include "mlir/Transforms/Passes.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"

#include <cstdlib>
#include <cstring>

using namespace mlir;
using namespace mlir::attn;
using capi::Diagnostics;
using capi::fail;

//===----------------------------------------------------------------------===//
// Helpers
//===----------------------------------------------------------------------===//

AttnResult capi::fail(AttnResult result, const Twine &message) {
  ::attn::setLastError(message.str());
  return result;
}

AttnResult capi::giveText(StringRef text, char **result) {
  char *copy = static_cast<char *>(malloc(text.size() + 1));
  if (!copy)
    return fail(ATTN_RESULT_INTERNAL, "no memory for a text");
  memcpy(copy, text.data(), text.size());
  copy[text.size()] = 0;
  *result = copy;
  return ATTN_RESULT_OK;
}

OwningOpRef<ModuleOp> capi::isolate(PatternOp pattern) {
  OwningOpRef<ModuleOp> module = ModuleOp::create(pattern.getLoc());
  module->push_back(pattern->clone());
  return module;
}

std::string capi::canonicalText(PatternOp pattern) {
  OwningOpRef<ModuleOp> copy = isolate(pattern);
  // Names of values are locations here, and equal patterns may use different ones.
  copy->walk([](Operation *op) { op->setLoc(UnknownLoc::get(op->getContext())); });
  PassManager passes(copy->getContext());
  passes.addPass(createCanonicalizerPass());
  passes.addPass(createCSEPass());
  if (failed(passes.run(*copy))) {
    fail(ATTN_RESULT_INTERNAL, "the pattern '@" + pattern.getSymName() + "' does not simplify");
    return "";
  }
  std::string text;
  llvm::raw_string_ostream(text) << *copy->getBody()->begin() << '\n';
  return text;
}

// Threads of its own would outlive a fork badly and gain nothing on modules of this size.
AttnModule::AttnModule() : context(MLIRContext::Threading::DISABLED) {
  DialectRegistry registry;
  registerAllAttnDialects(registry);
  context.appendDialectRegistry(registry);
  context.printOpOnDiagnostic(false); // the source line says more
}

PatternOp AttnModule::find(const char *name) const {
  if (!name && patterns.size() == 1)
    return patterns.front();
  std::string names;
  for (PatternOp pattern : patterns) {
    if (name && pattern.getSymName() == name)
      return pattern;
    names += (names.empty() ? "'" : ", '") + pattern.getSymName().str() + "'";
  }
  if (patterns.empty())
    fail(ATTN_RESULT_INVALID_ARGUMENT, "the spec holds no pattern");
  else if (name)
    fail(ATTN_RESULT_INVALID_ARGUMENT,
         "the spec holds no pattern '" + Twine(name) + "', found " + names);
  else
    fail(ATTN_RESULT_INVALID_ARGUMENT,
         "the spec holds " + Twine(patterns.size()) + " patterns, name one of " + names);
  return nullptr;
}

/// Parses and verifies a buffer.
static AttnResult parse(std::unique_ptr<llvm::MemoryBuffer> buffer, AttnModule **result) {
  auto module = std::make_unique<AttnModule>();
  module->sources.AddNewSourceBuffer(std::move(buffer), SMLoc());
  Diagnostics diagnostics(*module);
  module->module = parseSpec(module->sources, module->context);
  if (!module->module)
    return diagnostics.fail(ATTN_RESULT_INVALID_SPEC);
  module->patterns = llvm::to_vector(module->module->getOps<PatternOp>());
  *result = module.release();
  return ATTN_RESULT_OK;
}

//===----------------------------------------------------------------------===//
// The interface
//===----------------------------------------------------------------------===//

const char *attn_version(void) { return getCompilerVersion().data(); }

void attn_string_free(char *text) { free(text); }

AttnResult attn_module_parse(const char *text, size_t size, const char *name, AttnModule **module) {
  if (!text || !module)
    return fail(ATTN_RESULT_INVALID_ARGUMENT,
                "expected a text and a place for the module, found null");
  return parse(
      llvm::MemoryBuffer::getMemBufferCopy(StringRef(text, size), name ? name : "<string>"),
      module);
}

AttnResult attn_module_load(const char *path, AttnModule **module) {
  if (!path || !module)
    return fail(ATTN_RESULT_INVALID_ARGUMENT,
                "expected a path and a place for the module, found null");
  std::string message;
  auto buffer = openInputFile(path, &message);
  if (!buffer)
    return fail(ATTN_RESULT_INVALID_SPEC, message);
  return parse(std::move(buffer), module);
}

void attn_module_destroy(AttnModule *module) { delete module; }

int64_t attn_module_pattern_count(const AttnModule *module) {
  return module ? module->patterns.size() : 0;
}

const char *attn_module_pattern_name(const AttnModule *module, int64_t index) {
  if (index < 0 || index >= attn_module_pattern_count(module))
    return nullptr;
  // Strings of attributes end in a zero, and live as long as the context.
  return PatternOp(module->patterns[index]).getSymName().data();
}

int64_t attn_module_argument_count(const AttnModule *module, const char *name) {
  PatternOp pattern = module ? module->find(name) : nullptr;
  return pattern ? pattern.getArgumentNames().size() : -1;
}

const char *attn_module_argument_name(const AttnModule *module, const char *name, int64_t index) {
  if (index < 0 || index >= attn_module_argument_count(module, name))
    return nullptr;
  return module->find(name).getArgumentName(index).data();
}

/// Gives out what `print` says of a pattern; "" if it has set the error.
static AttnResult giveTextOf(const AttnModule *module, const char *name, char **text,
                             function_ref<std::string(PatternOp)> print) {
  if (!module || !text)
    return fail(ATTN_RESULT_INVALID_ARGUMENT,
                "expected a module and a place for the text, found null");
  std::lock_guard<std::mutex> lock(module->mutex);
  PatternOp pattern = module->find(name);
  if (!pattern)
    return ATTN_RESULT_INVALID_ARGUMENT;
  const std::string printed = print(pattern);
  return printed.empty() ? ATTN_RESULT_INTERNAL : capi::giveText(printed, text);
}

AttnResult attn_pattern_text(const AttnModule *module, const char *name, char **text) {
  return giveTextOf(module, name, text, capi::canonicalText);
}

AttnResult attn_pattern_formula(const AttnModule *module, const char *name, char **text) {
  return giveTextOf(module, name, text, capi::formulaOf);
}
