//===- Residue.h - periodic windows -------------------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_BANDS_RESIDUE_H
#define ATTN_BANDS_RESIDUE_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include <cstdint>

namespace mlir::attn {

/// The integers x with `x mod modulus in [begin, end)`, that is `(x - begin) mod modulus < end -
/// begin`. Always 0 <= begin < modulus and begin < end < begin + modulus; end may exceed the
/// modulus, where the window wraps around.
struct Residue {
  int64_t modulus;
  int64_t begin;
  int64_t end;

  int64_t width() const { return end - begin; }
  bool contains(int64_t x) const;
  /// The first member at or after x, the last one at or before x.
  int64_t next(int64_t x) const;
  int64_t previous(int64_t x) const;
  /// Does [first, last) meet the window, does it lie inside?
  bool meets(int64_t first, int64_t last) const { return first < last && next(first) < last; }
  bool covers(int64_t first, int64_t last) const;
  /// The number of members in [first, last).
  int64_t count(int64_t first, int64_t last) const;

  /// { x : -x is a member }, { x : x - distance is a member }, { x : x is no member }.
  Residue negated() const;
  Residue shifted(int64_t distance) const;
  Residue complement() const;
  /// Is every member of this one a member of the other? Structural: `false` means "not known".
  bool isKnownWithin(const Residue &other) const;

  bool operator==(const Residue &other) const {
    return modulus == other.modulus && begin == other.begin && end == other.end;
  }
};

/// A conjunction of windows, none by default.
class Residues {
public:
  /// Adds `x mod modulus in [begin, end)` for any begin and end; `false` if nothing is left.
  [[nodiscard]] bool add(int64_t modulus, int64_t begin, int64_t end);
  [[nodiscard]] bool add(const Residue &window) {
    return add(window.modulus, window.begin, window.end);
  }
  [[nodiscard]] bool add(const Residues &others);

  bool empty() const { return windows.empty(); }
  size_t size() const { return windows.size(); }
  auto begin() const { return windows.begin(); }
  auto end() const { return windows.end(); }

  bool contains(int64_t x) const;
  Residues negated() const;
  /// Structural, as for `Residue`.
  bool areKnownWithin(const Residues &others) const;
  bool operator==(const Residues &other) const { return windows == other.windows; }

private:
  /// Sorted by modulus, so that equal sets mostly compare equal.
  llvm::SmallVector<Residue, 1> windows;
};

} // namespace mlir::attn

#endif // ATTN_BANDS_RESIDUE_H
