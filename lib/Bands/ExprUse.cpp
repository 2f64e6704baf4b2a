//===- ExprUse.cpp - evaluate, compare, invert and print expressions ------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Summands.h"
#include "attn/Bands/Arith.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir::attn;

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

int64_t Expr::evaluate(int64_t x, llvm::ArrayRef<int64_t> symbols) const {
  IntegerArith arith{symbols};
  return evaluateWith(arith, *this, x);
}

namespace {
/// Rebuilds an expression, which folds it anew: sums, quotients and so on of expressions are again
/// expressions, so they are an arithmetic like any other.
struct ExprArith {
  using Value = Expr;
  using Bool = Expr;

  std::optional<llvm::ArrayRef<int64_t>> symbols;

  Value constant(int64_t value) { return Expr::constant(value); }
  Value symbol(Symbol number) {
    return symbols ? Expr::constant((*symbols)[number]) : Expr::symbol(number);
  }
  Value add(Value lhs, Value rhs) { return lhs + rhs; }
  Value sub(Value lhs, Value rhs) { return lhs - rhs; }
  Value scale(int64_t factor, Value value) {
    return factor > 0 ? factor * value : -factor * negate(value);
  }
  Value floorDiv(Value value, int64_t divisor) { return mlir::attn::floorDiv(value, divisor); }
  Value min(Value lhs, Value rhs) { return mlir::attn::min(lhs, rhs); }
  Value max(Value lhs, Value rhs) { return mlir::attn::max(lhs, rhs); }
  Bool lessEqual(Value lhs, Value rhs) { return Expr::step(lhs, rhs); }
  Value select(Bool condition, Value, Value) { return condition; }
};
} // namespace

Expr Expr::substitute(const Expr &replacement) const {
  ExprArith arith;
  return evaluateWith(arith, *this, replacement);
}

Expr Expr::bind(llvm::ArrayRef<int64_t> symbols) const {
  ExprArith arith{symbols};
  return evaluateWith(arith, *this, variable());
}

//===----------------------------------------------------------------------===//
// Comparison
//===----------------------------------------------------------------------===//

namespace {
/// Bounds lhs - rhs from above over all x and symbols, by structure. Each rule gives a valid bound,
/// so the least one is taken; the budget keeps nested mins and maxes from multiplying.
class DifferenceBound {
public:
  int64_t bound(const Expr &lhs, const Expr &rhs);

private:
  int64_t ofSums(const Expr &lhs, const Expr &rhs);
  int64_t ofMultiples(const Summands::Multiple &lhs, const Summands::Multiple &rhs);

  int budget = 200;
};
} // namespace

int64_t DifferenceBound::bound(const Expr &lhs, const Expr &rhs) {
  if (lhs == rhs)
    return 0;
  if (lhs.isMinusInfinity() || rhs.isInfinity())
    return -kInfinity;
  if (lhs.isInfinity() || rhs.isMinusInfinity() || --budget <= 0)
    return kInfinity;
  int64_t least = ofSums(lhs, rhs);
  auto offer = [&](int64_t value) { least = std::min(least, value); };
  if (lhs.is(Expr::Kind::Max))
    offer(std::max(bound(lhs.lhs(), rhs), bound(lhs.rhs(), rhs)));
  if (lhs.is(Expr::Kind::Min))
    offer(std::min(bound(lhs.lhs(), rhs), bound(lhs.rhs(), rhs)));
  if (rhs.is(Expr::Kind::Max))
    offer(std::min(bound(lhs, rhs.lhs()), bound(lhs, rhs.rhs())));
  if (rhs.is(Expr::Kind::Min))
    offer(std::max(bound(lhs, rhs.lhs()), bound(lhs, rhs.rhs())));
  return least;
}

int64_t DifferenceBound::ofSums(const Expr &lhs, const Expr &rhs) {
  Summands left(lhs), right(rhs);
  if (left.leaf.terms() != right.leaf.terms())
    return kInfinity;
  int64_t constant = left.leaf.offset() - right.leaf.offset();
  // Cancel what both have.
  for (Summands::Multiple &multiple : left.multiples)
    for (Summands::Multiple &other : right.multiples)
      if (multiple.base == other.base) {
        int64_t common = std::min(multiple.factor, other.factor);
        multiple.factor -= common;
        other.factor -= common;
      }
  auto isGone = [](const Summands::Multiple &multiple) { return multiple.factor == 0; };
  llvm::erase_if(left.multiples, isGone);
  llvm::erase_if(right.multiples, isGone);
  if (left.multiples.empty() && right.multiples.empty())
    return constant;
  // Look inside the one min, max, quotient or multiple that is left on each side.
  if (left.multiples.size() > 1 || right.multiples.size() > 1)
    return kInfinity;
  Summands::Multiple zero{1, Expr()};
  int64_t difference = ofMultiples(left.multiples.empty() ? zero : left.multiples[0],
                                   right.multiples.empty() ? zero : right.multiples[0]);
  return saturate(__int128(difference) + constant);
}

int64_t DifferenceBound::ofMultiples(const Summands::Multiple &lhs, const Summands::Multiple &rhs) {
  int64_t least = kInfinity;
  auto offer = [&](__int128 value) { least = std::min(least, saturate(value)); };
  // c*f - c*g
  auto isLattice = [](const Expr &expr) {
    return expr.is(Expr::Kind::Min) || expr.is(Expr::Kind::Max);
  };
  if (lhs.factor == rhs.factor && (lhs.factor > 1 || isLattice(lhs.base) || isLattice(rhs.base))) {
    int64_t inner = bound(lhs.base, rhs.base);
    offer(inner >= kInfinity ? kInfinity : __int128(inner) * lhs.factor);
  }
  // f floordiv c - g floordiv c
  if (lhs.factor == rhs.factor && lhs.base.is(Expr::Kind::FloorDiv) &&
      rhs.base.is(Expr::Kind::FloorDiv) && lhs.base.factor() == rhs.base.factor()) {
    int64_t inner = bound(lhs.base.lhs(), rhs.base.lhs());
    offer(inner >= kInfinity ? kInfinity
                             : __int128(ceilDiv(inner, lhs.base.factor())) * lhs.factor);
  }
  // f - (c-1) <= c * (f floordiv c) <= f
  auto divides = [](const Summands::Multiple &multiple) {
    return multiple.base.is(Expr::Kind::FloorDiv) && multiple.factor % multiple.base.factor() == 0;
  };
  auto whole = [](const Summands::Multiple &multiple) {
    return multiple.factor == 1 ? multiple.base : multiple.factor * multiple.base;
  };
  if (divides(lhs)) {
    int64_t factor = lhs.factor / lhs.base.factor();
    offer(bound(factor * lhs.base.lhs(), whole(rhs)));
  }
  if (divides(rhs)) {
    int64_t factor = rhs.factor / rhs.base.factor();
    int64_t inner = bound(whole(lhs), factor * rhs.base.lhs());
    offer(inner >= kInfinity ? kInfinity : inner + __int128(factor) * (rhs.base.factor() - 1));
  }
  return least;
}

bool mlir::attn::isKnownLessEqual(const Expr &lhs, const Expr &rhs) {
  return DifferenceBound().bound(lhs, rhs) <= 0;
}

//===----------------------------------------------------------------------===//
// Adjoints
//===----------------------------------------------------------------------===//

std::optional<Expr> mlir::attn::upperAdjoint(const Expr &f, const Expr &y) {
  if (f.isInvariant())
    return Expr::step(f, y);
  switch (f.kind()) {
  case Expr::Kind::Variable:
    return y;
  case Expr::Kind::Add:
    // With two operands that depend on x there is no way to tell one from the other.
    return f.rhs().isInvariant() ? upperAdjoint(f.lhs(), y - f.rhs()) : std::nullopt;
  case Expr::Kind::Scale:
    return upperAdjoint(f.lhs(), floorDiv(y, f.factor()));
  case Expr::Kind::FloorDiv:
    return upperAdjoint(f.lhs(), f.factor() * y + (f.factor() - 1));
  case Expr::Kind::Min:
  case Expr::Kind::Max: {
    std::optional<Expr> left = upperAdjoint(f.lhs(), y), right = upperAdjoint(f.rhs(), y);
    if (!left || !right)
      return std::nullopt;
    // min(g, h) <= y where g is or h is.
    return f.is(Expr::Kind::Min) ? max(*left, *right) : min(*left, *right);
  }
  case Expr::Kind::Leaf:
  case Expr::Kind::Step:
    return std::nullopt;
  }
  llvm_unreachable("unknown kind of expression");
}

std::optional<Expr> mlir::attn::lowerAdjoint(const Expr &f, const Expr &y) {
  // On integers f(x) >= y is the opposite of f(x) <= y - 1.
  std::optional<Expr> below = upperAdjoint(f, y - 1);
  return below ? std::optional<Expr>(*below + 1) : std::nullopt;
}

//===----------------------------------------------------------------------===//
// Printing
//===----------------------------------------------------------------------===//

namespace {
class Printer {
public:
  Printer(llvm::raw_ostream &os, llvm::StringRef variable, const SymbolNames &symbols)
      : os(os), variable(variable), symbols(symbols) {}

  void print(const Expr &expr);

private:
  /// Prints with parentheses where the expression would not bind as tightly as a factor does.
  void printFactor(const Expr &expr);
  void printLeaf(const Expr &leaf, bool first);

  llvm::raw_ostream &os;
  llvm::StringRef variable;
  const SymbolNames &symbols;
};
} // namespace

void Printer::printLeaf(const Expr &leaf, bool first) {
  auto sign = [&](bool negative) {
    if (!first)
      os << (negative ? " - " : " + ");
    else if (negative)
      os << "-";
    first = false;
  };
  for (const Expr::Term &term : leaf.terms()) {
    sign(term.coefficient < 0);
    if (std::abs(term.coefficient) != 1)
      os << std::abs(term.coefficient) << "*";
    os << symbols.name(term.symbol);
  }
  if (leaf.offset() == 0 && !first)
    return;
  sign(leaf.offset() < 0);
  if (std::abs(leaf.offset()) == kInfinity)
    os << "inf";
  else
    os << std::abs(leaf.offset());
}

void Printer::printFactor(const Expr &expr) {
  bool atomic = expr.is(Expr::Kind::Variable) || expr.is(Expr::Kind::Min) ||
                expr.is(Expr::Kind::Max) || expr.is(Expr::Kind::Step) ||
                (expr.is(Expr::Kind::Leaf) && expr.terms().size() == 1 && expr.offset() == 0 &&
                 expr.terms()[0].coefficient == 1);
  if (atomic)
    return print(expr);
  os << "(";
  print(expr);
  os << ")";
}

void Printer::print(const Expr &expr) {
  switch (expr.kind()) {
  case Expr::Kind::Variable:
    os << variable;
    return;
  case Expr::Kind::Leaf:
    printLeaf(expr, /*first=*/true);
    return;
  case Expr::Kind::Add:
    print(expr.lhs());
    if (expr.rhs().is(Expr::Kind::Leaf))
      return printLeaf(expr.rhs(), /*first=*/false);
    os << " + ";
    print(expr.rhs());
    return;
  case Expr::Kind::Scale:
    os << expr.factor() << "*";
    printFactor(expr.lhs());
    return;
  case Expr::Kind::FloorDiv:
    printFactor(expr.lhs());
    os << " floordiv " << expr.factor();
    return;
  case Expr::Kind::Min:
  case Expr::Kind::Max:
    os << (expr.is(Expr::Kind::Min) ? "min(" : "max(");
    print(expr.lhs());
    os << ", ";
    print(expr.rhs());
    os << ")";
    return;
  case Expr::Kind::Step:
    os << "[";
    print(expr.lhs());
    os << " <= ";
    print(expr.rhs());
    os << " ? inf : -inf]";
    return;
  }
}

void Expr::print(llvm::raw_ostream &os, llvm::StringRef variable,
                 const SymbolNames &symbols) const {
  Printer(os, variable, symbols).print(*this);
}

std::string Expr::str(llvm::StringRef variable, const SymbolNames &symbols) const {
  std::string text;
  llvm::raw_string_ostream os(text);
  print(os, variable, symbols);
  return text;
}
