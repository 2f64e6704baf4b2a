//===- Predicate.h - a pattern as code ---------------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A partial tile is masked by the pattern itself, pair by pair, so no mask depends on how the
// schedule was derived. Targets evaluate it for one key and many queries at once: what depends on
// the key alone is computed once, in 64-bit scalars, and the lanes do little more than a comparison
// or two.
//
//   window before B after A     lanes: k - A <= q   and   q <= k + B       (bounds are scalars)
//   block W                     lanes: W*blk(k) <= q < W*(blk(k) + 1)
//   where (q - k) mod 3 == 0    lanes: (q + (-k mod 3)) mod 3 == 0
//
// Lanes are 32 bits wide. That is exact: positions are within +-2^30 (the kernel's plan refuses
// others), and a bound outside that range is saturated, which leaves every comparison as it was.
// Only integer sets whose coefficients need more use lanes of 64 bits.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_CODEGEN_COMMON_PREDICATE_H
#define ATTN_CODEGEN_COMMON_PREDICATE_H

#include "attn/IR/AttnOps.h"
#include "mlir/IR/Builders.h"

namespace mlir::attn {

/// Positions lie in [-kPositionLimit, kPositionLimit).
constexpr int64_t kPositionLimit = int64_t(1) << 30;

/// What a pattern's numbers mean at run time; all values are i64.
struct PatternOperands {
  /// The value of `attn.length`.
  Value length;
  /// The pattern's arguments, clamped to +-kMaxNumber.
  SmallVector<Value> arguments;
};

/// Emits whether `query` sees `key`, both positions. `query` is an i32 or a vector of i32, `key` an
/// i64; the result is an i1, or a vector of i1 like `query`.
Value emitPredicate(OpBuilder &builder, Location loc, PatternOp pattern,
                    const PatternOperands &operands, Value query, Value key);

} // namespace mlir::attn

#endif // ATTN_CODEGEN_COMMON_PREDICATE_H
