//===- Count.cpp - the number of pairs of a set of bands ------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attn/Bands/Count.h"
#include "llvm/ADT/STLExtras.h"
#include <numeric>

using namespace mlir::attn;

namespace {
/// What a band has in one row: keys in [begin, end) that are in all of the windows.
struct Interval {
  int64_t begin, end;
  llvm::SmallVector<Residue, 2> windows;
  bool fallback;

  bool contains(int64_t k) const {
    return llvm::all_of(windows, [&](const Residue &window) { return window.contains(k); });
  }
};

class RowCounter {
public:
  RowCounter(const Bands &bands, const Sizes &sizes, const Predicate &predicate)
      : bands(bands), sizes(sizes), predicate(predicate) {}

  int64_t count(int64_t q);

private:
  void collect(int64_t q);
  int64_t countPiece(int64_t q, int64_t begin, int64_t end) const;

  const Bands &bands;
  const Sizes &sizes;
  const Predicate &predicate;
  llvm::SmallVector<Interval, 4> intervals;
  llvm::SmallVector<int64_t, 8> cuts;
};
} // namespace

/// Finds the intervals of row q, and where they begin and end.
void RowCounter::collect(int64_t q) {
  intervals.clear();
  cuts.clear();
  for (const Band &band : bands) {
    if (q < band.rowBegin.evaluate(0, {}) || q >= band.rowEnd.evaluate(0, {}) ||
        !band.queryWindows.contains(q))
      continue;
    int64_t begin = std::max(band.begin.evaluate(q, {}), sizes.keyOffset);
    int64_t end = std::min(band.end.evaluate(q, {}), sizes.keyOffset + sizes.keyLength);
    if (begin >= end)
      continue;
    Interval interval{begin, end, {}, band.fallback};
    llvm::append_range(interval.windows, band.keyWindows);
    for (const Residue &window : band.distanceWindows)
      interval.windows.push_back(window.shifted(q));
    intervals.push_back(std::move(interval));
    cuts.push_back(begin);
    cuts.push_back(end);
  }
}

/// Counts [begin, end), which no interval begins or ends inside.
int64_t RowCounter::countPiece(int64_t q, int64_t begin, int64_t end) const {
  llvm::SmallVector<const Interval *, 4> exact;
  bool hasFallback = false;
  for (const Interval &interval : intervals) {
    if (interval.begin > begin || interval.end < end)
      continue;
    if (interval.fallback) {
      hasFallback = true;
      continue;
    }
    if (interval.windows.empty())
      return end - begin;
    exact.push_back(&interval);
  }
  auto isVisible = [&](int64_t k) {
    return llvm::any_of(exact, [&](const Interval *interval) { return interval->contains(k); });
  };
  auto countEach = [&](int64_t first, int64_t last) {
    int64_t count = 0;
    for (int64_t k = first; k < last; ++k)
      count += isVisible(k) || (hasFallback && predicate(q, k));
    return count;
  };
  if (hasFallback)
    return countEach(begin, end);
  if (exact.empty())
    return 0;
  if (exact.size() == 1 && exact[0]->windows.size() == 1)
    return exact[0]->windows[0].count(begin, end);
  // Membership repeats with the least common multiple of all moduli.
  int64_t period = 1;
  for (const Interval *interval : exact)
    for (const Residue &window : interval->windows) {
      int64_t factor = window.modulus / std::gcd(period, window.modulus);
      if (factor > (end - begin) / period)
        return countEach(begin, end);
      period *= factor;
    }
  int64_t periods = (end - begin) / period;
  return periods * countEach(begin, begin + period) + countEach(begin + periods * period, end);
}

int64_t RowCounter::count(int64_t q) {
  collect(q);
  llvm::sort(cuts);
  int64_t count = 0;
  for (size_t i = 1; i < cuts.size(); ++i)
    if (cuts[i - 1] < cuts[i])
      count += countPiece(q, cuts[i - 1], cuts[i]);
  return count;
}

int64_t mlir::attn::countPairs(const Bands &bands, const Sizes &sizes, const Predicate &predicate) {
  Bands bound = bands.bind(sizes.values());
  RowCounter counter(bound, sizes, predicate);
  int64_t count = 0;
  for (int64_t row = 0; row < sizes.queryLength; ++row)
    count += counter.count(sizes.offset + row);
  return count;
}
