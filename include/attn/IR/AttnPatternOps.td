//===- AttnPatternOps.td - patterns and what is claimed of them ----*- tablegen -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_IR_ATTNPATTERNOPS_TD
#define ATTN_IR_ATTNPATTERNOPS_TD

include "attn/IR/AttnOpBase.td"
include "mlir/IR/EnumAttr.td"
include "mlir/IR/RegionKindInterface.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/InferTypeOpInterface.td"

def Attn_PatternOp
    : Attn_Op<"pattern", [IsolatedFromAbove, Symbol, SingleBlock,
                          DeclareOpInterfaceMethods<OpAsmOpInterface,
                                                    ["getAsmBlockArgumentNames"]>]> {
  let summary = "a named sparsity pattern";
  let description = [{
    A symbol whose body computes one mask. Its arguments are numbers given at run time; a kernel is
    compiled once for all their values. The body holds mask ops, `attn.length` and `arith.constant`.

    ```mlir
    attn.pattern @longformer(%w: index, %g: index) {
      %near = attn.window before %w after %w
      %cols = attn.keys 0 to %g
      %rows = attn.queries 0 to %g
      %m = attn.union %near, %cols, %rows
      attn.yield %m
    }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, OptionalAttr<StrAttr>:$sym_visibility,
                       StrArrayAttr:$argument_names);
  let regions = (region SizedRegion<1>:$body);
  let hasCustomAssemblyFormat = 1;
  let hasVerifier = 1;
  let hasRegionVerifier = 1;
  let extraClassDeclaration = [{
    /// The mask that the body yields.
    Value getMask();
    /// The name of argument `index` as the user wrote it, without `%`.
    StringRef getArgumentName(unsigned index);
  }];
}

def Attn_YieldOp : Attn_Op<"yield", [Terminator, Pure, HasParent<"PatternOp">]> {
  let summary = "the mask of a pattern";
  let description = [{
    Ends a pattern: the pattern is the set that `mask` is.

    ```mlir
    attn.pattern @past {
      %m = attn.causal
      attn.yield %m
    }
    ```
  }];
  let arguments = (ins Attn_MaskType:$mask);
  let assemblyFormat = "$mask attr-dict";
}

def Attn_LengthOp
    : Attn_NamedOp<"length", [Pure, HasParent<"PatternOp">]> {
  let summary = "the end of the key positions";
  let description = [{
    `key_offset + Sk`, unless the attention op states another `length` because its keys are a shard
    or a rolling cache.

    ```mlir
    %n = attn.length
    ```
  }];
  let results = (outs Index:$length);
}

def Attn_ClaimAttr
    : I32EnumAttr<"Claim", "what an assertion claims of a pattern",
                  [I32EnumAttrCase<"Causal", 0, "causal">,
                   I32EnumAttrCase<"RowsNonempty", 1, "rows_nonempty">,
                   I32EnumAttrCase<"Within", 2, "within">,
                   I32EnumAttrCase<"Equals", 3, "equals">]> {
  let cppNamespace = "::mlir::attn";
}

def Attn_AssertOp : Attn_Op<"assert", [DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "a claim about a pattern, to be proved for all sizes";
  let description = [{
    Claims that the pattern is `causal` (no query sees a later key), has `rows_nonempty` (every
    query sees a key), is `within` another pattern, or `equals` it. `attn-verify` proves the claim
    for 1 <= Sq <= Sk, the default offset and arguments >= 0, refutes it with a counter-example (an
    error), or reports that it is not proved. Two patterns are compared with arguments of equal
    names.

    ```mlir
    attn.assert @mistral causal
    attn.assert @mistral within @past
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$pattern, Attn_ClaimAttr:$claim,
                       OptionalAttr<FlatSymbolRefAttr>:$other);
  let assemblyFormat = "$pattern $claim ($other^)? attr-dict";
  let hasVerifier = 1;
}

#endif // ATTN_IR_ATTNPATTERNOPS_TD
