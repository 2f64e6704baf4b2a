//===- Program.h - programs that the compiler starts ---------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The linker and ptxas. A program is found by its absolute path and started with an argument
// vector: no shell sees a file name. What it reads and writes is in a folder of its own.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_TARGET_PROGRAM_H
#define ATTN_LIB_TARGET_PROGRAM_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <string>

namespace mlir::attn {

/// A new folder that nobody but this user can open, removed in the end with all that is in it.
class ScratchFolder {
public:
  static llvm::Expected<ScratchFolder> create();
  ScratchFolder(ScratchFolder &&other) : path(std::move(other.path)) { other.path.clear(); }
  ~ScratchFolder();

  /// The path of a file in it.
  std::string getPath(llvm::StringRef file) const;
  llvm::Error write(llvm::StringRef file, llvm::StringRef contents) const;
  /// The contents of a file; "" if it cannot be read.
  std::string read(llvm::StringRef file) const;

private:
  explicit ScratchFolder(std::string path) : path(std::move(path)) {}
  std::string path;
};

/// How a program ended.
struct ProgramResult {
  /// 0 if all is well.
  int status;
  /// What it printed, or why it did not start.
  std::string log;
};

/// Runs `arguments[0]`, an absolute path, with nothing on its standard input.
ProgramResult runProgram(llvm::ArrayRef<std::string> arguments, const ScratchFolder &folder);

} // namespace mlir::attn

#endif // ATTN_LIB_TARGET_PROGRAM_H
