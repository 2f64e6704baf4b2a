//===- Target.cpp - what the CPU kernels know of a processor -------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A micro-kernel of r rows and v vectors keeps r*v accumulators, v vectors of its other operand and
// one broadcast in registers. 6 x 4 fills 32 registers, 6 x 2 fills 16; with fewer vectors more
// rows keep the multipliers busy. 16 is 6 + 6 + 4, so every number of rows is either 6 or
// divides 16.
//
//===----------------------------------------------------------------------===//

#include "attn/CodeGen/CPU/Target.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/Triple.h"

using namespace mlir::attn::cpu;

int64_t Target::scoreColumns() const { return lanes == 16 ? 4 : 1; }

int64_t Target::scoreRows(int64_t columns) const { return valueRows(columns * columnVectors()); }

int64_t Target::valueVectors() const { return registers == 32 ? 4 : 2; }

int64_t Target::valueRows(int64_t vectors) const {
  if (vectors == valueVectors())
    return 6;
  return vectors == 1 && registers == 32 ? 16 : 8;
}

static Target avx512(std::string triple, std::string cpu, std::string features) {
  return {triple, cpu, features, /*lanes=*/16, /*registers=*/32, /*hasScalef=*/true};
}

static Target avx2(std::string triple, std::string cpu, std::string features) {
  return {triple, cpu, features, /*lanes=*/8, /*registers=*/16, /*hasScalef=*/false};
}

static Target neon(std::string triple, std::string cpu, std::string features) {
  return {triple, cpu, features, /*lanes=*/4, /*registers=*/32, /*hasScalef=*/false};
}

static std::optional<Target> native() {
  std::string triple = llvm::sys::getProcessTriple();
  std::string cpu = llvm::sys::getHostCPUName().str();
  llvm::StringMap<bool> features = llvm::sys::getHostCPUFeatures();
  // Sorted: the order of a hash table is no one's business.
  std::vector<std::string> signs;
  for (const auto &feature : features)
    signs.push_back((feature.second ? "+" : "-") + feature.first().str());
  llvm::sort(signs);
  std::string list = llvm::join(signs, ",");
  llvm::Triple parsed(triple);
  if (parsed.isAArch64())
    return neon(triple, cpu, list);
  if (parsed.getArch() != llvm::Triple::x86_64)
    return std::nullopt;
  auto has = [&](llvm::StringRef name) { return features.lookup(name); };
  if (has("avx512f") && has("avx512vl") && has("avx512bw") && has("avx512dq"))
    return avx512(triple, cpu, list);
  if (has("avx2") && has("fma"))
    return avx2(triple, cpu, list);
  return std::nullopt;
}

std::optional<Target> mlir::attn::cpu::lookupTarget(llvm::StringRef name) {
  if (name == "native")
    return native();
  if (name == "x86-64-v4")
    return avx512("x86_64-unknown-linux-gnu", "x86-64-v4", "");
  if (name == "x86-64-v3")
    return avx2("x86_64-unknown-linux-gnu", "x86-64-v3", "");
  if (name == "aarch64")
    return neon("aarch64-unknown-linux-gnu", "generic", "+neon");
  return std::nullopt;
}

llvm::StringRef mlir::attn::cpu::getTargetNames() {
  return "native, x86-64-v4, x86-64-v3, aarch64";
}
