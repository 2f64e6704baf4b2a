//===- Numeric.h - the number formats of the GPU ----------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_EMULATOR_NUMERIC_H
#define ATTN_LIB_EMULATOR_NUMERIC_H

#include <cfloat>
#include <cmath>
#include <cstdint>
#include <cstring>

namespace attn::ptx {

template <typename To, typename From>
To bitCast(From from) {
  static_assert(sizeof(To) == sizeof(From));
  To to;
  memcpy(&to, &from, sizeof to);
  return to;
}

inline float asFloat(uint64_t bits) { return bitCast<float>(static_cast<uint32_t>(bits)); }

/// The bits of a result; every NaN is the GPU's canonical one.
inline uint32_t floatBits(float value) {
  return std::isnan(value) ? 0x7fffffffu : bitCast<uint32_t>(value);
}

inline float flushToZero(float value) {
  return std::fabs(value) < FLT_MIN ? std::copysign(0.0f, value) : value;
}

inline float fromBF16(uint64_t bits) { return asFloat((bits & 0xffff) << 16); }

inline uint16_t toBF16(float value, bool towardZero = false) {
  if (std::isnan(value))
    return 0x7fff;
  uint32_t bits = bitCast<uint32_t>(value);
  return (towardZero ? bits : bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
}

inline float fromF16(uint64_t bits) {
  // The exponent's bias is 112 less; the product is exact and makes subnormal numbers normal.
  uint32_t shifted = (bits & 0x7fff) << 13;
  float scaled = bitCast<float>(shifted) * 0x1p112f;
  uint32_t magnitude = (bits & 0x7c00) == 0x7c00 ? shifted | 0x7f800000 : bitCast<uint32_t>(scaled);
  return bitCast<float>(static_cast<uint32_t>(bits & 0x8000) << 16 | magnitude);
}

/// Rounds once, to nearest even or toward zero.
inline uint16_t toF16(double value, bool towardZero = false) {
  if (std::isnan(value))
    return 0x7fff;
  uint16_t sign = std::signbit(value) ? 0x8000 : 0;
  double magnitude = std::fabs(value);
  if (std::isinf(magnitude))
    return sign | 0x7c00;
  int exponent = magnitude == 0 ? -14 : std::ilogb(magnitude);
  if (exponent < -14)
    exponent = -14;
  if (exponent > 15)
    return sign | (towardZero ? 0x7bff : 0x7c00);
  double scaled = std::ldexp(magnitude, 10 - exponent);
  // A mantissa of 2048 carries into the exponent, as it should.
  int mantissa = static_cast<int>(towardZero ? std::trunc(scaled) : std::nearbyint(scaled));
  return sign | static_cast<uint16_t>(((exponent + 14) << 10) + mantissa);
}

inline uint16_t toF16(float value, bool towardZero = false) {
  uint32_t bits = bitCast<uint32_t>(value), magnitude = bits & 0x7fffffff;
  // What is not a normal number afterwards takes the long way.
  if (magnitude < 0x38800000 || magnitude >= 0x477fe000)
    return toF16(static_cast<double>(value), towardZero);
  // A mantissa that overflows carries into the exponent, as it should.
  if (!towardZero)
    magnitude += 0xfff + (magnitude >> 13 & 1);
  return (bits >> 16 & 0x8000) | (magnitude - 0x38000000) >> 13;
}

} // namespace attn::ptx

#endif // ATTN_LIB_EMULATOR_NUMERIC_H
