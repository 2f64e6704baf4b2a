//===- Symbols.cpp - the numbers a pattern depends on ---------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attn/Bands/Symbols.h"
#include <algorithm>

using namespace mlir::attn;

SymbolNames::SymbolNames(llvm::ArrayRef<llvm::StringRef> arguments)
    : names{"query_length", "key_length", "offset", "key_offset", "length"} {
  for (llvm::StringRef name : arguments)
    names.push_back(name.str());
}

Sizes Sizes::aligned(int64_t queryLength, int64_t keyLength, llvm::ArrayRef<int64_t> arguments,
                     int64_t keyOffset) {
  Sizes sizes;
  sizes.queryLength = queryLength;
  sizes.keyLength = keyLength;
  sizes.keyOffset = keyOffset;
  sizes.length = keyOffset + keyLength;
  sizes.offset = sizes.length - queryLength;
  sizes.arguments.assign(arguments.begin(), arguments.end());
  return sizes;
}

llvm::SmallVector<int64_t, 8> Sizes::values() const {
  constexpr int64_t limit = int64_t(1) << 40;
  llvm::SmallVector<int64_t, 8> values{queryLength, keyLength, offset, keyOffset, length};
  for (int64_t argument : arguments)
    values.push_back(std::clamp(argument, -limit, limit));
  return values;
}
