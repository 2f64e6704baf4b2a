//===- Checks.h - what more than one verifier checks ------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_IR_CHECKS_H
#define ATTN_LIB_IR_CHECKS_H

#include "attn/IR/AttnOps.h"

namespace mlir::attn {

/// Whether a number has exactly one form, `value` or `literal`, and a literal within `+-limit`.
/// `name` is its word in the text.
LogicalResult checkNumber(Operation *op, StringRef name, Value value, Attribute literal,
                          int64_t limit = kMaxNumber);

/// As `checkNumber`, for a number that may be absent.
LogicalResult checkOptionalNumber(Operation *op, StringRef name, Value value, Attribute literal,
                                  int64_t limit = kMaxNumber);

/// Whether a constant that multiplies positions is within [1, kMaxSize].
LogicalResult checkSize(Operation *op, StringRef name, int64_t size);

/// The pattern that `symbol` names, or an error at `user`, whose word for it is `role`.
FailureOr<PatternOp> lookUpPattern(Operation *user, StringRef role, FlatSymbolRefAttr symbol,
                                   SymbolTableCollection &symbols);

/// Adds the note "'@p' is declared here as (%w: index)".
void noteDeclaration(InFlightDiagnostic &diagnostic, PatternOp pattern);

} // namespace mlir::attn

#endif // ATTN_LIB_IR_CHECKS_H
