//===- PatternOps.cpp - patterns and claims about them ------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Checks.h"
#include "Syntax.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Builders.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"

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

/// Argument names become names of C and Python parameters.
static bool isIdentifier(StringRef name) {
  return !name.empty() && !llvm::isDigit(name.front()) &&
         llvm::all_of(name, [](char c) { return llvm::isAlnum(c) || c == '_'; });
}

LogicalResult PatternOp::verify() {
  Block &body = getBody().front();
  if (getArgumentNames().size() != body.getNumArguments())
    return emitOpError() << "expected " << body.getNumArguments() << " argument names, found "
                         << getArgumentNames().size();
  llvm::StringSet<> taken;
  for (BlockArgument argument : body.getArguments()) {
    StringRef name = getArgumentName(argument.getArgNumber());
    if (!isIdentifier(name))
      return emitOpError() << "expected arguments named by letters, digits and '_', found '%"
                           << name << "'";
    if (!taken.insert(name).second)
      return emitOpError() << "expected arguments of different names, found '%" << name
                           << "' twice";
    if (!argument.getType().isIndex())
      return emitOpError() << "expected argument '%" << name << "' of type 'index', found "
                           << argument.getType();
  }
  if (!isa<YieldOp>(body.back()))
    return emitOpError("expected a body that ends with 'attn.yield'");
  return success();
}

LogicalResult PatternOp::verifyRegions() {
  for (Operation &op : getBody().front()) {
    if (isa<AttnDialect>(op.getDialect()) && op.getParentOp() == *this)
      continue; // whether it belongs here is its own trait
    auto constant = dyn_cast<arith::ConstantIndexOp>(op);
    if (!constant) {
      InFlightDiagnostic error = op.emitOpError()
                                 << "found in '@" << getSymName()
                                 << "': a pattern holds mask ops, 'attn.length' and "
                                    "'arith.constant' of type 'index'";
      error.attachNote(getLoc()) << "compute it outside, and make it an argument of this pattern";
      return error;
    }
    if (constant.value() < -kMaxNumber || constant.value() > kMaxNumber)
      return op.emitOpError() << "expected a number of a pattern from " << -kMaxNumber << " to "
                              << kMaxNumber << ", found " << constant.value();
  }
  return success();
}

//===----------------------------------------------------------------------===//
// attn.assert
//===----------------------------------------------------------------------===//

LogicalResult AssertOp::verify() {
  bool compares = getClaim() == Claim::Within || getClaim() == Claim::Equals;
  if (compares && !getOther())
    return emitOpError() << "expected a second pattern after '" << stringifyClaim(getClaim())
                         << "', found none";
  if (!compares && getOther())
    return emitOpError() << "expected one pattern for '" << stringifyClaim(getClaim())
                         << "', found '" << getOtherAttr() << "' too";
  return success();
}

LogicalResult AssertOp::verifySymbolUses(SymbolTableCollection &symbols) {
  if (failed(lookUpPattern(*this, "the subject", getPatternAttr(), symbols)))
    return failure();
  if (getOther())
    return lookUpPattern(*this, "what it is compared with", getOtherAttr(), symbols);
  return success();
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
