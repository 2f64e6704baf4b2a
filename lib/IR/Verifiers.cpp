//===- Verifiers.cpp - what the ops of attn demand ----------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Syntax.h"

using namespace mlir;
using namespace mlir::attn;

LogicalResult WindowOp::verify() { return success(); }
LogicalResult KeysOp::verify() { return success(); }
LogicalResult QueriesOp::verify() { return success(); }
LogicalResult BlockOp::verify() { return success(); }
LogicalResult ChunkOp::verify() { return success(); }
LogicalResult PrefixOp::verify() { return success(); }
LogicalResult WhereOp::verify() { return success(); }
LogicalResult IntersectOp::verify() { return success(); }
LogicalResult UnionOp::verify() { return success(); }
LogicalResult PatternOp::verify() { return success(); }
LogicalResult PatternOp::verifyRegions() { return success(); }
LogicalResult AssertOp::verify() { return success(); }
LogicalResult AssertOp::verifySymbolUses(SymbolTableCollection &) { return success(); }
LogicalResult AttentionOp::verify() { return success(); }
LogicalResult AttentionOp::verifySymbolUses(SymbolTableCollection &) { return success(); }
LogicalResult ScheduleOp::verify() { return success(); }
LogicalResult ScheduleOp::verifyRegions() { return success(); }
LogicalResult ScheduleOp::verifySymbolUses(SymbolTableCollection &) { return success(); }
LogicalResult VisitOp::verify() { return success(); }
