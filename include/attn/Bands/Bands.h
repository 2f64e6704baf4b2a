//===- Bands.h - a pattern as a union of monotone staircases -----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A tiled attention kernel asks two questions about a pattern, per tile of queries: which tiles of
// keys have a visible pair (it *visits* those), and which have only visible pairs (they are *full*:
// no masking). This file explains the one data structure that answers both, for lengths and
// arguments that are not yet known, in a handful of integer operations.
//
// 1. The idea
// ===========
//
// Draw a pattern with a row per query and a column per key. This is attention to the first key (the
// sink) and to the last four: `causal and (window before 3 or keys 0 to 1)`.
//
//        k 0 1 2 3 4 5 6 7
//     q 0  # . . . . . . .
//       1  # # . . . . . .
//       2  # # # . . . . .
//       3  # # # # . . . .
//       4  B A A A A . . .        A: the window     q - 3 <= k < q + 1
//       5  B . A A A A . .        B: the sink           0 <= k < min(q + 1, 1)
//       6  B . . A A A A .        #: a pair of A (in column 0 also one of B)
//       7  B . . . A A A A
//
// Row by row, A is one interval of keys, and both its ends move right as q grows, or stay; they
// never move left. So is B. A set of pairs with that property is a *band*, a staircase:
//
//     { (q, k) : begin(q) <= k < end(q) }            begin and end never decrease
//
// Nearly every pattern in use is a union of a few bands: a window is one, blocks and chunks are one
// (their ends move in jumps: begin = 64*(q floordiv 64)), Longformer is three, BigBird five.
//
// 2. The rule
// ===========
//
// Take a tile of queries, from its first row a to its last row z. Because the ends never move left,
// the extremes over all rows of the tile are at its first and last row:
//
//     some row sees a key       from begin(a)  to  end(z)         the tile must visit these
//     every row sees a key      from begin(z)  to  end(a)         these are full
//
// In key tiles of size B, the first range is rounded outwards and the second inwards:
//
//     visit [begin(a) floordiv B, end(z) ceildiv B)       full [begin(z) ceildiv B, end(a) floordiv
//     B)
//
// Four evaluations, no list of tiles, no table in memory, and nothing that grows with the lengths.
//
// 3. An example
// =============
//
// Tiles of 2 x 2 in the picture above, third tile of queries: a = 4, z = 5.
//
//     A:  visit [1 floordiv 2, 6 ceildiv 2) = [0, 3)      full [2 ceildiv 2, 5 floordiv 2) = [1, 2)
//     B:  visit [0 floordiv 2, 1 ceildiv 2) = [0, 1)      full [0 ceildiv 2, 1 floordiv 2) = empty
//
// A union of bands visits what one of them visits, and a tile is full if it is full in one of them.
// All four tiles of queries together (`attn-opt --attn-print-bands` draws this):
//
//     / . . .           / partial: some pairs are visible, mask each
//     # / . .           # full: all pairs are visible
//     / # / .           . skipped
//     / / # /
//
// The last row shows the union at work: tile 1 comes from A, tile 0 from B alone.
//
// 4. What else a band may say
// ===========================
//
// * Rows: `rowBegin <= q < rowEnd`, for masks of some queries only (`attn.queries`).
// * Periodic windows: `q mod n in [s, e)`, and the same of k and of k - q. A dilated window is a
// band with
//   `(k - q) mod d in [0, 1)`. The ranges above ignore windows on k and k - q; one more test per
//   tile of the visit range (`columnTileTest`) refines them.
// * Symbols: begin and end may use the lengths and the pattern's arguments (see Symbols.h).
//
// q and k are *positions*: row + offset and column + key_offset. Lengths and offsets come in only
// where tiles are computed, so a band is the same in prefill, decoding and every shard of a
// sequence.
//
// 5. Why they compose
// ===================
//
// * The intersection of two bands is one band: max of the begins, min of the ends; and the max and
// min of
//   two expressions that never decrease never decrease.
// * A band without another is a few bands: the rows before it and after it, the keys before it and
// after
//   it, and for each of its windows the complement.
// * Seen from the keys (the backward pass: which queries see key k?) a band is a band again. For an
//   expression that never decreases, `begin(q) <= k` is the same as `q <= upperAdjoint(begin, k)`,
//   and the adjoint is built from begin by structure: that of q + 3 is k - 3, that of 64*(q
//   floordiv 64) is 64*(k floordiv 64) + 63. See Expr.h.
//
// 6. What is exact, what is not
// =============================
//
// A visit is never lost and a tile with a hidden pair is never called full. One band is mostly
// exact. It may visit a tile in vain if two rows of a tile leave a gap of more than a tile between
// them, if a row at the end of a tile is empty, or with several windows on one variable; and a tile
// that is full only through two bands together is called partial. Wrong guesses cost time, not
// correctness, because kernels mask partial tiles by the pattern's predicate and not by bands.
//
// What is no union of staircases (`q + k >= 64`, whose lower end moves *left*) becomes a *fallback*
// band: a band around it, all of whose tiles are partial.
//
// 7. Why not lists of tiles, why not polyhedra
// ============================================
//
// A list of tiles is exact for one choice of lengths, grows with their product and has to be
// computed, stored and loaded for each. A polyhedral library eliminates q and k from the
// constraints instead, and with `floordiv` and `mod` that splits one interval into dozens of pieces
// or does not end. Bands need no elimination, because the extremes are known beforehand to be at
// the ends. (Presburger sets remain the better judge: lib/Proofs validates what is computed here.)
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
