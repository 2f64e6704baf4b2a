//===- Decode.h - from the spelling of an opcode to an instruction --------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_EMULATOR_DECODE_H
#define ATTN_LIB_EMULATOR_DECODE_H

#include "attn/Emulator/Program.h"

namespace attn::ptx {

/// Sets the opcode and modifiers of `inst` from `spelling` ("add.rn.ftz.f32"). Returns an empty
/// string, or what is unknown.
std::string decodeOpcode(const std::string &spelling, Instruction &inst);

/// Returns an empty string when `inst` has operands of the kind that its opcode takes.
std::string checkOperands(const Instruction &inst);

/// Returns an empty string when the target ("sm_90a") has the instruction.
std::string checkTarget(const Instruction &inst, const std::string &target);

/// Whether operand 0 is written.
bool writesDestination(Opcode opcode);
/// Whether control may leave for somewhere other than the next instruction.
bool endsBlock(Opcode opcode);

bool parseType(const std::string &token, Type &type);
bool parseSpecialRegister(const std::string &name, SpecialRegister &special);
/// A literal: decimal, 0x, 0f or 0d.
bool parseLiteral(const std::string &text, uint64_t &value);

} // namespace attn::ptx

#endif // ATTN_LIB_EMULATOR_DECODE_H
