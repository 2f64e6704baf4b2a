//===- Launch.cpp - run the CTAs of a grid ------------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Cta.h"

#include <algorithm>
#include <cstring>

namespace attn::ptx {

LaunchResult launch(const Module &module, const std::string &name, const LaunchConfig &config,
                    const void *const *arguments, const DeviceMemory &deviceMemory) {
  LaunchResult result;
  auto refuse = [&](const std::string &message) {
    result.error = "launch of '" + name + "': " + message;
    return result;
  };
  const Function *kernel = module.find(name);
  if (!kernel || !kernel->isEntry)
    return refuse("the module has no such kernel");
  if (kernel->clusterSize != 1)
    return refuse("clusters of " + std::to_string(kernel->clusterSize) + " CTAs are not emulated");
  unsigned threads = config.block.x * config.block.y * config.block.z;
  if (threads == 0 || threads > 1024)
    return refuse(std::to_string(threads) + " threads");
  if (kernel->requiredThreads && kernel->requiredThreads != threads)
    return refuse(std::to_string(threads) + " threads, but .reqntid says " +
                  std::to_string(kernel->requiredThreads));
  if (kernel->maxThreads && threads > kernel->maxThreads)
    return refuse(std::to_string(threads) + " threads, but .maxntid says " +
                  std::to_string(kernel->maxThreads));
  unsigned shared = module.staticShared + config.dynamicShared;
  if (shared > config.sharedLimit)
    return refuse(std::to_string(shared) + " bytes of shared memory, the limit is " +
                  std::to_string(config.sharedLimit));

  std::vector<uint8_t> params(kernel->paramBytes, 0);
  for (size_t i = 0; i < kernel->params.size(); ++i)
    memcpy(params.data() + kernel->params[i].offset, arguments[i], kernel->params[i].size);
  DeviceMemory memory = deviceMemory;
  for (const Module::Global &global : module.globals)
    memory.add(global.data, global.size, global.name, !global.constant);

  result.started = true;
  std::vector<Dim3> order;
  for (unsigned z = 0; z < config.grid.z; ++z)
    for (unsigned y = 0; y < config.grid.y; ++y)
      for (unsigned x = 0; x < config.grid.x; ++x)
        order.push_back({x, y, z});
  std::mt19937_64 rng(config.seed);
  std::shuffle(order.begin(), order.end(), rng);
  SharedMemory sharedMemory(shared, (threads + 31) / 32);
  for (Dim3 index : order) {
    sharedMemory.reset();
    Cta cta(*kernel, config, index, params, sharedMemory, memory, rng());
    bool done = cta.run();
    result.instructions += cta.instructions;
    if (!done) {
      result.error = "kernel '" + name + "': " + cta.error;
      break;
    }
  }
  return result;
}

} // namespace attn::ptx
