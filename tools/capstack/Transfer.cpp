// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The instructions one by one. Two assumptions are made, both of them that the code is not broken already: a store through an
// address that is not followed does not overwrite a word in which the function saved a register, and nothing is kept more
// than the red zone below rsp at an unknown offset. All else that is not understood loses the value, and losing rsp ends the walk.

#include "Transfer.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

using namespace llvm;

namespace capstack {

namespace {

constexpr const char *UnknownAmount = "moves rsp by an amount that is not known (alloca)";
constexpr const char *LoadsRsp = "loads rsp from elsewhere";
constexpr const char *TooLarge = "moves rsp out of any reasonable range";
constexpr const char *NotFollowed = "changes rsp in a way that is not followed";

uint64_t maskOf(uint8_t Width) { return Width == 8 ? UINT64_MAX : (uint64_t(1) << (8 * Width)) - 1; }

bool isReal(Register R) { return R >= 0; }

Value valueOf(Register R, const MachineState &S) { return isReal(R) ? S.Registers[R] : Value::unknown(); }

} // namespace

Value Transfer::add(const Value &V, int64_t Addend) {
    switch (V.Is) {
    case Value::Kind::Stack: {
        int64_t Sum;
        if (AddOverflow(V.Offset, Addend, Sum) || Sum > FunctionFrame::MaxOffset || Sum < -FunctionFrame::MaxOffset)
            return Value::nearStack();
        return Value::stack(V.Id, Sum);
    }
    case Value::Kind::NearStack:
        return V;
    case Value::Kind::Set: {
        SmallVector<uint64_t, 16> Members;
        for (uint64_t C : *V.Members) Members.push_back(C + uint64_t(Addend));
        return Pool.valueOf(Members);
    }
    case Value::Kind::Range: {
        uint64_t Low = V.Low + uint64_t(Addend), High = V.High + uint64_t(Addend);
        return V.Width == 8 && Low <= High ? Value::range(Low, High) : Value::unknown();
    }
    case Value::Kind::Table: {
        Value Sum = V;
        Sum.High += uint64_t(Addend);
        return Sum;
    }
    default:
        return Addend == 0 ? V : Value::unknown();
    }
}

Value Transfer::addValues(const Value &A, const Value &B, uint8_t ScaleB) {
    if (B.isConstant()) return add(A, int64_t(B.Low * ScaleB));
    if (A.isConstant() && ScaleB == 1) return add(B, int64_t(A.Low));
    if (A.isStackish() || B.isStackish()) return Value::nearStack();
    SmallVector<uint64_t, 16> As, Bs, Sums;
    if (!SetPool::enumerate(A, As) || !SetPool::enumerate(B, Bs) || As.size() * Bs.size() > SetPool::MaxMembers)
        return Value::unknown();
    for (uint64_t X : As)
        for (uint64_t Y : Bs) Sums.push_back(X + Y * ScaleB);
    return Pool.valueOf(Sums);
}

Value Transfer::addressOf(const MemoryOperand &M, const MachineState &S) {
    if (M.Absolute) return Value::constant(uint64_t(M.Disp));
    if (M.Base == M.Index && isReal(M.Base) && !valueOf(M.Base, S).isStackish())
        return add(addValues(Value::constant(0), valueOf(M.Base, S), M.Scale + 1), M.Disp);
    Value Base = M.Base == NoRegister ? Value::constant(0) : valueOf(M.Base, S);
    Value Index = M.Index == NoRegister ? Value::constant(0) : valueOf(M.Index, S);
    return add(addValues(Base, Index, M.Scale), M.Disp);
}

Value Transfer::tableEntry(const Instruction &I, const MachineState &S) {
    const MemoryOperand &M = I.Memory;
    if (!StacksChange || M.Segment || M.Index == NoRegister || M.Scale != I.Width || (I.Width != 8 && !(I.Width == 4 && I.Signed)))
        return Value::unknown();
    Value Base = M.Base == NoRegister ? Value::constant(0) : valueOf(M.Base, S);
    Value Index = valueOf(M.Index, S);
    bool IsRange = Index.Is == Value::Kind::Range && Index.Width == 8, FromFirst = IsRange && Index.Low == 0 && Index.High > 0;
    // Few indices that leave out the first: the entries themselves are as good.
    if (!Base.isConstant() || Index.Is == Value::Kind::Set || (IsRange && !FromFirst && Index.High < SetPool::MaxMembers))
        return Value::unknown();
    uint32_t Count = FromFirst && Index.High < SetPool::MaxMembers ? uint32_t(Index.High + 1) : 0;
    return Value::tableEntry(Base.Low + uint64_t(M.Disp), I.Width, Count);
}

void Transfer::touchMemory(const Instruction &I, const MachineState &S) {
    if (I.IsString) {
        for (Register R : {RSI, RDI}) {
            const Value &V = S.Registers[R];
            if (V.isStack()) Frame.touch(V.Id, V.Offset);
            if (V.isStackish()) Frame.loseAddress();
        }
    }
    const MemoryOperand &M = I.Memory;
    if (!I.TouchesMemory || M.Absolute || M.Segment) return;
    Value Base = valueOf(M.Base, S), Index = valueOf(M.Index, S);
    // Beside an index the displacement says nothing: that of a[i - 45] lies far below a.
    if (Base.isStack() && M.Index == NoRegister) Frame.touch(Base.Id, std::max(Base.Offset + M.Disp, -FunctionFrame::MaxOffset));
    if (Base.Is == Value::Kind::NearStack || Index.isStackish() || (Base.isStack() && M.Index != NoRegister)) Frame.loseAddress();
}

Value Transfer::extend(const Value &V, uint8_t Width, bool Signed) {
    if (V.isStackish()) return Value::nearStack();
    uint64_t Mask = maskOf(Width), Positive = Signed ? Mask >> 1 : Mask;
    if (V.Is == Value::Kind::Range && V.Width >= Width && V.High <= Positive) return Value::range(V.Low, V.High);
    if (V.Is == Value::Kind::Set && V.Members->back() <= Positive) return V;
    return Signed ? Value::unknown() : Value::range(0, Mask);
}

Value Transfer::load(const Value &Address, uint8_t Width, bool Signed, const MachineState &S) {
    Value Nothing = Width == 8 || Signed ? Value::unknown() : Value::range(0, maskOf(Width));
    if (Address.isStack()) {
        const SavedWord *Word = Width == 8 ? S.find(Address.Id, Address.Offset) : nullptr;
        return Word ? Word->What : Nothing;
    }
    SmallVector<uint64_t, 16> Addresses, Words;
    if (!SetPool::enumerate(Address, Addresses)) return Nothing;
    for (uint64_t A : Addresses) {
        std::optional<uint64_t> Word = Image.constant(A, Width);
        if (!Word) return Nothing;
        Words.push_back(Signed ? uint64_t(SignExtend64(*Word, 8 * Width)) : *Word);
    }
    return Pool.valueOf(Words);
}

void Transfer::overwrite(MachineState &S, uint32_t Base, int64_t Offset, uint32_t Bytes) {
    using Place = FunctionFrame::Place;
    const FunctionFrame::Base &Stored = Frame.base(Base);
    int64_t Length = Bytes == Instruction::UnknownBytes ? FunctionFrame::MaxOffset : int64_t(Bytes);
    llvm::erase_if(S.Words, [&](const SavedWord &W) {
        int64_t Low = W.Offset, High = W.Offset + 8, StoreLow = Offset, StoreHigh = Offset + Length;
        if (W.Base != Base && Frame.placeOf(W.Base) == Place::Block && Stored.In == Place::Block) return true; // perhaps one
        if (Frame.placeOf(W.Base) != Stored.In) return false;
        if (W.Base != Base) {
            Low += Frame.base(W.Base).Low;
            High += Frame.base(W.Base).High;
            StoreLow += Stored.Low;
            StoreHigh += Stored.High;
        }
        return Low < StoreHigh && StoreLow < High;
    });
}

void Transfer::forgetBelow(MachineState &S) {
    const Value &Rsp = S.Registers[RSP];
    const FunctionFrame::Base &B = Frame.base(Rsp.Id);
    llvm::erase_if(S.Words, [&](const SavedWord &W) {
        if (W.Base == Rsp.Id) return W.Offset < Rsp.Offset;
        // What lies on another stack, or in the frame above a block, is not below rsp; a block is below the frame.
        if (Frame.placeOf(Rsp.Id) != FunctionFrame::Place::Frame) return false;
        if (Frame.placeOf(W.Base) != FunctionFrame::Place::Frame) return true;
        return W.Offset + Frame.base(W.Base).Low < Rsp.Offset + B.High;
    });
}

void Transfer::storeEffects(const Instruction &I, MachineState &S) {
    if (I.StoreBytes == 0) return;
    Value Address = I.Memory.Segment ? Value::unknown() : addressOf(I.Memory, S);
    if (Address.isStack()) overwrite(S, Address.Id, Address.Offset, I.StoreBytes);
    if (I.Kind == Op::Store) {
        Value What = valueOf(I.Source, S);
        if (Address.isStack())
            S.save(Address.Id, Address.Offset, What);
        else if (What.isStackish())
            Frame.loseAddress();
        return;
    }
    for (int R = 0; R < NumRegisters; R++)
        if ((I.Reads & bit(R)) && S.Registers[R].isStackish()) Frame.loseAddress();
}

/// Moves rsp to where no offset from the frame leads: to another stack, if it comes out of the thread's memory or that of a
/// record, or below a dynamic alloca. False if neither is expected.
bool Transfer::moveRsp(const Instruction &I, const Value &V, MachineState &S) {
    using Place = FunctionFrame::Place;
    bool IsLoad = I.Kind == Op::Load && (I.Memory.Segment || !addressOf(I.Memory, S).isStackish());
    bool IsElsewhere = Frame.placeOf(S.Registers[RSP].Id) == Place::Elsewhere;
    if (StacksChange && (IsElsewhere || V.Is == Value::Kind::Thread || (IsLoad && !V.isStackish())))
        S.Registers[RSP] = Value::stack(Frame.moveTo(Place::Elsewhere, I.Address), 0);
    else if (HasBlocks)
        S.Registers[RSP] = Value::stack(Frame.moveTo(Place::Block, I.Address), 0);
    else
        return false;
    // A round earlier of a loop may have left values of this base behind: they are another block's.
    uint32_t Id = S.Registers[RSP].Id;
    for (int R = 0; R < NumRegisters; R++)
        if (R != RSP && S.Registers[R].isStack() && S.Registers[R].Id == Id && S.Registers[R] != V) S.Registers[R] = Value::nearStack();
    llvm::erase_if(S.Words, [&](const SavedWord &W) { return W.Base == Id; });
    return true;
}

const char *Transfer::set(const Instruction &I, Register R, const Value &V, MachineState &S) {
    if (!isReal(R)) {
        if (V.isStackish()) Frame.loseAddress();
        return nullptr;
    }
    if (R != RSP) {
        S.Registers[R] = V;
        return nullptr;
    }
    if (!V.isStack() && moveRsp(I, V, S)) return nullptr;
    if (!V.isStack()) return V.Is == Value::Kind::NearStack ? UnknownAmount : LoadsRsp;
    if (V.Offset < -(int64_t(1) << 30) || V.Offset > (int64_t(1) << 30)) return TooLarge;
    S.Registers[RSP] = V;
    Frame.setRsp(V.Id, V.Offset);
    return nullptr;
}

void Transfer::clobber(MachineState &S, RegisterSet Set) {
    for (int R = 0; R < NumRegisters; R++)
        if (Set & bit(R)) S.Registers[R] = Value::unknown();
    S.Related.forget(Set);
}

Value Transfer::align(const Instruction &I, const Value &V, MachineState &S) {
    uint64_t Alignment = 0 - uint64_t(I.Imm);
    if (I.Width != 8 || I.Imm >= 0 || !isPowerOf2_64(Alignment)) return Value::nearStack();
    const FunctionFrame::Base &Old = Frame.base(V.Id);
    if (Old.In != FunctionFrame::Place::Frame) return Value::nearStack();
    // Aligning what this same instruction aligned before: the base would stand for two addresses.
    if (Old.Instruction == I.Address && V.Id != 0) return Value::nearStack();
    uint32_t Id = Frame.align(I.Address, Old.Low + V.Offset - int64_t(Alignment - 1), Old.High + V.Offset);
    // A round earlier of a loop may have left values of this base behind.
    for (Value &R : S.Registers)
        if (R.isStack() && R.Id == Id) R = Value::nearStack();
    llvm::erase_if(S.Words, [&](const SavedWord &W) { return W.Base == Id; });
    for (SavedWord &W : S.Words)
        if (W.What.isStack() && W.What.Id == Id) W.What = Value::nearStack();
    return Value::stack(Id, 0);
}

Value Transfer::andImm(const Instruction &I, MachineState &S) {
    Value V = valueOf(I.Dest, S);
    if (V.isStack()) return align(I, V, S);
    if (V.isStackish()) return V;
    uint64_t Mask = uint64_t(I.Imm) & maskOf(I.Width);
    if (V.Is == Value::Kind::Range && V.Width >= I.Width) Mask = std::min(Mask, V.High);
    return Value::range(0, Mask);
}

Value Transfer::subtract(const Instruction &I, const MachineState &S) {
    Value A = valueOf(I.Dest, S), B = valueOf(I.Source, S);
    if (B.isConstant()) return add(A, -int64_t(B.Low));
    if (A.isStackish() || B.isStackish()) return Value::nearStack();
    auto &Added = S.Related.Added;
    auto &Order = S.Related.Order;
    bool Ordered =
        isReal(I.Dest) && Added.Sum == I.Dest && Order.Lower == Added.Of && Order.Higher == I.Source && !Order.OnlyDiffer;
    auto IsSmall = [](const Value &V) { return V.Is == Value::Kind::Range && V.Width == 8 && V.High <= UINT32_MAX; };
    if (Ordered && IsSmall(S.Registers[Added.Of]) && IsSmall(B) && isInt<32>(Added.Addend)) {
        // Addend + x - y, where x < y.
        const Value &X = S.Registers[Added.Of];
        int64_t Least = Added.Addend + int64_t(X.Low) - int64_t(B.High), Most = Added.Addend - 1;
        if (Least >= 0 && Least <= Most) return Value::range(uint64_t(Least), uint64_t(Most));
    }
    bool Plain = A.Is == Value::Kind::Range && A.Width == 8 && B.Is == Value::Kind::Range && B.Width == 8 && A.Low >= B.High;
    return Plain ? Value::range(A.Low - B.High, A.High - B.Low) : Value::unknown();
}

Value Transfer::shift(const Instruction &I, const MachineState &S) {
    Value V = valueOf(I.Dest, S);
    if (V.isStackish()) return Value::nearStack();
    uint64_t Mask = maskOf(I.Width);
    unsigned Count = unsigned(I.Imm) & (I.Width == 8 ? 63 : 31);
    bool Fits = V.Is == Value::Kind::Range && V.Width >= I.Width && V.High <= Mask;
    if (I.Kind == Op::ShiftRight) return Fits ? Value::range(V.Low >> Count, V.High >> Count) : Value::range(0, Mask >> Count);
    if (!Fits || V.High > (Mask >> Count) || V.High - V.Low >= SetPool::MaxMembers) return Value::range(0, Mask);
    SmallVector<uint64_t, 16> Members;
    for (uint64_t C = V.Low; C <= V.High; C++) Members.push_back(C << Count);
    return Pool.valueOf(Members);
}

Value Transfer::scanForward(const Instruction &I, const MachineState &S) {
    Value From = valueOf(I.Source, S), Before = valueOf(I.Dest, S);
    if (From.isStackish() || Before.isStackish()) return Value::nearStack();
    uint64_t High = maskOf(I.Width), Low = 0;
    if (From.Is == Value::Kind::Range && From.Width >= I.Width && From.High <= High) {
        High = From.High;
        Low = From.Low;
    }
    Value Number = Value::range(0, High == 0 ? 0 : Log2_64(High));
    // The processors of both makers leave the destination as it was when no bit is set.
    return Low > 0 ? Number : merge(Number, I.Width == 8 ? Before : extend(Before, I.Width, false));
}

const char *Transfer::exchange(const Instruction &I, MachineState &S) {
    Value A = valueOf(I.Dest, S), B = valueOf(I.Source, S);
    auto Order = S.Related.Order;
    S.Related.forget(I.Clobbers);
    // What was known of the one holds for the other now, if it is exchanged whole.
    auto IsWhole = [&](const Value &V) { return V.Is == Value::Kind::Range && V.Width == 8 && V.High <= maskOf(I.Width); };
    bool Both = (Order.Lower == I.Dest && Order.Higher == I.Source) || (Order.Lower == I.Source && Order.Higher == I.Dest);
    if (Both && isReal(I.Dest) && IsWhole(A) && IsWhole(B)) {
        if (!Order.OnlyDiffer) std::swap(Order.Lower, Order.Higher);
        S.Related.Order = Order;
    }
    if (const char *Why = set(I, I.Dest, I.Width == 8 ? B : extend(B, I.Width, false), S)) return Why;
    return set(I, I.Source, I.Width == 8 ? A : extend(A, I.Width, false), S);
}

const char *Transfer::push(const Instruction &I, MachineState &S) {
    touchMemory(I, S);
    Value What = valueOf(I.Source, S);
    Value Top = add(S.Registers[RSP], -int64_t(I.Width));
    if (const char *Why = set(I, RSP, Top, S)) return Why;
    overwrite(S, Top.Id, Top.Offset, I.Width);
    if (I.Width == 8) S.save(Top.Id, Top.Offset, What);
    return nullptr;
}

const char *Transfer::pop(const Instruction &I, MachineState &S) {
    Value What = load(S.Registers[RSP], I.Width, false, S);
    if (const char *Why = set(I, RSP, add(S.Registers[RSP], I.Width), S)) return Why;
    // A memory operand is addressed with the rsp after the pop.
    touchMemory(I, S);
    storeEffects(I, S);
    return isReal(I.Dest) ? set(I, I.Dest, What, S) : nullptr;
}

const char *Transfer::applyOther(const Instruction &I, MachineState &S) {
    touchMemory(I, S);
    bool FromStack = false;
    // An address above the return address is the caller's; scrambled (setjmp), it leads to nothing of this function's.
    auto IsCallers = [&](const Value &V) { return StacksChange && V.isStack() && V.Id == 0 && V.Offset > 0; };
    for (int R = 0; R < NumRegisters; R++)
        if ((I.Reads & bit(R)) && S.Registers[R].isStackish() && !IsCallers(S.Registers[R])) FromStack = true;
    if (I.Memory.Present && !I.TouchesMemory)
        FromStack |= valueOf(I.Memory.Base, S).isStackish() || valueOf(I.Memory.Index, S).isStackish();
    storeEffects(I, S);
    if (I.WritesElsewhere && FromStack) Frame.loseAddress();
    if (I.Clobbers & bit(RSP)) return FromStack ? UnknownAmount : NotFollowed;
    clobber(S, I.Clobbers);
    for (int R = 0; R < NumRegisters; R++) {
        if (!(I.Clobbers & bit(R))) continue;
        if (FromStack)
            S.Registers[R] = Value::nearStack();
        else if (I.Clobbers32 & bit(R))
            S.Registers[R] = Value::range(0, UINT32_MAX);
    }
    return nullptr;
}

const char *Transfer::apply(const Instruction &I, MachineState &S) {
    if (I.WritesFlags) S.Related.Compared = {};
    if (I.Kind == Op::Exchange) return exchange(I, S);
    if (I.Kind == Op::SubReg) {
        Value Difference = subtract(I, S);
        S.Related.forget(I.Clobbers);
        return set(I, I.Dest, Difference, S);
    }
    S.Related.forget(I.Clobbers);
    switch (I.Kind) {
    case Op::Push:
        return push(I, S);
    case Op::Pop:
        return pop(I, S);
    case Op::Leave: {
        if (const char *Why = set(I, RSP, S.Registers[RBP], S)) return Why;
        Value Saved = load(S.Registers[RSP], 8, false, S);
        if (const char *Why = set(I, RSP, add(S.Registers[RSP], 8), S)) return Why;
        return set(I, RBP, Saved, S);
    }
    case Op::Move:
        if (isReal(I.Dest) && isReal(I.Source) && I.Dest != I.Source) {
            S.Related.Same.copy(I.Dest, I.Source);
            S.Related.Same32.copy(I.Dest, I.Source);
        }
        return set(I, I.Dest, valueOf(I.Source, S), S);
    case Op::MoveImm:
        return set(I, I.Dest, Value::constant(uint64_t(I.Imm)), S);
    case Op::Extend:
        if (I.Width == 4 && isReal(I.Dest) && isReal(I.Source) && I.Dest != I.Source) S.Related.Same32.copy(I.Dest, I.Source);
        return set(I, I.Dest, extend(valueOf(I.Source, S), I.Width, I.Signed), S);
    case Op::Load: {
        touchMemory(I, S);
        if (StacksChange && I.Memory.Segment && I.Width == 8) return set(I, I.Dest, Value::ofThread(), S);
        Value Address = I.Memory.Segment ? Value::unknown() : addressOf(I.Memory, S);
        Value Loaded = tableEntry(I, S);
        if (Loaded.Is == Value::Kind::Unknown) Loaded = load(Address, I.Width, I.Signed, S);
        return set(I, I.Dest, Loaded, S);
    }
    case Op::Store:
        touchMemory(I, S);
        storeEffects(I, S);
        return nullptr;
    case Op::Lea:
        if (I.Width == 8 && I.Memory.Base >= 0 && I.Memory.Index == NoRegister && I.Memory.Base != I.Dest && I.Dest >= 0)
            S.Related.Added = {I.Dest, I.Memory.Base, I.Memory.Disp};
        return set(I, I.Dest, I.Width == 8 ? addressOf(I.Memory, S) : extend(addressOf(I.Memory, S), I.Width, false), S);
    case Op::AddImm:
        return set(I, I.Dest, add(valueOf(I.Dest, S), I.Imm), S);
    case Op::AddReg:
        return set(I, I.Dest, addValues(valueOf(I.Dest, S), valueOf(I.Source, S), 1), S);
    case Op::AndImm:
        return set(I, I.Dest, andImm(I, S), S);
    case Op::CondMove:
        return set(I, I.Dest, merge(valueOf(I.Dest, S), valueOf(I.Source, S)), S);
    case Op::ShiftLeft:
    case Op::ShiftRight:
        return set(I, I.Dest, shift(I, S), S);
    case Op::ShrinkRight: {
        Value V = valueOf(I.Dest, S);
        uint64_t Mask = maskOf(I.Width);
        if (V.Is == Value::Kind::Range && V.Width >= I.Width) Mask = std::min(Mask, V.High);
        return set(I, I.Dest, V.isStackish() ? Value::nearStack() : Value::range(0, Mask), S);
    }
    case Op::ScanForward:
        return set(I, I.Dest, scanForward(I, S), S);
    case Op::ByteMask:
        return set(I, I.Dest, Value::range(0, (uint64_t(1) << I.Width) - 1), S);
    case Op::CompareImm:
        S.Related.Compared = {I.Source, NoRegister, I.Width, uint64_t(I.Imm) & maskOf(I.Width)};
        return nullptr;
    case Op::CompareReg:
        if (isReal(I.Source) && isReal(I.Dest)) S.Related.Compared = {I.Source, I.Dest, I.Width, 0};
        return nullptr;
    case Op::Syscall:
        clobber(S, I.Clobbers);
        return nullptr;
    default:
        return applyOther(I, S);
    }
}

/// The low \p Width bytes of \p V lie in [Low, High].
static void narrow(Value &V, uint64_t Low, uint64_t High, uint8_t Width) {
    if (V.Is == Value::Kind::Range) {
        // Known already to fit the compared part: then all 64 bits are bounded.
        if (V.Width == 8 && V.High > maskOf(Width)) return;
        if (V.Width != 8 && V.Width != Width) return;
        // Apart from each other: the path is not taken, and anything may be said of it. What was compared keeps it in the table.
        bool Meet = std::max(Low, V.Low) <= std::min(High, V.High);
        V = Meet ? Value::range(std::max(Low, V.Low), std::min(High, V.High), V.Width) : Value::range(Low, High, V.Width);
    } else if (V.Is == Value::Kind::Unknown) {
        V = Value::range(Low, High, Width);
    }
    // Other kinds say more than a range would.
}

void Transfer::refine(const Instruction &I, bool Taken, MachineState &S) {
    auto &C = S.Related.Compared;
    if (C.Of == NoRegister || C.Of == RSP || I.Condition == Instruction::NoCondition) return;
    // The low bit of a condition negates it: 2 below, 3 not; 4 equal, 5 not; 6 below or equal, 7 not.
    bool Holds = Taken == ((I.Condition & 1) == 0);
    if (C.With != NoRegister) return refineOrder(I.Condition & ~1u, Holds, S);
    uint64_t Low = 0, High = maskOf(C.Width);
    switch (I.Condition & ~1) {
    case 2:
        if (Holds && C.Constant == 0) return;
        if (Holds)
            High = C.Constant - 1;
        else
            Low = C.Constant;
        break;
    case 4:
        if (Holds)
            Low = High = C.Constant;
        else if (C.Constant == 0)
            Low = 1;
        else
            return;
        break;
    case 6:
        if (!Holds && C.Constant == High) return;
        if (Holds)
            High = C.Constant;
        else
            Low = C.Constant + 1;
        break;
    default:
        return;
    }
    for (int R = 0; R < NumRegisters; R++) {
        bool Copy =
            (C.Width == 8 && S.Related.Same.same(Register(R), C.Of)) || (C.Width == 4 && S.Related.Same32.same(Register(R), C.Of));
        if (R == C.Of || Copy) narrow(S.Registers[R], Low, High, C.Width);
    }
}

void Transfer::refineOrder(unsigned Condition, bool Holds, MachineState &S) {
    auto &C = S.Related.Compared;
    auto &Order = S.Related.Order;
    // The comparison has to be of all that the registers hold.
    for (Register R : {C.Of, C.With}) {
        const Value &V = S.Registers[R];
        if (V.Is != Value::Kind::Range || V.Width != 8 || V.High > maskOf(C.Width)) return;
    }
    Register Low = std::min(C.Of, C.With), High = std::max(C.Of, C.With);
    bool Differ = Order.OnlyDiffer && Order.Lower == Low && Order.Higher == High;
    bool Below = Condition == 2 ? Holds : Condition == 6 && Holds && Differ;
    bool Above = Condition == 6 ? !Holds : Condition == 2 && !Holds && Differ;
    if (Below)
        Order = {C.Of, C.With, false};
    else if (Above)
        Order = {C.With, C.Of, false};
    else if (Condition == 4 && !Holds && !(Order.Lower >= 0 && !Order.OnlyDiffer))
        Order = {Low, High, true};
}

bool Transfer::mergeRsp(uint64_t Address, MachineState &Into, const MachineState &From) {
    using Place = FunctionFrame::Place;
    Value &A = Into.Registers[RSP];
    const Value &B = From.Registers[RSP];
    if (A == B) return true;
    Place InA = Frame.placeOf(A.Id), InB = Frame.placeOf(B.Id);
    if (InA == Place::Elsewhere && InB == Place::Elsewhere) {
        A = Value::stack(Frame.moveTo(Place::Elsewhere, Address), 0);
        return true;
    }
    if (InA == Place::Elsewhere || InB == Place::Elsewhere || !HasBlocks) return false;
    // A path that comes back to a block from below would go deeper each time round.
    if ((InA == Place::Block && A.Offset != 0) || (InB == Place::Block && B.Offset != 0)) return false;
    uint32_t Both = Frame.moveTo(Place::Block, Address);
    for (const Value *V : {(const Value *)&A, &B}) Frame.standsFor(Both, V->Id, V->Offset);
    A = Value::stack(Both, 0);
    return true;
}

bool Transfer::merge(uint64_t Address, MachineState &Into, const MachineState &From) {
    if (!mergeRsp(Address, Into, From)) return false;
    for (int R = 0; R < NumRegisters; R++)
        if (R != RSP) Into.Registers[R] = merge(Into.Registers[R], From.Registers[R]);
    SmallVector<SavedWord, 8> Words;
    auto Drop = [&](const SavedWord &W) {
        if (W.What.isStackish()) Frame.loseAddress();
    };
    for (const SavedWord &W : Into.Words) {
        const SavedWord *Other = From.find(W.Base, W.Offset);
        if (!Other)
            Drop(W);
        else
            Words.push_back({W.Base, W.Offset, merge(W.What, Other->What)});
    }
    for (const SavedWord &W : From.Words)
        if (!Into.find(W.Base, W.Offset)) Drop(W);
    Into.Words = std::move(Words);
    Into.Related.meet(From.Related);
    Into.Called |= From.Called;
    return true;
}

} // namespace capstack
