//===- attn-compile.cpp - specs to files ---------------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The command line of the compiler. Files are made in memory first and written in the end, each
// under a temporary name that is then changed, so a failure leaves nothing behind.
//
// Exit codes: 0 done; 1 the spec, or a file, is wrong; 2 the command line is wrong.
//
//===----------------------------------------------------------------------===//

#include "attn/Pipelines/Compilation.h"
#include "attn/Pipelines/Picture.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Support/FileUtilities.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/raw_ostream.h"

#include <cstdlib>

using namespace mlir;
using namespace mlir::attn;
namespace cl = llvm::cl;

namespace {

constexpr char kExamples[] = R"(
EXAMPLES:
  attn-compile patterns/longformer.mlir -o out
      out/longformer.o, .h and .json with the kernel longformer_f32_d64 for this machine
  attn-compile spec.mlir -e shared,header --target=x86-64-v3 --head-dim=128
      a shared library for processors with AVX2
  attn-compile spec.mlir -e mask-ascii -o - --arg w=4 --arg g=2
      a picture of the pattern
  attn-compile spec.mlir --stop-after=schedule
      the schedule, on standard output
  cat spec.mlir | attn-compile - -e llvm -o - | opt -S ...
)";

/// The options. Made after LLVM's own are forgotten, of which one has the name of ours and all are
/// of no use here.
struct CommandLine {
  cl::OptionCategory files{"1. Files"};
  cl::OptionCategory kernels{"2. Kernels"};
  cl::OptionCategory picture{"3. Picture (mask-ascii)"};
  cl::OptionCategory phases{"4. Looking inside"};

  cl::opt<std::string> spec{cl::Positional, cl::desc("SPEC"), cl::cat(files)};
  cl::opt<std::string> output{"o", cl::desc("folder of the files (.), or - for standard output"),
                              cl::value_desc("DIR"), cl::cat(files)};
  cl::list<std::string> emit{
      "e", cl::CommaSeparated, cl::value_desc("KINDS"), cl::cat(files),
      cl::desc("kinds of file: object, shared, llvm, asm of a processor; ptx, "
               "cubin, launcher of a GPU; header, manifest, mask-ascii "
               "(object or ptx,launcher; header,manifest)")};
  cl::opt<std::string> name{"name", cl::desc("base of the file names (that of SPEC)"),
                            cl::value_desc("NAME"), cl::cat(files)};

  cl::opt<std::string> target{"target", cl::init("native"), cl::value_desc("TARGET"),
                              cl::cat(kernels),
                              cl::desc("machine to compile for; --version lists them (native)")};
  cl::opt<int64_t> headDim{"head-dim", cl::init(64), cl::value_desc("N"), cl::cat(kernels),
                           cl::desc("features of query, key and value, a multiple of 8 (64)")};
  cl::opt<std::string> dtype{
      "dtype", cl::init("f32"), cl::value_desc("TYPE"), cl::cat(kernels),
      cl::desc("elements of query, key, value and output: f32, f16, bf16 (f32)")};
  cl::opt<OptimizationLevel> level{
      cl::desc("how much LLVM optimises:"), cl::init(OptimizationLevel::Full), cl::cat(kernels),
      cl::values(clEnumValN(OptimizationLevel::Quick, "O1", "half the time, slightly slower code"),
                 clEnumValN(OptimizationLevel::Full, "O3", "the default"))};

  cl::opt<int64_t> length{"length", cl::init(32), cl::value_desc("N"), cl::cat(picture),
                          cl::desc("queries and keys of the picture (32)")};
  cl::list<std::string> arguments{"arg", cl::value_desc("NAME=VALUE"), cl::cat(picture),
                                  cl::desc("value of a pattern's argument in the picture")};

  cl::opt<std::string> stopAfter{
      "stop-after", cl::value_desc("PHASE"), cl::cat(phases),
      cl::desc("print what a phase makes and stop: text, dialect, bands, "
               "schedule, codegen, artifact")};
  cl::opt<std::string> dumpPhases{"dump-phases", cl::value_desc("DIR"), cl::cat(phases),
                                  cl::desc("write what each phase makes: NAME.2.dialect.mlir to "
                                           "NAME.6.artifact.s")};
  cl::extrahelp examples{kExamples};
};

/// What the command line asks for, checked.
struct Request {
  SmallVector<EmitKind> kinds;
  std::optional<Phase> last;
  std::string name;
};

int usageError(const Twine &message) {
  llvm::errs() << "attn-compile: " << message << "\n";
  return 2;
}

int inputError(const Twine &message) {
  llvm::errs() << "attn-compile: " << message << "\n";
  return 1;
}

void printVersion(raw_ostream &os) {
  os << getCompilerVersion() << "\ntargets:\n" << describeTargets();
}

/// Checks what the command line's parser does not. Returns 0, or the exit code after a message.
int readRequest(const CommandLine &line, Request &request) {
  if (line.spec.empty())
    return usageError("expected the path of a spec, or - for standard input; see --help");
  for (const std::string &name : line.emit) {
    const std::optional<EmitKind> kind = parseEmitKind(name);
    if (!kind)
      return usageError("unknown kind of file '" + name + "'; expected one of " + listEmitKinds());
    if (!llvm::is_contained(request.kinds, *kind))
      request.kinds.push_back(*kind);
  }
  auto target = resolveTarget(line.target);
  if (!target)
    return usageError(llvm::toString(target.takeError()));
  for (EmitKind kind : request.kinds)
    if (llvm::Error error = checkEmitKind(kind, *target))
      return usageError(llvm::toString(std::move(error)));
  if (request.kinds.empty())
    request.kinds = llvm::to_vector(getDefaultEmitKinds(*target));
  if (!line.stopAfter.empty() && !(request.last = parsePhase(line.stopAfter)))
    return usageError("unknown phase '" + line.stopAfter +
                      "'; expected text, dialect, bands, schedule, codegen or artifact");
  if (request.last && !line.emit.empty())
    return usageError("expected either -e or --stop-after");
  if (line.output == "-" && !request.last && request.kinds.size() != 1)
    return usageError("expected one kind of file (-e) for standard output, found " +
                      Twine(request.kinds.size()));
  if (line.length < 1 || line.length > (1 << 20))
    return usageError("expected --length from 1 to 2^20, found " + Twine(line.length));
  if (line.dtype != "f32" && line.dtype != "f16" && line.dtype != "bf16")
    return usageError("expected --dtype f32, f16 or bf16, found '" + line.dtype + "'");
  request.name = !line.name.empty() ? line.name.getValue()
                 : line.spec == "-" ? "spec"
                                    : llvm::sys::path::stem(line.spec).str();
  if (request.name.find('/') != std::string::npos)
    return usageError("expected --name without '/', found '" + request.name + "'");
  return 0;
}

/// Writes a file completely or not at all.
LogicalResult writeFile(StringRef folder, StringRef file, StringRef contents) {
  if (folder == "-") {
    llvm::outs() << contents;
    return success();
  }
  llvm::SmallString<128> path(folder);
  llvm::sys::path::append(path, file);
  if (std::error_code error = llvm::sys::fs::create_directories(folder.empty() ? "." : folder))
    return failure(inputError("cannot create '" + folder + "': " + error.message()));
  if (llvm::Error error = llvm::writeToOutput(path, [&](raw_ostream &os) {
        os << contents;
        return llvm::Error::success();
      }))
    return failure(inputError("cannot write '" + path + "': " + llvm::toString(std::move(error))));
  return success();
}

/// Values for the arguments of a pattern, from `--arg`. Null after a message.
std::optional<SmallVector<int64_t, 4>> readArguments(const CommandLine &line, PatternOp pattern) {
  SmallVector<int64_t, 4> values;
  for (auto name : pattern.getArgumentNames().getAsRange<StringAttr>()) {
    std::optional<int64_t> value;
    for (StringRef given : line.arguments) {
      const auto [givenName, text] = given.split('=');
      int64_t number;
      if (givenName == name.getValue() && !text.getAsInteger(10, number))
        value = number;
    }
    if (!value) {
      usageError("the picture of '@" + pattern.getSymName() + "' needs a number for '" +
                 name.getValue() + "': --arg " + name.getValue() + "=VALUE");
      return std::nullopt;
    }
    values.push_back(*value);
  }
  return values;
}

/// The pictures of all patterns, each below its name. Null after a message, with the exit code set.
std::optional<std::string> drawPictures(const CommandLine &line, ModuleOp module, int &exitCode) {
  std::string text;
  llvm::raw_string_ostream os(text);
  for (auto pattern : module.getOps<PatternOp>()) {
    const auto arguments = readArguments(line, pattern);
    exitCode = 2;
    if (!arguments)
      return std::nullopt;
    exitCode = 1;
    const auto picture =
        drawPattern(pattern, Sizes::aligned(line.length, line.length, *arguments), 64);
    if (failed(picture))
      return std::nullopt;
    os << '@' << pattern.getSymName() << ", " << line.length << " x " << line.length << '\n'
       << *picture;
  }
  return text;
}

int compile(const CommandLine &line, const Request &request) {
  std::string message;
  auto buffer = openInputFile(line.spec, &message);
  if (!buffer)
    return inputError(message);
  llvm::SourceMgr sources;
  sources.AddNewSourceBuffer(std::move(buffer), SMLoc());

  DialectRegistry registry;
  registerAllAttnDialects(registry);
  MLIRContext context(registry, MLIRContext::Threading::DISABLED);
  context.printOpOnDiagnostic(false); // the source line says more
  SourceMgrDiagnosticHandler diagnostics(sources, &context);
  OwningOpRef<ModuleOp> module = parseSpec(sources, context);
  if (!module)
    return 1;

  std::string picture;
  if (llvm::is_contained(request.kinds, EmitKind::MaskASCII)) {
    int exitCode = 0;
    std::optional<std::string> drawn = drawPictures(line, *module, exitCode);
    if (!drawn)
      return exitCode;
    picture = std::move(*drawn);
  }

  PipelineOptions options;
  options.headDim = line.headDim.getValue();
  options.dtype = line.dtype.getValue();
  options.target = line.target.getValue();
  Compilation compilation(std::move(module), request.name, line.spec, options, line.level);
  const auto dump = [&]() -> LogicalResult {
    if (line.dumpPhases.empty())
      return success();
    return writeFile(line.dumpPhases, request.name + compilation.getDumpSuffix(),
                     compilation.print());
  };
  if (failed(compilation.run(request.last.value_or(Phase::Artifact), dump))) {
    if (compilation.hasFailed())
      inputError(compilation.describeFailure());
    return 1;
  }

  if (request.last)
    return failed(writeFile(line.output.empty() ? "-" : line.output.c_str(),
                            request.name + compilation.getDumpSuffix(), compilation.print()));
  auto files = emitFiles(compilation.takeArtifact(), request.kinds, picture);
  if (!files)
    return inputError(llvm::toString(files.takeError()));
  for (const EmittedFile &file : *files)
    if (failed(
            writeFile(line.output.empty() ? "." : line.output.c_str(), file.name, file.contents)))
      return 1;
  return 0;
}

} // namespace

int main(int argc, char **argv) {
  llvm::InitLLVM initialization(argc, argv);
  cl::ResetCommandLineParser();
  const CommandLine line;
  cl::SetVersionPrinter(printVersion);
  if (!cl::ParseCommandLineOptions(
          argc, argv, "attn-compile: sparse attention patterns to kernels\n", &llvm::errs()))
    return 2;
  if (const char *noColor = getenv("NO_COLOR"); noColor && *noColor)
    llvm::errs().enable_colors(false);
  Request request;
  if (int exitCode = readRequest(line, request))
    return exitCode;
  return compile(line, request);
}
