//===- Parser.cpp - from PTX text to a module -----------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reads the PTX that LLVM's NVPTX back end prints, with the blocks of inline assembly in it: their
// braces open scopes that have registers and labels of their own.
//
//===----------------------------------------------------------------------===//

#include "Decode.h"

#include <algorithm>
#include <cstring>
#include <sstream>

namespace attn::ptx {
namespace {

std::string trim(const std::string &text) {
  size_t begin = text.find_first_not_of(" \t\r\n"), end = text.find_last_not_of(" \t\r\n");
  return begin == std::string::npos ? "" : text.substr(begin, end - begin + 1);
}

/// Splits at the commas outside all brackets.
std::vector<std::string> splitOperands(const std::string &text) {
  std::vector<std::string> parts;
  std::string part;
  int depth = 0;
  for (char c : text) {
    depth += (c == '[' || c == '{' || c == '(') - (c == ']' || c == '}' || c == ')');
    if (c == ',' && depth == 0) {
      parts.push_back(trim(part));
      part.clear();
    } else {
      part += c;
    }
  }
  if (!trim(part).empty())
    parts.push_back(trim(part));
  return parts;
}

/// Replaces comments by blanks, so that lines keep their numbers.
std::string withoutComments(std::string text) {
  for (size_t i = 0; i + 1 < text.size(); ++i) {
    if (text[i] != '/')
      continue;
    if (text[i + 1] == '/') {
      for (; i < text.size() && text[i] != '\n'; ++i)
        text[i] = ' ';
    } else if (text[i + 1] == '*') {
      size_t end = std::min(text.find("*/", i + 2), text.size() - 2) + 2;
      for (; i < end; ++i)
        if (text[i] != '\n')
          text[i] = ' ';
    }
  }
  return text;
}

bool isNameChar(char c) { return isalnum(static_cast<unsigned char>(c)) || strchr("_$%.", c); }

/// `.param .align 64 .b8 name[128]`: what a variable's declaration says.
struct Declaration {
  std::string name, initialiser;
  Type type = Type::None;
  unsigned align = 0, size = 0;
  bool unsized = false;
};

class Parser {
public:
  Parser(const std::string &text, std::string &error)
      : text(withoutComments(text)), error(error), module(std::make_unique<Module>()) {}

  std::unique_ptr<Module> parse();

private:
  struct Symbol {
    enum Kind { Address, Frame } kind;
    uint64_t value;
  };
  struct Scope {
    int parent;
    std::map<std::string, int> registers, labels;
    std::map<std::string, Symbol> symbols;
  };
  struct Fixup {
    size_t instruction;
    std::string label;
    int scope;
    unsigned line;
  };

  bool fail(const std::string &message, unsigned line) {
    if (error.empty())
      error = "PTX line " + std::to_string(line) + ": " + message;
    return false;
  }
  /// Mostly asked of ascending positions.
  unsigned lineAt(size_t position) {
    if (position < countedTo)
      countedTo = 0, countedLines = 0;
    countedLines += std::count(text.begin() + countedTo, text.begin() + position, '\n');
    countedTo = position;
    return 1 + countedLines;
  }
  void skipSpace() {
    while (pos < text.size() && isspace(static_cast<unsigned char>(text[pos])))
      ++pos;
  }

  bool layOutShared();
  bool parseTopLevel();
  bool parseDeclaration(const std::string &text, unsigned line, Declaration &out);
  bool parseGlobal(const std::string &header, unsigned line);
  bool parseFunction(const std::string &header, unsigned line, bool hasBody);
  bool parseVariables(const std::string &list, unsigned line, std::vector<Variable> &out);
  bool parseBody();
  bool parseStatement(const std::string &statement, unsigned line);
  bool parseRegisters(const std::string &statement, unsigned line);
  bool parseFrameVariable(const std::string &statement, unsigned line);
  bool parseInstruction(const std::string &statement, unsigned line);
  bool parseCall(const std::string &rest, Instruction &inst);
  bool parseOperand(const std::string &text, unsigned line, Operand &out);
  bool parseAddress(const std::string &text, unsigned line, Operand &out);
  void collectRegisters(Instruction &inst);
  bool resolveLabels();

  int findRegister(const std::string &name) const {
    for (int i = scope; i >= 0; i = scopes[i].parent)
      if (auto it = scopes[i].registers.find(name); it != scopes[i].registers.end())
        return it->second;
    return -1;
  }
  const Symbol *findSymbol(const std::string &name) const {
    for (int i = scope; i >= 0; i = scopes[i].parent)
      if (auto it = scopes[i].symbols.find(name); it != scopes[i].symbols.end())
        return &it->second;
    return nullptr;
  }
  unsigned placeInFrame(unsigned size, unsigned align) {
    unsigned offset = (function->frameBytes + align - 1) / align * align;
    function->frameBytes = offset + size;
    return offset;
  }
  Function *functionNamed(const std::string &name) {
    for (auto &candidate : module->functions)
      if (candidate->name == name)
        return candidate.get();
    module->functions.push_back(std::make_unique<Function>());
    module->functions.back()->name = name;
    return module->functions.back().get();
  }

  std::string text;
  size_t pos = 0;
  size_t countedTo = 0;
  unsigned countedLines = 0;
  std::string &error;
  std::unique_ptr<Module> module;
  Function *function = nullptr;
  /// scopes[0] is the module's; `scope` is the innermost open one.
  std::vector<Scope> scopes{{-1, {}, {}, {}}};
  int scope = 0;
  std::vector<Fixup> fixups;
  std::map<std::string, std::vector<std::string>> branchTables;
  std::vector<std::pair<Function *, unsigned>> called;
};

std::unique_ptr<Module> Parser::parse() {
  if (!layOutShared())
    return nullptr;
  for (skipSpace(); pos < text.size(); skipSpace())
    if (!parseTopLevel())
      return nullptr;
  for (auto [callee, line] : called)
    if (!callee->isDefined) {
      fail("function '" + callee->name + "' has no body", line);
      return nullptr;
    }
  return std::move(module);
}

bool Parser::parseDeclaration(const std::string &source, unsigned line, Declaration &out) {
  std::string head = source;
  if (size_t equals = head.find('='); equals != std::string::npos) {
    out.initialiser = trim(head.substr(equals + 1));
    head = head.substr(0, equals);
  }
  uint64_t count = 1;
  if (size_t bracket = head.find('['); bracket != std::string::npos) {
    for (size_t at = bracket; at != std::string::npos; at = head.find('[', at + 1)) {
      uint64_t extent = strtoull(head.c_str() + at + 1, nullptr, 0);
      out.unsized |= extent == 0;
      count *= extent;
    }
    head = head.substr(0, bracket);
  }
  std::istringstream words(head);
  bool pointee = false;
  for (std::string word; words >> word;) {
    if (word == ".ptr") {
      pointee = true;
    } else if (word == ".align") {
      unsigned align = 0;
      words >> align;
      if (!pointee)
        out.align = align;
    } else if (word[0] != '.') {
      out.name = word;
    } else if (out.type == Type::None) {
      parseType(word.substr(1), out.type);
    }
  }
  if (out.name.empty() || out.type == Type::None)
    return fail("cannot read the declaration '" + source + "'", line);
  unsigned bytes = std::max(1u, bitWidth(out.type) / 8);
  out.size = count * bytes;
  out.align = std::max(out.align, bytes);
  return true;
}

// Static shared variables may be declared inside any function, and the dynamic ones begin behind
// all of them: so they are placed before anything refers to them.
bool Parser::layOutShared() {
  std::vector<Declaration> dynamic;
  unsigned end = SharedBase;
  for (size_t at = 0; (at = text.find(".shared", at)) != std::string::npos; at += 7) {
    size_t next = text.find_first_not_of(" \t", at + 7);
    size_t before = text.find_last_not_of(" \t", at ? at - 1 : 0);
    bool ofParameter = before != std::string::npos && before >= 3 && before < at &&
                       text.compare(before - 3, 4, ".ptr") == 0;
    if (next == at + 7 || next == std::string::npos || text[next] != '.' || ofParameter)
      continue;
    Declaration declaration;
    unsigned line = lineAt(at);
    if (!parseDeclaration(text.substr(at + 7, text.find(';', at) - at - 7), line, declaration))
      return false;
    if (!declaration.initialiser.empty())
      return fail("shared variables have no initialiser", line);
    if (declaration.unsized) {
      dynamic.push_back(declaration);
      continue;
    }
    end = (end + declaration.align - 1) / declaration.align * declaration.align;
    scopes[0].symbols[declaration.name] = {Symbol::Address, end};
    end += declaration.size;
  }
  for (const Declaration &declaration : dynamic)
    end = (end + declaration.align - 1) / declaration.align * declaration.align;
  for (const Declaration &declaration : dynamic)
    scopes[0].symbols[declaration.name] = {Symbol::Address, end};
  module->staticShared = end - SharedBase;
  return true;
}

bool Parser::parseTopLevel() {
  unsigned line = lineAt(pos);
  auto lineDirective = [&](const char *name) { return text.compare(pos, strlen(name), name) == 0; };
  if (lineDirective(".version") || lineDirective(".target") || lineDirective(".address_size") ||
      lineDirective(".file")) {
    size_t end = std::min(text.find('\n', pos), text.size());
    if (lineDirective(".target"))
      module->target = trim(text.substr(pos + 7, end - pos - 7));
    pos = end;
    return true;
  }
  if (lineDirective(".section")) {
    pos = std::min(text.find('}', pos), text.size() - 1) + 1;
    return true;
  }
  size_t end = text.find_first_of("{;=", pos);
  if (end != std::string::npos && text[end] == '=')
    end = text.find(';', end);
  if (end == std::string::npos)
    return fail("unexpected end of the text", line);
  std::string header = trim(text.substr(pos, end - pos));
  bool hasBody = text[end] == '{';
  pos = end + 1;
  if (header.find(".entry ") != std::string::npos || header.find(".func ") != std::string::npos)
    return parseFunction(header, line, hasBody);
  if (header.find(".shared ") != std::string::npos)
    return true;
  return parseGlobal(header, line);
}

bool Parser::parseGlobal(const std::string &header, unsigned line) {
  bool constant = header.find(".const ") != std::string::npos;
  if (!constant && header.find(".global ") == std::string::npos)
    return fail("unknown directive '" + header.substr(0, header.find_first_of(" \t\n")) + "'",
                line);
  Declaration declaration;
  if (!parseDeclaration(header, line, declaration))
    return false;
  if (header.find(".extern") != std::string::npos || declaration.unsized)
    return fail("external variable '" + declaration.name + "'", line);

  Module::Global global{declaration.name, nullptr, nullptr, declaration.size, constant};
  unsigned align = std::max(16u, declaration.align);
  global.storage = std::make_unique<uint8_t[]>(declaration.size + align);
  uintptr_t address = reinterpret_cast<uintptr_t>(global.storage.get());
  global.data = global.storage.get() + (align - address % align) % align;
  std::string list = declaration.initialiser;
  list.erase(std::remove_if(list.begin(), list.end(), [](char c) { return c == '{' || c == '}'; }),
             list.end());
  unsigned bytes = bitWidth(declaration.type) / 8, offset = 0;
  for (const std::string &item : splitOperands(list)) {
    uint64_t value;
    if (!parseLiteral(item, value))
      return fail("cannot initialise '" + declaration.name + "' with '" + item + "'", line);
    if (offset + bytes > declaration.size)
      return fail("too many initialisers of '" + declaration.name + "'", line);
    memcpy(global.data + offset, &value, bytes);
    offset += bytes;
  }
  scopes[0].symbols[declaration.name] = {Symbol::Address, reinterpret_cast<uint64_t>(global.data)};
  module->globals.push_back(std::move(global));
  return true;
}

bool Parser::parseVariables(const std::string &list, unsigned line, std::vector<Variable> &out) {
  out.clear();
  for (const std::string &item : splitOperands(list)) {
    Declaration declaration;
    if (!parseDeclaration(item, line, declaration))
      return false;
    Variable variable{declaration.name, declaration.size, 0};
    if (function->isEntry) {
      variable.offset =
          (function->paramBytes + declaration.align - 1) / declaration.align * declaration.align;
      function->paramBytes = variable.offset + declaration.size;
      scopes[scope].symbols[variable.name] = {Symbol::Address, variable.offset};
    } else {
      variable.offset = placeInFrame(declaration.size, declaration.align);
      scopes[scope].symbols[variable.name] = {Symbol::Frame, variable.offset};
    }
    out.push_back(variable);
  }
  return true;
}

bool Parser::parseFunction(const std::string &header, unsigned line, bool hasBody) {
  bool isEntry = header.find(".entry ") != std::string::npos;
  std::string rest =
      trim(header.substr(isEntry ? header.find(".entry ") + 7 : header.find(".func ") + 6));
  std::string returns, params;
  if (rest[0] == '(') {
    size_t close = rest.find(')');
    returns = rest.substr(1, close - 1);
    rest = trim(rest.substr(close + 1));
  }
  size_t nameEnd = std::min(rest.find_first_of(" \t\r\n("), rest.size());
  std::string name = rest.substr(0, nameEnd);
  rest = trim(rest.substr(nameEnd));
  if (!rest.empty() && rest[0] == '(') {
    size_t close = rest.find(')');
    params = rest.substr(1, close - 1);
    rest = rest.substr(close + 1);
  }
  function = functionNamed(name);
  function->isEntry = isEntry;
  if (!hasBody)
    return true;
  if (function->isDefined)
    return fail("function '" + name + "' is defined twice", line);
  function->isDefined = true;
  scopes.push_back({0, {}, {}, {}});
  scope = scopes.size() - 1;
  std::replace(rest.begin(), rest.end(), ',', ' ');
  std::istringstream words(rest);
  for (std::string word; words >> word;) {
    if (word == ".reqntid" || word == ".maxntid" || word == ".reqnctapercluster") {
      unsigned total = 1, extent;
      while (words >> extent)
        total *= extent;
      words.clear();
      (word == ".reqntid"   ? function->requiredThreads
       : word == ".maxntid" ? function->maxThreads
                            : function->clusterSize) = total;
    } else if (word == ".minnctapersm" || word == ".maxnreg" || word == ".maxclusterrank") {
      unsigned ignored;
      words >> (word == ".minnctapersm" ? function->minCtas
                : word == ".maxnreg"    ? function->maxRegisters
                                        : ignored);
    } else if (word != ".explicitcluster" && word != ".noreturn") {
      return fail("unknown directive '" + word + "'", line);
    }
  }
  return parseVariables(returns, line, function->returns) &&
         parseVariables(params, line, function->params) && parseBody();
}

bool Parser::parseBody() {
  int outermost = scope;
  fixups.clear();
  branchTables.clear();
  while (true) {
    skipSpace();
    if (pos >= text.size())
      return fail("function '" + function->name + "' has no end", lineAt(text.size()));
    unsigned line = lineAt(pos);
    if (text[pos] == '{') {
      scopes.push_back({scope, {}, {}, {}});
      scope = scopes.size() - 1;
      ++pos;
      continue;
    }
    if (text[pos] == '}') {
      ++pos;
      bool done = scope == outermost;
      scope = scopes[scope].parent;
      if (done)
        break;
      continue;
    }
    if (text.compare(pos, 5, ".loc ") == 0 || text.compare(pos, 5, ".loc\t") == 0) {
      pos = std::min(text.find('\n', pos), text.size());
      continue;
    }
    size_t nameEnd = pos;
    while (nameEnd < text.size() && isNameChar(text[nameEnd]))
      ++nameEnd;
    if (nameEnd > pos && text[nameEnd] == ':' && text[nameEnd + 1] != ':') {
      std::string label = text.substr(pos, nameEnd - pos);
      pos = nameEnd + 1;
      skipSpace();
      const std::string directive = ".branchtargets";
      if (text.compare(pos, directive.size(), directive) == 0) {
        size_t end = std::min(text.find(';', pos), text.size());
        pos += directive.size();
        branchTables[label] = splitOperands(text.substr(pos, end - pos));
        pos = end + 1;
      } else {
        scopes[scope].labels[label] = function->code.size();
      }
      continue;
    }
    size_t end = text.find(';', pos);
    if (end == std::string::npos)
      return fail("statement without ';'", line);
    std::string statement = trim(text.substr(pos, end - pos));
    pos = end + 1;
    if (!statement.empty() && !parseStatement(statement, line))
      return false;
  }
  if (!resolveLabels())
    return false;
  computeReconvergence(*function);
  return true;
}

bool Parser::parseStatement(const std::string &statement, unsigned line) {
  if (statement[0] != '.')
    return parseInstruction(statement, line);
  std::string word = statement.substr(0, statement.find_first_of(" \t"));
  if (word == ".reg")
    return parseRegisters(statement, line);
  if (word == ".local" || word == ".param")
    return parseFrameVariable(statement, line);
  if (word == ".shared" || word == ".pragma")
    return true;
  return fail("unknown directive '" + word + "'", line);
}

bool Parser::parseRegisters(const std::string &statement, unsigned line) {
  std::istringstream words(statement);
  std::string word, typeName, rest;
  words >> word >> typeName;
  std::getline(words, rest, '\0');
  Type type;
  if (typeName.empty() || !parseType(typeName.substr(1), type))
    return fail("registers of unknown type '" + typeName + "'", line);
  auto add = [&](const std::string &name) {
    scopes[scope].registers[name] = function->registerBits.size();
    function->registerBits.push_back(bitWidth(type));
    function->registerNames.push_back(name);
  };
  for (const std::string &item : splitOperands(rest)) {
    size_t angle = item.find('<');
    if (angle == std::string::npos) {
      add(item);
      continue;
    }
    unsigned count = strtoul(item.c_str() + angle + 1, nullptr, 10);
    for (unsigned i = 0; i < count; ++i)
      add(item.substr(0, angle) + std::to_string(i));
  }
  return true;
}

bool Parser::parseFrameVariable(const std::string &statement, unsigned line) {
  Declaration declaration;
  if (!parseDeclaration(statement, line, declaration))
    return false;
  scopes[scope].symbols[declaration.name] = {Symbol::Frame,
                                             placeInFrame(declaration.size, declaration.align)};
  return true;
}

bool Parser::parseAddress(const std::string &source, unsigned line, Operand &out) {
  std::string inner = trim(source.substr(1, source.size() - 2));
  std::vector<std::string> parts = splitOperands(inner);
  if (parts.size() == 2) {
    out.kind = Operand::Tensor;
    out.elements.resize(2);
    return parseAddress("[" + parts[0] + "]", line, out.elements[0]) &&
           parseOperand(parts[1], line, out.elements[1]);
  }
  out.kind = Operand::Address;
  std::string base = inner;
  if (size_t sign = inner.find_first_of("+-", 1); sign != std::string::npos) {
    base = trim(inner.substr(0, sign));
    std::string offset = trim(inner.substr(inner[sign] == '+' ? sign + 1 : sign));
    if (!parseLiteral(offset, out.value))
      return fail("cannot read the offset of '" + source + "'", line);
  }
  out.reg = findRegister(base);
  if (out.reg >= 0)
    return true;
  uint64_t literal;
  if (const Symbol *symbol = findSymbol(base)) {
    out.value += symbol->value;
    out.frameRelative = symbol->kind == Symbol::Frame;
  } else if (parseLiteral(base, literal)) {
    out.value += literal;
  } else {
    return fail("unknown name '" + base + "'", line);
  }
  return true;
}

bool Parser::parseOperand(const std::string &source, unsigned line, Operand &out) {
  if (source.empty())
    return fail("empty operand", line);
  if (source == "_") {
    out.kind = Operand::Sink;
    return true;
  }
  if (source[0] == '[')
    return parseAddress(source, line, out);
  if (source[0] == '{' || source.find('|') != std::string::npos) {
    bool vector = source[0] == '{';
    out.kind = vector ? Operand::Vector : Operand::Pair;
    std::vector<std::string> parts;
    if (vector) {
      parts = splitOperands(source.substr(1, source.size() - 2));
    } else {
      size_t bar = source.find('|');
      parts = {trim(source.substr(0, bar)), trim(source.substr(bar + 1))};
    }
    for (const std::string &part : parts) {
      out.elements.emplace_back();
      if (!parseOperand(part, line, out.elements.back()))
        return false;
    }
    return true;
  }
  bool negated = source[0] == '!';
  if ((out.reg = findRegister(source)) >= 0) {
    out.kind = Operand::Register;
    return true;
  }
  SpecialRegister special;
  if (parseSpecialRegister(source, special)) {
    out.kind = Operand::Special;
    out.value = static_cast<uint64_t>(special);
    return true;
  }
  out.kind = Operand::Immediate;
  if (const Symbol *symbol = findSymbol(source)) {
    out.value = symbol->value;
    out.frameRelative = symbol->kind == Symbol::Frame;
    return true;
  }
  // `symbol+8` as a value.
  if (size_t plus = source.find('+'); plus != std::string::npos && plus > 0) {
    const Symbol *symbol = findSymbol(trim(source.substr(0, plus)));
    if (symbol && parseLiteral(trim(source.substr(plus + 1)), out.value)) {
      out.value += symbol->value;
      out.frameRelative = symbol->kind == Symbol::Frame;
      return true;
    }
  }
  if (!negated && parseLiteral(source, out.value))
    return true;
  return fail("unknown name '" + source + "'", line);
}

/// `(results), callee, (arguments)`: the operands are the addresses of results, then arguments.
bool Parser::parseCall(const std::string &rest, Instruction &inst) {
  std::vector<std::string> parts = splitOperands(rest);
  std::vector<std::string> returns, params;
  auto list = [](const std::string &text) {
    return splitOperands(text.substr(1, text.size() - 2));
  };
  size_t at = 0;
  if (at < parts.size() && parts[at][0] == '(')
    returns = list(parts[at++]);
  if (at == parts.size())
    return fail("call without a callee", inst.line);
  std::string name = parts[at++];
  if (at < parts.size() && parts[at][0] == '(')
    params = list(parts[at++]);
  if (at != parts.size() || findRegister(name) >= 0)
    return fail("indirect call", inst.line);
  Function *callee = functionNamed(name);
  called.push_back({callee, inst.line});
  inst.callee = callee;
  for (const auto *names : {&returns, &params})
    for (const std::string &variable : *names) {
      const Symbol *symbol = findSymbol(variable);
      if (!symbol || symbol->kind != Symbol::Frame)
        return fail("unknown parameter variable '" + variable + "'", inst.line);
      Operand operand;
      operand.kind = Operand::Address;
      operand.frameRelative = true;
      operand.value = symbol->value;
      inst.operands.push_back(operand);
    }
  return true;
}

bool Parser::parseInstruction(const std::string &statement, unsigned line) {
  Instruction inst;
  inst.line = line;
  inst.text = statement.substr(0, 100);
  std::replace_if(
      inst.text.begin(), inst.text.end(), [](char c) { return c == '\t' || c == '\n'; }, ' ');
  std::string rest = statement;
  if (rest[0] == '@') {
    size_t space = std::min(rest.find_first_of(" \t"), rest.size());
    std::string guard = rest.substr(1, space - 1);
    inst.guardNegated = guard[0] == '!';
    inst.guard = findRegister(guard.substr(inst.guardNegated));
    if (inst.guard < 0)
      return fail("unknown predicate '" + guard + "'", line);
    rest = trim(rest.substr(space));
  }
  size_t space = std::min(rest.find_first_of(" \t\n"), rest.size());
  std::string message = decodeOpcode(rest.substr(0, space), inst);
  if (!message.empty())
    return fail(message, line);
  rest = trim(rest.substr(space));

  if (inst.opcode == Opcode::Call) {
    if (!parseCall(rest, inst))
      return false;
  } else {
    std::vector<std::string> parts = splitOperands(rest);
    bool branch = inst.opcode == Opcode::Bra || inst.opcode == Opcode::BrxIdx;
    if (branch) {
      if (parts.size() != (inst.opcode == Opcode::Bra ? 1u : 2u))
        return fail("cannot read the operands of '" + statement + "'", line);
      fixups.push_back({function->code.size(), parts.back(), scope, line});
      parts.pop_back();
    }
    for (const std::string &part : parts) {
      inst.operands.emplace_back();
      if (!parseOperand(part, line, inst.operands.back()))
        return false;
    }
  }
  collectRegisters(inst);
  if (std::string problem = checkOperands(inst); !problem.empty())
    return fail(problem, line);
  if (std::string problem = checkTarget(inst, module->target); !problem.empty())
    return fail(problem, line);
  function->usesWgmma |= inst.opcode == Opcode::WgmmaMmaAsync;
  function->code.push_back(std::move(inst));
  return true;
}

void collect(const Operand &operand, std::vector<int> &registers) {
  if (operand.reg >= 0)
    registers.push_back(operand.reg);
  for (const Operand &element : operand.elements)
    collect(element, registers);
}

void Parser::collectRegisters(Instruction &inst) {
  for (size_t i = 0; i < inst.operands.size(); ++i)
    collect(inst.operands[i], i == 0 && writesDestination(inst.opcode) ? inst.writes : inst.reads);
  if (inst.guard >= 0)
    inst.reads.push_back(inst.guard);
}

bool Parser::resolveLabels() {
  for (const Fixup &fixup : fixups) {
    std::vector<std::string> labels{fixup.label};
    if (function->code[fixup.instruction].opcode == Opcode::BrxIdx) {
      auto table = branchTables.find(fixup.label);
      if (table == branchTables.end())
        return fail("unknown branch table '" + fixup.label + "'", fixup.line);
      labels = table->second;
    }
    for (const std::string &label : labels) {
      int target = -1;
      for (int i = fixup.scope; i > 0 && target < 0; i = scopes[i].parent)
        if (auto it = scopes[i].labels.find(label); it != scopes[i].labels.end())
          target = it->second;
      if (target < 0)
        return fail("unknown label '" + label + "'", fixup.line);
      function->code[fixup.instruction].targets.push_back(target);
    }
  }
  return true;
}

} // namespace

std::unique_ptr<Module> Module::parse(const std::string &text, std::string &error) {
  error.clear();
  return Parser(text, error).parse();
}

} // namespace attn::ptx
