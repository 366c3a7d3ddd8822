// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What one instruction does to the abstract machine. Control flow is FunctionWalk's; this is everything else.

#ifndef CAPSTACK_TRANSFER_H
#define CAPSTACK_TRANSFER_H

#include "ElfImage.h"
#include "FunctionFrame.h"
#include "Instruction.h"
#include "MachineState.h"

namespace capstack {

class Transfer {
  public:
    /// \p StacksChange: rsp may go to another stack and come back. \p HasBlocks: rsp may move by an amount that is not known.
    Transfer(const ElfImage &Image, SetPool &Pool, FunctionFrame &Frame, bool StacksChange, bool HasBlocks)
        : Image(Image), Pool(Pool), Frame(Frame), StacksChange(StacksChange), HasBlocks(HasBlocks) {}

    /// Changes \p S as \p I does, and counts what it touches in the frame. Null if all is well, else why rsp is lost.
    const char *apply(const Instruction &I, MachineState &S);

    /// Counts the access of the memory operand of \p I.
    void touchMemory(const Instruction &I, const MachineState &S);

    /// The word of eight bytes that a jump or call through memory goes to.
    Value loadTarget(const Instruction &I, const MachineState &S) { return load(addressOf(I.Memory, S), 8, false, S); }

    /// An entry of a table at a known address, at an index that is not known: as switches compile to. Else unknown.
    Value tableEntry(const Instruction &I, const MachineState &S);

    /// The registers in \p Set hold nothing that is known.
    static void clobber(MachineState &S, RegisterSet Set);

    /// Forgets the words below rsp: a called function, or the kernel, may have used them.
    void forgetBelow(MachineState &S);

    /// What the outcome of the conditional jump \p I says of the register last compared.
    static void refine(const Instruction &I, bool Taken, MachineState &S);
    static void refineOrder(unsigned Condition, bool Holds, MachineState &S);

    Value merge(const Value &A, const Value &B) {
        return join(A, B, Pool, [this](uint64_t Address) { return Image.isCode(Address); });
    }

    /// Merges \p From into \p Into, the state at \p Address. False if rsp differs.
    bool merge(uint64_t Address, MachineState &Into, const MachineState &From);

  private:
    Value addressOf(const MemoryOperand &M, const MachineState &S);
    Value add(const Value &V, int64_t Addend);
    Value addValues(const Value &A, const Value &B, uint8_t ScaleB);
    Value extend(const Value &V, uint8_t Width, bool Signed);
    Value load(const Value &Address, uint8_t Width, bool Signed, const MachineState &S);
    Value align(const Instruction &I, const Value &V, MachineState &S);
    Value andImm(const Instruction &I, MachineState &S);
    Value subtract(const Instruction &I, const MachineState &S);
    Value shift(const Instruction &I, const MachineState &S);
    Value scanForward(const Instruction &I, const MachineState &S);
    const char *exchange(const Instruction &I, MachineState &S);
    bool moveRsp(const Instruction &I, const Value &V, MachineState &S);
    bool mergeRsp(uint64_t Address, MachineState &Into, const MachineState &From);
    const char *set(const Instruction &I, Register R, const Value &V, MachineState &S);
    void overwrite(MachineState &S, uint32_t Base, int64_t Offset, uint32_t Bytes);
    void storeEffects(const Instruction &I, MachineState &S);
    const char *applyOther(const Instruction &I, MachineState &S);
    const char *push(const Instruction &I, MachineState &S);
    const char *pop(const Instruction &I, MachineState &S);

    const ElfImage &Image;
    SetPool &Pool;
    FunctionFrame &Frame;
    const bool StacksChange, HasBlocks;
};

} // namespace capstack

#endif
