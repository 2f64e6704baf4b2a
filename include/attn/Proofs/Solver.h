//===- Solver.h - is there an integer point in a formula? -------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The only door to mlir/Analysis/Presburger, and what it lets through is small on purpose: rational
// simplex, and an integer sample of one conjunction. Set difference, simplification and projection
// are never used. In LLVM 22.1 `PresburgerSet::subtract` takes *any* parallel pair of inequalities
// for the definition of a division and then drops their meaning, so that `[0, 64) minus {x mod 32
// >= 10}` comes out empty; and it cannot be interrupted, neither in time nor in memory.
//
// "A is a subset of B" is asked as "does `A and not B` have no integer point". The formula is
// searched as a satisfiability solver does: constraints go into one simplex tableau, disjunctions
// wait as clauses.
//
//     assert every constraint that must hold        x >= 0, y = x floordiv 4, ...
//     repeat   drop the alternatives of a clause that the tableau refutes;
//              none is left: this branch is empty;  one is left: assert it
//     until nothing changes, then branch on the clause with the fewest alternatives
//     no clause is left: look for an integer point of the conjunction
//
// Nothing is ever expanded to a normal form, memory is that of one path, and the deadline is
// checked between two steps of the simplex. A division `x floordiv c` becomes a variable e with `0
// <= x - c*e < c`, which is total and unique, so negating a constraint that mentions it is sound.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_PROOFS_SOLVER_H
#define ATTN_PROOFS_SOLVER_H

#include "attn/Proofs/Formula.h"
#include "llvm/ADT/SmallVector.h"
#include <chrono>
#include <limits>
#include <optional>
#include <string>

namespace mlir::attn {

/// When to give up. Giving up is an answer ("not proved"), never an error.
struct Limits {
  std::chrono::steady_clock::time_point deadline = std::chrono::steady_clock::time_point::max();
  /// Branches of the search.
  unsigned maxBranches = 20000;
  /// Clauses and cuts that are looked at. Where the answer shapes the output of the compiler this
  /// is the limit to set: it does not depend on the machine, as a deadline does.
  unsigned maxSteps = std::numeric_limits<unsigned>::max();
  /// Variables, divisions included, of a conjunction that the uninterruptible search may be given.
  unsigned maxVariables = 14;

  static Limits within(std::chrono::milliseconds time) {
    Limits limits;
    limits.deadline = std::chrono::steady_clock::now() + time;
    return limits;
  }
};

/// Values of the dimensions and of the symbols of a formula.
struct Point {
  SmallVector<int64_t> dims, symbols;
};

struct Verdict {
  enum Kind { Proved, Refuted, NotProved } kind;
  /// The counter-example, when refuted.
  Point point;
  /// Why the search gave up, when not proved.
  std::string reason;

  bool isProved() const { return kind == Proved; }
  bool isRefuted() const { return kind == Refuted; }
};

/// Proves that no integer values of `numDims` dimensions and `numSymbols` symbols satisfy
/// `formula`.
Verdict isEmpty(const Formula &formula, unsigned numDims, unsigned numSymbols,
                const Limits &limits = {});

/// Proves that every point of `lhs` is in `rhs`; a counter-example is in `lhs` only.
Verdict isSubset(const Formula &lhs, const Formula &rhs, unsigned numDims, unsigned numSymbols,
                 const Limits &limits = {});

/// A point of `formula`, if one is found within the limits.
std::optional<Point> sample(const Formula &formula, unsigned numDims, unsigned numSymbols,
                            const Limits &limits = {});

} // namespace mlir::attn

#endif // ATTN_PROOFS_SOLVER_H
