//===- Passes.td - passes of the proof stage ------------------------*- tablegen -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_PROOFS_PASSES_TD
#define ATTN_PROOFS_PASSES_TD

include "mlir/Pass/PassBase.td"

def AttnVerifyPass : Pass<"attn-verify", "ModuleOp"> {
  let summary = "prove bands and claims for all lengths";
  let description = [{
    Input: patterns and `attn.assert`. Output: remarks that say what is proved of every pattern, for all
    lengths, offsets and arguments: that no visit is lost, that no tile is called full by mistake, and
    whether every query sees a key. A claim that is refuted is an error with a counter-example; what the
    limits did not allow to prove is a remark with the reason. Never: changes anything.
  }];
  let options = [
    Option<"timeLimit", "time-limit-ms", "int64_t", "1000", "milliseconds for each proof">,
    ListOption<"tile", "tile", "int64_t", "queries and keys of a tile (16,16)">,
    Option<"claimsOnly", "claims-only", "bool", "false",
           "prove the claims alone, and say nothing of those that hold">
  ];
}

#endif // ATTN_PROOFS_PASSES_TD
