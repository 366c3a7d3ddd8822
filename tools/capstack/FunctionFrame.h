// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How deep one function reaches, collected while it is walked: the deepest byte touched from each base, the deepest rsp, and
// what has to be assumed where an address was lost. Depths here are of this function and what it calls; path by path facts
// are in MachineState.

#ifndef CAPSTACK_FUNCTIONFRAME_H
#define CAPSTACK_FUNCTIONFRAME_H

#include "llvm/ADT/SmallVector.h"

#include <algorithm>
#include <cstdint>
#include <utility>

namespace capstack {

class FunctionFrame {
  public:
    /// Offsets of an aligned base below base 0; both ends are possible.
    struct Base {
        uint64_t Instruction; // that aligns
        int64_t Low, High;
        int64_t Deepest;      // lowest offset touched, relative to the base
        int64_t DeepestRsp;   // lowest rsp, relative to the base
    };

    /// System V psABI 3.2.2: a leaf may use this much below rsp.
    static constexpr int64_t RedZone = 128;
    /// No real frame comes near; keeps all sums far from overflow.
    static constexpr int64_t MaxOffset = int64_t(1) << 40;

    FunctionFrame() { Bases.push_back({0, 0, 0, 0, 0}); }

    const Base &base(uint32_t Id) const { return Bases[Id]; }

    void touch(uint32_t Id, int64_t Offset) { Bases[Id].Deepest = std::min(Bases[Id].Deepest, Offset); }
    void setRsp(uint32_t Id, int64_t Offset) {
        touch(Id, Offset);
        Bases[Id].DeepestRsp = std::min(Bases[Id].DeepestRsp, Offset);
    }

    /// The base that the instruction at \p Address makes, at least \p Low and at most \p High bytes from base 0. When it
    /// was known with a narrower interval, intervalsGrew() turns true: what was decided with the old one must be redone.
    uint32_t align(uint64_t Address, int64_t Low, int64_t High) {
        for (uint32_t Id = 1; Id < Bases.size(); Id++) {
            Base &B = Bases[Id];
            if (B.Instruction != Address) continue;
            if (Low < B.Low || High > B.High) Grew = true;
            B.Low = std::min(B.Low, Low);
            B.High = std::max(B.High, High);
            return Id;
        }
        Bases.push_back({Address, Low, High, 0, 0});
        return uint32_t(Bases.size() - 1);
    }
    /// Whether an interval has grown since the last call.
    bool intervalsGrew() { return std::exchange(Grew, false); }

    void makesCall() { HasCalls = true; }
    /// An address in the stack is used at an unknown distance, or is stored where it is not followed.
    void loseAddress() { LostAddress = true; }

    /// Bytes below the return address. Compilers use the red zone in functions without calls only, so only there may an
    /// array that is reached through a lost address lie below rsp. Accesses at known offsets are counted as they are.
    uint64_t bytes() const {
        int64_t Most = 0;
        for (const Base &B : Bases) {
            Most = std::max(Most, -(B.Low + B.Deepest));
            if (LostAddress && !HasCalls) Most = std::max(Most, -(B.Low + B.DeepestRsp) + RedZone);
        }
        return uint64_t(Most);
    }

  private:
    llvm::SmallVector<Base, 2> Bases;
    bool HasCalls = false, LostAddress = false, Grew = false;
};

} // namespace capstack

#endif
