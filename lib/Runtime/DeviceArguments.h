//===- DeviceArguments.h - the arguments of a GPU launch -------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From AttnArgs, which a caller wrote, to what a kernel takes: checked, and in the kernel's form.
//
//===------------------------------------------------------------------------------===//

#ifndef ATTN_LIB_RUNTIME_DEVICEARGUMENTS_H
#define ATTN_LIB_RUNTIME_DEVICEARGUMENTS_H

#include "TensorMaps.h"

namespace attn {

/// The parameter of a kernel after its tensor maps.
struct LaunchParameter {
  AttnLaunch launch;
  int64_t arguments[ATTN_MAX_DEVICE_ARGUMENTS];
};

/// An AttnStatus: whether a launch with `args` is allowed, by the rules of the CPU kernels' own
/// check and those of GPUs. After a failure the thread's last error says which number is wrong.
int checkDeviceArguments(const AttnDeviceInfo &info, const AttnArgs &args);

/// Fills `parameter` from checked arguments. False when there is nothing to compute.
bool fillLaunch(const AttnDeviceInfo &info, const AttnArgs &args, LaunchParameter &parameter);

/// What the tensor maps of query, key, value and output are made from.
std::array<TensorMapKey, 4> tensorMapKeys(const AttnDeviceInfo &info, const AttnArgs &args);

} // namespace attn

#endif // ATTN_LIB_RUNTIME_DEVICEARGUMENTS_H
