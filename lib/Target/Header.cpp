//===- Header.cpp - the C header of an artifact --------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "KernelHeader.h"
#include "attn/Target/Artifact.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir::attn;
using llvm::StringRef;

namespace {

/// NAME as part of a macro.
std::string macroName(StringRef name) {
  std::string macro;
  for (char c : name)
    macro += llvm::isAlnum(c) ? llvm::toUpper(c) : '_';
  return macro;
}

/// Text inside a comment, each line after " * ".
void printCommented(llvm::raw_ostream &os, StringRef text) {
  llvm::SmallVector<StringRef> lines;
  text.trim().split(lines, '\n');
  for (StringRef line : lines) {
    os << " *   ";
    // A name in quotes may hold anything, even the end of the comment.
    for (size_t i = 0; i < line.size(); ++i) {
      const StringRef rest = line.substr(i);
      os << line[i] << (rest.starts_with("*/") || rest.starts_with("/*") ? " " : "");
    }
    os << '\n';
  }
}

/// How a caller fills AttnArgs.
void printArguments(llvm::raw_ostream &os, const KernelInfo &kernel) {
  os << " *   AttnArgs args = {sizeof(AttnArgs), batch, query_heads, key_heads, query_length,\n"
     << " *                    key_length, " << kernel.headDim << "};\n"
     << " *   args.query = (AttnTensor){query, {query_heads * query_length * " << kernel.headDim
     << ", query_length * " << kernel.headDim << ", " << kernel.headDim << "}};\n"
     << " *   ...               key, value, output alike; lse.data may stay null\n"
     << " *   args.offset = key_length - query_length;\n"
     << " *   args.length = key_length;\n";
  if (!kernel.arguments.empty())
    os << " *   const int64_t arguments[] = {" << llvm::join(kernel.arguments, ", ") << "};\n"
       << " *   args.arguments = arguments;\n"
       << " *   args.argument_count = " << kernel.arguments.size() << ";\n";
  os << " *   args.scale = 1 / sqrtf(" << kernel.headDim << ");\n";
}

/// Opens the comment of a kernel: its name, and the pattern.
void printTitle(llvm::raw_ostream &os, const KernelInfo &kernel) {
  os << "\n/*\n * " << kernel.symbol << ": " << kernel.dtype << ", head dim " << kernel.headDim;
  if (kernel.patternText.empty()) {
    os << ", every query sees every key.\n *\n";
    return;
  }
  os << ", and the pattern\n *\n";
  printCommented(os, kernel.patternText);
  os << " *\n";
}

void printKernel(llvm::raw_ostream &os, const KernelInfo &kernel) {
  const std::string &name = kernel.symbol;
  printTitle(os, kernel);
  os << " * One thread, tensors [batch, heads, rows, " << kernel.headDim << "] without gaps:\n *\n";
  printArguments(os, kernel);
  os << " *   AttnPlan plan = {sizeof(AttnPlan)};\n"
     << " *   int status = " << name << "_plan(&args, &plan);\n"
     << " *   void *scratch = aligned_alloc(64, (plan.scratch_bytes + 63) / 64 * 64);\n"
     << " *   if (status == ATTN_OK)\n"
     << " *     status = " << name << "(&args, 0, plan.items, scratch);\n"
     << " *\n * Several threads: each with a scratch of its own, and ranges of items that together "
        "are\n"
     << " * [0, plan.items), in any order; attn/Runtime/Runtime.h does that.\n */\n"
     << "int " << name << "_plan(const AttnArgs *args, AttnPlan *plan);\n"
     << "int64_t " << name << "_cost(const AttnArgs *args, int64_t item);\n"
     << "int " << name
     << "(const AttnArgs *args, int64_t item_begin, int64_t item_end, void *scratch);\n"
     << "extern const char " << name << "_manifest[];\n";
}

void printDeviceKernel(llvm::raw_ostream &os, const KernelInfo &kernel) {
  const std::string &name = kernel.symbol;
  printTitle(os, kernel);
  os << " * Device addresses; tensors [batch, heads, rows, " << kernel.headDim
     << "] without gaps:\n *\n";
  printArguments(os, kernel);
  os << " *   int status = " << name << "_launch(&args, stream);\n *\n"
     << " * " << name << "_launch returns at once; what it starts is ordered on the stream (a\n"
     << " * CUstream, or NULL). Its first call loads the kernel into the current context, as\n"
     << " * " << name
     << "_load does for a driver of your choice (NULL: libcuda.so.1). Both return "
        "an\n"
     << " * AttnStatus; attn_last_error() says why.\n */\n"
     << "int " << name << "_load(const AttnDriver *driver);\n"
     << "int " << name << "_launch(const AttnArgs *args, void *stream);\n\n";
  const AttnDeviceInfo info = makeDeviceInfo(kernel);
  // In the order of Device.h; C++17 has no designated initializers.
  os << "/* For attn_device_load, with an image of a file. */\n"
     << "ATTN_ARTIFACT_CONSTANT AttnDeviceInfo " << name << "_info = {\n"
     << "    sizeof(AttnDeviceInfo),\n    \"" << name << "\",\n"
     << "    " << info.compute_capability << ", /* compute capability, */\n"
     << "    " << info.is_architecture_exact << ", /* and no other */\n"
     << "    ATTN_DTYPE_" << StringRef(kernel.dtype).upper() << ",\n"
     << "    " << info.features << ", /* head dim */\n"
     << "    " << info.threads << ", /* threads */\n"
     << "    " << info.shared_bytes << ", /* bytes of shared memory */\n"
     << "    " << info.query_tile << ", /* query tile */\n"
     << "    " << info.key_tile << ", /* key tile */\n"
     << "    " << info.panel_columns << ", /* panel columns */\n"
     << "    " << info.output_rows << ", /* output rows */\n"
     << "    " << info.argument_count << " /* arguments */\n};\n";
}

} // namespace

std::string mlir::attn::emitHeader(const Artifact &artifact) {
  std::string text;
  llvm::raw_string_ostream os(text);
  const std::string guard = "ATTN_ARTIFACT_" + macroName(artifact.info.name) + "_H";
  os << "/* Kernels of " << artifact.info.name << " for " << artifact.target.name << ", by "
     << getCompilerVersion() << ". */\n\n#ifndef " << guard << "\n#define " << guard << "\n\n"
     << kKernelHeader;
  if (artifact.target.isGPU())
    os << kRuntimeHeader << kDeviceHeader << "\n#if defined(__GNUC__)\n"
       << "#define ATTN_ARTIFACT_CONSTANT __attribute__((unused)) static const\n"
       << "#else\n#define ATTN_ARTIFACT_CONSTANT static const\n#endif\n";
  os << "\n#ifdef __cplusplus\nextern \"C\" {\n#endif\n";
  for (const KernelInfo &kernel : artifact.info.kernels)
    artifact.target.isGPU() ? printDeviceKernel(os, kernel) : printKernel(os, kernel);
  os << "\n#ifdef __cplusplus\n}\n#endif\n\n#endif /* " << guard << " */\n";
  return text;
}
