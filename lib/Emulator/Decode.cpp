//===- Decode.cpp - from the spelling of an opcode to an instruction ------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The vocabulary of PTX: opcodes come from Opcodes.def, modifiers from the tables below. A modifier
// that an opcode does not take is an error rather than ignored: what is not understood must not
// run.
//
//===----------------------------------------------------------------------===//

#include "Decode.h"

#include <cstdlib>
#include <unordered_map>

namespace attn::ptx {
namespace {

enum Trait { None = 0, D = 1, T = 2 };

struct OpcodeInfo {
  const char *spelling;
  Trait trait;
  uint64_t allowed;
};

const OpcodeInfo opcodeInfos[] = {
#define PTX_OPCODE(NAME, SPELLING, TRAITS, ALLOWED) {SPELLING, TRAITS, ALLOWED},
#include "attn/Emulator/Opcodes.def"
};

template <typename T>
using Table = std::unordered_map<std::string, T>;

const Table<Opcode> &opcodes() {
  static const Table<Opcode> table = [] {
    Table<Opcode> result;
    unsigned index = 0;
    for (const OpcodeInfo &info : opcodeInfos)
      result[info.spelling] = static_cast<Opcode>(index++);
    return result;
  }();
  return table;
}

const Table<Type> types = {
    {"pred", Type::Pred},     {"b8", Type::B8},   {"b16", Type::B16},     {"b32", Type::B32},
    {"b64", Type::B64},       {"u8", Type::U8},   {"u16", Type::U16},     {"u32", Type::U32},
    {"u64", Type::U64},       {"s8", Type::S8},   {"s16", Type::S16},     {"s32", Type::S32},
    {"s64", Type::S64},       {"f16", Type::F16}, {"f16x2", Type::F16x2}, {"bf16", Type::BF16},
    {"bf16x2", Type::BF16x2}, {"f32", Type::F32}, {"f64", Type::F64}};

const Table<Space> spaces = {
    {"global", Space::Global},      {"shared", Space::Shared},
    {"shared::cta", Space::Shared}, {"shared::cluster", Space::SharedCluster},
    {"local", Space::Local},        {"param", Space::Param},
    {"const", Space::Const}};

const Table<Compare> compares = {
    {"eq", Compare::Eq},   {"ne", Compare::Ne},   {"lt", Compare::Lt},   {"le", Compare::Le},
    {"gt", Compare::Gt},   {"ge", Compare::Ge},   {"lo", Compare::Lo},   {"ls", Compare::Ls},
    {"hi", Compare::Hi},   {"hs", Compare::Hs},   {"equ", Compare::Equ}, {"neu", Compare::Neu},
    {"ltu", Compare::Ltu}, {"leu", Compare::Leu}, {"gtu", Compare::Gtu}, {"geu", Compare::Geu},
    {"num", Compare::Num}, {"nan", Compare::Nan}};

const Table<SubOp> subOps = {
    {"add", SubOp::Add},   {"min", SubOp::Min},   {"max", SubOp::Max},
    {"and", SubOp::And},   {"or", SubOp::Or},     {"xor", SubOp::Xor},
    {"exch", SubOp::Exch}, {"cas", SubOp::Cas},   {"inc", SubOp::Inc},
    {"dec", SubOp::Dec},   {"bfly", SubOp::Bfly}, {"idx", SubOp::Idx},
    {"up", SubOp::Up},     {"down", SubOp::Down}, {"ballot", SubOp::Ballot},
    {"any", SubOp::Any},   {"all", SubOp::All},   {"l", SubOp::L},
    {"r", SubOp::R}};

const Table<uint64_t> flags = {{"ftz", Ftz},
                               {"sat", Saturate},
                               {"approx", Approx},
                               {"full", Full},
                               {"rn", Rn},
                               {"rz", Rz},
                               {"rni", Rni},
                               {"rzi", Rzi},
                               {"rmi", Rmi},
                               {"rpi", Rpi},
                               {"NaN", PropagateNaN},
                               {"lo", Lo},
                               {"hi", Hi},
                               {"wide", Wide},
                               {"uni", Uni},
                               {"sync", Sync},
                               {"aligned", Aligned},
                               {"trans", Trans},
                               {"volatile", Volatile},
                               {"relaxed", Relaxed},
                               {"acquire", Acquire},
                               {"release", Release},
                               {"acq_rel", Acquire | Release},
                               {"sc", Acquire | Release},
                               {"nc", NonCoherent},
                               {"noinc", Noinc},
                               {"parity", Parity},
                               {"expect_tx", ExpectTx},
                               {"read", ReadOnly},
                               {"wrap", Wrap},
                               {"clamp", Clamp},
                               {"to", To},
                               {"row", Row},
                               {"col", Col},
                               {"tile", Tile},
                               {"mbarrier::complete_tx::bytes", CompleteTx},
                               {"bulk_group", BulkGroup},
                               {"L2::cache_hint", CacheHint},
                               {"cta", Scope},
                               {"cluster", Scope},
                               {"gpu", Scope},
                               {"gl", Scope},
                               {"sys", Scope},
                               {"weak", Scope},
                               {"ca", CachePolicy},
                               {"cg", CachePolicy},
                               {"cs", CachePolicy},
                               {"lu", CachePolicy},
                               {"cv", CachePolicy},
                               {"wb", CachePolicy},
                               {"wt", CachePolicy},
                               {"L2", CachePolicy}};

template <typename T>
bool lookup(const Table<T> &table, const std::string &key, T &value) {
  auto it = table.find(key);
  if (it == table.end())
    return false;
  value = it->second;
  return true;
}

/// Reads "m16n8k16" or "m8n8".
bool parseShape(const std::string &token, Instruction &inst) {
  char rest = 0;
  return sscanf(token.c_str(), "m%un%uk%u%c", &inst.m, &inst.n, &inst.k, &rest) == 3 ||
         sscanf(token.c_str(), "m%un%u%c", &inst.m, &inst.n, &rest) == 2;
}

/// Reads "v4", "x2", "3d": a letter and a number in either order.
bool parseNumbered(const std::string &token, Instruction &inst) {
  if (token.size() != 2)
    return false;
  if (token[0] == 'v' && (token[1] == '2' || token[1] == '4' || token[1] == '8'))
    inst.vector = token[1] - '0';
  else if (token[0] == 'x' && (token[1] == '1' || token[1] == '2' || token[1] == '4'))
    inst.count = token[1] - '0';
  else if (token[1] == 'd' && token[0] >= '1' && token[0] <= '5')
    inst.rank = token[0] - '0';
  else
    return false;
  return true;
}

std::vector<std::string> split(const std::string &text) {
  std::vector<std::string> parts(1);
  for (char c : text) {
    if (c == '.')
      parts.emplace_back();
    else
      parts.back() += c;
  }
  return parts;
}

bool takesSubOp(Opcode opcode) {
  switch (opcode) {
  case Opcode::Atom:
  case Opcode::Red:
  case Opcode::ReduxSync:
  case Opcode::ShflSync:
  case Opcode::VoteSync:
  case Opcode::Setp:
  case Opcode::Shf:
    return true;
  default:
    return false;
  }
}

} // namespace

bool writesDestination(Opcode opcode) {
  return opcodeInfos[static_cast<unsigned>(opcode)].trait == D;
}

std::string checkTarget(const Instruction &inst, const std::string &target) {
  const std::string name = opcodeInfos[static_cast<unsigned>(inst.opcode)].spelling;
  unsigned capability = 0;
  char suffix = 0;
  if (sscanf(target.c_str(), "sm_%u%c", &capability, &suffix) < 1)
    return "unknown target '" + target + "'";
  switch (inst.opcode) {
  case Opcode::WgmmaFence:
  case Opcode::WgmmaCommitGroup:
  case Opcode::WgmmaWaitGroup:
  case Opcode::WgmmaMmaAsync:
  case Opcode::SetmaxnregDec:
  case Opcode::SetmaxnregInc:
    if (capability != 90 || suffix != 'a')
      return "'" + name + "' needs sm_90a, the target is " + target;
    return "";
  case Opcode::MbarrierArrive:
    if (!inst.has(ExpectTx))
      return "";
    [[fallthrough]];
  case Opcode::ElectSync:
  case Opcode::Stmatrix:
  case Opcode::MbarrierCompleteTx:
  case Opcode::MbarrierExpectTx:
  case Opcode::MbarrierTryWait:
  case Opcode::FenceMbarrierInit:
  case Opcode::FenceProxyAsync:
  case Opcode::CpAsyncBulk:
  case Opcode::CpAsyncBulkTensor:
  case Opcode::CpAsyncBulkPrefetchTensor:
  case Opcode::CpAsyncBulkCommitGroup:
  case Opcode::CpAsyncBulkWaitGroup:
  case Opcode::PrefetchTensormap:
  case Opcode::PrefetchParamTensormap:
  case Opcode::GriddepLaunch:
  case Opcode::GriddepWait:
    return capability >= 90 ? "" : "'" + name + "' needs sm_90, the target is " + target;
  default:
    return "";
  }
}

bool endsBlock(Opcode opcode) { return opcodeInfos[static_cast<unsigned>(opcode)].trait == T; }

std::string checkOperands(const Instruction &inst) {
  size_t count = inst.operands.size(), least = 0, most = 0;
  switch (inst.opcode) {
  case Opcode::Bra:
  case Opcode::Call:
  case Opcode::Exit:
  case Opcode::Ret:
  case Opcode::Trap:
  case Opcode::Fence:
  case Opcode::Membar:
  case Opcode::FenceMbarrierInit:
  case Opcode::FenceProxyAsync:
  case Opcode::CpAsyncCommitGroup:
  case Opcode::CpAsyncWaitAll:
  case Opcode::CpAsyncBulkCommitGroup:
  case Opcode::WgmmaFence:
  case Opcode::WgmmaCommitGroup:
  case Opcode::GriddepLaunch:
  case Opcode::GriddepWait:
    most = inst.operands.size();
    break;
  case Opcode::BrxIdx:
  case Opcode::Activemask:
  case Opcode::Nanosleep:
  case Opcode::MbarrierInval:
  case Opcode::Prefetch:
  case Opcode::PrefetchParamTensormap:
  case Opcode::PrefetchTensormap:
  case Opcode::BarWarpSync:
  case Opcode::CpAsyncWaitGroup:
  case Opcode::CpAsyncBulkWaitGroup:
  case Opcode::CpAsyncMbarrierArrive:
  case Opcode::WgmmaWaitGroup:
  case Opcode::SetmaxnregDec:
  case Opcode::SetmaxnregInc:
    least = most = 1;
    break;
  case Opcode::BarSync:
  case Opcode::BarrierSync:
  case Opcode::BarrierCtaSync:
  case Opcode::CpAsyncBulkPrefetchTensor:
  case Opcode::CreatepolicyFractional:
    least = 1, most = 2;
    break;
  case Opcode::Add:
  case Opcode::And:
  case Opcode::Copysign:
  case Opcode::Div:
  case Opcode::Max:
  case Opcode::Min:
  case Opcode::Mul:
  case Opcode::Or:
  case Opcode::Rem:
  case Opcode::Shl:
  case Opcode::Shr:
  case Opcode::Bmsk:
  case Opcode::Sub:
  case Opcode::Xor:
  case Opcode::ReduxSync:
  case Opcode::VoteSync:
    least = most = 3;
    break;
  case Opcode::Bfe:
  case Opcode::Fma:
  case Opcode::Mad:
  case Opcode::Prmt:
  case Opcode::Selp:
  case Opcode::Shf:
  case Opcode::Mma:
    least = most = 4;
    break;
  case Opcode::Bfi:
  case Opcode::Lop3:
  case Opcode::ShflSync:
    least = most = 5;
    break;
  case Opcode::Setp:
    least = most = inst.sub == SubOp::None ? 3 : 4;
    break;
  case Opcode::Cvt:
    least = most =
        inst.types.size() == 2 && (inst.types[0] == Type::BF16x2 || inst.types[0] == Type::F16x2)
            ? 3
            : 2;
    break;
  case Opcode::Atom:
    least = most = inst.sub == SubOp::Cas ? 4 : 3;
    break;
  case Opcode::MbarrierArrive:
    least = inst.has(ExpectTx) ? 3 : 2, most = 3;
    break;
  case Opcode::MbarrierTestWait:
  case Opcode::MbarrierTryWait:
    least = 3, most = 4;
    break;
  case Opcode::CpAsync:
    least = 3, most = 4;
    break;
  case Opcode::CpAsyncBulk:
    least = inst.has(CompleteTx) ? 4 : 3, most = least + inst.has(CacheHint);
    break;
  case Opcode::CpAsyncBulkTensor:
    least = inst.has(CompleteTx) ? 3 : 2, most = least + inst.has(CacheHint);
    break;
  case Opcode::WgmmaMmaAsync:
    least = 6, most = 8;
    break;
  default:
    least = most = 2;
    break;
  }
  if (count < least || count > most)
    return "'" + inst.text + "' has " + std::to_string(count) + " operands";
  if (writesDestination(inst.opcode) && inst.operands[0].kind != Operand::Register &&
      inst.operands[0].kind != Operand::Vector && inst.operands[0].kind != Operand::Pair &&
      inst.operands[0].kind != Operand::Sink && inst.opcode != Opcode::MbarrierArrive)
    return "the destination of '" + inst.text + "' is no register";
  return "";
}

bool parseType(const std::string &token, Type &type) { return lookup(types, token, type); }

std::string decodeOpcode(const std::string &spelling, Instruction &inst) {
  std::vector<std::string> parts = split(spelling);
  size_t used = 0;
  std::string prefix;
  for (size_t i = 0; i < parts.size(); ++i) {
    prefix += (i ? "." : "") + parts[i];
    if (lookup(opcodes(), prefix, inst.opcode))
      used = i + 1;
  }
  if (used == 0)
    return "unknown opcode '" + spelling + "'";

  const OpcodeInfo &info = opcodeInfos[static_cast<unsigned>(inst.opcode)];
  unsigned spacesSeen = 0;
  for (size_t i = used; i < parts.size(); ++i) {
    const std::string &token = parts[i];
    Type type;
    Space space;
    uint64_t flag;
    if (parseType(token, type)) {
      inst.types.push_back(type);
    } else if (lookup(spaces, token, space)) {
      (spacesSeen++ ? inst.space2 : inst.space) = space;
    } else if (inst.opcode == Opcode::Setp && lookup(compares, token, inst.compare)) {
    } else if (takesSubOp(inst.opcode) && lookup(subOps, token, inst.sub)) {
    } else if (lookup(flags, token, flag) && (flag & ~info.allowed) == 0) {
      inst.flags |= flag;
    } else if ((token.compare(0, 4, "L1::") == 0 ||
                (token.compare(0, 4, "L2::") == 0 && token != "L2::cache_hint")) &&
               (info.allowed & CachePolicy)) {
      inst.flags |= CachePolicy;
    } else if (!parseShape(token, inst) && !parseNumbered(token, inst)) {
      return "unknown modifier '." + token + "' of '" + std::string(info.spelling) + "'";
    }
  }
  return "";
}

bool parseSpecialRegister(const std::string &name, SpecialRegister &special) {
  using R = SpecialRegister;
  static const Table<SpecialRegister> table = {{"%tid.x", R::Tid},
                                               {"%tid.y", R::TidY},
                                               {"%tid.z", R::TidZ},
                                               {"%ntid.x", R::Ntid},
                                               {"%ntid.y", R::NtidY},
                                               {"%ntid.z", R::NtidZ},
                                               {"%ctaid.x", R::Ctaid},
                                               {"%ctaid.y", R::CtaidY},
                                               {"%ctaid.z", R::CtaidZ},
                                               {"%nctaid.x", R::Nctaid},
                                               {"%nctaid.y", R::NctaidY},
                                               {"%nctaid.z", R::NctaidZ},
                                               {"%clusterid.x", R::Ctaid},
                                               {"%clusterid.y", R::CtaidY},
                                               {"%clusterid.z", R::CtaidZ},
                                               {"%nclusterid.x", R::Nctaid},
                                               {"%nclusterid.y", R::NctaidY},
                                               {"%nclusterid.z", R::NctaidZ},
                                               {"%cluster_ctarank", R::Zero},
                                               {"%cluster_nctarank", R::One},
                                               {"%laneid", R::Laneid},
                                               {"%warpid", R::Warpid},
                                               {"%nwarpid", R::Nwarpid},
                                               {"%smid", R::Zero},
                                               {"%nsmid", R::One},
                                               {"%lanemask_eq", R::LanemaskEq},
                                               {"%lanemask_lt", R::LanemaskLt},
                                               {"%lanemask_le", R::LanemaskLe},
                                               {"%lanemask_gt", R::LanemaskGt},
                                               {"%lanemask_ge", R::LanemaskGe},
                                               {"%dynamic_smem_size", R::DynamicSmemSize},
                                               {"%clock", R::Clock},
                                               {"%clock64", R::Clock},
                                               {"%globaltimer", R::Clock}};
  return lookup(table, name, special);
}

bool parseLiteral(const std::string &text, uint64_t &value) {
  if (text == "WARP_SZ") {
    value = 32;
    return true;
  }
  const char *begin = text.c_str();
  char *end = nullptr;
  bool bits = text.size() > 2 && text[0] == '0' && std::string("fFdD").find(text[1]) != text.npos;
  if (bits)
    value = strtoull(begin + 2, &end, 16);
  else if (text[0] == '-')
    value = static_cast<uint64_t>(strtoll(begin, &end, 0));
  else if (text[0] >= '0' && text[0] <= '9')
    value = strtoull(begin, &end, 0);
  else
    return false;
  if (*end == 'U')
    ++end;
  return end != begin && *end == 0;
}

} // namespace attn::ptx
