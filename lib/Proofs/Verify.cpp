//===- Verify.cpp - prove bands and claims for all lengths ----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attn/Proofs/Passes.h"
#include "attn/Proofs/Proofs.h"

namespace mlir::attn {
#define GEN_PASS_DEF_ATTNVERIFYPASS
#include "attn/Proofs/Passes.h.inc"
} // namespace mlir::attn

using namespace mlir;
using namespace mlir::attn;

namespace {
struct AttnVerifyPass : attn::impl::AttnVerifyPassBase<AttnVerifyPass> {
  using Base::Base;

  void runOnOperation() override {
    if (!tile.empty()) {
      if (tile.size() != 2 || tile[0] <= 0 || tile[1] <= 0) {
        getOperation().emitError("'attn-verify' expected two positive numbers for 'tile'");
        return signalPassFailure();
      }
      queryTile = tile[0];
      keyTile = tile[1];
    }
    bool isRefuted = false;
    if (!claimsOnly)
      for (PatternOp pattern : getOperation().getOps<PatternOp>())
        isRefuted |= failed(verifyPattern(pattern));
    for (AssertOp claim : getOperation().getOps<AssertOp>())
      isRefuted |= failed(verifyClaim(claim));
    if (isRefuted)
      signalPassFailure();
    markAllAnalysesPreserved();
  }

private:
  Limits limits() { return Limits::within(std::chrono::milliseconds(timeLimit)); }
  LogicalResult verifyPattern(PatternOp pattern);
  LogicalResult verifyClaim(AssertOp claim);

  int64_t queryTile = 16, keyTile = 16;
};
} // namespace

/// The schedule of a pattern is ours: if it is wrong, the user cannot repair it.
static LogicalResult reportSchedule(PatternOp pattern, const Verdict &verdict, StringRef proved,
                                    StringRef refuted, StringRef what) {
  std::string name = ("'@" + pattern.getSymName() + "'").str();
  switch (verdict.kind) {
  case Verdict::Proved:
    emitRemark(pattern.getLoc()) << name << ": " << proved;
    return success();
  case Verdict::NotProved:
    emitRemark(pattern.getLoc()) << name << ": " << what << " not proved: " << verdict.reason;
    return success();
  case Verdict::Refuted: {
    InFlightDiagnostic error = emitError(pattern.getLoc())
                               << name << ": " << describeQuery(verdict.point) << " and "
                               << describeKey(verdict.point) << ' ' << refuted << ' '
                               << describeSizes(verdict.point, pattern);
    error.attachNote() << "this is a mistake of the compiler, not of the pattern";
    return failure();
  }
  }
  llvm_unreachable("covered switch");
}

LogicalResult AttnVerifyPass::verifyPattern(PatternOp pattern) {
  PatternBands bands = bandsOf(pattern);
  bands.emitRemarks();
  LogicalResult visits =
      reportSchedule(pattern, proveVisits(pattern, bands.bands, queryTile, keyTile, limits()),
                     "visits proved sound: no tile with a visible pair is skipped",
                     "are a visible pair in a tile that is skipped", "visits");
  LogicalResult full =
      reportSchedule(pattern, proveFull(pattern, bands.bands, queryTile, keyTile, limits()),
                     "full tiles proved sound: none has a masked pair",
                     "are a masked pair in a tile that is called full", "full tiles");

  // Empty rows are legal; who does not want them asserts `rows_nonempty`.
  Verdict rows = proveRows(pattern, bands.bands, limits());
  InFlightDiagnostic remark = emitRemark(pattern.getLoc()) << "'@" << pattern.getSymName() << "': ";
  switch (rows.kind) {
  case Verdict::Proved:
    remark << "rows proved non-empty: every query sees a key";
    break;
  case Verdict::Refuted:
    remark << "a row may be empty: " << describeQuery(rows.point) << " sees no key "
           << describeSizes(rows.point, pattern);
    break;
  case Verdict::NotProved:
    remark << "non-empty rows not proved: " << rows.reason;
    break;
  }
  return success(succeeded(visits) && succeeded(full));
}

LogicalResult AttnVerifyPass::verifyClaim(AssertOp claim) {
  ClaimVerdict result = proveClaim(claim, limits());
  const Verdict &verdict = result.verdict;
  std::string name = ("'@" + claim.getPattern() + "'").str();
  std::string other;
  if (std::optional<StringRef> symbol = claim.getOther())
    other = ("'@" + *symbol + "'").str();

  auto choose = [&](StringRef causal, StringRef rows, const Twine &within, const Twine &equals) {
    switch (claim.getClaim()) {
    case Claim::Causal:
      return causal.str();
    case Claim::RowsNonempty:
      return rows.str();
    case Claim::Within:
      return within.str();
    case Claim::Equals:
      return equals.str();
    }
    llvm_unreachable("covered switch");
  };
  if (verdict.isProved()) {
    if (!claimsOnly)
      emitRemark(claim.getLoc()) << name << ' '
                                 << choose("is causal", "has no empty row", "is within " + other,
                                           "equals " + other)
                                 << ": proved for all lengths";
    return success();
  }
  if (!verdict.isRefuted()) {
    emitRemark(claim.getLoc()) << "not proved that " << name << ' '
                               << choose("is causal", "has no empty row", "is within " + other,
                                         "equals " + other)
                               << ": " << verdict.reason;
    return success();
  }

  PatternOp pattern =
      SymbolTable::lookupNearestSymbolFrom<PatternOp>(claim, claim.getPatternAttr());
  InFlightDiagnostic error = emitError(claim.getLoc())
                             << name << ' '
                             << choose("is not causal", "has an empty row",
                                       "is not within " + other, "does not equal " + other)
                             << ": " << describeQuery(verdict.point);
  if (claim.getClaim() == Claim::RowsNonempty)
    error << " sees no key ";
  else
    error << " sees " << describeKey(verdict.point) << ' ';
  if (!other.empty())
    error << "in '@" << result.owner.getSymName() << "' only ";
  error << describeSizes(verdict.point, pattern);
  if (result.source)
    error.attachNote(result.source->getLoc())
        << "the key comes from this '" << result.source->getName() << "'";
  return failure();
}
