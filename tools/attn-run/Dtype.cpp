//===- Dtype.cpp - the types of elements that kernels have ----------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Dtype.h"
#include "llvm/ADT/APFloat.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSwitch.h"

#include <cmath>
#include <cstring>

using namespace mlir;
using namespace mlir::attn;

static const llvm::fltSemantics &semanticsOf(AttnDtype dtype) {
  switch (dtype) {
  case ATTN_DTYPE_F16:
    return APFloat::IEEEhalf();
  case ATTN_DTYPE_BF16:
    return APFloat::BFloat();
  case ATTN_DTYPE_F32:
    break;
  }
  return APFloat::IEEEsingle();
}

static APFloat convert(AttnDtype dtype, float number) {
  APFloat result(number);
  bool losesInfo;
  result.convert(semanticsOf(dtype), APFloat::rmNearestTiesToEven, &losesInfo);
  return result;
}

std::optional<AttnDtype> mlir::attn::parseDtype(StringRef name) {
  return llvm::StringSwitch<std::optional<AttnDtype>>(name)
      .Case("f32", ATTN_DTYPE_F32)
      .Case("f16", ATTN_DTYPE_F16)
      .Case("bf16", ATTN_DTYPE_BF16)
      .Default(std::nullopt);
}

size_t mlir::attn::bytesOf(AttnDtype dtype) {
  return APFloat::getSizeInBits(semanticsOf(dtype)) / 8;
}

double mlir::attn::ulpOf(AttnDtype dtype) {
  return std::ldexp(1.0, 1 - int(APFloat::semanticsPrecision(semanticsOf(dtype))));
}

float mlir::attn::roundTo(AttnDtype dtype, float number) {
  return convert(dtype, number).convertToFloat();
}

std::vector<char> mlir::attn::encode(AttnDtype dtype, ArrayRef<float> numbers) {
  const size_t size = bytesOf(dtype);
  std::vector<char> bytes(numbers.size() * size);
  for (auto [i, number] : llvm::enumerate(numbers)) {
    // Hosts are little-endian: the low bytes come first.
    const uint64_t bits = convert(dtype, number).bitcastToAPInt().getZExtValue();
    std::memcpy(bytes.data() + i * size, &bits, size);
  }
  return bytes;
}

void mlir::attn::decode(AttnDtype dtype, ArrayRef<char> bytes, MutableArrayRef<float> numbers) {
  const size_t size = bytesOf(dtype);
  for (auto [i, number] : llvm::enumerate(numbers)) {
    uint64_t bits = 0;
    std::memcpy(&bits, bytes.data() + i * size, size);
    number = APFloat(semanticsOf(dtype), APInt(8 * size, bits)).convertToFloat();
  }
}
