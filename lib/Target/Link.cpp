//===- Link.cpp - shared libraries -----------------------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The linker is a program found by its absolute path and started with an argument vector: no shell
// sees a file name.
//
//===----------------------------------------------------------------------===//

#include "attn/Target/Artifact.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/raw_ostream.h"
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

/// A file in the system's folder for temporary files, removed in the end.
class TemporaryFile {
public:
  explicit TemporaryFile(StringRef suffix)
      : error(llvm::sys::fs::createTemporaryFile("attn", suffix, path)) {}
  ~TemporaryFile() {
    if (!error)
      llvm::sys::fs::remove(path);
  }

  /// The contents; "" if they cannot be read.
  std::string read() const {
    auto buffer = llvm::MemoryBuffer::getFile(path, /*IsText=*/false,
                                              /*RequiresNullTerminator=*/false);
    return buffer ? (*buffer)->getBuffer().str() : std::string();
  }

  llvm::SmallString<128> path;
  std::error_code error;
};

} // namespace

llvm::Expected<std::string> mlir::attn::emitShared(const Artifact &artifact,
                                                   llvm::ArrayRef<char> object) {
  const std::optional<Linker> linker = findLinker(artifact.target);
  if (!linker)
    return llvm::createStringError("no linker found for '" + artifact.target.triple +
                                   "': looked for ld.lld and a C compiler; install lld");
  TemporaryFile input("o"), output("so"), log("log");
  for (const TemporaryFile *file : {&input, &output, &log})
    if (file->error)
      return llvm::createStringError(file->error, "cannot create a temporary file");
  {
    std::error_code error;
    llvm::raw_fd_ostream os(input.path, error);
    os.write(object.data(), object.size());
    os.close();
    if (os.has_error())
      error = os.error();
    os.clear_error();
    if (error)
      return llvm::createStringError(error, "cannot write '" + input.path.str().str() +
                                                "': " + error.message());
  }

  const std::string soname = artifact.info.name + getFileSuffix(EmitKind::Shared).str();
  const std::vector<std::string> arguments =
      makeArguments(*linker, input.path, output.path, soname);
  const std::vector<StringRef> views(arguments.begin(), arguments.end());
  std::string message;
  const int status = llvm::sys::ExecuteAndWait(linker->path, views, /*Env=*/std::nullopt,
                                               {StringRef(""), log.path.str(), log.path.str()},
                                               /*SecondsToWait=*/0, /*MemoryLimit=*/0, &message);
  if (status == 0)
    return output.read();
  return llvm::createStringError(
      "the linker failed: " + StringRef(message + log.read()).trim().str() +
      "\nits command: " + llvm::join(arguments, " "));
}
