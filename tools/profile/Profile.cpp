// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Lines of fields with tabs between. Nothing is guessed: a line that is not understood makes the file one of another version, or none.
#include "Profile.h"

#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MemoryBuffer.h"

#include <algorithm>

using namespace llvm;

namespace capriccio {

namespace {

constexpr StringRef FirstLine = "capriccio profile 1", LastLine = "end";
constexpr StringRef KindNames[] = {"call", "alloca", "preempt", "thread"};

/// The counts of a site in the order in which they are written.
constexpr uint64_t ProfileSite::*Counts[] = {&ProfileSite::Links,  &ProfileSite::Returns, &ProfileSite::Need,  &ProfileSite::Bytes,
                                             &ProfileSite::Left,   &ProfileSite::Unused,  &ProfileSite::Deepest, &ProfileSite::Used,
                                             &ProfileSite::Waits,  &ProfileSite::Idle,    &ProfileSite::Holds, &ProfileSite::Held};

Error wrong(const Twine &What) { return createStringError(inconvertibleErrorCode(), What); }

bool number(StringRef Text, uint64_t &Value) { return !Text.getAsInteger(10, Value); }

class Reader {
    Profile P;
    DenseMap<uint64_t, size_t> Numbers; // of sites, to their indices

    bool site(ArrayRef<StringRef> Fields) {
        if (Fields.size() != 6 + std::size(Counts)) return false;
        ProfileSite S;
        uint64_t Number;
        const auto *Kind = std::find(std::begin(KindNames), std::end(KindNames), Fields[2]);
        if (Kind == std::end(KindNames) || !number(Fields[1], Number) || !number(Fields[5], S.Offset)) return false;
        S.Kind = ProfileSite::Kinds(Kind - KindNames);
        S.Caller = Fields[3].str();
        S.Callee = Fields[4].str();
        for (size_t I = 0; I != std::size(Counts); ++I)
            if (!number(Fields[6 + I], S.*Counts[I])) return false;
        if (S.Caller.empty() || S.Callee.empty() || Number == 0 || Number >= UINT32_MAX) return false;
        if (!Numbers.insert({Number, P.Sites.size()}).second) return false;
        P.Sites.push_back(std::move(S));
        return true;
    }
    bool pair(ArrayRef<StringRef> Fields) {
        uint64_t Outer, Inner, Links, Ask;
        if (Fields.size() != 5 || !number(Fields[1], Outer) || !number(Fields[2], Inner) || !number(Fields[3], Links) || !number(Fields[4], Ask))
            return false;
        auto Its = Numbers.find(Inner), Others = Numbers.find(Outer);
        if (Its == Numbers.end()) return false;
        P.Pairs.push_back({Others == Numbers.end() ? -1 : int64_t(Others->second), Its->second, Links, Ask});
        return true;
    }

  public:
    bool line(StringRef Line) {
        SmallVector<StringRef, 20> Fields;
        Line.split(Fields, '\t');
        StringRef Name = Fields.front();
        if (Name == "site") return site(Fields);
        if (Name == "pair") return pair(Fields);
        if (Name == "edge") {
            ProfileEdge E;
            if (Fields.size() != 4 || !number(Fields[3], E.Seen)) return false;
            E.Caller = Fields[1].str();
            E.Callee = Fields[2].str();
            P.Edges.push_back(std::move(E));
            return true;
        }
        if (Name == "class") {
            ProfileClass C;
            if (Fields.size() != 4 || !number(Fields[1], C.Bytes) || !number(Fields[2], C.Spared) || !number(Fields[3], C.Held)) return false;
            P.Classes.push_back(C);
            return P.Classes.size() == 1 || P.Classes[P.Classes.size() - 2].Bytes < C.Bytes;
        }
        if (Fields.size() != 2) return false;
        if (Name == "program") P.Program = Fields[1].str();
        uint64_t *Value = Name == "max-path" ? &P.MaxPath : Name == "min-chunk" ? &P.MinChunk : Name == "waits" ? &P.Waits : Name == "lost" ? &P.Lost : nullptr;
        return Value ? number(Fields[1], *Value) : Name == "program";
    }
    Profile take() { return std::move(P); }
};

std::string keyOf(const ProfileSite &S) { return (KindNames[S.Kind] + "\t" + S.Caller + "\t" + S.Callee + "\t" + Twine(S.Offset)).str(); }

/// The program's name without its directory, which may have been moved, and without what the kernel says where the file has been replaced.
/// Empty: not known.
StringRef fileName(StringRef Program) {
    Program.consume_back(" (deleted)");
    return Program == "?" ? "" : Program.substr(Program.rfind('/') + 1);
}

} // namespace

Expected<Profile> readProfile(StringRef File) {
    auto Buffer = MemoryBuffer::getFile(File, /*IsText=*/true);
    if (!Buffer) return wrong(Buffer.getError().message());
    StringRef Text = (*Buffer)->getBuffer();
    auto [First, Rest] = Text.split('\n');
    if (First != FirstLine) {
        if (First.starts_with("capriccio profile ")) return wrong("a profile of another version: make it anew");
        return wrong("no profile: give a file that CAPRICCIO_PROFILE named");
    }
    Reader R;
    for (unsigned Number = 2; !Rest.empty(); ++Number) {
        StringRef Line;
        std::tie(Line, Rest) = Rest.split('\n');
        if (Line == LastLine && Rest.empty()) return R.take();
        if (!R.line(Line)) return wrong("line " + Twine(Number) + " is not a profile's: make it anew");
    }
    return wrong("the profile has no end: make it anew");
}

uint64_t Profile::links() const {
    uint64_t Sum = 0;
    for (const ProfileSite &S : Sites)
        if (S.Kind != ProfileSite::Thread) Sum += S.Links;
    return Sum;
}

Error Profile::merge(const Profile &Other) {
    StringRef Mine = fileName(Program), Its = fileName(Other.Program);
    if (!Mine.empty() && !Its.empty() && Mine != Its)
        return wrong("a profile of " + Other.Program + ", and the one before it is of " + Program + ": give profiles of one program");
    if (Classes.size() != Other.Classes.size() || MinChunk != Other.MinChunk || MaxPath != Other.MaxPath)
        return wrong("made with another MaxPath or MinChunk than the others: profiles of one program can be taken together");
    Waits += Other.Waits;
    Lost += Other.Lost;
    for (size_t C = 0; C != Classes.size(); ++C) {
        if (Classes[C].Bytes != Other.Classes[C].Bytes) return wrong("made by another version of the runtime than the others");
        Classes[C].Spared += Other.Classes[C].Spared;
        Classes[C].Held += Other.Classes[C].Held;
    }
    StringMap<size_t> Indices;
    for (size_t I = 0; I != Sites.size(); ++I) Indices.try_emplace(keyOf(Sites[I]), I);
    std::vector<size_t> At;
    for (const ProfileSite &S : Other.Sites) {
        auto [It, New] = Indices.try_emplace(keyOf(S), Sites.size());
        At.push_back(It->second);
        if (New) {
            Sites.push_back(S);
            continue;
        }
        ProfileSite &Same = Sites[It->second];
        for (uint64_t ProfileSite::*Count : Counts) {
            bool Most = Count == &ProfileSite::Need || Count == &ProfileSite::Deepest;
            Same.*Count = Most ? std::max(Same.*Count, S.*Count) : Same.*Count + S.*Count;
        }
    }
    for (const ProfilePair &Pair : Other.Pairs) {
        int64_t Outer = Pair.Outer < 0 ? -1 : int64_t(At[Pair.Outer]);
        auto Same = std::find_if(Pairs.begin(), Pairs.end(), [&](const ProfilePair &Q) { return Q.Outer == Outer && Q.Inner == At[Pair.Inner]; });
        if (Same == Pairs.end())
            Pairs.push_back({Outer, At[Pair.Inner], Pair.Links, Pair.Ask});
        else {
            Same->Links += Pair.Links;
            Same->Ask = std::max(Same->Ask, Pair.Ask);
        }
    }
    StringMap<size_t> Seen;
    for (size_t I = 0; I != Edges.size(); ++I) Seen.try_emplace(Edges[I].Caller + "\t" + Edges[I].Callee, I);
    for (const ProfileEdge &E : Other.Edges) {
        auto [It, New] = Seen.try_emplace(E.Caller + "\t" + E.Callee, Edges.size());
        if (New)
            Edges.push_back(E);
        else
            Edges[It->second].Seen += E.Seen;
    }
    return Error::success();
}

void Profile::write(raw_ostream &OS) const {
    OS << FirstLine << "\nprogram\t" << Program << "\nmax-path\t" << MaxPath << "\nmin-chunk\t" << MinChunk << "\nwaits\t" << Waits << "\nlost\t" << Lost << '\n';
    for (const ProfileClass &C : Classes) OS << "class\t" << C.Bytes << '\t' << C.Spared << '\t' << C.Held << '\n';
    for (size_t I = 0; I != Sites.size(); ++I) {
        const ProfileSite &S = Sites[I];
        OS << "site\t" << I + 1 << '\t' << KindNames[S.Kind] << '\t' << S.Caller << '\t' << S.Callee << '\t' << S.Offset;
        for (uint64_t ProfileSite::*Count : Counts) OS << '\t' << S.*Count;
        OS << '\n';
    }
    for (const ProfilePair &Pair : Pairs) OS << "pair\t" << Pair.Outer + 1 << '\t' << Pair.Inner + 1 << '\t' << Pair.Links << '\t' << Pair.Ask << '\n';
    for (const ProfileEdge &E : Edges) OS << "edge\t" << E.Caller << '\t' << E.Callee << '\t' << E.Seen << '\n';
    OS << LastLine << '\n';
}

} // namespace capriccio
