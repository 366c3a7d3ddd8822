// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Walks all paths of one function from its entry to a fixpoint of the abstract machine.

#ifndef CAPSTACK_FUNCTIONWALK_H
#define CAPSTACK_FUNCTIONWALK_H

#include "FunctionFrame.h"
#include "MachineState.h"
#include "StackDepth.h"
#include "Transfer.h"

#include "llvm/ADT/DenseMap.h"

#include <string>
#include <vector>

namespace capstack {

class FunctionWalk {
  public:
    enum class Aim {
        Depth,  // how deep it goes; ends at the first thing without a bound
        Result, // which values it may return; calls are not looked into
    };

    FunctionWalk(StackDepth &Depths, uint64_t Entry, Aim For)
        : Depths(Depths), Program(For == Aim::Depth ? Depths.program() : nullptr), Entry(Entry), For(For),
          HasBlocks(Program && Program->hasBlocks(Entry)),
          Machine(Depths.image(), Depths.pool(), Frame, Program != nullptr, HasBlocks) {}

    DepthResult run();

  private:
    void walk(uint64_t Leader);
    /// A path reaches \p Address with \p S: merges it with what reached it before.
    void arrive(uint64_t Address, const MachineState &S);
    /// A jump to \p Target: within the function, or a tail call.
    void jump(const Instruction &I, uint64_t Target, const MachineState &S);
    /// False when no path goes on after the call.
    bool call(const Instruction &I, llvm::ArrayRef<uint64_t> Targets, MachineState &S);
    /// The functions or labels that an indirect jump or call may reach; false, and the walk fails, if that is not known.
    bool targets(const Instruction &I, const MachineState &S, llvm::SmallVectorImpl<uint64_t> &Out);
    /// The same where the targets are not known but what they need at most is: the call or jump counts that. False if not.
    bool throughPointer(const Instruction &I, MachineState &S);
    bool isElsewhere(const MachineState &S) const {
        return Frame.placeOf(S.Registers[RSP].Id) == FunctionFrame::Place::Elsewhere;
    }
    void returnFromCall(RegisterSet Preserved, const Value &Result, MachineState &S);
    void leave(const Instruction &I, const MachineState &S);
    void leaveWith(RegisterSet Preserved, const Value &Result);
    /// Where rsp is before any call, which C reaches: what lies behind one that never returns may be no path at all.
    void noteCertain(const MachineState &S);
    void compareWithFrames(const Instruction &I, const MachineState &S);
    bool atEntryLevel(const MachineState &S) const;
    void fail(uint64_t At, const llvm::Twine &What);

    /// Instructions visited before a function counts as too large; libc's largest needs a few thousand.
    static constexpr unsigned MaxSteps = 1000000;

    StackDepth &Depths;
    ProgramFacts *const Program; // null: a library, of which nothing is known but its code
    const uint64_t Entry;
    const Aim For;
    const bool HasBlocks;
    FunctionFrame Frame;
    Transfer Machine;
    llvm::DenseMap<uint64_t, MachineState> Leaders; // state at each target of a jump
    llvm::DenseMap<uint64_t, uint64_t> Owners;      // instruction walked: the leader that it was reached from
    std::vector<uint64_t> Pending;
    unsigned Steps = 0;
    DepthResult Outcome;
};

} // namespace capstack

#endif
