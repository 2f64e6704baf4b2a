//===- attn-opt.cpp - run any pass on attn IR ---------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attn/Bands/Passes.h"
#include "attn/CodeGen/CPU/Passes.h"
#include "attn/IR/AttnDialect.h"
#include "attn/IR/Passes.h"
#include "attn/Proofs/Passes.h"
#include "attn/Schedule/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "mlir/Transforms/Passes.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  registry.insert<mlir::attn::AttnDialect, mlir::arith::ArithDialect, mlir::func::FuncDialect>();
  mlir::registerTransformsPasses();
  mlir::attn::registerAttnIRPasses();
  mlir::attn::registerAttnBandsPasses();
  mlir::attn::registerAttnProofsPasses();
  mlir::attn::registerAttnSchedulePasses();
  mlir::attn::registerAttnCPUPasses();
  return mlir::asMainReturnCode(
      mlir::MlirOptMain(argc, argv, "attn-opt: the passes of attn\n", registry));
}
