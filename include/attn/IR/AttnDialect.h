//===- AttnDialect.h - the attn dialect -------------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_IR_ATTNDIALECT_H
#define ATTN_IR_ATTNDIALECT_H

#include "mlir/IR/Dialect.h"

#include "attn/IR/AttnDialect.h.inc"

#define GET_TYPEDEF_CLASSES
#include "attn/IR/AttnTypes.h.inc"

#endif // ATTN_IR_ATTNDIALECT_H
