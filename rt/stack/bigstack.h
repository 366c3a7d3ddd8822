/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Big stacks: where code that capcc did not compile runs. A worker always has one; a thread that blocks while it has frames on it
 * keeps it, and the worker goes on with another. All plain code; never blocks.
 */
#ifndef CAPR_BIGSTACK_H
#define CAPR_BIGSTACK_H

#include "../layout.h"

/* Bytes that external code finds at least, whatever ran on the big stack before it: an eighth of a native thread's default, ten
 * times what the deepest common calls of libc take (getaddrinfo with its modules, about 100 KiB). */
#define CAPR_BIG_ROOM (1u << 20)

/* Describes a stack that exists already (the kernel's main stack, an idle thread's) as a big stack. */
CAPR_HIDDEN void capr__bigstack_adopt(struct capr_bigstack *big, uint64_t base, uint64_t top, uint64_t room);

/* A big stack from the worker's pool, or a new one. Ends the program when memory runs out. */
CAPR_HIDDEN struct capr_bigstack *capr__bigstack_take(struct capr_worker *w);

/* Sees to it that there is one more while there is memory: a first wait that finds none left could only end the program. */
CAPR_HIDDEN void capr__bigstack_spare(struct capr_worker *w);

/* Gives one back that nobody holds any more. The caller may still stand on it until it has switched away. */
CAPR_HIDDEN void capr__bigstack_put(struct capr_worker *w, struct capr_bigstack *big);

/* Makes `big` the one that the worker's next borrow starts on. */
CAPR_HIDDEN void capr__bigstack_use(struct capr_worker *w, struct capr_bigstack *big);

/* Called by switch.S on the service stack, when the thread that leaves holds the worker's big stack or the one that comes has
 * kept one: hands them over as layout.h says. */
CAPR_HIDDEN void capr__bigstack_handover(struct capr_thread *from, struct capr_thread *to);

#endif
