//===- PatternOps.cpp - patterns and claims about them ------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Syntax.h"
#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace mlir::attn;

//===----------------------------------------------------------------------===//
// attn.pattern
//===----------------------------------------------------------------------===//

Value PatternOp::getMask() { return cast<YieldOp>(getBody().front().getTerminator()).getMask(); }

StringRef PatternOp::getArgumentName(unsigned index) {
  return cast<StringAttr>(getArgumentNames()[index]).getValue();
}

void PatternOp::getAsmBlockArgumentNames(Region &region, OpAsmSetValueNameFn setName) {
  if (region.empty() || region.getNumArguments() != getArgumentNames().size())
    return;
  for (auto [argument, name] :
       llvm::zip_equal(region.getArguments(), getArgumentNames().getAsRange<StringAttr>()))
    setName(argument, name);
}

ParseResult PatternOp::parse(OpAsmParser &parser, OperationState &state) {
  StringAttr name;
  SmallVector<OpAsmParser::Argument> arguments;
  (void)impl::parseOptionalVisibilityKeyword(parser, state.attributes);
  if (parser.parseSymbolName(name, getSymNameAttrName(state.name), state.attributes) ||
      parser.parseArgumentList(arguments, OpAsmParser::Delimiter::OptionalParen,
                               /*allowType=*/true))
    return failure();
  SmallVector<StringRef> argumentNames;
  for (const OpAsmParser::Argument &argument : arguments)
    argumentNames.push_back(argument.ssaName.name.drop_front()); // the `%`
  state.addAttribute(getArgumentNamesAttrName(state.name),
                     parser.getBuilder().getStrArrayAttr(argumentNames));
  return failure(parser.parseOptionalAttrDictWithKeyword(state.attributes) ||
                 parser.parseRegion(*state.addRegion(), arguments));
}

void PatternOp::print(OpAsmPrinter &printer) {
  if (std::optional<StringRef> visibility = getSymVisibility())
    printer << ' ' << *visibility;
  printer << ' ';
  printer.printSymbolName(getSymName());
  if (getBody().getNumArguments() != 0) {
    printer << '(';
    llvm::interleaveComma(getBody().getArguments(), printer,
                          [&](BlockArgument argument) { printer.printRegionArgument(argument); });
    printer << ')';
  }
  printer.printOptionalAttrDictWithKeyword((*this)->getDiscardableAttrDictionary().getValue());
  printer << ' ';
  printer.printRegion(getBody(), /*printEntryBlockArgs=*/false);
}

//===----------------------------------------------------------------------===//
// attn.length
//===----------------------------------------------------------------------===//

ParseResult LengthOp::parse(OpAsmParser &parser, OperationState &state) {
  if (parser.parseOptionalAttrDict(state.attributes))
    return failure();
  state.addTypes(parser.getBuilder().getIndexType());
  keepResultNames(parser, state);
  return success();
}

void LengthOp::print(OpAsmPrinter &printer) { printer.printOptionalAttrDict((*this)->getAttrs()); }
