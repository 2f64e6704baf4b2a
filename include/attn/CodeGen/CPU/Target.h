//===- Target.h - what the CPU kernels know of a processor ---------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Everything that differs between processors is in this table; the rest of lib/CodeGen/CPU reads
// it.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_CODEGEN_CPU_TARGET_H
#define ATTN_CODEGEN_CPU_TARGET_H

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include <optional>
#include <string>

namespace mlir::attn::cpu {

/// A processor family.
struct Target {
  /// LLVM's names. `cpu` and `features` become attributes of every function.
  std::string triple, cpu, features;
  /// Elements of a native f32 vector, and how many such registers there are.
  int64_t lanes, registers;
  /// Whether 2^x is x - floor(x) and scalef of AVX-512, or assembled from exponent bits.
  bool hasScalef;

  /// Native vectors of one column, that is of 16 queries.
  int64_t columnVectors() const { return 16 / lanes; }
  /// The most columns that one score micro-kernel holds in registers.
  int64_t scoreColumns() const;
  /// Rows of keys of a score micro-kernel of so many columns: 6 (and 4 for the rest), or a divisor
  /// of 16.
  int64_t scoreRows(int64_t columns) const;
  /// The most native vectors of a value row that one output micro-kernel holds in registers.
  int64_t valueVectors() const;
  /// Rows of queries of an output micro-kernel of so many vectors: 6 (and 4 for the rest), or a
  /// divisor of 16.
  int64_t valueRows(int64_t vectors) const;
};

/// The target of a name: `native`, `x86-64-v4`, `x86-64-v3` or `aarch64`; nothing for other names,
/// or where the native processor has no table.
std::optional<Target> lookupTarget(llvm::StringRef name);

/// The names that `lookupTarget` knows, for messages.
llvm::StringRef getTargetNames();

} // namespace mlir::attn::cpu

#endif // ATTN_CODEGEN_CPU_TARGET_H
