//===- Masks.h - masks as predicates and as text -------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A mask made twice: as a plain predicate, straight from the definition of its ops, and as the text
// of a pattern, which goes through the parser and `bandsOf`. Whatever is claimed of bands is tested
// against the predicate, never against bands.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_TEST_UNIT_BANDS_MASKS_H
#define ATTN_TEST_UNIT_BANDS_MASKS_H

#include "Random.h"
#include "attn/Bands/Symbols.h"
#include <functional>
#include <memory>
#include <vector>

namespace mlir::attn::test {

/// A mask op. Patterns here have the arguments %a and %b, and %n is `attn.length`.
struct Mask {
  using Holds = std::function<bool(int64_t q, int64_t k, const Sizes &sizes)>;

  /// The op without its mask operands.
  std::string text;
  std::vector<std::shared_ptr<const Mask>> operands;
  Holds holds;
};
using MaskRef = std::shared_ptr<const Mask>;

/// A number of a mask op: a literal, %a, %b or %n.
struct Number {
  std::string text;
  std::function<int64_t(const Sizes &)> value;
};
Number number(int64_t value);
Number argument(unsigned index);
Number length();

MaskRef all();
MaskRef causal();
MaskRef window(Number before, Number after, int64_t dilation = 1);
MaskRef keys(Number begin, Number end);
MaskRef queries(Number begin, Number end);
MaskRef block(int64_t size, Number shift, Number before, Number after);
MaskRef block(int64_t size);
MaskRef chunk(int64_t size);
MaskRef prefix(Number length);
MaskRef intersectOf(std::vector<MaskRef> masks);
MaskRef unionOf(std::vector<MaskRef> masks);
MaskRef difference(MaskRef lhs, MaskRef rhs);
MaskRef complement(MaskRef mask);

/// An affine expression of q, k, a, b and n.
struct Affine {
  std::string text;
  std::function<int64_t(int64_t q, int64_t k, const Sizes &sizes)> value;
};
Affine variable(const char *name);
Affine constant(int64_t value);
Affine operator+(Affine lhs, Affine rhs);
Affine operator-(Affine lhs, Affine rhs);
Affine operator*(int64_t factor, Affine expr);
Affine floorDivOf(Affine expr, int64_t divisor);
Affine ceilDivOf(Affine expr, int64_t divisor);
Affine modOf(Affine expr, int64_t divisor);

struct Constraint {
  Affine expr;
  bool isEquality;
};
MaskRef where(std::vector<Constraint> constraints);

/// The text of `attn.pattern @p(%a: index, %b: index)`.
std::string patternText(const MaskRef &mask);

/// A random mask: leaves and combinators of every kind, in and outside the language of bands.
MaskRef randomMask(Random &random, int depth);
/// Random lengths, offsets of both signs and arguments; `most` bounds the lengths.
Sizes randomSizes(Random &random, int64_t most);

} // namespace mlir::attn::test

#endif // ATTN_TEST_UNIT_BANDS_MASKS_H
