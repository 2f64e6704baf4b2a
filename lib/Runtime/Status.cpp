//===- Status.cpp - what status codes mean, and defaults -------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===------------------------------------------------------------------------------===//

#include "attn/Runtime/Error.h"
#include "attn/Runtime/Runtime.h"

#include <utility>

namespace {

std::string &lastError() {
  static thread_local std::string message;
  return message;
}

} // namespace

void attn::setLastError(std::string message) { lastError() = std::move(message); }

const char *attn_last_error(void) { return lastError().c_str(); }

const char *attn_status_message(int status) {
  switch (status) {
  case ATTN_OK:
    return "no error";
  case ATTN_ERROR_STRUCT_SIZE:
    return "'struct_size' is smaller than the kernel's version of the interface requires";
  case ATTN_ERROR_FEATURES:
    return "'features' is not the head dim that the kernel was compiled for";
  case ATTN_ERROR_HEADS:
    return "'query_heads' is not a multiple of 'key_heads'";
  case ATTN_ERROR_LENGTH:
    return "a size is negative, or a position exceeds 2^30";
  case ATTN_ERROR_ARGUMENTS:
    return "'argument_count' is not the number of arguments of the pattern";
  case ATTN_ERROR_STRIDES:
    return "a stride is negative";
  case ATTN_ERROR_MEMORY:
    return "no memory for the scratch of the threads";
  case ATTN_ERROR_ALIGNMENT:
    return "an address, or a stride in bytes, is not a multiple of 16";
  case ATTN_ERROR_DRIVER:
    return "the driver failed; attn_last_error says how";
  }
  return "unknown status";
}

int64_t attn_default_offset(int64_t query_length, int64_t key_length, int64_t key_offset) {
  return key_offset + key_length - query_length;
}
