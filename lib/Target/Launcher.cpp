//===- Launcher.cpp - GPU kernels in a C file -----------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attn/Target/Artifact.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir::attn;
using llvm::StringRef;

namespace {

/// Text as C strings, one a line.
void printText(llvm::raw_ostream &os, StringRef name, StringRef text) {
  os << "static const char " << name << "[] =";
  while (!text.empty()) {
    const auto [line, rest] = text.split('\n');
    os << "\n    \"";
    for (char c : line) {
      if (c == '\t')
        os << "\\t";
      else if (c == '"' || c == '\\' || c == '?')
        os << '\\' << c;
      else if (llvm::isPrint(c))
        os << c;
      else
        os << '\\' << char('0' + (c >> 6 & 3)) << char('0' + (c >> 3 & 7)) << char('0' + (c & 7));
    }
    os << (line.size() == text.size() ? "\"" : "\\n\"");
    text = rest;
  }
  os << ";\n";
}

void printBytes(llvm::raw_ostream &os, StringRef name, StringRef bytes) {
  os << "static const unsigned char " << name << "[] = {";
  for (size_t i = 0; i < bytes.size(); ++i)
    os << (i % 24 ? "" : "\n    ") << unsigned(static_cast<unsigned char>(bytes[i])) << ',';
  os << "};\n";
}

/// `@` stands for the kernel's name.
constexpr StringRef kFunctions = R"(
static AttnDeviceKernel *@_kernel;

int @_load(const AttnDriver *driver) {
  AttnDeviceKernel *none = NULL, *loaded;
  if (!driver && !(driver = attn_driver_open(NULL)))
    return ATTN_ERROR_DRIVER;
  loaded = attn_device_load(driver, &@_info, @_image, sizeof @_image);
  if (!loaded)
    return ATTN_ERROR_DRIVER;
  if (!__atomic_compare_exchange_n(&@_kernel, &none, loaded, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
    attn_device_unload(loaded); /* it was loaded before */
  return ATTN_OK;
}

int @_launch(const AttnArgs *args, void *stream) {
  AttnDeviceKernel *kernel = __atomic_load_n(&@_kernel, __ATOMIC_ACQUIRE);
  if (!kernel) {
    const int status = @_load(NULL);
    if (status != ATTN_OK)
      return status;
    kernel = __atomic_load_n(&@_kernel, __ATOMIC_ACQUIRE);
  }
  return attn_device_launch(kernel, args, stream);
}
)";

} // namespace

std::string mlir::attn::emitLauncher(const Artifact &artifact) {
  std::string text;
  llvm::raw_string_ostream os(text);
  const std::string &name = artifact.info.name;
  os << "/* Kernels of " << name << " for " << artifact.target.name << ", by "
     << getCompilerVersion() << ": the images, and what launches them. To be linked with the\n"
     << "   runtime's library. */\n\n#include \"" << name << getFileSuffix(EmitKind::Header)
     << "\"\n\n#if defined(__GNUC__)\n"
     << "#pragma GCC diagnostic ignored \"-Woverlength-strings\"\n#endif\n";
  for (const auto &[kernel, image] : llvm::zip_equal(artifact.info.kernels, artifact.images)) {
    os << '\n';
    if (image.cubin.empty())
      printText(os, kernel.symbol + "_image", image.ptx);
    else
      printBytes(os, kernel.symbol + "_image", image.cubin);
    StringRef rest = kFunctions;
    while (!rest.empty()) {
      const auto [before, after] = rest.split('@');
      os << before;
      if (before.size() != rest.size())
        os << kernel.symbol;
      rest = after;
    }
  }
  return text;
}
