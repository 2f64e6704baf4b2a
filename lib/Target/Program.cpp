//===- Program.cpp - programs that the compiler starts ------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Program.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/raw_ostream.h"
#include <cstdlib>
#include <vector>

using namespace mlir::attn;
using llvm::StringRef;

llvm::Expected<ScratchFolder> ScratchFolder::create() {
  llvm::SmallString<128> pattern;
  llvm::sys::path::system_temp_directory(/*ErasedOnReboot=*/true, pattern);
  llvm::sys::path::append(pattern, "attn-XXXXXX");
  if (!mkdtemp(const_cast<char *>(pattern.c_str()))) {
    const std::error_code error(errno, std::generic_category());
    return llvm::createStringError(error, "cannot create a temporary folder '" +
                                              pattern.str().str() + "': " + error.message());
  }
  return ScratchFolder(pattern.str().str());
}

ScratchFolder::~ScratchFolder() {
  if (!path.empty())
    llvm::sys::fs::remove_directories(path);
}

std::string ScratchFolder::getPath(StringRef file) const {
  llvm::SmallString<128> result(path);
  llvm::sys::path::append(result, file);
  return result.str().str();
}

llvm::Error ScratchFolder::write(StringRef file, StringRef contents) const {
  std::error_code error;
  llvm::raw_fd_ostream os(getPath(file), error);
  os << contents;
  os.close();
  if (os.has_error())
    error = os.error();
  os.clear_error();
  if (!error)
    return llvm::Error::success();
  return llvm::createStringError(error, "cannot write '" + getPath(file) + "': " + error.message());
}

std::string ScratchFolder::read(StringRef file) const {
  auto buffer = llvm::MemoryBuffer::getFile(getPath(file), /*IsText=*/false,
                                            /*RequiresNullTerminator=*/false);
  return buffer ? (*buffer)->getBuffer().str() : std::string();
}

ProgramResult mlir::attn::runProgram(llvm::ArrayRef<std::string> arguments,
                                     const ScratchFolder &folder) {
  const std::vector<StringRef> views(arguments.begin(), arguments.end());
  const std::string log = folder.getPath("log");
  std::string message;
  const int status = llvm::sys::ExecuteAndWait(arguments[0], views, /*Env=*/std::nullopt,
                                               {StringRef(""), StringRef(log), StringRef(log)},
                                               /*SecondsToWait=*/0, /*MemoryLimit=*/0, &message);
  return {status, StringRef(message + folder.read("log")).trim().str()};
}
