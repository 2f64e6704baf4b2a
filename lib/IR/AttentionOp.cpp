//===- AttentionOp.cpp - the attention op -------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Syntax.h"
#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace mlir::attn;

OpFoldResult AttentionOp::getMixedScale() {
  return getMixed(getDynamicScale(), getStaticScaleAttr());
}

OpFoldResult AttentionOp::getMixedOffset() {
  return getMixed(getDynamicOffset(), getStaticOffsetAttr());
}

OpFoldResult AttentionOp::getMixedKeyOffset() {
  return getMixed(getDynamicKeyOffset(), getStaticKeyOffsetAttr());
}

OpFoldResult AttentionOp::getMixedLength() {
  return getMixed(getDynamicLength(), getStaticLengthAttr());
}

ParseResult AttentionOp::parse(OpAsmParser &parser, OperationState &state) {
  Builder &builder = parser.getBuilder();
  SmallVector<OpAsmParser::UnresolvedOperand> tensors;
  SMLoc tensorsLoc = parser.getCurrentLocation();
  if (parser.parseOperandList(tensors, /*requiredOperandCount=*/3))
    return failure();

  // The operands of the numbers are resolved as they are read, so those of the pattern, which
  // precede them, are too; the tensors come first and have their types at the end.
  OperationState rest(state.location, state.name);
  SmallVector<OpAsmParser::UnresolvedOperand> patternArguments;
  if (succeeded(parser.parseOptionalKeyword("mask"))) {
    FlatSymbolRefAttr pattern;
    if (parser.parseAttribute(pattern, getPatternAttrName(state.name), rest.attributes) ||
        parser.parseOperandList(patternArguments, OpAsmParser::Delimiter::OptionalParen) ||
        parser.resolveOperands(patternArguments, builder.getIndexType(), rest.operands))
      return failure();
  }
  NumberParser numbers(parser, rest);
  if (numbers.parseOptionalScale(getStaticScaleAttrName(state.name)) ||
      numbers.parseOptional("offset", getStaticOffsetAttrName(state.name)) ||
      numbers.parseOptional("key_offset", getStaticKeyOffsetAttrName(state.name)) ||
      numbers.parseOptional("length", getStaticLengthAttrName(state.name)) ||
      parser.parseOptionalAttrDict(rest.attributes))
    return failure();

  SmallVector<Type> tensorTypes, resultTypes;
  if (parser.parseColonTypeList(tensorTypes) || parser.parseArrow() ||
      parser.parseTypeList(resultTypes) ||
      parser.resolveOperands(tensors, tensorTypes, tensorsLoc, state.operands))
    return failure();
  state.addOperands(rest.operands);
  state.attributes = rest.attributes;
  SmallVector<int32_t> segments = {1, 1, 1, static_cast<int32_t>(patternArguments.size())};
  llvm::append_range(segments, numbers.getSegments());
  state.addAttribute(getOperandSegmentSizesAttrName(state.name),
                     builder.getDenseI32ArrayAttr(segments));
  state.addTypes(resultTypes);
  keepResultNames(parser, state);
  return success();
}

void AttentionOp::print(OpAsmPrinter &printer) {
  printer << ' ' << getQuery() << ", " << getKey() << ", " << getValue();
  if (FlatSymbolRefAttr pattern = getPatternAttr()) {
    printer << " mask " << pattern;
    if (!getPatternArguments().empty())
      printer << '(' << getPatternArguments() << ')';
  }
  printNumber(printer, "scale", getMixedScale());
  printNumber(printer, "offset", getMixedOffset());
  printNumber(printer, "key_offset", getMixedKeyOffset());
  printNumber(printer, "length", getMixedLength());
  printer.printOptionalAttrDict((*this)->getDiscardableAttrDictionary().getValue());
  printer << " : " << getQuery().getType() << ", " << getKey().getType() << ", "
          << getValue().getType() << " -> " << getResultTypes();
}
