//===- FromPattern.cpp - from the dialect to bands --------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attn/Bands/FromPattern.h"
#include "Where.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::attn;

namespace {
class PatternReader {
public:
  explicit PatternReader(PatternOp pattern) : pattern(pattern) {}

  PatternBands read();

private:
  /// The bands of one mask op, given those of its operands.
  Bands bandsOf(Operation *op);
  Bands bandsOf(WindowOp op);
  Bands bandsOf(BlockOp op);
  Bands bandsOf(ChunkOp op);
  Bands bandsOf(WhereOp op);

  /// A number of a mask op as a leaf.
  Expr leafOf(OpFoldResult number);
  Expr leafOf(Value value);
  /// Every pair, as a fallback, with a remark.
  Bands giveUp(Operation *op, const Twine &reason);
  void remark(Operation *op, const Twine &message, StringRef note);

  PatternOp pattern;
  DenseMap<Value, Bands> masks;
  PatternBands result;
};
} // namespace

//===----------------------------------------------------------------------===//
// Numbers and remarks
//===----------------------------------------------------------------------===//

Expr PatternReader::leafOf(Value value) {
  if (auto argument = dyn_cast<BlockArgument>(value))
    return Expr::symbol(FirstArgument + argument.getArgNumber());
  APInt constant;
  if (matchPattern(value, m_ConstantInt(&constant)))
    return Expr::constant(std::clamp(constant.getSExtValue(), -kMaxNumber, kMaxNumber));
  // The verifier admits nothing else.
  assert(value.getDefiningOp<LengthOp>() && "expected an argument, a constant or 'attn.length'");
  return Expr::symbol(Length);
}

Expr PatternReader::leafOf(OpFoldResult number) {
  if (auto value = dyn_cast<Value>(number))
    return leafOf(value);
  return Expr::constant(cast<IntegerAttr>(cast<Attribute>(number)).getInt());
}

void PatternReader::remark(Operation *op, const Twine &message, StringRef note) {
  result.remarks.push_back({op, message.str(), note.str()});
}

Bands PatternReader::giveUp(Operation *op, const Twine &reason) {
  remark(op, "'" + op->getName().getStringRef() + "' is outside the band language: " + reason,
         "every tile of its hull is masked; use 'attn.intersect' with a window to narrow the hull");
  return Bands::all().asFallback();
}

//===----------------------------------------------------------------------===//
// Leaves
//===----------------------------------------------------------------------===//

Bands PatternReader::bandsOf(WindowOp op) {
  int64_t dilation = op.getDilation();
  Expr q = Expr::variable();
  Band band;
  band.begin = q - dilation * leafOf(op.getMixedBefore());
  band.end = q + dilation * leafOf(op.getMixedAfter()) + 1;
  (void)band.distanceWindows.add(dilation, 0, 1);
  return Bands::of(band);
}

Bands PatternReader::bandsOf(BlockOp op) {
  int64_t size = op.getSize();
  Expr shift = leafOf(op.getMixedShift());
  // The first position of the query's block.
  Expr block = size * floorDiv(Expr::variable() - shift, size) + shift;
  Band band;
  band.begin = block - size * leafOf(op.getMixedBefore());
  band.end = block + size * (leafOf(op.getMixedAfter()) + 1);
  return Bands::of(band);
}

Bands PatternReader::bandsOf(ChunkOp op) {
  Band band;
  band.begin = op.getSize() * floorDiv(Expr::variable(), op.getSize());
  band.end = Expr::variable() + 1;
  return Bands::of(band);
}

Bands PatternReader::bandsOf(WhereOp op) {
  SmallVector<Expr> symbols;
  for (Value symbol : op.getSymbols())
    symbols.push_back(leafOf(symbol));
  SmallVector<Unrecognized> unrecognized;
  Band band = bandOf(op.getSet(), symbols, result.symbols, unrecognized);
  for (const Unrecognized &constraint : unrecognized)
    giveUp(op, "'" + constraint.constraint + "' " + constraint.reason);
  return Bands::of(band);
}

//===----------------------------------------------------------------------===//
// Patterns
//===----------------------------------------------------------------------===//

Bands PatternReader::bandsOf(Operation *op) {
  Expr q = Expr::variable();
  Band band;
  return TypeSwitch<Operation *, Bands>(op)
      .Case<WindowOp, BlockOp, ChunkOp, WhereOp>([&](auto leaf) { return bandsOf(leaf); })
      .Case([&](AllOp) { return Bands::all(); })
      .Case([&](CausalOp) {
        band.end = q + 1;
        return Bands::of(band);
      })
      .Case([&](KeysOp keys) {
        band.begin = leafOf(keys.getMixedBegin());
        band.end = leafOf(keys.getMixedEnd());
        return Bands::of(band);
      })
      .Case([&](QueriesOp queries) {
        band.rowBegin = leafOf(queries.getMixedBegin());
        band.rowEnd = leafOf(queries.getMixedEnd());
        return Bands::of(band);
      })
      .Case([&](PrefixOp prefix) {
        band.end = max(q + 1, leafOf(prefix.getMixedLength()));
        return Bands::of(band);
      })
      .Case([&](IntersectOp) {
        Bands bands = Bands::all();
        for (Value mask : op->getOperands())
          bands = intersect(bands, masks[mask]);
        return bands;
      })
      .Case([&](UnionOp) {
        Bands bands;
        for (Value mask : op->getOperands())
          bands = unite(bands, masks[mask]);
        return bands;
      })
      .Case([&](DifferenceOp difference) {
        return subtract(masks[difference.getLhs()], masks[difference.getRhs()]);
      })
      .Case([&](ComplementOp complement) {
        return subtract(Bands::all(), masks[complement.getInput()]);
      })
      .Default([&](Operation *op) { return giveUp(op, "the op is unknown"); });
}

/// The mask ops that the pattern's mask depends on, in order.
static SmallVector<Operation *> liveMaskOps(PatternOp pattern) {
  DenseSet<Operation *> live{pattern.getMask().getDefiningOp()};
  SmallVector<Operation *> ops;
  for (Operation &op : llvm::reverse(pattern.getBody().front()))
    if (live.contains(&op)) {
      ops.push_back(&op);
      for (Value operand : op.getOperands())
        if (isa<MaskType>(operand.getType()))
          live.insert(operand.getDefiningOp());
    }
  return SmallVector<Operation *>(llvm::reverse(ops));
}

PatternBands PatternReader::read() {
  SmallVector<StringRef> names;
  for (unsigned i = 0, e = pattern.getBody().getNumArguments(); i != e; ++i)
    names.push_back(pattern.getArgumentName(i));
  result.symbols = SymbolNames(names);
  for (Operation *op : liveMaskOps(pattern)) {
    Bands bands = bandsOf(op);
    bool isLeaf = llvm::none_of(op->getOperandTypes(), llvm::IsaPred<MaskType>);
    if (isLeaf) {
      bands.addSource(result.sources.size());
      result.sources.push_back(op);
    }
    bool wasLimited = llvm::any_of(op->getOperands(), [&](Value operand) {
      auto it = masks.find(operand);
      return it != masks.end() && it->second.isLimited();
    });
    if (bands.isLimited() && !wasLimited)
      remark(op,
             "'" + op->getName().getStringRef() + "' needs more than " + Twine(Bands::kLimit) +
                 " bands",
             "every tile of their hull is masked; use fewer masks or simpler ones");
    masks[op->getResult(0)] = std::move(bands);
  }
  result.bands = masks[pattern.getMask()];
  return std::move(result);
}

PatternBands mlir::attn::bandsOf(PatternOp pattern) { return PatternReader(pattern).read(); }

void PatternBands::emitRemarks() const {
  for (const Remark &remark : remarks)
    emitRemark(remark.op->getLoc(), remark.message).attachNote() << remark.note;
}
