//===- Runner.cpp - calls an artifact's kernel ---------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Runner.h"
#include "Dtype.h"
#include "llvm/Support/MemoryBuffer.h"

using namespace mlir;
using namespace mlir::attn;

namespace {

/// What the runtime says of a failure.
llvm::Error runtimeError(const llvm::Twine &end = "") {
  return llvm::createStringError(attn_last_error() + end);
}

/// Threads of this process; tensors stay where they are.
class HostRunner : public Runner {
public:
  HostRunner(const AttnKernel *kernel, int threads) : kernel(kernel), threads(threads) {}

  llvm::Error load(Problem &problem) override {
    args = &problem.args;
    return llvm::Error::success();
  }
  llvm::Error run(int64_t calls) override {
    for (int64_t i = 0; i < calls; ++i)
      if (attn_run(kernel, args, threads) != ATTN_OK)
        return runtimeError();
    return llvm::Error::success();
  }
  llvm::Error store() override { return llvm::Error::success(); }

private:
  const AttnKernel *kernel;
  int threads;
  const AttnArgs *args = nullptr;
};

/// The device of a driver, with copies of a problem's tensors.
class DeviceRunner : public Runner {
public:
  explicit DeviceRunner(AttnDtype dtype) : dtype(dtype) {}
  ~DeviceRunner() override {
    release();
    attn_device_unload(kernel);
  }
  llvm::Error open(const OpenArtifact &artifact, const std::string &name);

  llvm::Error load(Problem &problem) override;
  llvm::Error run(int64_t calls) override;
  llvm::Error store() override;
  double batchSeconds() const override { return 2e-3; }
  bool isEmulated() const override { return attn_driver_is_emulator(driver); }

private:
  llvm::Error upload(AttnTensor &tensor, AttnDtype type, ArrayRef<float> numbers);
  llvm::Error download(const AttnTensor &tensor, AttnDtype type, MutableArrayRef<float> numbers);
  void release();

  AttnDtype dtype;
  const AttnDriver *driver = nullptr;
  AttnDeviceKernel *kernel = nullptr;
  Problem *problem = nullptr;
  AttnArgs args = {}; ///< the problem's, with addresses of the device
  std::vector<void *> memory;
};

} // namespace

llvm::Error DeviceRunner::open(const OpenArtifact &artifact, const std::string &name) {
  if (artifact.image.empty())
    return llvm::createStringError("there is no code beside '" + artifact.path + "': expected '" +
                                   artifact.symbol +
                                   ".ptx' or '.cubin', which attn-compile -e ptx,manifest writes");
  auto file = llvm::MemoryBuffer::getFile(artifact.image);
  if (!file)
    return llvm::createStringError("cannot read '" + artifact.image +
                                   "': " + file.getError().message());
  driver = attn_driver_open(name.c_str());
  if (!driver)
    return runtimeError(name == "cuda" ? "; --driver=emulator needs no GPU" : "");
  // The buffer ends with a zero behind its size, as PTX must.
  kernel = attn_device_load(driver, &*artifact.launch, (*file)->getBufferStart(),
                            (*file)->getBufferSize() + 1);
  return kernel ? llvm::Error::success() : runtimeError();
}

llvm::Error DeviceRunner::load(Problem &given) {
  release();
  problem = &given;
  args = given.args;
  const std::tuple<AttnTensor *, AttnDtype, ArrayRef<float>> tensors[] = {
      {&args.query, dtype, given.query},
      {&args.key, dtype, given.key},
      {&args.value, dtype, given.value},
      {&args.output, dtype, given.output},
      {&args.lse, ATTN_DTYPE_F32, given.lse}};
  for (const auto &[tensor, type, numbers] : tensors)
    if (llvm::Error error = upload(*tensor, type, numbers))
      return error;
  return llvm::Error::success();
}

llvm::Error DeviceRunner::run(int64_t calls) {
  for (int64_t i = 0; i < calls; ++i)
    if (attn_device_launch(kernel, &args, nullptr) != ATTN_OK)
      return runtimeError();
  if (attn_device_synchronize(driver, nullptr) != ATTN_OK)
    return runtimeError();
  return llvm::Error::success();
}

llvm::Error DeviceRunner::store() {
  if (llvm::Error error = download(args.output, dtype, problem->output))
    return error;
  return download(args.lse, ATTN_DTYPE_F32, problem->lse);
}

llvm::Error DeviceRunner::upload(AttnTensor &tensor, AttnDtype type, ArrayRef<float> numbers) {
  const std::vector<char> bytes = encode(type, numbers);
  if (attn_device_allocate(driver, bytes.size(), &tensor.data) != ATTN_OK)
    return runtimeError();
  memory.push_back(tensor.data);
  if (attn_device_upload(driver, tensor.data, bytes.data(), bytes.size()) != ATTN_OK)
    return runtimeError();
  return llvm::Error::success();
}

llvm::Error DeviceRunner::download(const AttnTensor &tensor, AttnDtype type,
                                   MutableArrayRef<float> numbers) {
  std::vector<char> bytes(numbers.size() * bytesOf(type));
  if (attn_device_download(driver, bytes.data(), tensor.data, bytes.size()) != ATTN_OK)
    return runtimeError();
  decode(type, bytes, numbers);
  return llvm::Error::success();
}

void DeviceRunner::release() {
  for (void *address : memory)
    attn_device_free(driver, address);
  memory.clear();
}

llvm::Expected<std::unique_ptr<Runner>> Runner::make(const OpenArtifact &artifact, int threads,
                                                     const std::string &driver) {
  if (!artifact.launch)
    return std::make_unique<HostRunner>(artifact.kernel, threads);
  auto runner = std::make_unique<DeviceRunner>(artifact.dtype);
  if (llvm::Error error = runner->open(artifact, driver))
    return std::move(error);
  return runner;
}
