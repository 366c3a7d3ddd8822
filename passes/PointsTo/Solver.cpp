// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Start and end of the solution: the module's globals, what the outside world sees of them from the beginning, the run, and
// the answers.
#include "Solver.h"
#include "Values.h"
#include "llvm/IR/GlobalAlias.h"
#include "llvm/IR/GlobalIFunc.h"

using namespace llvm;

namespace capriccio::pointsto {

Solver::Solver(const Module &M, const Limits &L) : M(M), Limit(L), Wrappers(M), G(O.given()), Mem(G, O, Types), Linked(M) {
  SparseSet::resetPeak();
  G.add(Channels);
  Mem.start(Escaped, Given);
  G.hurry(Given);
  G.hurry(Escaped);
  G.insert(Unknown, External);
  Log.FromOutside.push_back({Unknown, 0});
  G.addEdge(Given, Escaped);
  for (Channel C : Kept) {
    G.addEdge(C, Given);
    G.insert(C, External);
    Log.FromOutside.push_back({C, 0});
    Log.Passed.push_back({C, 0});
  }
  LibraryObject = O.add(ObjectKind::Library, UnknownSize, nullptr);
  LocationId Anywhere = O.locate(LibraryObject, 0, 1);
  G.insert(LibraryData, Anywhere);
  Mem.forWrite(Anywhere, 0, 0, [&](NodeId N) { G.insert(N, Anywhere); });
}

/// True for string literals and their like. Nothing can be found through a pointer to one, so such pointers are not followed.
bool Solver::holdsNothing(const GlobalVariable &V) const {
  if (!V.isConstant() || !V.hasDefinitiveInitializer())
    return false;
  bool Any = false;
  forAddresses(V.getInitializer(), M.getDataLayout(), [&](const ConstantAddress &) { Any = true; });
  return !Any;
}

ObjectId Solver::object(const GlobalValue &V) {
  auto [It, New] = ObjectOf.try_emplace(&V, None);
  if (!New)
    return It->second;
  if (isa<Function>(V))
    return It->second = O.add(ObjectKind::Function, 0, &V);
  const auto &Variable = cast<GlobalVariable>(V);
  ObjectId Id = O.add(ObjectKind::Global, M.getDataLayout().getTypeAllocSize(Variable.getValueType()), &V);
  It->second = Id;
  O[Id].Constant = O[Id].ReadOnly = Variable.isConstant() && Variable.hasDefinitiveInitializer();
  NotInitialised.push_back(&Variable);
  return Id;
}

NodeId Solver::addressOf(const GlobalValue &V, int64_t Offset, bool Exact) {
  if (const auto *Choice = dyn_cast<GlobalIFunc>(&V)) {
    auto [It, New] = ResolverNodes.try_emplace(&V, None);
    if (New) {
      NodeId N = It->second = G.add();
      G.insert(N, External);
      Log.FromOutside.push_back({N, 0});
      if (const Function *Resolver = Choice->getResolverFunction(); Resolver && !Resolver->isDeclarationForLinker()) {
        const Instance &I = Instances[instance(*Resolver)];
        for (LocalNode R : I.T->Results)
          if (R != None)
            addFlow(R >= SharedNode ? R - SharedNode : I.Base + R, N);
      }
      return N;
    }
    return It->second;
  }
  if (V.isDeclarationForLinker())
    if (ArrayRef<const GlobalObject *> Behind = Linked.behind(V); !Behind.empty()) {
      auto [It, New] = LinkedNodes.try_emplace(&V, None);
      if (!New)
        return It->second;
      const NodeId N = It->second = G.add();
      G.insert(N, External);
      Log.FromOutside.push_back({N, 0});
      for (const GlobalObject *Object : Behind)
        addFlow(addressOf(*Object, 0, /*Exact=*/isa<Function>(Object)), N);
      return N;
    }
  if (const auto *Variable = dyn_cast<GlobalVariable>(&V); Variable && Variable->isDeclarationForLinker())
    return isLibraryVariable(V.getName()) ? LibraryData : Unknown;
  NodeId &N = Exact ? AddressNodes.try_emplace({&V, Offset}, None).first->second
                    : LooseAddressNodes.try_emplace(&V, None).first->second;
  if (N == None) {
    N = G.add();
    if (const auto *Variable = dyn_cast<GlobalVariable>(&V); Variable && holdsNothing(*Variable))
      return N;
    ObjectId Id = object(V);
    G.insert(N, Exact ? O.locate(Id, Offset) : O.locate(Id, 0, 1));
  }
  return N;
}

void Solver::initialise(const GlobalVariable &V) {
  ObjectId Id = object(V);
  // A row of many like elements is kept as a row.
  constexpr uint64_t Many = 4096;
  uint64_t Fold = 0;
  if (auto *A = dyn_cast<ArrayType>(V.getValueType()); A && A->getNumElements() > Many)
    Fold = M.getDataLayout().getTypeAllocSize(A->getElementType());
  if (!V.hasInitializer())
    return;
  O[Id].ReadOnly = false; // for the moment that it takes to write it
  forAddresses(V.getInitializer(), M.getDataLayout(), [&](const ConstantAddress &A) {
    NodeId From = A.Global ? addressOf(*A.Global, A.Offset, A.Exact) : NodeId(Unknown);
    LocationId At = Fold && Fold % 8 == 0 ? O.locate(Id, A.At % Fold, Fold) : O.locate(Id, A.At, Fold ? 1 : 0);
    Mem.forWrite(At, 0, 0, [&](NodeId N) { G.addEdge(From, N); });
  });
  O[Id].ReadOnly = O[Id].Constant;
}

void Solver::escape(ObjectId Id) {
  if (O[Id].Escaped || O[Id].Kind == ObjectKind::External)
    return;
  O[Id].Escaped = true;
  if (O[Id].Kind == ObjectKind::Function)
    escapeFunction(*cast<Function>(O[Id].Site));
  else
    Mem.escape(Id);
}

/// External calls it, with anything that it knows.
void Solver::escapeFunction(const Function &F) {
  if (F.isDeclarationForLinker())
    return;
  const Instance &I = Instances[instance(F)];
  auto Node = [&](LocalNode N) { return N >= SharedNode ? N - SharedNode : I.Base + N; };
  for (unsigned K = 0; K != F.arg_size(); ++K)
    if (mayComeFromOutside(F.getArg(K)->getType()))
      for (LocalNode N : I.T->Parameters[K])
        if (N != None) {
          // The start code calls main, with vectors of strings.
          if (F.getName() == "main")
            G.addEdge(LibraryData, Node(N));
          else
            G.insert(Node(N), External);
        }
  for (LocalNode N : I.T->Results)
    if (N != None)
      G.addEdge(Node(N), Given);
  if (I.T->VarArgs != None)
    Mem.forWrite(O.locate(I.Objects[I.T->VarArgs], 0, 8), 0, 0, [&](NodeId N) { G.insert(N, External); });
}

/// What runs or is seen without the program's doing: exported symbols, constructors, what attributes, module-level assembly and the
/// linker's command line name, and tables that the linker puts together (their readers start from a symbol that is declared here).
void Solver::findRoots() {
  auto InTable = [&](const GlobalValue &V) {
    StringRef Section = V.hasSection() ? V.getSection() : StringRef();
    if (Section.empty() || Section == "llvm.metadata")
      return false;
    for (const char *Prefix : {"__start_", "__stop_"})
      if (M.getNamedValue((Prefix + Section).str()))
        return true;
    for (const char *Prefix : {".init_array", ".fini_array", ".preinit_array", ".ctors", ".dtors", ".init", ".fini"})
      if (Section.starts_with(Prefix))
        return true;
    return false;
  };
  // A program's own symbols are known outside to plug-ins at most, which call functions and use variables by name. Those who
  // link a library also hand addresses of its symbols back to it, as callbacks.
  const Function *Main = M.getFunction("main");
  const NodeId Outside = Main && !Main->isDeclarationForLinker() ? Escaped : Given;
  auto Escape = [&](const GlobalValue &V) {
    const GlobalObject *Base = V.getAliaseeObject();
    if (Base && !Base->isDeclarationForLinker() && !isa<GlobalIFunc>(Base)) {
      G.insert(Outside, O.locate(object(*Base), 0));
      Log.Roots.push_back(Base);
    }
  };
  for (const GlobalValue &V : M.global_values()) {
    StringRef Name = V.getName();
    if (Name == "llvm.global_ctors" || Name == "llvm.global_dtors" || Name == "llvm.used" || Name == "llvm.compiler.used") {
      const auto &List = cast<GlobalVariable>(V);
      if (List.hasInitializer())
        forAddresses(List.getInitializer(), M.getDataLayout(), [&](const ConstantAddress &A) {
          if (A.Global)
            Escape(*A.Global);
        });
      continue;
    }
    if (Name.starts_with("llvm.") || (V.isDeclarationForLinker() && !isa<GlobalIFunc>(V)))
      continue;
    if (!V.hasLocalLinkage() || InTable(V) || Linked.mentions(Name)) {
      Escape(V);
      if (isa<GlobalIFunc>(V))
        addressOf(V, 0, true);
    }
  }
}

/// Works off what was only noted: initialisers and instances, which lead to one another.
void Solver::drain() {
  while (!NotInitialised.empty() || !NotPopulated.empty()) {
    if (!NotInitialised.empty()) {
      const GlobalVariable *V = NotInitialised.back();
      NotInitialised.pop_back();
      initialise(*V);
      continue;
    }
    uint32_t I = NotPopulated.back();
    NotPopulated.pop_back();
    populate(I);
  }
}

bool Solver::run() {
  findRoots();
  drain();
  return G.run(*this);
}

bool Solver::goOn() {
  if (G.nodes() > Limit.Nodes)
    GaveUp = "the limit on graph nodes was hit";
  else if (SparseSet::peakBytes() > Limit.SetBytes)
    GaveUp = "the limit on memory for points-to sets was hit";
  else if (Steps + G.work() / 8 > Limit.Steps)
    GaveUp = "the limit on steps was hit";
  return !GaveUp;
}

DenseMap<const CallBase *, Solver::Answer> Solver::answers() const {
  DenseMap<const CallBase *, Answer> Map;
  for (const CallInstance &C : CallInstances) {
    if (!C.Site || !C.Indirect)
      continue;
    Answer &A = Map[C.Site];
    for (const Function *F : C.Connected)
      A.Functions.insert(F);
    A.External |= C.Outside;
  }
  return Map;
}

SmallVector<const Function *, 0> Solver::givenFunctions() const {
  SmallVector<const Function *, 0> List;
  for (ObjectId Id = 0; Id != O.size(); ++Id)
    if (O[Id].Given && O[Id].Kind == ObjectKind::Function)
      List.push_back(cast<Function>(O[Id].Site));
  return List;
}

std::vector<Solver::Target> Solver::calls() const {
  std::vector<Target> All;
  for (const CallInstance &C : CallInstances)
    All.push_back({C.Site, C.Indirect ? C.Callee : None, C.Arguments, C.Results});
  return All;
}

Solver::Interface Solver::interface(const Function &F) const {
  Interface Found;
  auto It = Shared.find(&F);
  if (It == Shared.end())
    return Found;
  const Instance &I = Instances[It->second];
  auto Nodes = [&](const Lanes &L) {
    NodeList List;
    for (LocalNode N : L)
      List.push_back(N == None ? None : N >= SharedNode ? N - SharedNode : I.Base + N);
    return List;
  };
  Found.Exists = true;
  for (const Lanes &L : I.T->Parameters)
    Found.Parameters.push_back(Nodes(L));
  Found.Results = Nodes(I.T->Results);
  if (I.T->VarArgs != None)
    Found.VarArgs = I.Objects[I.T->VarArgs];
  return Found;
}

Solver::Counts Solver::counts() const {
  uint64_t Bytes = SparseSet::peakBytes() + G.bytes() + O.bytes() + Mem.bytes() + UsesOf.capacity() * sizeof(void *);
  for (const auto &U : UsesOf)
    if (U)
      Bytes += sizeof(Uses) + U->Moves.capacity() * sizeof(MoveUse) + U->Loads.capacity() * sizeof(LoadUse) +
               U->Stores.capacity() * sizeof(StoreUse) + U->Copies.capacity() * sizeof(CopyUse);
  for (const auto &[F, T] : Templates)
    Bytes += sizeof(Template) + T->Copies.capacity() * sizeof(Copy) + T->Loads.capacity() * sizeof(Load) +
             T->Stores.capacity() * sizeof(Store) + T->Arithmetics.capacity() * sizeof(Arithmetic) +
             T->Calls.capacity() * sizeof(Call);
  Bytes += Log.bytes() + Instances.size() * sizeof(Instance) + CallInstances.size() * sizeof(CallInstance);
  return {G.nodes(), G.edges(), O.size(), Mem.cells(), Instances.size(), Clones, G.merges(), G.rounds(), Steps,
          Uncloned, Widened + Mem.widened(), Bytes};
}

} // namespace capriccio::pointsto

