//===- WarpEmitter.h - a thin builder for the code of a warp ------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What an emitter of GPU code needs beyond CodeGen/Common/Emitter.h: numbers of 32 bits, the
// instructions that threads work together with, and inline assembly where nvvm has no op.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_CODEGEN_GPU_WARPEMITTER_H
#define ATTN_LIB_CODEGEN_GPU_WARPEMITTER_H

#include "attn/CodeGen/Common/Emitter.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"

namespace mlir::attn::cuda {

class WarpEmitter : public Emitter {
public:
  using Emitter::Emitter;

  Type sharedPtr() { return LLVM::LLVMPointerType::get(getContext(), 3); }
  Type globalPtr() { return LLVM::LLVMPointerType::get(getContext(), 1); }
  Type structOf(TypeRange types) {
    return LLVM::LLVMStructType::getLiteral(getContext(), SmallVector<Type>(types));
  }
  Values unpack(Value aggregate);

  /// The elements of a vector, and back.
  Values elements(Value vector);
  Value vectorOf(ValueRange elements) {
    auto type = VectorType::get(elements.size(), elements.front().getType());
    return vector::FromElementsOp::create(*this, type, elements);
  }

  //===--------------------------------------------------------------------===//
  // Arithmetic
  //===--------------------------------------------------------------------===//

  Value fma(Value a, Value b, Value c) { return LLVM::FMAOp::create(*this, a, b, c); }
  Value neg(Value a) { return arith::NegFOp::create(*this, a); }
  /// The larger, passing over a NaN: one instruction.
  Value maxf(Value a, Value b) { return LLVM::MaxNumOp::create(*this, a, b); }
  /// 2^x, one instruction; 0 for -inf.
  Value exp2(Value x) { return LLVM::Exp2Op::create(*this, x); }
  Value log2(Value x) { return intrinsic("llvm.nvvm.lg2.approx.ftz.f", f32(), x); }
  Value reciprocal(Value x) { return NVVM::RcpApproxFtzF32Op::create(*this, f32(), x); }
  Value trunc32(Value x) { return arith::TruncIOp::create(*this, i32(), x); }
  Value extend64(Value x) { return arith::ExtSIOp::create(*this, i64(), x); }
  /// The same i32, of which LLVM knows nothing; nor does it move what depends on it if `staysHere`.
  Value opaque(Value x, bool staysHere = false);
  /// An i32 whose `count` low bits are set; `count`, an i32, is 0 to 32.
  Value lowBits(Value count);
  Value intrinsic(StringRef name, Type result, ValueRange operands) {
    return LLVM::CallIntrinsicOp::create(*this, result, getStringAttr(name), operands).getResult(0);
  }
  /// Two f32 rounded to `element` and packed, `low` into the low half; an i32.
  Value pack(Value low, Value high, Type element);
  /// A 16-bit element in an i16 as f32.
  Value widen(Value bits, Type element);
  /// An f32 rounded to `element`, in an i16.
  Value narrow(Value x, Type element);

  //===--------------------------------------------------------------------===//
  // Warps
  //===--------------------------------------------------------------------===//

  /// The value of the lane whose number differs in the bits of `mask`.
  Value shuffleXor(Value x, int32_t mask) { return shuffle(x, mask, NVVM::ShflKind::bfly); }
  /// The value of lane 0, for the compiler to know that it is the same in all lanes.
  Value uniform(Value x) { return shuffle(x, 0, NVVM::ShflKind::idx); }
  /// Sum over the lanes whose numbers differ in bits below `lanes`, the same bits in each.
  Value sumOver(Value x, int32_t lanes);
  /// A bit for each lane.
  Value ballot(Value condition) {
    return NVVM::VoteSyncOp::create(*this, i32(), integer32(-1), condition,
                                    NVVM::VoteSyncKind::ballot);
  }
  /// A condition that is the same in all lanes, as one of the whole warp: only then does ptxas take
  /// the branch, and what it computes in the loop behind it, to be uniform.
  Value uniformCondition(Value condition) {
    return NVVM::VoteSyncOp::create(*this, i1(), integer32(-1), condition, NVVM::VoteSyncKind::any);
  }
  void syncWarp() { NVVM::SyncWarpOp::create(*this, integer32(-1)); }
  Value electedLane() { return NVVM::ElectSyncOp::create(*this, i1(), Value()); }

  //===--------------------------------------------------------------------===//
  // Barriers
  //===--------------------------------------------------------------------===//

  void syncThreads() { NVVM::BarrierOp::create(*this); }
  /// Waits at named barrier `id` for `threads` threads, those that only arrive among them.
  void barrier(Value id, int32_t threads) {
    NVVM::BarrierOp::create(*this, TypeRange(), id, integer32(threads), {}, Value());
  }
  void barrierArrive(Value id, int32_t threads) {
    NVVM::BarrierArriveOp::create(*this, id, integer32(threads));
  }
  void mbarrierInit(Value barrier, int32_t count) {
    NVVM::MBarrierInitOp::create(*this, barrier, integer32(count), Value());
  }
  void mbarrierArrive(Value barrier);
  /// Arrives, and expects `bytes` of asynchronous copies in the phase.
  void mbarrierExpect(Value barrier, int64_t bytes);
  /// Whether the phase of `parity` is over, after waiting for it a while.
  Value mbarrierTryWait(Value barrier, Value parity);
  /// What was written to shared memory is seen by TMA and wgmma after this.
  void fenceProxyAsync() {
    NVVM::FenceProxyOp::create(
        *this, NVVM::ProxyKind::async_shared,
        NVVM::SharedSpaceAttr::get(getContext(), NVVM::SharedSpace::shared_cta));
  }

  //===--------------------------------------------------------------------===//
  // Matrices
  //===--------------------------------------------------------------------===//

  /// Four 8 x 8 matrices of 16-bit elements; four i32.
  Values loadMatrices(Value address, bool transposed);
  void storeMatrices(Value address, ValueRange registers);
  /// c + a * b, m16n8k16.
  Values mma(ValueRange a, ValueRange b, ValueRange c, Type element);

  /// Inline assembly that reads and writes `tied` in place and reads `inputs`; gives what it has
  /// made of `tied`. `$0`, `$1`, ... are the tied registers, then the inputs.
  Values assembly(const Twine &code, ValueRange tied, ValueRange inputs = {});

private:
  Value shuffle(Value x, int32_t operand, NVVM::ShflKind kind) {
    return NVVM::ShflOp::create(*this, x.getType(), integer32(-1), x, integer32(operand),
                                integer32(31), kind, UnitAttr());
  }
};

} // namespace mlir::attn::cuda

#endif // ATTN_LIB_CODEGEN_GPU_WARPEMITTER_H
