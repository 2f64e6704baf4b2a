//===- Entry.cpp - the kernel's function and its work items -------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The grid has as many CTAs as the device can hold at once. CTA c takes the items c, c + grid, ...;
// items are numbered tile by tile, so that the heads of a tile, which share keys, run side by side,
// and from the tiles that visit most to those that visit least: at the end only short items are
// left. Which end of the sequence that is, the schedule says: the counts of the first and of the
// last tile.
//
//===----------------------------------------------------------------------===//

#include "KernelEmitter.h"
#include "attn/Runtime/Device.h"

#include <cstddef>

using namespace mlir;
using namespace mlir::attn;
using namespace mlir::attn::cuda;

static KernelCall::LoadField fieldLoader(std::function<Value(Type, int64_t)> load, Emitter &e) {
  return [load = std::move(load), &e](KernelCall::Field field) -> Value {
    using Field = KernelCall::Field;
    auto extend = [&](int64_t offset) -> Value {
      return arith::ExtSIOp::create(e, e.i64(), load(e.i32(), offset));
    };
    switch (field) {
    case Field::QueryLength:
      return extend(offsetof(AttnLaunch, query_length));
    case Field::KeyLength:
      return extend(offsetof(AttnLaunch, key_length));
    case Field::Offset:
      return load(e.i64(), offsetof(AttnLaunch, offset));
    case Field::KeyOffset:
      return load(e.i64(), offsetof(AttnLaunch, key_offset));
    case Field::Length:
      return load(e.i64(), offsetof(AttnLaunch, length));
    case Field::ScaleLog2:
      return load(e.f32(), offsetof(AttnLaunch, scale_log2));
    }
    llvm_unreachable("unknown field");
  };
}

KernelEmitter::KernelEmitter(OpBuilder &builder, const KernelFunction &kernel, const Target &target)
    : e(KernelFunction(kernel).attention.getLoc(), builder.getContext()), kernel(kernel),
      target(target), shape(*target.tileShape(kernel.features)),
      element(cast<RankedTensorType>(KernelFunction(kernel).attention.getQuery().getType())
                  .getElementType()),
      call(e, kernel,
           fieldLoader([this](Type type, int64_t offset) { return launchField(type, offset); }, e),
           [this](unsigned i) { return launchField(e.i64(), sizeof(AttnLaunch) + 8 * i); }) {
  e.restoreInsertionPoint(builder.saveInsertionPoint());
  if (kernel.schedule) {
    visitOps = llvm::to_vector(KernelFunction(kernel).schedule.getBody().front().getOps<VisitOp>());
    captures = getFilterCaptures(kernel.schedule);
  }
}

void KernelEmitter::emit() {
  MLIRContext *context = e.getContext();
  auto nvvmTarget = NVVM::NVVMTargetAttr::get(context, /*optLevel=*/2, "nvptx64-nvidia-cuda",
                                              target.chip, target.features);
  StringAttr name = e.getStringAttr(kernel.getName());
  auto module = gpu::GPUModuleOp::create(e, name, e.getArrayAttr(nvvmTarget));
  OpBuilder::InsertionGuard guard(e);
  e.setInsertionPointToStart(module.getBody());
  // Dynamic shared memory has no size of its own; swizzles need its alignment.
  LLVM::GlobalOp::create(e, LLVM::LLVMArrayType::get(e.getI8Type(), 0),
                         /*isConstant=*/false, LLVM::Linkage::External, "shared", Attribute(),
                         /*alignment=*/1024, /*addrSpace=*/3);

  Type pointer = e.ptr();
  SmallVector<Type> types(target.isHopper ? 5 : 1, pointer);
  function = LLVM::LLVMFuncOp::create(
      e, kernel.getName(), LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(context), types));
  auto passByValue = [&](unsigned index, int64_t bytes, int64_t alignment) {
    auto type = LLVM::LLVMArrayType::get(e.getI8Type(), bytes);
    function.setArgAttr(index, LLVM::LLVMDialect::getByValAttrName(), TypeAttr::get(type));
    function.setArgAttr(index, LLVM::LLVMDialect::getAlignAttrName(),
                        e.getI64IntegerAttr(alignment));
    function.setArgAttr(index, NVVM::NVVMDialect::getGridConstantAttrName(), e.getUnitAttr());
  };
  for (unsigned i = 0; i + 1 < types.size(); ++i)
    passByValue(i, 128, 64);
  passByValue(types.size() - 1, sizeof(AttnLaunch) + 8 * kernel.getNumArguments(), 8);
  // Subnormal numbers are 0, as the fast instructions have it.
  function.setPassthroughAttr(
      e.getArrayAttr(e.getStrArrayAttr({"denormal-fp-math-f32", "preserve-sign"})));
  function->setAttr(NVVM::NVVMDialect::getKernelFuncAttrName(), e.getUnitAttr());

  Block *entry = function.addEntryBlock(e);
  e.setInsertionPointToStart(entry);
  auto arguments = entry->getArguments();
  launch = arguments.back();
  for (unsigned i = 0; i + 1 < types.size(); ++i)
    maps[i] = arguments[i];
  shared = LLVM::AddressOfOp::create(e, e.sharedPtr(), "shared");
  thread = NVVM::ThreadIdXOp::create(e, e.i32());
  if (target.isHopper)
    emitHopper();
  else
    emitAmpere();
  LLVM::ReturnOp::create(e, ValueRange());

  // setmaxnreg is ignored, and registers are not capped, without the number of threads.
  function->setAttr(NVVM::NVVMDialect::getReqntidAttrName(),
                    e.getDenseI32ArrayAttr({threads, 1, 1}));
  function->setAttr(NVVM::NVVMDialect::getMinctasmAttrName(), e.getI32IntegerAttr(1));
  auto entryOf = [&](StringRef key, int64_t value) {
    return e.getNamedAttr(key, e.getI32IntegerAttr(value));
  };
  module->setAttr(
      "attn.launch",
      e.getDictionaryAttr(
          {entryOf("threads", threads), entryOf("shared_bytes", sharedBytes),
           entryOf("query_tile", shape.queries), entryOf("key_tile", shape.keys),
           entryOf("panel_columns", target.isHopper ? tile::panelColumns(features()) : 0),
           entryOf("output_rows", target.isHopper ? kWarpRows : 0)}));
}

//===----------------------------------------------------------------------===//
// What the ABI gives
//===----------------------------------------------------------------------===//

Value KernelEmitter::launchField(Type type, int64_t offset) {
  Value address = LLVM::GEPOp::create(e, e.ptr(), e.getI8Type(), launch,
                                      ArrayRef<LLVM::GEPArg>{int32_t(offset)});
  return e.load(type, address);
}

Value KernelEmitter::headAddress(int64_t pointer, int64_t strides, Value batch, Value head,
                                 int64_t bytes) {
  Value elements = e.add(e.mul(e.extend64(batch), launchField(e.i64(), strides)),
                         e.mul(e.extend64(head), launchField(e.i64(), strides + 8)));
  return e.at(launchField(e.globalPtr(), pointer), e.mul(elements, bytes));
}

Value KernelEmitter::rowBytes(int64_t strides, int64_t bytes) {
  return e.mul(launchField(e.i64(), strides + 16), bytes);
}

Value KernelEmitter::queryRows() { return number(offsetof(AttnLaunch, query_length)); }
Value KernelEmitter::keyRows() { return number(offsetof(AttnLaunch, key_length)); }

//===----------------------------------------------------------------------===//
// Work items
//===----------------------------------------------------------------------===//

Value KernelEmitter::isLastHeaviest() {
  auto count = [&](Value tile) {
    Value sum = e.integer(0);
    IRMapping mapping;
    for (const BandRange &band : call.bands(e.extend64(tile), shape.keys, mapping))
      sum = e.add(sum, e.max(e.sub(band.end, band.begin), e.integer(0)));
    return sum;
  };
  Value last = e.sub(number(offsetof(AttnLaunch, tiles)), e.integer32(1));
  return e.lt(count(e.integer32(0)), count(last));
}

Value KernelEmitter::keyHead(Value head) {
  return e.div(head, number(offsetof(AttnLaunch, group)));
}

Values KernelEmitter::overItems(Value isDescending, ValueRange inits,
                                function_ref<Values(const WorkItem &, ValueRange)> body) {
  Value first = NVVM::BlockIdXOp::create(e, e.i32());
  Value step = NVVM::GridDimXOp::create(e, e.i32());
  Value items = number(offsetof(AttnLaunch, items)), tiles = number(offsetof(AttnLaunch, tiles));
  Value heads = number(offsetof(AttnLaunch, query_heads));
  Value allHeads = e.div(items, tiles);
  auto loop = scf::ForOp::create(e, first, items, step, inits);
  OpBuilder::InsertionGuard guard(e);
  if (inits.empty())
    loop.getBody()->getTerminator()->erase();
  e.setInsertionPointToEnd(loop.getBody());
  Value number = loop.getInductionVar();
  Value rank = e.div(number, allHeads), index = e.rem(number, allHeads);
  WorkItem item;
  item.tile = e.select(isDescending, e.sub(e.sub(tiles, e.integer32(1)), rank), rank);
  item.firstRow = e.mul(item.tile, shape.queries);
  item.batch = e.div(index, heads);
  item.head = e.rem(index, heads);
  item.keyHead = keyHead(item.head);
  scf::YieldOp::create(e, body(item, loop.getRegionIterArgs()));
  return loop.getResults();
}

Lane KernelEmitter::laneOf(Value thread, Value warpRow) {
  Lane lane;
  lane.number = e.both(thread, e.integer32(kWarp - 1));
  lane.row = e.add(warpRow, e.shr(lane.number, e.integer32(2)));
  lane.column = e.mul(e.both(lane.number, e.integer32(3)), 2);
  return lane;
}
