//===- attn-run.cpp - describe, check and time an artifact ---------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Exit codes: 0 done; 1 the artifact is wrong, or its kernel; 2 the command line is wrong.
//
//===----------------------------------------------------------------------===//

#include "Runner.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

#include <chrono>
#include <cmath>
#include <unistd.h>

using namespace mlir;
using namespace mlir::attn;
namespace cl = llvm::cl;

namespace {

constexpr char kExamples[] = R"(
  describe   what the artifact holds
  check      compare the kernel with the oracle, at SIZES or at odd ones
  time       measure the kernel at SIZES

SIZES are lengths, or query and key lengths: 1024 100x128

EXAMPLES:
  attn-run describe out/longformer.so
  attn-run check out/longformer.so --arg w=256 --arg g=16
      on odd sizes, with outputs full of NaN; 1 if a result is too far from the oracle's
  attn-run time out/longformer.so 2048 4096 --arg w=256 --arg g=16 --threads=1
  attn-run check out/longformer.json --arg w=256 --arg g=16 --driver=emulator
      kernels of a GPU, in KERNEL.ptx or KERNEL.cubin beside their manifest, on any machine
)";

/// The options. Made after LLVM's own are forgotten, of which some have names of ours.
struct CommandLine {
  cl::OptionCategory options{"Options"};
  cl::opt<std::string> action{cl::Positional, cl::desc("describe|check|time"), cl::cat(options)};
  cl::opt<std::string> artifact{cl::Positional, cl::desc("ARTIFACT.so|ARTIFACT.json"),
                                cl::cat(options)};
  cl::list<std::string> sizes{cl::Positional, cl::desc("[SIZES...]"), cl::cat(options)};
  cl::opt<std::string> kernel{"kernel", cl::value_desc("NAME"), cl::cat(options),
                              cl::desc("a kernel of the artifact, if it holds several")};
  cl::opt<std::string> target{"target", cl::value_desc("TARGET"), cl::cat(options),
                              cl::desc("refuse an artifact that is for another target")};
  cl::list<std::string> arguments{"arg", cl::value_desc("NAME=VALUE"), cl::cat(options),
                                  cl::desc("value of a pattern's argument")};
  cl::opt<int64_t> batch{"batch", cl::init(1), cl::value_desc("N"), cl::cat(options),
                         cl::desc("batch entries (1)")};
  cl::opt<int64_t> queryHeads{"query-heads", cl::init(2), cl::value_desc("N"), cl::cat(options),
                              cl::desc("query heads (2)")};
  cl::opt<int64_t> keyHeads{"key-heads", cl::init(1), cl::value_desc("N"), cl::cat(options),
                            cl::desc("key heads (1)")};
  cl::opt<int> threads{"threads", cl::init(0), cl::value_desc("N"), cl::cat(options),
                       cl::desc("threads; 0, the default, is all this process may use")};
  cl::opt<std::string> driver{"driver", cl::init("cuda"), cl::value_desc("NAME"), cl::cat(options),
                              cl::desc("of a GPU: cuda, the default, emulator, or the path of a "
                                       "libcuda.so.1")};
  cl::opt<double> seconds{"seconds", cl::init(1.0), cl::value_desc("S"), cl::cat(options),
                          cl::desc("how long to measure each size (1)")};
  cl::opt<bool> json{"json", cl::desc("print one JSON object"), cl::cat(options)};
  cl::extrahelp examples{kExamples};
};

/// Sizes around the tiles of every target, and lengths that differ both ways round.
constexpr const char *kOddSizes[] = {"0x5",   "5x0", "1",      "7",      "16",  "17x15",
                                     "63x65", "64",  "31x200", "200x31", "127", "257x256"};

int usageError(const Twine &message) {
  llvm::errs() << "attn-run: " << message << "\n";
  return 2;
}

int fail(const Twine &message) {
  llvm::errs() << "attn-run: " << message << "\n";
  return 1;
}

void describeLaunch(const OpenArtifact &artifact) {
  const AttnDeviceInfo &launch = *artifact.launch;
  llvm::outs() << "launch    " << launch.threads << " threads and " << launch.shared_bytes
               << " bytes of shared memory a CTA, tiles of " << launch.query_tile << " queries and "
               << launch.key_tile << " keys\n";
  if (artifact.ptxas)
    llvm::outs() << "ptxas     " << artifact.ptxas->version << ": " << artifact.ptxas->registers
                 << " registers and " << artifact.ptxas->stackBytes << " bytes of stack a thread\n";
  llvm::outs() << "code      "
               << (artifact.image.empty() ? "none beside the manifest"
                                          : llvm::sys::path::filename(artifact.image))
               << "\n";
}

int describe(const CommandLine &line, const OpenArtifact &artifact) {
  if (line.json) {
    llvm::outs() << artifact.manifest << "\n";
    return 0;
  }
  llvm::outs() << "kernel    " << artifact.symbol << "\n"
               << "target    " << artifact.target
               << (artifact.target == "native" ? " (" + artifact.cpu + ")" : "") << "\n"
               << "compiler  " << artifact.compiler << "\n"
               << "dtype     " << artifact.dtypeName << "\n"
               << "head dim  " << artifact.headDim << "\n";
  if (artifact.launch)
    describeLaunch(artifact);
  if (!artifact.pattern) {
    llvm::outs() << "pattern   every query sees every key\n";
    return 0;
  }
  llvm::outs() << "arguments " << (artifact.arguments.empty() ? "none" : "")
               << llvm::join(artifact.arguments, ", ") << "\n\n";
  PatternOp pattern = artifact.pattern;
  llvm::outs() << *pattern << "\n";
  return 0;
}

/// Whether the command line asks for what the artifact's kernels run on. Returns 0, or the exit
/// code after a message.
int checkMachine(const CommandLine &line, const OpenArtifact &artifact) {
  if (!line.target.empty() && line.target != artifact.target)
    return fail("expected an artifact for target '" + line.target + "', found '" + artifact.path +
                "' for '" + artifact.target + "'");
  if (!artifact.launch && line.driver.getNumOccurrences())
    return usageError("a kernel for '" + artifact.target + "' has no use for --driver");
  if (artifact.launch && line.threads.getNumOccurrences())
    return usageError("a kernel for '" + artifact.target + "' has no use for --threads");
  return 0;
}

/// Values of the pattern's arguments from `--arg`. Returns 0, or the exit code after a message.
int readArguments(const CommandLine &line, const OpenArtifact &artifact,
                  std::vector<int64_t> &values) {
  for (const std::string &text : line.arguments)
    if (!llvm::is_contained(artifact.arguments, StringRef(text).split('=').first))
      return usageError("the kernel has no argument '" + StringRef(text).split('=').first +
                        "', found " + llvm::join(artifact.arguments, ", "));
  for (const std::string &name : artifact.arguments) {
    bool given = false;
    int64_t value = 0;
    for (StringRef text : line.arguments) {
      const auto [key, number] = text.split('=');
      if (key != name)
        continue;
      if (number.getAsInteger(10, value))
        return usageError("expected --arg " + name + "=NUMBER, found '" + text + "'");
      given = true;
    }
    if (!given)
      return usageError("the kernel needs a number for '" + name + "': --arg " + name + "=VALUE");
    values.push_back(value);
  }
  return 0;
}

/// The sizes of the command line, or all of `kOddSizes`. Returns 0, or the exit code after a
/// message.
int readSizes(const CommandLine &line, std::vector<ProblemSizes> &result) {
  if (line.batch < 0)
    return usageError("expected --batch to be no less than 0, found " + Twine(line.batch));
  if (line.queryHeads < 0 || line.keyHeads < 1 || line.queryHeads % line.keyHeads != 0)
    return usageError("expected --query-heads to be a multiple of --key-heads, found " +
                      Twine(line.queryHeads) + " and " + Twine(line.keyHeads));
  std::vector<std::string> texts(line.sizes.begin(), line.sizes.end());
  if (texts.empty())
    texts.assign(std::begin(kOddSizes), std::end(kOddSizes));
  for (const std::string &text : texts) {
    std::optional<ProblemSizes> sizes = parseSizes(text);
    if (!sizes)
      return usageError("expected a size like 1024 or 100x128, found '" + text + "'");
    sizes->batch = line.batch;
    sizes->queryHeads = line.queryHeads;
    sizes->keyHeads = line.keyHeads;
    result.push_back(*sizes);
  }
  return 0;
}

/// Refuses sizes that this machine has no memory for. Returns 0, or the exit code after a message.
int checkMemory(const OpenArtifact &artifact, ArrayRef<ProblemSizes> allSizes) {
  const double memory = double(sysconf(_SC_PHYS_PAGES)) * double(sysconf(_SC_PAGESIZE));
  for (const ProblemSizes &sizes : allSizes)
    if (const double bytes = bytesOf(sizes, artifact.headDim); bytes > memory)
      return usageError(
          llvm::formatv(
              "expected sizes that fit {0:f1} GiB of memory, found {1} batch entries of {2} "
              "query and {3} key heads of {4}x{5}, which take {6:f1} GiB",
              memory / (1 << 30), sizes.batch, sizes.queryHeads, sizes.keyHeads, sizes.queryLength,
              sizes.keyLength, bytes / (1 << 30))
              .str());
  return 0;
}

std::string nameOf(const ProblemSizes &sizes) {
  return std::to_string(sizes.queryLength) + "x" + std::to_string(sizes.keyLength);
}

/// JSON has no infinity: null.
llvm::json::Value jsonNumber(double number) {
  return std::isfinite(number) ? llvm::json::Value(number) : llvm::json::Value(nullptr);
}

int failAt(const ProblemSizes &sizes, llvm::Error error) {
  return fail("the kernel fails at " + nameOf(sizes) + ": " + llvm::toString(std::move(error)));
}

int check(const CommandLine &line, const OpenArtifact &artifact, Runner &runner,
          ArrayRef<ProblemSizes> allSizes, ArrayRef<int64_t> arguments) {
  int failures = 0;
  llvm::json::Array rows;
  for (const ProblemSizes &sizes : allSizes) {
    Problem problem(artifact, sizes, arguments);
    if (llvm::Error error = runner.load(problem))
      return failAt(sizes, std::move(error));
    if (llvm::Error error = runner.run(1))
      return failAt(sizes, std::move(error));
    if (llvm::Error error = runner.store())
      return failAt(sizes, std::move(error));
    const Deviation deviation = compareWithOracle(artifact, problem);
    failures += !deviation.isAllowed();
    if (!line.json)
      llvm::outs() << llvm::format("%-12s output %.2e of %.2e   lse %.2e   %s\n",
                                   nameOf(sizes).c_str(), deviation.output, deviation.allowed,
                                   deviation.lse, deviation.isAllowed() ? "ok" : "WRONG");
    rows.push_back(llvm::json::Object{{"query_length", sizes.queryLength},
                                      {"key_length", sizes.keyLength},
                                      {"output_error", jsonNumber(deviation.output)},
                                      {"allowed", deviation.allowed},
                                      {"lse_error", jsonNumber(deviation.lse)},
                                      {"ok", deviation.isAllowed()}});
  }
  if (line.json)
    llvm::outs() << llvm::json::Value(llvm::json::Object{{"kernel", artifact.symbol},
                                                         {"checks", std::move(rows)}})
                 << "\n";
  else
    llvm::outs() << artifact.symbol << ": " << allSizes.size() - failures << " of "
                 << allSizes.size() << " sizes agree with the oracle\n";
  return failures ? 1 : 0;
}

using Clock = std::chrono::steady_clock;

/// The time of a call in seconds, the mean of `calls`.
llvm::Expected<double> measureCalls(Runner &runner, int64_t calls) {
  const Clock::time_point start = Clock::now();
  if (llvm::Error error = runner.run(calls))
    return std::move(error);
  return std::chrono::duration<double>(Clock::now() - start).count() / calls;
}

/// The median time of a call in seconds, after two that are not counted.
llvm::Expected<double> measure(const CommandLine &line, Runner &runner) {
  if (llvm::Error error = runner.run(1))
    return std::move(error);
  auto once = measureCalls(runner, 1);
  if (!once)
    return once.takeError();
  const int64_t calls = std::clamp(runner.batchSeconds() / std::max(*once, 1e-9), 1.0, 1000.0);
  std::vector<double> times;
  const Clock::time_point begin = Clock::now();
  do {
    auto seconds = measureCalls(runner, calls);
    if (!seconds)
      return seconds.takeError();
    times.push_back(*seconds);
  } while (times.size() < 3 || Clock::now() - begin < std::chrono::duration<double>(line.seconds));
  std::nth_element(times.begin(), times.begin() + times.size() / 2, times.end());
  return times[times.size() / 2];
}

int time(const CommandLine &line, const OpenArtifact &artifact, Runner &runner,
         ArrayRef<ProblemSizes> allSizes, ArrayRef<int64_t> arguments) {
  llvm::json::Array rows;
  const bool isEmulated = runner.isEmulated();
  if (isEmulated && !line.json)
    llvm::outs() << "times of the emulator, which say nothing about a GPU\n";
  for (const ProblemSizes &sizes : allSizes) {
    Problem problem(artifact, sizes, arguments);
    if (llvm::Error error = runner.load(problem))
      return failAt(sizes, std::move(error));
    auto measured = measure(line, runner);
    if (!measured)
      return failAt(sizes, measured.takeError());
    const double median = *measured;
    const int64_t pairs = countVisible(artifact, problem);
    const double operations =
        4.0 * double(artifact.headDim) * double(pairs) * double(sizes.batch * sizes.queryHeads);
    const double speed = median > 0 ? operations / median * 1e-9 : 0;
    llvm::json::Object row{{"query_length", sizes.queryLength},
                           {"key_length", sizes.keyLength},
                           {"milliseconds", median * 1e3},
                           {"pairs", pairs}};
    if (!isEmulated)
      row["gflops"] = speed;
    rows.push_back(std::move(row));
    if (line.json)
      continue;
    llvm::outs() << llvm::format("%-12s %10.3f ms   %12lld pairs a head", nameOf(sizes).c_str(),
                                 median * 1e3, (long long)pairs);
    if (!isEmulated)
      llvm::outs() << llvm::format("   %7.1f GFLOP/s", speed);
    llvm::outs() << "\n";
  }
  if (line.json) {
    llvm::json::Object result{{"kernel", artifact.symbol}, {"times", std::move(rows)}};
    if (artifact.launch) {
      result["driver"] = line.driver.getValue();
      result["is_emulated"] = isEmulated;
    } else {
      result["threads"] = line.threads ? int(line.threads) : attn_default_threads();
    }
    llvm::outs() << llvm::json::Value(std::move(result)) << "\n";
  }
  return 0;
}

} // namespace

int main(int argc, char **argv) {
  llvm::InitLLVM initialization(argc, argv);
  cl::ResetCommandLineParser();
  const CommandLine line;
  cl::SetVersionPrinter([](raw_ostream &os) {
    os << "attn-run, ABI " << ATTN_ABI_VERSION_MAJOR << '.' << ATTN_ABI_VERSION_MINOR << "\n";
  });
  if (!cl::ParseCommandLineOptions(argc, argv, "attn-run: describe, check and time an artifact\n",
                                   &llvm::errs()))
    return 2;
  if (line.action != "describe" && line.action != "check" && line.action != "time")
    return usageError("expected describe, check or time, found '" + line.action + "'; see --help");
  if (line.artifact.empty())
    return usageError("expected the path of an artifact; see --help");
  if (line.action == "time" && line.sizes.empty())
    return usageError("expected the sizes to measure, such as 2048 or 1024x4096");
  std::vector<ProblemSizes> sizes;
  if (int exitCode = readSizes(line, sizes))
    return exitCode;

  auto artifact = OpenArtifact::open(line.artifact, line.kernel);
  if (!artifact)
    return fail(llvm::toString(artifact.takeError()));
  if (int exitCode = checkMachine(line, **artifact))
    return exitCode;
  if (line.action == "describe")
    return describe(line, **artifact);
  if (int exitCode = checkMemory(**artifact, sizes))
    return exitCode;
  std::vector<int64_t> arguments;
  if (int exitCode = readArguments(line, **artifact, arguments))
    return exitCode;
  auto runner = Runner::make(**artifact, line.threads, line.driver);
  if (!runner)
    return fail(llvm::toString(runner.takeError()));
  return line.action == "check" ? check(line, **artifact, **runner, sizes, arguments)
                                : time(line, **artifact, **runner, sizes, arguments);
}
