// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Values, calls, and code outside. That code is taken to use a function of the module in one of these ways: it calls it; hands it
// over as an argument or a result; keeps it in memory of its own, or in an object that it was handed a pointer to. It does not
// reach through such an object into another of the module's to change a function there. What it has are functions that it was handed, and
// those in objects that it can get at from a pointer that it was handed, as far as these are told apart.
#include "FunctionFlow.h"
#include "CallingConvention.h"
#include "Values.h"

using namespace llvm;

namespace capriccio::pointsto {

bool sameType(const Function &F, const CallBase &Site) {
  const FunctionType *T = Site.getFunctionType();
  return F.getFunctionType() == T || (T->isVarArg() && T->getNumParams() == 0);
}

FunctionFlow::FunctionFlow(Solver &S) : S(S), Types(S.types()), O(S.objects()), R(S.record()) {
  S.forFunctionAddresses([&](const Function &F, NodeId) {
    if (Numbers.try_emplace(&F, Functions.size()).second)
      Functions.push_back(&F);
  });
  Classes = (Functions.size() + 63) / 64 * 64;
  Nodes.resize(S.graph().nodes());
  Handed = add();
  Calls = S.calls();
}

void FunctionFlow::insert(NodeId N, uint32_t Member) {
  Node &To = Nodes[N];
  if (!To.Set.insert(Member))
    return;
  if (To.News.empty())
    Waiting.push_back(N);
  To.News.insert(Member);
}

void FunctionFlow::pour(const SparseSet &What, NodeId N, Kind K) {
  Node &To = Nodes[N];
  const bool Idle = To.News.empty();
  auto Merge = [&](const SparseSet &Part) {
    if (!Part.empty())
      To.Set.merge(Part, &To.News);
  };
  auto MergeClass = [&](uint32_t Class, uint32_t As) {
    SparseSet Part;
    Part.slice(What, Class * Classes, (Class + 1) * Classes, (As - Class) * Classes);
    if (K == Doubt)
      Part.remove(As * Classes);
    Merge(Part);
  };
  switch (K) {
  case Plain:
    Merge(What);
    break;
  case Data:
    MergeClass(0, 0);
    break;
  case Doubt:
    MergeClass(0, 1);
    MergeClass(1, 1);
    MergeClass(2, 2);
    break;
  case Depart:
    MergeClass(2, 2);
    [[fallthrough]];
  case Once:
    MergeClass(0, 2);
    MergeClass(1, 2);
    break;
  case NotUnder:
    MergeClass(0, 0);
    MergeClass(1, 1);
    break;
  }
  if (Idle && !To.News.empty())
    Waiting.push_back(N);
}

void FunctionFlow::edge(NodeId From, NodeId To, Kind K) {
  if (From == To)
    return;
  Nodes[From].Out.push_back({To, K});
  if (!Nodes[From].Set.empty()) {
    SparseSet Known;
    Known.copyFrom(Nodes[From].Set);
    pour(Known, To, K);
  }
}

void FunctionFlow::visit(NodeId N) {
  SparseSet News;
  News.swap(Nodes[N].News);
  if (auto It = Untold.find(N); It != Untold.end()) {
    uint32_t What = It->second;
    Untold.erase(It);
    expand(N, What);
  }
  for (size_t I = 0; I != Nodes[N].Out.size(); ++I) {
    Edge E = Nodes[N].Out[I];
    pour(News, E.To, E.K);
  }
  if (auto It = CallsAt.find(N); It != CallsAt.end())
    for (uint32_t Call : SmallVector<uint32_t, 1>(It->second))
      News.each([&](uint32_t Member) { reach(Call, Functions[Member % Classes], Member < Classes); });
  if (N == Handed)
    News.each([&](uint32_t Member) {
      const Function *F = Functions[Member % Classes];
      if (F && HandedOut.insert(F).second)
        enter(*F);
    });
}

/// `F` null: code outside.
void FunctionFlow::reach(uint32_t Call, const Function *F, bool Certain) {
  const CallBase *Site = Calls[Call].Site;
  if (F && Site && ((!Certain && !sameType(*F, *Site)) || (!F->isDeclarationForLinker() && !accepts(*F, *Site))))
    return;
  if (!Reached.insert({Call, F}).second)
    return;
  // Where a pointer may come from outside the solver does not spell out what the module gave outside: no such case is recorded.
  auto Known = ConditionOf.find({Call, F});
  if (Known != ConditionOf.end())
    hold(Known->second);
  else if (F)
    connect(Call, *F);
}

void FunctionFlow::hold(Record::Condition Case) {
  auto It = Pending.find(Case);
  if (It == Pending.end())
    return;
  Conditional C = std::move(It->second);
  Pending.erase(It);
  for (uint32_t I : C.Flows)
    edge(R.Flows[I].From, R.Flows[I].To, Plain);
  for (uint32_t I : C.Passed)
    pass(R.Passed[I].N);
  for (uint32_t I : C.FromOutside)
    insert(R.FromOutside[I].N, 0);
}

void FunctionFlow::connect(uint32_t Call, const Function &F) {
  const Solver::Target &C = Calls[Call];
  const Solver::Interface I = S.interface(F);
  if (!I.Exists) { // a function of a library, whatever it does
    for (const Solver::NodeList &L : C.Arguments)
      for (NodeId N : L)
        if (N != None)
          pass(N);
    for (NodeId N : C.Results)
      if (N != None)
        insert(N, 0);
    return;
  }
  for (size_t K = 0; K != C.Arguments.size(); ++K)
    for (size_t L = 0; L != C.Arguments[K].size(); ++L) {
      NodeId From = C.Arguments[K][L];
      if (From == None)
        continue;
      if (K >= I.Parameters.size()) {
        if (I.VarArgs != None)
          edge(From, written(I.VarArgs, 0, 8, 0), Plain);
      } else if (L < I.Parameters[K].size() && I.Parameters[K][L] != None) {
        edge(From, I.Parameters[K][L], Plain);
      }
    }
  for (size_t L = 0; L != std::min(C.Results.size(), I.Results.size()); ++L)
    if (C.Results[L] != None && I.Results[L] != None)
      edge(I.Results[L], C.Results[L], Plain);
}

void FunctionFlow::pass(NodeId Argument) {
  if (!PassedNodes.insert(Argument).second)
    return;
  edge(Argument, Handed, Plain);
  S.graph().set(Argument).each([&](LocationId L) {
    ObjectId Object = O.place(L).Object;
    if (Object == pointsto::Foreign || O[Object].Kind == ObjectKind::Function)
      return;
    passObject(Object);
    if (O[Object].Kind == ObjectKind::Stack)
      writeAnywhere(Object, 0);
  });
}

void FunctionFlow::passObject(ObjectId First) {
  SmallVector<ObjectId, 16> Work = {First};
  while (!Work.empty()) {
    ObjectId Object = Work.pop_back_val();
    if (!PassedObjects.insert(Object).second)
      continue;
    for (uint32_t I : WrittenOf[Object])
      edge(Written[I].N, Handed, Plain);
    S.memory().forWritten(Object, [&](NodeId N) {
      S.graph().set(N).each([&](LocationId L) {
        ObjectId Next = O.place(L).Object;
        if (Next != pointsto::Foreign && O[Next].Kind != ObjectKind::Function)
          Work.push_back(Next);
      });
    });
  }
}

/// Code outside calls it.
void FunctionFlow::enter(const Function &F) {
  if (!Entered.insert(&F).second)
    return;
  Solver::Interface I = S.interface(F);
  if (F.getName() != "main")
    for (unsigned K = 0; K != I.Parameters.size(); ++K)
      if (mayComeFromOutside(F.getArg(K)->getType()))
        for (NodeId N : I.Parameters[K])
          if (N != None)
            insert(N, 0);
  for (NodeId N : I.Results)
    if (N != None)
      pass(N);
  if (I.VarArgs != None)
    writeAnywhere(I.VarArgs, 0);
}

void FunctionFlow::run() {
  for (uint32_t C = 1; C != R.Conditions.size(); ++C)
    ConditionOf[{R.Conditions[C].Call, R.Conditions[C].F}] = C;
  for (uint32_t I = 0; I != Calls.size(); ++I)
    if (Calls[I].Callee != None)
      CallsAt[Calls[I].Callee].push_back(I);
  for (uint32_t I = 0; I != R.Flows.size(); ++I)
    if (R.Flows[I].If)
      Pending[R.Flows[I].If].Flows.push_back(I);
    else
      edge(R.Flows[I].From, R.Flows[I].To, Plain);
  for (uint32_t I = 0; I != R.Passed.size(); ++I)
    if (R.Passed[I].If)
      Pending[R.Passed[I].If].Passed.push_back(I);
  for (uint32_t I = 0; I != R.FromOutside.size(); ++I)
    if (R.FromOutside[I].If)
      Pending[R.FromOutside[I].If].FromOutside.push_back(I);
    else
      insert(R.FromOutside[I].N, 0);
  S.forFunctionAddresses([&](const Function &F, NodeId N) { insert(N, Numbers[&F]); });
  insert(Exported, 1);
  startMemory();
  // The kernel's own structures with what it kept in them are memory outside: what a signal handler gets, say.
  for (Channel C : Kept)
    edge(C, common(0), NotUnder);
  for (const Record::Mark &Mark : R.Passed)
    if (!Mark.If)
      pass(Mark.N);
  for (const GlobalObject *Root : R.Roots)
    if (const auto *F = dyn_cast<Function>(Root)) {
      enter(*F);
      if (!F->hasLocalLinkage())
        ExportedFunctions.insert(F);
    } else if (ObjectId Object = S.objectOf(*Root); Object != None)
      writeAnywhere(Object, 0);
  // In waves, so that what comes to a node from several sides goes on together.
  for (std::vector<NodeId> Wave; !Waiting.empty(); Wave.clear()) {
    Wave.swap(Waiting);
    for (NodeId N : Wave)
      visit(N);
  }
}

DenseMap<const CallBase *, FunctionFlow::Answer> FunctionFlow::answers() const {
  DenseMap<const CallBase *, Answer> Map;
  for (const Solver::Target &T : Calls) {
    if (!T.Site || T.Callee == None)
      continue;
    Answer &A = Map[T.Site];
    Nodes[T.Callee].Set.each([&](uint32_t Member) {
      const Function *F = Functions[Member % Classes];
      if (!F)
        (Member % Classes ? A.Exported : A.Outside) |= Member < 2 * Classes;
      else if (Member < Classes)
        A.Certain.insert(F);
      else
        A.Possible.insert(F);
    });
  }
  return Map;
}

uint64_t FunctionFlow::bytes() const {
  uint64_t Sum = Nodes.capacity() * sizeof(Node) + (Written.capacity() + Read.capacity()) * sizeof(Cell) +
                 Stores.capacity() * sizeof(Store) + WrittenAt.getMemorySize() + ReadAt.getMemorySize() +
                 (ReadOf.capacity() + WrittenOf.capacity() + CopiesOf.capacity()) * 16;
  for (const Node &N : Nodes)
    if (N.Out.capacity() > 1)
      Sum += N.Out.capacity() * sizeof(Edge);
  return Sum;
}

} // namespace capriccio::pointsto
