//===- JIT.h - an artifact as functions of this process -----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_TARGET_JIT_H
#define ATTN_TARGET_JIT_H

#include "attn/Runtime/Runtime.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <memory>

namespace mlir::attn {

/// An object file loaded into this process. The code lives as long as this object.
class JITKernel {
public:
  /// Loads the kernel `symbol` of an object that `emitObject` gave for a target this machine can
  /// run.
  static llvm::Expected<std::unique_ptr<JITKernel>> load(llvm::ArrayRef<char> object,
                                                         llvm::StringRef symbol);
  ~JITKernel();

  const AttnKernel &get() const { return kernel; }

private:
  struct Session;
  explicit JITKernel(std::unique_ptr<Session> session);

  std::unique_ptr<Session> session;
  AttnKernel kernel = {};
};

} // namespace mlir::attn

#endif // ATTN_TARGET_JIT_H
