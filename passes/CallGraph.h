// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The weighted call graph: a node for each function that the module defines, an edge for each call instruction. Edges to
// code outside the module end in no node; their cost is known from Externals. Placement works on this graph alone.
#ifndef CAPRICCIO_CALLGRAPH_H
#define CAPRICCIO_CALLGRAPH_H

#include "Externals.h"
#include "FrameSizes.h"
#include "IndirectTargets.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/IR/InstrTypes.h"
#include <vector>

namespace capriccio {

enum class EdgeKind : uint8_t {
  Direct,          // to a node; Placement decides between in place and checkpoint
  Checkpoint,      // to a node, through its checkpoint stub
  Borrow,          // to a node, run on the big stack without a check
  ExternalBorrow,  // to External, on the big stack
  ExternalInPlace, // to External, `Bytes` known
  Indirect,        // through __capr_icall: an entry stub with its own check, or the big stack
  OtherModule,     // the same, to a function called by its name that another module of ours may define
};

/// A decision's name, in prints and in the report.
const char *kindName(EdgeKind Kind);

struct CallEdge {
  llvm::CallBase *Site = nullptr;
  unsigned Callee = ~0u;    // node, for Direct and Checkpoint
  EdgeKind Kind = EdgeKind::Direct;
  uint64_t Bytes = 0;       // below the return address, for edges that end in no node
  uint64_t ArgBytes = 0;    // arguments on the stack
  bool Back = false;        // closes a cycle in the depth-first search
  bool Cold = false;        // by a profile never made (ProfileUse.h)
  double Often = 1;         // expected executions for each call of the caller, where that is Pointed
  const char *Why = "";     // for the report
};

struct Node {
  llvm::Function *F = nullptr;
  uint64_t Frame = 0;        // bytes below the return address, measured
  uint64_t AsmBytes = 0;     // pushed by inline assembly, beyond the frame
  bool MayBlock = true;      // MayBlock.cpp; until then, and with one kind of stack, true
  bool Apart = false;        // CAPR_CHECKPOINT: every call has a checkpoint, so that callers need not carry its depth
  bool Entered = false;      // its address is seen: function pointers, exports, constructors
  bool Pointed = false;      // the module itself has its address somewhere, so that calls through pointers may be many
  std::vector<CallEdge> Edges;
  llvm::StringMap<std::string> Through; // calls that code generation makes, and the stub of each
  // Placement's results.
  uint64_t Depth = 0;        // frame plus the deepest path that carries no checkpoint
  uint64_t Ask = 0;          // what its checks had better ask for by a profile, where that is more (ProfileUse.h)
  bool EntryChecked = false; // its entry checks, so that it is a stub
  llvm::Function *Entry = nullptr; // what its address is, once Lower has decided: itself, or a stub
  bool Recurses = false;     // it or what it calls in place has a checkpoint

  /// What its checks ask for.
  uint64_t request() const { return std::max(Depth, Ask); }
};

struct CallGraph {
  std::vector<Node> Nodes;
  llvm::DenseMap<const llvm::Function *, unsigned> Index;

  /// Reads the module. Calls that were rewritten to go through __capr_icall are the indirect ones. `EntryInPlace` bytes are what an
  /// indirect call needs at most below its return address. Without frames: for what asks who calls whom, before they are measured.
  CallGraph(llvm::Module &M, const Externals &X, uint64_t EntryInPlace);

  /// The same with weights; `Frames` holds every defined function's frame.
  CallGraph(llvm::Module &M, const FrameTable &Frames, const Externals &X,
            uint64_t EntryInPlace);

  void print(llvm::raw_ostream &OS) const;
};

/// Functions whose stack the pass cannot know although the module defines them (naked): treated as External.
bool isOpaque(const llvm::Function &F);

/// Bytes of arguments that a call passes on the stack, by the System V calling convention; exact for the types that C
/// makes, an upper bound for the rest.
uint64_t stackArgumentBytes(const llvm::CallBase &Site);
uint64_t stackArgumentBytes(const llvm::Function &F);

} // namespace capriccio

#endif
