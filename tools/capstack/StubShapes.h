// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The stubs that the pass emits (passes/Stubs.cpp), known again by their instructions: what they promise is read from their
// machine code, not from a table.

#ifndef CAPSTACK_STUBSHAPES_H
#define CAPSTACK_STUBSHAPES_H

#include "Decoder.h"

#include <optional>

namespace capstack {

/// lea -Need(%rsp),%r11; cmp %fs:0x70,%r11; jae Body; lea Body,%r10; perhaps mov $SlowNeed,%r11; jmp SlowPath, which without
/// the move begins by making the need of r11: sub %rsp,%r11; neg %r11.
struct CheckStub {
    uint64_t Need;     // bytes below the return address that the check wants free
    uint64_t Body;     // what runs in place then
    uint64_t SlowBody; // what runs on a new chunk else, with SlowNeed bytes and ArgBytes of arguments copied
    uint64_t SlowNeed, ArgBytes, SlowPath;
    uint64_t End;      // address behind the last instruction
};
std::optional<CheckStub> checkStubAt(Decoder &Code, uint64_t Address);

/// lea Body,%r10; perhaps mov $ArgBytes,%r11; jmp BorrowPath: a function of the program on the big stack.
struct BorrowStub {
    uint64_t Body, BorrowPath;
};
std::optional<BorrowStub> borrowStubAt(Decoder &Code, uint64_t Address);

/// jmp Body: an entry stub without a check.
struct PlainStub {
    uint64_t Body, End;
};
std::optional<PlainStub> plainStubAt(Decoder &Code, uint64_t Address);

/// Goes to the address in r10 if it lies from Begin to End, else to the function that takes it to the big stack. With a check
/// of the word before the target, if the call has variable arguments.
struct IndirectStub {
    uint64_t Begin, End;
    bool Variadic;
    uint64_t OutsidePath;
    uint64_t SlowPath; // of the check; 0 if there is none
};
std::optional<IndirectStub> indirectStubAt(Decoder &Code, uint64_t Address);

/// The runtime's own __capr_icall: the same, but the bounds of the section are in variables.
struct ICallStub {
    uint64_t OutsidePath;
};
std::optional<ICallStub> icallStubAt(Decoder &Code, uint64_t Address);

/// Whether the code at \p Address begins by asking a word of the thread's own memory whether it is 0, as the runtime's borrowing
/// functions do: then rsp is on a big stack already, and they jump on to the function in r10.
bool asksThreadFirst(Decoder &Code, uint64_t Address);

/// The address of the word that the code at \p Address begins by comparing with a constant, to branch where they are equal.
std::optional<uint64_t> comparedWordAt(Decoder &Code, uint64_t Address);

} // namespace capstack

#endif
