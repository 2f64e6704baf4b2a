//===- Recovery.cpp - LLVM's fatal errors as errors ----------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// LLVM's code generators end the process when they meet an operation that they have no
// instructions for. A compiler that lives in a user's process must not.
//
//===----------------------------------------------------------------------===//

#include "Recovery.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/CrashRecoveryContext.h"
#include "llvm/Support/ErrorHandling.h"
#include "llvm/Support/PrettyStackTrace.h"
#include "llvm/Support/raw_ostream.h"
#include <mutex>
#include <string>
#include <utility>

using namespace mlir::attn;
using llvm::CrashRecoveryContext;

namespace {

/// Where a fatal error of this thread is noted; null outside `runRecoverably`.
thread_local std::string *fatalError = nullptr;

void handleFatalError(void *, const char *reason, bool) {
  CrashRecoveryContext *context = CrashRecoveryContext::GetCurrent();
  if (!context || !fatalError) {
    // Another use of LLVM in this process, which shall end as it would without us.
    llvm::errs() << "LLVM ERROR: " << reason << '\n';
    return;
  }
  *fatalError = reason;
  context->HandleExit(1);
}

/// LLVM's handlers are those of the process: installed while any thread needs them.
class HandlerScope {
public:
  HandlerScope() {
    std::lock_guard<std::mutex> lock(mutex);
    if (users++ == 0) {
      CrashRecoveryContext::Enable();
      llvm::install_fatal_error_handler(handleFatalError);
    }
  }
  ~HandlerScope() {
    std::lock_guard<std::mutex> lock(mutex);
    if (--users == 0) {
      llvm::remove_fatal_error_handler();
      CrashRecoveryContext::Disable();
    }
  }

private:
  static std::mutex mutex;
  static int users;
};
std::mutex HandlerScope::mutex;
int HandlerScope::users = 0;

} // namespace

llvm::Error mlir::attn::runRecoverably(llvm::function_ref<void()> run) {
  HandlerScope scope;
  std::string reason;
  std::string *outer = std::exchange(fatalError, &reason);
  // Entries of the frames that are left behind must not be printed later.
  const void *stackState = llvm::SavePrettyStackState();
  CrashRecoveryContext context;
  const bool isDone = context.RunSafely(run);
  llvm::RestorePrettyStackState(stackState);
  fatalError = outer;
  if (isDone)
    return llvm::Error::success();
  if (reason.empty())
    reason = "LLVM crashed";
  return llvm::createStringError(llvm::StringRef(reason).trim());
}
