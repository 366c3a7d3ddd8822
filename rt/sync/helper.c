/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The kernel threads of helper.h: each has a record and sleeps on its state. glibc's wait on a condition asks for a mutex that it gives
 * up once it has counted the caller as a waiter. That mutex is the helper's own, so that taking it tells the worker that the wait has
 * begun, and the program's mutex, of whatever type, stays with the user-level thread that holds it, which gives it up only then: no
 * signal falls between. (glibc's conditions do not know their mutex since 2.25.) The poll loop collects those that have finished, as
 * it does for the pool. Plain code.
 */
#include "helper.h"

#include <errno.h>
#include <linux/futex.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../io/finished.h"
#include "../thread/kernel_thread.h"
#include "libcs.h"

/* Helpers without work that are kept: what it costs to make one again is 30 us. */
#define MOST_IDLE 16

/* Bytes of stack, of which little is touched; glibc refuses less than 16 KiB and its own records. */
#define STACK_BYTES (64u << 10)

/* Helpers that have been told to end and that nobody has joined yet: the oldest of more has had the time for it. Were they left to themselves,
 * thousands could be waiting in libc for one lock, while each child of a fork copied a page for each of them. */
#define MOST_ENDING 64

static struct capr_helper *idle, *ending, **ending_tail = &ending;
static uint32_t idle_count, ending_count;
static struct capr_finished finished;
static int started;

static void set(struct capr_helper *h, uint32_t state, int wake) {
    __atomic_store_n(&h->state, state, __ATOMIC_RELEASE);
    if (wake) syscall(SYS_futex, &h->state, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

static int wait_on_cond(struct capr_helper *h) {
    const struct capr_libcs *libc = capr__libcs();
    libc->mutex_lock(&h->waits);
    set(h, CAPR_HELPER_WAITS, 0);
    int error;
    if (h->deadline == CAPR_FOREVER) {
        error = libc->cond_wait(h->object, &h->waits);
    } else {
        struct timespec until = capr__libcs_time(h->deadline);
        error = libc->cond_clockwait(h->object, &h->waits, CLOCK_MONOTONIC, &until);
    }
    libc->mutex_unlock(&h->waits);
    return error;
}

static void *run(void *arg) {
    struct capr_helper *h = arg;
    for (;;) {
        uint32_t state = __atomic_load_n(&h->state, __ATOMIC_ACQUIRE);
        if (state == CAPR_HELPER_END) break;
        if (state != CAPR_HELPER_ASKED) {
            syscall(SYS_futex, &h->state, FUTEX_WAIT_PRIVATE, state, NULL, NULL, 0);
            continue;
        }
        h->result = h->call == CAPR_HELPER_COND ? wait_on_cond(h) : capr__libcs()->barrier_wait(h->object);
        set(h, CAPR_HELPER_FINISHED, 0);
        capr__finished_push(&finished, h);
    }
    return NULL;
}

static void join_oldest(void) {
    struct capr_helper *h = ending;
    ending = h->next;
    if (!ending) ending_tail = &ending;
    ending_count--;
    capr__kernel_thread_join(h->kernel_thread);
    free(h);
}

void capr__helpers_before_fork(void) {
    while (ending) join_oldest();
}

static void put(struct capr_helper *h) {
    if (h->gone) {
        free(h);
        return;
    }
    if (idle_count == MOST_IDLE) {
        h->next = NULL;
        *ending_tail = h;
        ending_tail = &h->next;
        set(h, CAPR_HELPER_END, 1);
        if (++ending_count > MOST_ENDING) join_oldest();
        return;
    }
    set(h, CAPR_HELPER_IDLE, 0);
    h->next = idle;
    idle = h;
    idle_count++;
}

/* Makes the threads of those that have finished ready, the first first. On the worker. */
static int collect(void) {
    int n = 0;
    for (struct capr_helper *first = capr__finished_take(&finished); first; n++) {
        struct capr_helper *h = first;
        first = h->next;
        set(h, CAPR_HELPER_DONE, 0);
        if (h->left)
            put(h);
        else if (h->waiting && h->thread->state == CAPR_PARKED) capr__ready(h->thread);
    }
    return n;
}

static int arm(void) { return capr__finished_arm(&finished); }
static void disarm(void) { capr__finished_disarm(&finished); }

static void leave(void *object);

/* In the child of a fork: they are the parent's. A handler may have forked that interrupted a wait: which is over, as if woken. */
static void forked(void) {
    for (struct capr_leaving *l = NULL; (l = capr__leaving_by(l, leave));) {
        struct capr_helper *h = l->object;
        h->gone = 1;
        h->state = CAPR_HELPER_DONE;
    }
    idle = NULL;
    ending = NULL;
    ending_tail = &ending;
    idle_count = ending_count = 0;
    finished = (struct capr_finished){ 0 };
    started = 0;
}

static struct capr_source source = { .collect = collect, .arm = arm, .disarm = disarm, .forked = forked };

struct capr_helper *capr__helper_get(void) {
    if (!started) {
        if (capr__io_wake_fd() < 0) return NULL;
        capr__io_source_add(&source);
        started = 1;
    }
    struct capr_helper *h = idle;
    if (h) {
        idle = h->next;
        idle_count--;
        return h;
    }
    h = calloc(1, sizeof(*h));
    if (!h) return NULL;
    int error = capr__kernel_thread_start_joinable(run, h, STACK_BYTES, &h->kernel_thread);
    if (error) {
        free(h);
        return NULL;
    }
    return h;
}

/* A wait for a condition is ended as cancellation ends it; one at a barrier goes on, as the barrier has counted it. */
static void leave(void *object) {
    struct capr_helper *h = object;
    h->waiting = 0;
    h->left = 1;
    if (h->call == CAPR_HELPER_COND) capr__libcs()->cond_broadcast(h->object);
    if (capr__helper_done(h)) put(h);
}

void capr__helper_ask(struct capr_helper *h, enum capr_helper_call call, void *object, uint64_t deadline) {
    h->call = call;
    h->object = object;
    h->deadline = deadline;
    h->thread = capr__self();
    h->waiting = h->left = 0;
    capr__leaving_begin(h->thread, &h->leaving, leave, h);
    set(h, CAPR_HELPER_ASKED, 1);
}

int capr__helper_waits(struct capr_helper *h) {
    if (__atomic_load_n(&h->state, __ATOMIC_ACQUIRE) == CAPR_HELPER_ASKED || capr__libcs()->mutex_trylock(&h->waits) != 0) return 0;
    capr__libcs()->mutex_unlock(&h->waits);
    return 1;
}

int capr__helper_put(struct capr_helper *h) {
    int result = h->result;
    capr__leaving_end(h->thread, &h->leaving);
    put(h);
    return result;
}
