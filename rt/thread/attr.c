/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Attributes between pthread_create and pthread_getattr_np. The pthread_attr_ functions themselves are left to glibc: they only
 * read and write the caller's object. Here an object is read for a new thread, and filled in for a living one, by glibc's
 * getters and setters, so that its layout is known nowhere.
 */
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stddef.h>
#include <unistd.h>

#include "../proc/signals.h"
#include "../sched/switch.h"
#include "../stack/chunk.h"
#include "../sync/wait.h"
#include "extra.h"
#include "thread.h"

static int inherits(const pthread_attr_t *attr) {
    int inherit;
    return !attr || (pthread_attr_getinheritsched(attr, &inherit) == 0 && inherit == PTHREAD_INHERIT_SCHED);
}

/* On top of a supplied stack: whose it is, while a thread is on it. Not copied with the bytes, and not a forked parent's. */
struct mark {
    uint64_t word[8];
};
#define MARK 0x6361707269636369ull

static uint64_t marked(const struct mark *m) { return MARK ^ (uint64_t)m ^ (uint64_t)getpid() << 32; }

static struct mark *mark_of(void *stack, size_t size) { return (struct mark *)(((uint64_t)stack + size) & ~63ull) - 1; }

/* So long a thread may take to its end after its last word to others. */
#define LEAVING_NS 100000000

/* A program may tell by other means than pthread_join that a thread is done, and make another on its stack while the first has yet to leave
 * it, which natively takes a moment; here it may be waiting for a worker. Gives way until it has. */
static void wait_for_former(const struct mark *m) {
    if (CAPR_SEE(m->word[0]) != marked(m) || !capr__may_switch()) return;
    uint64_t until = capr__now() + LEAVING_NS;
    for (unsigned round = 0; CAPR_SEE(m->word[0]) == marked(m) && !capr__poll_wait(&round, until, 0);) {
    }
}

void capr__attr_leave(const struct capr_extra *x) {
    struct mark *m = x->mark;
    if (m) CAPR_SHOW(m->word[0], 0);
}

/* The thread begins on the program's memory; its record stays where it is, with the header for that memory in place of the frame.
 * Nothing is written there once the thread has switched away for the last time, which is before its join. CAPRICCIO_STACK=always
 * has no effect in it: programs look whether their locals are where they wanted them. */
static void use_supplied(struct capr_thread *t, struct capr_extra *x, void *stack, size_t size) {
    struct capr_switch_frame *from = (struct capr_switch_frame *)t->sp;
    struct mark *m = mark_of(stack, size);
    uint64_t top = (uint64_t)m;
    wait_for_former(m);
    m->word[0] = marked(m);
    x->stack = stack;
    x->mark = m;
    struct capr_switch_frame *to = (struct capr_switch_frame *)top - 1;
    *to = *from;
    struct capr_chunk *header = (struct capr_chunk *)t - 1;
    static_assert(sizeof *header <= sizeof *from, "it takes the place of the frame");
    capr__chunk_supply(header, (uint64_t)stack, top);
    header->prev = capr__first_chunk(t);
    t->sp = (uint64_t)to;
    t->limit = header->base + CAPR_RESERVE;
    t->chunk = header;
}

int capr__attr_apply(struct capr_thread *t, const pthread_attr_t *attr, struct capr_thread *creator) {
    const struct capr_extra *from = creator->extra;
    int policy = SCHED_OTHER;
    struct sched_param p = { .sched_priority = 0 };
    void *stack = NULL;
    size_t size = 0;
    if (inherits(attr)) {
        if (from) {
            policy = from->policy;
            p.sched_priority = from->priority;
        }
    } else if (pthread_attr_getschedpolicy(attr, &policy) || pthread_attr_getschedparam(attr, &p) ||
               p.sched_priority < sched_get_priority_min(policy) || p.sched_priority > sched_get_priority_max(policy)) {
        return EINVAL;
    }
    if (attr) {
        if (pthread_attr_getstacksize(attr, &size)) return EINVAL;
        t->stack_asked = size / 16 > UINT32_MAX ? UINT32_MAX : (uint32_t)(size / 16);
        pthread_attr_getstack(attr, &stack, &size);
        /* A stack that was not set is reported as one that ends at address 0. */
        if ((uintptr_t)stack + size == 0) stack = NULL;
        sigset_t mask; /* the first word is the kernel's */
        if (pthread_attr_getsigmask_np(attr, &mask) == 0) t->sigmask = *(const uint64_t *)&mask & ~CAPR_SIGNALS_UNBLOCKABLE;
    }
    if (policy == SCHED_OTHER && p.sched_priority == 0 && !stack) return 0;
    struct capr_extra *x = capr__extra(t);
    if (!x) return EAGAIN;
    x->policy = policy;
    x->priority = p.sched_priority;
    if (stack) use_supplied(t, x, stack, size);
    return 0;
}

/* The main thread's stack is the kernel's, and glibc finds its extent in /proc/self/maps. */
static int native(pthread_attr_t *attr) {
    int (*getattr)(pthread_t, pthread_attr_t *) = (int (*)(pthread_t, pthread_attr_t *))dlsym(RTLD_NEXT, "pthread_getattr_np");
    pthread_t (*self)(void) = (pthread_t(*)(void))dlsym(RTLD_NEXT, "pthread_self");
    return getattr && self ? getattr(self(), attr) : ENOSYS;
}

/* Attributes of a living thread. Of a user-level thread: the detach state, scheduling parameters and affinity as set, and a stack
 * of the size asked for that ends where the first chunk ends, or the one that the program supplied. Linked
 * chunks lie elsewhere: a program that scans stacks by this answer sees the first chunk only. Returns 0, ESRCH for
 * a thread that was joined, ENOMEM, ENOSYS. *attr is to be destroyed. */
CAPR_INTERPOSE int pthread_getattr_np(pthread_t thread, pthread_attr_t *attr) {
    CAPR_MONITOR;
    struct capr_thread *t = capr__thread_of(thread);
    if (!t) return ESRCH;
    struct capr_chunk *chunk = capr__first_chunk(t);
    if (!chunk) return native(attr);
    int error = pthread_attr_init(attr);
    if (error) return error;
    size_t size = (size_t)t->stack_asked * 16;
    if (size == 0 && (error = pthread_attr_getstacksize(attr, &size)) != 0) return error;
    uintptr_t page = (uintptr_t)getpagesize(), top = ((uintptr_t)(chunk + 1) + page - 1) & ~(page - 1);
    pthread_attr_setdetachstate(attr, t->detached ? PTHREAD_CREATE_DETACHED : PTHREAD_CREATE_JOINABLE);
    pthread_attr_setguardsize(attr, 0);
    const struct capr_extra *x = t->extra;
    if (x) {
        struct sched_param p = { .sched_priority = x->priority };
        pthread_attr_setschedpolicy(attr, x->policy);
        pthread_attr_setschedparam(attr, &p);
        if (x->affinity) pthread_attr_setaffinity_np(attr, x->affinity_size, x->affinity);
    }
    return pthread_attr_setstack(attr, x && x->stack ? x->stack : (void *)(top - size), size);
}
