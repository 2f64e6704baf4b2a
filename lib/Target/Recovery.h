//===- Recovery.h - LLVM's fatal errors as errors ----------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_TARGET_RECOVERY_H
#define ATTN_LIB_TARGET_RECOVERY_H

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/Support/Error.h"

namespace mlir::attn {

/// Calls `run`, and returns where LLVM would end the process: what it could not do ("Cannot
/// select: ..."), or a signal. What `run` had allocated is leaked then, and its results are not to
/// be used. Several threads may be inside at once.
llvm::Error runRecoverably(llvm::function_ref<void()> run);

} // namespace mlir::attn

#endif // ATTN_LIB_TARGET_RECOVERY_H
