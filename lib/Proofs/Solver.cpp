//===- Solver.cpp - is there an integer point in a formula? ---------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attn/Proofs/Solver.h"
#include "mlir/Analysis/Presburger/IntegerRelation.h"
#include "mlir/Analysis/Presburger/Simplex.h"
#include "llvm/ADT/STLExtras.h"
#include <map>
#include <numeric>

using namespace mlir;
using namespace mlir::attn;
using presburger::IntegerPolyhedron;
using presburger::PresburgerSpace;
using presburger::Simplex;

namespace {

/// `sum of coefficient * variable + constant`, sorted by variable, no zero coefficient.
struct Linear {
  std::map<unsigned, int64_t> terms;
  int64_t constant = 0;

  void add(const Linear &other, int64_t factor) {
    constant += factor * other.constant;
    for (auto [variable, coefficient] : other.terms)
      if ((terms[variable] += factor * coefficient) == 0)
        terms.erase(variable);
  }
  bool operator<(const Linear &other) const {
    return std::tie(constant, terms) < std::tie(other.constant, other.terms);
  }
};

/// A formula whose constraints are linear in the variables and the divisions.
struct Node {
  enum class Kind { GreaterEqual, Equal, And, Or } kind;
  Linear linear;
  std::vector<const Node *> operands;
};

/// The search described in Solver.h.
class Search {
public:
  Search(unsigned numDims, unsigned numSymbols, const Limits &limits)
      : numDims(numDims), numInputs(numDims + numSymbols), limits(limits) {}

  Verdict run(const Formula &formula);

private:
  enum class Outcome { Empty, Found, GaveUp };
  /// A disjunction that still has to hold, with the alternatives not yet refuted.
  using Clause = SmallVector<const Node *, 4>;
  using Clauses = SmallVector<Clause, 8>;

  // Building.
  const Node *build(const Formula &formula);
  bool linearize(AffineExpr expr, Linear &result);
  unsigned division(Linear numerator, int64_t divisor);
  /// The two rows that define division `index`: `0 <= numerator - divisor * variable < divisor`.
  std::pair<Linear, Linear> definition(unsigned index) const;

  // Searching.
  Outcome search(Clauses clauses);
  bool propagate(Clauses &clauses);
  std::optional<Clause> takeClause(Clauses &clauses);
  bool assertNode(const Node *node, Clauses &clauses);
  bool assertNegation(const Node *node);
  bool holdsAtSample(const Node *node);
  bool isPossible(const Node *node);
  bool isImplied(const Node *node);
  SmallVector<presburger::Fraction, 8> &getSample();
  Outcome findIntegerPoint(unsigned depth = 0);
  bool takeIntegralSample();
  bool addCuts();
  std::optional<Outcome> sampleExactly();
  void addInequality(Linear linear);
  void rollback(unsigned snapshot, size_t numRows);
  /// To be asked once a step.
  bool outOfTime() {
    return gaveUp || ++steps > limits.maxSteps ||
           std::chrono::steady_clock::now() >= limits.deadline;
  }
  Outcome giveUp(StringRef why) {
    if (!gaveUp)
      reason = why.str();
    gaveUp = true;
    return Outcome::GaveUp;
  }

  SmallVector<llvm::DynamicAPInt> row(const Linear &linear, int64_t sign = 1);

  unsigned numDims, numInputs;
  Limits limits;

  struct Division {
    Linear numerator;
    int64_t divisor;
  };
  std::vector<Division> divisions;
  std::map<std::pair<Linear, int64_t>, unsigned> divisionOf;
  std::vector<std::unique_ptr<Node>> nodes;

  std::optional<Simplex> simplex;
  /// The constraints in the tableau besides the definitions of the divisions, and whether each is
  /// an equality: the integer search needs them, the tableau does not give them back.
  std::vector<std::pair<Linear, bool>> rows;

  std::optional<SmallVector<presburger::Fraction, 8>> sample;
  unsigned branches = 0, steps = 0;
  bool gaveUp = false;
  std::string reason;
  Point point;
};

} // namespace

static bool isIntegral(const presburger::Fraction &value) {
  return presburger::floor(value) == value;
}

//===----------------------------------------------------------------------===//
// Building
//===----------------------------------------------------------------------===//

/// The variable of `numerator floordiv divisor`; equal divisions share one.
unsigned Search::division(Linear numerator, int64_t divisor) {
  auto [it, isNew] = divisionOf.try_emplace({numerator, divisor}, numInputs + divisions.size());
  if (isNew)
    divisions.push_back({std::move(numerator), divisor});
  return it->second;
}

/// Fails on semi-affine expressions and on coefficients that might overflow later.
bool Search::linearize(AffineExpr expr, Linear &result) {
  constexpr int64_t maxCoefficient = int64_t(1) << 50;
  switch (expr.getKind()) {
  case AffineExprKind::Constant:
    result.constant = cast<AffineConstantExpr>(expr).getValue();
    return std::abs(result.constant) <= maxCoefficient;
  case AffineExprKind::DimId:
    result.terms[cast<AffineDimExpr>(expr).getPosition()] = 1;
    return true;
  case AffineExprKind::SymbolId:
    result.terms[numDims + cast<AffineSymbolExpr>(expr).getPosition()] = 1;
    return true;
  default:
    break;
  }
  auto binary = cast<AffineBinaryOpExpr>(expr);
  Linear rhs;
  if (!linearize(binary.getLHS(), result) || !linearize(binary.getRHS(), rhs))
    return false;
  if (expr.getKind() == AffineExprKind::Add) {
    result.add(rhs, 1);
    return std::abs(result.constant) <= maxCoefficient;
  }
  if (!rhs.terms.empty())
    return false;
  int64_t constant = rhs.constant;
  if (expr.getKind() == AffineExprKind::Mul) {
    Linear product;
    product.add(result, constant);
    bool small = true;
    auto check = [&](int64_t value) {
      int64_t ignored;
      small &= !llvm::MulOverflow(value, constant, ignored) && std::abs(ignored) <= maxCoefficient;
    };
    check(result.constant);
    for (auto [variable, coefficient] : result.terms)
      check(coefficient);
    result = std::move(product);
    if (constant == 0)
      result.terms.clear();
    return small;
  }
  if (constant <= 0)
    return false;
  if (expr.getKind() == AffineExprKind::CeilDiv)
    result.constant += constant - 1;
  // Whatever is a multiple of the divisor leaves the division: fewer distinct ones remain.
  Linear quotient, rest;
  for (auto [variable, coefficient] : result.terms) {
    if (coefficient % constant == 0)
      quotient.terms[variable] = coefficient / constant;
    else
      rest.terms[variable] = coefficient;
  }
  quotient.constant = llvm::divideFloorSigned(result.constant, constant);
  rest.constant = result.constant - quotient.constant * constant;
  if (!rest.terms.empty()) {
    Linear divided;
    divided.terms[division(rest, constant)] = 1;
    quotient.add(divided, 1);
  }
  if (expr.getKind() == AffineExprKind::Mod)
    result.add(quotient, -constant);
  else
    result = std::move(quotient);
  return true;
}

std::pair<Linear, Linear> Search::definition(unsigned index) const {
  Linear quotient, remainder = divisions[index].numerator, below;
  quotient.terms[numInputs + index] = 1;
  remainder.add(quotient, -divisions[index].divisor);
  below.constant = divisions[index].divisor - 1;
  below.add(remainder, -1);
  return {std::move(remainder), std::move(below)};
}

/// Null when a constraint is not linear.
const Node *Search::build(const Formula &formula) {
  auto node = std::make_unique<Node>();
  switch (formula.getKind()) {
  case Formula::Kind::GreaterEqual:
  case Formula::Kind::Equal: {
    bool isEqual = formula.getKind() == Formula::Kind::Equal;
    node->kind = isEqual ? Node::Kind::Equal : Node::Kind::GreaterEqual;
    Linear &linear = node->linear;
    if (!linearize(formula.getExpr(), linear))
      return nullptr;
    // Over the integers 2x >= 1 is x >= 1, and 2x = 1 is false.
    int64_t divisor = 0;
    for (auto [variable, coefficient] : linear.terms)
      divisor = std::gcd(divisor, coefficient);
    if (isEqual && divisor > 0 && linear.constant % divisor != 0) {
      node->kind = Node::Kind::Or;
      break;
    }
    if (divisor > 1) {
      for (auto &[variable, coefficient] : linear.terms)
        coefficient /= divisor;
      linear.constant = llvm::divideFloorSigned(linear.constant, divisor);
    }
    break;
  }
  case Formula::Kind::And:
  case Formula::Kind::Or:
    node->kind = formula.getKind() == Formula::Kind::And ? Node::Kind::And : Node::Kind::Or;
    for (const Formula &operand : formula.getOperands()) {
      const Node *built = build(operand);
      if (!built)
        return nullptr;
      node->operands.push_back(built);
    }
    break;
  }
  nodes.push_back(std::move(node));
  return nodes.back().get();
}

//===----------------------------------------------------------------------===//
// Searching
//===----------------------------------------------------------------------===//

SmallVector<llvm::DynamicAPInt> Search::row(const Linear &linear, int64_t sign) {
  SmallVector<llvm::DynamicAPInt> result(numInputs + divisions.size() + 1);
  // By constructor: the assignment of DynamicAPInt takes an int and drops the upper half of the
  // rest.
  for (auto [variable, coefficient] : linear.terms)
    result[variable] = llvm::DynamicAPInt(sign * coefficient);
  result.back() = llvm::DynamicAPInt(sign * linear.constant);
  return result;
}

void Search::addInequality(Linear linear) {
  simplex->addInequality(row(linear));
  rows.push_back({std::move(linear), false});
  sample.reset();
}

void Search::rollback(unsigned snapshot, size_t numRows) {
  simplex->rollback(snapshot);
  rows.resize(numRows);
  sample.reset();
}

/// Adds what must hold to the tableau and to `clauses`; false when the branch is seen to be empty.
bool Search::assertNode(const Node *node, Clauses &clauses) {
  switch (node->kind) {
  case Node::Kind::GreaterEqual:
  case Node::Kind::Equal:
    if (node->kind == Node::Kind::Equal) {
      simplex->addEquality(row(node->linear));
      rows.push_back({node->linear, true});
      sample.reset();
    } else {
      addInequality(node->linear);
    }
    return !simplex->isEmpty();
  case Node::Kind::And:
    return llvm::all_of(node->operands,
                        [&](const Node *operand) { return assertNode(operand, clauses); });
  case Node::Kind::Or:
    clauses.emplace_back(node->operands.begin(), node->operands.end());
    return true;
  }
  llvm_unreachable("covered switch");
}

/// Adds the negation of an inequality; of anything else nothing, which is sound.
bool Search::assertNegation(const Node *node) {
  if (node->kind != Node::Kind::GreaterEqual)
    return true;
  Linear negation;
  negation.constant = -1;
  negation.add(node->linear, -1);
  Node negated{Node::Kind::GreaterEqual, std::move(negation), {}};
  Clauses none;
  return assertNode(&negated, none);
}

/// A rational point of the tableau. It answers most questions without a pivot.
SmallVector<presburger::Fraction, 8> &Search::getSample() {
  if (!sample)
    sample = simplex->getRationalSample();
  return *sample;
}

bool Search::holdsAtSample(const Node *node) {
  switch (node->kind) {
  case Node::Kind::GreaterEqual:
  case Node::Kind::Equal: {
    presburger::Fraction value(node->linear.constant);
    for (auto [variable, coefficient] : node->linear.terms)
      value = value + presburger::Fraction(coefficient) * getSample()[variable];
    return node->kind == Node::Kind::Equal ? value == 0 : value >= 0;
  }
  case Node::Kind::And:
    return llvm::all_of(node->operands,
                        [&](const Node *operand) { return holdsAtSample(operand); });
  case Node::Kind::Or:
    return llvm::any_of(node->operands,
                        [&](const Node *operand) { return holdsAtSample(operand); });
  }
  llvm_unreachable("covered switch");
}

/// False when no point of the tableau satisfies some constraint that the node needs.
bool Search::isPossible(const Node *node) {
  auto reaches = [&](int64_t sign) {
    return simplex->findIneqType(row(node->linear, sign)) != Simplex::IneqType::Separate;
  };
  switch (node->kind) {
  case Node::Kind::GreaterEqual:
    return holdsAtSample(node) || reaches(1);
  case Node::Kind::Equal:
    return holdsAtSample(node) || (reaches(1) && reaches(-1));
  case Node::Kind::And:
    return llvm::all_of(node->operands, [&](const Node *operand) { return isPossible(operand); });
  case Node::Kind::Or:
    return llvm::any_of(node->operands, [&](const Node *operand) { return isPossible(operand); });
  }
  llvm_unreachable("covered switch");
}

/// True when every point of the tableau satisfies the node, as far as single constraints tell.
bool Search::isImplied(const Node *node) {
  switch (node->kind) {
  case Node::Kind::GreaterEqual:
    return holdsAtSample(node) && simplex->isRedundantInequality(row(node->linear));
  case Node::Kind::Equal:
    return holdsAtSample(node) && simplex->isRedundantEquality(row(node->linear));
  case Node::Kind::And:
    return llvm::all_of(node->operands, [&](const Node *operand) { return isImplied(operand); });
  case Node::Kind::Or:
    return llvm::any_of(node->operands, [&](const Node *operand) { return isImplied(operand); });
  }
  llvm_unreachable("covered switch");
}

/// Removes alternatives that are not possible, and asserts the last one of a clause, until nothing
/// changes; false when a clause has no alternative left.
bool Search::propagate(Clauses &clauses) {
  bool changed = true;
  while (changed) {
    changed = false;
    for (unsigned i = 0; i < clauses.size();) {
      if (outOfTime())
        return true;
      llvm::erase_if(clauses[i], [&](const Node *alternative) { return !isPossible(alternative); });
      if (clauses[i].empty())
        return false;
      if (clauses[i].size() > 1) {
        ++i;
        continue;
      }
      const Node *last = clauses[i].front();
      clauses.erase(clauses.begin() + i);
      if (!assertNode(last, clauses))
        return false;
      changed = true;
    }
  }
  return true;
}

/// Removes a clause to branch on and returns it; nothing if every clause is implied. Clauses that
/// the sample violates come first, since whatever is chosen there moves on; then those with few
/// alternatives.
std::optional<Search::Clause> Search::takeClause(Clauses &clauses) {
  while (!clauses.empty()) {
    auto cost = [&](const Clause &clause) {
      bool holds = llvm::any_of(clause, [&](const Node *node) { return holdsAtSample(node); });
      return std::make_pair(holds, clause.size());
    };
    auto best = clauses.begin();
    auto bestCost = cost(*best);
    for (auto it = std::next(best); it != clauses.end(); ++it)
      if (auto itCost = cost(*it); itCost < bestCost)
        std::tie(best, bestCost) = std::make_pair(it, itCost);
    Clause clause = std::move(*best);
    clauses.erase(best);
    if (llvm::none_of(clause, [&](const Node *node) { return isImplied(node); }))
      return clause;
  }
  return std::nullopt;
}

Search::Outcome Search::search(Clauses clauses) {
  if (!propagate(clauses))
    return Outcome::Empty;
  if (outOfTime())
    return giveUp("the time limit was reached");
  std::optional<Clause> alternatives = takeClause(clauses);
  if (!alternatives)
    return findIntegerPoint();
  if (++branches > limits.maxBranches)
    return giveUp("the limit on branches was reached");

  for (auto [index, alternative] : llvm::enumerate(*alternatives)) {
    unsigned snapshot = simplex->getSnapshot();
    size_t numRows = rows.size();
    Clauses rest = clauses;
    // The alternatives before this one have been searched: only their complement is left.
    bool feasible = llvm::all_of(ArrayRef(*alternatives).take_front(index),
                                 [&](const Node *done) { return assertNegation(done); });
    Outcome outcome =
        feasible && assertNode(alternative, rest) ? search(std::move(rest)) : Outcome::Empty;
    if (outcome != Outcome::Empty)
      return outcome;
    rollback(snapshot, numRows);
  }
  return Outcome::Empty;
}

/// Looks for an integer point of the tableau, all clauses being settled: cuts, then branches on
/// fractional variables, then the exact search of the library.
Search::Outcome Search::findIntegerPoint(unsigned depth) {
  constexpr unsigned maxRounds = 4, exactDepth = 2, maxDepth = 8;
  for (unsigned round = 0; round < maxRounds; ++round) {
    if (outOfTime())
      return giveUp("the time limit was reached");
    if (takeIntegralSample())
      return Outcome::Found;
    bool cut = addCuts();
    if (simplex->isEmpty())
      return Outcome::Empty;
    if (!cut)
      break;
  }
  if (depth >= exactDepth)
    if (std::optional<Outcome> outcome = sampleExactly())
      return *outcome;
  if (depth == maxDepth)
    return giveUp("an integer search was too deep");

  // Divisions first: everything else follows from them.
  std::optional<unsigned> fractional;
  for (unsigned variable = 0; variable < getSample().size(); ++variable)
    if (!isIntegral(getSample()[variable]))
      fractional = variable;
  if (!fractional) {
    takeIntegralSample();
    return Outcome::Found;
  }
  int64_t below = int64_t(presburger::floor(getSample()[*fractional]));
  for (bool isAbove : {false, true}) {
    unsigned snapshot = simplex->getSnapshot();
    size_t numRows = rows.size();
    Linear half;
    half.terms[*fractional] = isAbove ? 1 : -1;
    half.constant = isAbove ? -(below + 1) : below;
    addInequality(std::move(half));
    Outcome outcome = simplex->isEmpty() ? Outcome::Empty : findIntegerPoint(depth + 1);
    if (outcome != Outcome::Empty)
      return outcome;
    rollback(snapshot, numRows);
  }
  return Outcome::Empty;
}

/// Takes the sample as the counter-example if it is integral.
bool Search::takeIntegralSample() {
  if (!llvm::all_of(getSample(), isIntegral))
    return false;
  SmallVector<int64_t> values;
  for (const presburger::Fraction &value : ArrayRef(getSample()).take_front(numInputs))
    values.push_back(int64_t(presburger::floor(value)));
  point.dims.assign(values.begin(), values.begin() + numDims);
  point.symbols.assign(values.begin() + numDims, values.end());
  return true;
}

/// Rounds the bounds of x, x - y and x + y to integers, for divisions and dimensions at whose sum
/// or difference the sample is fractional. This is what makes `x <= y` imply `x floordiv c <= y
/// floordiv c`: of `c*e <= x <= y <= c*f + c - 1` the tableau knows `e - f <= 1 - 1/c` only, and
/// integers say `e <= f`. True if a bound was rounded.
bool Search::addCuts() {
  SmallVector<unsigned> variables;
  for (unsigned variable = 0; variable < getSample().size(); ++variable)
    if (variable < numDims || variable >= numInputs)
      variables.push_back(variable);
  bool added = false;
  // Only a bound that the sample violates is worth a row.
  auto round = [&](unsigned x, int64_t xFactor, unsigned y, int64_t yFactor) {
    if (simplex->isEmpty() || outOfTime())
      return;
    presburger::Fraction value = presburger::Fraction(xFactor) * getSample()[x] +
                                 presburger::Fraction(yFactor) * getSample()[y];
    if (isIntegral(value))
      return;
    Linear direction;
    direction.terms[x] = xFactor;
    if (yFactor != 0)
      direction.terms[y] = yFactor;
    auto optimum = simplex->computeOptimum(Simplex::Direction::Up, row(direction));
    if (!optimum.isBounded() || value <= presburger::Fraction(presburger::floor(*optimum)))
      return;
    Linear bound;
    bound.constant = int64_t(presburger::floor(*optimum));
    bound.add(direction, -1);
    addInequality(std::move(bound));
    added = true;
  };
  for (auto [index, x] : llvm::enumerate(variables)) {
    for (int64_t sign : {1, -1}) {
      round(x, sign, x, 0);
      for (unsigned y : ArrayRef(variables).drop_front(index + 1))
        for (int64_t other : {1, -1})
          round(x, sign, y, other);
    }
  }
  return added;
}

/// The exact search of the library, which cannot be interrupted and may take minutes: nothing
/// unless the conjunction is small.
std::optional<Search::Outcome> Search::sampleExactly() {
  // Only the variables that the conjunction mentions, and the divisions among them: the others are
  // total functions and constrain nothing. `column` grows while a definition mentions something
  // new.
  std::map<unsigned, unsigned> column;
  SmallVector<std::pair<Linear, bool>> system;
  SmallVector<unsigned> pending;
  auto add = [&](const Linear &linear, bool isEqual) {
    system.push_back({linear, isEqual});
    for (auto [variable, coefficient] : linear.terms)
      if (column.try_emplace(variable, column.size()).second && variable >= numInputs)
        pending.push_back(variable - numInputs);
  };
  for (auto &[linear, isEqual] : rows)
    add(linear, isEqual);
  while (!pending.empty()) {
    auto [above, below] = definition(pending.pop_back_val());
    add(above, false);
    add(below, false);
  }
  if (column.size() > limits.maxVariables)
    return std::nullopt;

  IntegerPolyhedron polyhedron(PresburgerSpace::getSetSpace(column.size()));
  for (auto &[linear, isEqual] : system) {
    SmallVector<int64_t> coefficients(column.size() + 1, 0);
    for (auto [variable, coefficient] : linear.terms)
      coefficients[column[variable]] = coefficient;
    coefficients.back() = linear.constant;
    if (isEqual)
      polyhedron.addEquality(coefficients);
    else
      polyhedron.addInequality(coefficients);
  }
  auto solution = polyhedron.findIntegerSample();
  if (!solution)
    return Outcome::Empty;
  SmallVector<int64_t> values(numInputs, 0);
  for (auto [variable, index] : column)
    if (variable < numInputs)
      values[variable] = int64_t((*solution)[index]);
  point.dims.assign(values.begin(), values.begin() + numDims);
  point.symbols.assign(values.begin() + numDims, values.end());
  return Outcome::Found;
}

Verdict Search::run(const Formula &formula) {
  auto notProved = [](std::string why) { return Verdict{Verdict::NotProved, {}, std::move(why)}; };
  const Node *root = build(formula);
  if (!root)
    return notProved("a constraint is not affine, or its coefficients are too large");
  simplex.emplace(numInputs + divisions.size());
  for (unsigned index = 0; index < divisions.size(); ++index) {
    auto [above, below] = definition(index);
    simplex->addInequality(row(above));
    simplex->addInequality(row(below));
  }

  Clauses clauses;
  Outcome outcome = assertNode(root, clauses) ? search(std::move(clauses)) : Outcome::Empty;
  switch (outcome) {
  case Outcome::Empty:
    return {Verdict::Proved, {}, {}};
  case Outcome::GaveUp:
    return notProved(reason);
  case Outcome::Found:
    // The formula itself is the last judge of a counter-example.
    if (!formula.holds(point.dims, point.symbols))
      return notProved("the counter-example found does not satisfy the formula");
    return {Verdict::Refuted, std::move(point), {}};
  }
  llvm_unreachable("covered switch");
}

//===----------------------------------------------------------------------===//
// Interface
//===----------------------------------------------------------------------===//

Verdict mlir::attn::isEmpty(const Formula &formula, unsigned numDims, unsigned numSymbols,
                            const Limits &limits) {
  return Search(numDims, numSymbols, limits).run(formula);
}

Verdict mlir::attn::isSubset(const Formula &lhs, const Formula &rhs, unsigned numDims,
                             unsigned numSymbols, const Limits &limits) {
  return isEmpty(lhs && !rhs, numDims, numSymbols, limits);
}

std::optional<Point> mlir::attn::sample(const Formula &formula, unsigned numDims,
                                        unsigned numSymbols, const Limits &limits) {
  Verdict verdict = isEmpty(formula, numDims, numSymbols, limits);
  if (!verdict.isRefuted())
    return std::nullopt;
  return verdict.point;
}
