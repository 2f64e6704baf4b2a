//===- Checks.cpp - what more than one verifier checks ------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Checks.h"

using namespace mlir;
using namespace mlir::attn;

LogicalResult attn::checkNumber(Operation *op, StringRef name, Value value, Attribute literal,
                                int64_t limit) {
  if (!value && !literal)
    return op->emitOpError() << "expected '" << name << "' to be given";
  return checkOptionalNumber(op, name, value, literal, limit);
}

LogicalResult attn::checkOptionalNumber(Operation *op, StringRef name, Value value,
                                        Attribute literal, int64_t limit) {
  if (value && literal)
    return op->emitOpError() << "expected '" << name << "' to be a literal or a value, found both";
  auto number = dyn_cast_or_null<IntegerAttr>(literal);
  if (number && (number.getInt() < -limit || number.getInt() > limit))
    return op->emitOpError() << "expected '" << name << "' from " << -limit << " to " << limit
                             << ", found " << number.getInt();
  return success();
}

LogicalResult attn::checkSize(Operation *op, StringRef name, int64_t size) {
  if (size < 1 || size > kMaxSize)
    return op->emitOpError() << "expected '" << name << "' from 1 to " << kMaxSize << ", found "
                             << size;
  return success();
}

FailureOr<PatternOp> attn::lookUpPattern(Operation *user, StringRef role, FlatSymbolRefAttr symbol,
                                         SymbolTableCollection &symbols) {
  Operation *found = symbols.lookupNearestSymbolFrom(user, symbol);
  if (auto pattern = dyn_cast_or_null<PatternOp>(found))
    return pattern;
  InFlightDiagnostic error = user->emitOpError()
                             << "expected " << role << " to be a pattern, found ";
  if (!found)
    return error << "nothing named '" << symbol << "'";
  error << "'" << symbol << "'";
  error.attachNote(found->getLoc()) << "'" << symbol << "' is this '" << found->getName() << "'";
  return error;
}

void attn::noteDeclaration(InFlightDiagnostic &diagnostic, PatternOp pattern) {
  Diagnostic &note = diagnostic.attachNote(pattern.getLoc());
  note << "'@" << pattern.getSymName() << "' is declared here ";
  if (pattern.getArgumentNames().empty()) {
    note << "without arguments";
    return;
  }
  note << "as (";
  llvm::interleaveComma(pattern.getArgumentNames().getAsRange<StringAttr>(), note,
                        [&](StringAttr name) { note << "%" << name.getValue() << ": index"; });
  note << ")";
}
