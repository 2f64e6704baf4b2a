//===- OpArith.h - the arithmetic that builds ops ---------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// An arithmetic for the formulas of lib/Bands (see Bands/Arith.h) whose values are ops of a
// schedule. What is known already never becomes an op: constants, infinities and `x + 1 < x + 2`
// fold, constant summands travel with a value until it is used, and an expression that exists is
// not built twice.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_SCHEDULE_OPARITH_H
#define ATTN_LIB_SCHEDULE_OPARITH_H

#include "attn/Bands/Arith.h"
#include "attn/IR/AttnOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Builders.h"
#include <map>
#include <tuple>

namespace mlir::attn {

class OpArith {
public:
  /// `base + constant`, or a constant where there is no base.
  struct Value {
    mlir::Value base;
    int64_t constant = 0;
  };
  /// An i1, or a constant where there is no value.
  struct Bool {
    mlir::Value value;
    bool constant = false;
  };

  /// Builds at the end of the body of `schedule`.
  explicit OpArith(ScheduleOp schedule);

  Value constant(int64_t value) { return {{}, value}; }
  Value symbol(Symbol number);
  Value tile();
  Value add(Value lhs, Value rhs);
  Value sub(Value lhs, Value rhs);
  Value scale(int64_t factor, Value value);
  Value floorDiv(Value value, int64_t divisor);
  Value min(Value lhs, Value rhs);
  Value max(Value lhs, Value rhs);
  Bool less(Value lhs, Value rhs) { return lessEqual(add(lhs, constant(1)), rhs); }
  Bool lessEqual(Value lhs, Value rhs);
  Bool both(Bool lhs, Bool rhs);
  Bool either(Bool lhs, Bool rhs);
  Value select(Bool condition, Value ifTrue, Value ifFalse);

  mlir::Value materialize(Value value);
  mlir::Value materialize(Bool condition);

  /// Between these two, ops that depend on the argument of `filter` are built in `filter`; the
  /// others still in the body, where they are computed once per tile.
  void beginFilter(Block &filter);
  void endFilter();

private:
  /// The op that computes `name(lhs, rhs[, third])`, built where it is first needed.
  template <typename Op>
  mlir::Value build(mlir::Value lhs, mlir::Value rhs, int predicate = 0, mlir::Value third = {});
  mlir::Value index(int64_t value);
  Block *blockOf(ArrayRef<mlir::Value> operands);

  using Key = std::tuple<StringRef, int, void *, void *, void *>;

  ScheduleOp schedule;
  OpBuilder builder;
  Block *body, *filter = nullptr;
  std::map<int64_t, mlir::Value> constants;
  mlir::Value lastConstant;
  std::map<Key, mlir::Value> values, filterValues;
};

} // namespace mlir::attn

#endif // ATTN_LIB_SCHEDULE_OPARITH_H
