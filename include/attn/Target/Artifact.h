//===- Artifact.h - from the LLVM dialect to files -----------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The last stage. A module in the LLVM dialect becomes one *artifact*: LLVM IR with a manifest in
// it, optimised for a target, and from that any of the kinds of file below.
//
//   LLVM dialect --buildArtifact--> Artifact --emit--> NAME.o NAME.so NAME.h NAME.ll NAME.s
//   NAME.json
//                                            --JIT---> functions of this process
//
// What is written depends on the module, the target and the compiler only: no paths, no dates.
// Nothing here knows the ops of the dialect `attn`; what the manifest says of patterns comes in as
// text.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_TARGET_ARTIFACT_H
#define ATTN_TARGET_ARTIFACT_H

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

/// Optimised LLVM IR of some kernels.
struct Artifact {
  ArtifactInfo info;
  TargetDescription target;
  /// JSON: the ABI version, the compiler, the target, the kernels, the spec, and a hash of all that
  /// and of the code.
  std::string manifest;
  std::unique_ptr<llvm::LLVMContext> context;
  std::unique_ptr<llvm::Module> module;
};

/// The kinds of file, in the words of `attn-compile -e`.
enum class EmitKind { Object, Shared, Header, LLVM, Assembly, Manifest, MaskASCII };

/// "object", "shared", "header", "llvm", "asm", "manifest", "mask-ascii".
llvm::StringRef stringifyEmitKind(EmitKind kind);
std::optional<EmitKind> parseEmitKind(llvm::StringRef name);
/// ".o", ".so", ".h", ".ll", ".s", ".json", ".mask.txt".
llvm::StringRef getFileSuffix(EmitKind kind);

/// Translates and optimises `module`, which must be in the LLVM dialect (builtin and llvm ops
/// only).
llvm::Expected<Artifact> buildArtifact(ModuleOp module, ArtifactInfo info,
                                       const TargetDescription &target, OptimizationLevel level);

/// The machine code as an object file, checked to need no symbol from outside. Consumes nothing:
/// may be called again, and gives the same bytes.
llvm::Expected<llvm::SmallVector<char, 0>> emitObject(const Artifact &artifact);

/// The machine code as text.
llvm::Expected<std::string> emitAssembly(const Artifact &artifact);

/// The LLVM IR as text.
std::string emitLLVM(const Artifact &artifact);

/// A C header that needs no other file of this project.
std::string emitHeader(const Artifact &artifact);

/// An object file's bytes as a shared library, by the linker of LLVM or the C compiler of the
/// system, whichever is found first.
llvm::Expected<std::string> emitShared(const Artifact &artifact, llvm::ArrayRef<char> object);

/// One file of an artifact.
struct EmittedFile {
  EmitKind kind;
  std::string contents;
};

/// The contents of the files of some kinds, in order; `picture` is that of `mask-ascii`. Either all
/// or an error: nothing is written here.
llvm::Expected<std::vector<EmittedFile>>
emitFiles(const Artifact &artifact, llvm::ArrayRef<EmitKind> kinds, llvm::StringRef picture);

/// "attn-opt 0.1.0, LLVM 22.1.8".
llvm::StringRef getCompilerVersion();

} // namespace mlir::attn

#endif // ATTN_TARGET_ARTIFACT_H
