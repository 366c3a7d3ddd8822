// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// MCInst in, Instruction out. What OpcodeClass does not know is described by LLVM's tables: registers written are clobbered,
// a memory operand is an access and, unless the tables say that it is only read, a store. An unknown opcode that branches is
// refused here; one that writes rsp is refused by Transfer.

#include "Decoder.h"

#include "llvm/MC/MCInstrDesc.h"
#include "llvm/MC/MCTargetOptions.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/ErrorHandling.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/TargetParser/Triple.h"

using namespace llvm;

namespace capstack {

Decoder::Decoder(const ElfImage &Image) : Image(Image) {
    LLVMInitializeX86TargetInfo();
    LLVMInitializeX86TargetMC();
    LLVMInitializeX86Disassembler();
    Triple Target("x86_64-unknown-linux-gnu");
    std::string Why;
    const llvm::Target *X86 = TargetRegistry::lookupTarget(Target, Why);
    if (!X86) report_fatal_error(Twine(Why), /*gen_crash_diag=*/false);
    Registers.reset(X86->createMCRegInfo(Target));
    Assembly.reset(X86->createMCAsmInfo(*Registers, Target, MCTargetOptions()));
    Opcodes.reset(X86->createMCInstrInfo());
    Subtarget.reset(X86->createMCSubtargetInfo(Target, "", ""));
    Context = std::make_unique<MCContext>(Target, Assembly.get(), Registers.get(), Subtarget.get());
    Disassembler.reset(X86->createMCDisassembler(*Subtarget, *Context));
    Infos.resize(Opcodes->getNumOpcodes());

    static const char *const Names[NumRegisters] = {"RAX", "RCX", "RDX", "RBX", "RSP", "RBP", "RSI", "RDI",
                                                    "R8",  "R9",  "R10", "R11", "R12", "R13", "R14", "R15"};
    Numbers.assign(Registers->getNumRegs(), NoRegister);
    Widths.assign(Registers->getNumRegs(), 0);
    for (unsigned R = 1; R < Registers->getNumRegs(); R++) {
        StringRef Name = Registers->getName(R);
        if (Name == "EFLAGS") Flags = R;
        if (Name == "RIP") InstructionPointer = R;
        unsigned Digits;
        if (Name.starts_with("XMM") && !Name.drop_front(3).getAsInteger(10, Digits)) Widths[R] = 16;
        if (Name.starts_with("YMM") && !Name.drop_front(3).getAsInteger(10, Digits)) Widths[R] = 32;
        if (Name.starts_with("ZMM") && !Name.drop_front(3).getAsInteger(10, Digits)) Widths[R] = 64;
        for (int N = 0; N < NumRegisters; N++) {
            if (Name != Names[N]) continue;
            for (MCPhysReg Part : Registers->subregs_inclusive(R)) {
                Numbers[Part] = int8_t(N);
                StringRef PartName = Registers->getName(Part);
                // RAX, EAX, AX and AL, AH; R8, R8D, R8W and R8B. Only 64 and 32 bits matter apart from "less".
                Widths[Part] = Part == R ? 8 : PartName.starts_with("E") || PartName.ends_with("D") ? 4 : 2;
            }
        }
    }
}

Decoder::~Decoder() = default;

Register Decoder::whole(MCRegister R) const {
    if (!R.isValid()) return NoRegister;
    return Numbers[R.id()] >= 0 && Widths[R.id()] == 8 ? Register(Numbers[R.id()]) : OtherRegister;
}

const Decoder::OpcodeInfo &Decoder::info(unsigned Opcode) {
    OpcodeInfo &Info = Infos[Opcode];
    if (Info.Known) return Info;
    Info.Known = true;
    const MCInstrDesc &Desc = Opcodes->get(Opcode);
    Info.Class = classify(Opcodes->getName(Opcode));
    if (Info.Class.Kind == Op::Other && (Desc.isBranch() || Desc.isIndirectBranch() || Desc.isCall() || Desc.isReturn()))
        Info.Class.Kind = Op::Refused;
    for (MCPhysReg R : Desc.implicit_defs()) {
        if (R == Flags)
            Info.WritesFlags = true;
        else if (Numbers[R] >= 0)
            Info.Clobbers |= bit(Numbers[R]);
        else
            Info.WritesElsewhere = true;
    }
    for (MCPhysReg R : Desc.implicit_uses())
        if (Numbers[R] >= 0) Info.Reads |= bit(Numbers[R]);
    ArrayRef<MCOperandInfo> Operands = Desc.operands();
    if (Info.Class.Operands == Shape::RegMem) Info.MemoryAt = 1;
    for (size_t I = 0; Info.MemoryAt < 0 && I + 5 <= Operands.size(); I++)
        if (all_of(Operands.slice(I, 5), [](const MCOperandInfo &O) { return O.OperandType == MCOI::OPERAND_MEMORY; }))
            Info.MemoryAt = int(I);
    return Info;
}

void Decoder::readMemory(const MCInst &Inst, int At, Instruction &Out) const {
    const MCOperand &Base = Inst.getOperand(At), &Scale = Inst.getOperand(At + 1), &Index = Inst.getOperand(At + 2);
    const MCOperand &Disp = Inst.getOperand(At + 3), &Segment = Inst.getOperand(At + 4);
    if (!Base.isReg() || !Scale.isImm() || !Index.isReg() || !Disp.isImm() || !Segment.isReg()) return;
    MemoryOperand &M = Out.Memory;
    M.Present = true;
    M.Scale = uint8_t(Scale.getImm());
    M.Disp = Disp.getImm();
    StringRef SegmentName = Segment.getReg().isValid() ? Registers->getName(Segment.getReg()) : "";
    M.Segment = SegmentName == "FS" || SegmentName == "GS";
    M.Index = whole(Index.getReg());
    if (Base.getReg() == InstructionPointer) {
        M.Disp += int64_t(Out.next());
        M.Absolute = M.Index == NoRegister && !M.Segment;
        M.Base = M.Absolute ? NoRegister : OtherRegister;
    } else {
        M.Base = whole(Base.getReg());
        // %riz and %eiz mean "no index": not registers of any value.
        if (M.Index == OtherRegister && StringRef(Registers->getName(Index.getReg())).ends_with("IZ")) M.Index = NoRegister;
        M.Absolute = M.Base == NoRegister && M.Index == NoRegister && !M.Segment;
    }
}

void Decoder::fill(const MCInst &Inst, Instruction &Out) {
    const MCInstrDesc &Desc = Opcodes->get(Inst.getOpcode());
    const OpcodeInfo &Info = info(Inst.getOpcode());
    const OpcodeClass &Class = Info.Class;
    Out.Name = Opcodes->getName(Inst.getOpcode());
    Out.Kind = Class.Kind;
    Out.Width = Class.Width;
    Out.Signed = Class.Signed;
    Out.IsString = Class.IsString;
    Out.WritesFlags = Info.WritesFlags;
    Out.Condition = Instruction::NoCondition;
    Out.Clobbers = Info.Clobbers | Class.MoreClobbers;
    Out.Reads = Info.Reads;
    Out.WritesElsewhere = Info.WritesElsewhere;
    if (Info.MemoryAt >= 0 && unsigned(Info.MemoryAt) + 5 <= Inst.getNumOperands()) readMemory(Inst, Info.MemoryAt, Out);

    unsigned Widest = 0;
    for (unsigned I = 0; I < Inst.getNumOperands(); I++) {
        if (Out.Memory.Present && int(I) >= Info.MemoryAt && int(I) < Info.MemoryAt + 5) continue;
        const MCOperand &Operand = Inst.getOperand(I);
        if (!Operand.isReg() || !Operand.getReg().isValid()) continue;
        MCRegister R = Operand.getReg();
        bool General = Numbers[R.id()] >= 0;
        if (I < Desc.getNumDefs()) {
            if (General) Out.Clobbers |= bit(Numbers[R.id()]);
            if (General && Widths[R.id()] == 4) Out.Clobbers32 |= bit(Numbers[R.id()]);
            if (!General) Out.WritesElsewhere = true;
        } else {
            if (General) Out.Reads |= bit(Numbers[R.id()]);
            Widest = std::max(Widest, widthOf(R) ? widthOf(R) : 16u); // x87 and mask registers: 10 and 8 bytes
        }
    }
    Out.TouchesMemory = Out.Memory.Present && !Class.NoAccess && Class.Kind != Op::Lea;
    bool OnlyReads = Class.OnlyReads || Class.Kind == Op::Load || Class.Kind == Op::Push || Class.Kind == Op::JumpMem || Class.Kind == Op::CallMem ||
                     (Desc.mayLoad() && !Desc.mayStore() && !Desc.hasUnmodeledSideEffects());
    if (Out.TouchesMemory && !OnlyReads) Out.StoreBytes = Class.StoreBytes ? Class.StoreBytes : std::max(Widest, 8u);

    auto RegisterAt = [&](unsigned I) {
        return I < Inst.getNumOperands() && Inst.getOperand(I).isReg() ? Inst.getOperand(I).getReg() : MCRegister();
    };
    auto NumberAt = [&](unsigned I) { return RegisterAt(I).isValid() ? Register(Numbers[RegisterAt(I).id()]) : NoRegister; };
    auto ImmediateAt = [&](unsigned I) {
        return I < Inst.getNumOperands() && Inst.getOperand(I).isImm() ? Inst.getOperand(I).getImm() : 0;
    };
    // The second byte of a register (ah) is not its low byte: no value to follow.
    auto IsSecondByte = [&](unsigned I) {
        return RegisterAt(I).isValid() && StringRef(Registers->getName(RegisterAt(I))).ends_with("H");
    };
    switch (Class.Operands) {
    case Shape::None:
    case Shape::Mem:
        break;
    case Shape::RegReg:
        Out.Dest = NumberAt(0);
        Out.Source = NumberAt(1);
        if (Class.Kind == Op::CompareReg) std::swap(Out.Dest, Out.Source);
        if (Class.Width == 1 && IsSecondByte(1)) Out.Kind = Op::Other;
        break;
    case Shape::RegRegReg:
        Out.Dest = NumberAt(0);
        Out.Source = NumberAt(2);
        break;
    case Shape::RegImm:
        Out.Dest = Class.Kind == Op::CompareImm ? NoRegister : NumberAt(0);
        Out.Source = Class.Kind == Op::CompareImm ? NumberAt(0) : NoRegister;
        Out.Imm = ImmediateAt(1);
        if (Class.Width == 1 && IsSecondByte(0)) Out.Kind = Op::Other;
        break;
    case Shape::RegTwice:
        Out.Dest = NumberAt(0);
        Out.Source = NumberAt(1);
        break;
    case Shape::AccReg:
        Out.Dest = NumberAt(0);
        Out.Source = RAX;
        break;
    case Shape::RegRegImm:
        Out.Dest = NumberAt(0);
        Out.Imm = ImmediateAt(2);
        break;
    case Shape::AccImm:
        Out.Dest = Class.Kind == Op::CompareImm ? NoRegister : RAX;
        Out.Source = Class.Kind == Op::CompareImm ? RAX : NoRegister;
        Out.Imm = ImmediateAt(0);
        break;
    case Shape::Dest:
        Out.Dest = NumberAt(0);
        break;
    case Shape::SameReg:
        Out.Source = NumberAt(0);
        if (RegisterAt(0) != RegisterAt(1)) Out.Kind = Op::Other;
        break;
    case Shape::RegMem:
        Out.Dest = NumberAt(0);
        break;
    case Shape::MemReg:
        Out.Source = NumberAt(5);
        break;
    case Shape::Reg:
        (Class.Kind == Op::Pop ? Out.Dest : Out.Source) = whole(RegisterAt(0));
        break;
    case Shape::Imm:
    case Shape::ImmCond:
        Out.Target = Out.next() + uint64_t(ImmediateAt(0));
        if (Class.Operands == Shape::ImmCond) Out.Condition = uint8_t(ImmediateAt(1));
        break;
    }
    if (Class.Negate) Out.Imm = -Out.Imm;
    if (Class.Kind == Op::MoveImm && Out.Clobbers32) Out.Imm = int64_t(uint32_t(Out.Imm));
    // The idiom for zero. The tables know it only as "reads itself".
    if ((Out.Name.starts_with("XOR32rr") || Out.Name.starts_with("XOR64rr")) && RegisterAt(1) == RegisterAt(2)) {
        Out.Kind = Op::MoveImm;
        Out.Dest = NumberAt(0);
        Out.Imm = 0;
    }
}

const Instruction *Decoder::at(uint64_t Address) {
    if (Address >= ~uint64_t(1)) return nullptr; // the two keys that DenseMap keeps for itself
    auto [Found, New] = Cache.try_emplace(Address, nullptr);
    if (!New) return Found->second;
    ArrayRef<uint8_t> Bytes = Image.codeFrom(Address);
    MCInst Inst;
    uint64_t Size = 0;
    if (Bytes.empty() ||
        Disassembler->getInstruction(Inst, Size, Bytes.take_front(16), Address, nulls()) != MCDisassembler::Success || Size == 0)
        return nullptr;
    Instruction &Out = Store.emplace_back();
    Out.Address = Address;
    Out.Size = uint8_t(Size);
    fill(Inst, Out);
    return Cache[Address] = &Out;
}

} // namespace capstack
