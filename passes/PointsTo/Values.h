// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How values are cut into lanes of 8 bytes, and which constants hold which addresses. A pointer may travel as an integer, a
// double (C unions are copied as whatever LLVM likes), part of a vector or of a structure; so every value of 8 bytes and
// more has lanes.
#ifndef CAPRICCIO_POINTSTO_VALUES_H
#define CAPRICCIO_POINTSTO_VALUES_H

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/DataLayout.h"

namespace capriccio::pointsto {

/// Lanes of a value of this type: 0 for what cannot hold a pointer. At most MaxLanes; what is larger shares its last lane.
unsigned laneCount(llvm::Type *Ty, const llvm::DataLayout &DL);
inline constexpr unsigned MaxLanes = 64;

/// True for types whose lanes may be pointers when they come from code that the module does not know: not floating point.
bool mayComeFromOutside(llvm::Type *Ty);

/// Calls `Do` for each address in a constant: byte offset in the constant, the global it is the address of, the offset from
/// that global (Exact), or anywhere in it.
struct ConstantAddress {
  uint64_t At;                    // bytes from the constant's start
  const llvm::GlobalValue *Global; // function, variable or ifunc, never an alias; null: an address that nothing is known of
  int64_t Offset;                 // bytes from the global's start
  bool Exact;
};
void forAddresses(const llvm::Constant *C, const llvm::DataLayout &DL,
                  llvm::function_ref<void(const ConstantAddress &)> Do);

} // namespace capriccio::pointsto

#endif
