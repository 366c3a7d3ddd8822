// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Instances of templates, and the calls between them. A call of a wrapper gets an instance of its own, unless that would be
// recursion or too deep; then, as for all other functions, the one that is shared.
#include "CallingConvention.h"
#include "Solver.h"
#include "Substitution.h"
#include "Values.h"

using namespace llvm;

namespace capriccio::pointsto {

const Template &Solver::templateOf(const Function &F) {
  std::unique_ptr<Template> &T = Templates[&F];
  if (!T) {
    T = std::make_unique<Template>(ConstraintBuilder(F, *this, Types).build());
    substitute(*T);
  }
  return *T;
}

uint32_t Solver::makeInstance(const Function &F, uint32_t Parent) {
  // Building a template may lead to other instances, of ifunc resolvers: before this one gets its number.
  const Template &T = templateOf(F);
  uint32_t I = Instances.size();
  Instances.emplace_back();
  Instance &New = Instances.back();
  New.T = &T;
  New.Base = G.add(T.Nodes);
  New.Parent = Parent;
  New.Depth = Parent == None ? 0 : Instances[Parent].Depth + 1;
  for (const LocalObject &L : T.Objects)
    New.Objects.push_back(O.add(ObjectKind::Stack, L.Size, L.Site));
  NotPopulated.push_back(I);
  return I;
}

uint32_t Solver::instance(const Function &F) {
  auto It = Shared.find(&F);
  if (It != Shared.end())
    return It->second;
  uint32_t I = makeInstance(F, None);
  Shared[&F] = I;
  return I;
}

/// A number that is the same each time, or UnknownSize. Sizes of objects are told through wrappers this way.
uint64_t Solver::constantAt(const Value &V, uint32_t I) const {
  if (const auto *Number = dyn_cast<ConstantInt>(&V))
    return Number->getValue().getActiveBits() < 31 ? Number->getZExtValue() : UnknownSize;
  if (const auto *A = dyn_cast<Argument>(&V))
    return I != None && A->getArgNo() < Instances[I].Constants.size() && A->getParent() == Instances[I].T->F
               ? Instances[I].Constants[A->getArgNo()]
               : UnknownSize;
  // Numbers of less than 31 bits, and not negative: widening and narrowing leave them as they are.
  if (isa<ZExtInst>(V) || isa<SExtInst>(V) || isa<FreezeInst>(V) ||
      (isa<TruncInst>(V) && V.getType()->getIntegerBitWidth() >= 32))
    return constantAt(*cast<User>(V).getOperand(0), I);
  if (const auto *B = dyn_cast<BinaryOperator>(&V)) {
    if (B->getOpcode() != Instruction::Add && B->getOpcode() != Instruction::Mul && B->getOpcode() != Instruction::And)
      return UnknownSize;
    uint64_t X = constantAt(*B->getOperand(0), I), Y;
    if (X == UnknownSize)
      return X;
    const auto *Mask = dyn_cast<ConstantInt>(B->getOperand(1));
    if (B->getOpcode() == Instruction::And)
      return Mask ? X & Mask->getValue().getLoBits(31).getZExtValue() : UnknownSize;
    Y = Mask && Mask->getValue().getActiveBits() >= 31 ? UnknownSize : constantAt(*B->getOperand(1), I);
    if (Y == UnknownSize)
      return Y;
    uint64_t R = B->getOpcode() == Instruction::Add ? X + Y : X * Y;
    return R < (1u << 31) ? R : UnknownSize;
  }
  return UnknownSize;
}

uint32_t Solver::instanceFor(const Function &F, const CallInstance &C) {
  const uint32_t Caller = C.Caller;
  if (!Wrappers.worthwhile(F) || Caller == None)
    return instance(F);
  if (Instances[Caller].Depth >= Limit.CloneDepth || Clones >= Limit.Clones) {
    ++Uncloned;
    return instance(F);
  }
  for (uint32_t I = Caller; I != None; I = Instances[I].Parent)
    if (Instances[I].T->F == &F)
      return instance(F);
  ++Clones;
  uint32_t I = makeInstance(F, Caller);
  if (C.Site)
    for (const Value *A : C.Site->args())
      Instances[I].Constants.push_back(A->getType()->isIntegerTy() ? constantAt(*A, Caller) : UnknownSize);
  return I;
}

void Solver::populate(uint32_t I) {
  const Instance &In = Instances[I];
  const Template &T = *In.T;
  auto Node = [&](LocalNode N) { return N >= SharedNode ? N - SharedNode : In.Base + N; };
  for (const AddressOf &A : T.Addresses)
    G.insert(Node(A.To), O.locate(In.Objects[A.Object], 0));
  for (const Copy &C : T.Copies)
    addFlow(Node(C.From), Node(C.To));
  for (const Arithmetic &A : T.Arithmetics)
    addMove(Node(A.From), {Node(A.To), A.Offset, A.Stride, A.Forward, nullptr});
  for (const Load &L : T.Loads)
    addLoad(Node(L.Pointer), {Node(L.To), L.Offset, L.Type});
  for (const Store &S : T.Stores)
    addStore(Node(S.Pointer), {Node(S.From), S.Offset, S.Type});
  for (const MemoryCopy &C : T.MemoryCopies)
    addMemoryCopy(Node(C.To), Node(C.From), C.Size);
  for (const Call &C : T.Calls)
    addCall(I, C);
}

void Solver::addCall(uint32_t I, const Call &C) {
  const Instance &In = Instances[I];
  auto Node = [&](LocalNode N) { return N == None ? None : N >= SharedNode ? N - SharedNode : In.Base + N; };
  uint32_t Number = CallInstances.size();
  CallInstances.emplace_back();
  CallInstance &New = CallInstances.back();
  New.Site = C.Site;
  New.Caller = I;
  New.Indirect = !C.Direct;
  for (const Lanes &L : C.Arguments) {
    New.Arguments.emplace_back();
    for (LocalNode N : L)
      New.Arguments.back().push_back(Node(N));
  }
  for (LocalNode N : C.Results)
    New.Results.push_back(Node(N));
  if (C.Direct)
    connect(Number, *C.Direct);
  else if (C.Callee != None)
    watch(Node(C.Callee), Number);
}

/// Code that the module does not have gets the arguments and gives the results. A function called by name may be a container
/// that keeps copies of what its arguments point to.
void Solver::callOutside(uint32_t Call, bool Named) {
  CallInstance &C = CallInstances[Call];
  if (!Named && C.Outside)
    return;
  C.Outside |= !Named;
  Record::Condition Condition = If;
  if (!Named) {
    Condition = Log.Conditions.size();
    Log.Conditions.push_back({Call, nullptr});
  }
  for (const NodeList &L : C.Arguments)
    for (NodeId N : L) {
      if (N == None)
        continue;
      G.addEdge(N, Given);
      Log.Passed.push_back({N, Condition});
      if (!Named)
        continue;
      NodeId Row = G.add();
      addMove(N, {Row, 0, 1, false, nullptr});
      listen(Row, LoadUse{Given, 0, 0}); // in the record Passed says so
    }
  if (!C.Site || mayComeFromOutside(C.Site->getType()))
    for (NodeId N : C.Results)
      if (N != None) {
        G.insert(N, External);
        Log.FromOutside.push_back({N, Condition});
      }
}

/// A function that its author declared to return new memory (alloc_size, malloc) without calling an allocation function
/// for each piece: pools.
static bool isAllocator(const Function &F) {
  return F.hasFnAttribute(Attribute::AllocSize) && F.getReturnType()->isPointerTy();
}

/// An object of its own for this call. What it holds at first is what was there: realloc-like functions keep it.
void Solver::returnFresh(const CallInstance &C, const Function &F, NodeId Returned) {
  auto [Size, Count] = F.getFnAttribute(Attribute::AllocSize).getAllocSizeArgs();
  auto Number = [&](unsigned A) {
    return A < C.Site->arg_size() ? constantAt(*C.Site->getArgOperand(A), C.Caller) : UnknownSize;
  };
  uint64_t Bytes = Number(Size);
  if (Count && Bytes != UnknownSize)
    Bytes = Number(*Count) == UnknownSize || Bytes * Number(*Count) > INT32_MAX ? UnknownSize : Bytes * Number(*Count);
  ObjectId Fresh = O.add(ObjectKind::Heap, Bytes, C.Site);
  NodeId Pointer = G.add();
  G.insert(Pointer, O.locate(Fresh, 0));
  addMemoryCopy(Pointer, Returned, Bytes);
  addFlow(Pointer, C.Results[0]);
}

void Solver::connect(uint32_t Call, const Function &F) {
  CallInstance &C = CallInstances[Call];
  if (C.Connected.contains(&F))
    return;
  const bool Declared = F.isDeclarationForLinker();
  if (!Declared && C.Site && C.Indirect && !accepts(F, *C.Site))
    return;
  C.Connected.insert(&F);
  // Whatever is added from here on is true if this call reaches this function.
  struct Restore {
    Record::Condition &If, Before;
    ~Restore() { If = Before; }
  } Restore{If, If};
  if (C.Indirect) {
    If = Log.Conditions.size();
    Log.Conditions.push_back({Call, &F});
  }
  if (Declared) {
    if (!applyModel(Call, F))
      callOutside(Call, true);
    return;
  }
  applyModel(Call, F);
  // A definition that the dynamic linker may replace, and one whose body is only machine code.
  if (F.isInterposable() || F.hasFnAttribute(Attribute::Naked))
    callOutside(Call, true);

  uint32_t I = instanceFor(F, C);
  const Instance &In = Instances[I];
  const Template &T = *In.T;
  auto Node = [&](LocalNode N) { return N == None ? None : N >= SharedNode ? N - SharedNode : In.Base + N; };
  auto Flow = [&](NodeId From, NodeId To) {
    if (From != None && To != None)
      addFlow(From, To);
  };
  // A row of cells that starts where `Offset` says, as a pointer: so that the record has it too.
  auto PointerTo = [&](ObjectId Object) {
    NodeId N = G.add();
    G.insert(N, O.locate(Object, 0, 8));
    return N;
  };
  for (unsigned K = 0; K != C.Arguments.size(); ++K) {
    const NodeList &Given = C.Arguments[K];
    if (K < T.Parameters.size()) {
      const Lanes &Taken = T.Parameters[K];
      for (unsigned L = 0; L != std::min<size_t>(Given.size(), Taken.size()); ++L)
        Flow(Given[L], Node(Taken[L]));
      continue;
    }
    if (T.VarArgs != None)
      for (NodeId From : Given)
        if (From != None)
          addStore(PointerTo(In.Objects[T.VarArgs]), {From, 0, 0});
  }
  // musttail hands on the variable arguments of the caller without naming them.
  if (T.VarArgs != None && C.Site && C.Site->isMustTailCall() && Instances[C.Caller].T->VarArgs != None) {
    const Instance &From = Instances[C.Caller];
    NodeId Between = G.add();
    addLoad(PointerTo(From.Objects[From.T->VarArgs]), {Between, 0, 0});
    addStore(PointerTo(In.Objects[T.VarArgs]), {Between, 0, 0});
  }
  if (isAllocator(F) && C.Site && !C.Results.empty() && C.Results[0] != None && !T.Results.empty() && T.Results[0] != None) {
    returnFresh(C, F, Node(T.Results[0]));
    return;
  }
  for (unsigned L = 0; L != std::min<size_t>(C.Results.size(), T.Results.size()); ++L)
    Flow(Node(T.Results[L]), C.Results[L]);
}

} // namespace capriccio::pointsto
