//===- Visits.cpp - which keys a tile visits next -----------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The ranges of the schedule's bands are computed once for a query tile; from one tile of keys to
// the next there are then a few comparisons a band. A band with a filter (periodic windows) is
// asked tile by tile inside its range. All threads that ask get the same answer.
//
//===----------------------------------------------------------------------===//

#include "KernelEmitter.h"

using namespace mlir;
using namespace mlir::attn;
using namespace mlir::attn::cuda;

/// Bytes of a band's four bounds in i32, and of a value that filters use, an i64.
static constexpr int64_t kBandBytes = 16, kCaptureBytes = 8;

void KernelEmitter::overVisits(Value tile, IRMapping &mapping,
                               function_ref<void(const BandRange &)> use) {
  // Weights are 2^(scale * (score - maximum)): where the scale is not positive, the largest score
  // has not the largest weight. Such calls are left to the exact path.
  Value usable = e.cmpf(arith::CmpFPredicate::OGT, call.scaleLog2(), e.real(0));
  call.overBands(e.extend64(tile), shape.keys, mapping, [&](BandRange band) {
    band.end = e.select(usable, band.end, e.integer(0));
    for (Value *bound : {&band.begin, &band.end, &band.fullBegin, &band.fullEnd})
      *bound = e.trunc32(*bound);
    use(band);
  });
}

TileVisits KernelEmitter::visitsOf(Value tile) {
  TileVisits visits;
  overVisits(tile, visits.mapping, [&](const BandRange &band) { visits.bands.push_back(band); });
  return visits;
}

//===----------------------------------------------------------------------===//
// In memory
//===----------------------------------------------------------------------===//

int64_t KernelEmitter::numBands() const { return kernel.schedule ? visitOps.size() : 1; }

int64_t KernelEmitter::visitsBytes() const {
  return kBandBytes * numBands() + kCaptureBytes * captures.size();
}

void KernelEmitter::storeVisits(Value tile, Value address) {
  IRMapping mapping;
  int64_t offset = 0;
  overVisits(tile, mapping, [&](const BandRange &band) {
    Value bounds = e.vectorOf({band.begin, band.end, band.fullBegin, band.fullEnd});
    LLVM::StoreOp::create(e, bounds, e.at(address, offset), kBandBytes);
    offset += kBandBytes;
  });
  for (Value capture : captures) {
    e.store(captureToWord(e, e.getLoc(), mapping.lookup(capture)), address, offset);
    offset += kCaptureBytes;
  }
}

TileVisits KernelEmitter::loadVisits(Value address) {
  TileVisits visits;
  int64_t offset = 0;
  for (int64_t band = 0; band < numBands(); ++band) {
    Value bounds = LLVM::LoadOp::create(e, e.i32s(4), e.at(address, offset), kBandBytes);
    visits.bands.push_back(
        {e.lane(bounds, 0), e.lane(bounds, 1), e.lane(bounds, 2), e.lane(bounds, 3)});
    offset += kBandBytes;
  }
  for (Value capture : captures) {
    Value word = e.load(e.i64(), address, offset);
    visits.mapping.map(capture, captureFromWord(e, e.getLoc(), word, capture));
    offset += kCaptureBytes;
  }
  return visits;
}

//===----------------------------------------------------------------------===//
// One after the other
//===----------------------------------------------------------------------===//

Visit KernelEmitter::next(const TileVisits &visits, Value from) {
  Value never = e.integer32(kNever);
  auto first = [&](Value from) {
    Value found = never;
    for (const BandRange &band : visits.bands) {
      Value candidate = e.max(band.begin, from);
      found = e.min(found, e.select(e.lt(candidate, band.end), candidate, never));
    }
    return found;
  };
  // Whether a tile is visible, and full, once its filters have been asked.
  auto state = [&](Value tile) -> std::pair<Value, Value> {
    Value visible = e.boolean(false), full = e.boolean(false);
    for (auto [i, band] : llvm::enumerate(visits.bands)) {
      Value inside = e.both(e.le(band.begin, tile), e.lt(tile, band.end));
      Value whole = e.both(inside, e.both(e.le(band.fullBegin, tile), e.lt(tile, band.fullEnd)));
      if (i < visitOps.size() && !visitOps[i].getFilter().empty()) {
        auto [passes, passesFull] = inlineFilter(e, visitOps[i], visits.mapping, e.extend64(tile));
        inside = e.both(inside, passes);
        whole = e.both(e.both(whole, passes), passesFull);
      }
      visible = e.either(visible, inside);
      full = e.either(full, whole);
    }
    return {visible, full};
  };
  auto negate = [&](Value x) { return arith::XOrIOp::create(e, x, e.boolean(true)); };

  bool filtered = llvm::any_of(visitOps, [](VisitOp op) { return !op.getFilter().empty(); });
  if (!filtered) {
    Value tile = first(from);
    return {tile, negate(state(tile).second)};
  }
  // Filters may leave nothing of a tile: then on to the next one.
  Values found = e.loopWhile(
      {first(from), e.boolean(false), e.boolean(false)},
      [&](ValueRange carried) { return e.both(e.lt(carried[0], never), negate(carried[1])); },
      [&](ValueRange carried) -> Values {
        auto [visible, full] = state(carried[0]);
        Value tile = e.select(visible, carried[0], first(e.add(carried[0], 1)));
        return {tile, visible, full};
      });
  return {found[0], negate(found[2])};
}

std::pair<Value, Value> KernelEmitter::keyRange(Value tile) {
  IRMapping mapping;
  Value begin = e.integer(kNever), end = e.integer(0);
  for (const BandRange &band : call.bands(e.extend64(tile), shape.keys, mapping)) {
    Value some = e.lt(band.begin, band.end);
    begin = e.select(some, e.min(begin, band.begin), begin);
    end = e.select(some, e.max(end, band.end), end);
  }
  Value last = e.min(e.mul(end, shape.keys), call.keyLength());
  return {e.trunc32(e.min(e.mul(begin, shape.keys), last)), e.trunc32(last)};
}
