// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Assume and guarantee: a call of a check stub counts nothing below its return address, and what the stub promises is checked
// on its own; so the walk of each function ends at the next check, and all walks together cover every path. In the same way
// a function that cannot be walked stands for what the note claims of it, once, and its callers are still checked.

#include "Program.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/MathExtras.h"

using namespace llvm;

namespace capstack {

Program::Program(const ElfImage &Image, Claims Said) : Image(Image), Said(std::move(Said)), Entries(Image.section("capr_entry")) {
    for (const Export &E : Image.symbols()) Starts.push_back(E.Address);
    for (const Claims::Function &F : this->Said.Functions) Starts.push_back(F.Body);
    llvm::sort(Starts);
    Starts.erase(std::unique(Starts.begin(), Starts.end()), Starts.end());
}

std::string Program::nameOf(uint64_t Address) const {
    StringRef Name = Image.functionAt(Address);
    return Name.empty() ? "0x" + utohexstr(Address, /*LowerCase=*/true) : Name.str();
}

bool Program::hasBlocks(uint64_t Entry) const {
    const Claims::Function *F = Said.function(Entry);
    return F && F->Room != 0;
}

void Program::start(StackDepth &TheWalk) {
    Walk = &TheWalk;
    readEntries();
    for (uint64_t Address : {Said.Borrow, Said.BorrowArgs})
        if (!asksThreadFirst(Walk->decoder(), Address) && !asksProgramFirst(Address))
            Unproven.push_back({Address, "does not begin as the runtime's borrowing functions do"});
}

/// In a shared object: on to the program's borrowing function, if there is one.
bool Program::asksProgramFirst(uint64_t Address) const {
    std::optional<uint64_t> Word = comparedWordAt(Walk->decoder(), Address);
    const Slot *Filled = Word ? Image.slot(*Word) : nullptr;
    return Filled && Filled->By == Slot::Filler::OtherModule && StringRef(Filled->Symbol).starts_with("capr_shared_borrow");
}

uint64_t Program::wordBefore(uint64_t Entry) const {
    return support::endian::read64le(Entries.Bytes.data() + (Entry - 8 - Entries.Address));
}

/// Calls through pointers count on EntryInPlace, but for those with a variadic type, which read the word.
void Program::addUnchecked(uint64_t Entry, uint64_t Body) {
    Promises.push_back({Entry, Body, std::min(wordBefore(Entry), Said.EntryInPlace), Promise::Kind::Entry});
}

/// First come the functions that are their own entries, and no others; then stubs, a row of 8-aligned words each followed by its
/// stub: there are no gaps to search.
void Program::readEntries() {
    uint64_t End = Entries.Address + Entries.Bytes.size(), FirstStub = End;
    for (const Claims::Function &F : Said.Functions) {
        bool Among = F.Entry >= Entries.Address + 8 && F.Entry < End;
        if (Among && F.Entry == F.Body) {
            EntryPoints.insert(F.Entry);
            addUnchecked(F.Entry, F.Body);
        } else if (Among) {
            FirstStub = std::min(FirstStub, F.Entry - 8);
        }
    }
    for (uint64_t Start : Starts)
        if (Start >= Entries.Address && Start < FirstStub && !EntryPoints.contains(Start))
            Violations.push_back({Start, "is among the functions that are their own entries, and is not claimed to be one"});
    for (uint64_t At = FirstStub; At + 8 < End;) {
        uint64_t Stub = At + 8, StubEnd;
        EntryPoints.insert(Stub);
        if (std::optional<CheckStub> Check = checkStubAt(Walk->decoder(), Stub)) {
            addCheck(Stub, *Check);
            if (uint64_t Word = wordBefore(Stub); Word != Check->Need)
                Violations.push_back({Stub, ("the word before the stub says " + Twine(Word) + " bytes, its check " + Twine(Check->Need)).str()});
            StubEnd = Check->End;
        } else if (std::optional<PlainStub> Plain = plainStubAt(Walk->decoder(), Stub)) {
            addUnchecked(Stub, Plain->Body);
            StubEnd = Plain->End;
        } else {
            Violations.push_back({Stub, "is among the entry stubs and has not the shape of one"});
            return;
        }
        At = alignTo(StubEnd, 8);
    }
}

/// Where a branch to \p Address ends. lld's --branch-to-branch (a part of -O2) leads branches past the jumps that they land on.
static uint64_t landing(Decoder &Code, uint64_t Address) {
    constexpr int Most = 16; // jumps; a longer row is a loop
    for (int I = 0; I < Most; I++) {
        const Instruction *First = Code.at(Address);
        if (!First || First->Kind != Op::Jump) break;
        Address = First->Target;
    }
    return Address;
}

void Program::addCheck(uint64_t Stub, const CheckStub &Shape) {
    if (!Checks.insert(Stub).second) return;
    Promises.push_back({Stub, Shape.Body, Shape.Need, Promise::Kind::Checked});
    SlowPaths.insert(Shape.SlowPath);
    if (landing(Walk->decoder(), Shape.SlowBody) != landing(Walk->decoder(), Shape.Body))
        Violations.push_back({Stub, "runs " + nameOf(Shape.Body) + " in place and " + nameOf(Shape.SlowBody) + " on a new chunk"});
    if (Shape.SlowNeed < Shape.Need)
        Violations.push_back({Stub, ("checks for " + Twine(Shape.Need) + " bytes and asks for a chunk with " + Twine(Shape.SlowNeed)).str()});
}

std::optional<DepthResult> Program::inPlaceOf(uint64_t Entry) {
    DepthResult Instead;
    Instead.Bounded = Instead.Returns = true;
    Decoder &Code = Walk->decoder();
    if (std::optional<CheckStub> Check = checkStubAt(Code, Entry)) {
        addCheck(Entry, *Check);
        return Instead;
    }
    // The stub itself is walked; what it runs elsewhere has to be looked at too, unless that is external code like a library's.
    if (std::optional<BorrowStub> Borrow = borrowStubAt(Code, Entry);
        Borrow && Said.function(Borrow->Body) && (Borrow->BorrowPath == Said.Borrow || Borrow->BorrowPath == Said.BorrowArgs) &&
        Checks.insert(Entry).second)
        Promises.push_back({Entry, Borrow->Body, Said.BigPath, Promise::Kind::Big});
    uint64_t Outside = 0;
    bool Variadic = false;
    if (Entry == Said.ICall) {
        if (std::optional<ICallStub> Stub = icallStubAt(Code, Entry)) Outside = Stub->OutsidePath;
    } else if (std::optional<IndirectStub> Stub = indirectStubAt(Code, Entry)) {
        Variadic = Stub->Variadic;
        if (Stub->Begin == Entries.Address && Stub->End == Entries.Address + Entries.Bytes.size()) Outside = Stub->OutsidePath;
        if (Variadic) SlowPaths.insert(Stub->SlowPath);
    }
    if (Outside == 0) return std::nullopt;
    const DepthResult &Borrow = Walk->of(Outside);
    if (!Borrow.Bounded) return Borrow;
    Instead.Bytes = std::max(Borrow.Bytes, Variadic ? 0 : Said.EntryInPlace);
    return Instead;
}

std::optional<uint64_t> Program::needOfTargets(uint64_t Entry) {
    auto Set = Said.Inside.find(Entry);
    if (Set == Said.Inside.end()) return std::nullopt;
    for (uint64_t Target : Set->second)
        if (!EntryPoints.contains(Target) || Said.VariadicEntries.contains(Target)) {
            Unproven.push_back({Entry, "calls through a pointer that is claimed to reach " + nameOf(Target) + ", which is no entry for such calls"});
            return std::nullopt;
        }
    PointerCalls.insert(Entry);
    return Said.EntryInPlace;
}

std::optional<uint64_t> Program::throughPointer(uint64_t Entry, const Instruction &I) {
    // On a big stack already: whatever r10 names has the room that external code has.
    if ((Entry == Said.Borrow || Entry == Said.BorrowArgs) && I.Kind == Op::JumpReg && I.Source == R10) return 0;
    // An entry stub of another module: the runtime's list says so.
    if ((Entry == Said.Far || Entry == Said.FarArgs) && I.Kind == Op::JumpReg && I.Source == R10) return Said.EntryInPlace;
    // The same after the check that the word before the stub asks for.
    if (Entry == Said.FarVariadic && I.Kind == Op::JumpReg && I.Source == R10) return 0;
    bool ByMemory = I.Kind == Op::JumpMem || I.Kind == Op::CallMem;
    if (ByMemory && I.Memory.Absolute) {
        uint64_t Word = uint64_t(I.Memory.Disp);
        if (uint64_t Index = (Word - Said.LeafSlots) / 8; Word >= Said.LeafSlots && Index < Said.LeafBounds.size() && Word % 8 == 0) {
            LeafCalls.insert(Entry);
            // An untrusted slot leads on to the big stack.
            const DepthResult &Borrow = Walk->of(Said.Borrow);
            return std::max(Said.LeafBounds[Index], Borrow.Bounded ? Borrow.Bytes : Said.Reserve);
        }
        if (const Slot *Filled = Image.slot(Word); Filled && Filled->By == Slot::Filler::OtherModule) {
            auto Found = Said.External.find(Filled->Symbol);
            if (Found == Said.External.end()) return std::nullopt;
            ExternalCalls.insert(Entry);
            return Found->second;
        }
        // A pointer that never changes is followed.
        if (std::optional<uint64_t> To = Image.constant(Word, 8); To && Image.isCode(*To)) return std::nullopt;
    }
    return I.Kind == Op::JumpReg || I.Kind == Op::JumpMem || I.Kind == Op::CallReg || I.Kind == Op::CallMem ? needOfTargets(Entry)
                                                                                                               : std::nullopt;
}

void Program::concluded(uint64_t Entry, DepthResult &Result) {
    Walked[Entry] = Result;
    const Claims::Function *Claim = Said.function(Entry);
    if (Result.Bounded && Claim && Claim->Room) Blocks.insert(Entry);
    if (Result.Bounded) return;
    // A cycle has no bound whatever the note says of its functions.
    if (StringRef(Result.Reason).starts_with("recursion")) {
        Violations.push_back({Entry, "calls itself without a check on the way (" + Result.Reason + ")"});
    } else {
        Unproven.push_back({Entry, Result.Reason});
    }
    if (!Claim) return;
    Result = DepthResult();
    Result.Bounded = true;
    Result.Returns = !Claim->NeverReturns;
    Result.Bytes = Claim->Depth;
}

} // namespace capstack
