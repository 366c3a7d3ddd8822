/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Deadlines, polling waits, and the ring of operations that signal handlers put off (wait.h). Plain code but for the parks:
 * nothing here is on a common path.
 */
#include "wait.h"

#include <sys/syscall.h>
#include <unistd.h>

#include "../sched/workers.h"
#include "../thread/cancel.h"
#include "cond.h"
#include "held.h"
#include "line.h"
#include "mutex.h"
#include "sem.h"

uint16_t capr__sync_epoch = 1;

void capr__sync_forked(void) {
    if (++capr__sync_epoch == 0) capr__sync_epoch = 1;
    capr__held_forked();
    capr__lines_forked();
}

int capr__sync_deadline(clockid_t clock, const struct timespec *abstime, uint64_t *deadline) {
    if (!capr__sync_valid(clock, abstime)) return EINVAL;
    *deadline = abstime->tv_sec < 0 ? 0 : capr__deadline(clock, abstime);
    return 0;
}

#define POLL_FIRST_NS 20000  /* about two switches of the kernel's */
#define POLL_LAST_NS 1000000 /* the promise: 1 ms late at most */

int capr__poll_wait(unsigned *round, uint64_t deadline, int point) {
    uint64_t ns = *round == 0 ? 0 : *round > 6 ? POLL_LAST_NS : POLL_FIRST_NS << (*round - 1);
    if (ns > POLL_LAST_NS) ns = POLL_LAST_NS;
    if (*round < 7) ++*round;
    uint64_t now = capr__now();
    if (now >= deadline) return ETIMEDOUT;
    uint64_t until = deadline - now < ns ? deadline : now + ns;
    if (!capr__may_switch()) {
        struct timespec pause = { 0, (long)(until - now) };
        syscall(SYS_nanosleep, &pause, NULL);
    } else if (ns == 0) {
        capr__yield();
    } else if (point) {
        capr__park_point(until);
    } else {
        capr__park_lock(until);
    }
    return 0;
}

/* A power of two. Handlers that put off operations on so many objects before the idle thread runs once make the next ones directly. */
#define RING 256

static struct { enum capr_deferred_op op; void *object; } ring[RING];
static volatile uint32_t taken, run;
volatile uint32_t capr__deferred_count;

static void perform(enum capr_deferred_op op, void *object) {
    struct capr_mutex *m = object;
    switch (op) {
    case CAPR_DEFER_UNLOCK:
        if (!(CAPR_SEE(m->owner) & CAPR_MUTEX_OWNER)) capr__mutex_pass(m);
        break;
    case CAPR_DEFER_SIGNAL:
    case CAPR_DEFER_BROADCAST:
        if (((struct capr_cond *)object)->state & CAPR_COND_SHARED)
            capr__shared_cond_wake(object, op == CAPR_DEFER_BROADCAST);
        else
            capr__cond_wake(object, op == CAPR_DEFER_BROADCAST);
        break;
    case CAPR_DEFER_POST:
        capr__sem_pass(object);
        break;
    case CAPR_DEFER_NONE:
        break;
    }
}

/* Whether the same waits already. All but signals are done once for any number of calls; where there is no place for another signal
 * the one that waits wakes everybody, which POSIX allows. */
static int waits_already(enum capr_deferred_op op, void *object, int full) {
    for (uint32_t i = run; i != taken; i++) {
        if (ring[i % RING].object != object || ring[i % RING].op != op) continue;
        if (op != CAPR_DEFER_SIGNAL) return 1;
        if (full) {
            ring[i % RING].op = CAPR_DEFER_BROADCAST;
            return 1;
        }
    }
    return 0;
}

void capr__defer(enum capr_deferred_op op, void *object) {
    /* Handlers nest, so that the slot is taken in one instruction; the operation is written last and makes it valid. */
    int full = taken - run >= RING - 1;
    if (waits_already(op, object, full)) return;
    if (full) {
        perform(op, object);
        return;
    }
    uint32_t slot = __atomic_fetch_add(&taken, 1, __ATOMIC_RELAXED) % RING;
    ring[slot].object = object;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    ring[slot].op = op;
    capr__look_soon(); /* the idle thread is next */
    capr__worker_keep_awake();
    __atomic_fetch_add(&capr__deferred_count, 1, __ATOMIC_RELEASE);
}

void capr__run_deferred(void) {
    while (run != taken && ring[run % RING].op != CAPR_DEFER_NONE) {
        uint32_t slot = run % RING;
        /* One instruction: a handler finds that the operation waits, or that it does not. */
        enum capr_deferred_op op = __atomic_exchange_n(&ring[slot].op, CAPR_DEFER_NONE, __ATOMIC_SEQ_CST);
        void *object = ring[slot].object;
        run = run + 1;
        __atomic_fetch_sub(&capr__deferred_count, 1, __ATOMIC_RELEASE);
        perform(op, object);
    }
}
