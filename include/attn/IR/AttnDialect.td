//===- AttnDialect.td - the attn dialect and its type ------------*- tablegen -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_IR_ATTNDIALECT_TD
#define ATTN_IR_ATTNDIALECT_TD

include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/OpBase.td"

def Attn_Dialect : Dialect {
  let name = "attn";
  let cppNamespace = "::mlir::attn";
  let summary = "attention sparsity patterns, attention, and tile schedules";
  let description = [{
    **Positions.** A mask is a set of pairs (q, k): query position `q = row + offset`, key position
    `k = column + key_offset`. Positions may be negative; `floordiv` and `mod` floor towards minus
    infinity.

    **Numbers.** Where a mask op takes a number, it is a literal or a value of type `index`: an
    argument of the pattern, an `attn.length`, or an `arith.constant`. Numbers lie within +-2^40,
    literals by verification and arguments because callers clamp them; sizes (of blocks, chunks,
    tiles, dilations) are literals from 1 to 2^20. So no op overflows 64 bits.

    **Stages.** `attn.pattern` says which pairs attend, `attn.attention` computes with one, and
    `attn.schedule` says which tiles a kernel of one visits.
  }];
  let useDefaultTypePrinterParser = 1;
  let dependentDialects = ["::mlir::arith::ArithDialect"];
}

def Attn_MaskType : TypeDef<Attn_Dialect, "Mask"> {
  let mnemonic = "mask";
  let summary = "a set of pairs (query position, key position)";
  let description = [{
    The value of every mask op. All mask ops give and take this one type, so it is never printed in
    a custom form.
  }];
}

#endif // ATTN_IR_ATTNDIALECT_TD
