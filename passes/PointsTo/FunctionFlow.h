// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A second look at functions alone. The solver gives up telling apart what pointers to data point to where too much meets, and
// then every function that lies in such memory may come out of every load. Here data pointers are what the solver found, and
// only functions travel: through copies and calls as the solver recorded them; through objects that are told apart, by object and
// offset; and through all other memory, the common one, by the member of the structure that is accessed. A call connects
// only what was found here.
//
// A function is certain at a node if each step of its way was followed exactly. It is possible where a step is by C's rules alone
// (another structure that begins alike, a pointer to a member, a member of a union): then it is meant only where its
// type is that of the call. It is under way where it was read from typed memory without a type: bytes keep their type as
// they are copied on, and common memory has them under that type already.
#ifndef CAPRICCIO_POINTSTO_FUNCTIONFLOW_H
#define CAPRICCIO_POINTSTO_FUNCTIONFLOW_H

#include "Solver.h"
#include "llvm/ADT/DenseSet.h"

namespace capriccio::pointsto {

class FunctionFlow {
public:
  /// `S` has run to its end.
  explicit FunctionFlow(Solver &S);
  void run();

  /// What a call may reach: functions that are certain, and others that are if their type is that of the call; also declared ones.
  struct Answer {
    llvm::SmallPtrSet<const llvm::Function *, 4> Certain, Possible;
    bool Outside = false; // the pointer may come from outside: all that was handed out is possible, too
    bool Exported = false; // it may be what dlsym found: all that the program exports is possible, too
  };
  llvm::DenseMap<const llvm::CallBase *, Answer> answers() const;
  /// Functions that outside was handed, or found in what it was handed.
  const llvm::DenseSet<const llvm::Function *> &handedOut() const { return HandedOut; }
  /// Functions that outside knows by name.
  const llvm::DenseSet<const llvm::Function *> &exported() const { return ExportedFunctions; }
  uint64_t bytes() const;

private:
  enum Kind : uint32_t {
    Plain,    // as it is
    Data,     // into one for numbers or pointers to data: no function gets there but by an explicit conversion, hence only certain ones
    Doubt,    // all that comes is possible at best
    Depart,   // out of typed memory without a type: all is under way
    Once,     // the same, but what was under way already does not come
    NotUnder, // into common memory without a type: what is under way is there already
  };
  struct Edge {
    NodeId To;
    Kind K;
  };
  // A member is the number of a function, plus nothing, Classes or twice Classes: certain, possible, under way. Number 0 is what
  // comes from outside, number 1 what dlsym finds in the program: that is called like the former, and stands for many.
  struct Node {
    SparseSet Set, News;
    llvm::SmallVector<Edge, 1> Out;
  };
  Solver &S;
  AccessTypes &Types;
  const Objects &O;
  const Record &R;
  uint32_t Classes = 64;
  std::vector<const llvm::Function *> Functions = {nullptr, nullptr}; // by number
  llvm::DenseMap<const llvm::Function *, uint32_t> Numbers;
  std::vector<Node> Nodes; // the solver's, then those of memory
  std::vector<NodeId> Waiting;

  // Calls (FunctionFlow.cpp).
  std::vector<Solver::Target> Calls;
  llvm::DenseMap<NodeId, llvm::SmallVector<uint32_t, 1>> CallsAt; // by the node of the callee
  llvm::DenseMap<std::pair<uint32_t, const llvm::Function *>, Record::Condition> ConditionOf;
  struct Conditional {
    std::vector<uint32_t> Flows, Passed, FromOutside; // indices in the record
  };
  llvm::DenseMap<Record::Condition, Conditional> Pending;
  llvm::DenseSet<std::pair<uint32_t, const llvm::Function *>> Reached;
  llvm::DenseSet<const llvm::Function *> HandedOut, Entered, ExportedFunctions;
  llvm::DenseSet<NodeId> PassedNodes;
  llvm::DenseSet<ObjectId> PassedObjects;
  NodeId Handed = None; // what outside was handed

  NodeId add() {
    Nodes.emplace_back();
    return Nodes.size() - 1;
  }
  void insert(NodeId N, uint32_t Member);
  void edge(NodeId From, NodeId To, Kind K);
  void pour(const SparseSet &What, NodeId To, Kind K);
  void visit(NodeId N);
  void reach(uint32_t Call, const llvm::Function *F, bool Certain);
  void hold(Record::Condition C);
  void connect(uint32_t Call, const llvm::Function &F);
  void pass(NodeId Argument);
  void passObject(ObjectId Object);
  void enter(const llvm::Function &F);

  // Memory (FunctionMemory.cpp).
  struct Cell { // of one object, or of common memory (Foreign); written, or read, as one type
    ObjectId Object;
    int32_t Offset;  // bytes
    uint32_t Stride; // bytes
    AccessType Type;
    NodeId N;
    bool Initial = false; // by an initialiser: the type is a guess from the declaration
  };
  struct Store {
    NodeId Pointer; // the solver's
    int64_t Offset; // bytes
    AccessType Type;
  };
  using CellKey = std::pair<uint64_t, uint64_t>;
  std::vector<Cell> Written, Read;
  llvm::DenseMap<CellKey, uint32_t> WrittenAt, ReadAt;
  std::vector<Store> Stores;
  static constexpr uint32_t IsStore = 1u << 31;
  llvm::DenseMap<NodeId, uint32_t> Untold; // nodes that nothing has come to yet: index in Written, or in Stores and IsStore
  std::vector<llvm::SmallVector<uint32_t, 0>> ReadOf, WrittenOf; // by object
  std::vector<llvm::SmallVector<std::pair<uint32_t, LocationId>, 0>> CopiesOf; // by object that is copied from: index in R.Copies
  std::vector<bool> CopiedTo;                                    // by object: common memory is copied there
  std::vector<std::vector<uint32_t>> SharedReads;                // by type: cells of objects that may be common memory too

  void startMemory();
  void startLoads();
  void startStores();
  void startCopies();
  void initialise(ObjectId Object);
  bool seesCommon(ObjectId Object) const { return O.isShared(Object) || CopiedTo[Object]; }
  NodeId read(ObjectId Object, int32_t Offset, uint32_t Stride, AccessType Type);
  NodeId written(ObjectId Object, int32_t Offset, uint32_t Stride, AccessType Type);
  NodeId common(AccessType Type) { return written(pointsto::Foreign, 0, 8, Type); }
  void expand(NodeId N, uint32_t What);
  void link(const Cell &W, const Cell &To);
  void expandCommon(const Cell &W);
  void expandObject(const Cell &W);
  void copyCell(const Cell &W, const Record::MemoryCopy &C, LocationId Start);
  void writeAnywhere(ObjectId Object, uint32_t Member);
};

/// True if C lets `Site` call `F`: types that are compatible in C are one type here, and a call without a prototype is one without
/// named parameters, of which none says anything.
bool sameType(const llvm::Function &F, const llvm::CallBase &Site);

} // namespace capriccio::pointsto

#endif
