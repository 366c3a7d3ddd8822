// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What pointers point to: objects (a function, a global variable, a stack slot, one heap object per allocation and chain of
// wrappers) and locations in them. A location is an object and a byte offset, or a row of offsets `Offset + k * Stride` for
// k >= 0: that is what arrays, and pointers that walk, come to. Bytes and not fields, since optimised bitcode has no fields.
#ifndef CAPRICCIO_POINTSTO_OBJECTS_H
#define CAPRICCIO_POINTSTO_OBJECTS_H

#include "SparseSet.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/IR/Function.h"
#include "llvm/IR/GlobalVariable.h"
#include <cstdint>
#include <vector>

namespace capriccio::pointsto {

using NodeId = uint32_t;   // a node of the constraint graph: the value of a pointer, or the contents of a memory cell
using ObjectId = uint32_t; // an object
using LocationId = uint32_t;
inline constexpr uint32_t None = ~0u;
inline constexpr uint64_t UnknownSize = ~uint64_t(0);

/// Object 0: code and memory that the module does not know. Location 0 is a pointer into it, as it comes from outside: it may
/// also be one that the outside was given, so a set that has it need not have those: what escapes, in a program with plug-ins
/// most of its memory, is not enumerated at each pointer. What given objects hold is kept in object 0 too, by type of access.
inline constexpr ObjectId Foreign = 0;
inline constexpr LocationId External = 0;

enum class ObjectKind : uint8_t {
  External,
  Function,
  Global,
  Stack,
  Heap,
  Buffer,  // the bytes under way in one memcpy: no pointer to it exists
  Library, // what libc hands out and looks after: FILE, struct tm, strings, results of lookups
};

struct Object {
  ObjectKind Kind;
  bool Escaped = false;  // External may read and write it, or call it
  bool Given = false;    // External may hand it out again
  bool Constant = false; // as below, while its initialiser is written too
  bool ReadOnly = false; // a constant: holds what its initialiser says for ever
  uint64_t Size = UnknownSize; // bytes
  const llvm::Value *Site = nullptr; // Function, GlobalVariable, alloca or call
  // Location numbers are handed out in blocks of SparseSet, whose first stands for "anywhere in the object".
  LocationId Anywhere = None;
  LocationId NextLocation = 0, BlockEnd = 0;
  llvm::SmallVector<LocationId, 1> Blocks; // first locations; of a function its only one
  uint16_t Exact = 0, Odd = 0, Rows = 0; // locations handed out; odd ones are no multiples of 8
  uint32_t Strides[2] = {0, 0};     // bytes: of its rows
};

struct Location {
  ObjectId Object;
  int32_t Offset;  // bytes from the object's start; may lie outside, as intermediate results do
  uint32_t Stride; // bytes; 0: this offset alone
};

class Objects {
  std::vector<Object> All;
  std::vector<Location> Places;
  llvm::DenseMap<std::pair<uint64_t, uint32_t>, LocationId> Numbers;
  std::vector<uint64_t> GivenBits; // by location: External stands for it
  LocationId NextFunction = 0, FunctionEnd = 0; // functions have one location each, and share blocks

  LocationId block(ObjectId O);

public:
  Objects();
  ObjectId add(ObjectKind Kind, uint64_t Size, const llvm::Value *Site);

  Object &operator[](ObjectId O) { return All[O]; }
  /// What is read and written here is read and written in object 0.
  bool isShared(ObjectId O) const { return All[O].Given && !All[O].Constant; }
  const Object &operator[](ObjectId O) const { return All[O]; }
  size_t size() const { return All.size(); }

  /// The number of a location. Of one object only so many are told apart: then exact ones become "anywhere in the object", as
  /// does an offset of more than 32 bits, and rows begin at the object's start.
  LocationId locate(ObjectId O, int64_t Offset, uint64_t Stride = 0);
  bool isForeign(LocationId L) const { return Places[L].Object == Foreign; }
  const Location &place(LocationId L) const { return Places[L]; }
  /// The function that a location is in, or null.
  const llvm::Function *functionAt(LocationId L) const {
    const Object &O = All[Places[L].Object];
    return O.Kind == ObjectKind::Function ? llvm::cast<llvm::Function>(O.Site) : nullptr;
  }

  /// Pointer arithmetic: `Offset` bytes on, plus any multiple of `Stride` if that is not 0; `Forward`: no negative one. None for
  /// results that no correct program computes and keeps: behind the end of the object, or far before its start.
  LocationId advance(LocationId L, int64_t Offset, uint64_t Stride, bool Forward);

  /// From now on External stands for all locations of `O` too.
  void give(ObjectId O);
  const std::vector<uint64_t> &given() const { return GivenBits; }

  /// How many parts of an object are told apart: `Least` if its size says nothing.
  unsigned budget(ObjectId O, unsigned Least) const;

  /// Bytes held by the tables.
  uint64_t bytes() const;
};

} // namespace capriccio::pointsto

#endif
