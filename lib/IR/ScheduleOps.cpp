//===- ScheduleOps.cpp - which tiles a kernel visits --------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Checks.h"
#include "Syntax.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace mlir::attn;

//===----------------------------------------------------------------------===//
// attn.schedule
//===----------------------------------------------------------------------===//

/// Names of the block arguments that precede the pattern's own, in the order of `Argument`.
static constexpr StringLiteral argumentNames[] = {"t",      "query_length", "key_length",
                                                  "offset", "key_offset",   "length"};

void ScheduleOp::getAsmBlockArgumentNames(Region &region, OpAsmSetValueNameFn setName) {
  auto pattern = SymbolTable::lookupNearestSymbolFrom<PatternOp>(getOperation(), getPatternAttr());
  for (BlockArgument argument : region.getArguments()) {
    unsigned index = argument.getArgNumber();
    if (index < First)
      setName(argument, argumentNames[index]);
    else if (pattern && index - First < pattern.getArgumentNames().size())
      setName(argument, pattern.getArgumentName(index - First));
  }
}

void ScheduleOp::getAsmBlockNames(OpAsmSetBlockNameFn setName) {
  if (!getBody().empty())
    setName(&getBody().front(), "tile");
}

ParseResult ScheduleOp::parse(OpAsmParser &parser, OperationState &state) {
  StringAttr name;
  FlatSymbolRefAttr pattern;
  (void)impl::parseOptionalVisibilityKeyword(parser, state.attributes);
  if (parser.parseSymbolName(name, getSymNameAttrName(state.name), state.attributes) ||
      parser.parseKeyword("of") ||
      parser.parseAttribute(pattern, getPatternAttrName(state.name), state.attributes) ||
      parser.parseKeyword("tile"))
    return failure();

  SmallVector<int64_t> tile;
  auto parseSize = [&] { return parser.parseInteger(tile.emplace_back()); };
  if (parser.parseCommaSeparatedList(OpAsmParser::Delimiter::Square, parseSize) ||
      parser.parseKeyword("merge") || parser.parseLParen())
    return failure();
  state.addAttribute(getTileAttrName(state.name), parser.getBuilder().getDenseI64ArrayAttr(tile));

  SMLoc mergeLoc = parser.getCurrentLocation();
  StringRef word;
  if (parser.parseKeyword(&word))
    return failure();
  std::optional<Merge> merge = symbolizeMerge(word);
  if (!merge)
    return parser.emitError(mergeLoc)
           << "expected 'single', 'ordered' or 'scan', found '" << word << "'";
  state.addAttribute(getMergeAttrName(state.name), MergeAttr::get(parser.getContext(), *merge));
  if (parser.parseRParen())
    return failure();
  if (succeeded(parser.parseOptionalKeyword("transposed")))
    state.addAttribute(getTransposedAttrName(state.name), parser.getBuilder().getUnitAttr());
  return failure(parser.parseOptionalAttrDictWithKeyword(state.attributes) ||
                 parser.parseRegion(*state.addRegion()));
}

void ScheduleOp::print(OpAsmPrinter &printer) {
  if (std::optional<StringRef> visibility = getSymVisibility())
    printer << ' ' << *visibility;
  printer << ' ';
  printer.printSymbolName(getSymName());
  printer << " of " << getPatternAttr() << " tile [" << getTile() << "] merge("
          << stringifyMerge(getMerge()) << ')';
  if (getTransposed())
    printer << " transposed";
  printer.printOptionalAttrDictWithKeyword((*this)->getDiscardableAttrDictionary().getValue());
  printer << ' ';
  printer.printRegion(getBody());
}

/// Whether `op`, of the body of a schedule or of a filter, is arithmetic.
static LogicalResult checkArithmetic(Operation &op) {
  if (isa_and_present<arith::ArithDialect>(op.getDialect()))
    return success();
  return op.emitOpError("found in a schedule, which holds 'attn.visit' and the arithmetic of "
                        "'arith'");
}

LogicalResult ScheduleOp::verify() {
  if (getTile().size() != 2)
    return emitOpError() << "expected 2 tile sizes, [query rows, key columns], found "
                         << getTile().size();
  if (failed(checkSize(*this, "tile", getQueryTile())) ||
      failed(checkSize(*this, "tile", getKeyTile())))
    return failure();
  for (BlockArgument argument : getBody().getArguments())
    if (!argument.getType().isIndex())
      return emitOpError() << "expected block arguments of type 'index', found "
                           << argument.getType() << " at " << argument.getArgNumber();
  return success();
}

LogicalResult ScheduleOp::verifyRegions() {
  VisitOp first;
  for (Operation &op : getBody().front()) {
    auto visit = dyn_cast<VisitOp>(op);
    if (!visit) {
      if (failed(checkArithmetic(op)))
        return failure();
      continue;
    }
    if (first && getMerge() == Merge::Single) {
      InFlightDiagnostic error = visit.emitOpError()
                                 << "found after another in a schedule with merge(single)";
      error.attachNote(first.getLoc()) << "the first 'attn.visit' is here";
      return error;
    }
    first = visit;
  }
  return success();
}

LogicalResult ScheduleOp::verifySymbolUses(SymbolTableCollection &symbols) {
  FailureOr<PatternOp> pattern = lookUpPattern(*this, "'of'", getPatternAttr(), symbols);
  if (failed(pattern))
    return failure();
  size_t required = First + pattern->getArgumentNames().size();
  if (getBody().getNumArguments() == required)
    return success();
  InFlightDiagnostic error = emitOpError()
                             << "expected " << required << " block arguments, " << unsigned(First)
                             << " of the tile and " << required - First << " of '"
                             << getPatternAttr() << "', found " << getBody().getNumArguments();
  noteDeclaration(error, *pattern);
  return error;
}

//===----------------------------------------------------------------------===//
// attn.visit
//===----------------------------------------------------------------------===//

ParseResult VisitOp::parse(OpAsmParser &parser, OperationState &state) {
  OpAsmParser::UnresolvedOperand bounds[4];
  if (parser.parseOperand(bounds[0]) || parser.parseKeyword("to") ||
      parser.parseOperand(bounds[1]) || parser.parseKeyword("full") ||
      parser.parseOperand(bounds[2]) || parser.parseKeyword("to") ||
      parser.parseOperand(bounds[3]) || parser.parseKeyword("band") ||
      parseConstant(parser, state, getBandAttrName(state.name)) ||
      parser.resolveOperands(bounds, parser.getBuilder().getIndexType(), state.operands))
    return failure();
  if (succeeded(parser.parseOptionalKeyword("fallback")))
    state.addAttribute(getFallbackAttrName(state.name), parser.getBuilder().getUnitAttr());
  Region *filter = state.addRegion();
  if (succeeded(parser.parseOptionalKeyword("where"))) {
    SmallVector<OpAsmParser::Argument> tile;
    if (parser.parseArgumentList(tile, OpAsmParser::Delimiter::Paren, /*allowType=*/true) ||
        parser.parseRegion(*filter, tile))
      return failure();
  }
  return parser.parseOptionalAttrDict(state.attributes);
}

void VisitOp::print(OpAsmPrinter &printer) {
  printer << ' ' << getBegin() << " to " << getEnd() << " full " << getFullBegin() << " to "
          << getFullEnd() << " band " << getBand();
  if (getFallback())
    printer << " fallback";
  if (!getFilter().empty()) {
    printer << " where (";
    llvm::interleaveComma(getFilter().getArguments(), printer,
                          [&](BlockArgument argument) { printer.printRegionArgument(argument); });
    printer << ") ";
    printer.printRegion(getFilter(), /*printEntryBlockArgs=*/false);
  }
  printer.printOptionalAttrDict((*this)->getDiscardableAttrDictionary().getValue());
}

void VisitOp::getAsmBlockArgumentNames(Region &region, OpAsmSetValueNameFn setName) {
  for (BlockArgument argument : region.getArguments())
    setName(argument, "u");
}

LogicalResult VisitOp::verify() {
  if (getBand() < 0)
    return emitOpError() << "expected a 'band' of at least 0, found " << getBand();
  if (getFilter().empty())
    return success();
  Block &filter = getFilter().front();
  if (filter.getNumArguments() != 1 || !filter.getArgument(0).getType().isIndex())
    return emitOpError("expected 'where' with one argument, the tile, of type 'index'");
  if (!isa<VisitYieldOp>(filter.back()))
    return emitOpError("expected 'where' to end with 'attn.visit_yield'");
  return success();
}

LogicalResult VisitOp::verifyRegions() {
  if (getFilter().empty())
    return success();
  for (Operation &op : getFilter().front().without_terminator())
    if (failed(checkArithmetic(op)))
      return failure();
  return success();
}
