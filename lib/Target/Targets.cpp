//===- Targets.cpp - the machines that kernels are compiled for -----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attn/Target/Targets.h"
#include "BackEnds.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/SubtargetFeature.h"
#include <algorithm>

using namespace mlir::attn;
using llvm::StringRef;

namespace {

constexpr StringRef kX86Triple = "x86_64-unknown-linux-gnu";
constexpr StringRef kAArch64Triple = "aarch64-unknown-linux-gnu";

/// Names that stand for a family of processors.
struct NamedTarget {
  StringRef name, triple, cpu, what;
};
constexpr NamedTarget kNamedTargets[] = {
    {"native", "", "", "the processor of this machine"},
    {"x86-64-v4", kX86Triple, "x86-64-v4", "x86-64 with AVX-512 (F, BW, CD, DQ, VL)"},
    {"x86-64-v3", kX86Triple, "x86-64-v3", "x86-64 with AVX2 and FMA"},
    {"aarch64", kAArch64Triple, "generic", "64-bit Arm with NEON"},
    {"sm_80", kPTXTriple, "sm_80", "NVIDIA GPUs from the A100 on (mma.sync, cp.async)"},
    {"sm_90a", kPTXTriple, "sm_90a", "NVIDIA H100 and H200 (wgmma, TMA)"},
};

/// Registers LLVM's back ends, once.
void initializeBackEnds() {
  static const bool done = [] {
    llvm::InitializeAllTargetInfos();
    llvm::InitializeAllTargets();
    llvm::InitializeAllTargetMCs();
    llvm::InitializeAllAsmPrinters();
    llvm::InitializeAllAsmParsers();
    return true;
  }();
  (void)done;
}

/// Sorted, so that the text does not depend on the order of a hash table.
std::string hostFeatures() {
  std::vector<std::string> features;
  for (const auto &feature : llvm::sys::getHostCPUFeatures())
    features.push_back((feature.second ? "+" : "-") + feature.first().str());
  std::sort(features.begin(), features.end());
  return llvm::join(features, ",");
}

llvm::Error makeError(const llvm::Twine &message) {
  return llvm::createStringError(llvm::inconvertibleErrorCode(), message);
}

/// The target's instruction set, if there is a kernel for it.
llvm::Expected<InstructionSet> findInstructionSet(const TargetDescription &target) {
  const auto subtarget = createSubtarget(target.triple, target.cpu, target.features);
  if (!subtarget)
    return makeError("target '" + target.name + "': this LLVM has no back end for '" +
                     target.triple + "'");
  if (llvm::Triple(target.triple).isNVPTX())
    return target.cpu == "sm_90a" ? InstructionSet::SM90a : InstructionSet::SM80;
  if (llvm::Triple(target.triple).isAArch64())
    return InstructionSet::NEON;
  if (llvm::Triple(target.triple).getArch() == llvm::Triple::x86_64) {
    if (subtarget->checkFeatures("+avx512f,+avx512bw,+avx512dq,+avx512vl"))
      return InstructionSet::AVX512;
    if (subtarget->checkFeatures("+avx2,+fma"))
      return InstructionSet::AVX2;
  }
  return makeError("target '" + target.name +
                   "' has none of the instruction sets that kernels need: AVX-512, AVX2 with FMA, "
                   "or AArch64's NEON");
}

/// A name of `resolveTarget` close to `name`; "" if there is none.
std::string suggest(StringRef name) {
  constexpr unsigned kFar = 3;
  std::string best;
  unsigned distance = kFar;
  const auto consider = [&](StringRef candidate) {
    // A name that lacks its end is nearer than one with another letter: sm_90 is not sm_80.
    const bool isStart = candidate.starts_with(name) && candidate.size() - name.size() < kFar;
    const unsigned found = isStart ? 0 : name.edit_distance(candidate, true, distance);
    if (found < distance) {
      distance = found;
      best = candidate.str();
    }
  };
  for (const NamedTarget &target : kNamedTargets)
    consider(target.name);
  for (StringRef triple : {kX86Triple, kAArch64Triple})
    if (const auto subtarget = createSubtarget(triple, "", ""))
      for (const llvm::SubtargetSubTypeKV &cpu : subtarget->getAllProcessorDescriptions())
        consider(cpu.Key);
  return best;
}

} // namespace

const llvm::Target *mlir::attn::findBackEnd(StringRef triple) {
  initializeBackEnds();
  std::string ignored;
  return llvm::TargetRegistry::lookupTarget(llvm::Triple(triple), ignored);
}

std::unique_ptr<llvm::MCSubtargetInfo> mlir::attn::createSubtarget(StringRef triple, StringRef cpu,
                                                                   StringRef features) {
  const llvm::Target *backEnd = findBackEnd(triple);
  if (!backEnd)
    return nullptr;
  return std::unique_ptr<llvm::MCSubtargetInfo>(
      backEnd->createMCSubtargetInfo(llvm::Triple(triple), cpu, features));
}

StringRef mlir::attn::stringifyInstructionSet(InstructionSet set) {
  switch (set) {
  case InstructionSet::AVX512:
    return "avx512";
  case InstructionSet::AVX2:
    return "avx2";
  case InstructionSet::NEON:
    return "neon";
  case InstructionSet::SM80:
    return "sm_80";
  case InstructionSet::SM90a:
    return "sm_90a";
  }
  llvm_unreachable("unknown instruction set");
}

llvm::Expected<TargetDescription> mlir::attn::resolveTarget(StringRef name) {
  TargetDescription target;
  target.name = name.str();
  const auto *named = llvm::find_if(kNamedTargets, [&](auto &entry) { return entry.name == name; });
  if (name == "native") {
    target.triple = llvm::sys::getProcessTriple();
    target.cpu = llvm::sys::getHostCPUName().str();
    target.features = hostFeatures();
  } else if (named != std::end(kNamedTargets)) {
    target.triple = named->triple.str();
    target.cpu = named->cpu.str();
  } else {
    for (StringRef triple : {kX86Triple, kAArch64Triple}) {
      const auto subtarget = createSubtarget(triple, "", "");
      if (subtarget && !name.empty() && subtarget->isCPUStringValid(name)) {
        target.triple = triple.str();
        target.cpu = name.str();
        break;
      }
    }
    if (target.triple.empty()) {
      const std::string close = suggest(name);
      return makeError(
          "unknown target '" + name + "'; " +
          (close.empty() ? std::string() : "did you mean '" + close + "'? ") +
          "expected native, x86-64-v4, x86-64-v3, aarch64, sm_80, sm_90a, or a processor's name");
    }
  }
  auto set = findInstructionSet(target);
  if (!set)
    return set.takeError();
  target.instructionSet = *set;
  return target;
}

std::unique_ptr<llvm::TargetMachine>
mlir::attn::createTargetMachine(const TargetDescription &target) {
  const llvm::Target *backEnd = findBackEnd(target.triple);
  // Position-independent, so that one object serves programs and shared libraries.
  return std::unique_ptr<llvm::TargetMachine>(backEnd->createTargetMachine(
      llvm::Triple(target.triple), target.cpu, target.features, llvm::TargetOptions(),
      llvm::Reloc::PIC_, std::nullopt, llvm::CodeGenOptLevel::Aggressive));
}

std::string mlir::attn::describeTargets() {
  std::string text;
  for (const NamedTarget &target : kNamedTargets)
    text +=
        ("  " + target.name + std::string(12 - target.name.size(), ' ') + target.what + "\n").str();
  return text + "  NAME        a processor of LLVM's: cascadelake, znver4, neoverse-v1, ...\n";
}
