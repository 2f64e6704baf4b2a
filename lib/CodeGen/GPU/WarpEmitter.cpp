//===- WarpEmitter.cpp - a thin builder for the code of a warp ---------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "WarpEmitter.h"

using namespace mlir;
using namespace mlir::attn;
using namespace mlir::attn::cuda;

Values WarpEmitter::unpack(Value aggregate) {
  auto type = dyn_cast<LLVM::LLVMStructType>(aggregate.getType());
  if (!type)
    return {aggregate};
  Values values;
  for (int64_t i = 0, count = type.getBody().size(); i < count; ++i)
    values.push_back(LLVM::ExtractValueOp::create(*this, aggregate, i));
  return values;
}

Values WarpEmitter::elements(Value vector) {
  Values values;
  for (int64_t i = 0, count = cast<VectorType>(vector.getType()).getNumElements(); i < count; ++i)
    values.push_back(lane(vector, i));
  return values;
}

Value WarpEmitter::pack(Value low, Value high, Type element) {
  Type type = VectorType::get(2, element);
  auto nearest = NVVM::FPRoundingMode::RN;
  Value pair =
      element.isF16()
          ? Value(NVVM::ConvertF32x2ToF16x2Op::create(*this, type, high, low, Value(), nearest))
          : Value(NVVM::ConvertF32x2ToBF16x2Op::create(*this, type, high, low, Value(), nearest));
  return LLVM::BitcastOp::create(*this, i32(), pair);
}

Value WarpEmitter::widen(Value bits, Type element) {
  if (element.isF16())
    return arith::ExtFOp::create(*this, f32(), bitcast(bits, element));
  Value wide = arith::ExtUIOp::create(*this, i32(), bits);
  return bitcast(shl(wide, integer32(16)), f32());
}

Value WarpEmitter::narrow(Value x, Type element) {
  return arith::TruncIOp::create(*this, getI16Type(), pack(x, x, element));
}

Value WarpEmitter::sumOver(Value x, int32_t lanes) {
  for (int32_t mask = lanes / 2; mask > 0; mask /= 2)
    x = addf(x, shuffleXor(x, mask));
  return x;
}

void WarpEmitter::mbarrierArrive(Value barrier) {
  NVVM::MBarrierArriveOp::create(
      *this, Type(), barrier, Value(),
      NVVM::MemScopeKindAttr::get(getContext(), NVVM::MemScopeKind::CTA));
}

void WarpEmitter::mbarrierExpect(Value barrier, int64_t bytes) {
  NVVM::MBarrierArriveExpectTxOp::create(
      *this, Type(), barrier, integer32(bytes),
      NVVM::MemScopeKindAttr::get(getContext(), NVVM::MemScopeKind::CTA), BoolAttr(), Value());
}

Value WarpEmitter::mbarrierTryWait(Value barrier, Value parity) {
  return NVVM::MBarrierTryWaitOp::create(
      *this, i1(), barrier, parity, Value(),
      NVVM::MemScopeKindAttr::get(getContext(), NVVM::MemScopeKind::CTA));
}

Values WarpEmitter::loadMatrices(Value address, bool transposed) {
  MLIRContext *context = getContext();
  Type type = structOf(SmallVector<Type>(4, i32()));
  auto layout = transposed ? NVVM::MMALayout::col : NVVM::MMALayout::row;
  return unpack(NVVM::LdMatrixOp::create(
      *this, type, address, getI32IntegerAttr(4), NVVM::MMALayoutAttr::get(context, layout),
      NVVM::LdStMatrixShapeAttr::get(context, 8, 8),
      NVVM::LdStMatrixEltTypeAttr::get(context, NVVM::LdStMatrixEltType::B16)));
}

void WarpEmitter::storeMatrices(Value address, ValueRange registers) {
  MLIRContext *context = getContext();
  NVVM::StMatrixOp::create(*this, address, registers,
                           NVVM::MMALayoutAttr::get(context, NVVM::MMALayout::row),
                           NVVM::LdStMatrixShapeAttr::get(context, 8, 8),
                           NVVM::LdStMatrixEltTypeAttr::get(context, NVVM::LdStMatrixEltType::B16));
}

Values WarpEmitter::mma(ValueRange a, ValueRange b, ValueRange c, Type element) {
  bool isF16 = element.isF16();
  auto operands = [&](ValueRange registers) {
    Values values(registers);
    // nvvm takes pairs of f16 as vectors and pairs of bf16 as integers.
    if (isF16)
      for (Value &value : values)
        value = LLVM::BitcastOp::create(*this, VectorType::get(2, element), value);
    return values;
  };
  auto type = isF16 ? NVVM::MMATypes::f16 : NVVM::MMATypes::bf16;
  return unpack(NVVM::MmaOp::create(*this, structOf(c.getTypes()), operands(a), operands(b), c,
                                    {16, 8, 16}, std::nullopt, std::nullopt, std::array{type, type},
                                    std::array{NVVM::MMALayout::row, NVVM::MMALayout::col}));
}

Values WarpEmitter::assembly(const Twine &code, ValueRange tied, ValueRange inputs) {
  auto letter = [](Value value) {
    return value.getType().isF32() ? "f" : value.getType().isInteger(64) ? "l" : "r";
  };
  std::string constraints;
  for (Value value : tied)
    constraints += std::string("=") + letter(value) + ",";
  for (Value value : inputs)
    constraints += std::string(letter(value)) + ",";
  for (size_t i = 0; i < tied.size(); ++i)
    constraints += std::to_string(i) + ",";
  Values operands(inputs);
  llvm::append_range(operands, tied);
  Type result = tied.empty()       ? Type()
                : tied.size() == 1 ? tied.front().getType()
                                   : structOf(tied.getTypes());
  auto op = LLVM::InlineAsmOp::create(
      *this, result, operands, code.str(), constraints + "~{memory}", /*has_side_effects=*/true,
      /*is_align_stack=*/false, LLVM::TailCallKind::None, LLVM::AsmDialectAttr(), ArrayAttr());
  return tied.empty() ? Values() : unpack(op->getResult(0));
}

/// Inline assembly with one i32 in and one out.
static Value unary(WarpEmitter &e, StringRef code, Value x, bool staysHere) {
  return LLVM::InlineAsmOp::create(e, x.getType(), x, code, "=r,r",
                                   /*has_side_effects=*/staysHere, /*is_align_stack=*/false,
                                   LLVM::TailCallKind::None, LLVM::AsmDialectAttr(), ArrayAttr())
      ->getResult(0);
}

Value WarpEmitter::opaque(Value x, bool staysHere) {
  return unary(*this, "mov.b32 $0, $1;", x, staysHere);
}

Value WarpEmitter::lowBits(Value count) {
  return unary(*this, "bmsk.clamp.b32 $0, 0, $1;", count, /*staysHere=*/false);
}
