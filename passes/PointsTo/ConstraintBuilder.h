// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From a function's instructions to its template of constraints. Instructions are in ConstraintBuilder.cpp, calls of
// intrinsics and inline assembly in IntrinsicConstraints.cpp; calls of functions become Call records, which the solver
// connects.
#ifndef CAPRICCIO_POINTSTO_CONSTRAINTBUILDER_H
#define CAPRICCIO_POINTSTO_CONSTRAINTBUILDER_H

#include "Constraints.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/IntrinsicInst.h"

namespace capriccio::pointsto {

/// Gives the nodes that all templates share.
class SharedAddresses {
public:
  virtual ~SharedAddresses() = default;
  /// The node that holds this address (function, variable or ifunc): offset in bytes, or anywhere in it.
  virtual NodeId addressOf(const llvm::GlobalValue &G, int64_t Offset, bool Exact) = 0;
};

class ConstraintBuilder {
public:
  ConstraintBuilder(const llvm::Function &F, SharedAddresses &Shared, AccessTypes &Types);
  Template build();

private:
  const llvm::Function &F;
  const llvm::DataLayout &DL;
  SharedAddresses &Shared;
  AccessTypes &Types;
  Template T;
  llvm::DenseMap<const llvm::Value *, std::pair<LocalNode, unsigned>> Numbers;
  llvm::DenseSet<const llvm::Value *> NarrowCopies; // values of less than 8 bytes that may be a piece of a pointer

  static LocalNode channel(Channel C) { return SharedNode + C; }
  LocalNode fresh() { return T.Nodes++; }

  // Values.
  unsigned count(const llvm::Value &V) const;
  Lanes lanes(const llvm::Value &V);
  Lanes constantLanes(const llvm::Constant &C);
  LocalNode lane(const llvm::Value &V) { // of a pointer or integer
    Lanes L = lanes(V);
    return L.empty() ? None : L[0];
  }
  struct Place {
    LocalNode Pointer;
    int64_t Offset; // bytes
  };
  Place place(const llvm::Value &Pointer);
  void findNarrowCopies();

  // Constraints; a None on either side makes them void.
  void copy(LocalNode To, LocalNode From);
  void arithmetic(LocalNode To, LocalNode From, int64_t Offset, uint64_t Stride, bool Forward = false);
  void anywhere(const Lanes &To, const llvm::Value &From); // every lane may be derived from every lane
  void copyLanes(const llvm::Value &To, const llvm::Value &From);
  void load(LocalNode To, Place P, AccessType Type = 0) { T.Loads.push_back({To, P.Pointer, P.Offset, Type}); }
  void store(Place P, LocalNode From, AccessType Type = 0) { T.Stores.push_back({P.Pointer, From, P.Offset, Type}); }
  void loadLanes(const llvm::Instruction &To, const llvm::Value &Pointer);
  void storeLanes(const llvm::Instruction &I, const llvm::Value &Pointer, const llvm::Value &From);
  void memoryCopy(const llvm::Value &To, const llvm::Value &From, const llvm::Value *Size);
  void escape(const llvm::Value &V);
  void unknown(const llvm::Value &V);
  void whatever(const llvm::Value &V); // also as a number in floating point

  // Instructions.
  void visit(const llvm::Instruction &I);
  void visitElementPointer(const llvm::GetElementPtrInst &I);
  void visitBinary(const llvm::BinaryOperator &I);
  void visitCast(const llvm::CastInst &I);
  void visitAggregate(const llvm::Instruction &I);
  void visitVector(const llvm::Instruction &I);
  void visitCall(const llvm::CallBase &I);
  Lanes copyForCallee(const llvm::CallBase &I, unsigned Argument);
  void visitIntrinsic(const llvm::IntrinsicInst &I);
  void visitAssembly(const llvm::CallBase &I);
  void visitEmptyAssembly(const llvm::CallBase &I);
  void visitVarArgs(const llvm::Value &List);
};

} // namespace capriccio::pointsto

#endif
