//===- Symbols.h - the numbers a pattern depends on --------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Everything a band may depend on besides the query: lengths, offsets and the pattern's arguments.
// They are numbered once, for all stages: a vector of values indexed by `Symbol` is all that is
// needed to evaluate a band, and block arguments in the same order are all that is needed to
// compile it.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_BANDS_SYMBOLS_H
#define ATTN_BANDS_SYMBOLS_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include <cstdint>
#include <string>

namespace mlir::attn {

/// The number of a symbol: one of the five below, or `FirstArgument + i` for argument i of the
/// pattern.
using Symbol = unsigned;

enum SymbolNumber : Symbol {
  QueryLength,  ///< Sq, the number of query rows
  KeyLength,    ///< Sk, the number of key columns
  Offset,       ///< position of query row 0
  KeyOffset,    ///< position of key column 0
  Length,       ///< what `attn.length` means: the end of the key positions unless stated otherwise
  FirstArgument ///< the pattern's arguments follow, in order
};

/// Names of the symbols, for printing.
class SymbolNames {
public:
  SymbolNames() : SymbolNames(llvm::ArrayRef<llvm::StringRef>()) {}
  explicit SymbolNames(llvm::ArrayRef<llvm::StringRef> arguments);

  llvm::StringRef name(Symbol symbol) const { return names[symbol]; }
  unsigned size() const { return names.size(); }
  unsigned numArguments() const { return names.size() - FirstArgument; }

private:
  llvm::SmallVector<std::string, 8> names;
};

/// One choice of all symbols. Arguments are clamped to +-2^40, so that no sum of them reaches the
/// infinity of `Expr`.
struct Sizes {
  /// Keys end where queries end (`offset` = key_offset + Sk - Sq), and `attn.length` is that end.
  static Sizes aligned(int64_t queryLength, int64_t keyLength,
                       llvm::ArrayRef<int64_t> arguments = {}, int64_t keyOffset = 0);

  int64_t queryLength = 0;
  int64_t keyLength = 0;
  int64_t offset = 0;
  int64_t keyOffset = 0;
  int64_t length = 0;
  llvm::SmallVector<int64_t, 4> arguments;

  /// The values in the order of `Symbol`.
  llvm::SmallVector<int64_t, 8> values() const;
};

} // namespace mlir::attn

#endif // ATTN_BANDS_SYMBOLS_H
