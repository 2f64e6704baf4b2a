//===- Predicate.cpp - which keys a query sees, by definition --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Interprets the body of a pattern for one query position and a range of key positions. Each mask
// op is one line, the set of its description in the dialect.
//
//===----------------------------------------------------------------------===//

#include "attn/Reference/Reference.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::attn;
using llvm::divideFloorSigned;
using llvm::mod;

namespace {

/// One row of a mask: element i tells whether the query sees key keyBegin + i.
using Row = std::vector<bool>;

/// The rows of a pattern's masks at one query position.
class Interpreter {
public:
  Interpreter(PatternOp pattern, ArrayRef<int64_t> arguments, int64_t length, int64_t q,
              int64_t keyBegin, int64_t keyEnd)
      : pattern(pattern), arguments(arguments), length(length), q(q), keyBegin(keyBegin),
        keyEnd(keyEnd) {}

  Row run() {
    // In the order of the body, so that a mask with two uses is evaluated once.
    for (Operation &op : *pattern.getMask().getParentBlock())
      if (op.getNumResults() == 1 && isa<MaskType>(op.getResult(0).getType()))
        rows[op.getResult(0)] = evaluate(&op);
    return rows.at(pattern.getMask());
  }

private:
  Row evaluate(Operation *op) {
    return TypeSwitch<Operation *, Row>(op)
        .Case([&](AllOp) { return where([](int64_t) { return true; }); })
        .Case([&](CausalOp) { return where([&](int64_t k) { return k <= q; }); })
        .Case([&](WindowOp window) {
          int64_t before = number(window.getMixedBefore()), after = number(window.getMixedAfter());
          int64_t dilation = window.getDilation();
          return where([&](int64_t k) {
            int64_t taps = divideFloorSigned(q - k, dilation);
            return taps * dilation == q - k && taps <= before && -taps <= after;
          });
        })
        .Case([&](KeysOp keys) {
          int64_t begin = number(keys.getMixedBegin()), end = number(keys.getMixedEnd());
          return where([&](int64_t k) { return begin <= k && k < end; });
        })
        .Case([&](QueriesOp queries) {
          bool inside = number(queries.getMixedBegin()) <= q && q < number(queries.getMixedEnd());
          return where([&](int64_t) { return inside; });
        })
        .Case([&](BlockOp block) {
          int64_t size = block.getSize(), shift = number(block.getMixedShift());
          int64_t before = number(block.getMixedBefore()), after = number(block.getMixedAfter());
          return where([&](int64_t k) {
            int64_t distance =
                divideFloorSigned(q - shift, size) - divideFloorSigned(k - shift, size);
            return distance <= before && -distance <= after;
          });
        })
        .Case([&](ChunkOp chunk) {
          int64_t size = chunk.getSize();
          return where([&](int64_t k) {
            return k <= q && divideFloorSigned(k, size) == divideFloorSigned(q, size);
          });
        })
        .Case([&](PrefixOp prefix) {
          int64_t end = number(prefix.getMixedLength());
          return where([&](int64_t k) { return k <= q || k < end; });
        })
        .Case([&](WhereOp set) { return where([&](int64_t k) { return contains(set, k); }); })
        .Case(
            [&](IntersectOp op) { return combine(op.getMasks(), std::logical_and<bool>(), true); })
        .Case([&](UnionOp op) { return combine(op.getMasks(), std::logical_or<bool>(), false); })
        .Case([&](DifferenceOp op) {
          const Row &lhs = rows.at(op.getLhs()), &rhs = rows.at(op.getRhs());
          return where([&](int64_t k) { return lhs[k - keyBegin] && !rhs[k - keyBegin]; });
        })
        .Case([&](ComplementOp op) {
          const Row &input = rows.at(op.getInput());
          return where([&](int64_t k) { return !input[k - keyBegin]; });
        });
  }

  /// The row of a predicate.
  template <typename Predicate>
  Row where(Predicate predicate) const {
    Row row(keyEnd - keyBegin);
    for (int64_t k = keyBegin; k < keyEnd; ++k)
      row[k - keyBegin] = predicate(k);
    return row;
  }

  template <typename Combine>
  Row combine(ValueRange masks, Combine combine, bool neutral) const {
    Row row(keyEnd - keyBegin, neutral);
    for (Value mask : masks) {
      const Row &operand = rows.at(mask);
      for (size_t i = 0; i < row.size(); ++i)
        row[i] = combine(row[i], operand[i]);
    }
    return row;
  }

  bool contains(WhereOp op, int64_t k) const {
    SmallVector<int64_t> symbols;
    for (Value symbol : op.getSymbols())
      symbols.push_back(number(OpFoldResult(symbol)));
    IntegerSet set = op.getSet();
    for (unsigned i = 0; i < set.getNumConstraints(); ++i) {
      int64_t value = evaluate(set.getConstraint(i), k, symbols);
      if (set.isEq(i) ? value != 0 : value < 0)
        return false;
    }
    return true;
  }

  int64_t evaluate(AffineExpr expr, int64_t k, ArrayRef<int64_t> symbols) const {
    if (auto constant = dyn_cast<AffineConstantExpr>(expr))
      return constant.getValue();
    if (auto dim = dyn_cast<AffineDimExpr>(expr))
      return dim.getPosition() == 0 ? q : k;
    if (auto symbol = dyn_cast<AffineSymbolExpr>(expr))
      return symbols[symbol.getPosition()];
    auto binary = cast<AffineBinaryOpExpr>(expr);
    int64_t lhs = evaluate(binary.getLHS(), k, symbols),
            rhs = evaluate(binary.getRHS(), k, symbols);
    switch (expr.getKind()) {
    case AffineExprKind::Add:
      return lhs + rhs;
    case AffineExprKind::Mul:
      return lhs * rhs;
    case AffineExprKind::Mod:
      return mod(lhs, rhs);
    case AffineExprKind::FloorDiv:
      return divideFloorSigned(lhs, rhs);
    case AffineExprKind::CeilDiv:
      return llvm::divideCeilSigned(lhs, rhs);
    default:
      llvm_unreachable("constants, dimensions and symbols are handled above");
    }
  }

  /// A literal, an argument, the length or a constant. Numbers are clamped to +-2^40, far beyond
  /// any position, as they are when a compiled kernel receives them.
  int64_t number(OpFoldResult value) const {
    constexpr int64_t limit = int64_t(1) << 40;
    return std::clamp(unclamped(value), -limit, limit);
  }

  int64_t unclamped(OpFoldResult value) const {
    if (auto literal = dyn_cast<Attribute>(value))
      return cast<IntegerAttr>(literal).getInt();
    Value operand = cast<Value>(value);
    if (auto argument = dyn_cast<BlockArgument>(operand))
      return arguments[argument.getArgNumber()];
    if (auto constant = operand.getDefiningOp<arith::ConstantOp>())
      return cast<IntegerAttr>(constant.getValue()).getInt();
    return length; // attn.length, the only other value that the verifier admits
  }

  PatternOp pattern;
  ArrayRef<int64_t> arguments;
  int64_t length, q, keyBegin, keyEnd;
  llvm::DenseMap<Value, Row> rows;
};

} // namespace

std::vector<bool> reference::seenKeys(PatternOp pattern, ArrayRef<int64_t> arguments,
                                      int64_t length, int64_t q, int64_t keyBegin, int64_t keyEnd) {
  return Interpreter(pattern, arguments, length, q, keyBegin, keyEnd).run();
}

bool reference::sees(PatternOp pattern, ArrayRef<int64_t> arguments, int64_t length, int64_t q,
                     int64_t k) {
  return seenKeys(pattern, arguments, length, q, k, k + 1).front();
}
