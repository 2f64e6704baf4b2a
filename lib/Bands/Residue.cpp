//===- Residue.cpp - periodic windows -------------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attn/Bands/Residue.h"
#include "attn/Bands/Expr.h"
#include "llvm/ADT/STLExtras.h"
#include <algorithm>
#include <numeric>
#include <optional>
#include <tuple>

using namespace mlir::attn;

/// The modulus up to which two single residues are combined into one.
static constexpr int64_t kMaxModulus = int64_t(1) << 31;

//===----------------------------------------------------------------------===//
// Residue
//===----------------------------------------------------------------------===//

/// The window of the same members with `begin` in [0, modulus).
static Residue normalized(int64_t modulus, int64_t begin, int64_t end) {
  int64_t start = floorMod(begin, modulus);
  return {modulus, start, start + (end - begin)};
}

bool Residue::contains(int64_t x) const { return floorMod(x - begin, modulus) < width(); }

int64_t Residue::next(int64_t x) const {
  int64_t phase = floorMod(x - begin, modulus);
  return phase < width() ? x : x + modulus - phase;
}

int64_t Residue::previous(int64_t x) const {
  int64_t phase = floorMod(x - begin, modulus);
  return phase < width() ? x : x - (phase - width() + 1);
}

bool Residue::covers(int64_t first, int64_t last) const {
  return floorMod(first - begin, modulus) + (last - first) <= width();
}

int64_t Residue::count(int64_t first, int64_t last) const {
  if (first >= last)
    return 0;
  // Members in [begin, x), negative below begin.
  auto membersBelow = [&](int64_t x) {
    int64_t periods = floorDiv(x - begin, modulus);
    return periods * width() + std::min(x - begin - periods * modulus, width());
  };
  return membersBelow(last) - membersBelow(first);
}

Residue Residue::negated() const { return normalized(modulus, 1 - end, 1 - begin); }

Residue Residue::shifted(int64_t distance) const {
  return normalized(modulus, begin + floorMod(distance, modulus),
                    end + floorMod(distance, modulus));
}

Residue Residue::complement() const { return normalized(modulus, end, begin + modulus); }

bool Residue::isKnownWithin(const Residue &other) const {
  return modulus % other.modulus == 0 && other.covers(begin, end);
}

//===----------------------------------------------------------------------===//
// Residues
//===----------------------------------------------------------------------===//

/// One window with the members of both, if there is one; `empty` if both have none in common.
static std::optional<Residue> combine(const Residue &lhs, const Residue &rhs, bool &empty) {
  empty = false;
  if (lhs.isKnownWithin(rhs))
    return lhs;
  if (rhs.isKnownWithin(lhs))
    return rhs;
  if (lhs.modulus == rhs.modulus) {
    // Relative to lhs, rhs begins at `start`; it may also reach around into the front of lhs.
    int64_t start = floorMod(rhs.begin - lhs.begin, lhs.modulus);
    bool meetsBack = start < lhs.width();
    bool meetsFront = start + rhs.width() > lhs.modulus;
    if (!meetsBack && !meetsFront) {
      empty = true;
      return std::nullopt;
    }
    if (meetsBack && meetsFront)
      return std::nullopt;
    int64_t first = meetsBack ? start : 0;
    int64_t last = meetsBack ? std::min(lhs.width(), start + rhs.width())
                             : std::min(lhs.width(), start + rhs.width() - lhs.modulus);
    return normalized(lhs.modulus, lhs.begin + first, lhs.begin + last);
  }
  if (lhs.width() != 1 || rhs.width() != 1)
    return std::nullopt;
  // Two single residues meet in one residue of the least common multiple, or nowhere.
  int64_t gcd = std::gcd(lhs.modulus, rhs.modulus);
  if (floorMod(lhs.begin - rhs.begin, gcd) != 0) {
    empty = true;
    return std::nullopt;
  }
  // Bounded, because the search below takes up to rhs.modulus / gcd steps.
  if (rhs.modulus / gcd > 1024 || lhs.modulus > kMaxModulus / (rhs.modulus / gcd))
    return std::nullopt;
  int64_t member = lhs.begin;
  while (!rhs.contains(member))
    member += lhs.modulus;
  return normalized(lhs.modulus / gcd * rhs.modulus, member, member + 1);
}

bool Residues::add(int64_t modulus, int64_t begin, int64_t end) {
  if (begin >= end)
    return false;
  if (end - begin >= modulus)
    return true;
  Residue window = normalized(modulus, begin, end);
  for (auto *it = windows.begin(); it != windows.end(); ++it) {
    bool isEmpty;
    std::optional<Residue> both = combine(*it, window, isEmpty);
    if (isEmpty)
      return false;
    if (both) {
      // The narrower window may combine with others in turn.
      windows.erase(it);
      return add(*both);
    }
  }
  windows.insert(llvm::upper_bound(windows, window,
                                   [](const Residue &lhs, const Residue &rhs) {
                                     return std::tie(lhs.modulus, lhs.begin, lhs.end) <
                                            std::tie(rhs.modulus, rhs.begin, rhs.end);
                                   }),
                 window);
  return true;
}

bool Residues::add(const Residues &others) {
  return llvm::all_of(others, [&](const Residue &window) { return add(window); });
}

bool Residues::contains(int64_t x) const {
  return llvm::all_of(windows, [&](const Residue &window) { return window.contains(x); });
}

Residues Residues::negated() const {
  Residues result;
  for (const Residue &window : windows)
    (void)result.add(window.negated());
  return result;
}

bool Residues::areKnownWithin(const Residues &others) const {
  return llvm::all_of(others, [&](const Residue &outer) {
    return llvm::any_of(windows, [&](const Residue &inner) { return inner.isKnownWithin(outer); });
  });
}
