// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What one function says about pointers, once and for all: its constraints over nodes of its own, numbered from 0. The solver
// instantiates such a template when the function turns out to be reachable, and once more for each call chain that it
// tells apart. Nodes that all instances share (addresses of globals, the channels of Channel) carry a mark.
#ifndef CAPRICCIO_POINTSTO_CONSTRAINTS_H
#define CAPRICCIO_POINTSTO_CONSTRAINTS_H

#include "AccessTypes.h"
#include "Objects.h"
#include "llvm/IR/InstrTypes.h"

namespace capriccio::pointsto {

/// A node of a template: its own when below SharedNode, else SharedNode plus a node of the graph. None: carries no pointer.
using LocalNode = uint32_t;
inline constexpr LocalNode SharedNode = 1u << 31;

/// A value is as many nodes as it has 8-byte lanes; no node for what is too narrow for a pointer.
using Lanes = llvm::SmallVector<LocalNode, 1>;

/// Nodes that exist once: values that travel outside of the program's own variables.
enum Channel : NodeId {
  Escaped,     // all that External can get to know; what it points to has escaped
  Given,       // what External was given: that it may store, and hand out again
  Unknown,     // holds External, nothing else
  Narrow,      // pointers cut into pieces of less than 8 bytes
  Descriptors, // bytes written to and read from file descriptors, and in mapped files: threads send each other pointers through pipes
  Epoll,       // epoll_event.data
  Values,      // of signals: sigval
  Joined,      // results of threads
  Specific,    // values of pthread keys
  Signals,     // handlers
  Tokens,      // what strtok keeps between calls
  Exported,    // what dlsym finds in the program; empty here, since FunctionFlow alone asks for functions by name
  LibraryData, // holds the address of Library, the object
  Channels
};

/// What the kernel keeps for the program. Other programs may have put it there too, and code outside and in inline assembly (the runtime's
/// system calls) may fetch it.
inline constexpr Channel Kept[] = {Descriptors, Epoll, Values};
inline bool isKept(Channel C) { return llvm::is_contained(Kept, C); }

struct Copy {
  LocalNode To, From;
};
struct Arithmetic {
  LocalNode To, From;
  int64_t Offset;  // bytes
  uint64_t Stride; // bytes; any multiple of it is added too; 0: none
  bool Forward;    // no negative multiple
};
struct Load {
  LocalNode To, Pointer;
  int64_t Offset; // bytes
  AccessType Type = 0;
};
struct Store {
  LocalNode Pointer, From;
  int64_t Offset; // bytes
  AccessType Type = 0;
};
struct AddressOf { // of an object that each instance has for itself
  LocalNode To;
  uint32_t Object; // index into Template::Objects
};
struct MemoryCopy {
  LocalNode To, From;
  uint64_t Size;   // bytes; UnknownSize: unknown
};
struct Call {
  const llvm::CallBase *Site;
  const llvm::Function *Direct = nullptr; // null: through Callee
  LocalNode Callee = None;
  llvm::SmallVector<Lanes, 4> Arguments;
  Lanes Results;
};
struct LocalObject {
  const llvm::Value *Site;
  uint64_t Size; // bytes
};

struct Template {
  const llvm::Function *F;
  uint32_t Nodes = 0;
  llvm::SmallVector<Lanes, 4> Parameters;
  Lanes Results;
  LocalNode VarArgs = None; // holds the address of what va_arg reads, for variadic functions
  std::vector<LocalObject> Objects;
  std::vector<AddressOf> Addresses;
  std::vector<Copy> Copies;
  std::vector<Arithmetic> Arithmetics;
  std::vector<Load> Loads;
  std::vector<Store> Stores;
  std::vector<MemoryCopy> MemoryCopies;
  std::vector<Call> Calls;
};

} // namespace capriccio::pointsto

#endif
