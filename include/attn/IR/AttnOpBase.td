//===- AttnOpBase.td - classes shared by the ops of attn ----------*- tablegen -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_IR_ATTNOPBASE_TD
#define ATTN_IR_ATTNOPBASE_TD

include "attn/IR/AttnDialect.td"
include "mlir/IR/CommonAttrConstraints.td"
include "mlir/IR/OpAsmInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

class Attn_Op<string mnemonic, list<Trait> traits = []> : Op<Attn_Dialect, mnemonic, traits>;

/// An `I64Attr` whose accessors give `int64_t`: distances may be negative.
def Attn_Int64Attr : TypedSignlessIntegerAttrBase<I64, "int64_t", "64-bit integer attribute"> {
  let convertFromStorage = "$_self.getInt()";
}

/// An op that keeps the names which the text gave to its results, in its location (see
/// `setResultNames`): a printed pattern keeps the words of its author.
class Attn_NamedOp<string mnemonic, list<Trait> traits = []>
    : Attn_Op<mnemonic, [DeclareOpInterfaceMethods<OpAsmOpInterface, ["getAsmResultNames"]>]
                            # traits> {
  let hasCustomAssemblyFormat = 1;
  let extraClassDefinition = [{
    void $cppClass::getAsmResultNames(::mlir::OpAsmSetValueNameFn setName) {
      ::mlir::attn::setResultNames(getOperation(), setName);
    }
  }];
}

/// An op of a pattern's body that gives a mask.
class Attn_MaskOp<string mnemonic, list<Trait> traits = []>
    : Attn_NamedOp<mnemonic, [Pure, HasParent<"PatternOp">] # traits> {
  let results = (outs Attn_MaskType:$mask);
}

#endif // ATTN_IR_ATTNOPBASE_TD
