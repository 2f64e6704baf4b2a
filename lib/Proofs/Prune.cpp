//===- Prune.cpp - bands without pairs ------------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attn/Proofs/Prune.h"
#include "BandFormula.h"
#include "attn/Proofs/Solver.h"
#include "mlir/IR/MLIRContext.h"

using namespace mlir;
using namespace mlir::attn;

bool mlir::attn::isProvedEmpty(const Band &band, const SymbolNames &symbols, MLIRContext &context) {
  if (band.isKnownEmpty())
    return true;
  TermArith arith(&context);
  Formula pair = bandFormula(arith, band) && boxFormula(&context) && sizeFormula(&context);
  if (arith.isTooLarge())
    return false;
  Limits limits;
  limits.maxSteps = 2000;
  limits.maxVariables = 10;
  return isEmpty(pair, Dim::NumDims, symbols.size(), limits).isProved();
}
