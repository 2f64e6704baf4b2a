//===- Error.h - the thread's last error --------------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===------------------------------------------------------------------------------===//

#ifndef ATTN_RUNTIME_ERROR_H
#define ATTN_RUNTIME_ERROR_H

#include <string>

namespace attn {

/// Sets what `attn_last_error` gives to the calling thread.
void setLastError(std::string message);

} // namespace attn

#endif // ATTN_RUNTIME_ERROR_H
