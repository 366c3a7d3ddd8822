/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * What a program may tell capcc about itself. No program has to include this file: everything here is a hint or a promise that
 * makes the result better, and every macro expands to nothing harmful under another compiler.
 */
#ifndef CAPRICCIO_H
#define CAPRICCIO_H

#define CAPR__STR2(n) #n
#define CAPR__STR(n) CAPR__STR2(n)

/* CAPR_STACK_BOUND(n): a promise that the declared function, which capcc does not compile (assembly, a library), needs at most
 * `n` bytes of stack below its return address, on every path, with everything that it calls. A call to it then runs in place on
 * the thread's small stack rather than on the worker's big stack. A promise that is wrong corrupts memory.
 *
 *     CAPR_STACK_BOUND(64) extern int fast_lookup(const char *key);
 */
/* CAPR_CHECKPOINT: each call of the defined function gets a checkpoint, so that its callers' stacks need no room for it. For what
 * is seldom called and deep, such as error paths of functions that thousands of threads are blocked in.
 *
 *     CAPR_CHECKPOINT static void report_and_close(struct conn *c) { ... }
 */
#if defined(__clang__)
#define CAPR_STACK_BOUND(n) __attribute__((annotate("capr.stack_bound=" CAPR__STR(n))))
#define CAPR_CHECKPOINT __attribute__((annotate("capr.checkpoint")))
#else
#define CAPR_STACK_BOUND(n)
#define CAPR_CHECKPOINT
#endif

#endif
