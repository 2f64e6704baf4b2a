//===- Query.cpp - what a pattern is at given sizes ------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Module.h"
#include "attn/Bands/Count.h"
#include "attn/Bands/FromPattern.h"
#include "attn/Pipelines/Picture.h"
#include "attn/Reference/Reference.h"
#include "attn/Schedule/Evaluate.h"

using namespace mlir;
using namespace mlir::attn;
using capi::fail;

/// As of the kernels: beyond it, sums of positions could overflow.
static constexpr int64_t kPositionLimit = int64_t(1) << 30;

/// A tile of a grid that would not fit into memory is a mistake of the caller.
static constexpr int64_t kMostTiles = int64_t(1) << 32;

/// What is wrong with a problem; "" if nothing is.
static std::string findMistake(PatternOp pattern, const AttnProblem &problem) {
  const auto expected = [](const Twine &what, int64_t found) {
    return ("expected " + what + ", found " + Twine(found)).str();
  };
  if (problem.struct_size < sizeof(AttnProblem))
    return expected("'struct_size' of at least " + Twine(sizeof(AttnProblem)), problem.struct_size);
  for (auto [name, value] : {std::pair("query_length", problem.query_length),
                             std::pair("key_length", problem.key_length)})
    if (value < 0 || value > kPositionLimit)
      return expected("'" + Twine(name) + "' in [0, 2^30]", value);
  for (auto [name, value] :
       {std::pair("offset", problem.offset), std::pair("key_offset", problem.key_offset),
        std::pair("length", problem.length)})
    if (value < -kPositionLimit || value > kPositionLimit)
      return expected("'" + Twine(name) + "' in [-2^30, 2^30]", value);
  const int64_t count = pattern.getArgumentNames().size();
  if (problem.argument_count != count || (count && !problem.arguments))
    return expected(Twine(count) + " arguments for '@" + pattern.getSymName() + "'",
                    problem.arguments ? problem.argument_count : 0);
  return "";
}

namespace {

/// A pattern and the numbers it is asked for, checked; the module is locked as long as this lives.
class Question {
public:
  Question(const AttnModule *module, const char *name, const AttnProblem *problem,
           const void *result) {
    if (!module || !problem || !result) {
      status = fail(ATTN_RESULT_INVALID_ARGUMENT,
                    "expected a module, a problem and a place for the result, found null");
      return;
    }
    lock = std::unique_lock<std::mutex>(module->mutex);
    status = ATTN_RESULT_INVALID_ARGUMENT;
    pattern = module->find(name);
    if (!pattern)
      return;
    if (std::string mistake = findMistake(pattern, *problem); !mistake.empty()) {
      fail(status, mistake);
      return;
    }
    status = ATTN_RESULT_OK;
    sizes.queryLength = problem->query_length;
    sizes.keyLength = problem->key_length;
    sizes.offset = problem->offset;
    sizes.keyOffset = problem->key_offset;
    sizes.length = problem->length;
    sizes.arguments.assign(problem->arguments, problem->arguments + problem->argument_count);
  }

  AttnResult status;
  PatternOp pattern;
  Sizes sizes;

private:
  std::unique_lock<std::mutex> lock;
};

} // namespace

AttnResult attn_pattern_mask(const AttnModule *module, const char *name, const AttnProblem *problem,
                             int64_t row_begin, int64_t row_end, int64_t column_begin,
                             int64_t column_end, uint8_t *mask) {
  Question question(module, name, problem, mask);
  if (question.status != ATTN_RESULT_OK)
    return question.status;
  const Sizes &sizes = question.sizes;
  if (row_begin < 0 || row_begin > row_end || row_end > sizes.queryLength || column_begin < 0 ||
      column_begin > column_end || column_end > sizes.keyLength)
    return fail(ATTN_RESULT_INVALID_ARGUMENT,
                "expected ranges within " + Twine(sizes.queryLength) + " rows and " +
                    Twine(sizes.keyLength) + " columns, found rows [" + Twine(row_begin) + ", " +
                    Twine(row_end) + ") and columns [" + Twine(column_begin) + ", " +
                    Twine(column_end) + ")");
  for (int64_t row = row_begin; row < row_end; ++row) {
    const std::vector<bool> seen =
        reference::seenKeys(question.pattern, sizes.arguments, sizes.length, sizes.offset + row,
                            sizes.keyOffset + column_begin, sizes.keyOffset + column_end);
    mask = std::copy(seen.begin(), seen.end(), mask);
  }
  return ATTN_RESULT_OK;
}

AttnResult attn_pattern_tiles(const AttnModule *module, const char *name,
                              const AttnProblem *problem, int64_t tile_rows, int64_t tile_columns,
                              int8_t *tiles) {
  Question question(module, name, problem, tiles);
  if (question.status != ATTN_RESULT_OK)
    return question.status;
  if (tile_rows < 1 || tile_columns < 1 || tile_rows > kPositionLimit ||
      tile_columns > kPositionLimit)
    return fail(ATTN_RESULT_INVALID_ARGUMENT, "expected a tile of at least 1 x 1, found " +
                                                  Twine(tile_rows) + " x " + Twine(tile_columns));
  if (llvm::divideCeil(question.sizes.queryLength, tile_rows) *
          llvm::divideCeil(question.sizes.keyLength, tile_columns) >
      kMostTiles)
    return fail(ATTN_RESULT_INVALID_ARGUMENT, "expected at most 2^32 tiles: use larger ones");
  const FailureOr<ScheduleGrid> grid =
      evaluatePattern(question.pattern, question.sizes, tile_rows, tile_columns);
  if (failed(grid))
    return fail(ATTN_RESULT_INTERNAL, "phase 'schedule' failed");
  std::transform(grid->kinds.begin(), grid->kinds.end(), tiles,
                 [](TileKind kind) { return int8_t(kind); });
  return ATTN_RESULT_OK;
}

AttnResult attn_pattern_count(const AttnModule *module, const char *name,
                              const AttnProblem *problem, int64_t *pairs) {
  Question question(module, name, problem, pairs);
  if (question.status != ATTN_RESULT_OK)
    return question.status;
  const Sizes &sizes = question.sizes;
  *pairs = countPairs(bandsOf(question.pattern).bands, sizes, [&](int64_t q, int64_t k) {
    return reference::sees(question.pattern, sizes.arguments, sizes.length, q, k);
  });
  return ATTN_RESULT_OK;
}

AttnResult attn_pattern_picture(const AttnModule *module, const char *name,
                                const AttnProblem *problem, int64_t max_side, char **text) {
  Question question(module, name, problem, text);
  if (question.status != ATTN_RESULT_OK)
    return question.status;
  if (max_side < 1 || max_side > 1000)
    return fail(ATTN_RESULT_INVALID_ARGUMENT,
                "expected a picture of 1 to 1000 characters a side, found " + Twine(max_side));
  const FailureOr<std::string> picture = drawPattern(question.pattern, question.sizes, max_side);
  if (failed(picture))
    return fail(ATTN_RESULT_INTERNAL, "phase 'schedule' failed");
  return capi::giveText(*picture, text);
}

AttnResult attn_reference(const AttnModule *module, const char *name, const AttnArgs *args,
                          double *output, double *lse) {
  if (!args || args->struct_size < sizeof(AttnArgs))
    return fail(ATTN_RESULT_INVALID_ARGUMENT, attn_status_message(ATTN_ERROR_STRUCT_SIZE));
  const AttnProblem problem = {sizeof(AttnProblem), args->query_length,  args->key_length,
                               args->offset,        args->key_offset,    args->length,
                               args->arguments,     args->argument_count};
  Question question(module, name, &problem, output);
  if (question.status != ATTN_RESULT_OK)
    return question.status;
  if (args->batch < 0 || args->features < 0 || args->key_heads < 0 || args->query_heads < 0)
    return fail(ATTN_RESULT_INVALID_ARGUMENT, attn_status_message(ATTN_ERROR_LENGTH));
  if (args->key_heads == 0 ? args->query_heads != 0 : args->query_heads % args->key_heads != 0)
    return fail(ATTN_RESULT_INVALID_ARGUMENT, attn_status_message(ATTN_ERROR_HEADS));

  const reference::Result result = reference::attend(question.pattern, reference::makeCall(*args));
  std::copy(result.output.begin(), result.output.end(), output);
  if (lse)
    std::copy(result.lse.begin(), result.lse.end(), lse);
  return ATTN_RESULT_OK;
}
