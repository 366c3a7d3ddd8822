// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Cold: a chunk's deepest use D bounds what ran on it. A call made below frames of B bytes has written its return address at B + 8, so
// where D is less the call was not made. How much of D is left below each function, at most over all ways to it from the functions that
// chunks were linked for, is a shortest-path problem: frames only take from it. Cold is also a call that left no trace on any chunk, to a
// function that left none of a call of its own: a trace lasts until something else is written there, and what is deep is seldom
// overwritten. So such a call may have been made, and then pays for a check.
//
// Requests: a check that has just what its own path needs links anew where the next check finds no room, each time. The run has seen where
// the stack was then, so it is known what the first would have to ask for. It does, unless threads that wait would hold more memory by it.
#include "ProfileUse.h"
#include "RuntimeABI.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/raw_ostream.h"
#include <map>
#include <queue>

using namespace llvm;

namespace capriccio {

namespace {
/// One of so many links is too few to place by.
constexpr uint64_t FewLinks = 100;

/// Requests that may become one, in paths of MaxPath: from there on chunks get large.
constexpr uint64_t MostMerged = 4;

/// What waiting threads may hold more for fewer links, as `capstack tune` has it.
constexpr double MayGrow = 1.1;

/// What checks between ask for beyond what is used then, at most, once calls that were never made are not counted.
constexpr uint64_t Margin = 64;

/// Calls from a function that ran to one that may have run without a trace: a lock that was free, and what it is made of.
constexpr unsigned Nearby = 2;

/// What a chunk has besides the request: header, reserve, return address.
constexpr uint64_t ChunkOverhead = 48 + CAPR_RESERVE + 8;

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

using Place = ProfileUse::Place;

/// The caller or callee of a site that can be in no graph: none, a library, the runtime's assembly.
bool isOutside(StringRef Name) { return Name == "-" || Name.starts_with("[") || Name.starts_with("capr__") || Name.starts_with("__capr_"); }

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
  /// Functions that ran, as far as is known, and what is at most so many calls from there: what returns quickly leaves no trace. Calls
  /// through pointers lead anywhere, and a check in each function that could be meant by them would be many.
  std::vector<bool> near(const CallGraph &G, ArrayRef<Place> Places) const {
    std::vector<bool> Near(G.Nodes.size());
    std::vector<unsigned> Level, Next;
    auto Add = [&](unsigned At) {
      if (At != ~0u && !Near[At]) {
        Near[At] = true;
        Next.push_back(At);
      }
    };
    for (const Place &At : Places)
      Add(At.Callee);
    for (unsigned At = 0; At != G.Nodes.size(); ++At)
      if (Callers.contains(At))
        Add(At);
    for (auto [Caller, Callee] : Calls)
      Add(Callee);
    for (unsigned I = 0; I != Nearby; ++I) {
      Level.swap(Next);
      Next.clear();
      for (unsigned At : Level)
        for (const CallEdge &E : G.Nodes[At].Edges)
          Add(E.Callee);
    }
    return Near;
  }
  bool hasLinked(unsigned Caller, unsigned Callee) const { return Linked.contains({Caller, Callee}); }
  bool mayHaveCalled(unsigned Caller, unsigned Callee) const {
    return Callers.empty() || Callers.contains(Callee) || Calls.contains({Caller, Callee});
  }
};

/// What a profile has of all sites that call one function.
struct Total {
  uint64_t Links = 0, Deepest = 0;
  double Waits = 0; // on its chunks, and on those linked further on
};

/// A function that linked on a chunk of another.
struct Follower {
  unsigned Callee;
  uint64_t Links = 0;
  uint64_t Above = 0; // bytes from the return address of the first to that of this one
};

class Requests {
  CallGraph &G;
  const Profile &P;
  uint64_t Most, AllLinks;
  std::map<unsigned, Total> Totals;
  std::map<unsigned, std::map<unsigned, Follower>> Followers;
  std::map<unsigned, bool> Done; // false: in progress

  /// Bytes of a chunk for a request.
  double chunk(uint64_t Request) const {
    uint64_t Bytes = std::max<uint64_t>(Request + ChunkOverhead, P.MinChunk);
    for (const ProfileClass &C : P.Classes)
      if (C.Bytes >= Bytes)
        return double(C.Bytes);
    return double(Bytes);
  }

public:
  Requests(CallGraph &G, const Profile &P, ArrayRef<Place> Places, uint64_t MaxPath)
      : G(G), P(P), Most(MostMerged * MaxPath), AllLinks(P.links()) {
    for (size_t I = 0; I != P.Sites.size(); ++I) {
      if (Places[I].Callee == ~0u)
        continue;
      const ProfileSite &S = P.Sites[I];
      Total &T = Totals[Places[I].Callee];
      T.Links += S.Links;
      T.Deepest = std::max(T.Deepest, S.Deepest);
      T.Waits += double(S.Waits + S.Holds);
    }
    for (const ProfilePair &Pair : P.Pairs) {
      if (Pair.Outer < 0 || Places[Pair.Outer].Callee == ~0u || Places[Pair.Inner].Callee == ~0u)
        continue;
      unsigned To = Places[Pair.Inner].Callee;
      Follower &F = Followers[Places[Pair.Outer].Callee][To];
      F.Callee = To;
      F.Links += Pair.Links;
      uint64_t Need = P.Sites[Pair.Inner].Need;
      if (Pair.Ask > Need)
        F.Above = std::max(F.Above, Pair.Ask - Need);
    }
  }

  void raiseAll() {
    for (const auto &[At, T] : Totals)
      raise(At);
  }

private:
  void raise(unsigned At) {
    if (!Done.try_emplace(At, false).second)
      return;
    Node &N = G.Nodes[At];
    const Total &Its = Totals[At];
    // What ran on its chunks went on to other checks, which found room.
    if (N.MayBlock && Its.Deepest > N.Depth && Its.Deepest + Margin <= Most)
      N.Ask = Its.Deepest + Margin;
    std::vector<std::pair<uint64_t, const Follower *>> Asks;
    for (const auto &[To, F] : Followers[At]) {
      if (F.Links * FewLinks < AllLinks || F.Above == 0 || To == At)
        continue;
      raise(To);
      if (Done[To]) // else a cycle
        Asks.push_back({F.Above + G.Nodes[To].request(), &F});
    }
    llvm::sort(Asks, [](const auto &A, const auto &B) { return std::pair(A.first, A.second->Callee) < std::pair(B.first, B.second->Callee); });
    // The more it asks for, the fewer followers link; those who wait hold one chunk in place of two, or a larger one.
    double Apart = Its.Waits * chunk(N.request());
    uint64_t Chosen = 0;
    for (const auto &[Ask, F] : Asks) {
      const Total &Theirs = Totals[F->Callee];
      if (Ask > Most || !N.MayBlock)
        break;
      if (Theirs.Links)
        Apart += Theirs.Waits * double(F->Links) / double(Theirs.Links) * chunk(G.Nodes[F->Callee].request());
      if (Its.Waits * chunk(std::max(Ask, N.request())) <= MayGrow * Apart)
        Chosen = Ask;
    }
    N.Ask = std::max(N.Ask, Chosen);
    Done[At] = true;
  }
};
} // namespace

ProfileUse::ProfileUse(const CallGraph &G, const Profile &P, StringRef File) : P(P), Places(findSites(G, P, File)) {}

void ProfileUse::markCold(CallGraph &G, const IndirectTargets &Targets) const {
  std::vector<int64_t> Below = usedBelow(G, Targets, P, Places);
  Traces Seen(G, P, Places);
  std::vector<bool> Near = Seen.near(G, Places);
  for (unsigned I = 0; I != G.Nodes.size(); ++I)
    for (CallEdge &E : G.Nodes[I].Edges)
      E.Cold = E.Kind == EdgeKind::Direct && Near[I] && Below[I] != NotReached && !Seen.hasLinked(I, E.Callee) &&
               (Below[I] < int64_t(abi::ReturnAddress) || !Seen.mayHaveCalled(I, E.Callee));
}

void ProfileUse::raiseRequests(CallGraph &G, uint64_t MaxPath) const { Requests(G, P, Places, MaxPath).raiseAll(); }

} // namespace capriccio
