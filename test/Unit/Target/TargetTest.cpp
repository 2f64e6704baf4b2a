//===- TargetTest.cpp - artifacts of a kernel written by hand ------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The stage from the LLVM dialect on, without the stages before it.
//
//===----------------------------------------------------------------------===//

#include "attn/Runtime/Runtime.h"
#include "attn/Target/Artifact.h"
#include "attn/Target/JIT.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Object/ELFObjectFile.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"

#include <cstdlib>
#include <gtest/gtest.h>

using namespace mlir;
using namespace mlir::attn;

namespace {

/// A kernel of three items that writes nothing.
constexpr StringRef kToy = R"mlir(
  llvm.func @toy_plan(%args: !llvm.ptr, %plan: !llvm.ptr) -> i32 {
    %items = llvm.mlir.constant(3 : i64) : i64
    %at = llvm.getelementptr %plan[8] : (!llvm.ptr) -> !llvm.ptr, i8
    llvm.store %items, %at : i64, !llvm.ptr
    %ok = llvm.mlir.constant(0 : i32) : i32
    llvm.return %ok : i32
  }
  llvm.func @toy_cost(%args: !llvm.ptr, %item: i64) -> i64 {
    llvm.return %item : i64
  }
  llvm.func @toy(%args: !llvm.ptr, %begin: i64, %end: i64, %scratch: !llvm.ptr) -> i32 {
    %sum = llvm.call @helper(%begin, %end) : (i64, i64) -> i64
    %status = llvm.trunc %sum : i64 to i32
    llvm.return %status : i32
  }
  llvm.func internal @helper(%a: i64, %b: i64) -> i64 attributes {no_inline} {
    %sum = llvm.add %a, %b : i64
    llvm.return %sum : i64
  }
)mlir";

/// Would be a call of memset if LLVM had its way.
constexpr StringRef kClears = R"mlir(
  llvm.func @clears(%data: !llvm.ptr, %n: i64) {
    %zero = llvm.mlir.constant(0 : i8) : i8
    %c0 = llvm.mlir.constant(0 : i64) : i64
    %c1 = llvm.mlir.constant(1 : i64) : i64
    llvm.br ^loop(%c0 : i64)
  ^loop(%i: i64):
    %at = llvm.getelementptr %data[%i] : (!llvm.ptr, i64) -> !llvm.ptr, i8
    llvm.store %zero, %at : i8, !llvm.ptr
    %next = llvm.add %i, %c1 : i64
    %more = llvm.icmp "slt" %next, %n : i64
    llvm.cond_br %more, ^loop(%next : i64), ^exit
  ^exit:
    llvm.return
  }
)mlir";

constexpr StringRef kCalls = R"mlir(
  llvm.func @expf(f32) -> f32
  llvm.func @calls(%x: f32) -> f32 {
    %y = llvm.call @expf(%x) : (f32) -> f32
    llvm.return %y : f32
  }
)mlir";

ArtifactInfo toyInfo() {
  KernelInfo kernel;
  kernel.symbol = "toy";
  kernel.pattern = "near";
  kernel.patternText = "attn.pattern @near(%w: index) { /* \"*/\" */ }";
  kernel.dtype = "f32";
  kernel.headDim = 64;
  kernel.arguments = {"w"};
  return {"toys", {kernel}, "spec with \"quotes\"\n"};
}

class Target : public testing::Test {
protected:
  Target() { context.loadDialect<LLVM::LLVMDialect>(); }

  Artifact build(StringRef text, StringRef target = "native", ArtifactInfo info = toyInfo(),
                 OptimizationLevel level = OptimizationLevel::Full) {
    OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(text, &context);
    auto description = resolveTarget(target);
    EXPECT_TRUE(bool(module) && bool(description));
    return llvm::cantFail(buildArtifact(*module, std::move(info), *description, level));
  }

  MLIRContext context;
};

std::string errorOf(StringRef target) {
  auto description = resolveTarget(target);
  return description ? std::string("no error") : llvm::toString(description.takeError());
}

/// A folder that goes away with its files.
class TemporaryFolder {
public:
  TemporaryFolder() { EXPECT_FALSE(llvm::sys::fs::createUniqueDirectory("attn-target", path)); }
  ~TemporaryFolder() { llvm::sys::fs::remove_directories(path); }

  std::string file(StringRef name) const { return (path + "/" + name).str(); }

private:
  llvm::SmallString<128> path;
};

TEST(Targets, Resolve) {
  EXPECT_EQ(llvm::cantFail(resolveTarget("x86-64-v4")).instructionSet, InstructionSet::AVX512);
  EXPECT_EQ(llvm::cantFail(resolveTarget("cascadelake")).instructionSet, InstructionSet::AVX512);
  EXPECT_EQ(llvm::cantFail(resolveTarget("x86-64-v3")).instructionSet, InstructionSet::AVX2);
  EXPECT_EQ(llvm::cantFail(resolveTarget("haswell")).instructionSet, InstructionSet::AVX2);
  EXPECT_EQ(llvm::cantFail(resolveTarget("aarch64")).instructionSet, InstructionSet::NEON);
  EXPECT_EQ(llvm::cantFail(resolveTarget("neoverse-v1")).instructionSet, InstructionSet::NEON);
}

TEST(Targets, ErrorsSayWhatIsAccepted) {
  EXPECT_EQ(errorOf("cascadelak"),
            "unknown target 'cascadelak'; did you mean 'cascadelake'? expected native, x86-64-v4, "
            "x86-64-v3, aarch64, sm_80, sm_90a, or a processor's name");
  EXPECT_EQ(errorOf("sm_90"),
            "unknown target 'sm_90'; did you mean 'sm_90a'? expected native, x86-64-v4, x86-64-v3, "
            "aarch64, sm_80, sm_90a, or a processor's name");
  EXPECT_EQ(errorOf("").substr(0, 18), "unknown target '';");
  EXPECT_EQ(errorOf("nehalem"),
            "target 'nehalem' has none of the instruction sets that kernels need: AVX-512, AVX2 "
            "with FMA, or AArch64's NEON");
}

TEST_F(Target, ManifestIsJSONAndEmbedded) {
  const Artifact artifact = build(kToy, "x86-64-v4");
  auto parsed = llvm::json::parse(artifact.manifest);
  ASSERT_TRUE(bool(parsed));
  const llvm::json::Object &json = *parsed->getAsObject();
  EXPECT_EQ(json.getString("abi_version"), "1.0");
  EXPECT_EQ(json.getString("spec"), "spec with \"quotes\"\n");
  EXPECT_EQ(json.getObject("target")->getString("instruction_set"), "avx512");
  const llvm::json::Object &kernel = *(*json.getArray("kernels"))[0].getAsObject();
  EXPECT_EQ(kernel.getString("symbol"), "toy");
  EXPECT_EQ(kernel.getString("pattern"), "near");
  EXPECT_EQ(kernel.getInteger("head_dim"), 64);
  EXPECT_EQ((*kernel.getArray("arguments"))[0].getAsString(), "w");
  EXPECT_EQ(json.getString("hash")->size(), 7 + 64u);
}

TEST_F(Target, HashDependsOnCodeAndTextOnly) {
  const std::string manifest = build(kToy, "x86-64-v4").manifest;
  EXPECT_EQ(manifest, build(kToy, "x86-64-v4").manifest);
  EXPECT_NE(manifest, build(kClears, "x86-64-v4").manifest);
}

TEST_F(Target, ObjectsAreReproducible) {
  for (StringRef target : {"x86-64-v4", "x86-64-v3", "aarch64"}) {
    const Artifact artifact = build(kToy, target);
    const auto first = llvm::cantFail(emitObject(artifact));
    EXPECT_EQ(first, llvm::cantFail(emitObject(artifact)));
    EXPECT_EQ(first, llvm::cantFail(emitObject(build(kToy, target))));
  }
}

TEST_F(Target, ObjectsAreForTheTarget) {
  const auto object = llvm::cantFail(emitObject(build(kToy, "aarch64")));
  auto elf = llvm::object::ObjectFile::createObjectFile(
      llvm::MemoryBufferRef(StringRef(object.data(), object.size()), "object"));
  ASSERT_TRUE(bool(elf));
  EXPECT_EQ((*elf)->getArch(), llvm::Triple::aarch64);
  EXPECT_NE(llvm::cantFail(emitAssembly(build(kToy, "aarch64"))).find("add\tx0, x1, x0"),
            std::string::npos);
}

TEST_F(Target, LoopsDoNotBecomeCalls) {
  for (auto level : {OptimizationLevel::Quick, OptimizationLevel::Full})
    EXPECT_TRUE(bool(emitObject(build(kClears, "native", {"clears", {}, ""}, level))));
}

TEST_F(Target, UndefinedSymbolsAreAnError) {
  auto object = emitObject(build(kCalls));
  ASSERT_FALSE(bool(object));
  EXPECT_EQ(llvm::toString(object.takeError()), "the kernels call what they must not need: 'expf'");
}

TEST_F(Target, JITRunsTheKernel) {
  const auto object = llvm::cantFail(emitObject(build(kToy)));
  const auto kernel = llvm::cantFail(JITKernel::load(object, "toy"));
  AttnPlan plan = {sizeof(AttnPlan), 0, 0};
  EXPECT_EQ(kernel->get().plan(nullptr, &plan), ATTN_OK);
  EXPECT_EQ(plan.items, 3);
  EXPECT_EQ(kernel->get().cost(nullptr, 7), 7);
  EXPECT_EQ(kernel->get().run(nullptr, 2, 3, nullptr), 5);
  EXPECT_TRUE(bool(llvm::json::parse(kernel->get().manifest)));

  auto missing = JITKernel::load(object, "other");
  ASSERT_FALSE(bool(missing));
  EXPECT_NE(llvm::toString(missing.takeError()).find("other"), std::string::npos);
}

TEST_F(Target, SharedLibrariesLoadAndAreReproducible) {
  const Artifact artifact = build(kToy);
  const auto object = llvm::cantFail(emitObject(artifact));
  const std::string bytes = llvm::cantFail(emitShared(artifact, object));
  EXPECT_EQ(bytes, llvm::cantFail(emitShared(artifact, object)));

  const TemporaryFolder folder;
  const std::string path = folder.file("toys.so");
  std::error_code error;
  llvm::raw_fd_ostream(path, error) << bytes;
  const AttnKernel *kernel = attn_open(path.c_str(), nullptr);
  ASSERT_NE(kernel, nullptr) << attn_last_error();
  EXPECT_EQ(kernel->cost(nullptr, 7), 7);
  attn_close(kernel);
}

TEST_F(Target, SharedLibrariesOfOtherMachinesLink) {
  const Artifact artifact = build(kToy, "aarch64");
  EXPECT_FALSE(llvm::cantFail(emitShared(artifact, llvm::cantFail(emitObject(artifact)))).empty());
}

TEST_F(Target, LinkErrorsShowLogAndCommand) {
  auto shared = emitShared(build(kToy), StringRef("no object"));
  ASSERT_FALSE(bool(shared));
  const std::string message = llvm::toString(shared.takeError());
  EXPECT_EQ(message.substr(0, 18), "the linker failed:");
  EXPECT_NE(message.find("\nits command: /"), std::string::npos);
}

TEST_F(Target, FilesComeInTheOrderAsked) {
  const auto files = llvm::cantFail(
      emitFiles(build(kToy), {EmitKind::MaskASCII, EmitKind::Manifest, EmitKind::Object}, "# .\n"));
  ASSERT_EQ(files.size(), 3u);
  EXPECT_EQ(files[0].contents, "# .\n");
  EXPECT_EQ(files[1].contents.front(), '{');
  EXPECT_EQ(files[2].contents.substr(1, 3), "ELF");
}

/// The artifact of a binary that says `launch`; `sharedLimit` is what it may take.
llvm::Expected<Artifact> buildDevice(MLIRContext &context, StringRef launch, int64_t sharedLimit) {
  context.loadDialect<gpu::GPUDialect, NVVM::NVVMDialect>();
  const std::string text = ("gpu.binary @toy {attn.launch = {" + launch +
                            "}} [#gpu.object<#nvvm.target<chip = \"sm_90a\">, assembly = \"PTX\">]")
                               .str();
  OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(text, &context);
  EXPECT_TRUE(bool(module));
  ArtifactInfo info = toyInfo();
  info.kernels[0].dtype = "bf16";
  return buildDeviceArtifact(*module, std::move(info), llvm::cantFail(resolveTarget("sm_90a")),
                             sharedLimit);
}

constexpr StringRef kLaunch = "threads = 384 : i32, shared_bytes = 1000 : i32, query_tile = 128 : "
                              "i32, key_tile = 112 : i32, panel_columns = 64 : i32, "
                              "output_rows = 16 : i32";

TEST_F(Target, DeviceInfoIsThatOfTheBinary) {
  const Artifact artifact = llvm::cantFail(buildDevice(context, kLaunch, 1000));
  EXPECT_EQ(artifact.images.at(0).ptx, "PTX");
  const AttnDeviceInfo info = makeDeviceInfo(artifact.info.kernels[0]);
  EXPECT_EQ(info.struct_size, sizeof(AttnDeviceInfo));
  EXPECT_STREQ(info.symbol, "toy");
  EXPECT_EQ(info.compute_capability, 90);
  EXPECT_EQ(info.is_architecture_exact, 1);
  EXPECT_EQ(info.dtype, ATTN_DTYPE_BF16);
  EXPECT_EQ(info.features, 64);
  EXPECT_EQ(info.threads, 384);
  EXPECT_EQ(info.shared_bytes, 1000);
  EXPECT_EQ(info.query_tile, 128);
  EXPECT_EQ(info.key_tile, 112);
  EXPECT_EQ(info.panel_columns, 64);
  EXPECT_EQ(info.output_rows, 16);
  EXPECT_EQ(info.argument_count, 1);
}

TEST_F(Target, DeviceErrorsNameTheLimit) {
  const auto errorOf = [](llvm::Expected<Artifact> artifact) {
    return artifact ? std::string("none") : llvm::toString(artifact.takeError());
  };
  EXPECT_EQ(errorOf(buildDevice(context, kLaunch, 999)),
            "kernel 'toy' takes 1000 bytes of shared memory, the limit of sm_90a is 999");
  EXPECT_EQ(errorOf(buildDevice(context, "threads = 384 : i32", 999)),
            "kernel 'toy': expected an integer 'shared_bytes' in 'attn.launch'");
  OwningOpRef<ModuleOp> empty = ModuleOp::create(UnknownLoc::get(&context));
  EXPECT_EQ(
      errorOf(buildDeviceArtifact(*empty, toyInfo(), llvm::cantFail(resolveTarget("sm_90a")), 999)),
      "kernel 'toy': expected a 'gpu.binary' of PTX");
}

TEST_F(Target, HeaderStandsAlone) {
  const TemporaryFolder folder;
  const std::string header = folder.file("toys.h"), program = folder.file("program.c");
  const std::string text = emitHeader(build(kToy, "x86-64-v4"));
  EXPECT_NE(text.find("int toy_plan(const AttnArgs *args, AttnPlan *plan);"), std::string::npos);
  EXPECT_NE(text.find("const int64_t arguments[] = {w};"), std::string::npos);
  std::error_code error;
  llvm::raw_fd_ostream(header, error) << text;
  llvm::raw_fd_ostream(program, error)
      << "#include \"toys.h\"\n#include \"toys.h\"\nAttnKernelFunction kernel = toy;\n";
  for (StringRef compiler : {"cc -std=c99 -x c", "c++ -std=c++17 -x c++"})
    EXPECT_EQ(
        std::system((compiler + " -Wall -Werror -pedantic -fsyntax-only " + program).str().c_str()),
        0);
}

TEST(EmitKinds, RoundTrip) {
  for (auto kind : {EmitKind::Object, EmitKind::Shared, EmitKind::LLVM, EmitKind::Assembly,
                    EmitKind::PTX, EmitKind::Cubin, EmitKind::Launcher, EmitKind::Header,
                    EmitKind::Manifest, EmitKind::MaskASCII})
    EXPECT_EQ(parseEmitKind(stringifyEmitKind(kind)), kind);
  EXPECT_EQ(parseEmitKind("exe"), std::nullopt);
}

} // namespace
