// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The abstract machine: what is known of the sixteen general registers and of the words that the function has saved on its
// stack, at one point of one function, on every path that leads there. Join merges two paths.
//
// A stack address is a base and an exact offset. Base 0 is rsp at entry, which points at the return address. Each instruction
// that aligns rsp makes a further base, of which only an interval below base 0 is known (FunctionFrame holds it): offsets
// from one base stay exact, so saved registers are found again in a realigned frame.

#ifndef CAPSTACK_MACHINESTATE_H
#define CAPSTACK_MACHINESTATE_H

#include "Instruction.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"

#include <array>
#include <cstdint>
#include <set>
#include <vector>

namespace capstack {

/// Sorted, distinct constants; lives in a SetPool.
using ConstantSet = std::vector<uint64_t>;

struct Value {
    enum class Kind : uint8_t {
        Unknown,
        Entry,     // what the register Id held at entry
        Stack,     // base Id plus Offset
        NearStack, // derived from a stack address, the distance is lost
        Range,     // the low Width bytes lie in [Low, High], unsigned; the rest is 0 if Width is 8, else unknown
        Set,       // one of *Members
        Thread,    // loaded from the thread's own memory (%fs:), hence no address in this frame
        Table,     // High plus one of the first Id entries (0: not known how many) of Width bytes of the table at Low
    };
    Kind Is = Kind::Unknown;
    uint8_t Width = 8;
    uint32_t Id = 0;
    union {
        int64_t Offset;
        uint64_t Low;
    };
    union {
        uint64_t High;
        const ConstantSet *Members;
    };

    Value() : Low(0), High(0) {}
    static Value unknown() { return Value(); }
    static Value entry(Register R);
    static Value stack(uint32_t Base, int64_t Offset);
    static Value nearStack();
    static Value range(uint64_t Low, uint64_t High, uint8_t Width = 8);
    static Value constant(uint64_t C) { return range(C, C); }
    static Value ofThread();
    static Value tableEntry(uint64_t Table, uint8_t Width, uint32_t Count);

    bool isStack() const { return Is == Kind::Stack; }
    bool isStackish() const { return Is == Kind::Stack || Is == Kind::NearStack; }
    bool isConstant() const { return Is == Kind::Range && Width == 8 && Low == High; }
    bool isEntry(Register R) const { return Is == Kind::Entry && Id == uint32_t(R); }
    bool operator==(const Value &O) const;
    bool operator!=(const Value &O) const { return !(*this == O); }
};

/// Owns the constant sets; equal sets are one object.
class SetPool {
  public:
    /// The value that is one of \p Members (unsorted, any number); Unknown if there are none or too many.
    Value valueOf(llvm::ArrayRef<uint64_t> Members);
    /// Appends the possible values of \p V, if they are few and all 64 bits are known.
    static bool enumerate(const Value &V, llvm::SmallVectorImpl<uint64_t> &Out);
    /// More than any switch of real code; a table longer than this is not followed.
    static constexpr size_t MaxMembers = 4096;

  private:
    std::set<ConstantSet> Sets;
};

/// An eight-byte word on the stack whose value is known.
struct SavedWord {
    uint32_t Base;
    int64_t Offset;
    Value What;
    bool operator==(const SavedWord &O) const { return Base == O.Base && Offset == O.Offset && What == O.What; }
};

/// Which registers are known to hold the same value.
class Copies {
  public:
    Copies() {
        for (int R = 0; R < NumRegisters; R++) Root[R] = int8_t(R);
    }
    bool same(Register A, Register B) const { return Root[A] == Root[B]; }
    /// \p To, now rewritten, holds what \p From holds.
    void copy(Register To, Register From) {
        isolate(To);
        Root[To] = Root[From];
        renumber();
    }
    /// \p R holds something else now.
    void isolate(Register R);
    /// Keeps as same what is the same in \p O too.
    void meet(const Copies &O);
    bool operator==(const Copies &O) const { return Root == O.Root; }

  private:
    void renumber();
    std::array<int8_t, NumRegisters> Root; // the lowest register of those that are the same
};

/// What is known beyond the value of each register alone. Only hand-written string functions need Order and Added: they
/// index a jump table with 15 + a - b, where a < b was tested.
struct Relations {
    Copies Same;   // all 64 bits
    Copies Same32; // the low 32 bits
    /// The last comparison: of a register with another, or with a constant. For the conditional jumps that follow it.
    struct {
        Register Of = NoRegister, With = NoRegister;
        uint8_t Width = 8;
        uint64_t Constant = 0;
    } Compared;
    /// The register Lower is below Higher, or they differ at least.
    struct {
        Register Lower = NoRegister, Higher = NoRegister;
        bool OnlyDiffer = false;
    } Order;
    /// The register Sum is the register Of plus Addend.
    struct {
        Register Sum = NoRegister, Of = NoRegister;
        int64_t Addend = 0;
    } Added;

    /// Forgets what involves any register in \p Written.
    void forget(RegisterSet Written);
    /// Keeps what \p O says too.
    void meet(const Relations &O);
    bool operator==(const Relations &O) const {
        return sameCompared(O) && sameOrder(O) && sameAdded(O) && Same == O.Same && Same32 == O.Same32;
    }

  private:
    bool sameCompared(const Relations &O) const {
        return Compared.Of == O.Compared.Of && Compared.With == O.Compared.With && Compared.Width == O.Compared.Width &&
               Compared.Constant == O.Compared.Constant;
    }
    bool sameOrder(const Relations &O) const {
        return Order.Lower == O.Order.Lower && Order.Higher == O.Order.Higher && Order.OnlyDiffer == O.Order.OnlyDiffer;
    }
    bool sameAdded(const Relations &O) const {
        return Added.Sum == O.Added.Sum && Added.Of == O.Added.Of && Added.Addend == O.Added.Addend;
    }
};

struct MachineState {
    std::array<Value, NumRegisters> Registers;
    llvm::SmallVector<SavedWord, 8> Words; // sorted by base, offset
    Relations Related;
    bool Called = false; // some path here has made a call, which may never return

    /// At entry: the registers to be preserved hold their entry values, rsp is base 0.
    static MachineState atEntry();

    const SavedWord *find(uint32_t Base, int64_t Offset) const;
    void save(uint32_t Base, int64_t Offset, const Value &What);

    bool operator==(const MachineState &O) const { return Registers == O.Registers && Words == O.Words && Related == O.Related && Called == O.Called; }
};

/// Merges values of two paths. \p IsCode tells which constants are worth keeping as a set.
template <class Predicate> Value join(const Value &A, const Value &B, SetPool &Pool, Predicate IsCode);
/// The least range that holds both, widened so that a loop reaches its fixpoint soon.
Value joinRanges(const Value &A, const Value &B);

template <class Predicate> Value join(const Value &A, const Value &B, SetPool &Pool, Predicate IsCode) {
    if (A == B) return A;
    if (A.isStackish() || B.isStackish()) return Value::nearStack();
    llvm::SmallVector<uint64_t, 16> Members;
    auto Collect = [&](const Value &V) { return (V.isConstant() || V.Is == Value::Kind::Set) && SetPool::enumerate(V, Members); };
    if (Collect(A) && Collect(B) && llvm::all_of(Members, IsCode)) return Pool.valueOf(Members);
    return joinRanges(A, B);
}

} // namespace capstack

#endif
