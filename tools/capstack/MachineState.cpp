// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The lattice of values. Every join chain is finite and short: a set of code addresses is bounded by SetPool::MaxMembers, a
// range widens to the next power of two, everything else falls to Unknown or NearStack in one step.

#include "MachineState.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

using namespace llvm;

namespace capstack {

Value Value::entry(Register R) {
    Value V;
    V.Is = Kind::Entry;
    V.Id = uint32_t(R);
    return V;
}

Value Value::stack(uint32_t Base, int64_t Offset) {
    Value V;
    V.Is = Kind::Stack;
    V.Id = Base;
    V.Offset = Offset;
    return V;
}

Value Value::nearStack() {
    Value V;
    V.Is = Kind::NearStack;
    return V;
}

Value Value::range(uint64_t Low, uint64_t High, uint8_t Width) {
    Value V;
    if (Width == 8 && Low == 0 && High == UINT64_MAX) return V;
    V.Is = Kind::Range;
    V.Width = Width;
    V.Low = Low;
    V.High = High;
    return V;
}

Value Value::ofThread() {
    Value V;
    V.Is = Kind::Thread;
    return V;
}

Value Value::tableEntry(uint64_t Table, uint8_t Width, uint32_t Count) {
    Value V;
    V.Is = Kind::Table;
    V.Id = Count;
    V.Width = Width;
    V.Low = Table;
    V.High = 0;
    return V;
}

bool Value::operator==(const Value &O) const {
    if (Is != O.Is) return false;
    switch (Is) {
    case Kind::Unknown:
    case Kind::NearStack:
    case Kind::Thread:
        return true;
    case Kind::Entry:
        return Id == O.Id;
    case Kind::Stack:
        return Id == O.Id && Offset == O.Offset;
    case Kind::Range:
        return Width == O.Width && Low == O.Low && High == O.High;
    case Kind::Table:
        return Width == O.Width && Low == O.Low && High == O.High && Id == O.Id;
    case Kind::Set:
        return Members == O.Members;
    }
    return false;
}

Value SetPool::valueOf(ArrayRef<uint64_t> Members) {
    ConstantSet Sorted(Members.begin(), Members.end());
    llvm::sort(Sorted);
    Sorted.erase(std::unique(Sorted.begin(), Sorted.end()), Sorted.end());
    if (Sorted.empty() || Sorted.size() > MaxMembers) return Value::unknown();
    if (Sorted.size() == 1) return Value::constant(Sorted.front());
    Value V;
    V.Is = Value::Kind::Set;
    V.Members = &*Sets.insert(std::move(Sorted)).first;
    return V;
}

bool SetPool::enumerate(const Value &V, SmallVectorImpl<uint64_t> &Out) {
    if (V.Is == Value::Kind::Set) {
        Out.append(V.Members->begin(), V.Members->end());
        return true;
    }
    if (V.Is != Value::Kind::Range || V.Width != 8 || V.High - V.Low >= MaxMembers) return false;
    for (uint64_t C = V.Low;; C++) {
        Out.push_back(C);
        if (C == V.High) return true;
    }
}

Value joinRanges(const Value &A, const Value &B) {
    auto Bounds = [](const Value &V, uint64_t &Low, uint64_t &High) {
        if (V.Is == Value::Kind::Range && V.Width == 8) {
            Low = V.Low;
            High = V.High;
            return true;
        }
        if (V.Is != Value::Kind::Set) return false;
        Low = V.Members->front();
        High = V.Members->back();
        return true;
    };
    uint64_t LowA, HighA, LowB, HighB;
    if (!Bounds(A, LowA, HighA) || !Bounds(B, LowB, HighB)) return Value::unknown();
    uint64_t High = std::max(HighA, HighB);
    return Value::range(0, High >= UINT64_MAX / 2 ? UINT64_MAX : NextPowerOf2(High) - 1);
}

void Copies::isolate(Register R) {
    bool Alone = Root[R] == R;
    for (int Higher = R + 1; Higher < NumRegisters; Higher++) Alone &= Root[Higher] != R;
    if (Alone) return;
    Root[R] = NumRegisters; // which no other has
    renumber();
}

void Copies::renumber() {
    std::array<int8_t, NumRegisters> New;
    for (int R = 0; R < NumRegisters; R++) {
        New[R] = int8_t(R);
        for (int Lower = R - 1; Lower >= 0; Lower--)
            if (Root[Lower] == Root[R]) New[R] = New[Lower];
    }
    Root = New;
}

void Copies::meet(const Copies &O) {
    if (*this == O) return;
    Copies Both;
    for (int R = 0; R < NumRegisters; R++)
        for (int Lower = R - 1; Lower >= 0; Lower--)
            if (Root[Lower] == Root[R] && O.Root[Lower] == O.Root[R]) Both.Root[R] = Both.Root[Lower];
    *this = Both;
}

void Relations::forget(RegisterSet Written) {
    auto Involves = [Written](Register R) { return R >= 0 && (Written & bit(R)); };
    if (Involves(Compared.Of) || Involves(Compared.With)) Compared = {};
    if (Involves(Order.Lower) || Involves(Order.Higher)) Order = {};
    for (int R = 0; R < NumRegisters; R++) {
        if (!(Written & bit(R))) continue;
        Same.isolate(Register(R));
        Same32.isolate(Register(R));
    }
    if (Involves(Added.Sum) || Involves(Added.Of)) Added = {};
}

void Relations::meet(const Relations &O) {
    Same.meet(O.Same);
    Same32.meet(O.Same32);
    if (!sameCompared(O)) Compared = {};
    if (!sameOrder(O)) Order = {};
    if (!sameAdded(O)) Added = {};
}

MachineState MachineState::atEntry() {
    MachineState S;
    for (int R = 0; R < NumRegisters; R++)
        if (CalleeSaved & bit(R)) S.Registers[R] = Value::entry(Register(R));
    S.Registers[RSP] = Value::stack(0, 0);
    return S;
}

static bool isBefore(const SavedWord &W, const std::pair<uint32_t, int64_t> &Key) { return std::make_pair(W.Base, W.Offset) < Key; }

const SavedWord *MachineState::find(uint32_t Base, int64_t Offset) const {
    auto Found = std::lower_bound(Words.begin(), Words.end(), std::make_pair(Base, Offset), isBefore);
    return Found != Words.end() && Found->Base == Base && Found->Offset == Offset ? &*Found : nullptr;
}

void MachineState::save(uint32_t Base, int64_t Offset, const Value &What) {
    auto At = std::lower_bound(Words.begin(), Words.end(), std::make_pair(Base, Offset), isBefore);
    Words.insert(At, {Base, Offset, What});
}

} // namespace capstack
