//===- Ptxas.h - machine code of GPUs, and what it says of a kernel -------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// NVIDIA's assembler is optional: the driver compiles PTX as well. Where it is there, it makes
// cubins, and it is the judge of the generated code: a kernel whose registers do not suffice, or
// whose asynchronous products of matrices it runs one after another, is several times slower, so it
// is refused.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_TARGET_PTXAS_H
#define ATTN_LIB_TARGET_PTXAS_H

#include "attn/Target/Artifact.h"

namespace mlir::attn {

/// An assembler that was found.
struct Ptxas {
  std::string path;
  /// "13.0.88".
  std::string version;
};

/// Finds ptxas: $ATTN_PTXAS, else on PATH, in /usr/local/cuda/bin, or in the package
/// nvidia-cuda-nvcc of the Python on PATH. The error says so.
llvm::Expected<Ptxas> findPtxas();

/// Machine code of one kernel.
struct Cubin {
  std::string bytes;
  PtxasReport report;
};

/// Assembles the PTX of a kernel for `chip`. The error is ptxas's, or the line of its log for which
/// the kernel is refused.
llvm::Expected<Cubin> assemble(const Ptxas &ptxas, llvm::StringRef ptx, llvm::StringRef chip,
                               llvm::StringRef kernel);

} // namespace mlir::attn

#endif // ATTN_LIB_TARGET_PTXAS_H
