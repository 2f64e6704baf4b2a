//===- Arithmetic.cpp - what arithmetic instructions compute ------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// On the bits of registers, many lanes at a time: what kernels execute most is a loop over lanes
// without a branch, the rest is a function of one lane. Half precision is computed in a wider
// format and rounded once.
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

/// The lanes of one instruction.
struct Lanewise {
  const Instruction &inst;
  const LaneInputs &in;
  unsigned lanes;
  uint64_t *out;

  /// out = f(a, b, c) on the bits of registers.
  template <typename F>
  bool bits(F f) const {
    for (unsigned i = 0; i < lanes; ++i)
      out[i] = f(in[0][i], in[1][i], in[2][i]);
    return true;
  }

  /// out = f(a, b, c) in f32.
  template <typename F>
  bool f32(F f) const {
    if (inst.has(Ftz))
      return bits([&](uint64_t a, uint64_t b, uint64_t c) -> uint64_t {
        return floatBits(flushToZero(
            f(flushToZero(asFloat(a)), flushToZero(asFloat(b)), flushToZero(asFloat(c)))));
      });
    return bits([&](uint64_t a, uint64_t b, uint64_t c) -> uint64_t {
      return floatBits(f(asFloat(a), asFloat(b), asFloat(c)));
    });
  }
};

template <typename Float>
Float minMax(bool max, bool propagate, Float a, Float b) {
  if (std::isnan(a) || std::isnan(b))
    return propagate ? static_cast<Float>(NAN) : std::isnan(a) ? b : a;
  if (a == b)
    return std::signbit(a) == max ? b : a;
  return (a < b) == max ? b : a;
}

/// Calls `use` with what the opcode computes. Rounding a double result once more could show in f32,
/// so f32 is computed in float.
template <typename Use>
bool withFloatOperation(const Instruction &inst, Use use) {
  const bool propagate = inst.has(PropagateNaN);
  switch (inst.opcode) {
  case Opcode::Add:
    return use([](auto a, auto b, auto) { return a + b; });
  case Opcode::Sub:
    return use([](auto a, auto b, auto) { return a - b; });
  case Opcode::Mul:
    return use([](auto a, auto b, auto) { return a * b; });
  case Opcode::Div:
    return use([](auto a, auto b, auto) { return a / b; });
  case Opcode::Fma:
    return use([](auto a, auto b, auto c) { return std::fma(a, b, c); });
  case Opcode::Min:
    return use([=](auto a, auto b, auto) { return minMax(false, propagate, a, b); });
  case Opcode::Max:
    return use([=](auto a, auto b, auto) { return minMax(true, propagate, a, b); });
  case Opcode::Rcp:
    return use([](auto a, auto, auto) { return 1 / a; });
  case Opcode::Sqrt:
    return use([](auto a, auto, auto) { return std::sqrt(a); });
  case Opcode::Rsqrt:
    return use([](auto a, auto, auto) {
      return static_cast<decltype(a)>(1 / std::sqrt(static_cast<double>(a)));
    });
  case Opcode::Ex2:
    return use([](auto a, auto, auto) { return std::exp2(a); });
  case Opcode::Lg2:
    return use([](auto a, auto, auto) { return std::log2(a); });
  case Opcode::Sin:
    return use([](auto a, auto, auto) { return std::sin(a); });
  case Opcode::Cos:
    return use([](auto a, auto, auto) { return std::cos(a); });
  case Opcode::Tanh:
    return use([](auto a, auto, auto) { return std::tanh(a); });
  default:
    return false;
  }
}

bool hasF64(Opcode opcode) {
  return opcode != Opcode::Ex2 && opcode != Opcode::Lg2 && opcode != Opcode::Sin &&
         opcode != Opcode::Cos && opcode != Opcode::Tanh;
}

/// Neg, Abs and Copysign change bits only, those of NaN too.
bool evaluateSign(const Lanewise &lanewise, unsigned bits, uint64_t sign) {
  const Instruction &inst = lanewise.inst;
  const bool flush = inst.has(Ftz) && inst.type() == Type::F32;
  auto flushed = [=](uint64_t x) -> uint64_t {
    return flush ? bitCast<uint32_t>(flushToZero(asFloat(x))) : x;
  };
  switch (inst.opcode) {
  case Opcode::Neg:
    return lanewise.bits([=](uint64_t a, uint64_t, uint64_t) { return flushed(a ^ sign); });
  case Opcode::Abs:
    return lanewise.bits([=](uint64_t a, uint64_t, uint64_t) { return flushed(a & ~sign); });
  case Opcode::Copysign:
    return lanewise.bits(
        [=](uint64_t a, uint64_t b, uint64_t) { return (b & ~sign) | (a & sign); });
  default:
    return false;
  }
}

bool evaluateFloat(const Lanewise &lanewise, Type type) {
  const Instruction &inst = lanewise.inst;
  const bool isPair = type == Type::F16x2 || type == Type::BF16x2;
  const unsigned bits = bitWidth(type);
  const uint64_t sign = isPair ? 0x80008000 : 1ull << (bits - 1);
  if (evaluateSign(lanewise, bits, sign))
    return true;
  if (type == Type::F32)
    return withFloatOperation(inst, [&](auto f) { return lanewise.f32(f); });
  if (type == Type::F64)
    return hasF64(inst.opcode) && withFloatOperation(inst, [&](auto f) {
             return lanewise.bits([&](uint64_t a, uint64_t b, uint64_t c) {
               return bitCast<uint64_t>(
                   f(bitCast<double>(a), bitCast<double>(b), bitCast<double>(c)));
             });
           });
  const Type half = type == Type::F16x2 ? Type::F16 : type == Type::BF16x2 ? Type::BF16 : type;
  return withFloatOperation(inst, [&](auto f) {
    auto one = [&](uint64_t a, uint64_t b, uint64_t c) -> uint64_t {
      const double x = toDouble(half, a & 0xffff, false), y = toDouble(half, b & 0xffff, false),
                   z = toDouble(half, c & 0xffff, false);
      // A product and a sum of halves need more than a float has.
      if (inst.opcode == Opcode::Fma)
        return fromDouble(half, std::fma(x, y, z), false);
      return fromDouble(
          half, f(static_cast<float>(x), static_cast<float>(y), static_cast<float>(z)), false);
    };
    return lanewise.bits([&](uint64_t a, uint64_t b, uint64_t c) -> uint64_t {
      return isPair ? one(a >> 16, b >> 16, c >> 16) << 16 | one(a, b, c) : one(a, b, c);
    });
  });
}

/// One lane of an integer instruction.
bool evaluateIntegerLane(const Instruction &inst, Type type, const uint64_t *in, uint64_t &out) {
  unsigned bits = bitWidth(type);
  bool isSignedType = isSigned(type);
  uint64_t a = truncated(in[0], bits), b = truncated(in[1], bits);
  int64_t sa = signExtended(in[0], bits), sb = signExtended(in[1], bits);
  // Products are exact in 128 bits.
  __int128 product = isSignedType ? static_cast<__int128>(sa) * sb
                                  : static_cast<__int128>(static_cast<unsigned __int128>(a) * b);
  switch (inst.opcode) {
  case Opcode::Mul:
  case Opcode::Mad:
    out = static_cast<uint64_t>(product >> bits);
    if (inst.opcode == Opcode::Mad)
      out += in[2];
    return inst.has(Hi);
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
  case Opcode::Abs:
    out = sa < 0 ? -a : a;
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
  case Opcode::Bmsk: {
    uint64_t limit = inst.has(Clamp) ? 32 : 31;
    uint64_t position = inst.has(Clamp) ? std::min(a, limit) : a & limit;
    uint64_t width = inst.has(Clamp) ? std::min(b, limit) : b & limit;
    out = ((1ull << width) - 1) << position;
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

bool evaluateInteger(const Lanewise &lanewise, Type type) {
  using U = uint64_t;
  const Instruction &inst = lanewise.inst;
  const unsigned bits = bitWidth(type);
  const bool isMax = inst.opcode == Opcode::Max;
  switch (inst.opcode) {
  // Of these, the low bits depend on low bits only, and a register takes no others.
  case Opcode::Add:
    return lanewise.bits([](U a, U b, U) { return a + b; });
  case Opcode::Sub:
    return lanewise.bits([](U a, U b, U) { return a - b; });
  case Opcode::Neg:
    return lanewise.bits([](U a, U, U) { return -a; });
  case Opcode::And:
    return lanewise.bits([](U a, U b, U) { return a & b; });
  case Opcode::Or:
    return lanewise.bits([](U a, U b, U) { return a | b; });
  case Opcode::Xor:
    return lanewise.bits([](U a, U b, U) { return a ^ b; });
  case Opcode::Not:
    return lanewise.bits([](U a, U, U) { return ~a; });
  case Opcode::Min:
  case Opcode::Max:
    if (isSigned(type))
      return lanewise.bits([=](U a, U b, U) -> U {
        const int64_t x = signExtended(a, bits), y = signExtended(b, bits);
        return (x < y) == isMax ? y : x;
      });
    return lanewise.bits([=](U a, U b, U) {
      const U x = truncated(a, bits), y = truncated(b, bits);
      return (x < y) == isMax ? y : x;
    });
  case Opcode::Shl:
    return lanewise.bits([=](U a, U b, U) -> U {
      const U amount = b & 0xffffffff;
      return amount >= bits ? 0 : a << (amount & 63);
    });
  case Opcode::Shr:
    if (isSigned(type))
      return lanewise.bits([=](U a, U b, U) -> U {
        return signExtended(a, bits) >> std::min<U>(b & 0xffffffff, bits - 1);
      });
    return lanewise.bits([=](U a, U b, U) -> U {
      const U amount = b & 0xffffffff;
      return amount >= bits ? 0 : truncated(a, bits) >> (amount & 63);
    });
  case Opcode::Mul:
  case Opcode::Mad: {
    const bool isMad = inst.opcode == Opcode::Mad;
    if (inst.has(Lo))
      return lanewise.bits([=](U a, U b, U c) { return a * b + (isMad ? c : 0); });
    if (inst.has(Wide) && isSigned(type))
      return lanewise.bits([=](U a, U b, U c) -> U {
        return signExtended(a, bits) * signExtended(b, bits) + (isMad ? c : 0);
      });
    if (inst.has(Wide))
      return lanewise.bits(
          [=](U a, U b, U c) { return truncated(a, bits) * truncated(b, bits) + (isMad ? c : 0); });
    break;
  }
  default:
    break;
  }
  for (unsigned i = 0; i < lanewise.lanes; ++i) {
    const uint64_t in[] = {lanewise.in[0][i], lanewise.in[1][i], lanewise.in[2][i],
                           lanewise.in[3][i]};
    if (!evaluateIntegerLane(inst, type, in, lanewise.out[i]))
      return false;
  }
  return true;
}

/// Calls `use` with what a comparison asks of two numbers; integers know no unordered ones.
template <typename Use>
bool withComparison(Compare compare, bool areFloats, Use use) {
  switch (compare) {
  case Compare::Eq:
    return use([](auto a, auto b) { return a == b; });
  case Compare::Ne:
    return use([](auto a, auto b) { return a < b || a > b; });
  case Compare::Lt:
    return use([](auto a, auto b) { return a < b; });
  case Compare::Le:
    return use([](auto a, auto b) { return a <= b; });
  case Compare::Gt:
    return use([](auto a, auto b) { return a > b; });
  case Compare::Ge:
    return use([](auto a, auto b) { return a >= b; });
  default:
    break;
  }
  if (!areFloats)
    return false;
  switch (compare) {
  case Compare::Equ:
    return use([](auto a, auto b) { return !(a < b || a > b); });
  case Compare::Neu:
    return use([](auto a, auto b) { return a != b; });
  case Compare::Ltu:
    return use([](auto a, auto b) { return !(a >= b); });
  case Compare::Leu:
    return use([](auto a, auto b) { return !(a > b); });
  case Compare::Gtu:
    return use([](auto a, auto b) { return !(a <= b); });
  case Compare::Geu:
    return use([](auto a, auto b) { return !(a < b); });
  case Compare::Num:
    return use([](auto a, auto b) { return a == a && b == b; });
  case Compare::Nan:
    return use([](auto a, auto b) { return a != a || b != b; });
  default:
    return false;
  }
}

/// Leaves 0 or 1 in every lane.
bool compare(const Lanewise &lanewise, Type type) {
  using U = uint64_t;
  const Instruction &inst = lanewise.inst;
  const bool ftz = inst.has(Ftz);
  const unsigned bits = bitWidth(type);
  Compare kind = inst.compare;
  if (type == Type::F32)
    return withComparison(kind, true, [&](auto f) {
      if (ftz)
        return lanewise.bits(
            [&](U a, U b, U) -> U { return f(flushToZero(asFloat(a)), flushToZero(asFloat(b))); });
      return lanewise.bits([&](U a, U b, U) -> U { return f(asFloat(a), asFloat(b)); });
    });
  if (isFloat(type))
    return withComparison(kind, true, [&](auto f) {
      return lanewise.bits(
          [&](U a, U b, U) -> U { return f(toDouble(type, a, ftz), toDouble(type, b, ftz)); });
    });
  const bool isUnsignedName =
      kind == Compare::Lo || kind == Compare::Ls || kind == Compare::Hi || kind == Compare::Hs;
  kind = kind == Compare::Lo   ? Compare::Lt
         : kind == Compare::Ls ? Compare::Le
         : kind == Compare::Hi ? Compare::Gt
         : kind == Compare::Hs ? Compare::Ge
                               : kind;
  return withComparison(kind, false, [&](auto f) {
    if (isSigned(type) && !isUnsignedName)
      return lanewise.bits(
          [&](U a, U b, U) -> U { return f(signExtended(a, bits), signExtended(b, bits)); });
    return lanewise.bits(
        [&](U a, U b, U) -> U { return f(truncated(a, bits), truncated(b, bits)); });
  });
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

/// One lane of a conversion.
bool convertLane(const Instruction &inst, const uint64_t *in, uint64_t &out) {
  Type to = inst.types[0], from = inst.types[1];
  bool ftz = inst.has(Ftz), towardZero = inst.has(Rz);
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

bool convert(const Lanewise &lanewise) {
  using U = uint64_t;
  const Instruction &inst = lanewise.inst;
  if (inst.types.size() != 2)
    return false;
  const Type to = inst.types[0], from = inst.types[1];
  const bool towardZero = inst.has(Rz);
  if (to == Type::BF16x2 || to == Type::F16x2) {
    if (from != Type::F32 || inst.has(Saturate))
      return false;
    const bool isBF16 = to == Type::BF16x2, ftz = inst.has(Ftz);
    return lanewise.bits([=](U a, U b, U) -> U {
      float high = asFloat(a), low = asFloat(b);
      if (ftz)
        high = flushToZero(high), low = flushToZero(low);
      return isBF16 ? static_cast<U>(toBF16(high, towardZero)) << 16 | toBF16(low, towardZero)
                    : static_cast<U>(toF16(high, towardZero)) << 16 | toF16(low, towardZero);
    });
  }
  const unsigned bits = bitWidth(from);
  if (!isFloat(from) && !isFloat(to)) {
    if (inst.has(Saturate))
      return false;
    if (isSigned(from))
      return lanewise.bits([=](U a, U, U) -> U { return signExtended(a, bits); });
    return lanewise.bits([=](U a, U, U) { return truncated(a, bits); });
  }
  for (unsigned i = 0; i < lanewise.lanes; ++i)
    if (!convertLane(inst, &lanewise.in[0][i], lanewise.out[i]))
      return false;
  return true;
}

} // namespace

bool evaluate(const Instruction &inst, const LaneInputs &in, unsigned lanes, uint64_t *out,
              uint64_t *extra) {
  using U = uint64_t;
  const Type type = inst.type();
  const Lanewise lanewise{inst, in, lanes, out};
  switch (inst.opcode) {
  case Opcode::Cvt:
    return convert(lanewise);
  case Opcode::Selp:
    return lanewise.bits([](U a, U b, U c) { return c & 1 ? a : b; });
  case Opcode::Setp: {
    if (!compare(lanewise, type))
      return false;
    const SubOp sub = inst.sub;
    for (unsigned i = 0; i < lanes; ++i) {
      const U p = out[i], other = in[2][i] & 1;
      auto combine = [=](U x) {
        return sub == SubOp::And   ? x & other
               : sub == SubOp::Or  ? x | other
               : sub == SubOp::Xor ? x ^ other
                                   : x;
      };
      out[i] = combine(p);
      extra[i] = combine(!p);
    }
    return true;
  }
  case Opcode::And:
  case Opcode::Or:
  case Opcode::Xor:
  case Opcode::Not:
    return evaluateInteger(lanewise, type);
  default:
    return isFloat(type) ? evaluateFloat(lanewise, type) : evaluateInteger(lanewise, type);
  }
}

} // namespace attn::ptx
