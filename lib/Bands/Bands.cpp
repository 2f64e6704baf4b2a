//===- Bands.cpp - a pattern as a union of monotone staircases ------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attn/Bands/Bands.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir::attn;

/// Hulls whose expressions are larger than this are given up for `every pair`.
static constexpr unsigned kMaxHullSize = 64;

Bands Bands::all() { return of(Band()); }

Bands Bands::of(Band band) {
  Bands result;
  result.add(std::move(band));
  return result;
}

bool Bands::hasFallback() const {
  return llvm::any_of(bands, [](const Band &band) { return band.fallback; });
}

/// Can a union do without `inner` beside `outer`? An exact band is worth keeping inside a fallback
/// band: it has full tiles.
static bool isSuperfluous(const Band &inner, const Band &outer) {
  return (inner.fallback || !outer.fallback) && inner.isKnownWithin(outer);
}

void Bands::add(Band band) {
  if (band.isKnownEmpty() ||
      llvm::any_of(bands, [&](const Band &other) { return isSuperfluous(band, other); }))
    return;
  llvm::erase_if(bands, [&](const Band &other) { return isSuperfluous(other, band); });
  for (Band *it = bands.begin(); it != bands.end(); ++it)
    if (std::optional<Band> joined = join(*it, band)) {
      // What was joined may join again.
      bands.erase(it);
      return add(std::move(*joined));
    }
  bands.push_back(std::move(band));
}

Bands Bands::transposed() const {
  // Band i stays band i, so nothing is dropped or joined here.
  Bands result = *this;
  for (Band &band : result.bands)
    band = transpose(band);
  return result;
}

Bands Bands::bind(llvm::ArrayRef<int64_t> symbols) const {
  Bands result;
  result.limited = limited;
  for (const Band &band : bands)
    result.add(band.bind(symbols));
  return result;
}

Bands Bands::asFallback() const {
  Bands result;
  result.limited = limited;
  for (Band band : bands) {
    band.fallback = true;
    result.add(std::move(band));
  }
  return result;
}

void Bands::addSource(unsigned source) {
  for (Band &band : bands)
    if (!llvm::is_contained(band.sources, source))
      band.sources.insert(llvm::upper_bound(band.sources, source), source);
}

/// One fallback band around all.
static Band hullOf(llvm::ArrayRef<Band> bands) {
  Band result = bands.front();
  result.fallback = true;
  for (const Band &band : bands.drop_front()) {
    result = hull(result, band);
    if (result.begin.size() > kMaxHullSize)
      result.begin = Expr::minusInfinity();
    if (result.end.size() > kMaxHullSize)
      result.end = Expr::infinity();
    if (result.rowBegin.size() > kMaxHullSize)
      result.rowBegin = Expr::minusInfinity();
    if (result.rowEnd.size() > kMaxHullSize)
      result.rowEnd = Expr::infinity();
  }
  return result;
}

Bands mlir::attn::unite(const Bands &lhs, const Bands &rhs) {
  Bands result = lhs;
  result.limited |= rhs.limited;
  for (const Band &band : rhs)
    result.add(band);
  if (result.size() > Bands::kLimit) {
    result.bands = {hullOf(result.list())};
    result.limited = true;
  }
  return result;
}

Bands mlir::attn::intersect(const Bands &lhs, const Bands &rhs) {
  Bands result;
  result.limited = lhs.limited || rhs.limited;
  for (const Band &left : lhs)
    for (const Band &right : rhs) {
      result.add(meet(left, right));
      if (result.size() > Bands::kLimit) {
        // The intersection lies inside each operand.
        result = (lhs.size() <= rhs.size() ? lhs : rhs).asFallback();
        result.limited = true;
        return result;
      }
    }
  return result;
}

Bands mlir::attn::subtract(const Bands &lhs, const Bands &rhs) {
  Bands result = lhs;
  result.limited |= rhs.limited;
  for (const Band &right : rhs) {
    Bands rest;
    rest.limited = result.limited;
    for (const Band &left : result)
      for (Band &piece : minus(left, right))
        rest.add(std::move(piece));
    if (rest.size() > Bands::kLimit) {
      result = lhs.asFallback();
      result.limited = true;
      return result;
    }
    result = std::move(rest);
  }
  return result;
}
