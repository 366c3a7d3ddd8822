// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Maps LLVM's opcode names to the few effects that matter. By name, because the enumerators live in a private header of
// LLVM. What is not listed is Op::Other: its registers are read from LLVM's tables and counted as overwritten, and whatever
// moves rsp or control without being listed is refused by Decoder. So a missing line costs a bound, never soundness; only a
// wrong line could.

#include "OpcodeClass.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSwitch.h"

using namespace llvm;

namespace capstack {

namespace {

OpcodeClass make(Op Kind, Shape Operands, uint8_t Width = 8) {
    OpcodeClass C;
    C.Kind = Kind;
    C.Operands = Operands;
    C.Width = Width;
    return C;
}

OpcodeClass negated(OpcodeClass C) {
    C.Negate = true;
    return C;
}

OpcodeClass sign(OpcodeClass C) {
    C.Signed = true;
    return C;
}

OpcodeClass hint() {
    OpcodeClass C;
    C.NoAccess = true;
    return C;
}

OpcodeClass clobbering(OpcodeClass C, RegisterSet More) {
    C.MoreClobbers = More;
    return C;
}

OpcodeClass storing(uint32_t Bytes) {
    OpcodeClass C;
    C.StoreBytes = Bytes;
    return C;
}

OpcodeClass reading() {
    OpcodeClass C;
    C.OnlyReads = true;
    return C;
}

OpcodeClass stringOp() {
    // The decoder keeps a rep prefix as a flag of the MCInst, so rcx may be missing from the tables.
    OpcodeClass C = clobbering({}, bit(RCX) | bit(RSI) | bit(RDI));
    C.IsString = true;
    return C;
}

OpcodeClass listed(StringRef Name) {
    return StringSwitch<OpcodeClass>(Name)
        .Cases({"PUSH64r", "PUSH64rmr"}, make(Op::Push, Shape::Reg))
        .Cases({"PUSH64i8", "PUSH64i32", "PUSHF64", "PUSHFS64", "PUSHGS64"}, make(Op::Push, Shape::None))
        .Case("PUSH64rmm", make(Op::Push, Shape::Mem))
        .Cases({"PUSH16r", "PUSH16rmr", "PUSH16i8", "PUSH16i", "PUSHF16", "PUSHFS16", "PUSHGS16"}, make(Op::Push, Shape::None, 2))
        .Case("PUSH16rmm", make(Op::Push, Shape::Mem, 2))
        .Cases({"POP64r", "POP64rmr"}, make(Op::Pop, Shape::Reg))
        .Cases({"POPF64", "POPFS64", "POPGS64"}, make(Op::Pop, Shape::None))
        .Case("POP64rmm", make(Op::Pop, Shape::Mem))
        .Case("POPF16", make(Op::Pop, Shape::None, 2))
        .Case("LEAVE64", make(Op::Leave, Shape::None))

        .Cases({"MOV64rr", "MOV64rr_REV"}, make(Op::Move, Shape::RegReg))
        .Cases({"MOV64ri", "MOV64ri32", "MOV32ri"}, make(Op::MoveImm, Shape::RegImm))
        .Cases({"MOV32rr", "MOV32rr_REV"}, make(Op::Extend, Shape::RegReg, 4))
        .Cases({"MOVZX32rr8", "MOVZX64rr8"}, make(Op::Extend, Shape::RegReg, 1))
        .Cases({"MOVZX32rr16", "MOVZX64rr16"}, make(Op::Extend, Shape::RegReg, 2))
        .Case("MOVSX64rr32", sign(make(Op::Extend, Shape::RegReg, 4)))
        .Case("MOV64rm", make(Op::Load, Shape::RegMem, 8))
        .Case("MOV32rm", make(Op::Load, Shape::RegMem, 4))
        .Cases({"MOVZX32rm8", "MOVZX64rm8"}, make(Op::Load, Shape::RegMem, 1))
        .Cases({"MOVZX32rm16", "MOVZX64rm16"}, make(Op::Load, Shape::RegMem, 2))
        .Case("MOVSX64rm32", sign(make(Op::Load, Shape::RegMem, 4)))
        .Case("MOV64mr", make(Op::Store, Shape::MemReg))
        .Case("LEA64r", make(Op::Lea, Shape::RegMem, 8))
        .Case("LEA64_32r", make(Op::Lea, Shape::RegMem, 4))
        .Cases({"ADD64ri8", "ADD64ri32"}, make(Op::AddImm, Shape::RegRegImm))
        .Case("ADD64i32", make(Op::AddImm, Shape::AccImm))
        .Cases({"SUB64ri8", "SUB64ri32"}, negated(make(Op::AddImm, Shape::RegRegImm)))
        .Case("SUB64i32", negated(make(Op::AddImm, Shape::AccImm)))
        .Cases({"ADD64rr", "ADD64rr_REV"}, make(Op::AddReg, Shape::RegRegReg))
        .Cases({"SUB64rr", "SUB64rr_REV"}, make(Op::SubReg, Shape::RegRegReg))
        .Case("SHL64ri", make(Op::ShiftLeft, Shape::RegRegImm, 8))
        .Case("SHL32ri", make(Op::ShiftLeft, Shape::RegRegImm, 4))
        .Case("SHR64ri", make(Op::ShiftRight, Shape::RegRegImm, 8))
        .Case("SHR32ri", make(Op::ShiftRight, Shape::RegRegImm, 4))
        .Case("SHR64rCL", make(Op::ShrinkRight, Shape::RegReg, 8))
        .Case("SHR32rCL", make(Op::ShrinkRight, Shape::RegReg, 4))
        .Case("BSF64rr", make(Op::ScanForward, Shape::RegRegReg, 8))
        .Case("BSF32rr", make(Op::ScanForward, Shape::RegRegReg, 4))
        .Cases({"PMOVMSKBrr", "VPMOVMSKBrr"}, make(Op::ByteMask, Shape::Dest, 16))
        .Case("VPMOVMSKBYrr", make(Op::ByteMask, Shape::Dest, 32))
        .Case("XCHG64rr", make(Op::Exchange, Shape::RegTwice, 8))
        .Case("XCHG32rr", make(Op::Exchange, Shape::RegTwice, 4))
        .Case("XCHG64ar", make(Op::Exchange, Shape::AccReg, 8))
        .Case("XCHG32ar", make(Op::Exchange, Shape::AccReg, 4))
        .Cases({"AND64ri8", "AND64ri32"}, make(Op::AndImm, Shape::RegRegImm, 8))
        .Case("AND64i32", make(Op::AndImm, Shape::AccImm, 8))
        .Cases({"AND32ri8", "AND32ri"}, make(Op::AndImm, Shape::RegRegImm, 4))
        .Case("AND32i32", make(Op::AndImm, Shape::AccImm, 4))
        .Case("CMOV64rr", make(Op::CondMove, Shape::RegRegReg))
        .Cases({"CMP64ri8", "CMP64ri32"}, make(Op::CompareImm, Shape::RegImm, 8))
        .Case("CMP64i32", make(Op::CompareImm, Shape::AccImm, 8))
        .Cases({"CMP32ri8", "CMP32ri"}, make(Op::CompareImm, Shape::RegImm, 4))
        .Case("CMP32i32", make(Op::CompareImm, Shape::AccImm, 4))
        .Case("CMP8i8", make(Op::CompareImm, Shape::AccImm, 1))
        .Case("CMP8ri", make(Op::CompareImm, Shape::RegImm, 1))
        // Sets the same flags as a comparison with 0, if both operands are one register (Decoder sees to it).
        .Case("TEST64rr", make(Op::CompareImm, Shape::SameReg, 8))
        .Case("TEST32rr", make(Op::CompareImm, Shape::SameReg, 4))
        .Cases({"CMP64rr", "CMP64rr_REV"}, make(Op::CompareReg, Shape::RegReg, 8))
        .Cases({"CMP32rr", "CMP32rr_REV"}, make(Op::CompareReg, Shape::RegReg, 4))

        .Cases({"JMP_1", "JMP_4"}, make(Op::Jump, Shape::Imm))
        .Cases({"JCC_1", "JCC_4"}, make(Op::JumpIf, Shape::ImmCond))
        .Cases({"LOOP", "LOOPE", "LOOPNE"}, clobbering(make(Op::JumpIf, Shape::Imm), bit(RCX)))
        .Cases({"JRCXZ", "JECXZ"}, make(Op::JumpIf, Shape::Imm))
        // A transaction that aborts goes on at the target with its registers back, and eax the reason.
        .Case("XBEGIN_4", clobbering(make(Op::JumpIf, Shape::Imm), bit(RAX)))
        .Cases({"JMP64r", "JMP64r_NT"}, make(Op::JumpReg, Shape::Reg))
        .Cases({"JMP64m", "JMP64m_NT"}, make(Op::JumpMem, Shape::Mem))
        .Case("CALL64pcrel32", make(Op::Call, Shape::Imm))
        .Cases({"CALL64r", "CALL64r_NT"}, make(Op::CallReg, Shape::Reg))
        .Cases({"CALL64m", "CALL64m_NT"}, make(Op::CallMem, Shape::Mem))
        .Case("RET64", make(Op::Return, Shape::None))
        .Cases({"TRAP", "HLT", "UD1Lr", "UD1Lm", "UD1Qr", "UD1Qm"}, make(Op::Stop, Shape::None))
        // The kernel keeps all but the result and what the instruction itself uses.
        .Case("SYSCALL", clobbering(make(Op::Syscall, Shape::None), bit(RAX) | bit(RCX) | bit(R11)))
        .Case("INT", clobbering({}, bit(RAX)))

        // LLVM's tables give them side effects that are not modelled: those on the control words and the x87 stack.
        .Cases({"LD_F32m", "LD_F64m", "LD_F80m", "ILD_F16m", "ILD_F32m", "ILD_F64m", "FLDCW16m", "LDMXCSR", "VLDMXCSR"}, reading())
        .Cases({"FNSTCW16m", "FNSTSWm"}, storing(2))
        .Cases({"STMXCSR", "MOVSSmr", "VMOVSSmr", "VMOVSSZmr", "MOVPDI2DImr", "VMOVPDI2DImr", "VMOVPDI2DIZmr"}, storing(4))
        .Cases({"ST_F32m", "ST_FP32m", "EXTRACTPSmri", "VEXTRACTPSmri"}, storing(4))
        .Cases({"MOVSDmr", "VMOVSDmr", "VMOVSDZmr", "MOVPQI2QImr", "VMOVPQI2QImr", "VMOVPQI2QIZmr"}, storing(8))
        .Cases({"MOVLPSmr", "VMOVLPSmr", "MOVLPDmr", "VMOVLPDmr", "MOVHPSmr", "VMOVHPSmr", "MOVHPDmr", "VMOVHPDmr"}, storing(8))
        .Cases({"ST_F64m", "ST_FP64m", "IST_F16m", "IST_F32m", "IST_FP16m", "IST_FP32m", "IST_FP64m"}, storing(8))
        .Cases({"ISTT_FP16m", "ISTT_FP32m", "ISTT_FP64m", "MMX_MOVQ64mr", "MMX_MOVD64mr"}, storing(8))
        .Case("ST_FP80m", storing(10))
        .Cases({"CMPXCHG16B"}, storing(16))
        .Cases({"ENTER", "IRET16", "IRET32", "IRET64", "SYSEXIT", "SYSEXIT64", "SYSRET", "SYSRET64"},
               make(Op::Refused, Shape::None))
        .Cases({"UIRET", "ERETS", "ERETU", "ENCLU", "RSM"}, make(Op::Refused, Shape::None))
        .Default({});
}

/// Bytes that a plain integer instruction with a memory operand writes, when fewer than eight; else 0.
uint32_t narrowStore(StringRef Name) {
    for (StringRef Prefix : {"MOV", "ADD", "ADC", "SUB", "SBB", "AND", "OR", "XOR", "INC", "DEC", "NEG", "NOT", "SHL", "SHR", "SAR"}) {
        StringRef Rest = Name;
        if (!Rest.consume_front(Prefix)) continue;
        for (auto [Bits, Bytes] : {std::pair("8m", 1), {"16m", 2}, {"32m", 4}})
            if (Rest.starts_with(Bits)) return uint32_t(Bytes);
    }
    return Name == "SETCCm" ? 1 : 0;
}

} // namespace

OpcodeClass classify(StringRef Name) {
    OpcodeClass C = listed(Name);
    if (C.Kind != Op::Other || C.NoAccess || C.OnlyReads || C.StoreBytes != 0) return C;
    // cmp and test write no register but the flags; LLVM's tables agree, nothing to add.
    if (uint32_t Bytes = narrowStore(Name)) return storing(Bytes);
    if (Name.starts_with("NOOP") || Name.starts_with("PREFETCH") || Name.starts_with("LEA")) return hint();
    for (StringRef Prefix : {"ADD_F", "SUB_F", "SUBR_F", "MUL_F", "DIV_F", "DIVR_F", "FCOM", "FICOM"}) // x87 with memory
        if (Name.starts_with(Prefix) && Name.ends_with("m")) return reading();
    for (StringRef Prefix : {"MOVS", "STOS", "LODS", "SCAS", "CMPS", "INS", "OUTS"})
        if (Name.starts_with(Prefix) && Name.size() == Prefix.size() + 1 && StringRef("BWLQ").contains(Name.back()))
            return stringOp();
    for (StringRef Prefix : {"REP_MOVS", "REP_STOS", "MASKMOV", "VMASKMOVDQU"})
        if (Name.starts_with(Prefix)) return stringOp();
    if (Name.starts_with("FARJMP") || Name.starts_with("FARCALL") || Name.starts_with("LRET"))
        return make(Op::Refused, Shape::None);
    // State images of hundreds or thousands of bytes.
    for (StringRef Prefix : {"XSAVE", "FXSAVE", "FSAVE", "FNSAVE", "FSTENV", "FNSTENV", "TILESTORE"})
        if (Name.starts_with(Prefix)) return storing(Instruction::UnknownBytes);
    return C;
}

} // namespace capstack
