//===- CheckPtxas.cpp - ask ptxas whether PTX becomes fast code -----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Ptxas.h"
#include "attn/Target/Passes.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"

namespace mlir::attn {
#define GEN_PASS_DEF_ATTNCHECKPTXASPASS
#include "attn/Target/Passes.h.inc"
} // namespace mlir::attn

using namespace mlir;
using namespace mlir::attn;

namespace {
struct CheckPtxas : public attn::impl::AttnCheckPtxasPassBase<CheckPtxas> {
  void runOnOperation() override {
    markAllAnalysesPreserved();
    auto ptxas = findPtxas();
    if (!ptxas) {
      getOperation().emitError(llvm::toString(ptxas.takeError()));
      return signalPassFailure();
    }
    bool isAccepted = true;
    for (auto binary : getOperation().getOps<gpu::BinaryOp>())
      for (auto object : binary.getObjects().getAsRange<gpu::ObjectAttr>())
        isAccepted &= succeeded(check(*ptxas, binary, object));
    if (!isAccepted)
      signalPassFailure();
  }

private:
  static LogicalResult check(const Ptxas &ptxas, gpu::BinaryOp binary, gpu::ObjectAttr object) {
    auto target = dyn_cast<NVVM::NVVMTargetAttr>(object.getTarget());
    if (!target || object.getFormat() != gpu::CompilationTarget::Assembly)
      return binary.emitOpError("expected PTX ('assembly' of an '#nvvm.target') to check");
    auto cubin = assemble(ptxas, object.getObject().getValue(), target.getChip(), binary.getName());
    if (!cubin)
      return binary.emitOpError(llvm::toString(cubin.takeError()));
    binary.emitRemark() << "'" << binary.getName() << "' takes " << cubin->report.registers
                        << " registers and spills none, says ptxas " << ptxas.version;
    return success();
  }
};
} // namespace
