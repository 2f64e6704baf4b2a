//===- AttnOps.td - attention and schedules ------------------------*- tablegen -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_IR_ATTNOPS_TD
#define ATTN_IR_ATTNOPS_TD

include "attn/IR/AttnMaskOps.td"
include "attn/IR/AttnPatternOps.td"

//===----------------------------------------------------------------------===//
// Attention
//===----------------------------------------------------------------------===//

def Attn_AttentionOp
    : Attn_NamedOp<"attention", [Pure, AttrSizedOperandSegments,
                                 DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "softmax attention over the pairs of a pattern";
  let description = [{
    With `q = row + offset`, `k = column + key_offset` and `s[i, j] = scale * (query[i] . key[j])`:

    ```
    lse[i]    = log( sum over visible j of exp(s[i, j]) )
    output[i] = sum over visible j of exp(s[i, j] - lse[i]) * value[j]
    ```

    The sum is over the columns j whose pair (q, k) is in the pattern; without `mask` over all. A
    row with no visible key gives output 0 and lse -inf. Defaults: `scale` 1/sqrt(features),
    `key_offset` 0, `offset` key_offset + Sk - Sq, `length` key_offset + Sk. Operands are
    `[batch, heads, rows, features]`; query heads are a multiple of key heads, and query head h
    reads key head h floordiv (query heads / key heads).

    Syntax: `%query, %key, %value (mask @pattern ((%argument, ...))?)? (scale NUMBER)? (offset
    NUMBER)? (key_offset NUMBER)? (length NUMBER)? : types of the operands -> types of the results`,
    where a literal scale is a float and lengths and offsets are within +-(2^31 - 1).

    ```mlir
    %o, %lse = attn.attention %q, %k, %v mask @longformer(%w, %g) scale 0.125
        : tensor<2x8x?x64xf32>, tensor<2x2x?x64xf32>, tensor<2x2x?x64xf32>
          -> tensor<2x8x?x64xf32>, tensor<2x8x?xf32>
    ```
  }];
  let arguments = (ins AnyRankedTensor:$query, AnyRankedTensor:$key, AnyRankedTensor:$value,
                       OptionalAttr<FlatSymbolRefAttr>:$pattern,
                       Variadic<Index>:$patternArguments,
                       Optional<F32>:$dynamicScale, OptionalAttr<F32Attr>:$staticScale,
                       Optional<Index>:$dynamicOffset, OptionalAttr<Attn_Int64Attr>:$staticOffset,
                       Optional<Index>:$dynamicKeyOffset,
                       OptionalAttr<Attn_Int64Attr>:$staticKeyOffset,
                       Optional<Index>:$dynamicLength, OptionalAttr<Attn_Int64Attr>:$staticLength);
  let results = (outs AnyRankedTensor:$output, AnyRankedTensor:$lse);
  let hasVerifier = 1;
  let hasFolder = 1;
  let extraClassDeclaration = [{
    /// Null where not given (the defaults of the description apply), as are the next three.
    OpFoldResult getMixedScale();
    OpFoldResult getMixedOffset();
    OpFoldResult getMixedKeyOffset();
    OpFoldResult getMixedLength();
  }];
}

//===----------------------------------------------------------------------===//
// Schedule
//===----------------------------------------------------------------------===//

def Attn_MergeAttr
    : I32EnumAttr<"Merge", "how the bands of a schedule are visited",
                  [I32EnumAttrCase<"Single", 0, "single">,
                   I32EnumAttrCase<"Ordered", 1, "ordered">,
                   I32EnumAttrCase<"Scan", 2, "scan">]> {
  let cppNamespace = "::mlir::attn";
}

def Attn_ScheduleOp
    : Attn_Op<"schedule", [IsolatedFromAbove, Symbol, SingleBlock, NoTerminator,
                           DeclareOpInterfaceMethods<SymbolUserOpInterface>,
                           DeclareOpInterfaceMethods<OpAsmOpInterface,
                                                     ["getAsmBlockArgumentNames",
                                                      "getAsmBlockNames"]>]> {
  let summary = "the key tiles that each query tile visits";
  let description = [{
    For query tile `t` (rows t*Bq to (t+1)*Bq) the body computes, per band, the range of key tiles
    to visit and the range of those that are full. Tiles are in rows and columns, not positions. A
    tile in no band is skipped; full in some band it needs no mask; else it is partial and masked by
    the pattern's predicate. Block arguments, all index: the tile, query_length, key_length, offset,
    key_offset, length, then the pattern's arguments. With `transposed`, t numbers key tiles and the
    visits are query tiles.

    `merge(single)`: one band. `merge(ordered)`: several, whose visits start in the order of the
    bands for every tile. `merge(scan)`: anything else. A tile that several bands visit is visited
    once.

    ```mlir
    attn.schedule @past.fwd of @past tile [16, 16] merge(single) {
    ^tile(%t: index, %query_length: index, %key_length: index, %offset: index,
          %key_offset: index, %length: index):
      %zero = arith.constant 0 : index
      %one = arith.constant 1 : index
      %end = arith.addi %t, %one : index
      attn.visit %zero to %end full %zero to %t band 0
    }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, OptionalAttr<StrAttr>:$sym_visibility,
                       FlatSymbolRefAttr:$pattern, DenseI64ArrayAttr:$tile, Attn_MergeAttr:$merge,
                       UnitAttr:$transposed);
  let regions = (region SizedRegion<1>:$body);
  let hasCustomAssemblyFormat = 1;
  let hasVerifier = 1;
  let hasRegionVerifier = 1;
  let extraClassDeclaration = [{
    /// Block arguments that precede the pattern's own.
    enum Argument : unsigned { Tile, QueryLength, KeyLength, Offset, KeyOffset, Length, First };
    /// Query tile size (rows), key tile size (columns).
    int64_t getQueryTile() { return getTile()[0]; }
    int64_t getKeyTile() { return getTile()[1]; }
  }];
}

def Attn_VisitOp
    : Attn_Op<"visit", [HasParent<"ScheduleOp">, SingleBlock,
                        DeclareOpInterfaceMethods<OpAsmOpInterface,
                                                  ["getAsmBlockArgumentNames"]>]> {
  let summary = "the key tiles of one band";
  let description = [{
    Visits the tiles [begin, end); those in [full_begin, full_end), a subrange, are full. An empty
    range has begin >= end. The optional region refines both for each tile `u` of the range, where
    the band has periodic windows: it yields whether the tile is visited and whether it may be full.
    `fallback` marks the hull of a mask that is outside the band language: none of its tiles is
    full.

    ```mlir
    attn.visit %v0 to %v1 full %f0 to %f1 band 0
    attn.visit %v2 to %v3 full %f2 to %f3 band 1 where (%u: index) {
      %visible = arith.cmpi sge, %u, %first : index
      %full = arith.cmpi sgt, %u, %first : index
      attn.visit_yield %visible, %full
    }
    attn.visit %v4 to %v5 full %v4 to %v4 band 2 fallback
    ```
  }];
  let arguments = (ins Index:$begin, Index:$end, Index:$fullBegin, Index:$fullEnd,
                       Attn_Int64Attr:$band, UnitAttr:$fallback);
  let regions = (region MaxSizedRegion<1>:$filter);
  let hasCustomAssemblyFormat = 1;
  let hasVerifier = 1;
  let hasRegionVerifier = 1;
}

def Attn_VisitYieldOp : Attn_Op<"visit_yield", [Terminator, Pure, HasParent<"VisitOp">]> {
  let summary = "whether a tile is visited, and whether it may be full";
  let description = [{
    Ends the region of `attn.visit`. A tile that is not visible is skipped; one that is visible,
    full and inside the full range of the visit needs no mask.

    ```mlir
    attn.visit %v0 to %v1 full %f0 to %f1 band 0 where (%u: index) {
      %odd = arith.cmpi ne, %u, %period : index
      attn.visit_yield %odd, %odd
    }
    ```
  }];
  let arguments = (ins I1:$visible, I1:$full);
  let assemblyFormat = "$visible `,` $full attr-dict";
}

#endif // ATTN_IR_ATTNOPS_TD
