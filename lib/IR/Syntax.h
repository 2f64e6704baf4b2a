//===- Syntax.h - the words that the ops' texts share -----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The parts of parsing and printing that more than one op needs: numbers that are a literal or a
// value
// (`before 4`, `before %w`), integer sets with the user's names, and names of results.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_IR_SYNTAX_H
#define ATTN_LIB_IR_SYNTAX_H

#include "attn/IR/AttnOps.h"

namespace mlir::attn {

/// Keeps the names that the text gave to the results of the op being parsed: as `NameLoc`s around
/// its location, one per result, the first one outermost. A location never hinders CSE, an
/// attribute would.
void keepResultNames(OpAsmParser &parser, OperationState &state);

/// Reads an op's numbers in the order of its operands. A literal becomes the attribute `staticX`, a
/// value an operand of the group `dynamicX`; `finish` adds what the numbers have in common.
class NumberParser {
public:
  NumberParser(OpAsmParser &parser, OperationState &state) : parser(parser), state(state) {}

  /// `NUMBER`: a literal, kept under `literalName`, or an operand of type `index`.
  ParseResult parse(StringAttr literalName);
  /// `keyword NUMBER`.
  ParseResult parse(StringRef keyword, StringAttr literalName);
  /// `(keyword NUMBER)?`.
  ParseResult parseOptional(StringRef keyword, StringAttr literalName);
  /// `(scale NUMBER)?`: a number of type f32.
  ParseResult parseOptionalScale(StringAttr literalName);

  /// The sizes of the operand groups so far, in order: 0 or 1 for each number.
  ArrayRef<int32_t> getSegments() const { return segments; }

private:
  OpAsmParser &parser;
  OperationState &state;
  SmallVector<int32_t> segments;
};

/// Parses what ends every mask op, its attributes, and completes its state.
ParseResult finishMask(OpAsmParser &parser, OperationState &state);

/// `keyword LITERAL` or, for an empty keyword, `LITERAL`.
ParseResult parseConstant(OpAsmParser &parser, OperationState &state, StringAttr name);

/// Prints ` keyword NUMBER`; nothing if `number` is null.
void printNumber(OpAsmPrinter &printer, StringRef keyword, OpFoldResult number);

/// `value`, else `literal`: null if neither is there.
OpFoldResult getMixed(Value value, Attribute literal);

} // namespace mlir::attn

#endif // ATTN_LIB_IR_SYNTAX_H
