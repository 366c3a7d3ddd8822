// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which code a thread may be taken off the processor in, at any instruction: the program's own functions and nothing else.
#ifndef CAPRICCIO_PREEMPTIBLE_H
#define CAPRICCIO_PREEMPTIBLE_H

#include "CallGraph.h"

namespace capriccio {

/// Fat code of the runtime is compiled into a section of its own (rt/code.h), which says no more than that: turns it into an attribute.
void markRuntimeCode(llvm::Module &M);

/// Before the link's optimizations: keeps the runtime's functions out of the program's, whose every instruction may be the last of a
/// thread's turn.
void keepRuntimeApart(llvm::Module &M);

/// Unwind information for every function of the program, by which the runtime finds where each one ends. Changes no frame.
void describePreemptible(llvm::Module &M);

/// Emits the table of the program's functions that the runtime reads when a turn is over (rt/sched/preempt.c).
void emitPreemptible(llvm::Module &M, const CallGraph &G);

} // namespace capriccio

#endif
