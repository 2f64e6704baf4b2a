//===- Predicate.h - a pattern as code ---------------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A partial tile is masked by the pattern itself, pair by pair, so no mask depends on how the
// schedule was derived. Targets evaluate it for many pairs at once that share one position: lanes
// are the queries of one key, or the keys of one query. What depends on the shared position alone
// is computed once, in 64-bit scalars, and the lanes do little more than a comparison or two.
//
//                              lanes are queries of k       lanes are keys of q
//   window before B after A    k - A <= q <= k + B          q - B <= k <= q + A
//   block W                    W*blk(k) <= q < W*blk(k)+W   W*blk(q) <= k < W*blk(q)+W
//   where (q - k) mod 3 == 0   q mod 3 == k mod 3           -k mod 3 == -q mod 3
//   where (q - k) mod 3 >= 1   (q + (-k mod 3)) mod 3 >= 1  (-k + q mod 3) mod 3 >= 1
//
// The position of a lane is base + offset, where the base is a scalar as well. It moves to the
// other side of every comparison, so that constant offsets are compared as they are:
//
//   causal, keys 64, 65, 72, 73 of q:   [0, 1, 8, 9] <= q - 64
//
// Lanes are 32 bits wide. That is exact: offsets are bounded, by their values where they are
// constant and by +-2^30 where not (the kernel's plan refuses other positions), and a bound outside
// their range is saturated, which leaves every comparison as it was. Only integer sets whose
// coefficients need more use lanes of 64 bits.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_CODEGEN_COMMON_PREDICATE_H
#define ATTN_CODEGEN_COMMON_PREDICATE_H

#include "attn/IR/AttnOps.h"
#include "mlir/IR/Builders.h"
#include <functional>

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

/// Which side of the pairs has a lane for each position.
enum class LaneSide { Queries, Keys };

/// The lanes, at the positions `base + offsets`.
struct PredicateLanes {
  LaneSide side;
  /// An i64, within a position's distance of every lane; null for 0.
  Value base = {};
  /// An i32 or a vector of i32, within the positions' range if they are not constant.
  Value offsets = {};
  /// Lanes at offsets of `end`, an i32, or more are not there and see nothing; null: all are there.
  Value end = {};
  /// A target's word of lanes, an i32: bit i is set if offset i is below a bound. The bound is an
  /// i32 from the least offset to one beyond the greatest. With it, up to 32 lanes of constant
  /// offsets are masked by operations on words.
  std::function<Value(Value)> wordBelow = {};
  /// What a target makes of a scalar bound, an i32, before a vector of lanes is compared with it;
  /// by default nothing.
  std::function<Value(Value)> hold = {};
};

/// Emits which lanes see, or are seen by, the position `other` of the other side, an i64; a null
/// pattern admits all pairs. The result is an i1, or a vector of i1 like the offsets; with
/// `wordBelow` it is a word, unless the pattern has an integer set that neither bounds nor residues
/// of the offsets express.
Value emitPredicate(OpBuilder &builder, Location loc, PatternOp pattern,
                    const PatternOperands &operands, const PredicateLanes &lanes, Value other);

} // namespace mlir::attn

#endif // ATTN_CODEGEN_COMMON_PREDICATE_H
