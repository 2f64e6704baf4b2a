//===- DeviceArguments.cpp - check a launch and fill its parameters --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// CPU kernels check their arguments themselves (CodeGen/CPU/Entry.cpp); a GPU kernel cannot refuse,
// so the host does it, in the same order.
//
//===------------------------------------------------------------------------------===//

#include "DeviceArguments.h"
#include "attn/Runtime/Error.h"

#include <cstdint>
#include <string_view>

using namespace attn;

namespace {

/// Positions of rows and columns are in [-kPositionLimit, kPositionLimit).
constexpr int64_t kPositionLimit = int64_t(1) << 30;
/// Copies, by the copy engine or by threads, move 16 bytes at a time.
constexpr int64_t kAlignment = 16;

const char *const dimensionNames[] = {"batch", "head", "row"};

struct NamedTensor {
  const char *name;
  const AttnTensor &tensor;
  int64_t sizes[3]; ///< batch, heads, rows
};

std::array<NamedTensor, 5> tensorsOf(const AttnArgs &args) {
  return {{{"query", args.query, {args.batch, args.query_heads, args.query_length}},
           {"key", args.key, {args.batch, args.key_heads, args.key_length}},
           {"value", args.value, {args.batch, args.key_heads, args.key_length}},
           {"output", args.output, {args.batch, args.query_heads, args.query_length}},
           {"lse", args.lse, {args.batch, args.query_heads, args.query_length}}}};
}

int64_t elementBytes(const AttnDeviceInfo &info) { return info.dtype == ATTN_DTYPE_F32 ? 4 : 2; }

int refuse(int status, const std::string &detail = "") {
  std::string message = attn_status_message(status);
  setLastError(detail.empty() ? message : message + ": " + detail);
  return status;
}

int refuseNumber(int status, const char *name, int64_t number) {
  return refuse(status, std::string("'") + name + "' is " + std::to_string(number));
}

int checkLengths(const AttnDeviceInfo &info, const AttnArgs &args) {
  const auto number = [](const char *name, int64_t value) {
    return refuseNumber(ATTN_ERROR_LENGTH, name, value);
  };
  if (args.batch < 0)
    return number("batch", args.batch);
  const struct {
    const char *firstName, *countName;
    int64_t first, count;
  } axes[] = {{"offset", "query_length", args.offset, args.query_length},
              {"key_offset", "key_length", args.key_offset, args.key_length}};
  for (const auto &axis : axes) {
    // The launch counts in 32 bits: one row less than positions allow.
    if (axis.count < 0 || axis.count > INT32_MAX)
      return number(axis.countName, axis.count);
    if (axis.first < -kPositionLimit || axis.first > kPositionLimit ||
        axis.first + axis.count > kPositionLimit)
      return number(axis.firstName, axis.first);
  }
  if (args.length < -kPositionLimit || args.length > kPositionLimit)
    return number("length", args.length);

  const int64_t tiles = (args.query_length + info.query_tile - 1) / info.query_tile;
  int64_t items = 0;
  if (__builtin_mul_overflow(args.batch, args.query_heads, &items) ||
      __builtin_mul_overflow(items, tiles, &items) || items > INT32_MAX)
    return refuse(ATTN_ERROR_LENGTH, "batch * query_heads * tiles of " +
                                         std::to_string(info.query_tile) +
                                         " queries exceeds 2^31 - 1 work items");
  return ATTN_OK;
}

int checkTensor(const AttnDeviceInfo &info, const NamedTensor &named) {
  const std::string quoted = std::string("'") + named.name + "' ";
  const bool isLse = std::string_view(named.name) == "lse";
  const int64_t alignment = isLse ? int64_t(sizeof(float)) : kAlignment;
  const uint64_t address = reinterpret_cast<uint64_t>(named.tensor.data);
  if (address % alignment)
    return refuse(ATTN_ERROR_ALIGNMENT,
                  quoted + "is at an address that is " + std::to_string(address % alignment) +
                      " bytes past a multiple of " + std::to_string(alignment));
  for (int i = 0; i < 3 && !isLse; ++i)
    // A dimension of one element is never stepped over, and frameworks give it any stride.
    if (named.sizes[i] > 1 && named.tensor.strides[i] * elementBytes(info) % kAlignment)
      return refuse(ATTN_ERROR_ALIGNMENT, quoted + "has a " + dimensionNames[i] + " stride of " +
                                              std::to_string(named.tensor.strides[i]) +
                                              " elements");
  return ATTN_OK;
}

} // namespace

int attn::checkDeviceArguments(const AttnDeviceInfo &info, const AttnArgs &args) {
  if (args.struct_size < sizeof(AttnArgs))
    return refuse(ATTN_ERROR_STRUCT_SIZE);
  if (args.features != info.features)
    return refuse(ATTN_ERROR_FEATURES, "expected " + std::to_string(info.features) + ", found " +
                                           std::to_string(args.features));
  const int64_t queryHeads = args.query_heads, keyHeads = args.key_heads;
  if (queryHeads < 0 || keyHeads < 0 || (keyHeads == 0 && queryHeads != 0) ||
      (keyHeads != 0 && queryHeads % keyHeads != 0))
    return refuse(ATTN_ERROR_HEADS,
                  "found " + std::to_string(queryHeads) + " and " + std::to_string(keyHeads));
  if (const int status = checkLengths(info, args); status != ATTN_OK)
    return status;
  if (args.argument_count != info.argument_count)
    return refuse(ATTN_ERROR_ARGUMENTS, "expected " + std::to_string(info.argument_count) +
                                            ", found " + std::to_string(args.argument_count));
  const auto tensors = tensorsOf(args);
  for (const NamedTensor &named : tensors)
    for (int i = 0; i < 3; ++i)
      if (named.tensor.strides[i] < 0)
        return refuse(ATTN_ERROR_STRIDES, std::string("'") + named.name + "' has a " +
                                              dimensionNames[i] + " stride of " +
                                              std::to_string(named.tensor.strides[i]));
  for (const NamedTensor &named : tensors)
    if (const int status = checkTensor(info, named); status != ATTN_OK)
      return status;
  return ATTN_OK;
}

bool attn::fillLaunch(const AttnDeviceInfo &info, const AttnArgs &args,
                      LaunchParameter &parameter) {
  AttnLaunch &launch = parameter.launch;
  launch.query = args.query.data;
  launch.key = args.key.data;
  launch.value = args.value.data;
  launch.output = args.output.data;
  launch.lse = static_cast<float *>(args.lse.data);
  for (int i = 0; i < 3; ++i) {
    launch.query_strides[i] = args.query.strides[i];
    launch.key_strides[i] = args.key.strides[i];
    launch.value_strides[i] = args.value.strides[i];
    launch.output_strides[i] = args.output.strides[i];
    launch.lse_strides[i] = args.lse.strides[i];
  }
  launch.offset = args.offset;
  launch.key_offset = args.key_offset;
  launch.length = args.length;
  launch.query_length = int32_t(args.query_length);
  launch.key_length = int32_t(args.key_length);
  launch.query_heads = int32_t(args.query_heads);
  launch.group = int32_t(args.key_heads ? args.query_heads / args.key_heads : 0);
  launch.tiles = int32_t((args.query_length + info.query_tile - 1) / info.query_tile);
  launch.items = int32_t(args.batch * args.query_heads * launch.tiles);
  launch.scale_log2 = float(double(args.scale) * 1.4426950408889634074);
  launch.reserved = 0;
  for (int64_t i = 0; i < args.argument_count; ++i)
    parameter.arguments[i] = args.arguments[i];
  return launch.items > 0;
}

std::array<TensorMapKey, 4> attn::tensorMapKeys(const AttnDeviceInfo &info, const AttnArgs &args) {
  const int32_t boxRows[] = {info.query_tile, info.key_tile, info.key_tile, info.output_rows};
  const auto tensors = tensorsOf(args);
  std::array<TensorMapKey, 4> keys;
  for (int tensor = 0; tensor < 4; ++tensor) {
    const NamedTensor &named = tensors[tensor];
    TensorMapKey &key = keys[tensor];
    key.boxRows = uint64_t(boxRows[tensor]);
    bool isEmpty = false;
    for (int i = 0; i < 3; ++i) {
      const int64_t size = named.sizes[2 - i], stride = named.tensor.strides[2 - i];
      isEmpty |= size == 0;
      // Size 0 cannot be encoded. Where there is one element or none any stride is right: always
      // the same one, so that the cache knows the tensor again.
      key.sizes[i] = size > 1 ? uint64_t(size) : 1;
      key.strides[i] = size > 1 ? uint64_t(stride * elementBytes(info)) : uint64_t(kAlignment);
    }
    // Of an empty tensor nothing is read, and frameworks give it a null address.
    const void *address = isEmpty ? args.query.data : named.tensor.data;
    key.address = reinterpret_cast<uint64_t>(address);
  }
  return keys;
}
