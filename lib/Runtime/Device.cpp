//===- Device.cpp - GPU kernels: load, launch, and memory for them -----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A launch is checks, tensor maps from the cache and one call of the driver; nothing is allocated
// while the maps are known.
//
//===------------------------------------------------------------------------------===//

#include "DeviceArguments.h"
#include "attn/Runtime/Error.h"

#include <algorithm>
#include <cstring>
#include <memory>

using namespace attn;
using namespace attn::cuda;

struct AttnDeviceKernel {
  AttnDeviceKernel(const AttnDriver *driver, const AttnDeviceInfo &info)
      : driver(driver), info(info), symbol(info.symbol),
        maps(info.dtype, info.features, info.panel_columns) {
    this->info.symbol = symbol.c_str();
  }

  const AttnDriver *driver;
  AttnDeviceInfo info;
  std::string symbol;
  TensorMapCache maps;
  Context context = nullptr;
  Module module = nullptr;
  Function function = nullptr;
  int32_t residentCtas = 0; ///< CTAs that the device runs at once
};

namespace {

/// Makes a kernel's context current for the duration of a call, whatever the thread's own is.
class ContextScope {
public:
  ContextScope(const AttnDriver &driver, Context wanted) : api(driver.api) {
    result = api.contextGetCurrent(&previous);
    if (result != kSuccess || previous == wanted)
      return;
    result = api.contextSetCurrent(wanted);
    // A thread without a context keeps this one: the next call finds it at once.
    isChanged = result == kSuccess && previous;
  }
  ~ContextScope() {
    if (isChanged)
      api.contextSetCurrent(previous);
  }
  ContextScope(const ContextScope &) = delete;
  ContextScope &operator=(const ContextScope &) = delete;

  Result result = kSuccess;

private:
  const Api &api;
  Context previous = nullptr;
  bool isChanged = false;
};

std::string quoted(const char *text) { return std::string("'") + text + "'"; }

/// Where `info` or the image cannot be right on any device; "" if nowhere.
std::string mistakeOf(const AttnDeviceInfo &info, const void *image, size_t size) {
  const auto outside = [](const char *name, int64_t found, const char *expected) {
    return std::string("expected '") + name + "' " + expected + ", found " + std::to_string(found);
  };
  if (info.struct_size < sizeof(AttnDeviceInfo))
    return outside("struct_size", int64_t(info.struct_size), "of this version of the interface");
  if (!info.symbol || !*info.symbol)
    return "expected the name of a kernel, found none";
  if (info.dtype < ATTN_DTYPE_F32 || info.dtype > ATTN_DTYPE_BF16)
    return outside("dtype", info.dtype, "to be an AttnDtype");
  if (info.threads < 1 || info.threads > 1024)
    return outside("threads", info.threads, "between 1 and 1024");
  if (info.shared_bytes < 0)
    return outside("shared_bytes", info.shared_bytes, "not to be negative");
  if (info.features < 1)
    return outside("features", info.features, "to be positive");
  if (info.query_tile < 1)
    return outside("query_tile", info.query_tile, "to be positive");
  if (info.argument_count < 0 || info.argument_count > ATTN_MAX_DEVICE_ARGUMENTS)
    return outside("argument_count", info.argument_count, "between 0 and 64");
  if (info.panel_columns != 0) {
    if (info.dtype == ATTN_DTYPE_F32)
      return "expected a 'dtype' of 16 bits with tensor maps, found f32";
    if (info.panel_columns != 16 && info.panel_columns != 32 && info.panel_columns != 64)
      return outside("panel_columns", info.panel_columns, "to be 0, 16, 32 or 64");
    for (int32_t rows : {info.query_tile, info.key_tile, info.output_rows})
      if (rows < 1 || rows > 256)
        return outside("query_tile, key_tile, output_rows", rows,
                       "between 1 and 256, the most rows of a box of a tensor map");
  }
  if (!image || size < 4)
    return "expected an image of PTX or machine code, found " + std::to_string(size) + " bytes";
  const auto *bytes = static_cast<const unsigned char *>(image);
  const bool isText = memcmp(bytes, "\177ELF", 4) != 0 && memcmp(bytes, "\x50\xed\x55\xba", 4) != 0;
  if (isText && !memchr(image, 0, size))
    return "expected PTX that ends with a zero byte within " + std::to_string(size) +
           " bytes, found none";
  return "";
}

std::nullptr_t refuse(const AttnDeviceInfo &info, const std::string &message) {
  setLastError("kernel " + quoted(info.symbol ? info.symbol : "") + ": " + message);
  return nullptr;
}

std::string capabilityText(int capability) {
  return std::to_string(capability / 10) + "." + std::to_string(capability % 10);
}

/// Whether the device can run the kernel at all; sets the last error where not.
bool checkDevice(const AttnDriver &driver, const AttnDeviceInfo &info) {
  const int capability = attn_driver_compute_capability(&driver);
  if (capability == 0)
    return false;
  const bool isExact = info.is_architecture_exact != 0;
  if (isExact ? capability != info.compute_capability : capability < info.compute_capability) {
    refuse(info, "needs compute capability " + capabilityText(info.compute_capability) +
                     (isExact ? " exactly" : " or later") + ", the device has " +
                     capabilityText(capability));
    return false;
  }
  int limit = 0;
  const Result result = driver.attribute(kSharedBytesOptIn, limit);
  if (result != kSuccess) {
    driver.fail("cannot ask for the size of shared memory", result);
    return false;
  }
  if (info.shared_bytes <= limit)
    return true;
  refuse(info, "needs " + std::to_string(info.shared_bytes) +
                   " bytes of shared memory, the device has " + std::to_string(limit) + " a CTA");
  return false;
}

/// Loads the image's module; the compiler's log becomes part of the error.
bool loadModule(AttnDeviceKernel &kernel, const void *image) {
  char log[8192] = "";
  int options[] = {kErrorLog, kErrorLogBytes};
  void *values[] = {log, reinterpret_cast<void *>(sizeof(log) - 1)};
  const Result result =
      kernel.driver->api.moduleLoadDataEx(&kernel.module, image, 2, options, values);
  if (result == kSuccess)
    return true;
  kernel.driver->fail("kernel " + quoted(kernel.info.symbol) + ": the driver refuses the image",
                      result);
  if (*log && !strstr(attn_last_error(), log))
    setLastError(std::string(attn_last_error()) + "\n" + log);
  return false;
}

/// Compares the kernel's parameters with those that a launch passes, where the driver can tell
/// them: another version's kernel would otherwise read beyond them.
std::string mistakeOfParameters(const AttnDeviceKernel &kernel) {
  const auto ask = kernel.driver->api.functionGetParameter;
  if (!ask)
    return "";
  size_t expected[5], count = 0;
  if (kernel.info.panel_columns)
    for (; count < 4; ++count)
      expected[count] = sizeof(TensorMap);
  expected[count++] = sizeof(AttnLaunch) + 8 * size_t(kernel.info.argument_count);
  for (size_t i = 0;; ++i) {
    size_t offset = 0, size = 0;
    const bool exists = ask(kernel.function, i, &offset, &size) == kSuccess;
    if (!exists && i == count)
      return "";
    const std::string parameter = "expected parameter " + std::to_string(i) + " ";
    if (!exists)
      return parameter + "of " + std::to_string(expected[i]) + " bytes, found none";
    if (i == count)
      return "expected " + std::to_string(count) + " parameters, found more";
    if (size != expected[i])
      return parameter + "of " + std::to_string(expected[i]) + " bytes, found " +
             std::to_string(size);
  }
}

/// Finds the kernel in the module and prepares it for launches.
bool prepare(AttnDeviceKernel &kernel) {
  const Api &api = kernel.driver->api;
  const AttnDeviceInfo &info = kernel.info;
  const auto failed = [&](const char *what, Result result) {
    kernel.driver->fail("kernel " + quoted(info.symbol) + ": " + what, result);
    return false;
  };
  Result result = api.moduleGetFunction(&kernel.function, kernel.module, info.symbol);
  if (result != kSuccess)
    return failed("the image has no such kernel", result);
  if (const std::string mistake = mistakeOfParameters(kernel); !mistake.empty()) {
    refuse(info, mistake);
    return false;
  }
  result = api.functionSetAttribute(kernel.function, kMaxDynamicSharedBytes, info.shared_bytes);
  if (result != kSuccess)
    return failed("cannot have its shared memory", result);
  int ctas = 0, processors = 0;
  result = api.occupancy(&ctas, kernel.function, info.threads, size_t(info.shared_bytes));
  if (result == kSuccess)
    result = kernel.driver->attribute(kProcessorCount, processors);
  if (result != kSuccess)
    return failed("cannot ask how many CTAs fit the device", result);
  if (ctas < 1) {
    refuse(info, "a CTA of " + std::to_string(info.threads) + " threads and " +
                     std::to_string(info.shared_bytes) +
                     " bytes of shared memory does not fit a processor of the device");
    return false;
  }
  kernel.residentCtas = ctas * processors;
  return true;
}

/// Says which tensor the driver refuses to describe.
int failMap(const AttnDeviceKernel &kernel, const TensorMapKey &key, size_t tensor, Result result) {
  const char *const names[] = {"query", "key", "value", "output"};
  std::string text = "the driver refuses a tensor map of " + quoted(names[tensor]) + ", [";
  for (int i = 2; i >= 0; --i)
    text += std::to_string(key.sizes[i]) + ", ";
  text += std::to_string(kernel.info.features) + "] with strides of";
  for (int i = 2; i >= 0; --i)
    text += (i < 2 ? ", " : " ") + std::to_string(key.strides[i]);
  return kernel.driver->fail(text + " bytes", result);
}

/// Refuses a null driver; the AttnStatus of a call that has one.
template <typename Body>
int withDriver(const AttnDriver *driver, const char *what, Body body) {
  if (!driver) {
    setLastError("expected a driver, found null");
    return ATTN_ERROR_DRIVER;
  }
  Context context;
  Result result = driver->enter(context);
  if (result == kSuccess)
    result = body(driver->api);
  return result == kSuccess ? int(ATTN_OK) : driver->fail(what, result);
}

Address addressOf(const void *pointer) { return reinterpret_cast<Address>(pointer); }

} // namespace

AttnDeviceKernel *attn_device_load(const AttnDriver *driver, const AttnDeviceInfo *info,
                                   const void *image, size_t size) {
  if (!driver || !info) {
    setLastError("expected a driver and how to launch a kernel, found null");
    return nullptr;
  }
  if (const std::string mistake = mistakeOf(*info, image, size); !mistake.empty())
    return refuse(*info, mistake);
  if (info->panel_columns && !driver->api.encodeTiled)
    return refuse(*info, "needs tensor maps, driver '" + driver->name +
                             "' has no 'cuTensorMapEncodeTiled'");
  Context context;
  if (const Result result = driver->enter(context); result != kSuccess) {
    driver->fail("cannot enter the device's context", result);
    return nullptr;
  }
  if (!checkDevice(*driver, *info))
    return nullptr;
  auto kernel = std::make_unique<AttnDeviceKernel>(driver, *info);
  kernel->context = context;
  if (!loadModule(*kernel, image))
    return nullptr;
  if (!prepare(*kernel)) {
    driver->api.moduleUnload(kernel->module);
    return nullptr;
  }
  return kernel.release();
}

void attn_device_unload(AttnDeviceKernel *kernel) {
  if (!kernel)
    return;
  {
    ContextScope scope(*kernel->driver, kernel->context);
    if (scope.result == kSuccess)
      kernel->driver->api.moduleUnload(kernel->module);
  }
  delete kernel;
}

int attn_device_launch(AttnDeviceKernel *kernel, const AttnArgs *args, void *stream) {
  if (!kernel || !args) {
    setLastError("expected a kernel and its arguments, found null");
    return ATTN_ERROR_STRUCT_SIZE;
  }
  const AttnDeviceInfo &info = kernel->info;
  if (const int status = checkDeviceArguments(info, *args); status != ATTN_OK)
    return status;
  LaunchParameter parameter;
  if (!fillLaunch(info, *args, parameter))
    return ATTN_OK;

  const Api &api = kernel->driver->api;
  ContextScope scope(*kernel->driver, kernel->context);
  if (scope.result != kSuccess)
    return kernel->driver->fail("cannot enter the kernel's context", scope.result);
  TensorMap maps[4];
  void *parameters[5];
  int count = 0;
  if (info.panel_columns) {
    const auto keys = tensorMapKeys(info, *args);
    size_t failed = 0;
    if (const Result result = kernel->maps.get(api, keys, maps, failed); result != kSuccess)
      return failMap(*kernel, keys[failed], failed, result);
    for (TensorMap &map : maps)
      parameters[count++] = &map;
  }
  parameters[count] = &parameter;
  const unsigned ctas = unsigned(std::min(parameter.launch.items, kernel->residentCtas));
  const Result result = api.launchKernel(kernel->function, ctas, 1, 1, unsigned(info.threads), 1, 1,
                                         unsigned(info.shared_bytes), static_cast<Stream>(stream),
                                         parameters, nullptr);
  if (result == kSuccess)
    return ATTN_OK;
  return kernel->driver->fail("kernel " + quoted(info.symbol) + ": cannot launch", result);
}

int attn_device_allocate(const AttnDriver *driver, size_t size, void **address) {
  if (!address) {
    setLastError("expected a place for the address, found null");
    return ATTN_ERROR_DRIVER;
  }
  *address = nullptr;
  return withDriver(driver, "cannot allocate device memory", [&](const Api &api) {
    Address result = 0;
    const Result status = size ? api.memoryAllocate(&result, size) : kSuccess;
    *address = reinterpret_cast<void *>(result);
    return status;
  });
}

int attn_device_free(const AttnDriver *driver, void *address) {
  return withDriver(driver, "cannot free device memory", [&](const Api &api) {
    return address ? api.memoryFree(addressOf(address)) : kSuccess;
  });
}

int attn_device_upload(const AttnDriver *driver, void *to, const void *from, size_t size) {
  return withDriver(driver, "cannot copy to the device", [&](const Api &api) {
    return size ? api.copyToDevice(addressOf(to), from, size) : kSuccess;
  });
}

int attn_device_download(const AttnDriver *driver, void *to, const void *from, size_t size) {
  return withDriver(driver, "cannot copy from the device", [&](const Api &api) {
    return size ? api.copyToHost(to, addressOf(from), size) : kSuccess;
  });
}

int attn_device_synchronize(const AttnDriver *driver, void *stream) {
  return withDriver(driver, "the work of a stream failed", [&](const Api &api) {
    return api.streamSynchronize(static_cast<Stream>(stream));
  });
}
