//===- Link.cpp - shared libraries -----------------------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Program.h"
#include "attn/Target/Artifact.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Program.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/Triple.h"
#include <optional>

using namespace mlir::attn;
using llvm::StringRef;

namespace {

/// A linker, and whether it is a C compiler that calls one.
struct Linker {
  std::string path;
  bool isCompiler;
};

std::optional<Linker> findLinker(const TargetDescription &target) {
  // LLD links for every target; it stands beside LLVM's tools, or somewhere on the path.
  for (StringRef name : {"ld.lld", "ld.lld-" ATTN_LLVM_MAJOR})
    for (StringRef folder : {ATTN_LLVM_TOOLS, ""}) {
      auto found = folder.empty() ? llvm::sys::findProgramByName(name)
                                  : llvm::sys::findProgramByName(name, {folder});
      if (found)
        return Linker{*found, false};
    }
  if (llvm::Triple(target.triple).getArch() !=
      llvm::Triple(llvm::sys::getProcessTriple()).getArch())
    return std::nullopt;
  for (StringRef name : {"cc", "gcc", "clang"})
    if (auto found = llvm::sys::findProgramByName(name))
      return Linker{*found, true};
  return std::nullopt;
}

std::vector<std::string> makeArguments(const Linker &linker, StringRef object, StringRef output,
                                       StringRef name) {
  // Without a build id and with the name alone, the bytes depend on the object only.
  const std::vector<std::string> options = {"--build-id=none", "--no-undefined", "-Bsymbolic",
                                            "-znow", "-soname=" + name.str()};
  std::vector<std::string> arguments = {linker.path, "-shared"};
  if (linker.isCompiler) {
    arguments.push_back("-nostdlib");
    for (const std::string &option : options)
      arguments.push_back("-Wl," + option);
  } else {
    arguments.insert(arguments.end(), options.begin(), options.end());
  }
  arguments.insert(arguments.end(), {"-o", output.str(), object.str()});
  return arguments;
}

} // namespace

llvm::Expected<std::string> mlir::attn::emitShared(const Artifact &artifact,
                                                   llvm::ArrayRef<char> object) {
  const std::optional<Linker> linker = findLinker(artifact.target);
  if (!linker)
    return llvm::createStringError("no linker found for '" + artifact.target.triple +
                                   "': looked for ld.lld and a C compiler; install lld");
  auto folder = ScratchFolder::create();
  if (!folder)
    return folder.takeError();
  if (llvm::Error error = folder->write("input.o", StringRef(object.data(), object.size())))
    return std::move(error);
  const std::string soname = artifact.info.name + getFileSuffix(EmitKind::Shared).str();
  const std::vector<std::string> arguments =
      makeArguments(*linker, folder->getPath("input.o"), folder->getPath("output.so"), soname);
  const ProgramResult result = runProgram(arguments, *folder);
  if (result.status == 0)
    return folder->read("output.so");
  return llvm::createStringError("the linker failed: " + result.log +
                                 "\nits command: " + llvm::join(arguments, " "));
}
