//===- Arithmetic.cpp - what arithmetic instructions compute ------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One lane at a time, on the bits of registers. Half precision is computed in a wider format and
// rounded once.
//
//===----------------------------------------------------------------------===//

#include "Cta.h"
#include "Numeric.h"

#include <algorithm>

namespace attn::ptx {
namespace {

uint64_t truncated(uint64_t value, unsigned bits) {
  return bits >= 64 ? value : value & ((1ull << bits) - 1);
}

int64_t signExtended(uint64_t value, unsigned bits) {
  return bits >= 64 ? value : static_cast<int64_t>(value << (64 - bits)) >> (64 - bits);
}

double toDouble(Type type, uint64_t bits, bool ftz) {
  switch (type) {
  case Type::F64:
    return bitCast<double>(bits);
  case Type::F32:
    return ftz ? flushToZero(asFloat(bits)) : asFloat(bits);
  case Type::BF16:
    return fromBF16(bits);
  default:
    return fromF16(bits);
  }
}

uint64_t fromDouble(Type type, double value, bool ftz) {
  switch (type) {
  case Type::F64:
    return bitCast<uint64_t>(value);
  case Type::F32:
    return floatBits(ftz ? flushToZero(value) : static_cast<float>(value));
  case Type::BF16:
    return toBF16(value);
  default:
    return toF16(value);
  }
}

/// The operations where rounding a double result once more could show in f32 are done in float.
bool evaluateF32(const Instruction &inst, const float *in, float &out) {
  switch (inst.opcode) {
  case Opcode::Add:
    out = in[0] + in[1];
    return true;
  case Opcode::Sub:
    out = in[0] - in[1];
    return true;
  case Opcode::Mul:
    out = in[0] * in[1];
    return true;
  case Opcode::Div:
    out = in[0] / in[1];
    return true;
  case Opcode::Fma:
    out = std::fma(in[0], in[1], in[2]);
    return true;
  case Opcode::Rcp:
    out = 1.0f / in[0];
    return true;
  case Opcode::Sqrt:
    out = std::sqrt(in[0]);
    return true;
  case Opcode::Rsqrt:
    out = 1.0 / std::sqrt(static_cast<double>(in[0]));
    return true;
  case Opcode::Ex2:
    out = std::exp2(in[0]);
    return true;
  case Opcode::Lg2:
    out = std::log2(in[0]);
    return true;
  case Opcode::Tanh:
    out = std::tanh(in[0]);
    return true;
  default:
    return false;
  }
}

double minMax(const Instruction &inst, double a, double b) {
  bool max = inst.opcode == Opcode::Max;
  if (std::isnan(a) || std::isnan(b)) {
    if (inst.has(PropagateNaN))
      return NAN;
    return std::isnan(a) ? b : a;
  }
  if (a == b)
    return std::signbit(a) == max ? b : a;
  return (a < b) == max ? b : a;
}

bool evaluateFloat(const Instruction &inst, Type type, const uint64_t *in, uint64_t &out) {
  bool ftz = inst.has(Ftz);
  unsigned signBit = bitWidth(type) - 1;
  switch (inst.opcode) {
  case Opcode::Neg:
    out = in[0] ^ (1ull << signBit);
    if (ftz && type == Type::F32)
      out = bitCast<uint32_t>(flushToZero(asFloat(out)));
    return true;
  case Opcode::Abs:
    out = in[0] & ~(1ull << signBit);
    if (ftz && type == Type::F32)
      out = bitCast<uint32_t>(flushToZero(asFloat(out)));
    return true;
  case Opcode::Copysign:
    out = (in[1] & ~(1ull << signBit)) | (in[0] & (1ull << signBit));
    return true;
  default:
    break;
  }
  double values[3];
  for (unsigned i = 0; i < 3; ++i)
    values[i] = toDouble(type, in[i], ftz);
  if (inst.opcode == Opcode::Min || inst.opcode == Opcode::Max) {
    out = fromDouble(type, minMax(inst, values[0], values[1]), ftz);
    return true;
  }
  if (type == Type::F64) {
    double a = values[0], b = values[1], result;
    switch (inst.opcode) {
    case Opcode::Add:
      result = a + b;
      break;
    case Opcode::Sub:
      result = a - b;
      break;
    case Opcode::Mul:
      result = a * b;
      break;
    case Opcode::Div:
      result = a / b;
      break;
    case Opcode::Fma:
      result = std::fma(a, b, values[2]);
      break;
    case Opcode::Rcp:
      result = 1 / a;
      break;
    case Opcode::Sqrt:
      result = std::sqrt(a);
      break;
    default:
      return false;
    }
    out = bitCast<uint64_t>(result);
    return true;
  }
  if (inst.opcode == Opcode::Fma && type != Type::F32) {
    out = fromDouble(type, std::fma(values[0], values[1], values[2]), ftz);
    return true;
  }
  float floats[3] = {static_cast<float>(values[0]), static_cast<float>(values[1]),
                     static_cast<float>(values[2])};
  float result;
  if (!evaluateF32(inst, floats, result))
    return false;
  out = fromDouble(type, result, ftz);
  return true;
}

bool evaluateInteger(const Instruction &inst, Type type, const uint64_t *in, uint64_t &out) {
  unsigned bits = bitWidth(type);
  bool isSignedType = isSigned(type);
  uint64_t a = truncated(in[0], bits), b = truncated(in[1], bits);
  int64_t sa = signExtended(in[0], bits), sb = signExtended(in[1], bits);
  // Products are exact in 128 bits.
  __int128 product = isSignedType ? static_cast<__int128>(sa) * sb
                                  : static_cast<__int128>(static_cast<unsigned __int128>(a) * b);
  bool isMax = inst.opcode == Opcode::Max;
  switch (inst.opcode) {
  case Opcode::Add:
    out = a + b;
    return true;
  case Opcode::Sub:
    out = a - b;
    return true;
  case Opcode::Mul:
  case Opcode::Mad:
    out = static_cast<uint64_t>(inst.has(Hi) ? product >> bits : product);
    if (inst.opcode == Opcode::Mad)
      out += in[2];
    if (!inst.has(Wide))
      out = truncated(out, bits);
    return true;
  case Opcode::Div:
  case Opcode::Rem:
    if (b == 0) {
      out = ~0ull;
    } else if (isSignedType) {
      // The most negative number by -1 wraps.
      __int128 n = sa, d = sb;
      out = static_cast<uint64_t>(inst.opcode == Opcode::Div ? n / d : n % d);
    } else {
      out = inst.opcode == Opcode::Div ? a / b : a % b;
    }
    return true;
  case Opcode::Min:
  case Opcode::Max:
    out = (isSignedType ? (sa < sb) : (a < b)) == isMax ? b : a;
    return true;
  case Opcode::Neg:
    out = -a;
    return true;
  case Opcode::Abs:
    out = sa < 0 ? -a : a;
    return true;
  case Opcode::And:
    out = a & b;
    return true;
  case Opcode::Or:
    out = a | b;
    return true;
  case Opcode::Xor:
    out = a ^ b;
    return true;
  case Opcode::Not:
    out = ~a;
    return true;
  case Opcode::Shl:
    b = in[1] & 0xffffffff;
    out = b >= bits ? 0 : a << b;
    return true;
  case Opcode::Shr:
    b = in[1] & 0xffffffff;
    out = isSignedType ? static_cast<uint64_t>(sa >> std::min<uint64_t>(b, bits - 1))
                       : (b >= bits ? 0 : a >> b);
    return true;
  case Opcode::Clz:
    out = a == 0 ? bits : __builtin_clzll(a) - (64 - bits);
    return true;
  case Opcode::Popc:
    out = __builtin_popcountll(a);
    return true;
  case Opcode::Brev:
    out = 0;
    for (unsigned i = 0; i < bits; ++i)
      out |= (a >> i & 1) << (bits - 1 - i);
    return true;
  case Opcode::Bfe: {
    unsigned position = in[1] & 255, length = in[2] & 255;
    uint64_t fill =
        isSignedType && length && (a >> std::min(position + length - 1, bits - 1) & 1) ? ~0ull : 0;
    out = 0;
    for (unsigned i = 0; i < bits; ++i)
      out |= (i < length && position + i < bits ? a >> (position + i) & 1 : fill & 1) << i;
    return true;
  }
  case Opcode::Bfi: {
    unsigned position = in[2] & 255, length = in[3] & 255;
    out = b;
    for (unsigned i = 0; i < length && position + i < bits; ++i)
      out = (out & ~(1ull << (position + i))) | (a >> i & 1) << (position + i);
    return true;
  }
  case Opcode::Shf: {
    uint64_t both = (in[1] << 32) | (in[0] & 0xffffffff);
    unsigned amount = inst.has(Clamp) ? std::min<uint64_t>(in[2] & 0xffffffff, 32) : in[2] & 31;
    out = inst.sub == SubOp::L ? (amount == 32 ? in[0] : (both << amount) >> 32) : both >> amount;
    return true;
  }
  case Opcode::Lop3:
    out = 0;
    for (unsigned i = 0; i < bits; ++i) {
      unsigned which = (in[0] >> i & 1) << 2 | (in[1] >> i & 1) << 1 | (in[2] >> i & 1);
      out |= (in[3] >> which & 1) << i;
    }
    return true;
  case Opcode::Prmt: {
    uint64_t bytes = (in[0] & 0xffffffff) | in[1] << 32;
    out = 0;
    for (unsigned i = 0; i < 4; ++i) {
      unsigned selector = in[2] >> (4 * i) & 15;
      uint64_t byte = bytes >> (8 * (selector & 7)) & 255;
      if (selector & 8)
        byte = byte & 128 ? 255 : 0;
      out |= byte << (8 * i);
    }
    return true;
  }
  default:
    return false;
  }
}

bool compare(const Instruction &inst, Type type, const uint64_t *in, bool &out) {
  if (isFloat(type)) {
    double a = toDouble(type, in[0], inst.has(Ftz)), b = toDouble(type, in[1], inst.has(Ftz));
    bool unordered = std::isnan(a) || std::isnan(b);
    switch (inst.compare) {
    case Compare::Eq:
      out = a == b;
      return true;
    case Compare::Ne:
      out = !unordered && a != b;
      return true;
    case Compare::Lt:
      out = a < b;
      return true;
    case Compare::Le:
      out = a <= b;
      return true;
    case Compare::Gt:
      out = a > b;
      return true;
    case Compare::Ge:
      out = a >= b;
      return true;
    case Compare::Equ:
      out = unordered || a == b;
      return true;
    case Compare::Neu:
      out = a != b;
      return true;
    case Compare::Ltu:
      out = !(a >= b);
      return true;
    case Compare::Leu:
      out = !(a > b);
      return true;
    case Compare::Gtu:
      out = !(a <= b);
      return true;
    case Compare::Geu:
      out = !(a < b);
      return true;
    case Compare::Num:
      out = !unordered;
      return true;
    case Compare::Nan:
      out = unordered;
      return true;
    default:
      return false;
    }
  }
  unsigned bits = bitWidth(type);
  uint64_t a = truncated(in[0], bits), b = truncated(in[1], bits);
  int64_t sa = signExtended(in[0], bits), sb = signExtended(in[1], bits);
  bool s = isSigned(type);
  switch (inst.compare) {
  case Compare::Eq:
    out = a == b;
    return true;
  case Compare::Ne:
    out = a != b;
    return true;
  case Compare::Lt:
    out = s ? sa < sb : a < b;
    return true;
  case Compare::Le:
    out = s ? sa <= sb : a <= b;
    return true;
  case Compare::Gt:
    out = s ? sa > sb : a > b;
    return true;
  case Compare::Ge:
    out = s ? sa >= sb : a >= b;
    return true;
  case Compare::Lo:
    out = a < b;
    return true;
  case Compare::Ls:
    out = a <= b;
    return true;
  case Compare::Hi:
    out = a > b;
    return true;
  case Compare::Hs:
    out = a >= b;
    return true;
  default:
    return false;
  }
}

uint64_t toInteger(const Instruction &inst, Type to, double value) {
  if (std::isnan(value))
    return bitWidth(to) == 64 ? 1ull << 63 : 0;
  value = inst.has(Rni)   ? std::nearbyint(value)
          : inst.has(Rmi) ? std::floor(value)
          : inst.has(Rpi) ? std::ceil(value)
                          : std::trunc(value);
  unsigned bits = bitWidth(to);
  double low = isSigned(to) ? -std::ldexp(1.0, bits - 1) : 0;
  double high = std::ldexp(1.0, isSigned(to) ? bits - 1 : bits);
  if (value < low)
    value = low;
  if (value >= high)
    return isSigned(to) ? (1ull << (bits - 1)) - 1 : truncated(~0ull, bits);
  return isSigned(to) ? static_cast<uint64_t>(static_cast<int64_t>(value))
                      : static_cast<uint64_t>(value);
}

bool convert(const Instruction &inst, const uint64_t *in, uint64_t &out) {
  if (inst.types.size() != 2)
    return false;
  Type to = inst.types[0], from = inst.types[1];
  bool ftz = inst.has(Ftz), towardZero = inst.has(Rz);
  if (to == Type::BF16x2 || to == Type::F16x2) {
    if (from != Type::F32 || inst.has(Saturate))
      return false;
    auto half = [&](uint64_t bits) -> uint64_t {
      float value = toDouble(from, bits, ftz);
      return to == Type::BF16x2 ? toBF16(value, towardZero) : toF16(value, towardZero);
    };
    out = half(in[0]) << 16 | half(in[1]);
    return true;
  }
  if (!isFloat(from) && !isFloat(to)) {
    if (inst.has(Saturate))
      return false;
    out = isSigned(from) ? static_cast<uint64_t>(signExtended(in[0], bitWidth(from)))
                         : truncated(in[0], bitWidth(from));
    return true;
  }
  if (!isFloat(from)) {
    // From 64-bit integers too, each format is rounded to once.
    uint64_t a = truncated(in[0], bitWidth(from));
    int64_t sa = signExtended(in[0], bitWidth(from));
    bool s = isSigned(from);
    if (towardZero || inst.has(Saturate))
      return false;
    if (to == Type::F32)
      out = floatBits(s ? static_cast<float>(sa) : static_cast<float>(a));
    else if (to == Type::F64 || bitWidth(from) <= 32)
      out = fromDouble(to, s ? static_cast<double>(sa) : static_cast<double>(a), false);
    else
      return false;
    return true;
  }
  double value = toDouble(from, in[0], ftz);
  if (!isFloat(to)) {
    out = toInteger(inst, to, value);
    return true;
  }
  if (inst.has(Rni))
    value = std::nearbyint(value);
  else if (inst.has(Rzi))
    value = std::trunc(value);
  else if (inst.has(Rmi))
    value = std::floor(value);
  else if (inst.has(Rpi))
    value = std::ceil(value);
  if (inst.has(Saturate))
    value = std::isnan(value) ? 0 : std::min(1.0, std::max(0.0, value));
  if (to == Type::F16)
    out = toF16(value, towardZero);
  else if (to == Type::BF16 && from != Type::F64)
    out = toBF16(value, towardZero);
  else if (towardZero || to == Type::BF16)
    return false;
  else
    out = fromDouble(to, value, ftz);
  return true;
}

} // namespace

bool evaluate(const Instruction &inst, const uint64_t *in, uint64_t &out, uint64_t &extra) {
  Type type = inst.type();
  switch (inst.opcode) {
  case Opcode::Cvt:
    return convert(inst, in, out);
  case Opcode::Selp:
    out = in[2] & 1 ? in[0] : in[1];
    return true;
  case Opcode::Setp: {
    bool result;
    if (!compare(inst, type, in, result))
      return false;
    bool other = inst.sub == SubOp::None ? inst.sub == SubOp::None : in[2] & 1;
    auto combine = [&](bool p) {
      return inst.sub == SubOp::And   ? p && other
             : inst.sub == SubOp::Or  ? p || other
             : inst.sub == SubOp::Xor ? p != other
                                      : p;
    };
    out = combine(result);
    extra = combine(!result);
    return true;
  }
  case Opcode::And:
  case Opcode::Or:
  case Opcode::Xor:
  case Opcode::Not:
    break;
  default:
    if (type == Type::F16x2 || type == Type::BF16x2) {
      Type half = type == Type::F16x2 ? Type::F16 : Type::BF16;
      out = 0;
      for (unsigned i = 0; i < 2; ++i) {
        uint64_t parts[3], result;
        for (unsigned j = 0; j < 3; ++j)
          parts[j] = in[j] >> (16 * i) & 0xffff;
        if (!evaluateFloat(inst, half, parts, result))
          return false;
        out |= (result & 0xffff) << (16 * i);
      }
      return true;
    }
    if (isFloat(type))
      return evaluateFloat(inst, type, in, out);
  }
  return evaluateInteger(inst, type, in, out);
}

} // namespace attn::ptx
