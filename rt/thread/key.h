/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Thread-specific values: what the end of a thread asks of key.c.
 */
#ifndef CAPR_THREAD_KEY_H
#define CAPR_THREAD_KEY_H

#include "../layout.h"

/* Runs the destructors of `self`'s values in up to PTHREAD_DESTRUCTOR_ITERATIONS rounds and frees its table. May block
 * (destructors may). */
CAPR_HIDDEN void capr__keys_end(struct capr_thread *self);

#endif
