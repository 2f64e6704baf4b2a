//===- JIT.cpp - an artifact as functions of this process ------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attn/Target/JIT.h"
#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/TargetSelect.h"

using namespace mlir::attn;

struct JITKernel::Session {
  std::unique_ptr<llvm::orc::LLJIT> jit;
};

JITKernel::JITKernel(std::unique_ptr<Session> session) : session(std::move(session)) {}
JITKernel::~JITKernel() = default;

llvm::Expected<std::unique_ptr<JITKernel>> JITKernel::load(llvm::ArrayRef<char> object,
                                                           llvm::StringRef symbol) {
  static const bool failed =
      llvm::InitializeNativeTarget() || llvm::InitializeNativeTargetAsmPrinter();
  (void)failed; // then LLJITBuilder says so
  auto jit = llvm::orc::LLJITBuilder().create();
  if (!jit)
    return jit.takeError();
  auto buffer =
      llvm::MemoryBuffer::getMemBufferCopy(llvm::StringRef(object.data(), object.size()), symbol);
  if (llvm::Error error = (*jit)->addObjectFile(std::move(buffer)))
    return std::move(error);

  auto session = std::make_unique<Session>();
  session->jit = std::move(*jit);
  llvm::orc::LLJIT &lookup = *session->jit;
  std::unique_ptr<JITKernel> result(new JITKernel(std::move(session)));
  const auto find = [&](const char *suffix, auto &member) -> llvm::Error {
    auto address = lookup.lookup((symbol + suffix).str());
    if (!address)
      return address.takeError();
    member = address->toPtr<std::remove_reference_t<decltype(member)>>();
    return llvm::Error::success();
  };
  AttnKernel &kernel = result->kernel;
  if (llvm::Error error = find("_plan", kernel.plan))
    return std::move(error);
  if (llvm::Error error = find("_cost", kernel.cost))
    return std::move(error);
  if (llvm::Error error = find("", kernel.run))
    return std::move(error);
  if (llvm::Error error = find("_manifest", kernel.manifest))
    return std::move(error);
  return result;
}
