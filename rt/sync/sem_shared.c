/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Named (sem_open) and process-shared semaphores: memory in glibc's layout, changed by glibc's functions, because native processes
 * may hold the other end. glibc's waits would stop the worker, so that a wait here tries. Of the threads of this process that wait
 * for one semaphore the first polls, as in line.h, and the others sleep; a post inside this process wakes one of them at once, so that only
 * other processes' posts are late.
 */
#include <dlfcn.h>
#include <errno.h>

#include "../proc/message.h"
#include "../proc/signals.h"
#include "../thread/cancel.h"
#include "../thread/extra.h"
#include "line.h"
#include "sem.h"
#include "wait.h"

static struct {
    int (*trywait)(sem_t *);
    int (*post)(sem_t *);
    int (*init)(sem_t *, int, unsigned);
    int (*destroy)(sem_t *);
    int (*getvalue)(sem_t *, int *);
} libc;

static void *find(const char *name) {
    void *f = dlsym(RTLD_NEXT, name);
    if (!f) capr__fatal("the C library has no %s; link against glibc 2.34 or later", name);
    return f;
}

/* At start: a handler may post to a named semaphore, and dlsym is nothing for handlers. */
static __attribute__((constructor)) void find_all(void) {
    libc.trywait = (int (*)(sem_t *))find("sem_trywait");
    libc.post = (int (*)(sem_t *))find("sem_post");
    libc.init = (int (*)(sem_t *, int, unsigned))find("sem_init");
    libc.destroy = (int (*)(sem_t *))find("sem_destroy");
    libc.getvalue = (int (*)(sem_t *, int *))find("sem_getvalue");
}

static int destroyed(const sem_t *s) {
    if (((const struct capr_sem *)s)->magic != CAPR_SEM_DESTROYED) return 0;
    errno = EINVAL;
    return 1;
}

/* Threads of this process that wait. */
static struct capr_queue waiting;

/* How long one that is not the first sleeps at most: should the first have left its wait by a jump. */
#define SLEEP_NS 100000000ull

static struct capr_thread *first_of(const sem_t *s) {
    struct capr_thread *t = waiting.head;
    while (t && ((struct capr_extra *)t->extra)->semaphore != s) t = t->next;
    return t;
}

/* The first of those that wait tries, and polls from now on. */
static void next_in_line(const sem_t *s) {
    struct capr_thread *t = capr__may_switch() ? first_of(s) : NULL;
    if (!t) return;
    capr__queue_remove(t);
    t->wait_data = NULL;
    capr__ready(t);
}

/* Sleeps until it is time for another try. Returns 0, ETIMEDOUT, EINTR; where it is cancelled it does not return. */
static int wait_in_line(sem_t *s, struct capr_line *line, uint64_t deadline) {
    struct capr_thread *self = capr__self();
    struct capr_extra *x = capr__extra(self);
    if (!x || !capr__may_switch()) return capr__poll_wait(&line->round, deadline, 1);
    uint64_t now = capr__now();
    if (now >= deadline) return ETIMEDOUT;
    line->polls |= !first_of(s);
    uint64_t ns = line->polls ? capr__line_pause(line->round) : SLEEP_NS;
    if (line->polls && line->round < CAPR_LINE_ROUNDS) line->round++;
    x->semaphore = s;
    if (line->stood)
        capr__queue_push_front(&waiting, self);
    else
        capr__queue_push(&waiting, self);
    line->stood = 1;
    self->wait_data = deadline == CAPR_FOREVER ? &capr__wait_restartable : &capr__wait_interruptible;
    capr__park_point(deadline - now < ns ? deadline : now + ns);
    if (self->queue) capr__queue_remove(self);
    line->polls |= !self->wait_data;
    int interrupted = self->wait_data == &capr__wait_interrupted;
    self->wait_data = NULL;
    if (CAPR_UNLIKELY(capr__cancel_due(self))) {
        next_in_line(s);
        capr__cancel_point();
    }
    return interrupted ? EINTR : 0;
}

int capr__sem_shared_wait(sem_t *s, uint64_t deadline) {
    struct capr_line line = { 0 };
    if (destroyed(s)) return -1;
    int error = 0;
    while (!error && libc.trywait(s) != 0) {
        if (errno != EAGAIN || deadline == 0) return -1;
        error = wait_in_line(s, &line, deadline);
    }
    if (line.stood) next_in_line(s); /* there may be more units; else it polls */
    if (!error) return 0;
    errno = error;
    return -1;
}

int capr__sem_shared_post(sem_t *s) {
    int result = destroyed(s) ? -1 : libc.post(s);
    if (result == 0) next_in_line(s);
    return result;
}

int capr__sem_shared_init(sem_t *s, unsigned value) { return libc.init(s, 1, value); }
int capr__sem_shared_destroy(sem_t *s) { return destroyed(s) ? -1 : libc.destroy(s); }
int capr__sem_shared_getvalue(sem_t *s, int *value) { return destroyed(s) ? -1 : libc.getvalue(s, value); }
