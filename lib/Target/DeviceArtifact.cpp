//===- DeviceArtifact.cpp - kernels of a GPU as one artifact --------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Manifest.h"
#include "Ptxas.h"
#include "attn/Target/Artifact.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/IR/SymbolTable.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace mlir::attn;

namespace {

/// Registers of all threads that share them, on every architecture that there are kernels for.
constexpr int64_t kRegisters = 65536;

/// The numbers of the attribute `attn.launch` of a binary.
llvm::Expected<DeviceLaunch> readLaunch(gpu::BinaryOp binary, const TargetDescription &target) {
  DeviceLaunch launch;
  // sm_90a: 9.0, and no other.
  StringRef number = StringRef(target.cpu).drop_front(strlen("sm_"));
  launch.isArchitectureExact = number.consume_back("a");
  number.getAsInteger(10, launch.computeCapability);

  const auto dictionary = binary->getAttrOfType<DictionaryAttr>("attn.launch");
  const std::pair<StringRef, int32_t *> fields[] = {{"threads", &launch.threads},
                                                    {"shared_bytes", &launch.sharedBytes},
                                                    {"query_tile", &launch.queryTile},
                                                    {"key_tile", &launch.keyTile},
                                                    {"panel_columns", &launch.panelColumns},
                                                    {"output_rows", &launch.outputRows}};
  for (const auto &[name, field] : fields) {
    const auto value = dictionary ? dictionary.getAs<IntegerAttr>(name) : IntegerAttr();
    if (!value)
      return llvm::createStringError("kernel '" + binary.getName() + "': expected an integer '" +
                                     name + "' in 'attn.launch'");
    *field = value.getInt();
  }
  return launch;
}

void updateManifest(Artifact &artifact) {
  artifact.manifest =
      printManifest(artifact.info, artifact.target, llvm::cantFail(emitAssembly(artifact)));
}

} // namespace

llvm::Expected<Artifact> mlir::attn::buildDeviceArtifact(ModuleOp module, ArtifactInfo info,
                                                         const TargetDescription &target,
                                                         int64_t sharedLimit) {
  Artifact artifact;
  artifact.info = std::move(info);
  artifact.target = target;
  for (KernelInfo &kernel : artifact.info.kernels) {
    auto binary =
        dyn_cast_or_null<gpu::BinaryOp>(SymbolTable::lookupSymbolIn(module, kernel.symbol));
    const auto object = binary ? dyn_cast<gpu::ObjectAttr>(binary.getObjects()[0]) : nullptr;
    if (!object || object.getFormat() != gpu::CompilationTarget::Assembly)
      return llvm::createStringError("kernel '" + kernel.symbol +
                                     "': expected a 'gpu.binary' of PTX");
    auto launch = readLaunch(binary, target);
    if (!launch)
      return launch.takeError();
    if (launch->sharedBytes > sharedLimit)
      return llvm::createStringError(
          "kernel '" + kernel.symbol + "' takes " + Twine(launch->sharedBytes) +
          " bytes of shared memory, the limit of " + target.name + " is " + Twine(sharedLimit));
    kernel.launch = *launch;
    artifact.images.push_back({object.getObject().getValue().str(), ""});
  }
  updateManifest(artifact);
  return artifact;
}

llvm::Error mlir::attn::assembleImages(Artifact &artifact) {
  auto ptxas = findPtxas();
  if (!ptxas)
    return ptxas.takeError();
  for (auto &&[kernel, image] : llvm::zip_equal(artifact.info.kernels, artifact.images)) {
    auto cubin = assemble(*ptxas, image.ptx, artifact.target.cpu, kernel.symbol);
    if (!cubin)
      return cubin.takeError();
    const int64_t registers = cubin->report.registers * kernel.launch->threads;
    if (registers > kRegisters)
      return llvm::createStringError(
          "kernel '" + kernel.symbol + "' takes " + Twine(cubin->report.registers) +
          " registers in each of " + Twine(kernel.launch->threads) + " threads, the limit of " +
          artifact.target.name + " is " + Twine(kRegisters) + " together");
    image.cubin = std::move(cubin->bytes);
    kernel.ptxas = std::move(cubin->report);
  }
  updateManifest(artifact);
  return llvm::Error::success();
}

AttnDeviceInfo mlir::attn::makeDeviceInfo(const KernelInfo &kernel) {
  const DeviceLaunch &launch = *kernel.launch;
  AttnDeviceInfo info = {};
  info.struct_size = sizeof(AttnDeviceInfo);
  info.symbol = kernel.symbol.c_str();
  info.compute_capability = launch.computeCapability;
  info.is_architecture_exact = launch.isArchitectureExact;
  info.dtype = kernel.dtype == "f16"    ? ATTN_DTYPE_F16
               : kernel.dtype == "bf16" ? ATTN_DTYPE_BF16
                                        : ATTN_DTYPE_F32;
  info.features = kernel.headDim;
  info.threads = launch.threads;
  info.shared_bytes = launch.sharedBytes;
  info.query_tile = launch.queryTile;
  info.key_tile = launch.keyTile;
  info.panel_columns = launch.panelColumns;
  info.output_rows = launch.outputRows;
  info.argument_count = kernel.arguments.size();
  return info;
}
