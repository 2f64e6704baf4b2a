//===- LowerWgmma.cpp - products of a warpgroup ---------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One piece of inline assembly holds a whole product and its commit: nvvm has no wgmma whose first
// operand is in registers, and its fences and waits have no data flow to the registers that they
// protect, so LLVM would move accesses across them. Tied operands cost nothing.
//
// A matrix descriptor has 64 bits (PTX ISA, "Matrix Descriptor Format"), all sizes in units of 16:
//
//   0-13   address                          16-29  offset from a panel to the next, where a row
//   32-45  bytes of eight rows of a panel          of the operand spans several (values)
//   62-63  swizzle: 1 for 128 bytes, 2 for 64
//
//===----------------------------------------------------------------------===//

#include "LowerTiles.h"

using namespace mlir;
using namespace mlir::attn;
using namespace mlir::attn::cuda;

namespace {

/// Panels of 16-bit elements in shared memory.
struct Panels {
  int64_t columns, rows;

  int64_t rowBytes() const { return 2 * columns; }
  int64_t bytes() const { return rows * rowBytes(); }

  /// The descriptor of the panels at `address`, an i64.
  Value descriptor(WarpEmitter &e, Value address) const {
    uint64_t swizzle = columns == 64 ? 1 : 2;
    uint64_t fixed =
        swizzle << 62 | uint64_t(8 * rowBytes() / 16) << 32 | uint64_t(bytes() / 16) << 16;
    // Addresses have 18 bits. The compilers are not told so: a sum whose upper half they cannot
    // know stays one 64-bit number in uniform registers, and a step to the next columns one
    // addition.
    Value wide = arith::ExtUIOp::create(e, e.i64(), e.shr(address, e.integer32(4)));
    return e.add(wide, e.integer(int64_t(fixed)));
  }
  /// What to add to the descriptor for 16 columns from `column` on: rows times rows.
  int64_t columnStep(int64_t column) const {
    return (column / columns * bytes() + 2 * (column % columns)) / 16;
  }
  /// The same for 16 rows from `row` on, of the transposed operand.
  int64_t rowStep(int64_t row) const { return row * rowBytes() / 16; }
};

std::string registerList(int64_t first, int64_t count) {
  std::string text = "{";
  for (int64_t i = 0; i < count; ++i)
    text += (i ? ", $" : "$") + std::to_string(first + i);
  return text + "}";
}

std::string opcode(int64_t columns, Type element) {
  std::string type = element.isF16() ? "f16" : "bf16";
  return "wgmma.mma_async.sync.aligned.m64n" + std::to_string(columns) + "k16.f32." + type + "." +
         type + " ";
}

/// The registers of several fragments as one list, and back.
Values flatten(WarpEmitter &e, ValueRange fragments) {
  Values registers;
  for (Value fragment : fragments)
    llvm::append_range(registers, e.elements(fragment));
  return registers;
}
Values regroup(WarpEmitter &e, ArrayRef<Value> registers, TypeRange types) {
  Values fragments;
  for (Type type : types) {
    int64_t count = cast<VectorType>(type).getNumElements();
    fragments.push_back(e.vectorOf(registers.take_front(count)));
    registers = registers.drop_front(count);
  }
  return fragments;
}

} // namespace

Values cuda::lower(WarpEmitter &e, tile::WgmmaSSOp op) {
  int64_t count = cast<VectorType>(op.getResult().getType()).getNumElements();
  int64_t panelColumns = tile::panelColumns(op.getFeatures());
  Panels a{panelColumns, op.getARows()}, b{panelColumns, op.getBRows()};
  std::string sums = registerList(0, count);
  std::string text = "{\n.reg .b64 da, db;\n.reg .pred p;\n";
  for (int64_t k = 0; k < op.getFeatures(); k += 16) {
    text +=
        "add.s64 da, $" + std::to_string(count) + ", " + std::to_string(a.columnStep(k)) + ";\n";
    text += "add.s64 db, $" + std::to_string(count + 1) + ", " + std::to_string(b.columnStep(k)) +
            ";\n";
    // The first step overwrites what the registers hold.
    text += std::string("setp.ne.b32 p, ") + (k ? "1" : "0") + ", 0;\n";
    text += opcode(2 * count, op.getElement()) + sums + ", da, db, p, 1, 1, 0, 0;\n";
  }
  text += "wgmma.commit_group.sync.aligned;\n}";
  Value undefined = LLVM::UndefOp::create(e, e.f32());
  Values tied(count, undefined);
  return {
      e.vectorOf(e.assembly(text, tied, {a.descriptor(e, op.getA()), b.descriptor(e, op.getB())}))};
}

Values cuda::lower(WarpEmitter &e, tile::WgmmaRSOp op) {
  Values sums = e.elements(op.getInit()), a = e.elements(op.getA());
  int64_t count = sums.size(), features = 2 * count, depth = 4 * a.size();
  Panels b{tile::panelColumns(features), depth};
  std::string descriptor = "$" + std::to_string(count + int64_t(a.size()));
  std::string text = "{\n.reg .b64 db;\n";
  for (int64_t k = 0; k < depth; k += 16) {
    text += "add.s64 db, " + descriptor + ", " + std::to_string(b.rowStep(k)) + ";\n";
    text += opcode(features, op.getElement()) + registerList(0, count) + ", " +
            registerList(count + k / 4, 4) + ", db, 1, 1, 1, 1;\n";
  }
  text += "wgmma.commit_group.sync.aligned;\n}";
  Values inputs = a;
  inputs.push_back(b.descriptor(e, op.getB()));
  return {e.vectorOf(e.assembly(text, sums, inputs))};
}

Values cuda::lower(WarpEmitter &e, tile::WgmmaFenceOp op) {
  Values registers = e.assembly("wgmma.fence.sync.aligned;", flatten(e, op.getRegisters()));
  return regroup(e, registers, op.getResultTypes());
}

Values cuda::lower(WarpEmitter &e, tile::WgmmaWaitOp op) {
  Values registers = e.assembly("wgmma.wait_group.sync.aligned " + Twine(op.getPending()) + ";",
                                flatten(e, op.getRegisters()));
  return regroup(e, registers, op.getResultTypes());
}
