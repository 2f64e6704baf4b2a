//===- ScheduleOps.cpp - which tiles a kernel visits --------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Syntax.h"
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
