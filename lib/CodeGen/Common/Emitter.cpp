//===- Emitter.cpp - structured control flow for native code --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Every helper leaves the insertion point behind the op that it made, whatever its body did.
//
//===----------------------------------------------------------------------===//

#include "attn/CodeGen/Common/Emitter.h"

using namespace mlir;
using namespace mlir::attn;

Values Emitter::loop(Value begin, Value end, int64_t step, ValueRange inits,
                     function_ref<Values(Value, ValueRange)> body) {
  auto op = scf::ForOp::create(*this, begin, end, integer(step, begin), inits);
  OpBuilder::InsertionGuard guard(*this);
  // The builder adds the terminator of a loop that carries nothing.
  if (inits.empty())
    op.getBody()->getTerminator()->erase();
  setInsertionPointToEnd(op.getBody());
  scf::YieldOp::create(*this, body(op.getInductionVar(), op.getRegionIterArgs()));
  return Values(op.getResults());
}

void Emitter::loop(Value begin, Value end, int64_t step, function_ref<void(Value)> body) {
  loop(begin, end, step, {}, [&](Value index, ValueRange) {
    body(index);
    return Values();
  });
}

Values Emitter::loopWhile(ValueRange inits, function_ref<Value(ValueRange)> condition,
                          function_ref<Values(ValueRange)> body) {
  auto op = scf::WhileOp::create(*this, inits.getTypes(), inits);
  SmallVector<Location> locations(inits.size(), getLoc());
  OpBuilder::InsertionGuard guard(*this);
  Block *before = createBlock(&op.getBefore(), {}, inits.getTypes(), locations);
  scf::ConditionOp::create(*this, condition(before->getArguments()), before->getArguments());
  Block *after = createBlock(&op.getAfter(), {}, inits.getTypes(), locations);
  scf::YieldOp::create(*this, body(after->getArguments()));
  return Values(op.getResults());
}

void Emitter::ifThen(Value condition, function_ref<void()> body) {
  auto op = scf::IfOp::create(*this, condition, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(*this);
  setInsertionPoint(op.thenBlock()->getTerminator());
  body();
}

void Emitter::ifElse(Value condition, function_ref<void()> then, function_ref<void()> otherwise) {
  choose(
      condition, {},
      [&] {
        then();
        return Values();
      },
      [&] {
        otherwise();
        return Values();
      });
}

Values Emitter::choose(Value condition, TypeRange types, function_ref<Values()> then,
                       function_ref<Values()> otherwise) {
  auto op = scf::IfOp::create(*this, types, condition, /*addThenBlock=*/true,
                              /*addElseBlock=*/true);
  OpBuilder::InsertionGuard guard(*this);
  setInsertionPointToEnd(op.thenBlock());
  scf::YieldOp::create(*this, then());
  setInsertionPointToEnd(op.elseBlock());
  scf::YieldOp::create(*this, otherwise());
  return Values(op.getResults());
}

Value Emitter::call(LLVM::LLVMFuncOp function, ValueRange arguments) {
  auto op = LLVM::CallOp::create(*this, function, arguments);
  return op.getNumResults() ? op.getResult() : Value();
}
