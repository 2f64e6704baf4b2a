//===- Band.h - one monotone staircase ----------------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One band and the operations on two. What a band is, and why, is told in Bands.h.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_BANDS_BAND_H
#define ATTN_BANDS_BAND_H

#include "attn/Bands/Expr.h"
#include "attn/Bands/Residue.h"

namespace mlir::attn {

/// { (q, k) : rowBegin <= q < rowEnd, begin(q) <= k < end(q), q, k and k - q in their windows }
///
/// q and k are positions. `rowBegin` and `rowEnd` are invariant; `begin` and `end` are expressions
/// of q and therefore never decrease. A row with begin(q) >= end(q) is empty.
struct Band {
  Expr rowBegin = Expr::minusInfinity();
  Expr rowEnd = Expr::infinity();
  Expr begin = Expr::minusInfinity();
  Expr end = Expr::infinity();
  Residues queryWindows;
  Residues keyWindows;
  /// Windows on k - q.
  Residues distanceWindows;
  /// An exact band has only pairs of the pattern. A fallback band is a hull: the pattern's own
  /// predicate decides which of its pairs belong to the pattern, and none of its tiles may be
  /// called full.
  bool fallback = false;
  /// The mask ops that shaped the band, as numbers of the list that comes with it; ascending.
  llvm::SmallVector<unsigned, 2> sources;

  /// The band without pairs.
  static Band none();

  bool hasWindows() const {
    return !queryWindows.empty() || !keyWindows.empty() || !distanceWindows.empty();
  }
  bool contains(int64_t q, int64_t k, llvm::ArrayRef<int64_t> symbols) const;
  /// Is there no pair, for any values of the symbols? Structural: `false` means "not known".
  bool isKnownEmpty() const;
  /// Is every pair of this band one of the other? Structural, and regardless of `fallback`.
  bool isKnownWithin(const Band &other) const;
  /// The band with numbers for the symbols.
  Band bind(llvm::ArrayRef<int64_t> symbols) const;
  /// Narrows `begin` or `end`.
  void limitBegin(const Expr &bound) { begin = max(begin, bound); }
  void limitEnd(const Expr &bound) { end = min(end, bound); }

  /// `a <= q < b, q - w <= k < q + 1, (k - q) mod 4 in [0, 1)`, or `every pair`; ends with
  /// `fallback` if it is one. With `transposed` the row variable is k.
  void print(llvm::raw_ostream &os, const SymbolNames &symbols, bool transposed = false) const;
};

/// The pairs of both. A fallback if one of them is.
Band meet(const Band &lhs, const Band &rhs);

/// The smallest band (up to windows) that holds both; a fallback.
Band hull(const Band &lhs, const Band &rhs);

/// The pairs of lhs that are not in rhs, as disjoint bands: rows before and after rhs, keys before
/// and after it, and per window of rhs its complement. Where rhs is a fallback, what both share
/// remains, as a fallback.
llvm::SmallVector<Band, 4> minus(const Band &lhs, const Band &rhs);

/// One band that is the union of both, where they agree in all but one bound.
std::optional<Band> join(const Band &lhs, const Band &rhs);

/// The band seen from the keys: rows are keys, columns queries. Where a bound has no adjoint it is
/// dropped and the result is a fallback.
Band transpose(const Band &band);

} // namespace mlir::attn

#endif // ATTN_BANDS_BAND_H
