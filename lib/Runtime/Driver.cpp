//===- Driver.cpp - find a driver and open it -----------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A driver is opened once and stays open: its library starts threads and owns the contexts that a
// framework in the same process may share. RTLD_LOCAL keeps the symbols of two drivers apart.
//
//===------------------------------------------------------------------------------===//

#include "Driver.h"
#include "attn/Runtime/Error.h"

#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <memory>
#include <unistd.h>
#include <vector>

using namespace attn;
using namespace attn::cuda;

namespace {

std::nullptr_t refuse(const std::string &message) {
  setLastError(message);
  return nullptr;
}

/// The file of the emulated driver: $ATTN_EMULATOR, or beside what holds this code. Empty if there
/// is none; `tried` lists where it was looked for.
std::string findEmulator(std::string &tried) {
  if (const char *path = getenv("ATTN_EMULATOR"); path && *path)
    return path;
  Dl_info info;
  if (!dladdr(reinterpret_cast<const void *>(&attn_driver_open), &info) || !info.dli_fname)
    return "";
  std::string holder = info.dli_fname;
  // What the loader calls the executable itself is how it was started, which may be no path.
  if (char *real = realpath(holder.c_str(), nullptr)) {
    holder = real;
    free(real);
  } else if (char *self = realpath("/proc/self/exe", nullptr)) {
    holder = self;
    free(self);
  }
  const size_t slash = holder.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : holder.substr(0, slash);
  for (const char *place : {"/emulator/", "/../lib/emulator/", "/lib/emulator/"}) {
    const std::string path = folder + place + "libcuda.so.1";
    if (access(path.c_str(), R_OK) == 0)
      return path;
    tried += (tried.empty() ? "" : ", ") + path;
  }
  return "";
}

/// Fills `driver` from an open library; false, and the last error, when it is no usable driver.
bool initialise(AttnDriver &driver, void *library) {
  const std::string prefix = "driver '" + driver.name + "' ";
  Api &api = driver.api;
#define ATTN_LOOK_UP(NAME, SYMBOL, PARAMETERS)                                                     \
  api.NAME = reinterpret_cast<Result(*) PARAMETERS>(dlsym(library, SYMBOL));
#define ATTN_REQUIRE(NAME, SYMBOL, PARAMETERS)                                                     \
  ATTN_LOOK_UP(NAME, SYMBOL, PARAMETERS)                                                           \
  if (!api.NAME) {                                                                                 \
    setLastError(prefix + "has no '" SYMBOL "'");                                                  \
    return false;                                                                                  \
  }
  ATTN_CUDA_FUNCTIONS(ATTN_REQUIRE)
  ATTN_CUDA_OPTIONAL_FUNCTIONS(ATTN_LOOK_UP)
#undef ATTN_REQUIRE
#undef ATTN_LOOK_UP
  api.emulatorReport =
      reinterpret_cast<const char *(*)()>(dlsym(library, "attn_emulator_last_report"));

  int devices = 0;
  Result result = api.init(0);
  if (result == kSuccess)
    result = api.deviceGetCount(&devices);
  if (result == kSuccess && devices > 0)
    result = api.deviceGet(&driver.device, 0);
  if (result != kSuccess) {
    driver.fail(prefix + "does not start", result);
    return false;
  }
  if (devices == 0)
    setLastError(prefix + "has no device");
  return devices > 0;
}

} // namespace

Result AttnDriver::enter(Context &context) const {
  context = nullptr;
  Result result = api.contextGetCurrent(&context);
  if (result != kSuccess || context)
    return result;
  std::lock_guard<std::mutex> lock(mutex);
  if (!primary && (result = api.primaryContextRetain(&primary, device)) != kSuccess)
    return result;
  context = primary;
  return api.contextSetCurrent(primary);
}

int AttnDriver::fail(const std::string &what, Result result) const {
  const char *errorName = nullptr, *text = nullptr;
  std::string message = what + ": ";
  if (api.getErrorName(result, &errorName) != kSuccess || !errorName)
    message += "CUDA error " + std::to_string(result);
  else
    message += errorName;
  if (api.getErrorString(result, &text) == kSuccess && text)
    message += std::string(" (") + text + ")";
  if (const char *report = api.emulatorReport ? api.emulatorReport() : nullptr; report && *report)
    message += std::string("\n") + report;
  setLastError(std::move(message));
  return ATTN_ERROR_DRIVER;
}

Result AttnDriver::attribute(int attribute, int &value) const {
  Device current = device;
  const Result result = api.contextGetDevice(&current);
  return result == kSuccess ? api.deviceGetAttribute(&value, attribute, current) : result;
}

const AttnDriver *attn_driver_open(const char *name) {
  std::string path = name ? name : "cuda";
  if (path == "cuda") {
    path = "libcuda.so.1";
  } else if (path == "emulator") {
    std::string tried;
    path = findEmulator(tried);
    if (path.empty())
      return refuse("cannot find the emulated driver, looked for " + tried +
                    "; set ATTN_EMULATOR to its path");
    // Without a slash the loader would search the system's folders and find NVIDIA's driver.
    if (path.find('/') == std::string::npos)
      path = "./" + path;
  } else if (path.find('/') == std::string::npos) {
    return refuse("expected driver 'cuda', 'emulator' or a path, found '" + path + "'");
  }

  static std::mutex mutex;
  static std::vector<std::pair<void *, std::unique_ptr<AttnDriver>>> drivers;
  std::lock_guard<std::mutex> lock(mutex);
  void *library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!library)
    return refuse(std::string("cannot open the driver: ") + dlerror());
  for (const auto &[handle, driver] : drivers)
    if (handle == library) {
      dlclose(library); // the count goes back to one
      return driver.get();
    }
  auto driver = std::make_unique<AttnDriver>();
  driver->name = path;
  if (!initialise(*driver, library)) {
    dlclose(library);
    return nullptr;
  }
  drivers.emplace_back(library, std::move(driver));
  return drivers.back().second.get();
}

int attn_driver_compute_capability(const AttnDriver *driver) {
  if (!driver) {
    setLastError("expected a driver, found null");
    return 0;
  }
  Context context;
  int major = 0, minor = 0;
  Result result = driver->enter(context);
  if (result == kSuccess)
    result = driver->attribute(kCapabilityMajor, major);
  if (result == kSuccess)
    result = driver->attribute(kCapabilityMinor, minor);
  if (result == kSuccess)
    return 10 * major + minor;
  driver->fail("cannot ask for the compute capability", result);
  return 0;
}

int attn_driver_is_emulator(const AttnDriver *driver) {
  return driver && driver->api.emulatorReport;
}
