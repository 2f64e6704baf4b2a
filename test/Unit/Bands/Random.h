//===- Random.h - reproducible random cases ------------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_TEST_UNIT_BANDS_RANDOM_H
#define ATTN_TEST_UNIT_BANDS_RANDOM_H

#include <cstdint>
#include <cstdlib>
#include <ostream>
#include <random>
#include <string>

namespace mlir::attn::test {

/// A stream of random numbers with a fixed seed. ATTN_RANDOM_CASES sets the number of cases of the
/// long run, ATTN_RANDOM_SEED the seed; a failure prints `<< random`, which says how to see it
/// again.
class Random {
public:
  explicit Random(const char *test) : test(test) {
    const char *text = std::getenv("ATTN_RANDOM_SEED");
    seed = text ? std::strtoul(text, nullptr, 10) : 1;
    engine.seed(seed);
  }

  int64_t between(int64_t least, int64_t most) {
    return least + int64_t(engine() % uint64_t(most - least + 1));
  }
  /// True once in `n` times.
  bool chance(int64_t n) { return between(1, n) == 1; }

  static int cases(int usual) {
    const char *text = std::getenv("ATTN_RANDOM_CASES");
    return text ? std::atoi(text) : usual;
  }

  friend std::ostream &operator<<(std::ostream &os, const Random &random) {
    return os << "\nagain: ATTN_RANDOM_SEED=" << random.seed << " --gtest_filter=" << random.test;
  }

private:
  const char *test;
  unsigned long seed;
  std::mt19937_64 engine;
};

} // namespace mlir::attn::test

#endif // ATTN_TEST_UNIT_BANDS_RANDOM_H
