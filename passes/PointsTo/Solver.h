// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The whole-program solution: instances of templates, connected by calls as targets become known, over one graph and one
// memory. A function is looked at when something that runs can call it; so what is never instantiated is proved dead. The
// one representation of the outside world is the location External and the node Escaped: an object that Escaped points to is
// read and written, a function called, by code that nobody has seen; a value that holds External may be any such object.
#ifndef CAPRICCIO_POINTSTO_SOLVER_H
#define CAPRICCIO_POINTSTO_SOLVER_H

#include "Cloning.h"
#include "ConstraintBuilder.h"
#include "LinkedNames.h"
#include "Memory.h"
#include "Models.h"
#include "Record.h"
#include "llvm/ADT/SetVector.h"
#include <deque>
#include <memory>

namespace capriccio::pointsto {

struct Limits {
  // Far beyond what programs of a million lines were seen to need; deterministic, so that two links agree.
  uint64_t Nodes = 60'000'000;
  uint64_t SetBytes = 3ull << 30;
  uint64_t Steps = 60'000'000; // looks at (location, constraint) pairs, and words of sets merged: 10 to 20 seconds
  uint32_t CloneDepth = 5;      // wrappers around wrappers
  uint32_t Clones = 3000;
};

class Solver : Graph::Listener, SharedAddresses {
public:
  Solver(const llvm::Module &M, const Limits &L);

  /// False when a limit was hit: then nothing may be concluded, and gaveUp() says why.
  bool run();
  const char *gaveUp() const { return GaveUp; }

  struct Answer {
    llvm::SmallSetVector<const llvm::Function *, 4> Functions; // also declared ones
    bool External = false;
  };
  /// By call site, for all sites that are reached.
  llvm::DenseMap<const llvm::CallBase *, Answer> answers() const;
  /// Functions that External may put where the program calls them.
  llvm::SmallVector<const llvm::Function *, 0> givenFunctions() const;

  struct Counts {
    uint64_t Nodes, Edges, Objects, Cells, Instances, Clones, Merges, Rounds, Steps, Uncloned, Widened, PeakBytes;
  };
  Counts counts() const;

  // What FunctionFlow reads.
  using NodeList = llvm::SmallVector<NodeId, 1>; // by lane; None where there is no pointer
  struct Target {
    const llvm::CallBase *Site; // null: a callback that a library function makes
    NodeId Callee;              // None: called by name
    llvm::ArrayRef<NodeList> Arguments;
    llvm::ArrayRef<NodeId> Results;
  };
  const Record &record() const { return Log; }
  const Graph &graph() const { return G; }
  const Objects &objects() const { return O; }
  const Memory &memory() const { return Mem; }
  AccessTypes &types() { return Types; }
  std::vector<Target> calls() const;
  /// The nodes that hold addresses of functions, and the objects of variables.
  template <typename Fn> void forFunctionAddresses(Fn Do) const {
    for (const auto &[Key, N] : AddressNodes)
      if (const auto *F = llvm::dyn_cast<llvm::Function>(Key.first))
        Do(*F, N);
    for (const auto &[Key, N] : LooseAddressNodes)
      if (const auto *F = llvm::dyn_cast<llvm::Function>(Key))
        Do(*F, N);
  }
  ObjectId objectOf(const llvm::GlobalValue &V) const { return ObjectOf.lookup_or(&V, None); }
  /// The instance that External calls; empty if there is none.
  struct Interface {
    llvm::SmallVector<NodeList, 8> Parameters;
    NodeList Results;
    ObjectId VarArgs = None;
    bool Exists = false;
  };
  Interface interface(const llvm::Function &F) const;

private:
  struct MoveUse {
    NodeId To;
    int64_t Offset;
    uint64_t Stride;
    bool Forward;
    std::unique_ptr<llvm::DenseMap<ObjectId, unsigned>> Made; // locations, by object
  };
  struct LoadUse {
    NodeId To;
    int64_t Offset;
    AccessType Type;
  };
  struct StoreUse {
    NodeId From;
    int64_t Offset;
    AccessType Type;
  };
  struct CopyUse {
    ObjectId Buffer;
    uint64_t Size;
    bool Out;
  };
  struct Uses {
    std::vector<MoveUse> Moves;
    std::vector<LoadUse> Loads;
    std::vector<StoreUse> Stores;
    std::vector<CopyUse> Copies;
    std::vector<uint32_t> Calls; // indices into CallInstances
  };
  struct Instance {
    const Template *T;
    NodeId Base;
    std::vector<ObjectId> Objects;
    uint32_t Parent = None; // the instance that this clone was made for
    uint32_t Depth = 0;     // clones above
    llvm::SmallVector<uint64_t, 4> Constants; // by parameter: what the clone's one caller passes, UnknownSize if no constant
  };
  struct CallInstance {
    const llvm::CallBase *Site; // null: a callback that a library function makes
    uint32_t Caller;            // instance
    bool Indirect;
    NodeId Callee = None; // of an indirect one
    bool Outside = false; // through a foreign pointer: arguments were given
    llvm::SmallVector<NodeList, 4> Arguments;
    NodeList Results;
    llvm::SmallPtrSet<const llvm::Function *, 4> Connected;
  };

  const llvm::Module &M;
  const Limits Limit;
  Cloning Wrappers;
  Objects O;
  AccessTypes Types;
  Graph G;
  Memory Mem;
  LinkedNames Linked;
  std::vector<std::unique_ptr<Uses>> UsesOf; // by node
  llvm::DenseMap<const llvm::Function *, std::unique_ptr<Template>> Templates;
  std::deque<Instance> Instances;
  llvm::DenseMap<const llvm::Function *, uint32_t> Shared; // the instance that is no clone
  std::deque<CallInstance> CallInstances;
  std::vector<uint32_t> NotPopulated; // instances
  std::vector<const llvm::GlobalVariable *> NotInitialised;
  llvm::DenseMap<const llvm::GlobalValue *, ObjectId> ObjectOf;
  llvm::DenseMap<std::pair<const llvm::GlobalValue *, int64_t>, NodeId> AddressNodes;
  llvm::DenseMap<const llvm::GlobalValue *, NodeId> LooseAddressNodes, ResolverNodes, LinkedNodes;
  ObjectId LibraryObject = None;
  uint64_t Steps = 0, Clones = 0, Uncloned = 0, Widened = 0;
  const char *GaveUp = nullptr;
  Record Log;
  Record::Condition If = 0; // of what is being added

  // Listener.
  void learnt(NodeId N, const SparseSet &News) override;
  void merged(NodeId Kept, NodeId Gone) override;
  void collapsed() override;
  bool goOn() override;
  bool listensTo(NodeId N) const override { return N == G.find(Escaped) || N == G.find(Given) || (N < UsesOf.size() && UsesOf[N]); }

  // Globals (Solver.cpp).
  bool holdsNothing(const llvm::GlobalVariable &V) const;
  ObjectId object(const llvm::GlobalValue &V);
  NodeId addressOf(const llvm::GlobalValue &V, int64_t Offset, bool Exact) override;
  void initialise(const llvm::GlobalVariable &V);
  void findRoots();
  void escape(ObjectId Object);
  void escapeFunction(const llvm::Function &F);
  void drain();

  // Constraints in the graph (Propagation.cpp).
  Uses &uses(NodeId N);
  void widen(NodeId N);
  void addFlow(NodeId From, NodeId To);
  void addMove(NodeId From, MoveUse U);
  void addLoad(NodeId Pointer, LoadUse U);
  void listen(NodeId Pointer, LoadUse U);
  void addStore(NodeId Pointer, StoreUse U);
  void addMemoryCopy(NodeId To, NodeId From, uint64_t Size);
  void addCopyUse(NodeId Pointer, CopyUse U);
  void apply(MoveUse &U, const SparseSet &News);
  void apply(const LoadUse &U, const SparseSet &News);
  void apply(const StoreUse &U, const SparseSet &News);
  void apply(const CopyUse &U, const SparseSet &News);
  void applyCall(uint32_t Call, const SparseSet &News);

  // Instances and calls (Instances.cpp).
  const Template &templateOf(const llvm::Function &F);
  uint32_t instance(const llvm::Function &F);
  uint32_t makeInstance(const llvm::Function &F, uint32_t Parent);
  uint64_t constantAt(const llvm::Value &V, uint32_t Instance) const;
  uint32_t instanceFor(const llvm::Function &F, const CallInstance &C);
  void populate(uint32_t I);
  void addCall(uint32_t I, const Call &C);
  void connect(uint32_t Call, const llvm::Function &F);
  void callOutside(uint32_t Call, bool Named);
  void returnFresh(const CallInstance &C, const llvm::Function &F, NodeId Returned);
  void watch(NodeId Callee, uint32_t Call);

  // Models (ModelConstraints.cpp).
  class ModelApplication;
  bool applyModel(uint32_t Call, const llvm::Function &F);
};

} // namespace capriccio::pointsto

#endif
