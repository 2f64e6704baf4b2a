//===- LoaderTest.cpp - which artifacts open, and what is said of the others ------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===------------------------------------------------------------------------------===//

#include "attn/Runtime/Runtime.h"

#include <gtest/gtest.h>
#include <string>

namespace {

const std::string fakes = ATTN_FAKES;

/// The message after `attn_open` has failed.
std::string failure(const std::string &path, const char *name) {
  EXPECT_EQ(attn_open(path.c_str(), name), nullptr);
  return attn_last_error();
}

TEST(Loader, OpensTheOnlyKernelAndRunsIt) {
  const AttnKernel *kernel = attn_open((fakes + "/FakeSingle.so").c_str(), nullptr);
  ASSERT_NE(kernel, nullptr) << attn_last_error();
  EXPECT_STREQ(kernel->manifest, "{\"symbol\": \"one\"}");
  AttnArgs args = {};
  args.batch = 3;
  EXPECT_EQ(attn_run(kernel, &args, 1), ATTN_OK);
  attn_close(kernel);
}

TEST(Loader, OpensByName) {
  const AttnKernel *kernel = attn_open((fakes + "/FakeGood.so").c_str(), "one");
  ASSERT_NE(kernel, nullptr) << attn_last_error();
  attn_close(kernel);
  attn_close(nullptr);
}

TEST(Loader, AsksForANameWhereThereAreSeveral) {
  EXPECT_EQ(failure(fakes + "/FakeGood.so", nullptr),
            "'" + fakes + "/FakeGood.so' holds 2 kernels, name one of them: 'one', 'two'");
}

TEST(Loader, RefusesAKernelWithoutItsFunctions) {
  EXPECT_EQ(failure(fakes + "/FakeGood.so", "two"),
            "'" + fakes + "/FakeGood.so' has no kernel 'two', found 'one', 'two'");
}

TEST(Loader, RefusesAnotherMajorVersion) {
  EXPECT_EQ(failure(fakes + "/FakeFuture.so", nullptr),
            "'" + fakes +
                "/FakeFuture.so' has kernels of ABI version 2, this runtime loads version "
                "1: compile it again");
}

TEST(Loader, RefusesWhatIsNoArtifact) {
  EXPECT_EQ(failure(fakes + "/FakeForeign.so", nullptr),
            "'" + fakes +
                "/FakeForeign.so' is not an artifact of attn-compile: it has no "
                "'attn_opt_abi_version'");
}

TEST(Loader, SaysWhyAFileDoesNotOpen) {
  EXPECT_NE(failure("missing.so", nullptr).find("cannot open the artifact: ./missing.so"),
            std::string::npos);
  EXPECT_EQ(attn_open(nullptr, nullptr), nullptr);
  EXPECT_STREQ(attn_last_error(), "expected the path of a shared artifact, found null");
}

} // namespace
