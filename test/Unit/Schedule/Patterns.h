//===- Patterns.h - patterns to schedule and to prove -----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_TEST_UNIT_SCHEDULE_PATTERNS_H
#define ATTN_TEST_UNIT_SCHEDULE_PATTERNS_H

#include "Bands/Random.h"
#include "attn/IR/AttnOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"

namespace mlir::attn::test {

/// The text of a pattern `@p`, and values for its arguments.
struct PatternCase {
  std::string text;
  SmallVector<int64_t> arguments;
};

inline std::vector<PatternCase> publishedPatterns() {
  auto pattern = [](StringRef arguments, StringRef body) {
    return ("attn.pattern @p" + arguments + " {\n" + body + "  attn.yield %m\n}\n").str();
  };
  return {
      {pattern("", "%m = attn.all\n"), {}},
      {pattern("", "%m = attn.causal\n"), {}},
      {pattern("(%w: index)", "%m = attn.window before %w after 0\n"), {9}},
      {pattern("(%w: index)", "%m = attn.window before %w after %w\n"), {5}},
      {pattern("", "%m = attn.window before 10 after -3\n"), {}},
      {pattern("(%w: index)", "%m = attn.window before %w after %w dilation 3\n"), {4}},
      {pattern("(%a: index, %b: index)", "%m = attn.keys %a to %b\n"), {3, 11}},
      {pattern("(%a: index, %b: index)", "%m = attn.queries %a to %b\n"), {7, 19}},
      {pattern("", "%m = attn.block 6\n"), {}},
      {pattern("(%s: index)", "%m = attn.block 5 shift %s before 1 after 2\n"), {3}},
      {pattern("", "%m = attn.chunk 12\n"), {}},
      {pattern("(%p: index)", "%m = attn.prefix %p\n"), {13}},
      {pattern("(%w: index, %g: index)", "%near = attn.window before %w after %w\n"
                                         "%cols = attn.keys 0 to %g\n"
                                         "%rows = attn.queries 0 to %g\n"
                                         "%m = attn.union %near, %cols, %rows\n"),
       {4, 3}},
      {pattern("(%w: index, %s: index)", "%near = attn.window before %w after 0\n"
                                         "%sinks = attn.keys 0 to %s\n"
                                         "%past = attn.causal\n"
                                         "%old = attn.intersect %past, %sinks\n"
                                         "%m = attn.union %near, %old\n"),
       {6, 2}},
      {pattern("", "%n = attn.length\n"
                   "%near = attn.block 4 before 1 after 1\n"
                   "%cols = attn.keys 0 to 4\n"
                   "%rows = attn.queries 0 to 4\n"
                   "%lastc = attn.where affine_set<(q, k)[n] : (k floordiv 4 - (n - 1) floordiv 4 "
                   "== 0)>[%n]\n"
                   "%lastr = attn.where affine_set<(q, k)[n] : (q floordiv 4 - (n - 1) floordiv 4 "
                   "== 0)>[%n]\n"
                   "%m = attn.union %near, %cols, %rows, %lastc, %lastr\n"),
       {}},
      {pattern("", "%past = attn.causal\n"
                   "%near = attn.window before 7 after 0\n"
                   "%col = attn.where affine_set<(q, k) : ((q - k) mod 8 == 0)>\n"
                   "%far = attn.intersect %past, %col\n"
                   "%m = attn.union %near, %far\n"),
       {}},
      {pattern("", "%past = attn.causal\n"
                   "%own = attn.block 16\n"
                   "%summary = attn.where affine_set<(q, k) : (k mod 16 - 12 >= 0)>\n"
                   "%any = attn.union %own, %summary\n"
                   "%m = attn.intersect %past, %any\n"),
       {}},
      {pattern("", "%segment = attn.block 24\n"
                   "%lane = attn.where affine_set<(q, k) : (q mod 4 - 1 == 0, k mod 4 - 1 == 0)>\n"
                   "%m = attn.intersect %segment, %lane\n"),
       {}},
      {pattern("", "%past = attn.causal\n%own = attn.block 6\n"
                   "%m = attn.difference %past, %own\n"),
       {}},
      {pattern("", "%lag = attn.where affine_set<(q, k) : (q - 4 * k - 7 >= 0)>\n"
                   "%m = attn.union %lag\n"),
       {}},
      // Outside the band language: a fallback.
      {pattern("", "%m = attn.where affine_set<(q, k) : (q + k - 30 >= 0)>\n"), {}},
  };
}

/// A random pattern: up to three unions of intersections of leaves, sometimes less another mask.
inline PatternCase randomPattern(Random &random) {
  PatternCase result;
  std::string arguments, body;
  unsigned next = 0;
  auto number = [&](int64_t least, int64_t most) {
    int64_t value = random.between(least, most);
    if (!random.chance(4))
      return std::to_string(value);
    std::string name = "%a" + std::to_string(result.arguments.size());
    arguments += (arguments.empty() ? "" : ", ") + name + ": index";
    result.arguments.push_back(value);
    return name;
  };
  auto literal = [&](int64_t least, int64_t most) {
    return std::to_string(random.between(least, most));
  };
  auto emit = [&](const std::string &text) {
    std::string name = "%m" + std::to_string(next++);
    body += "  " + name + " = attn." + text + "\n";
    return name;
  };
  auto leaf = [&]() {
    switch (random.between(0, 10)) {
    case 0:
      return emit("causal");
    case 1:
      return emit("window before " + number(-3, 20) + " after " + number(-3, 12));
    case 2:
      return emit("window before " + number(0, 6) + " after " + number(0, 4) + " dilation " +
                  literal(2, 7));
    case 3:
      return emit("keys " + number(-5, 20) + " to " + number(5, 40));
    case 4:
      return emit("queries " + number(-5, 20) + " to " + number(5, 40));
    case 5:
      return emit("block " + literal(1, 13) + " shift " + number(-4, 9) + " before " +
                  number(0, 2) + " after " + number(-1, 2));
    case 6:
      return emit("chunk " + literal(2, 17));
    case 7:
      return emit("prefix " + number(0, 20));
    case 8:
      return emit("where affine_set<(q, k) : ((q - k) mod " + literal(5, 9) + " - " +
                  literal(0, 4) + (random.chance(2) ? " == 0)>" : " >= 0)>"));
    case 9:
      return emit("where affine_set<(q, k) : (" + std::string(random.chance(2) ? "k" : "q") +
                  " mod " + literal(5, 11) + " - " + literal(0, 4) +
                  (random.chance(2) ? " == 0)>" : " >= 0)>"));
    default:
      return emit("where affine_set<(q, k) : (" + literal(1, 3) + " * q - " + literal(1, 3) +
                  " * k + " + literal(0, 30) + " >= 0)>");
    }
  };
  auto conjunction = [&]() {
    std::string mask = leaf();
    for (int64_t i = random.between(0, 2); i > 0; --i) {
      std::string other = leaf();
      mask = emit("intersect " + mask + ", " + other);
    }
    return mask;
  };
  std::string mask = conjunction();
  for (int64_t i = random.between(0, 2); i > 0; --i) {
    std::string other = conjunction();
    mask = emit("union " + mask + ", " + other);
  }
  if (random.chance(4)) {
    std::string other = conjunction();
    mask = emit("difference " + mask + ", " + other);
  }
  result.text = "attn.pattern @p" + (arguments.empty() ? "" : "(" + arguments + ")") + " {\n" +
                body + "  attn.yield " + mask + "\n}\n";
  return result;
}

/// A context and the parsed pattern `@p`, without diagnostics on the terminal.
class ParsedPattern {
public:
  explicit ParsedPattern(const std::string &text) : handler(&context, [](Diagnostic &) {}) {
    context.loadDialect<AttnDialect, arith::ArithDialect>();
    module = parseSourceString<ModuleOp>(text, ParserConfig(&context));
  }
  PatternOp pattern() { return *module->getOps<PatternOp>().begin(); }

  MLIRContext context{MLIRContext::Threading::DISABLED};
  ScopedDiagnosticHandler handler;
  OwningOpRef<ModuleOp> module;
};

} // namespace mlir::attn::test

#endif // ATTN_TEST_UNIT_SCHEDULE_PATTERNS_H
