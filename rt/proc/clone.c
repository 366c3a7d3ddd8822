/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * clone: a kernel thread that has the program's memory and the caller's %fs finds the worker there, takes itself for it, and
 * goes through its stacks and queues beside it. Natively that works as long as the child keeps clear of what libc has in thread-local
 * memory; here each checkpoint and each call of the runtime looks there, so it is refused before it exists. Plain code.
 */
#include <dlfcn.h>
#include <sched.h>
#include <stdarg.h>

#include "../layout.h"
#include "message.h"

/* clone(2), libc's. With CLONE_VFORK the worker stands still until the child has called exec. The last three arguments are passed on
 * whether there are any or not: then they are what the registers and the stack held. */
CAPR_INTERPOSE int clone(int (*function)(void *), void *stack, int flags, void *argument, ...) {
    static __typeof__(clone) *libcs;
    if ((flags & (CLONE_VM | CLONE_VFORK | CLONE_SETTLS)) == CLONE_VM)
        capr__fatal("clone with CLONE_VM and without CLONE_SETTLS: the child would share the worker's thread-local memory and run as it; "
                    "give it its own, or use pthread_create or fork");
    if (!libcs) libcs = (__typeof__(clone) *)dlsym(RTLD_NEXT, "clone");
    va_list list;
    va_start(list, argument);
    pid_t *parent = va_arg(list, pid_t *);
    void *thread_local = va_arg(list, void *);
    pid_t *child = va_arg(list, pid_t *);
    va_end(list);
    return libcs(function, stack, flags, argument, parent, thread_local, child);
}
