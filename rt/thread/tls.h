/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The program's thread-local variables: one block per user-level thread, made from an image that the pass emits.
 */
#ifndef CAPR_TLS_H
#define CAPR_TLS_H

#include "../layout.h"

/* The running thread's block, made when it is not there yet. Called by emitted code where the inline test fails, also on kernel
 * threads that are not workers (each has a block of its own). Plain code; ends the program when memory runs out. */
CAPR_HIDDEN void *__capr_tls_slow(void);

/* Gives back the blocks of a thread that ends, those of shared objects too, and its locale. Plain code. */
CAPR_HIDDEN void capr__tls_end(struct capr_thread *t);

#endif
