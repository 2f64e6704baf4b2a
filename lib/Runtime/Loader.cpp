//===- Loader.cpp - open a kernel of a shared artifact ----------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Looks up the symbols that Kernel.h names. A kernel is given out only when all of them are there
// and the artifact's major ABI version is ours, so what follows needs no checks.
//
//===------------------------------------------------------------------------------===//

#include "attn/Runtime/Error.h"
#include "attn/Runtime/Runtime.h"

#include <cstring>
#include <dlfcn.h>
#include <memory>
#include <string>

namespace {

/// A kernel and the library that it keeps open. The public part comes first: `attn_close` casts
/// back.
struct OpenedKernel {
  AttnKernel kernel;
  void *library;
};

/// Closes the library unless it was given away.
struct CloseLibrary {
  void operator()(void *library) const { dlclose(library); }
};
using Library = std::unique_ptr<void, CloseLibrary>;

std::nullptr_t fail(const std::string &message) {
  attn::setLastError(message);
  return nullptr;
}

template <typename Type>
bool lookUp(void *library, const std::string &symbol, Type &result) {
  result = reinterpret_cast<Type>(dlsym(library, symbol.c_str()));
  return result != nullptr;
}

/// "'a', 'b'" from the names of `attn_opt_kernels`, and their number.
std::string listNames(const char *names, int &count) {
  std::string list;
  for (count = 0; *names; names += strlen(names) + 1, ++count)
    list += std::string(count ? ", '" : "'") + names + "'";
  return list;
}

} // namespace

const AttnKernel *attn_open(const char *path, const char *name) {
  if (!path)
    return fail("expected the path of a shared artifact, found null");
  // Without a slash the loader would search the system's folders instead of the current one.
  const std::string file = strchr(path, '/') ? path : std::string("./") + path;
  Library library(dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL));
  if (!library)
    return fail(std::string("cannot open the artifact: ") + dlerror());
  const std::string prefix = "'" + std::string(path) + "' ";

  int (*abiVersion)() = nullptr;
  const char *names = nullptr;
  if (!lookUp(library.get(), "attn_opt_abi_version", abiVersion) ||
      !lookUp(library.get(), "attn_opt_kernels", names))
    return fail(prefix + "is not an artifact of attn-compile: it has no 'attn_opt_abi_version'");
  const int major = abiVersion() >> 16;
  if (major != ATTN_ABI_VERSION_MAJOR)
    return fail(prefix + "has kernels of ABI version " + std::to_string(major) +
                ", this runtime loads version " + std::to_string(ATTN_ABI_VERSION_MAJOR) +
                ": compile it again");

  int count = 0;
  const std::string list = listNames(names, count);
  if (!name && count != 1)
    return fail(prefix + "holds " + std::to_string(count) + " kernels, name one of them: " + list);
  const std::string symbol = name ? name : names;
  AttnKernel kernel;
  if (!lookUp(library.get(), symbol, kernel.run) ||
      !lookUp(library.get(), symbol + "_plan", kernel.plan) ||
      !lookUp(library.get(), symbol + "_cost", kernel.cost) ||
      !lookUp(library.get(), symbol + "_manifest", kernel.manifest))
    return fail(prefix + "has no kernel '" + symbol + "', found " + list);
  return &(new OpenedKernel{kernel, library.release()})->kernel;
}

void attn_close(const AttnKernel *kernel) {
  if (!kernel)
    return;
  const auto *opened = reinterpret_cast<const OpenedKernel *>(kernel);
  dlclose(opened->library);
  delete opened;
}
