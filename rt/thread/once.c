/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * pthread_once and call_once. The word is glibc's: 0 fresh, 2 done; while the routine runs it is 1 with the fork epoch above,
 * so that a child of fork starts over what another thread of its parent had begun. Those who wait share one queue, since the
 * word has no room for one. A routine that is cancelled or calls pthread_exit leaves the word fresh.
 */
#include <pthread.h>
#include <threads.h>

#include "../graph/call_back.h"
#include "../sync/mutex.h"
#include "../sync/wait.h"
#include "cancel.h"

#define RUNNING 1
#define DONE 2

static_assert(PTHREAD_ONCE_INIT == 0, "fresh");

/* Threads that wait for any routine. */
static struct capr_queue waiters;

extern void _pthread_cleanup_push(struct _pthread_cleanup_buffer *, void (*)(void *), void *);
extern void _pthread_cleanup_pop(struct _pthread_cleanup_buffer *, int);

static void finish(int *word, int state) {
    CAPR_MONITOR;
    __atomic_store_n(word, state, __ATOMIC_RELEASE);
    while (capr__wake_one(&waiters)) continue;
}

static void start_over(void *word) { finish(word, PTHREAD_ONCE_INIT); }

/* Not inlined, for the call of the routine: graph/call_back.h. */
static __attribute__((noinline)) int once_slow(int *word, void (*routine)(void)) {
    CAPR_MONITOR;
    int running = RUNNING | (int)capr__sync_epoch << 2;
    while (*word != DONE) {
        if (*word != running) { /* fresh, or begun in the parent of a fork */
            CAPR_SHOW(*word, running);
            struct _pthread_cleanup_buffer b;
            _pthread_cleanup_push(&b, start_over, word);
            uint64_t before = capr__call_back_begins(&capr__worker);
            uint32_t depth = capr__out();
            routine();
            capr__in(depth);
            capr__call_back_ends(&capr__worker, before);
            _pthread_cleanup_pop(&b, 0);
            finish(word, DONE);
            capr__turn_look();
        } else if (capr__may_switch()) {
            capr__queue_push(&waiters, capr__self());
            capr__park();
        } else {
            unsigned round = 2;
            capr__poll_wait(&round, CAPR_FOREVER, 0);
        }
    }
    return 0;
}

/* POSIX pthread_once. Returns 0. Blocks while another thread runs the routine; no cancellation point itself. */
CAPR_INTERPOSE int pthread_once(pthread_once_t *once, void (*routine)(void)) {
    if (CAPR_LIKELY(__atomic_load_n(once, __ATOMIC_ACQUIRE) == DONE)) return 0;
    return once_slow(once, routine);
}

/* C11. */
CAPR_INTERPOSE void call_once(once_flag *once, void (*routine)(void)) { pthread_once((pthread_once_t *)once, routine); }

CAPR_INTERPOSE int __pthread_once(pthread_once_t *once, void (*routine)(void)) { return pthread_once(once, routine); }
