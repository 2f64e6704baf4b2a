//===- Masks.cpp - masks as predicates and as text --------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Masks.h"
#include <map>

using namespace mlir::attn;
using namespace mlir::attn::test;

// Written out once more, so that nothing is shared with what is tested.
static int64_t floorQuotient(int64_t x, int64_t y) {
  int64_t quotient = x / y;
  while (quotient * y > x)
    --quotient;
  return quotient;
}
static int64_t remainder(int64_t x, int64_t y) { return x - y * floorQuotient(x, y); }

//===----------------------------------------------------------------------===//
// Numbers and leaves
//===----------------------------------------------------------------------===//

Number test::number(int64_t value) {
  return {std::to_string(value), [=](const Sizes &) { return value; }};
}
Number test::argument(unsigned index) {
  return {index == 0 ? "%a" : "%b", [=](const Sizes &sizes) { return sizes.arguments[index]; }};
}
Number test::length() {
  return {"%n", [](const Sizes &sizes) { return sizes.length; }};
}

static MaskRef leaf(std::string text, Mask::Holds holds) {
  return std::make_shared<Mask>(Mask{std::move(text), {}, std::move(holds)});
}

MaskRef test::all() {
  return leaf("attn.all", [](int64_t, int64_t, const Sizes &) { return true; });
}
MaskRef test::causal() {
  return leaf("attn.causal", [](int64_t q, int64_t k, const Sizes &) { return k <= q; });
}
MaskRef test::window(Number before, Number after, int64_t dilation) {
  std::string text = "attn.window before " + before.text + " after " + after.text;
  if (dilation != 1)
    text += " dilation " + std::to_string(dilation);
  return leaf(text, [=](int64_t q, int64_t k, const Sizes &s) {
    return q - before.value(s) * dilation <= k && k <= q + after.value(s) * dilation &&
           remainder(q - k, dilation) == 0;
  });
}
MaskRef test::keys(Number begin, Number end) {
  return leaf(
      "attn.keys " + begin.text + " to " + end.text,
      [=](int64_t, int64_t k, const Sizes &s) { return begin.value(s) <= k && k < end.value(s); });
}
MaskRef test::queries(Number begin, Number end) {
  return leaf(
      "attn.queries " + begin.text + " to " + end.text,
      [=](int64_t q, int64_t, const Sizes &s) { return begin.value(s) <= q && q < end.value(s); });
}
MaskRef test::block(int64_t size, Number shift, Number before, Number after) {
  return leaf("attn.block " + std::to_string(size) + " shift " + shift.text + " before " +
                  before.text + " after " + after.text,
              [=](int64_t q, int64_t k, const Sizes &s) {
                int64_t own = floorQuotient(q - shift.value(s), size);
                int64_t other = floorQuotient(k - shift.value(s), size);
                return own - before.value(s) <= other && other <= own + after.value(s);
              });
}
MaskRef test::block(int64_t size) {
  return leaf("attn.block " + std::to_string(size), [=](int64_t q, int64_t k, const Sizes &) {
    return floorQuotient(q, size) == floorQuotient(k, size);
  });
}
MaskRef test::chunk(int64_t size) {
  return leaf("attn.chunk " + std::to_string(size), [=](int64_t q, int64_t k, const Sizes &) {
    return k <= q && floorQuotient(q, size) == floorQuotient(k, size);
  });
}
MaskRef test::prefix(Number length) {
  return leaf("attn.prefix " + length.text,
              [=](int64_t q, int64_t k, const Sizes &s) { return k <= q || k < length.value(s); });
}

//===----------------------------------------------------------------------===//
// Combinators
//===----------------------------------------------------------------------===//

MaskRef test::intersectOf(std::vector<MaskRef> masks) {
  auto holds = [masks](int64_t q, int64_t k, const Sizes &s) {
    for (const MaskRef &mask : masks)
      if (!mask->holds(q, k, s))
        return false;
    return true;
  };
  return std::make_shared<Mask>(Mask{"attn.intersect", masks, holds});
}
MaskRef test::unionOf(std::vector<MaskRef> masks) {
  auto holds = [masks](int64_t q, int64_t k, const Sizes &s) {
    for (const MaskRef &mask : masks)
      if (mask->holds(q, k, s))
        return true;
    return false;
  };
  return std::make_shared<Mask>(Mask{"attn.union", masks, holds});
}
MaskRef test::difference(MaskRef lhs, MaskRef rhs) {
  return std::make_shared<Mask>(
      Mask{"attn.difference", {lhs, rhs}, [=](int64_t q, int64_t k, const Sizes &s) {
             return lhs->holds(q, k, s) && !rhs->holds(q, k, s);
           }});
}
MaskRef test::complement(MaskRef mask) {
  return std::make_shared<Mask>(
      Mask{"attn.complement", {mask}, [=](int64_t q, int64_t k, const Sizes &s) {
             return !mask->holds(q, k, s);
           }});
}

//===----------------------------------------------------------------------===//
// Integer sets
//===----------------------------------------------------------------------===//

Affine test::variable(const char *name) {
  return {name, [which = name[0]](int64_t q, int64_t k, const Sizes &s) {
            switch (which) {
            case 'q':
              return q;
            case 'k':
              return k;
            case 'n':
              return s.length;
            default:
              return s.arguments[which - 'a'];
            }
          }};
}
Affine test::constant(int64_t value) {
  return {std::to_string(value), [=](int64_t, int64_t, const Sizes &) { return value; }};
}
Affine test::operator+(Affine lhs, Affine rhs) {
  return {"(" + lhs.text + " + " + rhs.text + ")", [=](int64_t q, int64_t k, const Sizes &s) {
            return lhs.value(q, k, s) + rhs.value(q, k, s);
          }};
}
Affine test::operator-(Affine lhs, Affine rhs) {
  return {"(" + lhs.text + " - " + rhs.text + ")", [=](int64_t q, int64_t k, const Sizes &s) {
            return lhs.value(q, k, s) - rhs.value(q, k, s);
          }};
}
Affine test::operator*(int64_t factor, Affine expr) {
  return {"(" + std::to_string(factor) + " * " + expr.text + ")",
          [=](int64_t q, int64_t k, const Sizes &s) { return factor * expr.value(q, k, s); }};
}
static Affine quotient(const char *word, Affine expr, int64_t divisor,
                       int64_t (*apply)(int64_t, int64_t)) {
  return {
      "(" + expr.text + " " + word + " " + std::to_string(divisor) + ")",
      [=](int64_t q, int64_t k, const Sizes &s) { return apply(expr.value(q, k, s), divisor); }};
}
Affine test::floorDivOf(Affine expr, int64_t divisor) {
  return quotient("floordiv", expr, divisor, floorQuotient);
}
Affine test::ceilDivOf(Affine expr, int64_t divisor) {
  return quotient("ceildiv", expr, divisor,
                  [](int64_t x, int64_t y) { return -floorQuotient(-x, y); });
}
Affine test::modOf(Affine expr, int64_t divisor) {
  return quotient("mod", expr, divisor, remainder);
}

MaskRef test::where(std::vector<Constraint> constraints) {
  std::string text = "attn.where affine_set<(q, k)[a, b, n] : (";
  for (size_t i = 0; i != constraints.size(); ++i)
    text += (i ? ", " : "") + constraints[i].expr.text +
            (constraints[i].isEquality ? " == 0" : " >= 0");
  return leaf(text + ")>[%a, %b, %n]", [=](int64_t q, int64_t k, const Sizes &s) {
    for (const Constraint &constraint : constraints) {
      int64_t value = constraint.expr.value(q, k, s);
      if (constraint.isEquality ? value != 0 : value < 0)
        return false;
    }
    return true;
  });
}

//===----------------------------------------------------------------------===//
// Text
//===----------------------------------------------------------------------===//

static std::string emit(const MaskRef &mask, std::map<const Mask *, std::string> &names,
                        std::string &body) {
  auto it = names.find(mask.get());
  if (it != names.end())
    return it->second;
  std::string operands;
  for (const MaskRef &operand : mask->operands)
    operands += (operands.empty() ? " " : ", ") + emit(operand, names, body);
  std::string name = "%m" + std::to_string(names.size());
  body += "  " + name + " = " + mask->text + operands + "\n";
  return names[mask.get()] = name;
}

std::string test::patternText(const MaskRef &mask) {
  std::map<const Mask *, std::string> names;
  std::string body, result = emit(mask, names, body);
  return "attn.pattern @p(%a: index, %b: index) {\n  %n = attn.length\n" + body + "  attn.yield " +
         result + "\n}\n";
}

//===----------------------------------------------------------------------===//
// Random masks
//===----------------------------------------------------------------------===//

static Number randomNumber(Random &random, int64_t least, int64_t most) {
  switch (random.between(0, 5)) {
  case 0:
    return argument(0);
  case 1:
    return argument(1);
  case 2:
    return random.chance(3) ? length() : number(random.between(least, most));
  default:
    return number(random.between(least, most));
  }
}

static int64_t randomDivisor(Random &random) {
  static const int64_t divisors[] = {1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 20, 33};
  return divisors[random.between(0, 11)];
}

/// Any affine expression, mostly outside the language of bands.
static Affine randomAffine(Random &random, int depth) {
  if (depth == 0) {
    static const char *const names[] = {"q", "q", "q", "k", "k", "k", "a", "b", "n"};
    int64_t choice = random.between(0, 10);
    return choice > 8 ? constant(random.between(-9, 20)) : variable(names[choice]);
  }
  Affine expr = randomAffine(random, depth - 1);
  switch (random.between(0, 6)) {
  case 0:
    return expr + randomAffine(random, depth - 1);
  case 1:
  case 2:
    return expr - randomAffine(random, depth - 1);
  case 3:
    return random.between(-3, 3) * expr;
  case 4:
    return floorDivOf(expr, randomDivisor(random));
  case 5:
    return ceilDivOf(expr, randomDivisor(random));
  default:
    return modOf(expr, randomDivisor(random));
  }
}

/// A constraint of the kinds that patterns use.
static Constraint randomConstraint(Random &random) {
  Affine q = variable("q"), k = variable("k");
  int64_t d = randomDivisor(random);
  auto c = [&](int64_t least, int64_t most) { return constant(random.between(least, most)); };
  bool isEquality = random.chance(3);
  switch (random.between(0, 18)) {
  case 0:
    return {q - k + c(-4, 20), false};
  case 1:
    return {k - q + c(-4, 20), isEquality};
  case 2:
    return {floorDivOf(q, d) - floorDivOf(k, d) + c(0, 2), isEquality};
  case 3:
    return {floorDivOf(k + c(-3, 3), d) - floorDivOf(q + c(-3, 3), d) + c(0, 2), isEquality};
  case 4:
    return {modOf(q - k, d) - c(0, d - 1), isEquality};
  case 5:
    return {modOf(k + c(-9, 9), d) - c(0, d - 1), isEquality};
  case 6:
    return {c(0, d - 1) - modOf(random.chance(2) ? k - q + c(-3, 3) : q, d), isEquality};
  case 7:
    return {k - c(-10, 40), false};
  case 8:
    return {c(-10, 40) - q, isEquality};
  case 9:
    return {variable("n") - k - variable("a"), isEquality};
  case 10:
    return {2 * q - 3 * k + c(0, 30), isEquality};
  case 11:
    return {3 * k - q + c(0, 30) - variable("b"), isEquality};
  case 12:
    return {floorDivOf(q, d) - k + c(0, 20), isEquality};
  case 13:
    return {floorDivOf(k - q + c(-3, 3), d) + c(-2, 2), isEquality};
  case 14:
    return {modOf(floorDivOf(random.chance(2) ? k - q : k, d), random.between(2, 4)) - c(0, 1),
            isEquality};
  default:
    return {randomAffine(random, 3), isEquality};
  }
}

static MaskRef randomLeaf(Random &random) {
  switch (random.between(0, 11)) {
  case 0:
    return random.chance(4) ? all() : causal();
  case 1:
  case 2:
    return window(randomNumber(random, -2, 12), randomNumber(random, -2, 8),
                  random.chance(3) ? random.between(2, 5) : 1);
  case 3:
    return keys(randomNumber(random, -5, 20), randomNumber(random, 0, 40));
  case 4:
    return queries(randomNumber(random, -5, 20), randomNumber(random, 0, 40));
  case 5:
  case 6:
    return block(random.between(1, 12), randomNumber(random, -5, 5), randomNumber(random, -1, 2),
                 randomNumber(random, -1, 2));
  case 7:
    return chunk(random.between(1, 16));
  case 8:
    return prefix(randomNumber(random, 0, 30));
  default: {
    std::vector<Constraint> constraints;
    for (int64_t i = random.between(1, 3); i != 0; --i)
      constraints.push_back(randomConstraint(random));
    return where(std::move(constraints));
  }
  }
}

MaskRef test::randomMask(Random &random, int depth) {
  if (depth == 0 || random.chance(5))
    return randomLeaf(random);
  switch (random.between(0, 5)) {
  case 0:
    return difference(randomMask(random, depth - 1), randomMask(random, depth - 1));
  case 1:
    return complement(randomMask(random, depth - 1));
  case 2:
  case 3:
    return unionOf({randomMask(random, depth - 1), randomMask(random, depth - 1)});
  default:
    return intersectOf({randomMask(random, depth - 1), randomMask(random, depth - 1)});
  }
}

Sizes test::randomSizes(Random &random, int64_t most) {
  Sizes sizes = Sizes::aligned(random.between(0, most), random.between(0, most),
                               {random.between(-4, most), random.between(-2, 9)},
                               random.chance(2) ? 0 : random.between(-20, 20));
  if (random.chance(2))
    sizes.offset = random.between(-25, 25);
  if (random.chance(4))
    sizes.length += random.between(-9, 9);
  return sizes;
}
