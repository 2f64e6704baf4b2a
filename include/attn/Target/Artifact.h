//===- Artifact.h - from the LLVM dialect to files -----------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The last stage. A module becomes one *artifact*, and from that any of the kinds of file below.
// For a processor an artifact is LLVM IR with a manifest in it, optimised for a target; for a GPU
// it is an *image* for each kernel, PTX and on demand machine code.
//
//   LLVM dialect --buildArtifact--------> Artifact --emit--> NAME.o NAME.so NAME.ll NAME.s
//                                                            NAME.h NAME.json
//                                                  --JIT---> functions of this process
//   GPU binaries --buildDeviceArtifact--> Artifact --emit--> KERNEL.ptx KERNEL.cubin
//                                                            NAME.launcher.c NAME.h NAME.json
//
// What is written depends on the module, the target and the compiler only: no paths, no dates.
// Nothing here knows the ops of the dialect `attn`; what the manifest says of patterns comes in as
// text.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_TARGET_ARTIFACT_H
#define ATTN_TARGET_ARTIFACT_H

#include "attn/Runtime/Device.h"
#include "attn/Target/Targets.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include <cstdint>
#include <optional>
#include <vector>

namespace mlir::attn {

/// How a kernel of a GPU is launched: the numbers of AttnDeviceInfo that its code is made for.
struct DeviceLaunch {
  int32_t computeCapability = 0;
  bool isArchitectureExact = false;
  int32_t threads = 0, sharedBytes = 0;
  int32_t queryTile = 0, keyTile = 0, panelColumns = 0, outputRows = 0;
};

/// What ptxas says of a kernel that it accepted: nothing of it is spilled.
struct PtxasReport {
  /// Of ptxas: "13.0.88".
  std::string version;
  /// Of a thread.
  int64_t registers = 0;
  /// Bytes: shared memory besides what a launch gives, and memory of a thread.
  int64_t staticShared = 0, stack = 0;
};

/// What the manifest, and the header, say of one kernel.
struct KernelInfo {
  /// NAME of Kernel.h.
  std::string symbol;
  /// The pattern's name without `@`, and its text in one form; "" where every query sees every key.
  std::string pattern, patternText;
  /// Of query, key, value and output: "f32", "f16", "bf16".
  std::string dtype;
  int64_t headDim = 0;
  /// Names of the pattern's run-time arguments, in order.
  std::vector<std::string> arguments;
  /// Of a GPU only; the second, if ptxas was asked.
  std::optional<DeviceLaunch> launch;
  std::optional<PtxasReport> ptxas;
};

/// What the artifact says of itself.
struct ArtifactInfo {
  /// The base of the file names.
  std::string name;
  std::vector<KernelInfo> kernels;
  /// The canonical text that it was compiled from.
  std::string spec;
};

/// How much LLVM optimises: `Quick` halves the time and makes kernels a few percent slower.
enum class OptimizationLevel { Quick, Full };

/// The code of one kernel of a GPU.
struct DeviceImage {
  std::string ptx;
  /// Machine code; "" unless `assembleImages` made it.
  std::string cubin;
};

/// The code of some kernels, and what it says of itself.
struct Artifact {
  ArtifactInfo info;
  TargetDescription target;
  /// JSON: the ABI version, the compiler, the target, the kernels, the spec, and a hash of all that
  /// and of the code.
  std::string manifest;
  /// Optimised LLVM IR; null for a GPU.
  std::unique_ptr<llvm::LLVMContext> context;
  std::unique_ptr<llvm::Module> module;
  /// For a GPU: those of `info.kernels`, in order.
  std::vector<DeviceImage> images;
};

/// The kinds of file, in the words of `attn-compile -e`.
enum class EmitKind {
  Object,
  Shared,
  LLVM,
  Assembly,
  PTX,
  Cubin,
  Launcher,
  Header,
  Manifest,
  MaskASCII
};

/// "object", "shared", "llvm", "asm", "ptx", "cubin", "launcher", "header", "manifest",
/// "mask-ascii".
llvm::StringRef stringifyEmitKind(EmitKind kind);
std::optional<EmitKind> parseEmitKind(llvm::StringRef name);
/// ".o", ".so", ".ll", ".s", ".ptx", ".cubin", ".launcher.c", ".h", ".json", ".mask.txt".
llvm::StringRef getFileSuffix(EmitKind kind);

/// The names of all kinds, and of those that a target has, for messages.
std::string listEmitKinds();
std::string listEmitKinds(const TargetDescription &target);

/// An error if a target has no file of this kind.
llvm::Error checkEmitKind(EmitKind kind, const TargetDescription &target);

/// What a C program needs.
llvm::ArrayRef<EmitKind> getDefaultEmitKinds(const TargetDescription &target);

/// Translates and optimises `module`, which must be in the LLVM dialect (builtin and llvm ops
/// only).
llvm::Expected<Artifact> buildArtifact(ModuleOp module, ArtifactInfo info,
                                       const TargetDescription &target, OptimizationLevel level);

/// Gathers the `gpu.binary`s of PTX that `attn-gpu-to-binary` made of the kernels of `info`. An
/// error for a kernel that takes more than `sharedLimit` bytes of shared memory.
llvm::Expected<Artifact> buildDeviceArtifact(ModuleOp module, ArtifactInfo info,
                                             const TargetDescription &target, int64_t sharedLimit);

/// Makes machine code of every image with ptxas, and puts what that says into the manifest. An
/// error if there is no ptxas, or it refuses a kernel.
llvm::Error assembleImages(Artifact &artifact);

/// How the runtime launches a kernel of a GPU. Its symbol is that of `kernel`, not a copy.
AttnDeviceInfo makeDeviceInfo(const KernelInfo &kernel);

/// The machine code as an object file, checked to need no symbol from outside. Consumes nothing:
/// may be called again, and gives the same bytes.
llvm::Expected<llvm::SmallVector<char, 0>> emitObject(const Artifact &artifact);

/// The machine code as text; for a GPU, the PTX of all kernels.
llvm::Expected<std::string> emitAssembly(const Artifact &artifact);

/// The LLVM IR as text.
std::string emitLLVM(const Artifact &artifact);

/// A C header that needs no other file of this project.
std::string emitHeader(const Artifact &artifact);

/// For a GPU: a C file that holds the images and defines what the header declares. It needs the
/// header beside it and the runtime's library.
std::string emitLauncher(const Artifact &artifact);

/// An object file's bytes as a shared library, by the linker of LLVM or the C compiler of the
/// system, whichever is found first.
llvm::Expected<std::string> emitShared(const Artifact &artifact, llvm::ArrayRef<char> object);

/// One file of an artifact.
struct EmittedFile {
  EmitKind kind;
  /// The artifact's name, or for an image the kernel's, and the suffix.
  std::string name;
  std::string contents;
};

/// The files of some kinds, in order; `picture` is that of `mask-ascii`. Either all or an error:
/// nothing is written here. ptxas runs for `cubin` only, so the other files do not depend on what
/// is installed; with it, the launcher holds the machine code.
llvm::Expected<std::vector<EmittedFile>>
emitFiles(Artifact artifact, llvm::ArrayRef<EmitKind> kinds, llvm::StringRef picture);

/// "attn-opt 0.1.0, LLVM 22.1.8".
llvm::StringRef getCompilerVersion();

} // namespace mlir::attn

#endif // ATTN_TARGET_ARTIFACT_H
