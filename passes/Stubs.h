// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The naked functions that stand between a call and its callee: borrow, indirect, checkpoint and entry stubs (docs/abi.md).
// A call is changed by naming another callee and nothing else, so no frame changes after it was measured.
#ifndef CAPRICCIO_STUBS_H
#define CAPRICCIO_STUBS_H

#include "llvm/IR/Function.h"
#include "llvm/IR/Module.h"
#include <cstdint>

namespace capriccio {

/// Runs `G`, an external function, an alias of one or an IFUNC, on the big stack; `ArgBytes` of stack arguments are copied there. One stub per pair.
llvm::Function *borrowStub(llvm::GlobalValue &G, uint64_t ArgBytes);

/// The stub that an indirect call goes through, with the target in the `nest` register.
llvm::Function *indirectStub(llvm::Module &M, uint64_t ArgBytes, bool Variadic);

/// Calls whatever the name `G`, of `F` or an alias of it, stands for when the program runs: in place if that is an entry stub of a
/// module of ours, else on the big stack.
llvm::Function *moduleStub(llvm::GlobalValue &G, llvm::Function &F, uint64_t ArgBytes);

/// Checks for `Need` bytes below the return address, then runs `F` here or on a new chunk. One stub per (F, ArgBytes).
llvm::Function *checkpointStub(llvm::Function &F, uint64_t Need, uint64_t ArgBytes);

/// Runs `F` on the big stack. One stub per (F, ArgBytes).
llvm::Function *internalBorrowStub(llvm::Function &F, uint64_t ArgBytes);

/// Whether `F` can be its own entry: it checks nothing, and may move to the section of entries.
bool canBeEntered(const llvm::Function &F, bool Checked, bool Shared);

/// Makes `F` its own entry, with `Need` in the word before it.
void enterAtBody(llvm::Function &F, uint64_t Need);

/// Takes over the name, linkage and every use of `F` other than direct calls; `F` stays as a body that only direct calls
/// reach. With `Checked` the stub checks for `Need` bytes; where there is no room a function that may block gets a chunk, one that
/// does not goes to the big stack.
llvm::Function *entryStub(llvm::Function &F, uint64_t Need, uint64_t ArgBytes, bool Checked, bool MayBlock);

/// True for borrow, indirect and module stubs: those that stand for a call in the module before placement.
bool isStub(const llvm::Function &F);

bool isIndirectStub(const llvm::Function &F);

/// The function behind a moduleStub, else null.
const llvm::Function *otherModuleBehind(const llvm::Function &F);

/// The external function behind a borrow stub, else null.
const llvm::Function *borrowedBy(const llvm::Function &F);

} // namespace capriccio

#endif
