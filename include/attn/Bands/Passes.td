//===- Passes.td - passes of the bands stage ------------------------*- tablegen -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_BANDS_PASSES_TD
#define ATTN_BANDS_PASSES_TD

include "mlir/Pass/PassBase.td"

def AttnPrintBandsPass : Pass<"attn-print-bands", "ModuleOp"> {
  let summary = "print the bands of every pattern, and a picture of its tiles";
  let description = [{
    Input: patterns. Output: nothing but text on standard output, and a remark for each mask that no
    band expresses. Never: changes the module.

    Each band is printed as its constraints. With `query-length` and `key-length`, a picture follows
    with one character per tile: `.` skipped, `/` partial, `#` full.

    ```
    @longformer(w, g): 3 bands
      q - w <= k < q + w + 1
      0 <= k < g
      0 <= q < g
    16 x 16, tile 4 x 4, w = 2, g = 4: 166 pairs; 2 tiles skipped, 7 partial, 7 full
      # # # #
      # / / .
      # / / /
      # . / /
    ```
  }];
  let options = [
    ListOption<"tile", "tile", "int64_t", "queries and keys of a tile (16,16)">,
    Option<"queryLength", "query-length", "int64_t", "0", "query rows; 0 prints no picture">,
    Option<"keyLength", "key-length", "int64_t", "0", "key columns">,
    Option<"offset", "offset", "int64_t", "0",
           "position of query row 0 (key-offset + key-length - query-length)">,
    Option<"keyOffset", "key-offset", "int64_t", "0", "position of key column 0">,
    ListOption<"arguments", "arguments", "int64_t", "values of the pattern's arguments">,
    Option<"transposed", "transposed", "bool", "false", "print the bands as rows of keys">
  ];
}

#endif // ATTN_BANDS_PASSES_TD
