//===- Bands.h - a pattern as a union of monotone staircases -----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_BANDS_BANDS_H
#define ATTN_BANDS_BANDS_H

#include "attn/Bands/Band.h"

namespace mlir::attn {

/// A union of bands, a set: pairs in several bands count once.
///
/// If the set stands for a pattern P, then every exact band lies inside P, and every pair of P lies
/// in some band, exact or fallback. All operations keep both promises.
class Bands {
public:
  /// More bands than this are given up for one fallback band.
  static constexpr unsigned kLimit = 64;

  static Bands none() { return Bands(); }
  static Bands all();
  static Bands of(Band band);

  llvm::ArrayRef<Band> list() const { return bands; }
  auto begin() const { return bands.begin(); }
  auto end() const { return bands.end(); }
  size_t size() const { return bands.size(); }
  bool empty() const { return bands.empty(); }
  const Band &operator[](size_t index) const { return bands[index]; }

  bool hasFallback() const;
  /// Did an operation that led here exceed `kLimit`?
  bool isLimited() const { return limited; }

  /// Adds the pairs of one band; drops what is known to be empty or contained, joins what it can.
  void add(Band band);

  /// The same set as rows of keys.
  Bands transposed() const;
  /// The same set with numbers for the symbols.
  Bands bind(llvm::ArrayRef<int64_t> symbols) const;
  /// All pairs, as fallback bands.
  Bands asFallback() const;
  /// Adds a mask op to the sources of every band.
  void addSource(unsigned source);

private:
  friend Bands unite(const Bands &lhs, const Bands &rhs);
  friend Bands intersect(const Bands &lhs, const Bands &rhs);
  friend Bands subtract(const Bands &lhs, const Bands &rhs);

  llvm::SmallVector<Band, 4> bands;
  bool limited = false;
};

Bands unite(const Bands &lhs, const Bands &rhs);
Bands intersect(const Bands &lhs, const Bands &rhs);
Bands subtract(const Bands &lhs, const Bands &rhs);

} // namespace mlir::attn

#endif // ATTN_BANDS_BANDS_H
