// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Applies a model to one call: its statements become constraints on the nodes of the call's arguments and results. The heap
// object that a statement makes belongs to this call in this instance.
#include "Solver.h"

using namespace llvm;

namespace capriccio::pointsto {

class Solver::ModelApplication {
  Solver &S;
  uint32_t Call;
  bool Defined; // the function is in the module
  NodeId Temporary = None, Heap = None;

  NodeId argument(unsigned A) const {
    const CallInstance &C = S.CallInstances[Call];
    return A < C.Arguments.size() && !C.Arguments[A].empty() ? C.Arguments[A][0] : None;
  }
  uint64_t number(unsigned A) const {
    const CallInstance &C = S.CallInstances[Call];
    if (A == None || !C.Site || A >= C.Site->arg_size())
      return UnknownSize;
    return S.constantAt(*C.Site->getArgOperand(A), C.Caller);
  }
  NodeId heap(const ModelValue &V) {
    if (Heap == None) {
      uint64_t Size = number(V.A);
      if (V.B != None && Size != UnknownSize)
        Size = number(V.B) == UnknownSize || Size * number(V.B) > INT32_MAX ? UnknownSize : Size * number(V.B);
      const CallBase *Site = S.CallInstances[Call].Site;
      Heap = S.G.add();
      S.G.insert(Heap, S.O.locate(S.O.add(ObjectKind::Heap, Size, Site), 0));
    }
    return Heap;
  }
  NodeId moved(NodeId From, uint64_t Stride) {
    if (From == None)
      return None;
    NodeId To = S.G.add();
    S.addMove(From, {To, 0, Stride, false, nullptr});
    return To;
  }
  NodeId value(const ModelValue &V);
  void assign(const ModelValue &Target, NodeId From);
  void callBack(const ModelStatement &Statement);

public:
  ModelApplication(Solver &S, uint32_t Call, bool Defined) : S(S), Call(Call), Defined(Defined) {}
  void apply(const Model &M);
};

NodeId Solver::ModelApplication::value(const ModelValue &V) {
  switch (V.K) {
  case ModelValue::Nothing:
    return None;
  case ModelValue::Argument:
    return argument(V.A);
  case ModelValue::Result: {
    const CallInstance &C = S.CallInstances[Call];
    return C.Results.empty() ? None : C.Results[0];
  }
  case ModelValue::Temporary:
    if (Temporary == None)
      Temporary = S.G.add();
    return Temporary;
  case ModelValue::Shared:
    return V.Name;
  case ModelValue::Library:
    return LibraryData;
  case ModelValue::Outside:
    return Unknown;
  case ModelValue::Heap:
    return heap(V);
  case ModelValue::Anywhere:
    return moved(value(*V.Of), 1);
  case ModelValue::Row: {
    uint64_t Stride = number(V.A);
    return moved(value(*V.Of), Stride == UnknownSize || !Stride ? 1 : Stride);
  }
  case ModelValue::Contents: {
    NodeId Pointer = value(*V.Of);
    if (Pointer == None)
      return None;
    NodeId To = S.G.add();
    S.addLoad(Pointer, {To, 0, 0});
    return To;
  }
  }
  return None;
}

void Solver::ModelApplication::assign(const ModelValue &Target, NodeId From) {
  if (From == None)
    return;
  if (Target.K == ModelValue::Contents) {
    if (NodeId Pointer = value(*Target.Of); Pointer != None)
      S.addStore(Pointer, {From, 0, 0});
    return;
  }
  if (NodeId To = value(Target); To != None)
    S.addFlow(From, To);
}

void Solver::ModelApplication::callBack(const ModelStatement &Statement) {
  NodeId Callee = value(Statement.Source);
  if (Callee == None)
    return;
  SmallVector<NodeList, 4> Arguments;
  for (const ModelValue &A : Statement.Arguments)
    Arguments.push_back({value(A)});
  NodeId Result = Statement.Target.K == ModelValue::Nothing ? None : S.G.add();
  if (Result != None)
    assign(Statement.Target, Result);
  uint32_t Number = S.CallInstances.size();
  S.CallInstances.emplace_back();
  CallInstance &New = S.CallInstances.back();
  New.Site = nullptr;
  New.Caller = S.CallInstances[Call].Caller;
  New.Indirect = true;
  New.Arguments = std::move(Arguments);
  if (Result != None)
    New.Results.push_back(Result);
  S.watch(Callee, Number);
}

void Solver::ModelApplication::apply(const Model &M) {
  for (const ModelStatement &Statement : M.Statements) {
    if (Statement.Unless != None)
      if (uint64_t Flags = number(Statement.Unless); Flags != UnknownSize && (Flags & Statement.Mask))
        continue;
    switch (Statement.K) {
    case ModelStatement::Assign:
      assign(Statement.Target, value(Statement.Source));
      break;
    case ModelStatement::CallBack:
      callBack(Statement);
      break;
    case ModelStatement::CopyMemory: {
      NodeId To = value(Statement.Target), From = value(Statement.Source);
      if (To != None && From != None)
        S.addMemoryCopy(To, From, Statement.Size == None ? UnknownSize : number(Statement.Size));
      break;
    }
    case ModelStatement::AsUnknown:
      if (!Defined)
        S.callOutside(Call, true);
      break;
    }
  }
}

/// Of a function that the module defines, as the runtime does those that wait, its code says more than the model, but for what passes
/// through the kernel: the code ends there in a system call, which tells neither what it hands over nor who gets it.
bool Solver::applyModel(uint32_t Call, const Function &F) {
  const bool Defined = !F.isDeclarationForLinker();
  const Model *Known = modelOf(F.getName());
  if (!Known || (Defined && !Known->Kernel))
    return false;
  ModelApplication(*this, Call, Defined).apply(*Known);
  return true;
}

} // namespace capriccio::pointsto
