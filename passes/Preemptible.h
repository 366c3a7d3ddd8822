// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which code a thread may be taken off the processor in, at any instruction: the program's own functions and nothing else.
#ifndef CAPRICCIO_PREEMPTIBLE_H
#define CAPRICCIO_PREEMPTIBLE_H

#include "CallGraph.h"

namespace capriccio {

/// Unwind information for every function of the program, by which the runtime finds where each one ends. Changes no frame.
void describePreemptible(llvm::Module &M);

/// Emits the table of the program's functions that the runtime reads when a turn is over (rt/sched/preempt.c).
void emitPreemptible(llvm::Module &M, const CallGraph &G);

} // namespace capriccio

#endif
