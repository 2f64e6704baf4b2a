//===- Emitter.h - a thin builder for native code ----------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Everything that kernels are made of: integers, bytes behind pointers, vectors, and structured
// loops. The ops are arith, vector, scf and llvm's pointers; MLIR lowers them afterwards. A literal
// takes the type of the value that it is combined with.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_CODEGEN_COMMON_EMITTER_H
#define ATTN_CODEGEN_COMMON_EMITTER_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/TypeUtilities.h"

namespace mlir::attn {

/// The values that a call of the emitter takes or gives.
using Values = SmallVector<Value>;

class Emitter : public ImplicitLocOpBuilder {
public:
  using ImplicitLocOpBuilder::ImplicitLocOpBuilder;

  Type i1() { return getI1Type(); }
  Type i32() { return getI32Type(); }
  Type i64() { return getI64Type(); }
  Type f32() { return getF32Type(); }
  Type ptr() { return LLVM::LLVMPointerType::get(getContext()); }
  VectorType f32s(int64_t lanes) { return VectorType::get(lanes, f32()); }
  VectorType i32s(int64_t lanes) { return VectorType::get(lanes, i32()); }

  //===--------------------------------------------------------------------===//
  // Scalars
  //===--------------------------------------------------------------------===//

  Value integer(int64_t value) {
    return arith::ConstantOp::create(*this, getI64IntegerAttr(value));
  }
  Value integer32(int32_t value) {
    return arith::ConstantOp::create(*this, getI32IntegerAttr(value));
  }
  /// A literal of the type of `like`.
  Value integer(int64_t value, Value like) {
    return arith::ConstantOp::create(*this, getIntegerAttr(like.getType(), value));
  }
  Value boolean(bool value) { return arith::ConstantOp::create(*this, getBoolAttr(value)); }
  Value real(float value) { return arith::ConstantOp::create(*this, getF32FloatAttr(value)); }

  Value add(Value a, Value b) { return arith::AddIOp::create(*this, a, b); }
  Value add(Value a, int64_t b) { return b ? add(a, integer(b, a)) : a; }
  Value sub(Value a, Value b) { return arith::SubIOp::create(*this, a, b); }
  Value mul(Value a, Value b) { return arith::MulIOp::create(*this, a, b); }
  Value mul(Value a, int64_t b) { return b == 1 ? a : mul(a, integer(b, a)); }
  /// Quotient and remainder of numbers that are not negative.
  Value div(Value a, Value b) { return arith::DivUIOp::create(*this, a, b); }
  Value div(Value a, int64_t b) { return div(a, integer(b, a)); }
  Value rem(Value a, Value b) { return arith::RemUIOp::create(*this, a, b); }
  Value min(Value a, Value b) { return arith::MinSIOp::create(*this, a, b); }
  Value max(Value a, Value b) { return arith::MaxSIOp::create(*this, a, b); }
  Value both(Value a, Value b) { return arith::AndIOp::create(*this, a, b); }
  Value either(Value a, Value b) { return arith::OrIOp::create(*this, a, b); }
  Value shl(Value a, Value b) { return arith::ShLIOp::create(*this, a, b); }
  Value shr(Value a, Value b) { return arith::ShRUIOp::create(*this, a, b); }
  Value cmp(arith::CmpIPredicate predicate, Value a, Value b) {
    return arith::CmpIOp::create(*this, predicate, a, b);
  }
  Value lt(Value a, Value b) { return cmp(arith::CmpIPredicate::slt, a, b); }
  Value le(Value a, Value b) { return cmp(arith::CmpIPredicate::sle, a, b); }
  Value eq(Value a, Value b) { return cmp(arith::CmpIPredicate::eq, a, b); }
  Value ne(Value a, Value b) { return cmp(arith::CmpIPredicate::ne, a, b); }
  Value select(Value condition, Value a, Value b) {
    return arith::SelectOp::create(*this, condition, a, b);
  }
  /// Bit `index` of `bits`, as i1.
  Value bit(Value bits, Value index) { return ne(both(shr(bits, index), integer(1)), integer(0)); }
  Value extend(Value boolean) { return arith::ExtUIOp::create(*this, i64(), boolean); }

  Value addf(Value a, Value b) { return arith::AddFOp::create(*this, a, b); }
  Value subf(Value a, Value b) { return arith::SubFOp::create(*this, a, b); }
  Value mulf(Value a, Value b) { return arith::MulFOp::create(*this, a, b); }
  Value divf(Value a, Value b) { return arith::DivFOp::create(*this, a, b); }
  Value cmpf(arith::CmpFPredicate predicate, Value a, Value b) {
    return arith::CmpFOp::create(*this, predicate, a, b);
  }
  /// The larger; `b` where `a` is NaN. One instruction on every target, without fast-math flags.
  Value maxf(Value a, Value b) { return select(cmpf(arith::CmpFPredicate::OGT, a, b), a, b); }

  //===--------------------------------------------------------------------===//
  // Vectors
  //===--------------------------------------------------------------------===//

  Value splat(float value, int64_t lanes) {
    return arith::ConstantOp::create(*this,
                                     DenseElementsAttr::get(f32s(lanes), ArrayRef<float>(value)));
  }
  Value splat32(int32_t value, int64_t lanes) {
    return arith::ConstantOp::create(*this,
                                     DenseElementsAttr::get(i32s(lanes), ArrayRef<int32_t>(value)));
  }
  Value broadcast(Value scalar, int64_t lanes) {
    return vector::BroadcastOp::create(*this, VectorType::get(lanes, scalar.getType()), scalar);
  }
  Value fma(Value a, Value b, Value c) { return vector::FMAOp::create(*this, a, b, c); }
  Value shuffle(Value a, Value b, ArrayRef<int64_t> mask) {
    return vector::ShuffleOp::create(*this, a, b, mask);
  }
  Value lane(Value vector, int64_t index) {
    return vector::ExtractOp::create(*this, vector, index);
  }
  /// Whether any lane of a vector of i1 is set.
  Value any(Value lanes) {
    return vector::ReductionOp::create(*this, vector::CombiningKind::OR, lanes);
  }
  Value bitcast(Value value, Type type) { return arith::BitcastOp::create(*this, type, value); }

  //===--------------------------------------------------------------------===//
  // Memory. Offsets are in bytes.
  //===--------------------------------------------------------------------===//

  Value at(Value base, Value offset) {
    return LLVM::GEPOp::create(*this, base.getType(), getI8Type(), base,
                               ArrayRef<LLVM::GEPArg>{offset});
  }
  Value at(Value base, int64_t offset) {
    if (offset == 0)
      return base;
    return at(base, integer(offset));
  }
  Value load(Type type, Value address) {
    return LLVM::LoadOp::create(*this, type, address, alignment(type));
  }
  Value load(Type type, Value base, int64_t offset) { return load(type, at(base, offset)); }
  void store(Value value, Value address) {
    LLVM::StoreOp::create(*this, value, address, alignment(value.getType()));
  }
  void store(Value value, Value base, int64_t offset) { store(value, at(base, offset)); }

  //===--------------------------------------------------------------------===//
  // Control flow
  //===--------------------------------------------------------------------===//

  /// `for (i = begin; i < end; i += step)` over `inits`; the body returns their next values.
  Values loop(Value begin, Value end, int64_t step, ValueRange inits,
              function_ref<Values(Value index, ValueRange carried)> body);
  void loop(Value begin, Value end, int64_t step, function_ref<void(Value index)> body);
  void loop(int64_t begin, int64_t end, int64_t step, function_ref<void(Value index)> body) {
    loop(integer(begin), integer(end), step, body);
  }
  /// `while (condition(carried)) carried = body(carried)`.
  Values loopWhile(ValueRange inits, function_ref<Value(ValueRange carried)> condition,
                   function_ref<Values(ValueRange carried)> body);
  void ifThen(Value condition, function_ref<void()> body);
  void ifElse(Value condition, function_ref<void()> then, function_ref<void()> otherwise);
  /// `condition ? then() : otherwise()`, only one of which runs.
  Values choose(Value condition, TypeRange types, function_ref<Values()> then,
                function_ref<Values()> otherwise);

  /// Calls an internal function; its result, if any.
  Value call(LLVM::LLVMFuncOp function, ValueRange arguments);

private:
  /// Vectors may begin at any element of a tensor.
  static unsigned alignment(Type type) {
    Type element = getElementTypeOrSelf(type);
    return isa<LLVM::LLVMPointerType>(element) ? 8 : element.getIntOrFloatBitWidth() / 8;
  }
};

} // namespace mlir::attn

#endif // ATTN_CODEGEN_COMMON_EMITTER_H
