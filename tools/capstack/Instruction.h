// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One machine instruction, reduced to what bears on the stack: what it does to the sixteen general registers, which memory it
// names, and where control goes. Decoder fills it from LLVM's MCInst, once for each address; all later steps read only this,
// so that nothing of LLVM's opcode tables (whose enumerators are not installed) leaks into them.

#ifndef CAPSTACK_INSTRUCTION_H
#define CAPSTACK_INSTRUCTION_H

#include "llvm/ADT/StringRef.h"

#include <cstdint>

namespace capstack {

/// General registers, by hardware number.
enum Register : int8_t {
    RAX,
    RCX,
    RDX,
    RBX,
    RSP,
    RBP,
    RSI,
    RDI,
    R8,
    R9,
    R10,
    R11,
    R12,
    R13,
    R14,
    R15,
    NoRegister = -1,
    OtherRegister = -2, // vector, segment, narrower or newer than the sixteen
};
constexpr int NumRegisters = 16;

using RegisterSet = uint16_t; // bit n: register n
constexpr RegisterSet bit(int R) { return RegisterSet(1u << R); }
/// What a called function hands back unchanged (System V psABI 3.2.1), rsp aside.
constexpr RegisterSet CalleeSaved = bit(RBX) | bit(RBP) | bit(R12) | bit(R13) | bit(R14) | bit(R15);

enum class Op : uint8_t {
    Other,     // writes Clobbers, nothing else is known
    Push,      // Width bytes: the register Source, or a value not followed
    Pop,       // Width bytes: into the register Dest, or elsewhere
    Leave,
    Move,      // Dest = Source, 64 bits
    MoveImm,   // Dest = Imm
    Extend,    // Dest = the low Width bytes of Source, extended
    Load,      // Dest = Width bytes of memory, extended
    Store,     // memory = Source, 64 bits
    Lea,       // Dest = the low Width bytes of the address
    AddImm,    // Dest += Imm, 64 bits
    AddReg,    // Dest += Source, 64 bits
    SubReg,    // Dest -= Source, 64 bits
    ShiftLeft, // Dest <<= Imm, Width bytes
    ShiftRight,// Dest >>= Imm, unsigned, Width bytes
    ShrinkRight,// Dest >>= an amount not known, unsigned, Width bytes
    ScanForward,// Dest = number of the lowest bit of Source, Width bytes; unchanged if there is none
    ByteMask,  // Dest = a bit for each byte of a vector of Width bytes
    Exchange,  // Dest and Source, Width bytes
    AndImm,    // Dest &= Imm, Width bytes
    CondMove,  // Dest = Dest or Source, 64 bits
    CompareImm,// flags = Width bytes of Source against Imm
    CompareReg,// flags = Width bytes of Source against Dest, which is not written
    Jump,
    JumpIf,
    JumpReg,
    JumpMem,
    Call,
    CallReg,
    CallMem, // Target, Source or memory
    Return,
    Stop,      // control does not go past it (ud2, hlt)
    Syscall,
    Refused,   // moves rsp or control in a way that is not followed
};

/// Base + Index * Scale + Disp; the registers may be NoRegister or OtherRegister.
struct MemoryOperand {
    bool Present = false;
    bool Absolute = false; // Disp is the address: RIP-relative, or without registers
    bool Segment = false;  // relative to %fs or %gs
    Register Base = NoRegister, Index = NoRegister;
    uint8_t Scale = 1;
    int64_t Disp = 0;
};

struct Instruction {
    uint64_t Address = 0;
    uint64_t Target = 0; // of a direct jump or call
    int64_t Imm = 0;
    llvm::StringRef Name; // LLVM's, for messages
    MemoryOperand Memory;
    Op Kind = Op::Other;
    uint8_t Size = 0;  // bytes of code
    uint8_t Width = 8; // bytes of data
    bool Signed = false;
    uint8_t Condition = 0; // of JumpIf: the low four bits of the opcode; NoCondition: not by the flags alone
    Register Dest = NoRegister, Source = NoRegister;
    RegisterSet Clobbers = 0;    // general registers written, whole or in part
    RegisterSet Clobbers32 = 0;  // of those, written by 32 bits, hence zero-extended
    RegisterSet Reads = 0;       // general registers whose value goes into the result
    bool WritesElsewhere = false;// a vector or other untracked register
    bool TouchesMemory = false;  // Memory is accessed, and is not just an address or a hint
    bool IsString = false;       // accesses memory at rsi or rdi
    bool WritesFlags = false;
    uint32_t StoreBytes = 0;     // 0: writes no memory; UnknownBytes: any number from the address up

    static constexpr uint8_t NoCondition = 0xff;
    static constexpr uint32_t UnknownBytes = ~0u;
    uint64_t next() const { return Address + Size; }
};

} // namespace capstack

#endif
