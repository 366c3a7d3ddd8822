// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Matches instruction by instruction. A stub that does not match is no stub: it is walked like any function then, where its
// check counts for nothing.

#include "StubShapes.h"

#include "llvm/ADT/StringRef.h"

using namespace llvm;

namespace capstack {

namespace {

constexpr int64_t FsLimit = 0x70; // docs/abi.md, "Stack registers of the running thread"
constexpr uint8_t Below = 2, AboveOrEqual = 3, Equal = 4;

/// Reads instructions in a row; after the first that does not fit, Fits is false and stays so.
class Matcher {
    Decoder &Code;
    uint64_t At;

  public:
    bool Fits = true;
    Matcher(Decoder &Code, uint64_t Start) : Code(Code), At(Start) {
        const Instruction *I = Code.at(Start);
        if (I && I->Name == "ENDBR64") At = I->next(); // -fcf-protection
    }

    const Instruction &next() {
        static const Instruction None;
        const Instruction *I = Fits ? Code.at(At) : nullptr;
        Fits = I != nullptr;
        if (!I) return None;
        At = I->next();
        return *I;
    }
    void want(bool Condition) { Fits &= Condition; }
    const Instruction &next(Op Kind) {
        const Instruction &I = next();
        want(I.Kind == Kind);
        return I;
    }
    uint64_t jump() { return next(Op::Jump).Target; }
    uint64_t jumpIf(uint8_t Condition) {
        const Instruction &I = next(Op::JumpIf);
        want(I.Condition == Condition);
        return I.Target;
    }
    uint64_t leaAddress(Register Into) {
        const Instruction &I = next(Op::Lea);
        want(I.Dest == Into && I.Memory.Absolute);
        return uint64_t(I.Memory.Disp);
    }
    uint64_t moveImm(Register Into) {
        const Instruction &I = next(Op::MoveImm);
        want(I.Dest == Into);
        return uint64_t(I.Imm);
    }
    void compareLimit(Register With) {
        const Instruction &I = next();
        want(I.Name == "CMP64rm" && I.Memory.Segment && I.Memory.Base == NoRegister && I.Memory.Index == NoRegister &&
             I.Memory.Disp == FsLimit && I.Reads == bit(With));
    }
    void compare(Register A, Register B) {
        const Instruction &I = next(Op::CompareReg);
        want(I.Source == A && I.Dest == B);
    }
    uint64_t address() const { return At; }
};

bool isWordBefore(const MemoryOperand &M, Register R) {
    return M.Present && !M.Segment && M.Base == R && M.Index == NoRegister && M.Disp == -8;
}

} // namespace

std::optional<CheckStub> checkStubAt(Decoder &Code, uint64_t Address) {
    Matcher M(Code, Address);
    const Instruction &First = M.next(Op::Lea);
    const MemoryOperand &Low = First.Memory;
    M.want(First.Dest == R11 && Low.Base == RSP && Low.Index == NoRegister && !Low.Segment && Low.Disp <= 0 && First.Width == 8);
    if (!M.Fits) return std::nullopt;
    CheckStub S{};
    S.Need = uint64_t(-Low.Disp);
    M.compareLimit(R11);
    S.Body = M.jumpIf(AboveOrEqual);
    S.SlowBody = M.leaAddress(R10);
    const Instruction *I = &M.next();
    bool Named = I->Kind == Op::MoveImm;
    if (Named) {
        M.want(I->Dest == R11);
        S.SlowNeed = uint32_t(I->Imm);
        S.ArgBytes = uint64_t(I->Imm) >> 32;
        I = &M.next();
    }
    M.want(I->Kind == Op::Jump);
    S.SlowPath = I->Target;
    S.End = M.address();
    if (!M.Fits) return std::nullopt;
    if (Named) return S;
    Matcher Slow(Code, S.SlowPath);
    const Instruction &Sub = Slow.next();
    Slow.want(Sub.Name == "SUB64rr" && Sub.Dest == R11 && Sub.Source == RSP);
    const Instruction &Negate = Slow.next();
    Slow.want(Negate.Name == "NEG64r" && Negate.Clobbers == bit(R11));
    S.SlowNeed = S.Need;
    return Slow.Fits ? std::optional(S) : std::nullopt;
}

std::optional<BorrowStub> borrowStubAt(Decoder &Code, uint64_t Address) {
    Matcher M(Code, Address);
    BorrowStub S{};
    S.Body = M.leaAddress(R10);
    const Instruction &I = M.next();
    if (I.Kind == Op::MoveImm) M.want(I.Dest == R11);
    S.BorrowPath = I.Kind == Op::Jump ? I.Target : M.jump();
    return M.Fits ? std::optional(S) : std::nullopt;
}

std::optional<PlainStub> plainStubAt(Decoder &Code, uint64_t Address) {
    Matcher M(Code, Address);
    PlainStub S{};
    S.Body = M.jump();
    S.End = M.address();
    return M.Fits ? std::optional(S) : std::nullopt;
}

std::optional<IndirectStub> indirectStubAt(Decoder &Code, uint64_t Address) {
    Matcher M(Code, Address);
    IndirectStub S{};
    S.Begin = M.leaAddress(R11);
    if (!M.Fits) return std::nullopt;
    M.compare(R10, R11);
    uint64_t Outside = M.jumpIf(Below);
    S.End = M.leaAddress(R11);
    M.compare(R10, R11);
    M.want(M.jumpIf(AboveOrEqual) == Outside);
    const Instruction *I = &M.next();
    uint64_t Slow = 0;
    if (I->Kind == Op::Load) {
        S.Variadic = true;
        M.want(I->Dest == R11 && I->Width == 8 && isWordBefore(I->Memory, R10));
        const Instruction &Negate = M.next();
        M.want(Negate.Name == "NEG64r" && Negate.Clobbers == bit(R11));
        const Instruction &Add = M.next(Op::AddReg);
        M.want(Add.Dest == R11 && Add.Source == RSP);
        M.compareLimit(R11);
        Slow = M.jumpIf(Below);
        I = &M.next();
    }
    M.want(I->Kind == Op::JumpReg && I->Source == R10);
    if (S.Variadic) {
        M.want(M.address() == Slow);
        M.moveImm(R11);
        const Instruction &Or = M.next();
        M.want(Or.Clobbers == bit(R11) && isWordBefore(Or.Memory, R10));
        S.SlowPath = M.jump();
    }
    M.want(M.address() == Outside);
    if (!M.Fits) return std::nullopt;
    const Instruction &Last = M.next();
    if (Last.Kind == Op::MoveImm) M.want(Last.Dest == R11);
    S.OutsidePath = Last.Kind == Op::Jump ? Last.Target : M.jump();
    return M.Fits ? std::optional(S) : std::nullopt;
}

std::optional<ICallStub> icallStubAt(Decoder &Code, uint64_t Address) {
    Matcher M(Code, Address);
    ICallStub S{};
    const Instruction &Copy = M.next(Op::Move);
    M.want(Copy.Dest == R11 && Copy.Source == R10);
    for (StringRef Name : {"SUB64rm", "CMP64rm"}) {
        const Instruction &I = M.next();
        M.want(I.Name == Name && I.Memory.Absolute && (I.Reads & bit(R11)));
    }
    S.OutsidePath = M.jumpIf(AboveOrEqual);
    const Instruction &Inside = M.next(Op::JumpReg);
    M.want(Inside.Source == R10);
    return M.Fits ? std::optional(S) : std::nullopt;
}

std::optional<uint64_t> comparedWordAt(Decoder &Code, uint64_t Address) {
    Matcher M(Code, Address);
    const Instruction &First = M.next();
    M.want(First.Name.starts_with("CMP64mi") && First.Memory.Absolute && !First.Memory.Segment);
    uint64_t Word = uint64_t(First.Memory.Disp);
    M.jumpIf(Equal);
    return M.Fits ? std::optional(Word) : std::nullopt;
}

bool asksThreadFirst(Decoder &Code, uint64_t Address) {
    Matcher M(Code, Address);
    const Instruction &First = M.next();
    M.want(First.Memory.Segment && First.Memory.Base == NoRegister && First.Memory.Index == NoRegister);
    if (First.Kind == Op::Load) {
        const Instruction &Test = M.next(Op::CompareImm);
        M.want(Test.Source == First.Dest && Test.Imm == 0);
    } else {
        M.want(First.Name.starts_with("CMP64mi"));
    }
    M.jumpIf(Equal);
    return M.Fits;
}

} // namespace capstack
