//===- WhereOp.cpp - masks given by an integer set ----------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Syntax.h"
#include "mlir/IR/AffineExpr.h"
#include "mlir/IR/Builders.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::attn;

//===----------------------------------------------------------------------===//
// Verification
//===----------------------------------------------------------------------===//

namespace {
/// Bounds the magnitude of an affine expression and of its parts, where dimensions and symbols are
/// within
/// +-kMaxNumber. The code that evaluates a set then needs no check for overflow.
class Magnitude {
public:
  explicit Magnitude(Operation *op) : op(op) {}

  /// The bound, or an error at the op: divisors must be positive literals, products need a literal,
  /// and no part may leave 62 bits.
  FailureOr<int64_t> bound(AffineExpr expr);

private:
  FailureOr<int64_t> boundDivision(AffineBinaryOpExpr expr);
  InFlightDiagnostic tooLarge() {
    return op->emitOpError(
               "expected values of at most 62 bits, found an expression that can exceed "
               "them where positions reach ")
           << kMaxNumber;
  }

  static constexpr int64_t limit = int64_t(1) << 62;
  Operation *op;
};
} // namespace

FailureOr<int64_t> Magnitude::bound(AffineExpr expr) {
  if (auto constant = dyn_cast<AffineConstantExpr>(expr)) {
    int64_t value = constant.getValue();
    if (value < -limit || value > limit)
      return tooLarge();
    return std::abs(value);
  }
  auto binary = dyn_cast<AffineBinaryOpExpr>(expr);
  if (!binary) // a dimension or a symbol
    return kMaxNumber;
  if (binary.getKind() != AffineExprKind::Add && binary.getKind() != AffineExprKind::Mul)
    return boundDivision(binary);

  FailureOr<int64_t> lhs = bound(binary.getLHS());
  FailureOr<int64_t> rhs = failed(lhs) ? lhs : bound(binary.getRHS());
  if (failed(rhs))
    return failure();
  int64_t result;
  bool overflow;
  if (binary.getKind() == AffineExprKind::Add) {
    overflow = llvm::AddOverflow(*lhs, *rhs, result);
  } else {
    if (!isa<AffineConstantExpr>(binary.getLHS()) && !isa<AffineConstantExpr>(binary.getRHS()))
      return op->emitOpError("expected products with a literal, found a product of two variables");
    overflow = llvm::MulOverflow(*lhs, *rhs, result);
  }
  if (overflow || result > limit)
    return tooLarge();
  return result;
}

FailureOr<int64_t> Magnitude::boundDivision(AffineBinaryOpExpr expr) {
  StringRef name = expr.getKind() == AffineExprKind::Mod        ? "mod"
                   : expr.getKind() == AffineExprKind::FloorDiv ? "floordiv"
                                                                : "ceildiv";
  auto divisor = dyn_cast<AffineConstantExpr>(expr.getRHS());
  if (!divisor)
    return op->emitOpError() << "expected '" << name << "' by a positive literal, found a variable";
  if (divisor.getValue() <= 0)
    return op->emitOpError() << "expected '" << name << "' by a positive literal, found "
                             << divisor.getValue();
  FailureOr<int64_t> dividend = bound(expr.getLHS());
  if (failed(dividend))
    return failure();
  // Rounding adds up to a divisor to the dividend.
  if (divisor.getValue() > limit - *dividend)
    return tooLarge();
  if (expr.getKind() == AffineExprKind::Mod)
    return divisor.getValue() - 1;
  // Rounding towards minus infinity, or up, can reach one more than the magnitude's quotient.
  return *dividend / divisor.getValue() + 1;
}

LogicalResult WhereOp::verify() {
  IntegerSet set = getSet();
  if (set.getNumDims() != 2)
    return emitOpError() << "expected a set of 2 dimensions (q, k), found " << set.getNumDims();
  if (set.getNumSymbols() != getSymbols().size())
    return emitOpError() << "expected " << set.getNumSymbols() << " operands for the symbols of "
                         << "the set, found " << getSymbols().size();
  Magnitude magnitude(*this);
  for (AffineExpr constraint : set.getConstraints())
    if (failed(magnitude.bound(constraint)))
      return failure();
  return success();
}

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
