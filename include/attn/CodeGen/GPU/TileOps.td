//===- TileOps.td - what a GPU kernel does with a tile --------------*- tablegen -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_CODEGEN_GPU_TILEOPS_TD
#define ATTN_CODEGEN_GPU_TILEOPS_TD

include "mlir/Dialect/LLVMIR/LLVMOpBase.td"
include "mlir/IR/OpBase.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Tile_Dialect : Dialect {
  let name = "attn_tile";
  let cppNamespace = "::mlir::attn::tile";
  let summary = "what the warps of a GPU kernel do with tiles of scores, weights and outputs";
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
  let description = [{
    The ops between a schedule and the instructions of a GPU. They are what the kernels of lib/CodeGen/GPU are
    written in; `attn-lower-tiles` turns each into llvm and nvvm.

    **Fragments.** A warp holds 16 rows of a tile of `n` columns in the registers of its 32 lanes. Lane `l` has
    the rows `l / 4` and `l / 4 + 8`, which are called its rows 0 and 1, and

        element 4j + 2r + c  =  row r, column 8j + 2(l mod 4) + c        r, c in {0, 1}, j in [0, n/8)

    so a *fragment* of n columns is a `vector<n/2 x f32>` per lane. It is what mma.sync and wgmma accumulate in, and
    with two neighbours rounded and packed into one register (`vector<n/4 x i32>`, the *packed* form) what they take
    as their first operand. A *row value* is `vector<2xf32>`, one number for each of the lane's rows; the four lanes
    of a row agree on it unless an op says that it is *partial*: then the row's number is the sum over them.

    **Shared memory.** mma.sync reads *padded* tiles: row r begins at byte r * (2 * features + 16), so that the eight
    rows of a matrix lie in different banks. wgmma and TMA use *panels* of 64 or 32 columns, one behind the other,
    whose rows are 128 or 64 bytes, with the 16-byte chunks of a row swizzled as the hardware does.
  }];
}

class Tile_Op<string mnemonic, list<Trait> traits = []> : Op<Tile_Dialect, mnemonic, traits>;

def Tile_Fragment : FixedVectorOfRankAndType<[1], [F32]>;
def Tile_Packed : FixedVectorOfRankAndType<[1], [I32]>;
/// A bit for each of up to 32 columns of a lane, the first one lowest, or an i1 for each.
def Tile_Keep : AnyTypeOf<[I32, FixedVectorOfRankAndType<[1], [I1]>]>;
def Tile_RowValue : FixedVectorOfLengthAndType<[2], [F32]>,
                    BuildableType<"::mlir::VectorType::get(2, $_builder.getF32Type())">;
def Tile_Shared : LLVM_PointerInAddressSpace<3>;
def Tile_Global : LLVM_PointerInAddressSpace<1>;
def Tile_TensorMap : LLVM_PointerInAddressSpace<0>;
/// A number of rows, features or groups.
def Tile_Int : TypedSignlessIntegerAttrBase<I64, "int64_t", "64-bit integer attribute"> {
  let convertFromStorage = "$_self.getInt()";
}
/// f16 or bf16, of the elements in shared memory and in packed fragments.
def Tile_Element : TypeAttrOf<AnyTypeOf<[F16, BF16]>>;

//===----------------------------------------------------------------------===//
// Fragments
//===----------------------------------------------------------------------===//

def Tile_MaskOp : Tile_Op<"mask", [Pure, AllTypesMatch<["scores", "result"]>,
                                  AllTypesMatch<["keep0", "keep1"]>]> {
  let summary = "hide scores by a bit for each of a lane's columns";
  let description = [{
    `result[4j + 2r + c] = keep_r[2j + c] ? scores[4j + 2r + c] : -inf`: a select, so what an invisible score is does
    not matter. `keep0` and `keep1` have an element for each column of the lane, in order, or they are words of which
    bit i is `keep_r[i]`.

    ```mlir
    %s1 = attn_tile.mask %s, %keep0, %keep1 : vector<32xf32>, i32
    ```
  }];
  let arguments = (ins Tile_Fragment:$scores, Tile_Keep:$keep0, Tile_Keep:$keep1);
  let results = (outs Tile_Fragment:$result);
  let assemblyFormat = "$scores `,` $keep0 `,` $keep1 attr-dict `:` type($scores) `,` type($keep0)";
  let hasVerifier = 1;
}

def Tile_RowMaxOp : Tile_Op<"row_max", [Pure]> {
  let summary = "the largest score of each row so far";
  let description = [{
    `result[r] = max(init[r], max over the row of scores)`, over all four lanes of a row; a NaN is passed over.

    ```mlir
    %m1 = attn_tile.row_max %s, %m : vector<32xf32>
    ```
  }];
  let arguments = (ins Tile_Fragment:$scores, Tile_RowValue:$init);
  let results = (outs Tile_RowValue:$result);
  let assemblyFormat = "$scores `,` $init attr-dict `:` type($scores)";
  let hasVerifier = 1;
}

def Tile_ExponentialOp : Tile_Op<"exponential", [Pure, AllTypesMatch<["scores", "result"]>]> {
  let summary = "weights of scores";
  let description = [{
    `result[4j + 2r + c] = 2^(scale * scores[4j + 2r + c] - scale * maximum[r])`, the product and the difference in one
    rounding. A score of -inf gives exactly 0 where `scale > 0` and `maximum` is finite.

    ```mlir
    %p = attn_tile.exponential %s, %scale, %m : vector<32xf32>
    ```
  }];
  let arguments = (ins Tile_Fragment:$scores, F32:$scale, Tile_RowValue:$maximum);
  let results = (outs Tile_Fragment:$result);
  let assemblyFormat = "$scores `,` $scale `,` $maximum attr-dict `:` type($scores)";
  let hasVerifier = 1;
}

def Tile_RowSumOp : Tile_Op<"row_sum", [Pure]> {
  let summary = "the partial sums of rows, carried on";
  let description = [{
    `result[r] = init[r] * factor[r] + sum over the lane's elements of row r`, partial: the lanes of a row are not
    combined.

    ```mlir
    %l1 = attn_tile.row_sum %p, %l, %factor : vector<32xf32>
    ```
  }];
  let arguments = (ins Tile_Fragment:$weights, Tile_RowValue:$init, Tile_RowValue:$factor);
  let results = (outs Tile_RowValue:$result);
  let assemblyFormat = "$weights `,` $init `,` $factor attr-dict `:` type($weights)";
  let hasVerifier = 1;
}

def Tile_CombineOp : Tile_Op<"combine", [Pure]> {
  let summary = "row values from partial ones";
  let description = [{
    `result[r]` is the sum of `partial[r]` over the four lanes of a row, the same bits in each.

    ```mlir
    %total = attn_tile.combine %l
    ```
  }];
  let arguments = (ins Tile_RowValue:$partial);
  let results = (outs Tile_RowValue:$result);
  let assemblyFormat = "$partial attr-dict";
}

def Tile_ScaleRowsOp : Tile_Op<"scale_rows", [Pure, AllTypesMatch<["fragment", "result"]>]> {
  let summary = "multiply each row by a number";
  let description = [{
    `result[4j + 2r + c] = fragment[4j + 2r + c] * factor[r]`

    ```mlir
    %o1 = attn_tile.scale_rows %o, %factor : vector<32xf32>
    ```
  }];
  let arguments = (ins Tile_Fragment:$fragment, Tile_RowValue:$factor);
  let results = (outs Tile_Fragment:$result);
  let assemblyFormat = "$fragment `,` $factor attr-dict `:` type($fragment)";
  let hasVerifier = 1;
}

def Tile_PackOp : Tile_Op<"pack", [Pure]> {
  let summary = "round a fragment to 16 bits";
  let description = [{
    Element i of the result holds elements 2i (low half) and 2i + 1 of the fragment, rounded to nearest even.

    ```mlir
    %a = attn_tile.pack %p to bf16 : vector<32xf32> -> vector<16xi32>
    ```
  }];
  let arguments = (ins Tile_Fragment:$fragment, Tile_Element:$element);
  let results = (outs Tile_Packed:$result);
  let assemblyFormat = "$fragment `to` $element attr-dict `:` type($fragment) `->` type($result)";
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// cp.async and mma.sync
//===----------------------------------------------------------------------===//

def Tile_CopyOp : Tile_Op<"copy", [MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "copy rows from global to padded shared memory, asynchronously";
  let description = [{
    `to[r][f] = r < exist ? from[r * row_bytes + 2f] : 0` for r in [0, rows) and the features f. Executed by all
    `threads` threads of the CTA, of which `thread` is one; part of the current cp.async group. No byte of a row that
    does not exist is read; where `exist` is not positive, `from` itself must still be a valid row.

    ```mlir
    attn_tile.copy %from, %row_bytes, %exist to %to thread %tid
        {threads = 256 : i64, rows = 64 : i64, features = 128 : i64}
    ```
  }];
  let arguments = (ins Tile_Global:$from, I64:$rowBytes, I32:$exist, Tile_Shared:$to, I32:$thread,
                       Tile_Int:$threads, Tile_Int:$rows, Tile_Int:$features);
  let assemblyFormat = [{
    $from `,` $rowBytes `,` $exist `to` $to `thread` $thread attr-dict
  }];
  let hasVerifier = 1;
}

def Tile_MmaSSOp : Tile_Op<"mma_ss", [MemoryEffects<[MemRead]>]> {
  let summary = "rows times rows, both in padded shared memory, by mma.sync";
  let description = [{
    `result[i, j] = sum over f of a[i][f] * b[j][f]` for the 16 rows i that begin at `a` and the n rows j that begin at
    `b`, accumulated in f32: scores, with queries at `a` and keys at `b`. `a` is the warp's own.

    ```mlir
    %s = attn_tile.mma_ss %a, %b of bf16 lane %lane {features = 128 : i64} : vector<32xf32>
    ```
  }];
  let arguments = (ins Tile_Shared:$a, Tile_Shared:$b, Tile_Element:$element, Tile_Int:$features,
                       I32:$lane);
  let results = (outs Tile_Fragment:$result);
  let assemblyFormat = [{
    $a `,` $b `of` $element `lane` $lane attr-dict `:` type($result)
  }];
  let hasVerifier = 1;
}

def Tile_MmaRSOp : Tile_Op<"mma_rs", [MemoryEffects<[MemRead]>, AllTypesMatch<["init", "result"]>]> {
  let summary = "a packed fragment times rows in padded shared memory, by mma.sync";
  let description = [{
    `result[i, f] = init[i, f] + sum over j of a[i, j] * b[j][f]` with `a` in packed form and the rows j that begin at
    `b`: weights times values.

    ```mlir
    %o1 = attn_tile.mma_rs %p, %b, %o of bf16 lane %lane : vector<16xi32>, vector<64xf32>
    ```
  }];
  let arguments = (ins Tile_Packed:$a, Tile_Shared:$b, Tile_Fragment:$init, Tile_Element:$element,
                       I32:$lane);
  let results = (outs Tile_Fragment:$result);
  let assemblyFormat = [{
    $a `,` $b `,` $init `of` $element `lane` $lane attr-dict `:` type($a) `,` type($init)
  }];
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// TMA, mbarriers and wgmma
//===----------------------------------------------------------------------===//

def Tile_LoadOp : Tile_Op<"load", [MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "load a tile of a tensor into panels of shared memory by TMA";
  let description = [{
    Rows [row, row + rows) of head `head` of batch `batch`, in panels of the map's columns; a row that does not exist
    is 0. `barrier` is told of the bytes: 2 * rows * features, which must be expected of it. One
    thread executes it.

    ```mlir
    attn_tile.load %map[%batch, %head, %row] to %to signals %barrier {rows = 128 : i64, features = 128 : i64}
    ```
  }];
  let arguments = (ins Tile_TensorMap:$map, I32:$batch, I32:$head, I32:$row, Tile_Shared:$to,
                       Tile_Shared:$barrier, Tile_Int:$rows, Tile_Int:$features);
  let assemblyFormat = [{
    $map `[` $batch `,` $head `,` $row `]` `to` $to `signals` $barrier attr-dict
  }];
}

def Tile_StoreOp : Tile_Op<"store", [MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "store the 16 rows of a warp to a tensor by way of shared memory and TMA";
  let description = [{
    The warp writes its packed fragment of `features` columns into the panels at `through`, which are those of a tile of
    `rows` rows with the warp's 16 rows first, and hands them to TMA, which leaves out rows that do not exist.
    Returns when shared memory has been read and may be written again. Nothing says when global memory has been written:
    `attn_tile.store_wait` does.

    ```mlir
    attn_tile.store %o through %through to %map[%batch, %head, %row] lane %lane {rows = 128 : i64, features = 128 : i64}
        : vector<32xi32>
    ```
  }];
  let arguments = (ins Tile_Packed:$fragment, Tile_Shared:$through, Tile_TensorMap:$map, I32:$batch,
                       I32:$head, I32:$row, I32:$lane, Tile_Int:$rows, Tile_Int:$features);
  let assemblyFormat = [{
    $fragment `through` $through `to` $map `[` $batch `,` $head `,` $row `]` `lane` $lane attr-dict
    `:` type($fragment)
  }];
  let hasVerifier = 1;
}

def Tile_StoreWaitOp : Tile_Op<"store_wait", [MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "wait until the warp's stores are in global memory";
  let description = [{
    After it, ordinary stores of any lane of the warp to the same addresses come after those of `attn_tile.store`.

    ```mlir
    attn_tile.store_wait lane %lane
    ```
  }];
  let arguments = (ins I32:$lane);
  let assemblyFormat = "`lane` $lane attr-dict";
}

def Tile_WaitOp : Tile_Op<"wait", [MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "wait for a phase of an mbarrier";
  let description = [{
    Returns when the phase of parity `parity` has completed; what was written before its arrivals is visible then.

    ```mlir
    attn_tile.wait %barrier, %parity
    ```
  }];
  let arguments = (ins Tile_Shared:$barrier, I32:$parity);
  let assemblyFormat = "$barrier `,` $parity attr-dict";
}

def Tile_WgmmaSSOp : Tile_Op<"wgmma_ss", [MemoryEffects<[MemRead]>]> {
  let summary = "rows times rows, both in panels of shared memory, by wgmma, asynchronously";
  let description = [{
    `result[i, j] = sum over f of a[i][f] * b[j][f]` for 64 rows i (16 of them of each warp of the warpgroup) and n rows
    j: scores. `a` and `b` are byte addresses in shared memory, of panels with `aRows` and `bRows` rows. The
    result may be used after `attn_tile.wgmma_wait`; the op commits a group.

    ```mlir
    %s = attn_tile.wgmma_ss %a, %b of bf16 {aRows = 128 : i64, bRows = 128 : i64, features = 128 : i64} : vector<64xf32>
    ```
  }];
  let arguments = (ins I32:$a, I32:$b, Tile_Element:$element, Tile_Int:$aRows, Tile_Int:$bRows,
                       Tile_Int:$features);
  let results = (outs Tile_Fragment:$result);
  let assemblyFormat = "$a `,` $b `of` $element attr-dict `:` type($result)";
  let hasVerifier = 1;
}

def Tile_WgmmaRSOp
    : Tile_Op<"wgmma_rs", [MemoryEffects<[MemRead]>, AllTypesMatch<["init", "result"]>]> {
  let summary = "a packed fragment times rows in panels of shared memory, by wgmma, asynchronously";
  let description = [{
    `result[i, f] = init[i, f] + sum over j of a[i, j] * b[j][f]`: weights times values. `b` is a byte address, of panels
    with as many rows as `a` has columns. The result may be used, and the registers of `a` written, after
    `attn_tile.wgmma_wait`; the op commits a group.

    ```mlir
    %o1 = attn_tile.wgmma_rs %p, %b, %o of bf16 : vector<32xi32>, vector<64xf32>
    ```
  }];
  let arguments = (ins Tile_Packed:$a, I32:$b, Tile_Fragment:$init, Tile_Element:$element);
  let results = (outs Tile_Fragment:$result);
  let assemblyFormat = "$a `,` $b `,` $init `of` $element attr-dict `:` type($a) `,` type($init)";
  let hasVerifier = 1;
}

class Tile_TiedOp<string mnemonic>
    : Tile_Op<mnemonic, [MemoryEffects<[MemRead, MemWrite]>, AllTypesMatch<["registers", "results"]>]> {
  let results = (outs Variadic<AnyTypeOf<[Tile_Fragment, Tile_Packed]>>:$results);
}

def Tile_WgmmaFenceOp : Tile_TiedOp<"wgmma_fence"> {
  let summary = "order what was written to registers before the next wgmma";
  let description = [{
    Results are the operands: they are tied, so that no access to them moves across the fence.

    ```mlir
    %o1, %p1 = attn_tile.wgmma_fence %o, %p : vector<64xf32>, vector<32xi32>
    ```
  }];
  let arguments = (ins Variadic<AnyTypeOf<[Tile_Fragment, Tile_Packed]>>:$registers);
  let assemblyFormat = "($registers^ `:` type($registers))? attr-dict";
}

def Tile_WgmmaWaitOp : Tile_TiedOp<"wgmma_wait"> {
  let summary = "wait until at most so many groups of wgmma are under way";
  let description = [{
    Results are the operands, with the values that the groups waited for have given them.

    ```mlir
    %s1 = attn_tile.wgmma_wait %s {pending = 1 : i64} : vector<64xf32>
    ```
  }];
  let arguments = (ins Tile_Int:$pending,
                       Variadic<AnyTypeOf<[Tile_Fragment, Tile_Packed]>>:$registers);
  let assemblyFormat = "$registers attr-dict `:` type($registers)";
}

#endif // ATTN_CODEGEN_GPU_TILEOPS_TD
