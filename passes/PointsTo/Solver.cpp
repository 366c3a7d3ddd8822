// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Start and end of the solution: the module's globals, what the outside world sees of them from the beginning, the run, and
// the answers.
#include "Solver.h"
#include "Values.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/IR/GlobalAlias.h"
#include "llvm/IR/GlobalIFunc.h"
#include <set>
#include <map>
#include "llvm/Support/raw_ostream.h"

using namespace llvm;

namespace capriccio::pointsto {

Solver::Solver(const Module &M, const Limits &L) : M(M), Limit(L), Wrappers(M), Mem(G, O, Types) {
  SparseSet::resetPeak();
  G.add(Channels);
  Mem.start(Escaped, Given);
  G.insert(Unknown, External);
  G.addEdge(Given, Escaped);
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
  O[Id].ReadOnly = Variable.isConstant() && Variable.hasDefinitiveInitializer();
  NotInitialised.push_back(&Variable);
  return Id;
}

NodeId Solver::addressOf(const GlobalValue &V, int64_t Offset, bool Exact) {
  if (const auto *Choice = dyn_cast<GlobalIFunc>(&V)) {
    auto [It, New] = ResolverNodes.try_emplace(&V, None);
    if (New) {
      NodeId N = It->second = G.add();
      G.insert(N, External);
      if (const Function *Resolver = Choice->getResolverFunction(); Resolver && !Resolver->isDeclarationForLinker()) {
        const Instance &I = Instances[instance(*Resolver)];
        for (LocalNode R : I.T->Results)
          if (R != None)
            G.addEdge(R >= SharedNode ? R - SharedNode : I.Base + R, N);
      }
      return N;
    }
    return It->second;
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
  bool Constant = O[Id].ReadOnly;
  O[Id].ReadOnly = false; // for the moment that it takes to write it
  forAddresses(V.getInitializer(), M.getDataLayout(), [&](const ConstantAddress &A) {
    NodeId From = A.Global ? addressOf(*A.Global, A.Offset, A.Exact) : NodeId(Unknown);
    LocationId At = Fold && Fold % 8 == 0 ? O.locate(Id, A.At % Fold, Fold) : O.locate(Id, A.At, Fold ? 1 : 0);
    Mem.forWrite(At, 0, 0, [&](NodeId N) { G.addEdge(From, N); });
  });
  O[Id].ReadOnly = Constant;
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
        if (N != None)
          G.insert(Node(N), External);
  for (LocalNode N : I.T->Results)
    if (N != None)
      G.addEdge(Node(N), Given);
  if (I.T->VarArgs != None)
    Mem.forWrite(O.locate(I.Objects[I.T->VarArgs], 0, 8), 0, 0, [&](NodeId N) { G.insert(N, External); });
}

/// What runs or is seen without the program's doing: exported symbols, constructors, what attributes and module-level assembly
/// name, and tables that the linker puts together (their readers start from a symbol that is declared here).
void Solver::findRoots() {
  StringRef Assembly = M.getModuleInlineAsm();
  auto NamedInAssembly = [&](StringRef Name) {
    if (Assembly.empty() || Name.empty())
      return false;
    for (size_t At = Assembly.find(Name); At != StringRef::npos; At = Assembly.find(Name, At + 1)) {
      auto Part = [](char C) { return isAlnum(C) || C == '_' || C == '$' || C == '.'; };
      size_t End = At + Name.size();
      if ((At == 0 || !Part(Assembly[At - 1])) && (End == Assembly.size() || !Part(Assembly[End])))
        return true;
    }
    return false;
  };
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
  auto Escape = [&](const GlobalValue &V) {
    const GlobalObject *Base = V.getAliaseeObject();
    if (Base && !Base->isDeclarationForLinker() && !isa<GlobalIFunc>(Base))
      G.insert(Given, O.locate(object(*Base), 0));
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
    if (!V.hasLocalLinkage() || InTable(V) || NamedInAssembly(Name)) {
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
  else if (Steps > (getenv("PT_STEPS") ? strtoull(getenv("PT_STEPS"), 0, 10) : Limit.Steps) || G.edges() > (getenv("PT_EDGES") ? strtoull(getenv("PT_EDGES"), 0, 10) : ~0ull))
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
  G.set(Given).each([&](LocationId L) {
    if (const Function *F = O.functionAt(L))
      List.push_back(F);
  });
  return List;
}

std::string Solver::nameOf(NodeId Rep) const {
  std::string R;
  unsigned K = 0;
  for (const Instance &I : Instances) for (NodeId N = I.Base; N != I.Base + I.T->Nodes; ++N) if (G.find(N) == Rep && ++K < 5) {
    R += " " + I.T->F->getName().str() + "#" + std::to_string(N - I.Base);
    for (auto &L : I.T->Loads) if (L.To == N - I.Base) R += "=load(" + std::to_string(L.Pointer) + "+" + std::to_string(L.Offset) + ")";
    for (auto &L : I.T->Arithmetics) if (L.To == N - I.Base) R += "=arith(" + std::to_string(L.From) + "+" + std::to_string(L.Offset) + "*" + std::to_string(L.Stride) + ")";
    for (auto &L : I.T->Copies) if (L.To == N - I.Base) R += "=copy(" + std::to_string(L.From) + ")";
    for (unsigned P = 0; P < I.T->Parameters.size(); ++P) for (auto X : I.T->Parameters[P]) if (X == N - I.Base) R += "=param" + std::to_string(P);
  }
  R += Mem.nameOf(Rep);
  return R;
}
void Solver::dbg() const {
  std::vector<std::pair<size_t, ObjectId>> V;
  std::vector<unsigned> C(O.size());
  for (LocationId L = 0; L != O.places(); ++L) ++C[O.place(L).Object];
  for (ObjectId I = 0; I != O.size(); ++I) V.push_back({Mem.cellsOf(I) * 1000 + C[I], I});
  llvm::sort(V); 
  for (size_t K = 0; K < (getenv("PT_CELLS") ? 60 : 12) && K < V.size(); ++K) { auto [N, I] = V[V.size() - 1 - K];
    errs() << "obj #" << I << " cells " << N / 1000 << " locs " << C[I] << " kind " << int(O[I].Kind) << " size " << int64_t(O[I].Size) << " escaped " << O[I].Escaped << " "; if (O[I].Site) { if (isa<GlobalValue>(O[I].Site)) errs() << O[I].Site->getName(); else O[I].Site->print(errs()); } errs() << '\n'; Mem.dump(I); }
  std::vector<std::pair<size_t, NodeId>> S;
  for (NodeId N = 0; N != G.nodes(); ++N) if (G.find(N) == N) S.push_back({G.set(N).size(), N});
  llvm::sort(S); size_t Tot = 0; for (auto &P : S) Tot += P.first;
  if (const char *W = getenv("PT_WHY")) {
    unsigned Ob, Of, St, Tg; sscanf(W, "%u,%u,%u,%u", &Ob, &Of, &St, &Tg);
    NodeId T = Mem.writtenNode(Ob, Of, St);
    std::vector<NodeId> Work{G.find(T)}; std::set<NodeId> Seen;
    for (unsigned Depth = 0; Depth < 8 && !Work.empty(); ++Depth) {
      std::vector<NodeId> Next;
      for (NodeId N : Work) { if (!Seen.insert(N).second) continue;
        errs() << "WHY depth " << Depth << " node " << N << nameOf(N) << '\n';
        for (NodeId P = 0; P != G.nodes(); ++P) if (G.find(P) == P && G.hasEdge(P, N)) { bool Has = false; G.set(P).each([&](LocationId L) { if (O.place(L).Object == Tg) Has = true; }); if (Has && Next.size() < 12) Next.push_back(P); }
      }
      Work = Next;
    }
  }
  { std::map<const Function *, unsigned> N; for (auto &I : Instances) ++N[I.T->F];
    std::vector<std::pair<unsigned, const Function *>> V; for (auto &P : N) V.push_back({P.second, P.first}); llvm::sort(V);
    errs() << "CLONES wrappers " << Wrappers.size(); for (size_t K = 0; K < 40 && K < V.size(); ++K) errs() << " " << V[V.size() - 1 - K].second->getName() << "=" << V[V.size() - 1 - K].first; errs() << "\n"; }
  if (getenv("PT_BIG")) {
    std::map<ObjectId, std::string> By;
    G.set(S.back().second).each([&](LocationId L) { auto &P = O.place(L); By[P.Object] += " " + std::to_string(P.Offset) + (P.Stride ? "*" + std::to_string(P.Stride) : ""); });
    for (auto &[Ob, St] : By) { errs() << "BIG " << Ob << " k" << int(O[Ob].Kind) << " sz" << int64_t(O[Ob].Size) << " "; if (O[Ob].Site) { if (isa<GlobalValue>(O[Ob].Site)) errs() << O[Ob].Site->getName(); else O[Ob].Site->print(errs()); } errs() << ":" << St << '\n'; }
    errs() << "BIGNODE " << nameOf(S.back().second) << '\n';
  }
  errs() << "total set members " << Tot << " largest " << S.back().first << " escaped " << G.set(Escaped).size() << '\n';
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
  Bytes += Instances.size() * sizeof(Instance) + CallInstances.size() * sizeof(CallInstance);
  return {G.nodes(), G.edges(), O.size(), Mem.cells(), Instances.size(), Clones, G.merges(), G.rounds(), Steps, Bytes};
}

} // namespace capriccio::pointsto
