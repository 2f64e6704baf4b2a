//===- Band.cpp - one monotone staircase ------------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attn/Bands/Band.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir::attn;

//===----------------------------------------------------------------------===//
// One band
//===----------------------------------------------------------------------===//

Band Band::none() {
  Band band;
  band.rowEnd = Expr::minusInfinity();
  return band;
}

bool Band::contains(int64_t q, int64_t k, llvm::ArrayRef<int64_t> symbols) const {
  return rowBegin.evaluate(0, symbols) <= q && q < rowEnd.evaluate(0, symbols) &&
         begin.evaluate(q, symbols) <= k && k < end.evaluate(q, symbols) &&
         queryWindows.contains(q) && keyWindows.contains(k) && distanceWindows.contains(k - q);
}

bool Band::isKnownEmpty() const {
  if (rowEnd.isMinusInfinity() || rowBegin.isInfinity() || end.isMinusInfinity() ||
      begin.isInfinity())
    return true;
  auto known = [](const Expr &last, const Expr &first) {
    return !last.isInfinity() && !first.isMinusInfinity() && isKnownLessEqual(last, first);
  };
  return known(rowEnd, rowBegin) || known(end, begin);
}

bool Band::isKnownWithin(const Band &other) const {
  return isKnownLessEqual(other.rowBegin, rowBegin) && isKnownLessEqual(rowEnd, other.rowEnd) &&
         isKnownLessEqual(other.begin, begin) && isKnownLessEqual(end, other.end) &&
         queryWindows.areKnownWithin(other.queryWindows) &&
         keyWindows.areKnownWithin(other.keyWindows) &&
         distanceWindows.areKnownWithin(other.distanceWindows);
}

Band Band::bind(llvm::ArrayRef<int64_t> symbols) const {
  Band bound = *this;
  bound.rowBegin = rowBegin.bind(symbols);
  bound.rowEnd = rowEnd.bind(symbols);
  bound.begin = begin.bind(symbols);
  bound.end = end.bind(symbols);
  return bound;
}

//===----------------------------------------------------------------------===//
// Two bands
//===----------------------------------------------------------------------===//

static void mergeSources(Band &band, const Band &other) {
  band.sources.append(other.sources.begin(), other.sources.end());
  llvm::sort(band.sources);
  band.sources.erase(llvm::unique(band.sources), band.sources.end());
}

Band mlir::attn::meet(const Band &lhs, const Band &rhs) {
  Band both = lhs;
  both.rowBegin = max(lhs.rowBegin, rhs.rowBegin);
  both.rowEnd = min(lhs.rowEnd, rhs.rowEnd);
  both.limitBegin(rhs.begin);
  both.limitEnd(rhs.end);
  both.fallback |= rhs.fallback;
  mergeSources(both, rhs);
  if (!both.queryWindows.add(rhs.queryWindows) || !both.keyWindows.add(rhs.keyWindows) ||
      !both.distanceWindows.add(rhs.distanceWindows))
    return Band::none();
  return both;
}

Band mlir::attn::hull(const Band &lhs, const Band &rhs) {
  Band band;
  band.rowBegin = min(lhs.rowBegin, rhs.rowBegin);
  band.rowEnd = max(lhs.rowEnd, rhs.rowEnd);
  band.begin = min(lhs.begin, rhs.begin);
  band.end = max(lhs.end, rhs.end);
  // A window of one stays if the other is known to obey it.
  auto common = [](const Residues &left, const Residues &right, Residues &result) {
    if (left.areKnownWithin(right))
      result = right;
    else if (right.areKnownWithin(left))
      result = left;
  };
  common(lhs.queryWindows, rhs.queryWindows, band.queryWindows);
  common(lhs.keyWindows, rhs.keyWindows, band.keyWindows);
  common(lhs.distanceWindows, rhs.distanceWindows, band.distanceWindows);
  band.fallback = true;
  band.sources = lhs.sources;
  mergeSources(band, rhs);
  return band;
}

llvm::SmallVector<Band, 4> mlir::attn::minus(const Band &lhs, const Band &rhs) {
  llvm::SmallVector<Band, 4> rest;
  auto keep = [&](Band band) {
    if (!band.isKnownEmpty())
      rest.push_back(std::move(band));
  };
  Band base = lhs;
  mergeSources(base, rhs);

  Band before = base;
  before.rowEnd = min(lhs.rowEnd, rhs.rowBegin);
  keep(before);
  Band after = base;
  after.rowBegin = max(lhs.rowBegin, rhs.rowEnd);
  keep(after);

  // The rows of both. Where rhs has an empty row, begin > end, the two pieces overlap; that is no
  // harm.
  Band core = base;
  core.rowBegin = max(lhs.rowBegin, rhs.rowBegin);
  core.rowEnd = min(lhs.rowEnd, rhs.rowEnd);
  Band left = core;
  left.limitEnd(rhs.begin);
  keep(left);
  Band right = core;
  right.limitBegin(rhs.end);
  keep(right);

  // The keys of both: outside the first window, inside it but outside the second, ...
  core.limitBegin(rhs.begin);
  core.limitEnd(rhs.end);
  bool empty = false;
  auto splitBy = [&](Residues Band::*windows) {
    for (const Residue &window : rhs.*windows) {
      Band outside = core;
      if (!empty && (outside.*windows).add(window.complement()))
        keep(outside);
      empty = empty || !(core.*windows).add(window);
    }
  };
  splitBy(&Band::queryWindows);
  splitBy(&Band::keyWindows);
  splitBy(&Band::distanceWindows);
  if (rhs.fallback && !empty) {
    core.fallback = true;
    keep(core);
  }
  return rest;
}

std::optional<Band> mlir::attn::join(const Band &lhs, const Band &rhs) {
  if (lhs.fallback != rhs.fallback || lhs.rowBegin != rhs.rowBegin || lhs.rowEnd != rhs.rowEnd ||
      !(lhs.queryWindows == rhs.queryWindows) || !(lhs.keyWindows == rhs.keyWindows) ||
      !(lhs.distanceWindows == rhs.distanceWindows))
    return std::nullopt;
  Band joined = lhs;
  if (lhs.begin == rhs.begin)
    joined.end = max(lhs.end, rhs.end);
  else if (lhs.end == rhs.end)
    joined.begin = min(lhs.begin, rhs.begin);
  else
    return std::nullopt;
  mergeSources(joined, rhs);
  return joined;
}

/// Calls `visit` on the operands of nested mins or maxes, or on the expression itself.
static void forEachOperand(const Expr &expr, Expr::Kind kind,
                           llvm::function_ref<void(const Expr &)> visit) {
  if (!expr.is(kind))
    return visit(expr);
  forEachOperand(expr.lhs(), kind, visit);
  forEachOperand(expr.rhs(), kind, visit);
}

Band mlir::attn::transpose(const Band &band) {
  Band result;
  result.fallback = band.fallback;
  result.sources = band.sources;
  // Bounds on k alone bound the rows of the result. Elsewhere
  //   begin(q) <= k  is  q <= upperAdjoint(begin, k),   k < end(q)  is  q >= lowerAdjoint(end, k +
  //   1).
  forEachOperand(band.begin, Expr::Kind::Max, [&](const Expr &bound) {
    if (bound.isInvariant())
      result.rowBegin = max(result.rowBegin, bound);
    else if (std::optional<Expr> last = upperAdjoint(bound, Expr::variable()))
      result.limitEnd(*last + 1);
    else
      result.fallback = true;
  });
  forEachOperand(band.end, Expr::Kind::Min, [&](const Expr &bound) {
    if (bound.isInvariant())
      result.rowEnd = min(result.rowEnd, bound);
    else if (std::optional<Expr> first = lowerAdjoint(bound, Expr::variable() + 1))
      result.limitBegin(*first);
    else
      result.fallback = true;
  });
  result.limitBegin(band.rowBegin);
  result.limitEnd(band.rowEnd);
  result.queryWindows = band.keyWindows;
  result.keyWindows = band.queryWindows;
  result.distanceWindows = band.distanceWindows.negated();
  return result;
}

//===----------------------------------------------------------------------===//
// Printing
//===----------------------------------------------------------------------===//

void Band::print(llvm::raw_ostream &os, const SymbolNames &symbols, bool transposed) const {
  llvm::StringRef row = transposed ? "k" : "q", column = transposed ? "q" : "k";
  bool first = true;
  auto separate = [&] {
    if (!first)
      os << ", ";
    first = false;
  };
  auto printRange = [&](const Expr &from, llvm::StringRef variable, const Expr &to) {
    if (from.isMinusInfinity() && to.isInfinity())
      return;
    separate();
    if (!from.isMinusInfinity()) {
      from.print(os, row, symbols);
      os << " <= ";
    }
    os << variable;
    if (!to.isInfinity()) {
      os << " < ";
      to.print(os, row, symbols);
    }
  };
  auto printWindows = [&](llvm::StringRef variable, const Residues &windows) {
    for (const Residue &window : windows) {
      separate();
      os << variable << " mod " << window.modulus << " in [" << window.begin << ", " << window.end
         << ")";
    }
  };
  printRange(rowBegin, row, rowEnd);
  printRange(begin, column, end);
  printWindows(row, queryWindows);
  printWindows(column, keyWindows);
  printWindows(transposed ? "(q - k)" : "(k - q)", distanceWindows);
  if (first)
    os << "every pair";
  if (fallback)
    os << ", fallback";
}
