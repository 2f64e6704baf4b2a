//===- Ptxas.cpp - machine code of GPUs, and what it says of a kernel -----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Ptxas.h"
#include "Program.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"
#include <algorithm>
#include <cstdlib>

using namespace mlir::attn;
using llvm::StringRef;

namespace {

constexpr StringRef kToolkit = "/usr/local/cuda/bin";

/// Prints where a Python keeps its packages, one folder a line.
constexpr StringRef kListPackages =
    "import sysconfig; print(sysconfig.get_path('purelib'), sysconfig.get_path('platlib'), "
    "sep='\\n')";

/// ptxas of NVIDIA's Python packages; "" if there is none.
std::string findInPython(const ScratchFolder &folder) {
  const auto python = llvm::sys::findProgramByName("python3");
  if (!python)
    return "";
  const ProgramResult listed = runProgram({*python, "-I", "-c", kListPackages.str()}, folder);
  if (listed.status != 0)
    return "";
  llvm::SmallVector<StringRef> roots;
  StringRef(listed.log).split(roots, '\n');
  std::vector<std::string> found;
  for (StringRef root : roots) {
    llvm::SmallString<128> nvidia(root.trim());
    llvm::sys::path::append(nvidia, "nvidia");
    std::error_code error;
    // nvidia/cu13 of CUDA 13, nvidia/cuda_nvcc of CUDA 12.
    for (llvm::sys::fs::directory_iterator entry(nvidia, error), end; !error && entry != end;
         entry.increment(error)) {
      llvm::SmallString<128> path(entry->path());
      if (!llvm::sys::path::filename(path).starts_with("cu"))
        continue;
      llvm::sys::path::append(path, "bin", "ptxas");
      if (llvm::sys::fs::can_execute(path))
        found.push_back(path.str().str());
    }
  }
  // Folders come in any order; the greatest name is that of the latest CUDA but for cuda_nvcc.
  std::sort(found.begin(), found.end(), [](const std::string &a, const std::string &b) {
    return std::make_pair(StringRef(a).contains("cuda_nvcc"), StringRef(b)) <
           std::make_pair(StringRef(b).contains("cuda_nvcc"), StringRef(a));
  });
  return found.empty() ? "" : found.front();
}

llvm::Expected<std::string> findPath(const ScratchFolder &folder) {
  if (const char *given = getenv("ATTN_PTXAS"); given && *given) {
    if (llvm::sys::path::is_absolute(given) && llvm::sys::fs::can_execute(given))
      return std::string(given);
    return llvm::createStringError("expected $ATTN_PTXAS to be the absolute path of a program, "
                                   "found '" +
                                   StringRef(given) + "'");
  }
  if (auto found = llvm::sys::findProgramByName("ptxas"))
    return *found;
  if (auto found = llvm::sys::findProgramByName("ptxas", {kToolkit}))
    return *found;
  std::string path = findInPython(folder);
  if (!path.empty())
    return path;
  return llvm::createStringError("no ptxas found: looked at $ATTN_PTXAS, on PATH, in " + kToolkit +
                                 " and in the package nvidia-cuda-nvcc of the Python on PATH");
}

/// The number before `unit` in a line; 0 if there is none.
int64_t numberBefore(StringRef line, StringRef unit) {
  const size_t end = line.find(unit);
  if (end == StringRef::npos)
    return 0;
  const StringRef before = line.take_front(end).rtrim();
  int64_t number = 0;
  before.take_back(before.size() - (before.find_last_not_of("0123456789") + 1))
      .getAsInteger(10, number);
  return number;
}

/// Does a line of the log say that the kernel is slow by its nature? C7508: setmaxnreg is ignored.
/// C7510, C7512 and C7514: wgmma is serialized.
bool isRefused(StringRef line) {
  for (StringRef mark : {"C7508", "C7510", "C7512", "C7514", "serialized"})
    if (line.contains(mark))
      return true;
  return numberBefore(line, "bytes spill stores") || numberBefore(line, "bytes spill loads");
}

} // namespace

llvm::Expected<Ptxas> mlir::attn::findPtxas() {
  auto folder = ScratchFolder::create();
  if (!folder)
    return folder.takeError();
  auto path = findPath(*folder);
  if (!path)
    return path.takeError();
  const ProgramResult result = runProgram({*path, "--version"}, *folder);
  // "Cuda compilation tools, release 13.0, V13.0.88"
  const StringRef version = StringRef(result.log).split(", V").second;
  if (result.status != 0 || version.empty())
    return llvm::createStringError("'" + *path +
                                   "' does not say which version it is: " + result.log);
  return Ptxas{*path,
               version.take_while([](char c) { return c == '.' || llvm::isDigit(c); }).str()};
}

llvm::Expected<Cubin> mlir::attn::assemble(const Ptxas &ptxas, StringRef ptx, StringRef chip,
                                           StringRef kernel) {
  auto folder = ScratchFolder::create();
  if (!folder)
    return folder.takeError();
  if (llvm::Error error = folder->write("kernel.ptx", ptx))
    return std::move(error);
  const ProgramResult result =
      runProgram({ptxas.path, "-v", ("-arch=" + chip).str(), folder->getPath("kernel.ptx"), "-o",
                  folder->getPath("kernel.cubin")},
                 *folder);
  if (result.status != 0) {
    // The folder is gone when the message is read.
    std::string log = result.log;
    const std::string path = folder->getPath("kernel.ptx");
    for (size_t at; (at = log.find(path)) != std::string::npos;)
      log.replace(at, path.size(), (kernel + ".ptx").str());
    return llvm::createStringError("ptxas " + ptxas.version + " cannot assemble '" + kernel +
                                   "' for " + chip + ": " + log);
  }
  Cubin cubin;
  cubin.report.version = ptxas.version;
  llvm::SmallVector<StringRef> lines;
  StringRef(result.log).split(lines, '\n');
  for (StringRef line : lines) {
    if (isRefused(line))
      return llvm::createStringError("kernel '" + kernel + "' is refused for " + chip + ": ptxas " +
                                     ptxas.version + " says '" + line.trim() + "'");
    cubin.report.registers = std::max(cubin.report.registers, numberBefore(line, " registers"));
    cubin.report.staticShared =
        std::max(cubin.report.staticShared, numberBefore(line, "bytes smem"));
    cubin.report.stack = std::max(cubin.report.stack, numberBefore(line, "bytes stack frame"));
  }
  cubin.bytes = folder->read("kernel.cubin");
  return cubin;
}
