//===- AttnOpBase.td - classes shared by the ops of attn ----------*- tablegen -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_IR_ATTNOPBASE_TD
#define ATTN_IR_ATTNOPBASE_TD

include "attn/IR/AttnDialect.td"
include "mlir/IR/OpAsmInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

class Attn_Op<string mnemonic, list<Trait> traits = []> : Op<Attn_Dialect, mnemonic, traits>;

/// An op of a pattern's body that gives a mask. The name that the user gave to the result is kept in
/// the op's location, so that printing a pattern keeps its words.
class Attn_MaskOp<string mnemonic, list<Trait> traits = []>
    : Attn_Op<mnemonic, [Pure, HasParent<"PatternOp">,
                         DeclareOpInterfaceMethods<OpAsmOpInterface, ["getAsmResultNames"]>]
                            # traits> {
  let results = (outs Attn_MaskType:$mask);
  let hasCustomAssemblyFormat = 1;
}

#endif // ATTN_IR_ATTNOPBASE_TD
