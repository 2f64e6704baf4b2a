//===- Formula.cpp - affine constraints under and, or, not ----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attn/Proofs/Formula.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/ErrorHandling.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::attn;

Formula Formula::always(bool value) { return Formula(Node{value ? Kind::And : Kind::Or, {}, {}}); }

Formula Formula::nonNegative(AffineExpr expr) {
  if (auto constant = dyn_cast<AffineConstantExpr>(expr))
    return always(constant.getValue() >= 0);
  return Formula(Node{Kind::GreaterEqual, expr, {}});
}

Formula Formula::zero(AffineExpr expr) {
  if (auto constant = dyn_cast<AffineConstantExpr>(expr))
    return always(constant.getValue() == 0);
  return Formula(Node{Kind::Equal, expr, {}});
}

Formula Formula::operator!() const {
  switch (getKind()) {
  case Kind::GreaterEqual:
    return nonNegative(-getExpr() - 1);
  case Kind::Equal:
    return nonNegative(getExpr() - 1) || nonNegative(-getExpr() - 1);
  case Kind::And:
  case Kind::Or: {
    Formula result = always(getKind() == Kind::Or);
    for (const Formula &operand : getOperands())
      result = join(getKind() == Kind::And ? Kind::Or : Kind::And, result, !operand);
    return result;
  }
  }
  llvm_unreachable("covered switch");
}

Formula Formula::join(Kind kind, const Formula &lhs, const Formula &rhs) {
  bool neutral = kind == Kind::And;
  if (lhs.isAlways(neutral) || rhs.isAlways(!neutral))
    return rhs;
  if (rhs.isAlways(neutral) || lhs.isAlways(!neutral))
    return lhs;
  Node node{kind, {}, {}};
  for (const Formula *side : {&lhs, &rhs}) {
    if (side->getKind() == kind)
      llvm::append_range(node.operands, side->getOperands());
    else
      node.operands.push_back(*side);
  }
  return Formula(std::move(node));
}

bool Formula::holds(ArrayRef<int64_t> dims, ArrayRef<int64_t> symbols) const {
  auto operandHolds = [&](const Formula &operand) { return operand.holds(dims, symbols); };
  switch (getKind()) {
  case Kind::GreaterEqual:
    return evaluate(getExpr(), dims, symbols) >= 0;
  case Kind::Equal:
    return evaluate(getExpr(), dims, symbols) == 0;
  case Kind::And:
    return llvm::all_of(getOperands(), operandHolds);
  case Kind::Or:
    return llvm::any_of(getOperands(), operandHolds);
  }
  llvm_unreachable("covered switch");
}

int64_t mlir::attn::evaluate(AffineExpr expr, ArrayRef<int64_t> dims, ArrayRef<int64_t> symbols) {
  switch (expr.getKind()) {
  case AffineExprKind::Constant:
    return cast<AffineConstantExpr>(expr).getValue();
  case AffineExprKind::DimId:
    return dims[cast<AffineDimExpr>(expr).getPosition()];
  case AffineExprKind::SymbolId:
    return symbols[cast<AffineSymbolExpr>(expr).getPosition()];
  default:
    break;
  }
  auto binary = cast<AffineBinaryOpExpr>(expr);
  int64_t lhs = evaluate(binary.getLHS(), dims, symbols);
  int64_t rhs = evaluate(binary.getRHS(), dims, symbols);
  switch (expr.getKind()) {
  case AffineExprKind::Add:
    return lhs + rhs;
  case AffineExprKind::Mul:
    return lhs * rhs;
  case AffineExprKind::FloorDiv:
    return llvm::divideFloorSigned(lhs, rhs);
  case AffineExprKind::CeilDiv:
    return llvm::divideCeilSigned(lhs, rhs);
  case AffineExprKind::Mod:
    return llvm::mod(lhs, rhs);
  default:
    llvm_unreachable("covered switch");
  }
}
