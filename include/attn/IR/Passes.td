//===- Passes.td - passes of the dialect stage ----------------------*- tablegen -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_IR_PASSES_TD
#define ATTN_IR_PASSES_TD

include "mlir/Pass/PassBase.td"

def AttnMakeKernelsPass : Pass<"attn-make-kernels", "ModuleOp"> {
  let summary = "add a kernel function for every pattern that no function uses";
  let description = [{
    Input: patterns. Output: for each public pattern without an `attn.attention` that uses it, a
    function of query, key, value, scale, offset, key_offset, length and the pattern's arguments,
    whose body is one `attn.attention`. Never: changes patterns or functions that are there.
  }];
  let options = [Option<"headDim", "head-dim", "int64_t", "64",
                        "features of query, key and value">,
                 Option<"dtype", "dtype", "std::string", "\"f32\"",
                        "elements of query, key, value and output: f32, f16 or bf16">];
  let dependentDialects = ["::mlir::func::FuncDialect"];
}

#endif // ATTN_IR_PASSES_TD
