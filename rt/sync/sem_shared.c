/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Named (sem_open) and process-shared semaphores: memory in glibc's layout, changed by glibc's functions, because native processes
 * may hold the other end. glibc's waits would stop the worker, so that a wait here tries, and polls with growing
 * pauses up to 1 ms. A post inside this process wakes those who poll at once, so that only other processes' posts are late.
 */
#include <dlfcn.h>
#include <errno.h>

#include "../proc/message.h"
#include "../proc/signals.h"
#include "../thread/cancel.h"
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

/* Threads of this process that poll. */
static struct capr_queue pollers;

int capr__sem_shared_wait(sem_t *s, uint64_t deadline) {
    struct capr_thread *self = capr__self();
    if (destroyed(s)) return -1;
    for (unsigned round = 0;;) {
        if (libc.trywait(s) == 0) return 0;
        if (errno != EAGAIN || deadline == 0) return -1;
        if (!capr__may_switch()) {
            if (capr__poll_wait(&round, deadline, 0)) break;
            continue;
        }
        uint64_t now = capr__now(), ns = 20000ull << round;
        if (now >= deadline) break;
        if (round < 6) round++;
        if (ns > 1000000) ns = 1000000;
        capr__queue_push(&pollers, self);
        self->wait_data = deadline == CAPR_FOREVER ? &capr__wait_restartable : &capr__wait_interruptible;
        capr__park_point(deadline - now < ns ? deadline : now + ns);
        if (self->queue) capr__queue_remove(self);
        capr__cancel_point();
        if (self->wait_data == &capr__wait_interrupted) {
            errno = EINTR;
            return -1;
        }
    }
    errno = ETIMEDOUT;
    return -1;
}

int capr__sem_shared_post(sem_t *s) {
    int result = destroyed(s) ? -1 : libc.post(s);
    if (result == 0 && capr__may_switch())
        while (capr__wake_one(&pollers)) continue;
    return result;
}

int capr__sem_shared_init(sem_t *s, unsigned value) { return libc.init(s, 1, value); }
int capr__sem_shared_destroy(sem_t *s) { return destroyed(s) ? -1 : libc.destroy(s); }
int capr__sem_shared_getvalue(sem_t *s, int *value) { return destroyed(s) ? -1 : libc.getvalue(s, value); }
