// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What objects hold. An object's bytes are cut into cells of 8, each with a node for what is written there and one for what
// is read there; so a pointer that lies across two cells is in both. A row of cells, `Offset + k * Stride`, is a cell of its
// own: what was written through a row is read through every cell that it overlaps, and nothing else is mixed up. So one
// access with an unknown index does not spoil what is known of accesses with constant ones.
#ifndef CAPRICCIO_POINTSTO_MEMORY_H
#define CAPRICCIO_POINTSTO_MEMORY_H

#include "AccessTypes.h"
#include "Graph.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace capriccio::pointsto {

/// True if two rows of cells share one. Rows have no end here: what lies behind the object's end is never touched.
bool overlap(int32_t A, uint32_t StrideA, int32_t B, uint32_t StrideB);

class Memory {
public:
  Memory(Graph &G, Objects &O, const AccessTypes &Types) : G(G), O(O), Types(Types) {}
  /// Once the channels exist. `Escaped`, `Given`: as in Constraints.h.
  void start(NodeId Escaped, NodeId Given);

  /// Calls `Do` with each node that an 8-byte read at `Offset` bytes behind location `L`, as `Type`, may see.
  void forRead(LocationId L, int64_t Offset, AccessType Type, llvm::function_ref<void(NodeId)> Do);
  /// The same for writes. None for constants.
  void forWrite(LocationId L, int64_t Offset, AccessType Type, llvm::function_ref<void(NodeId)> Do);

  /// All that External can do to an object that it finds: read every pointer in it, write pointers of its own.
  void escape(ObjectId Object);
  /// External may hand out this object again, at any place in it: what is read and written through foreign pointers may lie there.
  void give(ObjectId Object);

  /// `Size` bytes (UnknownSize: all that there are) at `From` are copied into `Buffer`, which starts with them.
  void copyIn(LocationId From, uint64_t Size, ObjectId Buffer);
  /// All of `Buffer` is copied to `To`.
  void copyOut(ObjectId Buffer, LocationId To);

  /// Calls `Do` with offset and stride of each cell of 8 bytes that an access `Offset` bytes behind `L` touches.
  void forCells(LocationId L, int64_t Offset, llvm::function_ref<void(int32_t, uint32_t)> Do) const;
  /// Calls `Do` with the node of each cell that is written, of one object.
  void forWritten(ObjectId Object, llvm::function_ref<void(NodeId)> Do) const {
    if (Object < All.size())
      for (const Cell &C : All[Object].Cells)
        if (C.Written != None)
          Do(C.Written);
  }

  /// Objects that were given because they got so much from outside.
  uint64_t widened() const { return Widened; }
  size_t cells() const { return Cells; }
  uint64_t bytes() const;

private:
  struct Cell {
    int32_t Offset; // multiple of 8, never negative
    uint32_t Stride; // multiple of 8; 0: one cell
    AccessType Type;
    NodeId Written = None, Read = None;
  };
  struct Copy {
    ObjectId To;
    int32_t From, At; // bytes: where the copied piece starts in this object, and in the other
    uint32_t Step;    // bytes: both starts may be any multiple apart; 0: exact
    uint64_t Size;
    bool Out;         // from a buffer: At is a place to add to, and Step strides the destination
    uint32_t Done = 0; // cells copied
  };
  struct Contents {
    std::vector<Cell> Cells;
    std::vector<Copy> Copies; // of what is written here, to elsewhere
  };
  Graph &G;
  Objects &O;
  const AccessTypes &Types;
  NodeId Escaped = None, Given = None;
  std::vector<Contents> All; // by object
  llvm::DenseMap<std::pair<uint64_t, uint64_t>, uint32_t> Index; // object and offset, stride and type: position in Cells
  llvm::DenseSet<std::pair<uint64_t, std::pair<uint64_t, uint64_t>>> Known; // copies
  llvm::DenseMap<uint64_t, unsigned> Starts; // copies by source and target
  struct Task {
    ObjectId Object;
    uint32_t Cell, Copy;
  };
  std::vector<Task> Tasks; // cells to be copied: kept in a list, since copies lead to copies
  size_t Cells = 0;
  uint64_t Widened = 0;

  Contents &contents(ObjectId Object) {
    if (All.size() <= Object)
      All.resize(O.size());
    return All[Object];
  }
  uint32_t cell(ObjectId Object, Cell &C);
  NodeId readNode(ObjectId Object, Cell C);
  NodeId writeNode(ObjectId Object, Cell C);
  bool meet(const Cell &Written, const Cell &Read) const;
  void addCopy(ObjectId From, const Copy &C);
  void copyCell(const Cell &Source, const Copy &C);
  void settle();
};

} // namespace capriccio::pointsto

#endif
