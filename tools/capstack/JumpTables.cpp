// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A table ends, at the latest, where the next thing begins that code or data refer to, and where an entry would lead out of
// the function: LLVM's tables hold nothing but labels of their function. What is taken too many is a label of the same function
// at worst, a path more to follow; none is left out. The references to what follows a table are found in two steps, since to
// decode a whole program would take longer than all else: four bytes that, read as a distance, lead there are a candidate;
// the function around them is decoded to see if it is one.

#include "JumpTables.h"

#include "StackDepth.h"

#include "llvm/Support/Endian.h"
#include "llvm/Support/MathExtras.h"

using namespace llvm;

namespace capstack {

bool JumpTables::targets(uint64_t Function, const Value &Entry, SmallVectorImpl<uint64_t> &Out) {
    const uint64_t Table = Entry.Low, Addend = Entry.High;
    const unsigned Width = Entry.Width;
    uint64_t FunctionEnd = Depths.nextFunction(Function);
    size_t Before = Out.size();
    auto EntryAt = [&](uint64_t Address) -> std::optional<uint64_t> {
        std::optional<uint64_t> Word = Depths.image().constant(Address, Width);
        if (!Word) return std::nullopt;
        uint64_t Target = Addend + (Width == 4 ? uint64_t(SignExtend64<32>(*Word)) : *Word);
        // The end of the function itself: a label behind its last instruction, which is not reached.
        if (Target < Function || Target > FunctionEnd) return std::nullopt;
        return Target;
    };
    uint64_t End = Table;
    while (End - Table < Width * SetPool::MaxMembers && EntryAt(End)) End += Width;
    if (End == Table) return false;
    auto [Found, New] = Ends.try_emplace(Table, 0);
    if (New) Found->second = nextReference(Table, End);
    uint64_t Last = Entry.Id ? std::min(Found->second, Table + uint64_t(Entry.Id) * Width) : Found->second;
    for (uint64_t At = Table; At + Width <= Last; At += Width)
        if (uint64_t Target = *EntryAt(At); Target != FunctionEnd) Out.push_back(Target);
    return Out.size() > Before;
}

uint64_t JumpTables::nextReference(uint64_t After, uint64_t End) {
    Depths.image().forEachPointer([&](uint64_t Target) {
        if (Target > After && Target < End) End = Target;
    });
    Depths.image().forEachCode([&](uint64_t Begin, ArrayRef<uint8_t> Bytes) {
        if (Bytes.size() < 4) return;
        for (size_t At = 0; At + 4 <= Bytes.size(); At++) {
            uint64_t Low = Begin + At + 4 + uint64_t(int64_t(int32_t(support::endian::read32le(Bytes.data() + At))));
            // The distance counts from the instruction's end, which is up to four bytes of immediate further on.
            if (Low + 4 <= After || Low >= End) continue;
            for (uint64_t Target = std::max(Low, After + 1); Target <= Low + 4 && Target < End; Target++)
                if (refersTo(Begin + At, Target)) End = Target;
        }
    });
    return End;
}

/// Whether the instruction that holds the byte at \p Code refers to \p Address.
bool JumpTables::refersTo(uint64_t Code, uint64_t Address) {
    uint64_t At = Depths.functionAround(Code);
    if (At == 0) return false; // not known where instructions begin: the table is taken to go on
    for (const Instruction *I; At <= Code; At = I->next()) {
        I = Depths.decoder().at(At);
        if (!I) return false;
        if (I->next() <= Code) continue;
        return I->Memory.Present && I->Memory.Absolute && uint64_t(I->Memory.Disp) == Address;
    }
    return false;
}

} // namespace capstack
