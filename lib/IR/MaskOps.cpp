//===- MaskOps.cpp - syntax of the mask ops -----------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Syntax.h"
#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace mlir::attn;

/// Ends the text of an op whose numbers are operand groups of their own.
static ParseResult finishNumbers(const NumberParser &numbers, StringAttr segmentsName,
                                 OpAsmParser &parser, OperationState &state) {
  state.addAttribute(segmentsName, parser.getBuilder().getDenseI32ArrayAttr(numbers.getSegments()));
  return finishMask(parser, state);
}

/// Warns of `before` and `after` that leave nothing between them. Only the text is worth a warning:
/// that a pass comes to such an op is no mistake of anyone.
static void warnIfEmpty(OperationState &state, StringAttr beforeName, StringAttr afterName) {
  auto before = dyn_cast_or_null<IntegerAttr>(state.attributes.get(beforeName));
  auto after = dyn_cast_or_null<IntegerAttr>(state.attributes.get(afterName));
  if (!before || !after || before.getValue().sge(-after.getValue()))
    return;
  InFlightDiagnostic warning = mlir::emitWarning(state.location)
                               << "'" << state.name << "' is empty: 'before' " << before.getInt()
                               << " and 'after' " << after.getInt() << " leave no key between them";
  warning.attachNote()
      << "the distance on the other side of the query is negative: 'before 10 after "
         "-1' is the 10 positions before it";
}

//===----------------------------------------------------------------------===//
// attn.all, attn.causal
//===----------------------------------------------------------------------===//

ParseResult AllOp::parse(OpAsmParser &parser, OperationState &state) {
  return finishMask(parser, state);
}

void AllOp::print(OpAsmPrinter &printer) { printer.printOptionalAttrDict((*this)->getAttrs()); }

ParseResult CausalOp::parse(OpAsmParser &parser, OperationState &state) {
  return finishMask(parser, state);
}

void CausalOp::print(OpAsmPrinter &printer) { printer.printOptionalAttrDict((*this)->getAttrs()); }

//===----------------------------------------------------------------------===//
// attn.window
//===----------------------------------------------------------------------===//

OpFoldResult WindowOp::getMixedBefore() {
  return getMixed(getDynamicBefore(), getStaticBeforeAttr());
}

OpFoldResult WindowOp::getMixedAfter() { return getMixed(getDynamicAfter(), getStaticAfterAttr()); }

ParseResult WindowOp::parse(OpAsmParser &parser, OperationState &state) {
  NumberParser numbers(parser, state);
  if (numbers.parse("before", getStaticBeforeAttrName(state.name)) ||
      numbers.parse("after", getStaticAfterAttrName(state.name)))
    return failure();
  if (succeeded(parser.parseOptionalKeyword("dilation")) &&
      parseConstant(parser, state, getDilationAttrName(state.name)))
    return failure();
  warnIfEmpty(state, getStaticBeforeAttrName(state.name), getStaticAfterAttrName(state.name));
  return finishNumbers(numbers, getOperandSegmentSizesAttrName(state.name), parser, state);
}

void WindowOp::print(OpAsmPrinter &printer) {
  printNumber(printer, "before", getMixedBefore());
  printNumber(printer, "after", getMixedAfter());
  if (getDilation() != 1)
    printer << " dilation " << getDilation();
  printer.printOptionalAttrDict((*this)->getDiscardableAttrDictionary().getValue());
}

//===----------------------------------------------------------------------===//
// attn.keys, attn.queries
//===----------------------------------------------------------------------===//

/// `BEGIN to END`.
template <typename RangeOp>
static ParseResult parseRange(OpAsmParser &parser, OperationState &state) {
  NumberParser numbers(parser, state);
  if (numbers.parse(RangeOp::getStaticBeginAttrName(state.name)) ||
      numbers.parse("to", RangeOp::getStaticEndAttrName(state.name)))
    return failure();
  return finishNumbers(numbers, RangeOp::getOperandSegmentSizesAttrName(state.name), parser, state);
}

template <typename RangeOp>
static void printRange(RangeOp op, OpAsmPrinter &printer) {
  printNumber(printer, "", op.getMixedBegin());
  printNumber(printer, "to", op.getMixedEnd());
  printer.printOptionalAttrDict(op->getDiscardableAttrDictionary().getValue());
}

OpFoldResult KeysOp::getMixedBegin() { return getMixed(getDynamicBegin(), getStaticBeginAttr()); }

OpFoldResult KeysOp::getMixedEnd() { return getMixed(getDynamicEnd(), getStaticEndAttr()); }

ParseResult KeysOp::parse(OpAsmParser &parser, OperationState &state) {
  return parseRange<KeysOp>(parser, state);
}

void KeysOp::print(OpAsmPrinter &printer) { printRange(*this, printer); }

OpFoldResult QueriesOp::getMixedBegin() {
  return getMixed(getDynamicBegin(), getStaticBeginAttr());
}

OpFoldResult QueriesOp::getMixedEnd() { return getMixed(getDynamicEnd(), getStaticEndAttr()); }

ParseResult QueriesOp::parse(OpAsmParser &parser, OperationState &state) {
  return parseRange<QueriesOp>(parser, state);
}

void QueriesOp::print(OpAsmPrinter &printer) { printRange(*this, printer); }

//===----------------------------------------------------------------------===//
// attn.block, attn.chunk, attn.prefix
//===----------------------------------------------------------------------===//

/// `number`, or the literal 0 if it is absent.
static OpFoldResult zeroIfAbsent(OpFoldResult number, MLIRContext *context) {
  return number ? number : OpFoldResult(IntegerAttr::get(IntegerType::get(context, 64), 0));
}

OpFoldResult BlockOp::getMixedShift() {
  return zeroIfAbsent(getMixed(getDynamicShift(), getStaticShiftAttr()), getContext());
}

OpFoldResult BlockOp::getMixedBefore() {
  return zeroIfAbsent(getMixed(getDynamicBefore(), getStaticBeforeAttr()), getContext());
}

OpFoldResult BlockOp::getMixedAfter() {
  return zeroIfAbsent(getMixed(getDynamicAfter(), getStaticAfterAttr()), getContext());
}

ParseResult BlockOp::parse(OpAsmParser &parser, OperationState &state) {
  NumberParser numbers(parser, state);
  if (parseConstant(parser, state, getSizeAttrName(state.name)) ||
      numbers.parseOptional("shift", getStaticShiftAttrName(state.name)) ||
      numbers.parseOptional("before", getStaticBeforeAttrName(state.name)) ||
      numbers.parseOptional("after", getStaticAfterAttrName(state.name)))
    return failure();
  warnIfEmpty(state, getStaticBeforeAttrName(state.name), getStaticAfterAttrName(state.name));
  return finishNumbers(numbers, getOperandSegmentSizesAttrName(state.name), parser, state);
}

void BlockOp::print(OpAsmPrinter &printer) {
  printer << ' ' << getSize();
  printNumber(printer, "shift", getMixed(getDynamicShift(), getStaticShiftAttr()));
  printNumber(printer, "before", getMixed(getDynamicBefore(), getStaticBeforeAttr()));
  printNumber(printer, "after", getMixed(getDynamicAfter(), getStaticAfterAttr()));
  printer.printOptionalAttrDict((*this)->getDiscardableAttrDictionary().getValue());
}

ParseResult ChunkOp::parse(OpAsmParser &parser, OperationState &state) {
  return failure(parseConstant(parser, state, getSizeAttrName(state.name)) ||
                 finishMask(parser, state));
}

void ChunkOp::print(OpAsmPrinter &printer) {
  printer << ' ' << getSize();
  printer.printOptionalAttrDict((*this)->getDiscardableAttrDictionary().getValue());
}

OpFoldResult PrefixOp::getMixedLength() {
  return getMixed(getDynamicLength(), getStaticLengthAttr());
}

ParseResult PrefixOp::parse(OpAsmParser &parser, OperationState &state) {
  NumberParser numbers(parser, state);
  return failure(numbers.parse(getStaticLengthAttrName(state.name)) || finishMask(parser, state));
}

void PrefixOp::print(OpAsmPrinter &printer) {
  printNumber(printer, "", getMixedLength());
  printer.printOptionalAttrDict((*this)->getDiscardableAttrDictionary().getValue());
}

//===----------------------------------------------------------------------===//
// Combinators
//===----------------------------------------------------------------------===//

/// `%a, %b, ...`.
static ParseResult parseMasks(OpAsmParser &parser, OperationState &state, int count = -1) {
  SmallVector<OpAsmParser::UnresolvedOperand> masks;
  if (parser.parseOperandList(masks, OpAsmParser::Delimiter::None, /*allowResultNumber=*/true,
                              count) ||
      parser.resolveOperands(masks, MaskType::get(parser.getContext()), state.operands))
    return failure();
  return finishMask(parser, state);
}

static void printMasks(Operation *op, OpAsmPrinter &printer) {
  printer << ' ';
  printer.printOperands(op->getOperands());
  printer.printOptionalAttrDict(op->getAttrs());
}

ParseResult IntersectOp::parse(OpAsmParser &parser, OperationState &state) {
  return parseMasks(parser, state);
}

void IntersectOp::print(OpAsmPrinter &printer) { printMasks(*this, printer); }

ParseResult UnionOp::parse(OpAsmParser &parser, OperationState &state) {
  return parseMasks(parser, state);
}

void UnionOp::print(OpAsmPrinter &printer) { printMasks(*this, printer); }

ParseResult DifferenceOp::parse(OpAsmParser &parser, OperationState &state) {
  return parseMasks(parser, state, 2);
}

void DifferenceOp::print(OpAsmPrinter &printer) { printMasks(*this, printer); }

ParseResult ComplementOp::parse(OpAsmParser &parser, OperationState &state) {
  return parseMasks(parser, state, 1);
}

void ComplementOp::print(OpAsmPrinter &printer) { printMasks(*this, printer); }
