// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How addresses travel as numbers: cut into parts, as distances, byte by byte round a loop, worked out.
#ifndef CAPRICCIO_POINTSTO_ADDRESSES_H
#define CAPRICCIO_POINTSTO_ADDRESSES_H

#include "llvm/IR/DataLayout.h"
#include "llvm/IR/Value.h"

namespace capriccio::pointsto {

/// A shift by so much that it separates the high part of an address from the low one, or by an unknown amount.
bool shiftsFar(const llvm::Value &V);

/// True for the cast that cuts the high part out of an address. The low part alone is an offset or a hash, and cannot become an
/// address again without the high one.
bool cutsHighPart(const llvm::Value &V);

/// True for addresses that differ each time round a loop, byte by byte: a loop that copies memory.
bool walks(const llvm::Value *Pointer, const llvm::DataLayout &DL);

/// The pointer p of an index made from `p - q`, which moves a pointer from one block to another: p is in the second
/// operand's object only if q is.
const llvm::Value *movedPointer(const llvm::Value *Index);

/// True if the number was worked out in a way that is not followed, as far as this function shows it: by multiplication or division, or by a
/// function of libc that makes numbers (strtoul, of text).
bool isComputed(const llvm::Value &Number);

} // namespace capriccio::pointsto

#endif
