// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// MinChunk is reckoned: the run has noted, for each link and each size of chunk, whether the chunk before would have had room, and for each
// wait what the thread's chunks would have come to. MaxPath is guessed from what paths were used for, since what other checks would have
// done no run can tell: the advice is one to try and measure.

#include "Advice.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace llvm;
using namespace capriccio;

namespace capstack {

namespace {

/// Fewer links than these say nothing.
constexpr uint64_t FewLinks = 100;

/// What memory of waiting threads may grow by for fewer links, and what either has to change by to be worth another value.
constexpr double MayGrow = 1.1, WorthIt = 0.1;

/// Links a wait below which they cost nothing that could be measured (a link and its return take 10 ns, a wait a microsecond).
constexpr double Seldom = 0.1;

/// The share of chunks that a path has to be long enough for.
constexpr double MostChunks = 0.95;

constexpr uint64_t SmallestPath = 256, LargestPath = 1 << 20; // what capcc takes

std::string percent(double Share) { return utostr(uint64_t(Share * 100 + 0.5)) + " %"; }

} // namespace

Advice adviseMinChunk(const Profile &P) {
    Advice A{P.MinChunk, "no links to speak of"};
    double Links = double(P.links());
    size_t Now = size_t(llvm::find_if(P.Classes, [&](const ProfileClass &C) { return C.Bytes >= P.MinChunk; }) - P.Classes.begin());
    if (Now == P.Classes.size()) return A;
    double Held = double(P.Classes[Now].Held);
    if (Links < FewLinks) return A;
    A.Why = "no other size spares a tenth of the links, or of the memory";
    uint64_t Spared = 0, Before = 0;
    for (size_t C = 0; C < P.Classes.size(); ++C) {
        Spared += P.Classes[C].Spared;
        if (C <= Now) {
            Before = Spared;
            continue;
        }
        if (double(P.Classes[C].Held) > MayGrow * Held || double(P.Classes[C].Spared) < WorthIt * Links) continue;
        A.Bytes = P.Classes[C].Bytes;
        A.Why = percent(double(Spared - Before) / Links) + " of the links would have found room";
        if (Held > 0)
            A.Why += "; waiting threads would hold " + percent(double(P.Classes[C].Held) / Held) + " of the bytes";
    }
    if (A.Bytes != P.MinChunk || P.Waits == 0 || Links > Seldom * double(P.Waits)) return A;
    for (size_t C = 0; C < Now; ++C)
        if (double(P.Classes[C].Held) < (1 - WorthIt) * Held) {
            A.Bytes = P.Classes[C].Bytes;
            A.Why = "waiting threads would hold " + percent(double(P.Classes[C].Held) / Held) + " of the bytes, and links are few";
            break;
        }
    return A;
}

Advice adviseMaxPath(const Profile &P) {
    Advice A{P.MaxPath, "no links to speak of"};
    uint64_t Links = P.links(), Nested = 0, Chunks = 0;
    if (Links < FewLinks) return A;
    for (const ProfilePair &Pair : P.Pairs) {
        if (Pair.Outer < 0) continue;
        const ProfileSite &Outer = P.Sites[Pair.Outer], &Inner = P.Sites[Pair.Inner];
        // A larger chunk under a thread that waits on it would only be held for nothing.
        if (Pair.Links * 2 >= Outer.Links && Outer.Holds >= Outer.Waits && Outer.Need + Inner.Need <= 2 * P.MaxPath) Nested += Pair.Links;
    }
    if (double(Nested) >= 0.5 * double(Links)) {
        A.Bytes = std::min(2 * P.MaxPath, LargestPath);
        A.Why = percent(double(Nested) / double(Links)) + " of the links follow on another as a rule, and both would fit one path";
        return A;
    }
    SmallVector<std::pair<uint64_t, uint64_t>> Used; // deepest use, and chunks
    for (const ProfileSite &S : P.Sites)
        if (S.Links && S.Returns + S.Waits + S.Holds) {
            Used.push_back({S.Deepest, S.Links});
            Chunks += S.Links;
        }
    llvm::sort(Used);
    uint64_t Sum = 0, Most = 0;
    for (auto [Deepest, Count] : Used) {
        if (double(Sum) >= MostChunks * double(Chunks)) break;
        Most = Deepest;
        Sum += Count;
    }
    uint64_t Fits = SmallestPath;
    while (Fits < Most) Fits *= 2;
    A.Why = percent(double(Sum) / double(Chunks)) + " of the chunks were used for " + utostr(Most) + " bytes at most";
    if (Fits * 2 <= P.MaxPath) A.Bytes = Fits;
    return A;
}

} // namespace capstack
