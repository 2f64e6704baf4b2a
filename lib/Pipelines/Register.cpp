//===- Register.cpp - dialects, passes and pipelines by name -------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attn/Bands/Passes.h"
#include "attn/CodeGen/CPU/Passes.h"
#include "attn/CodeGen/GPU/Passes.h"
#include "attn/CodeGen/GPU/TileOps.h"
#include "attn/IR/AttnDialect.h"
#include "attn/IR/Passes.h"
#include "attn/Pipelines/Pipelines.h"
#include "attn/Proofs/Passes.h"
#include "attn/Schedule/Passes.h"
#include "attn/Target/Passes.h"
#include "mlir/Conversion/NVVMToLLVM/NVVMToLLVM.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/Func/Extensions/InlinerExtension.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;
using namespace mlir::attn;

void mlir::attn::registerAllAttnDialects(DialectRegistry &registry) {
  registry.insert<AttnDialect, arith::ArithDialect, cf::ControlFlowDialect, func::FuncDialect,
                  gpu::GPUDialect, LLVM::LLVMDialect, math::MathDialect, NVVM::NVVMDialect,
                  scf::SCFDialect, tile::TileDialect, vector::VectorDialect>();
  registerConvertNVVMToLLVMInterface(registry);
  registerAttnTranslations(registry);
}

void mlir::attn::registerAllAttnPasses() {
  registerTransformsPasses();
  registerAttnIRPasses();
  registerAttnBandsPasses();
  registerAttnProofsPasses();
  registerAttnSchedulePasses();
  registerAttnCPUPasses();
  registerAttnGPUPasses();
  registerAttnTargetPasses();
}

namespace {
/// The options again, with defaults that a GPU has kernels for.
struct GPUPipelineOptions : public PipelineOptions {
  GPUPipelineOptions() {
    target = "sm_90a";
    dtype = "bf16";
  }
};
} // namespace

void mlir::attn::registerAllAttnPipelines() {
  PassPipelineRegistration<PipelineOptions>("attn-dialect-pipeline",
                                            "phase 2: simplify patterns and make a kernel of each",
                                            populateDialectPhase);
  PassPipelineRegistration<PipelineOptions>(
      "attn-bands-pipeline", "phase 3: prove the claims of the module", populateBandsPhase);
  PassPipelineRegistration<PipelineOptions>("attn-schedule-pipeline",
                                            "phase 4: derive the schedule of every pattern",
                                            populateSchedulePhase);
  PassPipelineRegistration<PipelineOptions>(
      "attn-codegen-pipeline", "phase 5: from schedules to the LLVM dialect", populateCodegenPhase);
  PassPipelineRegistration<PipelineOptions>(
      "attn-to-llvm-pipeline", "phases 2 to 5: from patterns to the LLVM dialect",
      [](OpPassManager &passes, const PipelineOptions &options) {
        for (Phase phase : {Phase::Dialect, Phase::Bands, Phase::Schedule, Phase::Codegen})
          populatePhase(phase, passes, options);
      });
  PassPipelineRegistration<GPUPipelineOptions>(
      "attn-to-nvvm", "from patterns to PTX for a GPU: sm_90a and bf16, or as the options say",
      [](OpPassManager &passes, const GPUPipelineOptions &options) {
        for (Phase phase : {Phase::Dialect, Phase::Bands, Phase::Schedule})
          populatePhase(phase, passes, options);
        // Not by the phase, which has code for other targets too.
        populateToGPU(passes, options.target);
        passes.addPass(createAttnGPUToBinaryPass());
      });
}
