// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The fixpoint. A leader is the entry or the target of a jump; its state is the join of all paths to it. From a leader the walk
// goes straight on to the next transfer of control or the next leader. A jump into the middle of a stretch walked before makes
// a new leader and has the stretch walked again, so that it ends there and joins. A jump out of the function with rsp as at
// entry is a tail call and looked up like a call; any other jump is followed as part of this function, wherever it leads.

#include "FunctionWalk.h"

#include "llvm/ADT/StringExtras.h"

using namespace llvm;

namespace capstack {

DepthResult FunctionWalk::run() {
    if (Entry >= ~uint64_t(1) || !Depths.image().isCode(Entry)) {
        fail(Entry, "no code");
        return Outcome;
    }
    arrive(Entry, MachineState::atEntry());
    while (!Pending.empty() && Outcome.Reason.empty()) {
        uint64_t Leader = Pending.back();
        Pending.pop_back();
        walk(Leader);
        // Which words a store overwrites was decided with the old intervals.
        if (Frame.intervalsGrew())
            for (const auto &Known : Leaders) Pending.push_back(Known.first);
    }
    Outcome.Bounded = Outcome.Reason.empty();
    Outcome.Bytes = Frame.bytes();
    Outcome.OwnBytes = Frame.ownBytes();
    Outcome.BlockBytes = Frame.blockBytes();
    Outcome.DeepestCallee = Frame.DeepestCall.Callee;
    Outcome.DeepestCallAt = uint64_t(-Frame.DeepestCall.Offset);
    return Outcome;
}

void FunctionWalk::fail(uint64_t At, const Twine &What) {
    if (!Outcome.Reason.empty()) return;
    StringRef Function = Depths.image().functionAt(At);
    Outcome.Reason = (What + " at 0x" + utohexstr(At, /*LowerCase=*/true) + (Function.empty() ? "" : " in ") + Function).str();
}

void FunctionWalk::arrive(uint64_t Address, const MachineState &S) {
    auto Found = Leaders.find(Address);
    if (Found == Leaders.end()) {
        Leaders.try_emplace(Address, S);
        Pending.push_back(Address);
        auto Owner = Owners.find(Address);
        if (Owner != Owners.end()) Pending.push_back(Owner->second);
        return;
    }
    MachineState Merged = Found->second;
    if (!Machine.merge(Address, Merged, S)) return fail(Address, "paths meet with different stack depths");
    if (Merged == Found->second) return;
    Found->second = std::move(Merged);
    Pending.push_back(Address);
}

void FunctionWalk::walk(uint64_t Leader) {
    MachineState S = Leaders.find(Leader)->second;
    for (uint64_t Address = Leader; Outcome.Reason.empty();) {
        if (Address != Leader && Leaders.count(Address)) return arrive(Address, S);
        // Only what never comes here stands at a function's end: a call that does not return, or code that is not reached.
        if (Program && Address != Leader && Depths.startsFunction(Address)) return;
        const Instruction *I = Depths.decoder().at(Address);
        if (!I) return fail(Address, "undecodable instruction");
        if (++Steps > MaxSteps) return fail(Entry, "too large to walk");
        Owners[Address] = Leader;
        compareWithFrames(*I, S);
        SmallVector<uint64_t, 8> Targets;
        switch (I->Kind) {
        case Op::Jump:
            return jump(*I, I->Target, S);
        case Op::JumpIf: {
            Transfer::clobber(S, I->Clobbers);
            MachineState Taken = S;
            Transfer::refine(*I, true, Taken);
            jump(*I, I->Target, Taken);
            Transfer::refine(*I, false, S);
            break;
        }
        case Op::JumpReg:
        case Op::JumpMem:
            Machine.touchMemory(*I, S);
            if (Program && isElsewhere(S)) return; // on another stack for good
            if (Program && atEntryLevel(S) && throughPointer(*I, S)) return leaveWith(CalleeSaved, Value::unknown());
            if (!targets(*I, S, Targets)) return;
            for (uint64_t Target : Targets) jump(*I, Target, S);
            return;
        case Op::Call:
            if (!call(*I, I->Target, S)) return;
            break;
        case Op::CallReg:
        case Op::CallMem:
            Machine.touchMemory(*I, S);
            if (Program && throughPointer(*I, S)) break;
            if (For == Aim::Depth && !targets(*I, S, Targets)) return;
            if (!call(*I, Targets, S)) return;
            break;
        case Op::Return:
            return leave(*I, S);
        case Op::Stop:
            return;
        case Op::Refused:
            return fail(Address, "control or rsp moves in a way that is not followed (" + I->Name + ")");
        default:
            if (const char *Why = Machine.apply(*I, S)) return fail(Address, Why);
            if (Program && !S.Called) noteCertain(S);
        }
        Address = I->next();
    }
}

bool FunctionWalk::targets(const Instruction &I, const MachineState &S, SmallVectorImpl<uint64_t> &Out) {
    bool IsJump = I.Kind == Op::JumpReg || I.Kind == Op::JumpMem;
    Value To = Value::unknown();
    if (I.Kind == Op::JumpReg || I.Kind == Op::CallReg) {
        if (I.Source >= 0) To = S.Registers[I.Source];
    } else if (I.Memory.Absolute) {
        std::string Why;
        if (Depths.targetsOfSlot(uint64_t(I.Memory.Disp), Out, Why)) return true;
        fail(I.Address, Why);
        return false;
    } else if (!I.Memory.Segment) {
        if (IsJump) To = Machine.tableEntry(I, S);
        if (To.Is == Value::Kind::Unknown) To = Machine.loadTarget(I, S);
    }
    if (IsJump && To.Is == Value::Kind::Table && Depths.tables().targets(Entry, To, Out)) return true;
    bool Few = (To.isConstant() || To.Is == Value::Kind::Set) && SetPool::enumerate(To, Out);
    // An index that is known too roughly reads past its table: what lies there leads to no label of this function, as every
    // entry does, and to no other function.
    if (Few && Program && IsJump)
        llvm::erase_if(Out, [&](uint64_t A) {
            return (A < Entry || A >= Depths.nextFunction(Entry)) && !Depths.startsFunction(A);
        });
    if (Few && !Out.empty() && all_of(Out, [&](uint64_t A) { return Depths.image().isCode(A); })) return true;
    fail(I.Address, IsJump ? "indirect jump" : "indirect call");
    return false;
}

bool FunctionWalk::atEntryLevel(const MachineState &S) const {
    for (int R = 0; R < NumRegisters; R++)
        if ((CalleeSaved & bit(R)) && !S.Registers[R].isEntry(Register(R))) return false;
    return S.Registers[RSP] == Value::stack(0, 0);
}

void FunctionWalk::jump(const Instruction &I, uint64_t Target, const MachineState &S) {
    if (!Outcome.Reason.empty()) return;
    if (!Depths.image().isCode(Target)) return fail(I.Address, "jumps out of the code");
    bool IsTailCall =
        For == Aim::Depth && Target != Entry && Depths.startsFunction(Target) && !Depths.isBeingWalked(Target) && atEntryLevel(S);
    if (!IsTailCall && Program && Target != Entry && !atEntryLevel(S) && Depths.startsFunction(Target)) {
        // To a block without code at this function's end, which is not reached; C makes no other such jump.
        if (Depths.nextFunction(Entry) == Target) return;
        return fail(I.Address, "jumps into another function with its own frame in place");
    }
    if (!IsTailCall) return arrive(Target, S);
    const DepthResult &Callee = Depths.of(Target);
    if (!Callee.Bounded) {
        Outcome.Reason = Callee.Reason;
        return;
    }
    Frame.call(0, 0, Callee.Bytes, Target);
    if (Callee.Returns) leaveWith(Callee.Preserved, Callee.Result);
}

bool FunctionWalk::throughPointer(const Instruction &I, MachineState &S) {
    bool IsCall = I.Kind == Op::CallReg || I.Kind == Op::CallMem;
    Value Rsp = S.Registers[RSP];
    if (IsCall) Frame.makesCall();
    if (!isElsewhere(S)) {
        std::optional<uint64_t> Bytes = Program->throughPointer(Entry, I);
        if (!Bytes) return false;
        Frame.call(Rsp.Id, Rsp.Offset - (IsCall ? 8 : 0), *Bytes, 0);
    }
    if (IsCall) returnFromCall(CalleeSaved, Value::unknown(), S);
    return true;
}

void FunctionWalk::returnFromCall(RegisterSet Preserved, const Value &Result, MachineState &S) {
    S.Called = true;
    Machine.forgetBelow(S);
    Transfer::clobber(S, RegisterSet(~(Preserved | bit(RSP))));
    S.Registers[RAX] = Result;
    S.Related = {};
}

bool FunctionWalk::call(const Instruction &I, ArrayRef<uint64_t> Targets, MachineState &S) {
    Value Rsp = S.Registers[RSP];
    Frame.makesCall();
    if (Program && isElsewhere(S)) {
        returnFromCall(CalleeSaved, Value::unknown(), S);
        return true;
    }
    Frame.touch(Rsp.Id, Rsp.Offset - 8);
    RegisterSet Preserved = CalleeSaved;
    bool Returns = false;
    Value Result = Value::unknown();
    if (For == Aim::Result) {
        Returns = true;
    } else {
        for (uint64_t Target : Targets) {
            const DepthResult &Callee = Depths.of(Target);
            if (!Callee.Bounded) {
                Outcome.Reason = Callee.Reason;
                return false;
            }
            Frame.call(Rsp.Id, Rsp.Offset - 8, Callee.Bytes, Target);
            if (!Callee.Returns || (Program && Program->neverReturns(Target))) continue;
            Preserved &= Callee.Preserved;
            bool IsNumber = Callee.Result.Is == Value::Kind::Range || Callee.Result.Is == Value::Kind::Set;
            Value One = IsNumber ? Callee.Result : Value::unknown();
            Result = Returns ? Machine.merge(Result, One) : One;
            Returns = true;
        }
    }
    if (!Returns) return false;
    returnFromCall(Preserved, Result, S);
    return true;
}

void FunctionWalk::leave(const Instruction &I, const MachineState &S) {
    // As a switch of threads returns: whoever switches back does so to the frame that was left.
    if (Program && isElsewhere(S)) return leaveWith(CalleeSaved, Value::unknown());
    if (S.Registers[RSP] != Value::stack(0, 0)) return fail(I.Address, "returns with rsp not where it was at entry");
    RegisterSet Preserved = 0;
    for (int R = 0; R < NumRegisters; R++)
        if ((CalleeSaved & bit(R)) && S.Registers[R].isEntry(Register(R))) Preserved |= bit(R);
    leaveWith(Preserved, S.Registers[RAX]);
}

void FunctionWalk::leaveWith(RegisterSet Preserved, const Value &Result) {
    Outcome.Preserved &= Preserved;
    Outcome.Result = Outcome.Returns ? Machine.merge(Outcome.Result, Result) : Result;
    Outcome.Returns = true;
}

void FunctionWalk::noteCertain(const MachineState &S) {
    const Value &Rsp = S.Registers[RSP];
    if (!Rsp.isStack()) return;
    const FunctionFrame::Base &B = Frame.base(Rsp.Id);
    uint64_t &Seen = B.In == FunctionFrame::Place::Block ? Outcome.SeenBlockBytes : Outcome.SeenOwnBytes;
    int64_t Below = -(B.High + Rsp.Offset);
    if (B.In != FunctionFrame::Place::Elsewhere && Below > 0) Seen = std::max(Seen, uint64_t(Below));
}

void FunctionWalk::compareWithFrames(const Instruction &I, const MachineState &S) {
    // The frames of our own program are no second opinion: they come from the compiler whose code is in question.
    if (For != Aim::Depth || Program) return;
    std::optional<CallFrames::Rule> Rule = Depths.frames().ruleAt(I.Address);
    if (!Rule) return;
    const Value &V = S.Registers[Rule->Of];
    if (!V.isStack()) return;
    // The table says: Of = base 0 + 8 - Offset. The walk says: Of lies in this interval.
    const FunctionFrame::Base &B = Frame.base(V.Id);
    int64_t Claimed = 8 - Rule->Offset, Low = B.Low + V.Offset, High = B.High + V.Offset;
    if (Claimed >= Low && Claimed <= High) return;
    if (Claimed < Low) return fail(I.Address, "disagrees with call-frame information, which claims a deeper stack,");
    StringRef Function = Depths.image().functionAt(I.Address);
    std::string Line = ("0x" + utohexstr(I.Address, true) + (Function.empty() ? "" : " in ") + Function + ": the code is " +
                        Twine(Claimed - High) + " bytes deeper than call-frame information claims")
                           .str();
    if (Depths.DisagreementsSeen.insert(Entry).second) Depths.Disagreements.push_back(std::move(Line));
}

} // namespace capstack
