//===- Harness.h - run PTX texts under many interleavings --------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_TEST_UNIT_EMULATOR_HARNESS_H
#define ATTN_TEST_UNIT_EMULATOR_HARNESS_H

#include "attn/Emulator/Emulator.h"
#include <fstream>
#include <sstream>

namespace attn::ptx::test {

inline std::string readInput(const std::string &name) {
  std::ifstream in(std::string(ATTN_INPUTS) + "/" + name + ".ptx");
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

/// Replaces every `from`; the text must have one.
inline std::string replaced(std::string text, const std::string &from, const std::string &to) {
  size_t at = text.find(from);
  if (at == std::string::npos)
    return "the mutation applies nowhere: " + from;
  for (; at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
  return text;
}

/// Parses and runs once; the error of either step.
inline std::string runOnce(const std::string &text, const std::string &kernel,
                           const LaunchConfig &config, const std::vector<const void *> &arguments,
                           const DeviceMemory &memory) {
  std::string error;
  std::unique_ptr<Module> module = Module::parse(text, error);
  if (!module)
    return error;
  return launch(*module, kernel, config, arguments.data(), memory).error;
}

} // namespace attn::ptx::test

#endif // ATTN_TEST_UNIT_EMULATOR_HARNESS_H
