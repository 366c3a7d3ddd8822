/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Kernel threads of the runtime's own, which wait in the kernel on behalf of user-level ones (pool/, sync/helper.c).
 */
#ifndef CAPR_KERNEL_THREAD_H
#define CAPR_KERNEL_THREAD_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

#include "../sched/sched.h"

/* Starts `run(arg)` on a detached kernel thread with `bytes` of stack, or more where libraries' thread-local variables need it. It blocks
 * all signals but `heeds` (bit n-1 for signal n) and libc's own. Returns 0 or an errno. Never blocks. Not in signal handlers. */
CAPR_HIDDEN int capr__kernel_thread_start(void *(*run)(void *), void *arg, size_t bytes, uint64_t heeds);

/* The same with all signals but libc's own blocked; `*thread` is for capr__kernel_thread_join, and not a thread of the program's. */
CAPR_HIDDEN int capr__kernel_thread_start_joinable(void *(*run)(void *), void *arg, size_t bytes, pthread_t *thread);

/* Waits until it has ended, which the caller knows to be soon. Stops the worker. */
CAPR_HIDDEN void capr__kernel_thread_join(pthread_t thread);

#endif
