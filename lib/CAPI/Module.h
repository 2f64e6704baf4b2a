//===- Module.h - what the handles of the C library point to ------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_CAPI_MODULE_H
#define ATTN_LIB_CAPI_MODULE_H

#include "attn-c/Attn.h"
#include "attn/IR/AttnOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/OwningOpRef.h"
#include "llvm/Support/SourceMgr.h"

#include <mutex>

/// A verified spec. Its context serves one thread at a time: every use holds the lock.
struct AttnModule {
  AttnModule();

  /// The pattern of a name, or the only one for a null name; null, and the error set, if there is
  /// none.
  mlir::attn::PatternOp find(const char *name) const;

  mutable std::mutex mutex;
  mlir::MLIRContext context;
  llvm::SourceMgr sources;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  llvm::SmallVector<mlir::attn::PatternOp> patterns;
};

namespace mlir::attn::capi {

/// Sets the error and returns `result`.
AttnResult fail(AttnResult result, const Twine &message);

/// A module that holds a copy of the pattern and nothing else.
OwningOpRef<ModuleOp> isolate(PatternOp pattern);

/// The pattern's canonical form as text. With the module locked; "" and the error set on failure.
std::string canonicalText(PatternOp pattern);

/// Gives `text` out as a string of `malloc`.
AttnResult giveText(StringRef text, char **result);

/// Collects the diagnostics of a module's context as the text a terminal would show. With the lock
/// held.
class Diagnostics {
public:
  explicit Diagnostics(AttnModule &module)
      : stream(text), handler(module.sources, &module.context, stream) {}

  /// Makes what was collected, and `more`, the error.
  AttnResult fail(AttnResult result, StringRef more = "") {
    return capi::fail(result, StringRef(text + more.str()).trim());
  }

private:
  std::string text;
  llvm::raw_string_ostream stream;
  SourceMgrDiagnosticHandler handler;
};

} // namespace mlir::attn::capi

#endif // ATTN_LIB_CAPI_MODULE_H
