//===- AttentionOp.cpp - the attention op -------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Checks.h"
#include "Syntax.h"
#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace mlir::attn;

//===----------------------------------------------------------------------===//
// Syntax
//===----------------------------------------------------------------------===//

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

//===----------------------------------------------------------------------===//
// Verification
//===----------------------------------------------------------------------===//

namespace {
/// A tensor of the op and its word in the text.
struct NamedTensor {
  StringRef name;
  TypedValue<RankedTensorType> value;

  RankedTensorType getType() const { return value.getType(); }
  int64_t getSize(unsigned dimension) const { return getType().getDimSize(dimension); }
};

/// Checks the tensors of one attention op, each rule with its own words.
class TensorChecks {
public:
  explicit TensorChecks(AttentionOp op) : op(op) {}

  LogicalResult expectRank(const NamedTensor &tensor, int64_t rank, StringRef dimensions) {
    if (tensor.getType().getRank() == rank)
      return success();
    return op.emitOpError() << "expected '" << tensor.name << "' of rank " << rank << ", "
                            << dimensions << ", found rank " << tensor.getType().getRank();
  }

  LogicalResult expectElement(const NamedTensor &tensor, const NamedTensor &reference) {
    Type found = tensor.getType().getElementType();
    Type required = reference.getType().getElementType();
    if (found == required)
      return success();
    InFlightDiagnostic error = op.emitOpError()
                               << "expected '" << tensor.name << "' of " << required << ", as '"
                               << reference.name << "', found " << found;
    return noteBoth(error, tensor, reference);
  }

  /// `size` is the word for what both dimensions count.
  LogicalResult expectSize(StringRef size, const NamedTensor &tensor, unsigned dimension,
                           const NamedTensor &reference, unsigned referenceDimension) {
    int64_t found = tensor.getSize(dimension);
    int64_t required = reference.getSize(referenceDimension);
    if (found == required || ShapedType::isDynamic(found) || ShapedType::isDynamic(required))
      return success();
    InFlightDiagnostic error = op.emitOpError() << "expected '" << tensor.name << "' " << size
                                                << ' ' << found << " to match '" << reference.name
                                                << "' " << size << ' ' << required;
    return noteBoth(error, tensor, reference);
  }

  LogicalResult expectGroups(const NamedTensor &query, const NamedTensor &key) {
    int64_t queryHeads = query.getSize(1), keyHeads = key.getSize(1);
    if (ShapedType::isDynamic(queryHeads) || ShapedType::isDynamic(keyHeads) ||
        (keyHeads != 0 ? queryHeads % keyHeads == 0 : queryHeads == 0))
      return success();
    InFlightDiagnostic error = op.emitOpError()
                               << "expected 'query' heads to be a multiple of 'key' heads, found "
                               << queryHeads << " and " << keyHeads;
    return noteBoth(error, query, key);
  }

private:
  /// Where the two come from; a result of the op is where the error is.
  LogicalResult noteBoth(InFlightDiagnostic &error, const NamedTensor &a, const NamedTensor &b) {
    for (const NamedTensor *tensor : {&a, &b})
      if (tensor->value.getDefiningOp() != op)
        error.attachNote(tensor->value.getLoc())
            << "'" << tensor->name << "' is " << tensor->getType();
    return error;
  }

  AttentionOp op;
};
} // namespace

LogicalResult AttentionOp::verify() {
  NamedTensor query{"query", getQuery()}, key{"key", getKey()}, value{"value", getValue()};
  NamedTensor output{"output", getOutput()}, lse{"lse", getLse()};
  TensorChecks checks(*this);

  for (const NamedTensor &tensor : {query, key, value, output})
    if (failed(checks.expectRank(tensor, 4, "[batch, heads, rows, features]")))
      return failure();
  if (failed(checks.expectRank(lse, 3, "[batch, heads, rows]")))
    return failure();

  if (!isa<FloatType>(query.getType().getElementType()))
    return emitOpError() << "expected 'query' of floating-point numbers, found "
                         << query.getType().getElementType();
  for (const NamedTensor &tensor : {key, value, output})
    if (failed(checks.expectElement(tensor, query)))
      return failure();
  if (!lse.getType().getElementType().isF32())
    return emitOpError() << "expected 'lse' of 'f32', found " << lse.getType().getElementType();

  for (const NamedTensor &tensor : {key, value, output, lse})
    if (failed(checks.expectSize("batch size", tensor, 0, query, 0)))
      return failure();
  if (failed(checks.expectGroups(query, key)) ||
      failed(checks.expectSize("head count", value, 1, key, 1)) ||
      failed(checks.expectSize("head count", output, 1, query, 1)) ||
      failed(checks.expectSize("head count", lse, 1, query, 1)) ||
      failed(checks.expectSize("row count", value, 2, key, 2)) ||
      failed(checks.expectSize("row count", output, 2, query, 2)) ||
      failed(checks.expectSize("row count", lse, 2, query, 2)) ||
      failed(checks.expectSize("feature size", key, 3, query, 3)) ||
      failed(checks.expectSize("feature size", output, 3, value, 3)))
    return failure();

  if (!getPattern() && !getPatternArguments().empty())
    return emitOpError() << "expected 'mask' for " << getPatternArguments().size()
                         << " pattern arguments, found none";
  if (failed(checkOptionalNumber(*this, "scale", getDynamicScale(), getStaticScaleAttr())) ||
      failed(checkOptionalNumber(*this, "offset", getDynamicOffset(), getStaticOffsetAttr(),
                                 kMaxPosition)) ||
      failed(checkOptionalNumber(*this, "key_offset", getDynamicKeyOffset(),
                                 getStaticKeyOffsetAttr(), kMaxPosition)))
    return failure();
  return checkOptionalNumber(*this, "length", getDynamicLength(), getStaticLengthAttr(),
                             kMaxPosition);
}

LogicalResult AttentionOp::verifySymbolUses(SymbolTableCollection &symbols) {
  if (!getPattern())
    return success();
  FailureOr<PatternOp> pattern = lookUpPattern(*this, "'mask'", getPatternAttr(), symbols);
  if (failed(pattern))
    return failure();
  size_t required = pattern->getArgumentNames().size();
  if (getPatternArguments().size() == required)
    return success();
  InFlightDiagnostic error = emitOpError()
                             << "expected " << required << " arguments for '" << getPatternAttr()
                             << "', found " << getPatternArguments().size();
  noteDeclaration(error, *pattern);
  return error;
}
