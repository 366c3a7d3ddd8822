// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which functions of the merged module are the runtime's. Decides nothing about stacks: reports speak of the program's functions,
// and a blocking point is where the program calls into the runtime.
#ifndef CAPRICCIO_RUNTIMEFUNCTIONS_H
#define CAPRICCIO_RUNTIMEFUNCTIONS_H

#include "CallGraph.h"
#include "llvm/ADT/DenseSet.h"
#include <vector>

namespace capriccio {

/// Turns the annotations of the runtime's replacements of libc functions (rt/layout.h, CAPR_INTERPOSE) into the function attribute
/// "capr-runtime". Before any analysis, since an annotation looks like an address that is taken.
void noteRuntimeFunctions(llvm::Module &M);

/// True for a function with that attribute.
bool isReplacement(const llvm::Function &F);

/// What the program called when it came to this function of the runtime's: itself, or the replacement that it is a part of, which may
/// have been inlined into the program.
llvm::StringRef calledAs(const llvm::Function &F);

/// Functions with that attribute, with a name of the runtime's, and local ones that only these name.
llvm::DenseSet<const llvm::Function *> findRuntimeFunctions(const llvm::Module &M);

/// The same by node.
std::vector<bool> findRuntimeFunctions(const CallGraph &G);

} // namespace capriccio

#endif
