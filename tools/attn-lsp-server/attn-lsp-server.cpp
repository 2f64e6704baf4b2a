//===- attn-lsp-server.cpp - specs in an editor -----------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Diagnostics, definitions and hovers for `.mlir` files with attn ops, by the language server
// protocol on standard input and output.
//
//===----------------------------------------------------------------------===//

#include "attn/Pipelines/Pipelines.h"
#include "mlir/Tools/mlir-lsp-server/MlirLspServerMain.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  mlir::attn::registerAllAttnDialects(registry);
  return mlir::failed(mlir::MlirLspServerMain(argc, argv, registry));
}
