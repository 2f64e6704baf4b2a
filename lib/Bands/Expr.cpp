//===- Expr.cpp - non-decreasing expressions of one position --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Summands.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/ErrorHandling.h"
#include <cassert>

using namespace mlir::attn;

int64_t mlir::attn::saturate(__int128 value) {
  if (value > kInfinity)
    return kInfinity;
  return value < -kInfinity ? -kInfinity : int64_t(value);
}

int64_t mlir::attn::floorDiv(int64_t value, int64_t divisor) {
  if (value >= kInfinity || value <= -kInfinity)
    return value;
  int64_t quotient = value / divisor;
  return quotient * divisor > value ? quotient - 1 : quotient;
}

int64_t mlir::attn::ceilDiv(int64_t value, int64_t divisor) { return -floorDiv(-value, divisor); }

int64_t mlir::attn::floorMod(int64_t value, int64_t divisor) {
  int64_t remainder = value % divisor;
  return remainder < 0 ? remainder + divisor : remainder;
}

//===----------------------------------------------------------------------===//
// Nodes
//===----------------------------------------------------------------------===//

struct Expr::Node {
  Kind kind;
  bool invariant;
  unsigned size;
  /// Constant of a leaf, factor of Scale, divisor of FloorDiv.
  int64_t number;
  llvm::SmallVector<Term, 2> terms;
  Expr lhs, rhs;
};

Expr::Expr() = default;

Expr Expr::make(Kind kind, int64_t number, llvm::ArrayRef<Term> terms, const Expr *lhs,
                const Expr *rhs) {
  auto node = std::make_shared<Node>();
  node->kind = kind;
  node->number = number;
  node->terms.assign(terms.begin(), terms.end());
  node->invariant = kind != Kind::Variable;
  node->size = 1;
  if (lhs) {
    node->lhs = *lhs;
    node->invariant &= lhs->isInvariant();
    node->size += lhs->size();
  }
  if (rhs) {
    node->rhs = *rhs;
    node->invariant &= rhs->isInvariant();
    node->size += rhs->size();
  }
  return Expr(std::move(node));
}

// The constant 0 has no node, so that the default constructor allocates nothing.
Expr::Kind Expr::kind() const { return node ? node->kind : Kind::Leaf; }
bool Expr::isInvariant() const { return !node || node->invariant; }
unsigned Expr::size() const { return node ? node->size : 1; }
int64_t Expr::offset() const { return node ? node->number : 0; }
llvm::ArrayRef<Expr::Term> Expr::terms() const {
  return node ? llvm::ArrayRef<Term>(node->terms) : llvm::ArrayRef<Term>();
}
const Expr &Expr::lhs() const { return node->lhs; }
const Expr &Expr::rhs() const { return node->rhs; }
int64_t Expr::factor() const { return node->number; }

std::optional<int64_t> Expr::asConstant() const {
  if (!is(Kind::Leaf) || !terms().empty())
    return std::nullopt;
  return offset();
}

bool Expr::operator==(const Expr &other) const {
  if (node == other.node)
    return true;
  if (kind() != other.kind() || size() != other.size())
    return false;
  switch (kind()) {
  case Kind::Variable:
    return true;
  case Kind::Leaf:
    return offset() == other.offset() && terms() == other.terms();
  case Kind::Scale:
  case Kind::FloorDiv:
    return factor() == other.factor() && lhs() == other.lhs();
  case Kind::Add:
  case Kind::Min:
  case Kind::Max:
  case Kind::Step:
    return lhs() == other.lhs() && rhs() == other.rhs();
  }
  llvm_unreachable("unknown kind of expression");
}

//===----------------------------------------------------------------------===//
// Construction
//===----------------------------------------------------------------------===//

Expr Expr::variable() { return make(Kind::Variable, 0, {}, nullptr, nullptr); }

Expr Expr::constant(int64_t value) { return leaf({}, value); }

Expr Expr::symbol(Symbol symbol, int64_t coefficient) {
  return leaf({Term{symbol, coefficient}}, 0);
}

Expr Expr::leaf(llvm::ArrayRef<Term> terms, int64_t constant) {
  constant = saturate(constant);
  // Infinity absorbs what is finite.
  if (constant == kInfinity || constant == -kInfinity)
    return make(Kind::Leaf, constant, {}, nullptr, nullptr);
  llvm::SmallVector<Term, 4> merged;
  for (const Term &term : terms) {
    auto *it = llvm::find_if(merged, [&](const Term &t) { return t.symbol == term.symbol; });
    if (it == merged.end())
      merged.push_back(term);
    else
      it->coefficient = saturate(__int128(it->coefficient) + term.coefficient);
  }
  llvm::erase_if(merged, [](const Term &term) { return term.coefficient == 0; });
  llvm::sort(merged, [](const Term &lhs, const Term &rhs) { return lhs.symbol < rhs.symbol; });
  return make(Kind::Leaf, constant, merged, nullptr, nullptr);
}

Expr Expr::step(const Expr &threshold, const Expr &argument) {
  assert(threshold.isInvariant() && "a step has a fixed threshold");
  if (isKnownLessEqual(threshold, argument))
    return infinity();
  if (isKnownLessEqual(argument + 1, threshold))
    return minusInfinity();
  return make(Kind::Step, 0, {}, &threshold, &argument);
}

/// `m*x + (n*x + r) floordiv c` is `((m*c + n)*x + r) floordiv c`, which has adjoints.
static std::optional<Expr> addToDividend(const Summands::Multiple &linear,
                                         const Summands::Multiple &quotient) {
  if (quotient.factor != 1 || !quotient.base.is(Expr::Kind::FloorDiv))
    return std::nullopt;
  Summands dividend;
  dividend.add(quotient.base.lhs());
  if (dividend.multiples.size() != 1 || dividend.multiples[0].base != linear.base)
    return std::nullopt;
  __int128 factor = __int128(linear.factor) * quotient.base.factor() + dividend.multiples[0].factor;
  if (factor >= kInfinity)
    return std::nullopt;
  return floorDiv(int64_t(factor) * linear.base + dividend.leaf, quotient.base.factor());
}

Expr mlir::attn::operator+(const Expr &lhs, const Expr &rhs) {
  Summands sum;
  sum.add(lhs);
  sum.add(rhs);
  // An infinite leaf absorbs the rest.
  if (sum.leaf.isInfinity() || sum.leaf.isMinusInfinity() || sum.multiples.empty())
    return sum.leaf;
  // A step has infinite values only, which finite numbers do not move.
  if (sum.multiples.size() == 1 && sum.multiples[0].base.is(Expr::Kind::Step) &&
      sum.leaf.asConstant())
    return sum.multiples[0].base;
  for (auto &linear : sum.multiples)
    for (auto &quotient : sum.multiples)
      if (std::optional<Expr> merged = addToDividend(linear, quotient)) {
        Expr result = *merged;
        for (auto &other : sum.multiples)
          if (&other != &linear && &other != &quotient)
            result = result + other.factor * other.base;
        return result + sum.leaf;
      }
  // What depends on x first, the leaf last.
  std::optional<Expr> result;
  auto append = [&](bool invariant) {
    for (auto &multiple : sum.multiples) {
      if (multiple.base.isInvariant() != invariant)
        continue;
      Expr term = multiple.factor == 1
                      ? multiple.base
                      : Expr::make(Expr::Kind::Scale, multiple.factor, {}, &multiple.base, nullptr);
      result = result ? Expr::make(Expr::Kind::Add, 0, {}, &*result, &term) : term;
    }
  };
  append(/*invariant=*/false);
  append(/*invariant=*/true);
  if (sum.leaf == Expr())
    return *result;
  return Expr::make(Expr::Kind::Add, 0, {}, &*result, &sum.leaf);
}

Expr mlir::attn::operator+(const Expr &lhs, int64_t rhs) { return lhs + Expr::constant(rhs); }
Expr mlir::attn::operator-(const Expr &lhs, const Expr &rhs) { return lhs + negate(rhs); }
Expr mlir::attn::operator-(const Expr &lhs, int64_t rhs) { return lhs + Expr::constant(-rhs); }

Expr mlir::attn::operator*(int64_t factor, const Expr &expr) {
  assert(factor > 0 && "a non-positive factor is not monotone");
  if (factor == 1)
    return expr;
  Summands sum;
  sum.add(expr, factor);
  Expr result;
  for (auto &multiple : sum.multiples)
    result = result + Expr::make(Expr::Kind::Scale, multiple.factor, {}, &multiple.base, nullptr);
  return result + sum.leaf;
}

Expr mlir::attn::floorDiv(const Expr &expr, int64_t divisor) {
  assert(divisor > 0 && "division by a non-positive number is not monotone");
  if (divisor == 1 || expr.isInfinity() || expr.isMinusInfinity())
    return expr;
  if (std::optional<int64_t> value = expr.asConstant())
    return Expr::constant(floorDiv(*value, divisor));
  Summands sum;
  sum.add(expr);
  // Multiples of the divisor leave the division.
  llvm::SmallVector<Expr::Term, 4> outerTerms, innerTerms;
  for (const Expr::Term &term : sum.leaf.terms())
    if (term.coefficient % divisor == 0)
      outerTerms.push_back({term.symbol, term.coefficient / divisor});
    else
      innerTerms.push_back(term);
  int64_t remainder = floorMod(sum.leaf.offset(), divisor);
  Expr outer = Expr::leaf(outerTerms, (sum.leaf.offset() - remainder) / divisor);
  Expr inner = Expr::leaf(innerTerms, remainder);
  bool onlyConstant = innerTerms.empty();
  for (auto &multiple : sum.multiples) {
    if (multiple.factor % divisor == 0) {
      outer = outer + (multiple.factor / divisor) * multiple.base;
      continue;
    }
    inner = inner + multiple.factor * multiple.base;
    onlyConstant = false;
  }
  // What is left is a remainder in [0, divisor).
  if (onlyConstant)
    return outer;
  // (f floordiv a + r) floordiv b  is  (f + a*r) floordiv (a*b).
  Summands rest;
  rest.add(inner);
  if (rest.multiples.size() == 1 && rest.multiples[0].factor == 1 &&
      rest.multiples[0].base.is(Expr::Kind::FloorDiv)) {
    const Expr &quotient = rest.multiples[0].base;
    __int128 product = __int128(quotient.factor()) * divisor;
    if (product < kInfinity) {
      Expr dividend = quotient.lhs() + quotient.factor() * rest.leaf;
      return outer + Expr::make(Expr::Kind::FloorDiv, int64_t(product), {}, &dividend, nullptr);
    }
  }
  // (c*f + r) floordiv (c*d)  is  (f + r floordiv c) floordiv d.
  if (rest.multiples.size() == 1 && rest.multiples[0].factor > 1 &&
      divisor % rest.multiples[0].factor == 0 && rest.leaf.terms().empty())
    return outer +
           floorDiv(rest.multiples[0].base + floorDiv(rest.leaf.offset(), rest.multiples[0].factor),
                    divisor / rest.multiples[0].factor);
  return outer + Expr::make(Expr::Kind::FloorDiv, divisor, {}, &inner, nullptr);
}

Expr mlir::attn::ceilDiv(const Expr &expr, int64_t divisor) {
  return floorDiv(expr + (divisor - 1), divisor);
}

/// Min and max differ only in which operand wins.
template <Expr::Kind kind>
Expr Expr::lattice(const Expr &lhs, const Expr &rhs) {
  llvm::SmallVector<Expr, 4> operands;
  auto wins = [](const Expr &a, const Expr &b) {
    return kind == Kind::Min ? isKnownLessEqual(a, b) : isKnownLessEqual(b, a);
  };
  auto addOperand = [&](const Expr &expr) {
    if (llvm::any_of(operands, [&](const Expr &other) { return wins(other, expr); }))
      return;
    llvm::erase_if(operands, [&](const Expr &other) { return wins(expr, other); });
    operands.push_back(expr);
  };
  // Nested ones of the same kind, left-deep, are one list.
  auto addAll = [&](const Expr &expr, auto &&self) -> void {
    if (!expr.is(kind))
      return addOperand(expr);
    self(expr.lhs(), self);
    self(expr.rhs(), self);
  };
  addAll(lhs, addAll);
  addAll(rhs, addAll);
  Expr result = operands.front();
  for (const Expr &operand : llvm::drop_begin(operands))
    result = make(kind, 0, {}, &result, &operand);
  return result;
}

Expr mlir::attn::min(const Expr &lhs, const Expr &rhs) {
  return Expr::lattice<Expr::Kind::Min>(lhs, rhs);
}
Expr mlir::attn::max(const Expr &lhs, const Expr &rhs) {
  return Expr::lattice<Expr::Kind::Max>(lhs, rhs);
}

Expr mlir::attn::negate(const Expr &invariant) {
  assert(invariant.isInvariant() && "the negative of an increasing expression decreases");
  switch (invariant.kind()) {
  case Expr::Kind::Leaf: {
    llvm::SmallVector<Expr::Term, 4> terms(invariant.terms());
    for (Expr::Term &term : terms)
      term.coefficient = -term.coefficient;
    return Expr::leaf(terms, -invariant.offset());
  }
  case Expr::Kind::Add:
    return negate(invariant.lhs()) + negate(invariant.rhs());
  case Expr::Kind::Scale:
    return invariant.factor() * negate(invariant.lhs());
  case Expr::Kind::FloorDiv:
    return ceilDiv(negate(invariant.lhs()), invariant.factor());
  case Expr::Kind::Min:
    return max(negate(invariant.lhs()), negate(invariant.rhs()));
  case Expr::Kind::Max:
    return min(negate(invariant.lhs()), negate(invariant.rhs()));
  case Expr::Kind::Step:
    // The threshold is missed: argument + 1 <= threshold.
    return Expr::step(invariant.rhs() + 1, invariant.lhs());
  case Expr::Kind::Variable:
    break;
  }
  llvm_unreachable("the variable is not invariant");
}
