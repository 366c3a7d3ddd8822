// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Every path of a thread begins at an entry stub, since all other code knows no other address of a function. From there each
// check stub that a walk comes across adds a promise, until none is left that was not looked at.

#include "Verifier.h"

#include "Whitelist.h"

// The reserve that the runtime keeps. Only the part that assembly sees.
#define __ASSEMBLER__ 1
#include "../../rt/layout.h"
#undef __ASSEMBLER__

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/thread.h"

using namespace llvm;

namespace capstack {

Expected<std::unique_ptr<Verifier>> Verifier::open(StringRef Path) {
    std::unique_ptr<Verifier> V(new Verifier);
    Expected<std::unique_ptr<ElfImage>> Image = ElfImage::open(Path, ElfImage::Kind::Program);
    if (!Image) return Image.takeError();
    V->Image = std::move(*Image);
    Expected<Claims> Said = Claims::read(*V->Image);
    if (!Said) return Said.takeError();
    Expected<std::unique_ptr<CallFrames>> Frames = CallFrames::read(*V->Image);
    if (!Frames) return Frames.takeError();
    V->Frames = std::move(*Frames);
    V->Facts = std::make_unique<Program>(*V->Image, std::move(*Said));
    V->Walk = std::make_unique<StackDepth>(*V->Image, *V->Frames, V->Facts.get());
    return std::move(V);
}

void Verifier::run() {
    // One walk inside another for each call on a path; 8,192 of them fit.
    constexpr unsigned OwnStack = 256u << 20;
    thread Deep(std::optional(OwnStack), [this] {
        Facts->start(*Walk);
        for (size_t I = 0; I < Facts->Promises.size(); I++) {
            const Promise P = Facts->Promises[I];
            checkPromise(P);
        }
        uint64_t Reserve = std::min<uint64_t>(Facts->said().Reserve, CAPR_RESERVE);
        for (size_t I = 0; I < Facts->SlowPaths.size(); I++) {
            uint64_t Path = Facts->SlowPaths[I];
            const DepthResult &Depth = Walk->of(Path);
            if (Depth.Bounded && Depth.Bytes > Reserve)
                Facts->Violations.push_back({Path, ("a slow path that takes " + Twine(Depth.Bytes) + " bytes, where " +
                                                    Twine(Reserve) + " are kept below each limit").str()});
        }
        for (const Claims::Function &Claim : Facts->said().Functions) checkClaim(Claim);
        checkReplacedLeaves();
    });
    Deep.join();
}

void Verifier::checkPromise(const Promise &P) {
    const DepthResult &Depth = Walk->of(P.Body);
    if (!Depth.Bounded) return; // told by concluded()
    if (Depth.Bytes > P.Need) {
        std::string What = P.By == Promise::Kind::Checked ? "checks for " + utostr(P.Need) + " bytes"
                           : P.By == Promise::Kind::Entry ? "checks for none, which lets it need " + utostr(P.Need) + " bytes"
                                                          : "runs on a big stack without a check, which lets it need " +
                                                                utostr(P.Need) + " bytes";
        Facts->Violations.push_back({P.Stub, What + ", and " + Facts->nameOf(P.Body) + " needs " + utostr(Depth.Bytes)});
    }
    if (Depth.Returns && Depth.Preserved != CalleeSaved)
        Facts->Unproven.push_back({P.Body, "is not seen to hand back its caller's registers"});
}

void Verifier::checkReplacedLeaves() {
    for (const Export &E : Image->symbols()) {
        const auto *Name = llvm::find(Whitelist, E.Name);
        size_t Index = size_t(Name - std::begin(Whitelist));
        if (Index >= Facts->said().LeafBounds.size()) continue;
        auto Called = Facts->Walked.find(E.Address);
        if (Called == Facts->Walked.end() || Called->second.Bytes <= Facts->said().LeafBounds[Index]) continue;
        bool Known = Facts->isEntry(E.Address) || Facts->said().function(E.Address);
        if (!Known && Called->second.Bounded)
            Facts->Violations.insert(Facts->Violations.begin(),
                                     {E.Address, "the program's own, which capcc did not compile, needs " + utostr(Called->second.Bytes) + " bytes",
                                      "calls of it run in place: compile it with capcc, or rename it"});
    }
}

void Verifier::checkClaim(const Claims::Function &Claim) {
    auto Found = Facts->Walked.find(Claim.Body);
    if (Found == Facts->Walked.end()) return;
    const DepthResult &Real = Found->second;
    auto Compare = [&](const char *What, uint64_t Claimed, uint64_t Needed) {
        if (Needed > Claimed)
            Facts->Violations.push_back(
                {Claim.Body, (What + Twine(" of ") + Twine(Needed) + " bytes, where the note claims " + Twine(Claimed)).str()});
    };
    if (!Real.Bounded) { // and more than claimed all the same
        Compare("has a frame", Claim.Frame, Real.SeenOwnBytes);
        if (Claim.Room) Compare("has a path below a dynamic alloca", Claim.Room, Real.SeenBlockBytes);
        return;
    }
    Compare("has a frame", Claim.Frame, Real.OwnBytes);
    Compare("has a path", Claim.Depth, Real.Bytes);
    if (Claim.Room) Compare("has a path below a dynamic alloca", Claim.Room, Real.BlockBytes);
    if (Claim.NeverReturns && Real.Returns) Facts->Violations.push_back({Claim.Body, "returns, where the note claims that it never does"});
}

Error Verifier::compareLeafBounds(StringRef BoundsFile) {
    ErrorOr<std::unique_ptr<MemoryBuffer>> Text = MemoryBuffer::getFile(BoundsFile, /*IsText=*/true);
    if (!Text)
        return createStringError(inconvertibleErrorCode(), Text.getError().message() + ": give a file made by capstack bounds");
    SmallVector<StringRef, 0> Lines;
    (*Text)->getBuffer().split(Lines, '\n', -1, /*KeepEmpty=*/false);
    const std::vector<uint64_t> &Claimed = Facts->said().LeafBounds;
    for (StringRef Line : Lines) {
        auto [Name, Rest] = Line.split(' ');
        uint64_t Bytes;
        if (Rest.getAsInteger(10, Bytes)) continue; // the library, or a name without a bound
        for (size_t I = 0; I < std::size(Whitelist) && I < Claimed.size(); I++)
            if (Name == Whitelist[I] && Bytes <= WhitelistBytes && Bytes > Claimed[I])
                Facts->Violations.push_back({0, (Name + ": needs " + Twine(Bytes) + " bytes, where the note claims " + Twine(Claimed[I])).str()});
    }
    return Error::success();
}

} // namespace capstack
