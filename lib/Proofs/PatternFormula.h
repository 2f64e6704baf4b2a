//===- PatternFormula.h - the pairs of a mask as a formula ------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The other side of every proof: what the mask ops say, read off them directly and without
// lib/Bands.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_PROOFS_PATTERNFORMULA_H
#define ATTN_LIB_PROOFS_PATTERNFORMULA_H

#include "attn/IR/AttnOps.h"
#include "attn/Proofs/Solver.h"
#include "llvm/ADT/DenseMap.h"
#include <optional>

namespace mlir::attn {

/// Formulas of the masks of one pattern, over the dimensions of BandFormula.h and the symbols of
/// Bands/Symbols.h.
class PatternFormulas {
public:
  /// Argument i of the pattern is symbol `argumentSymbols[i]`.
  PatternFormulas(PatternOp pattern, ArrayRef<unsigned> argumentSymbols);

  /// Nothing where the mask is not affine, or an op is not known.
  std::optional<Formula> of(Value mask);
  std::optional<Formula> ofPattern() { return of(pattern.getMask()); }

  /// The op that puts a pair of the pattern there: the first of a union that has it, and so on
  /// inwards.
  Operation *findSource(const Point &point) { return findSource(pattern.getMask(), point); }

private:
  std::optional<Formula> build(Operation *op);
  Operation *findSource(Value mask, const Point &point);
  AffineExpr number(OpFoldResult value);
  std::optional<Formula> block(int64_t size, AffineExpr shift, AffineExpr before, AffineExpr after);

  PatternOp pattern;
  SmallVector<unsigned> argumentSymbols;
  AffineExpr q, k;
  DenseMap<Value, std::optional<Formula>> formulas;
};

} // namespace mlir::attn

#endif // ATTN_LIB_PROOFS_PATTERNFORMULA_H
