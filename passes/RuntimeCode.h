// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The runtime's fat code in the merged module: which it is, and what the link's optimizations are to make of it, which is nothing.
#ifndef CAPRICCIO_RUNTIMECODE_H
#define CAPRICCIO_RUNTIMECODE_H

namespace llvm {
class Function;
class Module;
} // namespace llvm

namespace capriccio {

/// Fat code of the runtime is compiled into a section of its own (rt/code.h), which says no more than that: turns it into an attribute.
void markRuntimeCode(llvm::Module &M);

bool isRuntimeCode(const llvm::Function &F);

/// Before the link's optimizations: keeps the runtime's functions out of the program's, whose every instruction may be the last of a
/// thread's turn, and as they were compiled.
void keepRuntimeApart(llvm::Module &M);

/// After them: code generation treats the runtime's functions like all others.
void releaseRuntime(llvm::Module &M);

} // namespace capriccio

#endif
