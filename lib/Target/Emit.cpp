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

/// Which targets have files of a kind.
enum Owner { Processors = 1, GPUs = 2, All = 3 };

struct EmitKindEntry {
  EmitKind kind;
  StringRef name, suffix;
  Owner owner;
};
constexpr EmitKindEntry kEmitKinds[] = {
    {EmitKind::Object, "object", ".o", Processors},
    {EmitKind::Shared, "shared", ".so", Processors},
    {EmitKind::LLVM, "llvm", ".ll", Processors},
    {EmitKind::Assembly, "asm", ".s", Processors},
    {EmitKind::PTX, "ptx", ".ptx", GPUs},
    {EmitKind::Cubin, "cubin", ".cubin", GPUs},
    {EmitKind::Launcher, "launcher", ".launcher.c", GPUs},
    {EmitKind::Header, "header", ".h", All},
    {EmitKind::Manifest, "manifest", ".json", All},
    {EmitKind::MaskASCII, "mask-ascii", ".mask.txt", All},
};

std::string listKinds(Owner owner) {
  llvm::SmallVector<StringRef> names;
  for (const EmitKindEntry &entry : kEmitKinds)
    if (entry.owner & owner)
      names.push_back(entry.name);
  return llvm::join(names, ", ");
}

Owner ownerOf(const TargetDescription &target) { return target.isGPU() ? GPUs : Processors; }

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

std::string mlir::attn::listEmitKinds() { return listKinds(All); }
std::string mlir::attn::listEmitKinds(const TargetDescription &target) {
  return listKinds(ownerOf(target));
}

llvm::Error mlir::attn::checkEmitKind(EmitKind kind, const TargetDescription &target) {
  if (getEntry(kind).owner & ownerOf(target))
    return llvm::Error::success();
  return llvm::createStringError("target '" + target.name + "' has no '" + getEntry(kind).name +
                                 "', it has " + listEmitKinds(target));
}

llvm::ArrayRef<EmitKind> mlir::attn::getDefaultEmitKinds(const TargetDescription &target) {
  static constexpr EmitKind processor[] = {EmitKind::Object, EmitKind::Header, EmitKind::Manifest};
  static constexpr EmitKind gpu[] = {EmitKind::PTX, EmitKind::Launcher, EmitKind::Header,
                                     EmitKind::Manifest};
  return target.isGPU() ? llvm::ArrayRef<EmitKind>(gpu) : processor;
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
  if (artifact.target.isGPU()) {
    std::string text;
    for (const DeviceImage &image : artifact.images)
      text += image.ptx;
    return text;
  }
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
mlir::attn::emitFiles(Artifact artifact, llvm::ArrayRef<EmitKind> kinds, StringRef picture) {
  for (EmitKind kind : kinds)
    if (llvm::Error error = checkEmitKind(kind, artifact.target))
      return std::move(error);
  if (llvm::is_contained(kinds, EmitKind::Cubin))
    if (llvm::Error error = assembleImages(artifact))
      return std::move(error);
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
    case EmitKind::LLVM:
      return emitLLVM(artifact);
    case EmitKind::Assembly:
      return emitAssembly(artifact);
    case EmitKind::Launcher:
      return emitLauncher(artifact);
    case EmitKind::Header:
      return emitHeader(artifact);
    case EmitKind::Manifest:
      return artifact.manifest + "\n";
    case EmitKind::MaskASCII:
      return picture.str();
    case EmitKind::PTX:
    case EmitKind::Cubin:
      break;
    }
    llvm_unreachable("images are files of their own");
  };
  std::vector<EmittedFile> files;
  for (EmitKind kind : kinds) {
    const std::string suffix = getFileSuffix(kind).str();
    if (kind == EmitKind::PTX || kind == EmitKind::Cubin) {
      for (const auto &[kernel, image] : llvm::zip_equal(artifact.info.kernels, artifact.images))
        files.push_back(
            {kind, kernel.symbol + suffix, kind == EmitKind::PTX ? image.ptx : image.cubin});
      continue;
    }
    auto contents = emit(kind);
    if (!contents)
      return contents.takeError();
    files.push_back({kind, artifact.info.name + suffix, std::move(*contents)});
  }
  return files;
}
