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

void printUsage(llvm::raw_ostream &os, const KernelInfo &kernel) {
  const std::string &name = kernel.symbol;
  os << " * One thread, tensors [batch, heads, rows, " << kernel.headDim << "] without gaps:\n *\n"
     << " *   AttnArgs args = {sizeof(AttnArgs), batch, query_heads, key_heads, query_length,\n"
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
  os << " *   args.scale = 1 / sqrtf(" << kernel.headDim << ");\n"
     << " *   AttnPlan plan = {sizeof(AttnPlan)};\n"
     << " *   int status = " << name << "_plan(&args, &plan);\n"
     << " *   void *scratch = aligned_alloc(64, (plan.scratch_bytes + 63) / 64 * 64);\n"
     << " *   if (status == ATTN_OK)\n"
     << " *     status = " << name << "(&args, 0, plan.items, scratch);\n";
}

void printKernel(llvm::raw_ostream &os, const KernelInfo &kernel) {
  const std::string &name = kernel.symbol;
  os << "\n/*\n * " << name << ": " << kernel.dtype << ", head dim " << kernel.headDim;
  if (kernel.patternText.empty()) {
    os << ", every query sees every key.\n *\n";
  } else {
    os << ", and the pattern\n *\n";
    printCommented(os, kernel.patternText);
    os << " *\n";
  }
  printUsage(os, kernel);
  os << " *\n * Several threads: each with a scratch of its own, and ranges of items that together "
        "are\n"
     << " * [0, plan.items), in any order; attn/Runtime/Runtime.h does that.\n */\n"
     << "int " << name << "_plan(const AttnArgs *args, AttnPlan *plan);\n"
     << "int64_t " << name << "_cost(const AttnArgs *args, int64_t item);\n"
     << "int " << name
     << "(const AttnArgs *args, int64_t item_begin, int64_t item_end, void *scratch);\n"
     << "extern const char " << name << "_manifest[];\n";
}

} // namespace

std::string mlir::attn::emitHeader(const Artifact &artifact) {
  std::string text;
  llvm::raw_string_ostream os(text);
  const std::string guard = "ATTN_ARTIFACT_" + macroName(artifact.info.name) + "_H";
  os << "/* Kernels of " << artifact.info.name << " for " << artifact.target.name << ", by "
     << getCompilerVersion() << ". */\n\n#ifndef " << guard << "\n#define " << guard << "\n\n"
     << kKernelHeader << "\n#ifdef __cplusplus\nextern \"C\" {\n#endif\n";
  for (const KernelInfo &kernel : artifact.info.kernels)
    printKernel(os, kernel);
  os << "\n#ifdef __cplusplus\n}\n#endif\n\n#endif /* " << guard << " */\n";
  return text;
}
