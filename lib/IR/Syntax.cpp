//===- Syntax.cpp - the words that the ops' texts share --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Syntax.h"
#include "mlir/IR/Builders.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace mlir::attn;

//===----------------------------------------------------------------------===//
// Names
//===----------------------------------------------------------------------===//

void attn::keepResultNames(OpAsmParser &parser, OperationState &state) {
  for (size_t i = parser.getNumResults(); i-- > 0;) {
    StringRef name = parser.getResultName(i).first;
    // `%0` is a number, not a name: the printer will find one again.
    StringRef kept = name.empty() || llvm::isDigit(name.front()) ? StringRef() : name;
    if (kept.empty())
      continue;
    state.location = NameLoc::get(parser.getBuilder().getStringAttr(kept), state.location);
  }
}

void attn::setResultNames(Operation *op, OpAsmSetValueNameFn setName) {
  Location location = op->getLoc();
  for (Value result : op->getResults()) {
    auto name = dyn_cast<NameLoc>(location);
    if (!name)
      return;
    setName(result, name.getName());
    location = name.getChildLoc();
  }
}

//===----------------------------------------------------------------------===//
// Numbers
//===----------------------------------------------------------------------===//

ParseResult NumberParser::parse(StringAttr literalName) {
  OpAsmParser::UnresolvedOperand operand;
  OptionalParseResult isOperand = parser.parseOptionalOperand(operand);
  segments.push_back(isOperand.has_value());
  if (isOperand.has_value())
    return failure(*isOperand || parser.resolveOperand(operand, parser.getBuilder().getIndexType(),
                                                       state.operands));
  return parseConstant(parser, state, literalName);
}

ParseResult NumberParser::parse(StringRef keyword, StringAttr literalName) {
  return failure(parser.parseKeyword(keyword) || parse(literalName));
}

ParseResult NumberParser::parseOptional(StringRef keyword, StringAttr literalName) {
  if (succeeded(parser.parseOptionalKeyword(keyword)))
    return parse(literalName);
  segments.push_back(0);
  return success();
}

ParseResult NumberParser::parseOptionalScale(StringAttr literalName) {
  if (failed(parser.parseOptionalKeyword("scale"))) {
    segments.push_back(0);
    return success();
  }
  Type f32 = parser.getBuilder().getF32Type();
  OpAsmParser::UnresolvedOperand operand;
  OptionalParseResult isOperand = parser.parseOptionalOperand(operand);
  segments.push_back(isOperand.has_value());
  if (isOperand.has_value())
    return failure(*isOperand || parser.resolveOperand(operand, f32, state.operands));
  FloatAttr literal;
  return parser.parseAttribute(literal, f32, literalName, state.attributes);
}

ParseResult attn::parseConstant(OpAsmParser &parser, OperationState &state, StringAttr name) {
  int64_t literal;
  if (parser.parseInteger(literal))
    return failure();
  state.addAttribute(name, parser.getBuilder().getI64IntegerAttr(literal));
  return success();
}

ParseResult attn::finishMask(OpAsmParser &parser, OperationState &state) {
  if (parser.parseOptionalAttrDict(state.attributes))
    return failure();
  state.addTypes(MaskType::get(parser.getContext()));
  keepResultNames(parser, state);
  return success();
}

void attn::printNumber(OpAsmPrinter &printer, StringRef keyword, OpFoldResult number) {
  if (!number)
    return;
  printer << ' ';
  if (!keyword.empty())
    printer << keyword << ' ';
  if (auto value = dyn_cast<Value>(number))
    printer << value;
  else if (auto literal = dyn_cast<IntegerAttr>(cast<Attribute>(number)))
    printer << literal.getInt();
  else
    printer.printAttributeWithoutType(cast<Attribute>(number));
}

OpFoldResult attn::getMixed(Value value, Attribute literal) {
  return value ? OpFoldResult(value) : OpFoldResult(literal);
}
