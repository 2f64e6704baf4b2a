//===- Spec.h - a pattern from its text -----------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_TEST_UNIT_REFERENCE_SPEC_H
#define ATTN_TEST_UNIT_REFERENCE_SPEC_H

#include "attn/Reference/Reference.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Parser/Parser.h"

namespace mlir::attn {

/// Owns the one pattern of a text; `body` is what stands between `attn.pattern @p` and the end.
class Spec {
public:
  explicit Spec(llvm::StringRef body) {
    context.loadDialect<AttnDialect, arith::ArithDialect>();
    module = parseSourceString<ModuleOp>(("attn.pattern @p" + body).str(), &context);
  }

  explicit operator bool() const { return bool(module); }
  PatternOp pattern() { return *module->getOps<PatternOp>().begin(); }

private:
  MLIRContext context;
  OwningOpRef<ModuleOp> module;
};

} // namespace mlir::attn

#endif // ATTN_TEST_UNIT_REFERENCE_SPEC_H
