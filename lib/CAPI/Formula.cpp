//===- Formula.cpp - a pattern as a formula ----------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Formula.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/AffineExpr.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::attn;

namespace {

/// How tightly a text binds, loosest first; a part that binds more loosely than its place needs
/// parentheses.
enum class Binding { Or, And, Not, Comparison, Sum, Product, Atom };

struct Text {
  std::string text;
  Binding binding;

  std::string in(Binding place) const { return binding < place ? "(" + text + ")" : text; }
};

class Printer {
public:
  explicit Printer(PatternOp pattern) : pattern(pattern) {
    for (auto name : pattern.getArgumentNames().getAsRange<StringAttr>())
      arguments.push_back(name.getValue());
    length = llvm::is_contained(arguments, "n") ? "length" : "n";
  }

  Text print(Value mask) {
    auto found = masks.find(mask);
    if (found != masks.end())
      return found->second;
    Text text = printMask(mask.getDefiningOp());
    if (text.text.size() > kLimit) // a mask used often in masks used often grows without end
      text = {"...", Binding::Atom};
    masks[mask] = text;
    return text;
  }

private:
  static constexpr size_t kLimit = 1000;

  Text printMask(Operation *op) {
    return TypeSwitch<Operation *, Text>(op)
        .Case([&](AllOp) { return Text{"True", Binding::Atom}; })
        .Case([&](CausalOp) { return compare("k <= q"); })
        .Case([&](WindowOp window) { return printWindow(window); })
        .Case(
            [&](KeysOp keys) { return printRange("k", keys.getMixedBegin(), keys.getMixedEnd()); })
        .Case([&](QueriesOp queries) {
          return printRange("q", queries.getMixedBegin(), queries.getMixedEnd());
        })
        .Case([&](BlockOp block) { return printBlock(block); })
        .Case([&](ChunkOp chunk) {
          const std::string size = std::to_string(chunk.getSize());
          return Text{"k <= q and k // " + size + " == q // " + size, Binding::And};
        })
        .Case([&](PrefixOp prefix) {
          return Text{"k <= q or k < " + number(prefix.getMixedLength()).in(Binding::Sum),
                      Binding::Or};
        })
        .Case([&](WhereOp where) { return printWhere(where); })
        .Case([&](IntersectOp op) { return join(op.getMasks(), " and ", Binding::And, "True"); })
        .Case([&](UnionOp op) { return join(op.getMasks(), " or ", Binding::Or, "False"); })
        .Case([&](DifferenceOp op) {
          return Text{print(op.getLhs()).in(Binding::And) + " and not " +
                          print(op.getRhs()).in(Binding::Comparison),
                      Binding::And};
        })
        .Case([&](ComplementOp op) {
          return Text{"not " + print(op.getInput()).in(Binding::Comparison), Binding::Not};
        })
        .Default([](Operation *) { return Text{"...", Binding::Atom}; });
  }

  static Text compare(const Twine &text) { return {text.str(), Binding::Comparison}; }

  Text join(ValueRange parts, StringRef separator, Binding binding, StringRef none) {
    if (parts.empty())
      return {none.str(), Binding::Atom};
    if (parts.size() == 1)
      return print(parts.front());
    std::string text;
    for (Value part : parts)
      text += (text.empty() ? "" : separator.str()) + print(part).in(binding);
    return {text, binding};
  }

  Text printRange(StringRef what, OpFoldResult begin, OpFoldResult end) {
    return compare(number(begin).in(Binding::Sum) + " <= " + what + " < " +
                   number(end).in(Binding::Sum));
  }

  Text printWindow(WindowOp window) {
    const int64_t dilation = window.getDilation();
    const auto reach = [&](OpFoldResult taps) -> std::string {
      if (std::optional<int64_t> value = getConstantIntValue(taps))
        return std::to_string(*value * dilation);
      const std::string text = number(taps).in(Binding::Product);
      return dilation == 1 ? text : std::to_string(dilation) + " * " + text;
    };
    const std::string before = reach(window.getMixedBefore()),
                      after = reach(window.getMixedAfter());
    std::string text;
    if (before == after)
      text = "abs(q - k) <= " + before;
    else if (after == "0")
      text = "0 <= q - k <= " + before;
    else if (before == "0")
      text = "0 <= k - q <= " + after;
    else
      text = (StringRef(before).starts_with("-") ? "q + " + before.substr(1) : "q - " + before) +
             " <= k <= " +
             (StringRef(after).starts_with("-") ? "q - " + after.substr(1) : "q + " + after);
    if (dilation == 1)
      return compare(text);
    return {text + " and (q - k) % " + std::to_string(dilation) + " == 0", Binding::And};
  }

  Text printBlock(BlockOp block) {
    const std::string shift = number(block.getMixedShift()).in(Binding::Product);
    const auto blockOf = [&](StringRef position) {
      return (shift == "0" ? position.str() : "(" + position.str() + " - " + shift + ")") + " // " +
             std::to_string(block.getSize());
    };
    const std::string before = number(block.getMixedBefore()).in(Binding::Sum);
    const std::string after = number(block.getMixedAfter()).in(Binding::Sum);
    if (before == "0" && after == "0")
      return compare(blockOf("q") + " == " + blockOf("k"));
    const std::string distance = blockOf("q") + " - " + blockOf("k");
    if (before == after)
      return compare("abs(" + distance + ") <= " + before);
    return compare((after == "0" ? after : "-" + number(block.getMixedAfter()).in(Binding::Atom)) +
                   " <= " + distance + " <= " + before);
  }

  Text printWhere(WhereOp where) {
    const IntegerSet set = where.getSet();
    std::vector<std::string> parts;
    for (unsigned i = 0, e = set.getNumConstraints(); i != e; ++i)
      parts.push_back(printExpr(set.getConstraint(i), where).in(Binding::Sum) +
                      (set.isEq(i) ? " == 0" : " >= 0"));
    if (parts.empty())
      return {"True", Binding::Atom};
    return {llvm::join(parts, " and "), parts.size() == 1 ? Binding::Comparison : Binding::And};
  }

  /// An affine expression; the dimensions are q and k.
  Text printExpr(AffineExpr expr, WhereOp where) {
    if (auto constant = dyn_cast<AffineConstantExpr>(expr))
      return integer(constant.getValue());
    if (auto dimension = dyn_cast<AffineDimExpr>(expr))
      return {dimension.getPosition() == 0 ? "q" : "k", Binding::Atom};
    if (auto symbol = dyn_cast<AffineSymbolExpr>(expr))
      return number(OpFoldResult(where.getSymbols()[symbol.getPosition()]));
    auto binary = cast<AffineBinaryOpExpr>(expr);
    const Text lhs = printExpr(binary.getLHS(), where), rhs = printExpr(binary.getRHS(), where);
    switch (expr.getKind()) {
    case AffineExprKind::Add:
      return printSum(lhs, binary.getRHS(), where);
    case AffineExprKind::Mul:
      return {lhs.in(Binding::Product) + " * " + rhs.in(Binding::Atom), Binding::Product};
    case AffineExprKind::Mod:
      return {lhs.in(Binding::Product) + " % " + rhs.in(Binding::Atom), Binding::Product};
    case AffineExprKind::FloorDiv:
      return {lhs.in(Binding::Product) + " // " + rhs.in(Binding::Atom), Binding::Product};
    case AffineExprKind::CeilDiv:
      return {"-(-" + lhs.in(Binding::Atom) + " // " + rhs.in(Binding::Atom) + ")", Binding::Atom};
    default:
      llvm_unreachable("an affine expression is a sum, a product or a division");
    }
  }

  /// MLIR has no subtraction: a - b is a + b * -1.
  Text printSum(const Text &lhs, AffineExpr rhs, WhereOp where) {
    auto constant = dyn_cast<AffineConstantExpr>(rhs);
    if (constant && constant.getValue() < 0)
      return {lhs.text + " - " + std::to_string(-constant.getValue()), Binding::Sum};
    auto product = dyn_cast<AffineBinaryOpExpr>(rhs);
    if (product && product.getKind() == AffineExprKind::Mul)
      if (auto factor = dyn_cast<AffineConstantExpr>(product.getRHS());
          factor && factor.getValue() < 0) {
        const AffineExpr positive = product.getLHS() * -factor.getValue();
        return {lhs.text + " - " + printExpr(positive, where).in(Binding::Product), Binding::Sum};
      }
    return {lhs.text + " + " + printExpr(rhs, where).in(Binding::Sum), Binding::Sum};
  }

  static Text integer(int64_t value) {
    return {std::to_string(value), value < 0 ? Binding::Product : Binding::Atom};
  }

  /// A literal, an argument, the length, or a constant.
  Text number(OpFoldResult value) {
    if (std::optional<int64_t> constant = getConstantIntValue(value))
      return integer(*constant);
    auto argument = dyn_cast<BlockArgument>(cast<Value>(value));
    if (!argument)
      return {length.str(), Binding::Atom};
    StringRef name = arguments[argument.getArgNumber()];
    // The positions have these names.
    return {name == "q" || name == "k" ? name.str() + "_" : name.str(), Binding::Atom};
  }

  PatternOp pattern;
  llvm::SmallVector<StringRef> arguments;
  StringRef length;
  llvm::DenseMap<Value, Text> masks;
};

} // namespace

std::string capi::formulaOf(PatternOp pattern) {
  return Printer(pattern).print(pattern.getMask()).text;
}
