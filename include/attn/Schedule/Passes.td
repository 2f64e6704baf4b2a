//===- Passes.td - passes of the schedule stage ---------------------*- tablegen -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_SCHEDULE_PASSES_TD
#define ATTN_SCHEDULE_PASSES_TD

include "mlir/Pass/PassBase.td"

def AttnSchedulePass : Pass<"attn-schedule", "ModuleOp"> {
  let summary = "compute which tiles each pattern visits";
  let description = [{
    Input: patterns. Output: for each pattern `@p` an `attn.schedule @p.fwd`, or `@p.bwd_kv` with
    `transposed`: straight-line arithmetic from the tile, the lengths, the offsets and the pattern's
    arguments to the tiles to visit. A remark names what is outside the band language. Never: changes a
    pattern, or a schedule that is there.
  }];
  let options = [
    ListOption<"tile", "tile", "int64_t", "queries and keys of a tile (16,16)">,
    Option<"transposed", "transposed", "bool", "false",
           "schedule the query tiles of every key tile, for gradients of key and value">
  ];
  let dependentDialects = ["::mlir::arith::ArithDialect"];
}

def AttnPrintTilesPass : Pass<"attn-print-tiles", "ModuleOp"> {
  let summary = "print what every schedule visits at given sizes";
  let description = [{
    Input: schedules. Output: one picture per schedule on the standard output, a line per tile: `.`
    skipped, `/` partial, `#` full. Never: changes anything.
  }];
  let options = [
    Option<"queryLength", "query-length", "int64_t", "64", "rows of the query">,
    Option<"keyLength", "key-length", "int64_t", "-1", "columns of the key (query-length)">,
    Option<"offset", "offset", "int64_t", "std::numeric_limits<int64_t>::min()",
           "position of the first query (key-offset + key-length - query-length)">,
    Option<"keyOffset", "key-offset", "int64_t", "0", "position of the first key">,
    Option<"length", "length", "int64_t", "std::numeric_limits<int64_t>::min()",
           "what attn.length means (key-offset + key-length)">,
    ListOption<"arguments", "arguments", "int64_t", "values of the pattern's arguments">
  ];
}

#endif // ATTN_SCHEDULE_PASSES_TD
