//===- BandFormula.cpp - bands, tiles and sizes as formulas ---------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "BandFormula.h"
#include "attn/Bands/Tiles.h"

using namespace mlir;
using namespace mlir::attn;

Formula mlir::attn::sizeFormula(MLIRContext *context) {
  constexpr int64_t limit = (int64_t(1) << 31) - 1;
  AffineExpr least = getAffineConstantExpr(1, context);
  AffineExpr most = getAffineConstantExpr(limit, context);
  Formula formula = Formula::always(true);
  for (Symbol length : {QueryLength, KeyLength}) {
    AffineExpr symbol = getAffineSymbolExpr(length, context);
    formula = formula && Formula::ge(symbol, least) && Formula::ge(most, symbol);
  }
  for (Symbol position : {Offset, KeyOffset}) {
    AffineExpr symbol = getAffineSymbolExpr(position, context);
    formula = formula && Formula::ge(symbol, -most) && Formula::ge(most, symbol);
  }
  return formula;
}

Formula mlir::attn::boxFormula(MLIRContext *context) {
  auto inside = [&](Dim dim, Symbol origin, Symbol length) {
    AffineExpr position = getAffineDimExpr(dim, context);
    AffineExpr begin = getAffineSymbolExpr(origin, context);
    return Formula::ge(position, begin) &&
           Formula::lt(position, begin + getAffineSymbolExpr(length, context));
  };
  return inside(QueryDim, Offset, QueryLength) && inside(KeyDim, KeyOffset, KeyLength);
}

/// x is in the window: a member is its own successor.
static Formula windowFormula(TermArith &arith, const Residue &window, const Term &x) {
  AffineExpr expr = x.getExpr();
  AffineExpr rest = (expr - window.begin) % window.modulus;
  if (window.width() == 1)
    return Formula::zero(rest);
  return Formula::nonNegative(-rest + (window.width() - 1));
}

/// `rowBegin <= q < rowEnd`, and q in its windows.
static Formula bandRowFormula(TermArith &arith, const Band &band) {
  Term q = arith.dim(QueryDim);
  Formula formula = arith.lessEqual(evaluateWith(arith, band.rowBegin, q), q) &&
                    arith.less(q, evaluateWith(arith, band.rowEnd, q));
  for (const Residue &window : band.queryWindows)
    formula = formula && windowFormula(arith, window, q);
  return formula;
}

Formula mlir::attn::bandFormula(TermArith &arith, const Band &band) {
  Term q = arith.dim(QueryDim), k = arith.dim(KeyDim);
  Formula formula = bandRowFormula(arith, band) &&
                    arith.lessEqual(evaluateWith(arith, band.begin, q), k) &&
                    arith.less(k, evaluateWith(arith, band.end, q));
  for (const Residue &window : band.keyWindows)
    formula = formula && windowFormula(arith, window, k);
  for (const Residue &window : band.distanceWindows)
    formula = formula && windowFormula(arith, window, arith.sub(k, q));
  return formula;
}

Formula mlir::attn::rowFormula(TermArith &arith, const Bands &bands) {
  Formula formula = Formula::always(false);
  Term q = arith.dim(QueryDim), keyOffset = arith.symbol(KeyOffset);
  Term keyEnd = arith.add(keyOffset, arith.symbol(KeyLength));
  for (const Band &band : bands) {
    if (band.fallback || band.keyWindows.size() + band.distanceWindows.size() > 1)
      continue;
    Term first = arith.max(evaluateWith(arith, band.begin, q), keyOffset);
    for (const Residue &window : band.keyWindows)
      first = nextWith(arith, window, first);
    for (const Residue &window : band.distanceWindows)
      first = arith.add(nextWith(arith, window, arith.sub(first, q)), q);
    Term end = arith.min(evaluateWith(arith, band.end, q), keyEnd);
    formula = formula || (bandRowFormula(arith, band) && arith.less(first, end));
  }
  return formula;
}

TileFormula mlir::attn::tileFormula(TermArith &arith, const Band &band, int64_t queryTile,
                                    int64_t keyTile) {
  TileFrame<Term> frame = queryFrame(arith, queryTile, keyTile);
  Term u = arith.dim(KeyTileDim);
  TileRanges<Term> ranges = tileRanges(arith, band, frame, arith.dim(QueryTileDim));
  TileFormula formula{
      arith.lessEqual(ranges.visitBegin, u) && arith.less(u, ranges.visitEnd),
      arith.lessEqual(ranges.fullBegin, u) && arith.less(u, ranges.fullEnd),
  };
  if (needsColumnTileTest(band)) {
    ColumnTileTest<Formula> test = columnTileTest(arith, band, frame, ranges, u);
    formula.visited = formula.visited && test.visible;
    formula.full = formula.full && test.full;
  }
  formula.full = formula.full && formula.visited;
  return formula;
}
