// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which of LLVM's X86 opcodes mean what to us. See OpcodeClass.cpp.

#ifndef CAPSTACK_OPCODECLASS_H
#define CAPSTACK_OPCODECLASS_H

#include "Instruction.h"

namespace capstack {

/// How the operands of an MCInst are to be read.
enum class Shape : uint8_t {
    None,     // nothing to read
    RegReg,   // destination, source
    RegRegReg,// destination, the same, source
    RegImm,   // destination, immediate
    RegRegImm,// destination, the same, immediate
    AccImm,   // rax or its part, immediate
    RegTwice, // destination, second destination
    AccReg,   // rax or its part, register
    RegMem,   // destination, memory
    MemReg,   // memory, source
    Dest,     // destination, whatever else
    SameReg,  // source, which must be there twice
    Reg,      // source or destination, whichever the Op has
    Mem,
    Imm,
    ImmCond,  // target, condition
};

struct OpcodeClass {
    Op Kind = Op::Other;
    Shape Operands = Shape::None;
    uint8_t Width = 8;
    bool Signed = false;
    bool Negate = false;    // the immediate is subtracted
    bool NoAccess = false;  // its memory operand is an address or a hint
    bool IsString = false;
    bool OnlyReads = false; // its memory operand, whatever LLVM's tables allow for
    RegisterSet MoreClobbers = 0; // that LLVM's tables leave out
    uint32_t StoreBytes = 0;      // 0: as the register operands say
};

/// \p Name is LLVM's name of the opcode (MCInstrInfo::getName).
OpcodeClass classify(llvm::StringRef Name);

} // namespace capstack

#endif
