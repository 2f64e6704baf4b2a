//===- OpcodeTest.cpp - what each group of opcodes computes -------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Each case is a fragment that leaves its result in %rd0; one warp runs it and every lane stores
// its result.
//
//===----------------------------------------------------------------------===//

#include "Harness.h"
#include "gtest/gtest.h"
#include <cstring>

using namespace attn::ptx;
using namespace attn::ptx::test;

namespace {

const std::string header = ".version 8.6\n.target sm_90a\n.address_size 64\n";

std::string kernelText(const std::string &body, const std::string &before = "") {
  return header + before +
         ".visible .entry k(.param .u64 out, .param .u32 n)\n"
         "{\n.reg .pred %p<9>;\n.reg .b16 %h<9>;\n.reg .b32 %r<40>;\n.reg .b64 %rd<9>;\n"
         ".local .align 16 .b8 depot[32];\n.shared .align 128 .b8 tile[1024];\n"
         "mov.u32 %r1, %tid.x;\n" +
         body +
         "\nld.param.b64 %rd1, [out];\nmov.u32 %r1, %tid.x;\nmul.wide.u32 %rd2, %r1, 8;\n"
         "add.s64 %rd1, %rd1, %rd2;\nst.global.b64 [%rd1], %rd0;\nret;\n}\n";
}

/// The error, or "" and what each lane stored.
std::string run(const std::string &text, std::vector<uint64_t> &out, uint64_t seed = 1) {
  out.assign(32, ~0ull);
  DeviceMemory memory;
  memory.add(out.data(), 256, "out");
  const void *pointer = out.data();
  uint32_t n = 5;
  LaunchConfig config;
  config.block = {32, 1, 1};
  config.seed = seed;
  config.instructionLimit = 100000;
  return runOnce(text, "k", config, {&pointer, &n}, memory);
}

struct Case {
  const char *name, *body;
  uint64_t lane0, lane9;
};

const Case cases[] = {
    {"AddWraps", "mov.b32 %r2, 0xffffffff; add.s32 %r3, %r2, 2; cvt.u64.u32 %rd0, %r3;", 1, 1},
    {"Sub64", "mov.b64 %rd3, 5; sub.s64 %rd0, %rd3, 7;", ~1ull, ~1ull},
    {"MulWide", "mov.b32 %r2, -3; mul.wide.s32 %rd0, %r2, 5;", -15ull, -15ull},
    {"MulHi", "mov.b32 %r2, 0x80000000; mul.hi.u32 %r3, %r2, 6; cvt.u64.u32 %rd0, %r3;", 3, 3},
    {"MadLo", "mad.lo.s32 %r3, %r1, 7, 100; cvt.u64.u32 %rd0, %r3;", 100, 163},
    {"DivRem",
     "mov.b32 %r2, -7; div.s32 %r3, %r2, 2; rem.s32 %r4, %r2, 2; mov.b64 %rd0, {%r3, %r4};",
     0xfffffffffffffffdull, 0xfffffffffffffffdull},
    {"DivRem64",
     "mov.b64 %rd3, -7000000000001; div.s64 %rd4, %rd3, 1000000000000; rem.s64 %rd5, %rd3, "
     "1000000000000; shl.b64 %rd4, %rd4, 8; sub.s64 %rd0, %rd4, %rd5;",
     -1791ull, -1791ull},
    {"DivRem64Unsigned",
     "mov.b64 %rd3, -1; div.u64 %rd4, %rd3, 10; rem.u64 %rd5, %rd3, 10; add.s64 %rd0, %rd4, %rd5;",
     0x199999999999999eull, 0x199999999999999eull},
    {"MulHi64Unsigned", "mov.b64 %rd3, -1; mul.hi.u64 %rd0, %rd3, %rd3;", ~1ull, ~1ull},
    {"MulHi64Signed", "mov.b64 %rd3, -1; mov.b64 %rd4, 5; mul.hi.s64 %rd0, %rd3, %rd4;", ~0ull,
     ~0ull},
    {"MinMaxSigned",
     "mov.b32 %r2, -1; min.s32 %r3, %r2, 4; max.u32 %r4, %r2, 4; mov.b64 %rd0, {%r3, %r4};", ~0ull,
     ~0ull},
    {"ShiftsClamp",
     "mov.b32 %r2, -8; shr.s32 %r3, %r2, 40; shl.b32 %r4, %r2, 32; mov.b64 %rd0, {%r3, %r4};",
     0xffffffffull, 0xffffffffull},
    {"FunnelShift",
     "mov.b32 %r2, 0x12345678; shf.l.wrap.b32 %r3, %r2, %r2, 8; cvt.u64.u32 %rd0, %r3;", 0x34567812,
     0x34567812},
    {"BitField",
     "mov.b32 %r2, 0xabcd; bfe.u32 %r3, %r2, 4, 8; bfi.b32 %r4, 5, 0, 8, 4; mov.b64 %rd0, {%r3, "
     "%r4};",
     0x500000000bcull, 0x500000000bcull},
    {"BitMask", "bmsk.clamp.b32 %r3, 0, 32; bmsk.clamp.b32 %r4, 28, 6; mov.b64 %rd0, {%r3, %r4};",
     0xf0000000ffffffffull, 0xf0000000ffffffffull},
    {"BitMaskEmpty",
     "bmsk.clamp.b32 %r3, 40, 3; bmsk.wrap.b32 %r4, 33, 34; mov.b64 %rd0, {%r3, %r4};",
     0x600000000ull, 0x600000000ull},
    {"Counts",
     "mov.b32 %r2, 0xf0; clz.b32 %r3, %r2; popc.b32 %r4, %r2; brev.b32 %r5, %r2; add.s32 %r3, %r3, "
     "%r4; mov.b64 %rd0, {%r3, %r5};",
     0xf0000000000001cull, 0xf0000000000001cull},
    {"PrmtLop3",
     "mov.b32 %r2, 0x11223344; prmt.b32 %r3, %r2, 0, 0x123; lop3.b32 %r4, 12, 10, 6, 0x96; mov.b64 "
     "%rd0, {%r3, %r4};",
     0x44332211ull, 0x44332211ull},
    {"SelectAndCompare", "setp.gt.s32 %p1, %r1, 4; selp.b64 %rd0, 1, 2, %p1;", 2, 1},
    {"CompareUnordered",
     "mov.b32 %r2, 0x7fffffff; setp.ltu.f32 %p1, %r2, 0f00000000; setp.lt.or.f32 %p2, %r2, "
     "0f00000000, %p1; selp.b64 %rd0, 1, 2, %p2;",
     1, 1},
    {"FloatFma", "fma.rn.f32 %r2, 0f40000000, 0f40400000, 0f3F800000; cvt.u64.u32 %rd0, %r2;",
     0x40e00000, 0x40e00000},
    {"FlushToZero",
     "mov.b32 %r2, 1; add.ftz.f32 %r3, %r2, 0f00000000; add.rn.f32 %r4, %r2, 0f00000000; mov.b64 "
     "%rd0, {%r3, %r4};",
     1ull << 32, 1ull << 32},
    {"MaxOfNaN",
     "mov.b32 %r2, 0x7fffffff; max.f32 %r3, %r2, 0f3F800000; max.NaN.f32 %r4, %r2, 0f3F800000; "
     "mov.b64 %rd0, {%r3, %r4};",
     0x7fffffff3f800000ull, 0x7fffffff3f800000ull},
    {"Exponential",
     "ex2.approx.ftz.f32 %r2, 0f40400000; rcp.approx.ftz.f32 %r3, %r2; lg2.approx.ftz.f32 %r4, "
     "%r3; mov.b64 %rd0, {%r3, %r4};",
     0xc04000003e000000ull, 0xc04000003e000000ull},
    {"SineCosine",
     "sin.approx.f32 %r2, 0f00000000; cos.approx.ftz.f32 %r3, %r2; mov.b64 %rd0, {%r2, %r3};",
     0x3f80000000000000ull, 0x3f80000000000000ull},
    {"SubnormalHalves",
     "mov.b16 %h1, 0x8001; cvt.f32.f16 %r2, %h1; cvt.rn.f16.f32 %h2, %r2; mov.b16 %h3, 0x7c00; "
     "cvt.f32.f16 %r3, %h3; cvt.rn.f16.f32 %h4, %r3; mov.b32 %r4, {%h2, %h4}; xor.b32 %r4, %r4, "
     "%r2; mov.b64 %rd0, {%r3, %r4};",
     0xcf8080017f800000ull, 0xcf8080017f800000ull},
    {"PackF16",
     "cvt.rn.f16x2.f32 %r2, 0f477FE000, 0f477FF000; cvt.rz.f16x2.f32 %r3, 0fC77FF000, 0f3F801FFF; "
     "mov.b64 %rd0, {%r2, %r3};",
     0xfbff3c007bff7c00ull, 0xfbff3c007bff7c00ull},
    {"DivSqrt",
     "sqrt.rn.f32 %r2, 0f41800000; div.rn.f32 %r3, %r2, 0f40000000; neg.f32 %r4, %r3; abs.f32 %r5, "
     "%r4; mov.b64 %rd0, {%r4, %r5};",
     0x40000000c0000000ull, 0x40000000c0000000ull},
    {"Double", "mov.b64 %rd3, 0d3FF8000000000000; add.rn.f64 %rd0, %rd3, %rd3;",
     0x4008000000000000ull, 0x4008000000000000ull},
    {"HalfArithmetic",
     "mov.b16 %h1, 0x3c00; add.rn.f16 %h2, %h1, %h1; mov.b16 %h3, 0x3f80; fma.rn.bf16 %h4, %h3, "
     "%h3, %h3; mov.b32 %r2, {%h2, %h4}; cvt.u64.u32 %rd0, %r2;",
     0x40004000, 0x40004000},
    {"PackedHalf", "mov.b32 %r2, 0x3f804000; mul.rn.bf16x2 %r3, %r2, %r2; cvt.u64.u32 %rd0, %r3;",
     0x3f804080, 0x3f804080},
    {"PackBF16", "cvt.rn.bf16x2.f32 %r2, 0f3F800000, 0f3F808000; cvt.u64.u32 %rd0, %r2;",
     0x3f803f80, 0x3f803f80},
    {"RoundF16", "cvt.rn.f16.f32 %h1, 0f3F801001; cvt.f32.f16 %r2, %h1; cvt.u64.u32 %rd0, %r2;",
     0x3f802000, 0x3f802000},
    {"FloatToInt",
     "cvt.rzi.s32.f32 %r2, 0fC0200000; cvt.rmi.s32.f32 %r3, 0fC0200000; mov.b64 %rd0, {%r2, %r3};",
     0xfffffffdfffffffeull, 0xfffffffdfffffffeull},
    {"IntToFloat", "cvt.rn.f32.s32 %r2, -3; cvt.u64.u32 %rd0, %r2;", 0xc0400000, 0xc0400000},
    {"SignExtend", "mov.b32 %r2, 0x80; cvt.s32.s8 %r3, %r2; cvt.s64.s32 %rd0, %r3;", -128ull,
     -128ull},
    {"Special", "mov.u32 %r2, %laneid; mov.u32 %r3, %ntid.x; mov.b64 %rd0, {%r2, %r3};",
     32ull << 32, 32ull << 32 | 9},
    {"Parameter", "ld.param.b32 %r2, [n]; cvt.u64.u32 %rd0, %r2;", 5, 5},
    {"LocalVector",
     "mov.b64 %rd3, depot; st.local.v2.b32 [%rd3+8], {%r1, 7}; cvta.local.u64 %rd4, %rd3; ld.b64 "
     "%rd0, [%rd4+8];",
     7ull << 32, 7ull << 32 | 9},
    {"SharedGeneric",
     "mov.b64 %rd3, tile; cvta.shared.u64 %rd4, %rd3; mul.wide.u32 %rd5, %r1, 8; add.s64 %rd4, "
     "%rd4, %rd5; st.b64 [%rd4], %rd5; ld.b64 %rd0, [%rd4];",
     0, 72},
    {"Constant",
     "ld.const.b32 %r2, [table+4]; ld.global.s8 %r3, [value]; mov.b64 %rd0, {%r2, %r3};",
     0xffffffff00000014ull, 0xffffffff00000014ull},
    {"AtomicShared",
     "setp.ne.b32 %p1, %r1, 0; @!%p1 st.shared.b32 [tile], 0; bar.warp.sync -1; "
     "atom.shared.add.u32 %r2, [tile], 2; bar.warp.sync -1; ld.shared.b32 %r3, [tile]; cvt.u64.u32 "
     "%rd0, %r3;",
     64, 64},
    {"AtomicForms",
     "st.shared.b32 [tile], 5; atom.shared.cas.b32 %r2, [tile], 5, 9; atom.shared.exch.b32 %r3, "
     "[tile], 4; red.shared.max.s32 [tile], 6; ld.shared.b32 %r4, [tile]; cvt.u64.u32 %rd0, %r4;",
     6, 6},
    {"ShuffleBfly", "shfl.sync.bfly.b32 %r2, %r1, 1, 31, -1; cvt.u64.u32 %rd0, %r2;", 1, 8},
    {"ShuffleDown",
     "shfl.sync.down.b32 %r2|%p1, %r1, 28, 31, -1; selp.b32 %r3, 1, 0, %p1; mov.b64 %rd0, {%r2, "
     "%r3};",
     1ull << 32 | 28, 9},
    {"ShuffleSegment", "shfl.sync.idx.b32 %r2, %r1, 3, 0x181f, -1; cvt.u64.u32 %rd0, %r2;", 3, 11},
    {"Vote",
     "setp.lt.u32 %p1, %r1, 3; vote.sync.ballot.b32 %r2, %p1, -1; vote.sync.any.pred %p2, %p1, -1; "
     "vote.sync.all.pred %p3, %p1, -1; selp.b32 %r3, 1, 0, %p2; @%p3 mov.b32 %r3, 2; mov.b64 %rd0, "
     "{%r2, %r3};",
     1ull << 32 | 7, 1ull << 32 | 7},
    {"Redux",
     "redux.sync.add.s32 %r2, %r1, -1; redux.sync.max.u32 %r3, %r1, -1; mov.b64 %rd0, {%r2, %r3};",
     31ull << 32 | 496, 31ull << 32 | 496},
    {"ReduxForms",
     "sub.s32 %r2, %r1, 5; redux.sync.min.s32 %r3, %r2, -1; redux.sync.max.u32 %r4, %r2, -1; "
     "redux.sync.or.b32 %r5, %r1, -1; redux.sync.add.s32 %r6, %r2, -1; add.s32 %r3, %r3, %r5; "
     "add.s32 %r4, %r4, %r6; mov.b64 %rd0, {%r3, %r4};",
     // -5 + 31 and 0xffffffff + 496 - 160
     0x14f0000001aull, 0x14f0000001aull},
    {"VoteForms",
     "setp.lt.u32 %p1, %r1, 32; setp.eq.u32 %p2, %r1, 40; vote.sync.all.pred %p3, %p1, -1; "
     "vote.sync.any.pred %p4, %p2, -1; vote.sync.uni.pred %p5, %p2, -1; selp.b32 %r2, 1, 0, %p3; "
     "selp.b32 %r3, 2, 0, %p4; selp.b32 %r4, 4, 0, %p5; or.b32 %r2, %r2, %r3; or.b32 %r2, %r2, "
     "%r4; cvt.u64.u32 %rd0, %r2;",
     5, 5},
    {"BarriersByNumber",
     "mov.b32 %r2, 5; mov.b32 %r3, 32; bar.sync %r2, %r3; add.s32 %r2, %r2, 1; barrier.sync "
     "%r2, %r3; mov.b64 %rd0, 3;",
     3, 3},
    {"Elect", "elect.sync %r2|%p1, -1; selp.b64 %rd0, 1, 0, %p1;", 1, 0},
    {"Divergence",
     "mov.b32 %r2, 0; LOOP: add.s32 %r2, %r2, 1; setp.lt.u32 %p1, %r2, %r1; @%p1 bra LOOP; "
     "shfl.sync.idx.b32 %r3, %r2, 31, 31, -1; mov.b64 %rd0, {%r2, %r3};",
     31ull << 32 | 1, 31ull << 32 | 9},
    {"NestedDivergence",
     "mov.b64 %rd0, 0; setp.gt.u32 %p1, %r1, 7; @%p1 bra A; bra.uni C; A: setp.gt.u32 %p2, %r1, 8; "
     "@%p2 bra B; add.s64 %rd0, %rd0, 1; B: add.s64 %rd0, %rd0, 2; C: bar.warp.sync -1;",
     0, 2},
    {"BranchTable",
     "T: .branchtargets A, B; setp.eq.b32 %p1, %r1, 9; selp.b32 %r2, 1, 0, %p1; brx.idx %r2, T; A: "
     "mov.b64 %rd0, 10; bra.uni C; B: mov.b64 %rd0, 20; C: bar.warp.sync -1;",
     10, 20},
    {"ScopedLabels",
     "{ .reg .pred q; setp.eq.b32 q, 0, 0; @q bra DONE; DONE: }{ .reg .pred q; setp.eq.b32 q, 0, "
     "1; @q bra DONE; mov.b64 %rd0, 3; DONE: }",
     3, 3},
    {"Call",
     "{ .param .b32 a; .param .b32 r; st.param.b32 [a], %r1; call.uni (r), twice, (a); "
     "ld.param.b32 %r2, [r]; } cvt.u64.u32 %rd0, %r2;",
     1, 19},
    {"EarlyExit", "setp.eq.b32 %p1, %r1, 3; @%p1 exit; bar.warp.sync -1; mov.b64 %rd0, 4;", 4, 4},
    {"ActiveMask",
     "setp.lt.u32 %p1, %r1, 8; mov.b64 %rd0, 0; @%p1 activemask.b32 %r2; @%p1 cvt.u64.u32 %rd0, "
     "%r2;",
     255, 0},
    {"Hints",
     "createpolicy.fractional.L2::evict_first.b64 %rd3, 0f3F800000; ld.param.b64 %rd4, [out]; "
     "prefetch.global.L2 [%rd4]; nanosleep.u32 20; add.s64 %rd0, %rd3, 1;",
     1, 1},
    {"MbarrierBecomesMemory",
     "setp.eq.b32 %p1, %r1, 0; @%p1 mbarrier.init.shared.b64 [tile], 5; @%p1 mbarrier.inval.shared"
     ".b64 [tile]; @%p1 st.shared.b64 [tile], 6; bar.warp.sync -1; @%p1 mbarrier.init.shared.b64 "
     "[tile+8], 5; ld.shared.b64 %rd0, [tile];",
     6, 6},
    {"StmatrixLdmatrix",
     "shl.b32 %r2, %r1, 4; mov.b32 %r3, tile; add.s32 %r4, %r3, %r2; mov.b32 %r5, 7;"
     "stmatrix.sync.aligned.m8n8.x4.shared.b16 [%r4], {%r1, %r5, %r1, %r5};"
     "ldmatrix.sync.aligned.m8n8.x2.trans.shared.b16 {%r6, %r7}, [%r4]; mov.b64 %rd0, {%r6, %r7};",
     0x0007000700040000ull, 0x00070007000d0009ull},
    {"MmaBF16",
     "mov.b32 %r2, 0x3f803f80; mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%r4, %r5, %r6, "
     "%r7},"
     "{%r2, %r2, %r2, %r2}, {%r2, %r2}, {0f3F800000, 0f00000000, 0f00000000, 0f00000000};"
     "mov.b64 %rd0, {%r4, %r5};",
     0x4180000041880000ull, 0x4180000041880000ull},
    {"MmaF16K8",
     "mov.b32 %r2, 0x3c003c00; mma.sync.aligned.m16n8k8.row.col.f32.f16.f16.f32 {%r4, %r5, %r6, "
     "%r7},"
     "{%r2, %r2}, {%r2}, {0f00000000, 0f00000000, 0f00000000, 0f00000000}; mov.b64 %rd0, {%r4, "
     "%r7};",
     0x4100000041000000ull, 0x4100000041000000ull},
};

const std::string before = ".const .align 4 .b32 table[2] = {10, 20};\n"
                           ".visible .global .align 1 .b8 value = 255;\n"
                           ".func (.param .b32 result) twice(.param .b32 x)\n{\n.reg .b32 %r<4>;\n"
                           "ld.param.b32 %r1, [x];\nshl.b32 %r2, %r1, 1;\nadd.s32 %r2, %r2, 1;\n"
                           "st.param.b32 [result], %r2;\nret;\n}\n";

class OpcodeCase : public ::testing::TestWithParam<Case> {};

TEST_P(OpcodeCase, Computes) {
  const Case &test = GetParam();
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    std::vector<uint64_t> out;
    ASSERT_EQ(run(kernelText(test.body, before), out, seed), "");
    EXPECT_EQ(out[0], test.lane0) << std::hex << out[0];
    EXPECT_EQ(out[9], test.lane9) << std::hex << out[9];
  }
}

INSTANTIATE_TEST_SUITE_P(All, OpcodeCase, ::testing::ValuesIn(cases),
                         [](const auto &info) { return std::string(info.param.name); });

struct Refusal {
  const char *name, *body, *message;
};

const Refusal refusals[] = {
    {"UnknownOpcode", "frobnicate.b32 %r1, %r1;", "unknown opcode 'frobnicate.b32'"},
    {"UnknownModifier", "add.cc.s32 %r1, %r1, 1;", "unknown modifier '.cc' of 'add'"},
    {"UnknownForm", "add.rn.rz.f32 %r1, %r1, %r1;", "unknown modifier '.rz' of 'add'"},
    {"UnknownRegister", "add.s32 %r1, %q1, 1;", "unknown name '%q1'"},
    {"UnknownLabel", "bra NOWHERE;", "unknown label 'NOWHERE'"},
    {"WrongOperandCount", "add.s32 %r1, %r1;", "has 2 operands"},
    {"Cluster", "barrier.cluster.arrive.aligned;", "unknown opcode 'barrier.cluster"},
    {"GlobalNowhere", "mov.b64 %rd3, 64; ld.global.b32 %r1, [%rd3];", "is in no allocation"},
    {"WriteConstant", "mov.b64 %rd3, table; st.global.b32 [%rd3], 1;", "which is read-only"},
    {"LocalOutOfBounds", "mov.b64 %rd3, depot; ld.local.b32 %r1, [%rd3+32];", "outside the stack"},
    {"PartialWarp", "setp.lt.u32 %p1, %r1, 16; @%p1 shfl.sync.idx.b32 %r2, %r1, 0, 31, -1;",
     "member mask 0xffffffff, but executed by lanes 0x0000ffff"},
    {"ShuffleFromNobody",
     "setp.lt.u32 %p1, %r1, 16; @%p1 shfl.sync.down.b32 %r2, %r1, 1, 31, 0xffff;",
     "which does not take part"},
    {"Trap", "trap;", "trap"},
    {"Endless", "LOOP: add.s32 %r1, %r1, 1; bra.uni LOOP;", "no end after"},
    {"NoMbarrier", "mbarrier.arrive.shared.b64 _, [tile];", "there is no mbarrier"},
    {"OverArrival",
     "setp.eq.b32 %p1, %r1, 0; @%p1 mbarrier.init.shared.b64 [tile], 5; mbarrier.arrive.shared.b64 "
     "_, [tile], 3;",
     "too many arrivals"},
    {"MbarrierTwice", "mbarrier.init.shared.b64 [tile], 5;", "initialised twice"},
    {"StoreOverMbarrier",
     "setp.eq.b32 %p1, %r1, 0; @%p1 mbarrier.init.shared.b64 [tile], 5; st.shared.b32 [tile+4], 0;",
     "holds an mbarrier"},
    {"DeadlockOnMbarrier",
     "setp.eq.b32 %p1, %r1, 0; @%p1 mbarrier.init.shared.b64 [tile], 2; L: "
     "mbarrier.try_wait.parity.shared.b64 %p2, [tile], 0; @!%p2 bra L;",
     "2 of 2 arrivals and 0 bytes pending"},
    {"MbarrierGone",
     "setp.eq.b32 %p1, %r1, 0; @%p1 mbarrier.init.shared.b64 [tile], 5; @%p1 mbarrier.inval.shared"
     ".b64 [tile]; bar.warp.sync -1; mbarrier.arrive.shared.b64 _, [tile];",
     "there is no mbarrier"},
    {"SetmaxnregWithoutCap", "setmaxnreg.inc.sync.aligned.u32 240;", "is ignored by ptxas"},
};

class RefusalCase : public ::testing::TestWithParam<Refusal> {};

TEST_P(RefusalCase, NamesTheLine) {
  std::vector<uint64_t> out;
  std::string error = run(kernelText(GetParam().body, before), out);
  EXPECT_NE(error.find(GetParam().message), std::string::npos) << error;
  if (std::string(GetParam().name) != "Endless") {
    EXPECT_NE(error.find("PTX line "), std::string::npos) << error;
  }
}

INSTANTIATE_TEST_SUITE_P(All, RefusalCase, ::testing::ValuesIn(refusals),
                         [](const auto &info) { return std::string(info.param.name); });

TEST(Target, MustHaveTheInstruction) {
  auto parse = [](const std::string &target, const std::string &body) {
    std::string error;
    Module::parse(".version 8.0\n.target " + target +
                      "\n.address_size 64\n.visible .entry k()\n{\n.reg .b32 %r<2>;\n"
                      ".reg .pred %p<2>;\n" +
                      body + "\nret;\n}\n",
                  error);
    return error;
  };
  const std::string wgmma = "wgmma.fence.sync.aligned;", elect = "elect.sync %r1|%p1, -1;";
  EXPECT_EQ(parse("sm_90a", wgmma + elect), "");
  EXPECT_EQ(parse("sm_90", elect), "");
  EXPECT_EQ(parse("sm_90", wgmma), "PTX line 8: 'wgmma.fence' needs sm_90a, the target is sm_90");
  EXPECT_EQ(parse("sm_80", elect), "PTX line 8: 'elect.sync' needs sm_90, the target is sm_80");
  EXPECT_EQ(parse("sm_80", "bar.sync 0;"), "");
  EXPECT_EQ(parse("gfx90", "bar.sync 0;"), "PTX line 8: unknown target 'gfx90'");
}

TEST(TensorMap, SurvivesItsEncoding) {
  TensorMap map, back;
  map.address = 4096;
  map.rank = 3;
  map.element = TensorMap::Element::F16;
  map.swizzle = TensorMap::Swizzle::B64;
  for (unsigned i = 0; i < 3; ++i) {
    map.size[i] = 100 + i;
    map.stride[i] = i ? 256 * i : 2;
    map.box[i] = 8 * (i + 1);
  }
  ASSERT_EQ(map.check(), "");
  uint8_t bytes[128];
  map.encode(bytes);
  ASSERT_TRUE(TensorMap::decode(bytes, back));
  EXPECT_EQ(back.size[2], 102u);
  EXPECT_EQ(back.stride[2], 512u);
  EXPECT_EQ(back.boxBytes(), 8u * 16 * 24 * 2);
  bytes[0] = 0;
  EXPECT_FALSE(TensorMap::decode(bytes, back));
  map.stride[1] = 24;
  EXPECT_NE(map.check().find("multiple of 16"), std::string::npos);
}

} // namespace
