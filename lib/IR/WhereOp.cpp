//===- WhereOp.cpp - masks given by an integer set ----------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Syntax.h"
#include "mlir/IR/Builders.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;
using namespace mlir::attn;

//===----------------------------------------------------------------------===//
// Syntax
//===----------------------------------------------------------------------===//

static bool isWordStart(char c) { return llvm::isAlpha(c) || c == '_'; }
static bool isWordPart(char c) { return llvm::isAlnum(c) || c == '_'; }

/// A name for each symbol of the set: that of its operand, where it can stand inside an affine set.
static SmallVector<std::string> nameSymbols(WhereOp op, OpAsmPrinter &printer) {
  // Words that mean something else between the parentheses.
  llvm::StringSet<> taken{"q", "k", "mod", "floordiv", "ceildiv", "symbol"};
  SmallVector<std::string> names;
  for (auto [i, operand] : llvm::enumerate(op.getSymbols())) {
    std::string name;
    llvm::raw_string_ostream stream(name);
    printer.printOperand(operand, stream);
    name.erase(0, 1); // the `%`
    if (name.empty() || !isWordStart(name.front()) || !llvm::all_of(name, isWordPart))
      name = "s" + std::to_string(i);
    while (!taken.insert(name).second)
      name += '_';
    names.push_back(name);
  }
  return names;
}

ParseResult WhereOp::parse(OpAsmParser &parser, OperationState &state) {
  IntegerSetAttr set;
  SmallVector<OpAsmParser::UnresolvedOperand> symbols;
  if (parser.parseAttribute(set, getSetAttrName(state.name), state.attributes) ||
      parser.parseOperandList(symbols, OpAsmParser::Delimiter::OptionalSquare) ||
      parser.resolveOperands(symbols, parser.getBuilder().getIndexType(), state.operands))
    return failure();
  return finishMask(parser, state);
}

void WhereOp::print(OpAsmPrinter &printer) {
  // The builtin form of a set calls its variables d0, d1, s0, ...; only words need renaming.
  SmallVector<std::string> names = nameSymbols(*this, printer);
  std::string text;
  llvm::raw_string_ostream stream(text);
  getSet().print(stream);
  printer << " affine_set<";
  for (size_t i = 0; i < text.size();) {
    if (!isWordStart(text[i])) {
      printer << text[i++];
      continue;
    }
    StringRef word = StringRef(text).substr(i).take_while(isWordPart);
    i += word.size();
    unsigned number;
    if (word == "d0")
      printer << 'q';
    else if (word == "d1")
      printer << 'k';
    else if (word.front() == 's' && !word.drop_front().getAsInteger(10, number))
      printer << names[number];
    else
      printer << word;
  }
  printer << '>';
  if (!getSymbols().empty())
    printer << '[' << getSymbols() << ']';
  printer.printOptionalAttrDict((*this)->getDiscardableAttrDictionary().getValue());
}
