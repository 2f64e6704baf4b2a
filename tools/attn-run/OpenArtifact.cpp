//===- OpenArtifact.cpp - an artifact, its kernel and its pattern ----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "OpenArtifact.h"
#include "Dtype.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Parser/Parser.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

using namespace mlir;
using namespace mlir::attn;
namespace json = llvm::json;

static std::string textOf(const json::Object &object, StringRef key) {
  return object.getString(key).value_or("").str();
}

llvm::Expected<std::unique_ptr<OpenArtifact>> OpenArtifact::open(const std::string &path,
                                                                 const std::string &name) {
  auto artifact = std::make_unique<OpenArtifact>();
  artifact->path = path;
  llvm::Error error = StringRef(path).ends_with(".json") ? artifact->openManifest(name)
                                                         : artifact->openLibrary(name);
  if (error)
    return std::move(error);
  return artifact;
}

OpenArtifact::~OpenArtifact() { attn_close(kernel); }

llvm::Error OpenArtifact::broken(const llvm::Twine &message) const {
  return llvm::createStringError("'" + path + "' has a broken manifest: " + message);
}

llvm::Error OpenArtifact::openLibrary(const std::string &name) {
  if (StringRef suffix = llvm::sys::path::extension(path); suffix == ".ptx" || suffix == ".cubin")
    return llvm::createStringError("'" + path +
                                   "' is the code of a kernel only, give the manifest beside it: "
                                   "attn-compile -e manifest writes NAME.json");
  kernel = attn_open(path.c_str(), name.empty() ? nullptr : name.c_str());
  if (!kernel)
    return llvm::createStringError(attn_last_error());
  manifest = kernel->manifest;
  auto parsed = json::parse(manifest);
  if (!parsed)
    return broken(llvm::toString(parsed.takeError()));
  const json::Object *object = parsed->getAsObject();
  if (!object)
    return broken("expected an object");
  return readManifest(*object, object->getObject("kernel"));
}

llvm::Error OpenArtifact::openManifest(StringRef name) {
  auto file = llvm::MemoryBuffer::getFile(path, /*IsText=*/true);
  if (!file)
    return llvm::createStringError("cannot open the artifact: " + path + ": " +
                                   file.getError().message());
  manifest = (*file)->getBuffer().rtrim().str();
  auto parsed = json::parse(manifest);
  if (!parsed)
    return broken(llvm::toString(parsed.takeError()));
  const json::Object *object = parsed->getAsObject();
  const json::Array *kernels = object ? object->getArray("kernels") : nullptr;
  const auto version = object ? object->getString("abi_version") : std::nullopt;
  if (!kernels || kernels->empty() || !version)
    return broken("expected 'abi_version' and 'kernels'");

  const StringRef major = version->split('.').first;
  if (major != llvm::utostr(ATTN_ABI_VERSION_MAJOR))
    return llvm::createStringError("'" + path + "' has kernels of ABI version " + major +
                                   ", this runtime loads version " +
                                   llvm::Twine(ATTN_ABI_VERSION_MAJOR) + ": compile it again");

  const json::Object *entry = nullptr;
  std::vector<std::string> symbols;
  for (const json::Value &value : *kernels) {
    const json::Object *candidate = value.getAsObject();
    if (!candidate)
      return broken("expected objects in 'kernels'");
    symbols.push_back(textOf(*candidate, "symbol"));
    if (name.empty() || symbols.back() == name)
      entry = candidate;
  }
  const std::string list = "'" + llvm::join(symbols, "', '") + "'";
  if (name.empty() && symbols.size() != 1)
    return llvm::createStringError("'" + path + "' holds " + llvm::Twine(symbols.size()) +
                                   " kernels, name one of them: " + list);
  if (!entry)
    return llvm::createStringError("'" + path + "' has no kernel '" + name + "', found " + list);
  if (llvm::Error error = readManifest(*object, entry))
    return error;
  return readLaunch(*entry);
}

llvm::Error OpenArtifact::readManifest(const json::Object &object, const json::Object *entry) {
  const json::Object *machine = object.getObject("target");
  const json::Array *names = entry ? entry->getArray("arguments") : nullptr;
  const auto spec = object.getString("spec");
  if (!machine || !names || !spec)
    return broken("expected a kernel, 'target' and 'spec'");
  symbol = textOf(*entry, "symbol");
  patternName = textOf(*entry, "pattern");
  dtypeName = textOf(*entry, "dtype");
  headDim = entry->getInteger("head_dim").value_or(0);
  target = textOf(*machine, "name");
  cpu = textOf(*machine, "cpu");
  compiler = textOf(object, "compiler");
  for (const json::Value &name : *names)
    arguments.push_back(name.getAsString().value_or("").str());
  const std::optional<AttnDtype> parsed = parseDtype(dtypeName);
  if (!parsed)
    return broken("expected a 'dtype' of f32, f16 or bf16, found '" + dtypeName + "'");
  dtype = *parsed;
  if (patternName.empty())
    return llvm::Error::success();

  context.loadDialect<AttnDialect>();
  module = parseSourceString<ModuleOp>(*spec, ParserConfig(&context));
  if (module)
    pattern = dyn_cast_or_null<PatternOp>(SymbolTable::lookupSymbolIn(*module, patternName));
  if (!pattern)
    return broken("its 'spec' has no pattern '@" + patternName + "'");
  return llvm::Error::success();
}

llvm::Error OpenArtifact::readLaunch(const json::Object &entry) {
  const json::Object *numbers = entry.getObject("launch");
  if (!numbers)
    return llvm::createStringError("'" + path + "' describes kernels of processors, for '" +
                                   target +
                                   "': give their shared library, attn-compile -e shared writes "
                                   "NAME.so");
  AttnDeviceInfo info = {};
  info.struct_size = sizeof(AttnDeviceInfo);
  info.symbol = symbol.c_str();
  info.dtype = dtype;
  info.features = headDim;
  info.argument_count = arguments.size();
  const std::pair<StringRef, int32_t *> fields[] = {
      {"compute_capability", &info.compute_capability},
      {"is_architecture_exact", &info.is_architecture_exact},
      {"threads", &info.threads},
      {"shared_bytes", &info.shared_bytes},
      {"query_tile", &info.query_tile},
      {"key_tile", &info.key_tile},
      {"panel_columns", &info.panel_columns},
      {"output_rows", &info.output_rows}};
  for (const auto &[name, field] : fields) {
    const std::optional<int64_t> value = numbers->getInteger(name);
    if (!value || !llvm::isInt<32>(*value))
      return broken("expected an integer '" + name + "' in 'launch'");
    *field = *value;
  }
  launch = info;

  if (const json::Object *report = entry.getObject("ptxas"))
    ptxas = {textOf(*report, "version"), report->getInteger("registers").value_or(0),
             report->getInteger("stack_bytes").value_or(0)};
  for (StringRef suffix : {".ptx", ".cubin"}) {
    llvm::SmallString<128> file(llvm::sys::path::parent_path(path));
    llvm::sys::path::append(file, symbol + suffix);
    if (image.empty() && llvm::sys::fs::exists(file))
      image = file.str();
  }
  return llvm::Error::success();
}
