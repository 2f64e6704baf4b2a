//===- Emit.cpp - the kinds of file that an artifact becomes ----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attn/Target/Artifact.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/Object/ObjectFile.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Transforms/Utils/Cloning.h"

using namespace mlir::attn;
using llvm::StringRef;

namespace {

struct EmitKindEntry {
  EmitKind kind;
  StringRef name, suffix;
};
constexpr EmitKindEntry kEmitKinds[] = {
    {EmitKind::Object, "object", ".o"},
    {EmitKind::Shared, "shared", ".so"},
    {EmitKind::Header, "header", ".h"},
    {EmitKind::LLVM, "llvm", ".ll"},
    {EmitKind::Assembly, "asm", ".s"},
    {EmitKind::Manifest, "manifest", ".json"},
    {EmitKind::MaskASCII, "mask-ascii", ".mask.txt"},
};

const EmitKindEntry &getEntry(EmitKind kind) {
  return *llvm::find_if(kEmitKinds, [&](auto &entry) { return entry.kind == kind; });
}

/// Runs LLVM's code generator. It changes the module it runs on, so it gets a copy.
llvm::Error generate(const Artifact &artifact, llvm::CodeGenFileType type,
                     llvm::raw_pwrite_stream &os) {
  const auto machine = createTargetMachine(artifact.target);
  const auto module = llvm::CloneModule(*artifact.module);
  llvm::legacy::PassManager passes;
  if (machine->addPassesToEmitFile(passes, os, /*DwoOut=*/nullptr, type))
    return llvm::createStringError("LLVM has no code generator for '" + artifact.target.triple +
                                   "'");
  passes.run(*module);
  return llvm::Error::success();
}

/// A kernel that calls something could not be loaded where that is missing.
llvm::Error checkNothingUndefined(llvm::ArrayRef<char> bytes) {
  auto object = llvm::object::ObjectFile::createObjectFile(
      llvm::MemoryBufferRef(StringRef(bytes.data(), bytes.size()), "object"));
  if (!object)
    return object.takeError();
  llvm::SmallVector<std::string> undefined;
  for (const llvm::object::SymbolRef &symbol : (*object)->symbols()) {
    auto flags = symbol.getFlags();
    auto name = symbol.getName();
    if (!flags || !name)
      return llvm::joinErrors(flags.takeError(), name.takeError());
    // ELF's symbol 0 has no name; the assembler's offset table is the linker's to define.
    if ((*flags & llvm::object::SymbolRef::SF_Undefined) && !name->empty() &&
        *name != "_GLOBAL_OFFSET_TABLE_")
      undefined.push_back(name->str());
  }
  if (undefined.empty())
    return llvm::Error::success();
  return llvm::createStringError("the kernels call what they must not need: '" +
                                 llvm::join(undefined, "', '") + "'");
}

} // namespace

StringRef mlir::attn::stringifyEmitKind(EmitKind kind) { return getEntry(kind).name; }
StringRef mlir::attn::getFileSuffix(EmitKind kind) { return getEntry(kind).suffix; }

std::optional<EmitKind> mlir::attn::parseEmitKind(StringRef name) {
  for (const EmitKindEntry &entry : kEmitKinds)
    if (entry.name == name)
      return entry.kind;
  return std::nullopt;
}

llvm::Expected<llvm::SmallVector<char, 0>> mlir::attn::emitObject(const Artifact &artifact) {
  llvm::SmallVector<char, 0> bytes;
  llvm::raw_svector_ostream os(bytes);
  if (llvm::Error error = generate(artifact, llvm::CodeGenFileType::ObjectFile, os))
    return std::move(error);
  if (llvm::Error error = checkNothingUndefined(bytes))
    return std::move(error);
  return bytes;
}

llvm::Expected<std::string> mlir::attn::emitAssembly(const Artifact &artifact) {
  llvm::SmallString<0> text;
  llvm::raw_svector_ostream os(text);
  if (llvm::Error error = generate(artifact, llvm::CodeGenFileType::AssemblyFile, os))
    return std::move(error);
  return std::string(text);
}

std::string mlir::attn::emitLLVM(const Artifact &artifact) {
  std::string text;
  llvm::raw_string_ostream(text) << *artifact.module;
  return text;
}

llvm::Expected<std::vector<EmittedFile>>
mlir::attn::emitFiles(const Artifact &artifact, llvm::ArrayRef<EmitKind> kinds, StringRef picture) {
  // Machine code is made once, for the object and the shared library.
  std::optional<llvm::SmallVector<char, 0>> object;
  const auto emit = [&](EmitKind kind) -> llvm::Expected<std::string> {
    if ((kind == EmitKind::Object || kind == EmitKind::Shared) && !object) {
      auto emitted = emitObject(artifact);
      if (!emitted)
        return emitted.takeError();
      object = std::move(*emitted);
    }
    switch (kind) {
    case EmitKind::Object:
      return std::string(object->data(), object->size());
    case EmitKind::Shared:
      return emitShared(artifact, *object);
    case EmitKind::Header:
      return emitHeader(artifact);
    case EmitKind::LLVM:
      return emitLLVM(artifact);
    case EmitKind::Assembly:
      return emitAssembly(artifact);
    case EmitKind::Manifest:
      return artifact.manifest + "\n";
    case EmitKind::MaskASCII:
      return picture.str();
    }
    llvm_unreachable("unknown kind of file");
  };
  std::vector<EmittedFile> files;
  for (EmitKind kind : kinds) {
    auto contents = emit(kind);
    if (!contents)
      return contents.takeError();
    files.push_back({kind, std::move(*contents)});
  }
  return files;
}
