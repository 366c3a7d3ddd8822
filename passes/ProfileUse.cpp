// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Cold: a chunk's deepest use D bounds what ran on it. A call made below frames of B bytes has written its return address at B + 8, so
// where D is less the call was not made. How much of D is left below each function, at most over all ways to it from the functions that
// chunks were linked for, is a shortest-path problem: frames only take from it. Cold is also a call that left no trace on any chunk, to a
// function that left none of a call of its own: a trace lasts until something else is written there, and what is deep is seldom
// overwritten. So such a call may have been made, and then pays for a check.
//
// Merged: where a chunk linked at one call mostly led to a second at another, with no wait between that would hold the larger chunk for
// nothing, the first is to ask for both.
#include "ProfileUse.h"
#include "RuntimeABI.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/raw_ostream.h"
#include <queue>

using namespace llvm;

namespace capriccio {

namespace {
/// One of so many links is too few to place by.
constexpr uint64_t FewLinks = 100;

constexpr int64_t NotReached = INT64_MIN;

/// Functions by their names in the profile. Of two local functions with one name, merging the modules gave the second a number, which
/// another version of the program may give another function: it counts only where there are two.
class Names {
  StringMap<unsigned> Exact;
  StringMap<SmallVector<unsigned, 1>> Plain;

  static StringRef withoutNumber(StringRef Name) {
    auto [Source, Number] = Name.rsplit('.');
    return !Source.empty() && !Number.empty() && all_of(Number, isDigit) ? Source : Name;
  }

public:
  explicit Names(const CallGraph &G) {
    for (unsigned I = 0; I != G.Nodes.size(); ++I) {
      StringRef Name = G.Nodes[I].F->getName();
      Exact.try_emplace(Name, I);
      Plain[withoutNumber(Name)].push_back(I);
    }
  }
  /// The node, or ~0u.
  unsigned find(StringRef Name) const {
    auto Alike = Plain.find(withoutNumber(Name));
    if (Alike != Plain.end() && Alike->second.size() == 1)
      return Alike->second.front();
    auto Same = Exact.find(Name);
    return Same == Exact.end() ? ~0u : Same->second;
  }
};

/// Where a site is in the graph.
struct Place {
  unsigned Caller = ~0u, Callee = ~0u;
};

bool isOutside(StringRef Name) { return Name == "-" || Name.starts_with("["); }

std::vector<Place> findSites(const CallGraph &G, const Profile &P, StringRef File) {
  Names ByName(G);
  std::vector<Place> Places;
  size_t Unknown = 0;
  for (const ProfileSite &S : P.Sites) {
    Place At;
    At.Caller = ByName.find(S.Caller);
    At.Callee = ByName.find(S.Callee);
    bool Here = (At.Caller != ~0u || isOutside(S.Caller)) && (At.Callee != ~0u || isOutside(S.Callee));
    Unknown += !Here;
    Places.push_back(Here ? At : Place());
  }
  if (Unknown)
    errs() << "capcc: warning: " << File << ": " << Unknown << " of " << P.Sites.size()
           << " calls in the profile are of functions that this program does not have, and are ignored: is it of another version?\n";
  return Places;
}

int64_t own(const Node &N) { return int64_t(N.Frame + N.AsmBytes); }

/// For each node, the most that may have been used below its frame on a chunk that was seen; NotReached: no chunk that was seen led there.
std::vector<int64_t> usedBelow(const CallGraph &G, const IndirectTargets &Targets, const Profile &P, ArrayRef<Place> Places) {
  std::vector<int64_t> Below(G.Nodes.size(), NotReached);
  std::priority_queue<std::pair<int64_t, unsigned>> Queue;
  auto Reach = [&](unsigned At, int64_t Left) {
    if (Left > Below[At]) {
      Below[At] = Left;
      Queue.push({Left, At});
    }
  };
  for (size_t I = 0; I != P.Sites.size(); ++I) {
    const ProfileSite &S = P.Sites[I];
    if (S.Returns + S.Waits + S.Holds == 0) // never looked at
      continue;
    if (Places[I].Callee != ~0u)
      Reach(Places[I].Callee, int64_t(S.Deepest) - own(G.Nodes[Places[I].Callee]));
    else if (S.Kind == ProfileSite::Alloca && Places[I].Caller != ~0u)
      Reach(Places[I].Caller, int64_t(S.Deepest));
  }
  while (!Queue.empty()) {
    auto [Left, At] = Queue.top();
    Queue.pop();
    if (Left != Below[At] || Left < int64_t(abi::ReturnAddress))
      continue;
    int64_t Rest = Left - int64_t(abi::ReturnAddress);
    for (const CallEdge &E : G.Nodes[At].Edges) {
      if (E.Callee != ~0u)
        Reach(E.Callee, Rest - own(G.Nodes[E.Callee]));
      else if (E.Kind == EdgeKind::Indirect && E.Site)
        for (const Function *F : Targets.targets(*E.Site).Functions)
          if (auto Its = G.Index.find(F); Its != G.Index.end())
            Reach(Its->second, Rest - own(G.Nodes[Its->second]));
    }
  }
  return Below;
}

/// Marks the nodes on ways over direct edges from `From` to `To`. Returns whether there is one.
bool markBetween(CallGraph &G, unsigned From, unsigned To) {
  std::vector<bool> Down(G.Nodes.size()), Up(G.Nodes.size());
  std::vector<unsigned> Stack = {From};
  std::vector<std::vector<unsigned>> Callers(G.Nodes.size());
  Down[From] = true;
  while (!Stack.empty()) {
    unsigned At = Stack.back();
    Stack.pop_back();
    for (const CallEdge &E : G.Nodes[At].Edges) {
      if (E.Kind != EdgeKind::Direct)
        continue;
      Callers[E.Callee].push_back(At);
      if (!Down[E.Callee]) {
        Down[E.Callee] = true;
        Stack.push_back(E.Callee);
      }
    }
  }
  if (!Down[To])
    return false;
  Stack = {To};
  Up[To] = true;
  while (!Stack.empty()) {
    unsigned At = Stack.back();
    Stack.pop_back();
    G.Nodes[At].Hot = true;
    for (unsigned Caller : Callers[At])
      if (!Up[Caller]) {
        Up[Caller] = true;
        Stack.push_back(Caller);
      }
  }
  return true;
}

/// Calls that linked, and those of which there was a trace.
class Traces {
  DenseSet<std::pair<unsigned, unsigned>> Linked, Calls;
  DenseSet<unsigned> Callers;

public:
  Traces(const CallGraph &G, const Profile &P, ArrayRef<Place> Places) {
    for (const Place &At : Places)
      if (At.Caller != ~0u && At.Callee != ~0u)
        Linked.insert({At.Caller, At.Callee});
    Names ByName(G);
    for (const ProfileEdge &E : P.Edges) {
      unsigned Caller = ByName.find(E.Caller), Callee = ByName.find(E.Callee);
      if (Caller == ~0u)
        continue;
      Callers.insert(Caller);
      if (Callee != ~0u)
        Calls.insert({Caller, Callee});
    }
  }
  bool hasLinked(unsigned Caller, unsigned Callee) const { return Linked.contains({Caller, Callee}); }
  bool mayHaveCalled(unsigned Caller, unsigned Callee) const {
    return Callers.empty() || Callers.contains(Callee) || Calls.contains({Caller, Callee});
  }
};

void markMerged(CallGraph &G, const Profile &P, ArrayRef<Place> Places) {
  uint64_t Links = P.links();
  for (const ProfilePair &Pair : P.Pairs) {
    if (Pair.Outer < 0 || Pair.Links * FewLinks < Links)
      continue;
    const ProfileSite &Outer = P.Sites[Pair.Outer];
    Place From = Places[Pair.Outer], To = Places[Pair.Inner];
    if (Pair.Links * 2 < Outer.Links || Outer.Waits > Outer.Holds || From.Callee == ~0u || To.Caller == ~0u || To.Callee == ~0u)
      continue;
    if (P.Sites[Pair.Inner].Kind != ProfileSite::Call || !markBetween(G, From.Callee, To.Caller))
      continue;
    for (CallEdge &E : G.Nodes[To.Caller].Edges)
      E.Merged |= E.Kind == EdgeKind::Direct && E.Callee == To.Callee;
  }
}
} // namespace

void useProfile(CallGraph &G, const IndirectTargets &Targets, const Profile &P, StringRef File) {
  std::vector<Place> Places = findSites(G, P, File);
  std::vector<int64_t> Below = usedBelow(G, Targets, P, Places);
  Traces Seen(G, P, Places);
  for (unsigned I = 0; I != G.Nodes.size(); ++I)
    for (CallEdge &E : G.Nodes[I].Edges)
      E.Cold = E.Kind == EdgeKind::Direct && Below[I] != NotReached && !Seen.hasLinked(I, E.Callee) &&
               (Below[I] < int64_t(abi::ReturnAddress) || !Seen.mayHaveCalled(I, E.Callee));
  markMerged(G, P, Places);
}

} // namespace capriccio
