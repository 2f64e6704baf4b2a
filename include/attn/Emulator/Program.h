//===- Program.h - PTX text as data --------------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A module of PTX text after parsing: functions, their registers and instructions, the layout of
// each state space, and where diverged lanes meet again. Everything is resolved here (opcodes,
// modifiers, labels, symbols), so what the emulator does not know is an error with a line number
// before anything runs, and nothing is looked up by name while it runs.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_EMULATOR_PROGRAM_H
#define ATTN_EMULATOR_PROGRAM_H

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace attn::ptx {

/// What an instruction does; Opcodes.def has one line for each.
enum class Opcode : uint8_t {
#define PTX_OPCODE(NAME, SPELLING, FLAGS, ALLOWED) NAME,
#include "attn/Emulator/Opcodes.def"
};

enum class Type : uint8_t {
  None,
  Pred,
  B8,
  B16,
  B32,
  B64,
  U8,
  U16,
  U32,
  U64,
  S8,
  S16,
  S32,
  S64,
  F16,
  F16x2,
  BF16,
  BF16x2,
  F32,
  F64
};

/// Width in bits; a predicate has one.
unsigned bitWidth(Type type);
bool isFloat(Type type);
bool isSigned(Type type);

enum class Space : uint8_t { Generic, Global, Shared, SharedCluster, Local, Param, Const };

enum class Compare : uint8_t {
  None,
  Eq,
  Ne,
  Lt,
  Le,
  Gt,
  Ge,
  Lo,
  Ls,
  Hi,
  Hs,
  Equ,
  Neu,
  Ltu,
  Leu,
  Gtu,
  Geu,
  Num,
  Nan
};

/// The operation named inside an opcode: atom.global.*add*, shfl.sync.*bfly*, setp.lt.*and*.
enum class SubOp : uint8_t {
  None,
  Add,
  Min,
  Max,
  And,
  Or,
  Xor,
  Exch,
  Cas,
  Inc,
  Dec,
  Bfly,
  Idx,
  Up,
  Down,
  Ballot,
  Any,
  All,
  L,
  R
};

/// Modifiers without a value.
enum Flag : uint64_t {
  Ftz = 1ull << 0,
  Saturate = 1ull << 1,
  Approx = 1ull << 2,
  Full = 1ull << 3,
  Rn = 1ull << 4,
  Rz = 1ull << 5,
  Rni = 1ull << 6,
  Rzi = 1ull << 7,
  Rmi = 1ull << 8,
  Rpi = 1ull << 9,
  PropagateNaN = 1ull << 10,
  Lo = 1ull << 11,
  Hi = 1ull << 12,
  Wide = 1ull << 13,
  Uni = 1ull << 14,
  Sync = 1ull << 15,
  Aligned = 1ull << 16,
  Trans = 1ull << 17,
  Volatile = 1ull << 18,
  Relaxed = 1ull << 19,
  Acquire = 1ull << 20,
  Release = 1ull << 21,
  NonCoherent = 1ull << 22,
  CacheHint = 1ull << 23,
  Noinc = 1ull << 24,
  Parity = 1ull << 25,
  ExpectTx = 1ull << 26,
  ReadOnly = 1ull << 28,
  Wrap = 1ull << 29,
  Clamp = 1ull << 30,
  To = 1ull << 31,
  Row = 1ull << 32,
  Col = 1ull << 33,
  Tile = 1ull << 34,
  CompleteTx = 1ull << 35,
  BulkGroup = 1ull << 36,
  /// Scopes and cache policies: legal, without a meaning here.
  Scope = 1ull << 37,
  CachePolicy = 1ull << 38,
};

struct Operand {
  enum Kind : uint8_t {
    Sink,      ///< `_`
    Register,  ///< `reg`
    Immediate, ///< a literal or the address of a symbol: `value`
    Special,   ///< a special register: `value` is a SpecialRegister
    Address,   ///< `[reg + value]`, `reg` may be -1
    Vector,    ///< `{elements}`
    Pair,      ///< `elements[0] | elements[1]`
    Tensor,    ///< `[address, {coordinates}]`: elements[0] and the vector elements[1]
    Label      ///< resolved into Instruction::targets
  };
  Kind kind = Sink;
  /// The value counts from the frame of the function: a local or parameter variable.
  bool frameRelative = false;
  int reg = -1;
  uint64_t value = 0;
  std::vector<Operand> elements;
};

enum class SpecialRegister : uint8_t {
  Tid, ///< x; y and z follow, here and below
  TidY,
  TidZ,
  Ntid,
  NtidY,
  NtidZ,
  Ctaid,
  CtaidY,
  CtaidZ,
  Nctaid,
  NctaidY,
  NctaidZ,
  Laneid,
  Warpid,
  Nwarpid,
  LanemaskEq,
  LanemaskLt,
  LanemaskLe,
  LanemaskGt,
  LanemaskGe,
  DynamicSmemSize,
  Clock,
  /// Of a cluster of one CTA.
  Zero,
  One
};

struct Function;

struct Instruction {
  Opcode opcode;
  unsigned line = 0;
  std::string text;
  int guard = -1;
  bool guardNegated = false;
  std::vector<Operand> operands;
  std::vector<Type> types;
  Space space = Space::Generic, space2 = Space::Generic;
  Compare compare = Compare::None;
  SubOp sub = SubOp::None;
  uint64_t flags = 0;
  unsigned vector = 1;
  /// m16n8k16; `count` is the number in .x4; `rank` that in .4d.
  unsigned m = 0, n = 0, k = 0, count = 1, rank = 0;
  std::vector<int> targets;
  const Function *callee = nullptr;
  /// Registers, for the tracking of those that an asynchronous wgmma still uses.
  std::vector<int> reads, writes;

  bool has(uint64_t flag) const { return (flags & flag) != 0; }
  Type type() const { return types.empty() ? Type::None : types.back(); }
};

/// A variable in the parameter space or in the frame of a function.
struct Variable {
  std::string name;
  unsigned size = 0, offset = 0;
};

struct Function {
  std::string name;
  bool isEntry = false, isDefined = false;
  /// Whether a wgmma may own registers of it.
  bool usesWgmma = false;
  std::vector<Variable> params, returns;
  /// Bytes of all parameters of an entry; of the frame of any function.
  unsigned paramBytes = 0, frameBytes = 0;
  /// .reqntid or .maxntid, 0 when neither is given.
  unsigned requiredThreads = 0, maxThreads = 0;
  /// .minnctapersm and .maxnreg, 0 when not given.
  unsigned minCtas = 0, maxRegisters = 0;
  unsigned clusterSize = 1;
  /// Width in bits and name of each register.
  std::vector<uint8_t> registerBits;
  std::vector<std::string> registerNames;
  std::vector<Instruction> code;
  /// Per instruction, the first one that every path from it reaches (code.size() is the end).
  std::vector<int> reconvergence;
};

/// A parsed module. It owns the storage of its global and constant variables, which live as long
/// as the module does.
class Module {
public:
  /// Parses `text`. On failure returns null and sets `error` to a message with the line.
  static std::unique_ptr<Module> parse(const std::string &text, std::string &error);

  const Function *find(const std::string &name) const;

  struct Global {
    std::string name;
    std::unique_ptr<uint8_t[]> storage;
    uint8_t *data;
    size_t size;
    bool constant;
  };

  std::vector<std::unique_ptr<Function>> functions;
  std::vector<Global> globals;
  /// Bytes of static shared memory, and where the dynamic part begins, counted from SharedBase.
  unsigned staticShared = 0;
  std::string target;
};

/// Shared memory begins here, so that a null pointer is no address of it (sm_90 reserves this much
/// too).
constexpr uint32_t SharedBase = 1024;

/// Finds the reconvergence points of a function whose branches are resolved.
void computeReconvergence(Function &function);

} // namespace attn::ptx

#endif // ATTN_EMULATOR_PROGRAM_H
