//===- Program.cpp - types and reconvergence points ------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attn/Emulator/Program.h"

#include <algorithm>

namespace attn::ptx {

unsigned bitWidth(Type type) {
  switch (type) {
  case Type::None:
    return 0;
  case Type::Pred:
    return 1;
  case Type::B8:
  case Type::U8:
  case Type::S8:
    return 8;
  case Type::B16:
  case Type::U16:
  case Type::S16:
  case Type::F16:
  case Type::BF16:
    return 16;
  case Type::B64:
  case Type::U64:
  case Type::S64:
  case Type::F64:
    return 64;
  default:
    return 32;
  }
}

bool isFloat(Type type) { return type >= Type::F16; }

bool isSigned(Type type) {
  return type == Type::S8 || type == Type::S16 || type == Type::S32 || type == Type::S64;
}

const Function *Module::find(const std::string &name) const {
  for (const auto &function : functions)
    if (function->name == name && function->isDefined)
      return function.get();
  return nullptr;
}

namespace {

std::vector<int> successors(const Function &function, int at) {
  const Instruction &inst = function.code[at];
  int end = function.code.size();
  std::vector<int> result;
  if (inst.opcode == Opcode::Ret || inst.opcode == Opcode::Exit || inst.opcode == Opcode::Trap)
    result = {end};
  else
    result = inst.targets;
  bool always = inst.guard < 0 && (!inst.targets.empty() || !result.empty());
  if (!always)
    result.push_back(at + 1);
  return result;
}

} // namespace

// The immediate post-dominators, by the iteration of Cooper, Harvey and Kennedy on the reversed
// graph.
void computeReconvergence(Function &function) {
  int end = function.code.size();
  std::vector<std::vector<int>> next(end + 1), previous(end + 1);
  for (int i = 0; i < end; ++i) {
    next[i] = successors(function, i);
    for (int successor : next[i])
      previous[successor].push_back(i);
  }
  std::vector<int> order, number(end + 1, -1);
  std::vector<bool> seen(end + 1);
  std::vector<std::pair<int, size_t>> stack{{end, 0}};
  seen[end] = true;
  while (!stack.empty()) {
    auto &[node, index] = stack.back();
    if (index == previous[node].size()) {
      number[node] = order.size();
      order.push_back(node);
      stack.pop_back();
      continue;
    }
    int child = previous[node][index++];
    if (!seen[child]) {
      seen[child] = true;
      stack.push_back({child, 0});
    }
  }
  std::vector<int> &parent = function.reconvergence;
  parent.assign(end + 1, -1);
  parent[end] = end;
  for (bool changed = true; changed;) {
    changed = false;
    for (auto it = order.rbegin() + 1; it < order.rend(); ++it) {
      int meet = -1;
      for (int successor : next[*it]) {
        if (parent[successor] < 0)
          continue;
        int a = successor, b = meet < 0 ? successor : meet;
        while (a != b) {
          while (number[a] < number[b])
            a = parent[a];
          while (number[b] < number[a])
            b = parent[b];
        }
        meet = a;
      }
      changed |= meet != parent[*it];
      parent[*it] = meet;
    }
  }
  // What never ends meets nowhere: at the end.
  std::replace(parent.begin(), parent.end(), -1, end);
}

} // namespace attn::ptx
