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
    enum class Place : uint8_t {
        Frame,     // below the return address
        Block,     // below a dynamic alloca: a distance that is not known, or a chunk of its own
        Elsewhere, // another stack: what happens there is no need of this one
    };

    /// Offsets of an aligned base below base 0; both ends are possible.
    struct Base {
        uint64_t Instruction; // that aligns, or moves rsp to another place
        int64_t Low, High;    // of Place::Frame
        int64_t Deepest;      // lowest offset touched, relative to the base
        int64_t DeepestRsp;   // lowest rsp, relative to the base
        Place In = Place::Frame;
        int64_t OwnAlike = 0; // of a block: the lowest rsp in the frame itself that it may stand for, too
        llvm::SmallVector<uint32_t, 2> Alike = {}; // of a block: blocks that it may stand for
    };

    /// System V psABI 3.2.2: a leaf may use this much below rsp.
    static constexpr int64_t RedZone = 128;
    /// No real frame comes near; keeps all sums far from overflow.
    static constexpr int64_t MaxOffset = int64_t(1) << 40;

    FunctionFrame() { Bases.push_back({0, 0, 0, 0, 0}); }

    const Base &base(uint32_t Id) const { return Bases[Id]; }
    Place placeOf(uint32_t Id) const { return Bases[Id].In; }

    void touch(uint32_t Id, int64_t Offset) { Bases[Id].Deepest = std::min(Bases[Id].Deepest, Offset); }
    void setRsp(uint32_t Id, int64_t Offset) {
        touch(Id, Offset);
        Bases[Id].DeepestRsp = std::min(Bases[Id].DeepestRsp, Offset);
    }
    /// A call with the return address at \p Offset to something that needs \p Bytes below it. For those who ask why a function
    /// is deep: \p Callee is remembered while it is the deepest.
    void call(uint32_t Id, int64_t Offset, uint64_t Bytes, uint64_t Callee) {
        const Base &B = Bases[Id];
        int64_t Below = Offset - int64_t(Bytes);
        if (B.In == Place::Frame && B.Low + Below < DeepestCall.Below) DeepestCall = {B.Low + Below, B.Low + Offset, Callee};
        touch(Id, Below);
    }

    /// The base that the instruction at \p Address makes, at least \p Low and at most \p High bytes from base 0. When it
    /// was known with a narrower interval, intervalsGrew() turns true: what was decided with the old one must be redone.
    uint32_t align(uint64_t Address, int64_t Low, int64_t High) {
        for (uint32_t Id = 1; Id < Bases.size(); Id++) {
            Base &B = Bases[Id];
            if (B.Instruction != Address || B.In != Place::Frame) continue;
            if (Low < B.Low || High > B.High) Grew = true;
            B.Low = std::min(B.Low, Low);
            B.High = std::max(B.High, High);
            return Id;
        }
        Bases.push_back({Address, Low, High, 0, 0});
        return uint32_t(Bases.size() - 1);
    }
    /// The base that stands for rsp in another place, as the instruction at \p Address or the paths that meet there make it.
    uint32_t moveTo(Place In, uint64_t Address) {
        for (uint32_t Id = 1; Id < Bases.size(); Id++)
            if (Bases[Id].Instruction == Address && Bases[Id].In == In) return Id;
        Bases.push_back({Address, 0, 0, 0, 0});
        Bases.back().In = In;
        return uint32_t(Bases.size() - 1);
    }
    /// The block \p Id may stand for what is \p Offset from the base \p Other, too: paths meet.
    void standsFor(uint32_t Id, uint32_t Other, int64_t Offset) {
        Base &B = Bases[Id];
        if (Bases[Other].In == Place::Frame)
            B.OwnAlike = std::min(B.OwnAlike, Bases[Other].Low + Offset);
        else if (Other != Id && std::find(B.Alike.begin(), B.Alike.end(), Other) == B.Alike.end())
            B.Alike.push_back(Other);
    }
    /// Whether an interval has grown since the last call.
    bool intervalsGrew() { return std::exchange(Grew, false); }

    void makesCall() { HasCalls = true; }
    /// An address in the stack is used at an unknown distance, or is stored where it is not followed.
    void loseAddress() { LostAddress = true; }

    /// Bytes below the return address. Compilers use the red zone in functions without calls only, so only there may an
    /// array that is reached through a lost address lie below rsp. Accesses at known offsets are counted as they are.
    uint64_t bytes() {
        spreadAlike();
        int64_t Most = 0;
        for (const Base &B : Bases) {
            if (B.In == Place::Elsewhere) continue;
            int64_t Low = B.In == Place::Block ? B.OwnAlike : B.Low;
            if (B.In == Place::Block && Low == 0) continue;
            Most = std::max(Most, -(Low + B.Deepest));
            if (LostAddress && !HasCalls) Most = std::max(Most, -(Low + B.DeepestRsp) + RedZone);
        }
        return uint64_t(Most);
    }
    /// Bytes below dynamic allocas.
    uint64_t blockBytes() const {
        int64_t Most = 0;
        for (const Base &B : Bases)
            if (B.In == Place::Block) Most = std::max(Most, -B.Deepest + (LostAddress && !HasCalls ? RedZone : 0));
        return uint64_t(Most);
    }
    /// Bytes between the return address and the lowest rsp: what the function itself takes.
    uint64_t ownBytes() const {
        int64_t Most = 0;
        for (const Base &B : Bases)
            if (B.In == Place::Frame) Most = std::max(Most, -(B.Low + B.DeepestRsp));
        return uint64_t(Most);
    }

    /// Offsets from base 0 of the deepest call: how far it reaches, and where its return address lies.
    struct {
        int64_t Below = 0, Offset = 0;
        uint64_t Callee = 0;
    } DeepestCall;

  private:
    /// A block that may stand for another also stands for whatever that one does.
    void spreadAlike() {
        for (bool Changed = true; Changed;) {
            Changed = false;
            for (Base &B : Bases)
                for (uint32_t Other : B.Alike)
                    if (Bases[Other].OwnAlike < B.OwnAlike) B.OwnAlike = Bases[Other].OwnAlike, Changed = true;
        }
    }

    llvm::SmallVector<Base, 2> Bases;
    bool HasCalls = false, LostAddress = false, Grew = false;
};

} // namespace capstack

#endif
