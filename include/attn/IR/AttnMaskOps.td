//===- AttnMaskOps.td - which pairs (query, key) attend ------------*- tablegen -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Leaves and combinators of a pattern. Every description defines the mask as a set of pairs (q, k)
// in positions; `floordiv` and `mod` floor towards minus infinity.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_IR_ATTNMASKOPS_TD
#define ATTN_IR_ATTNMASKOPS_TD

include "attn/IR/AttnOpBase.td"

//===----------------------------------------------------------------------===//
// Leaves
//===----------------------------------------------------------------------===//

def Attn_AllOp : Attn_MaskOp<"all"> {
  let summary = "every pair";
  let description = [{
    `{ (q, k) }`

    ```mlir
    %m = attn.all
    ```
  }];
}

def Attn_CausalOp : Attn_MaskOp<"causal"> {
  let summary = "the keys up to the query's position";
  let description = [{
    `{ (q, k) : k <= q }`

    ```mlir
    %past = attn.causal
    ```
  }];
}

/// Numbers that are literals or index values: `dynamicX` holds the value, or `staticX` the literal;
/// `getMixedX()` gives whichever it is.
def Attn_WindowOp : Attn_MaskOp<"window", [AttrSizedOperandSegments]> {
  let summary = "keys at most `before` taps behind and `after` taps ahead of the query";
  let description = [{
    `{ (q, k) : q - before*dilation <= k <= q + after*dilation and (q - k) mod dilation = 0 }`

    Both distances are inclusive and count *taps* on their side; without `dilation` (1 by default) a
    tap is one position. Negative distances are legal: `before 10 after -1` leaves out the diagonal.

    Syntax: `before NUMBER after NUMBER (dilation LITERAL)?`

    ```mlir
    %near = attn.window before 255 after 0
    %taps = attn.window before %w after %w dilation 4
    ```
  }];
  let arguments = (ins Optional<Index>:$dynamicBefore, OptionalAttr<Attn_Int64Attr>:$staticBefore,
                       Optional<Index>:$dynamicAfter, OptionalAttr<Attn_Int64Attr>:$staticAfter,
                       DefaultValuedAttr<Attn_Int64Attr, "1">:$dilation);
  let hasVerifier = 1;
  let hasFolder = 1;
  let hasCanonicalizeMethod = 1;
  let extraClassDeclaration = [{
    OpFoldResult getMixedBefore();
    OpFoldResult getMixedAfter();
  }];
}

class Attn_RangeOp<string mnemonic> : Attn_MaskOp<mnemonic, [AttrSizedOperandSegments]> {
  let arguments = (ins Optional<Index>:$dynamicBegin, OptionalAttr<Attn_Int64Attr>:$staticBegin,
                       Optional<Index>:$dynamicEnd, OptionalAttr<Attn_Int64Attr>:$staticEnd);
  let hasVerifier = 1;
  let hasFolder = 1;
  let hasCanonicalizeMethod = 1;
  let extraClassDeclaration = [{
    OpFoldResult getMixedBegin();
    OpFoldResult getMixedEnd();
  }];
}

def Attn_KeysOp : Attn_RangeOp<"keys"> {
  let summary = "a range of key positions, for every query";
  let description = [{
    `{ (q, k) : begin <= k < end }`

    Syntax: `NUMBER to NUMBER`

    ```mlir
    %sinks = attn.keys 0 to %g
    ```
  }];
}

def Attn_QueriesOp : Attn_RangeOp<"queries"> {
  let summary = "a range of query positions, with every key";
  let description = [{
    `{ (q, k) : begin <= q < end }`

    Syntax: `NUMBER to NUMBER`

    ```mlir
    %rows = attn.queries 0 to %g
    ```
  }];
}

def Attn_BlockOp : Attn_MaskOp<"block", [AttrSizedOperandSegments]> {
  let summary = "keys in the query's block, or in blocks near it";
  let description = [{
    `{ (q, k) : blk(q) - before <= blk(k) <= blk(q) + after }` with `blk(x) = (x - shift) floordiv
    size`; `shift`, `before` and `after` are 0 by default and counted in positions, blocks and
    blocks.

    Syntax: `LITERAL (shift NUMBER)? (before NUMBER)? (after NUMBER)?`

    ```mlir
    %own  = attn.block 64
    %near = attn.block 64 shift 8 before 1 after %b
    ```
  }];
  let arguments = (ins Attn_Int64Attr:$size,
                       Optional<Index>:$dynamicShift, OptionalAttr<Attn_Int64Attr>:$staticShift,
                       Optional<Index>:$dynamicBefore, OptionalAttr<Attn_Int64Attr>:$staticBefore,
                       Optional<Index>:$dynamicAfter, OptionalAttr<Attn_Int64Attr>:$staticAfter);
  let hasVerifier = 1;
  let hasFolder = 1;
  let hasCanonicalizeMethod = 1;
  let extraClassDeclaration = [{
    /// 0 where not given, as are the next two.
    OpFoldResult getMixedShift();
    OpFoldResult getMixedBefore();
    OpFoldResult getMixedAfter();
  }];
}

def Attn_ChunkOp : Attn_MaskOp<"chunk"> {
  let summary = "causal inside the query's chunk";
  let description = [{
    `{ (q, k) : k <= q and k floordiv size = q floordiv size }`

    Syntax: `LITERAL`

    ```mlir
    %m = attn.chunk 8192
    ```
  }];
  let arguments = (ins Attn_Int64Attr:$size);
  let hasVerifier = 1;
}

def Attn_PrefixOp : Attn_MaskOp<"prefix"> {
  let summary = "causal, and a prefix that every query sees";
  let description = [{
    `{ (q, k) : k <= q or k < length }`

    Syntax: `NUMBER`

    ```mlir
    %m = attn.prefix %p
    ```
  }];
  let arguments = (ins Optional<Index>:$dynamicLength, OptionalAttr<Attn_Int64Attr>:$staticLength);
  let hasVerifier = 1;
  let hasFolder = 1;
  let extraClassDeclaration = [{ OpFoldResult getMixedLength(); }];
}

def Attn_WhereOp : Attn_MaskOp<"where"> {
  let summary = "the pairs of an integer set";
  let description = [{
    `{ (q, k) : all constraints of set hold }`, where the set has two dimensions, q and k, and one
    symbol per operand. One set is one conjunction; a disjunction is an `attn.union`.

    Syntax: `affine_set<(q, k)[...] : (...)> ([%s, ...])?`. Divisors of `floordiv`, `ceildiv` and
    `mod` are positive literals, and no part of a constraint may leave 62 bits for positions within
    +-2^40.

    ```mlir
    %col = attn.where affine_set<(q, k) : ((q - k) mod 128 == 0)>
    %lag = attn.where affine_set<(q, k)[n] : (q - 16 * k - n >= 0)>[%n]
    ```
  }];
  let arguments = (ins IntegerSetAttr:$set, Variadic<Index>:$symbols);
  let hasVerifier = 1;
  let hasFolder = 1;
  let hasCanonicalizeMethod = 1;
}

//===----------------------------------------------------------------------===//
// Combinators
//===----------------------------------------------------------------------===//

class Attn_VariadicMaskOp<string mnemonic> : Attn_MaskOp<mnemonic> {
  let arguments = (ins Variadic<Attn_MaskType>:$masks);
  let hasVerifier = 1;
  let hasFolder = 1;
  let hasCanonicalizeMethod = 1;
}

def Attn_IntersectOp : Attn_VariadicMaskOp<"intersect"> {
  let summary = "pairs in every mask";
  let description = [{
    `{ (q, k) in masks[0], and in masks[1], ... }`

    ```mlir
    %m = attn.intersect %past, %near
    ```
  }];
}

def Attn_UnionOp : Attn_VariadicMaskOp<"union"> {
  let summary = "pairs in at least one mask";
  let description = [{
    `{ (q, k) in masks[0], or in masks[1], ... }`; a pair in several masks counts once.

    ```mlir
    %m = attn.union %near, %cols, %rows
    ```
  }];
}

def Attn_DifferenceOp : Attn_MaskOp<"difference"> {
  let summary = "pairs of one mask that are not in another";
  let description = [{
    `{ (q, k) in lhs, and not in rhs }`

    ```mlir
    %m = attn.difference %past, %own
    ```
  }];
  let arguments = (ins Attn_MaskType:$lhs, Attn_MaskType:$rhs);
  let hasFolder = 1;
  let hasCanonicalizeMethod = 1;
}

def Attn_ComplementOp : Attn_MaskOp<"complement"> {
  let summary = "pairs that are not in a mask";
  let description = [{
    `{ (q, k) not in input }`

    ```mlir
    %m = attn.complement %own
    ```
  }];
  let arguments = (ins Attn_MaskType:$input);
  let hasFolder = 1;
  let hasCanonicalizeMethod = 1;
}

#endif // ATTN_IR_ATTNMASKOPS_TD
