/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * <threads.h> in terms of the POSIX functions, as glibc does it: the same objects, other names for the errors. glibc's own
 * would call its own POSIX functions inside libc, past ours. thrd_sleep and thrd_yield are in sync/sleep.c, call_once in once.c.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <threads.h>

#include "../graph/graph.h"
#include "../layout.h"

static_assert(sizeof(mtx_t) == sizeof(pthread_mutex_t) && sizeof(cnd_t) == sizeof(pthread_cond_t), "the same objects");

static int status(int error) {
    switch (error) {
    case 0:
        return thrd_success;
    case ENOMEM:
    case EAGAIN:
        return thrd_nomem;
    case ETIMEDOUT:
        return thrd_timedout;
    case EBUSY:
        return thrd_busy;
    default:
        return thrd_error;
    }
}

static pthread_mutex_t *mutex(mtx_t *m) { return (pthread_mutex_t *)m; }
static pthread_cond_t *cond(cnd_t *c) { return (pthread_cond_t *)c; }

/* A C11 start function returns int: called through a pointer of its own type, which the call graph goes by. */
struct start {
    thrd_start_t function;
    void *arg;
};

static void *begin(void *p) {
    struct start s = *(struct start *)p;
    free(p);
    return (void *)(intptr_t)s.function(s.arg);
}

CAPR_INTERPOSE int thrd_create(thrd_t *thread, thrd_start_t function, void *arg) {
    struct start *s = malloc(sizeof(*s));
    if (!s) return thrd_nomem;
    *s = (struct start){ function, arg };
    capr__graph_begins_as((uint64_t)function);
    int error = pthread_create(thread, NULL, begin, s);
    if (error) {
        capr__graph_begins_as(0);
        free(s);
    }
    return status(error);
}

CAPR_INTERPOSE int thrd_join(thrd_t thread, int *result) {
    void *value;
    int error = pthread_join(thread, &value);
    if (error == 0 && result) *result = (int)(intptr_t)value;
    return status(error);
}

CAPR_INTERPOSE int thrd_detach(thrd_t thread) { return status(pthread_detach(thread)); }
CAPR_INTERPOSE _Noreturn void thrd_exit(int result) { pthread_exit((void *)(intptr_t)result); }
CAPR_INTERPOSE thrd_t thrd_current(void) { return pthread_self(); }

CAPR_INTERPOSE int mtx_init(mtx_t *m, int type) {
    if (type != mtx_plain && type != mtx_timed && type != (mtx_plain | mtx_recursive) && type != (mtx_timed | mtx_recursive)) return thrd_error;
    pthread_mutexattr_t attr;
    pthread_mutexattr_init(&attr);
    pthread_mutexattr_settype(&attr, type & mtx_recursive ? PTHREAD_MUTEX_RECURSIVE : PTHREAD_MUTEX_NORMAL);
    int error = pthread_mutex_init(mutex(m), &attr);
    pthread_mutexattr_destroy(&attr);
    return status(error);
}

CAPR_INTERPOSE void mtx_destroy(mtx_t *m) { pthread_mutex_destroy(mutex(m)); }
CAPR_INTERPOSE int mtx_lock(mtx_t *m) { return status(pthread_mutex_lock(mutex(m))); }
CAPR_INTERPOSE int mtx_trylock(mtx_t *m) { return status(pthread_mutex_trylock(mutex(m))); }
CAPR_INTERPOSE int mtx_timedlock(mtx_t *m, const struct timespec *t) { return status(pthread_mutex_timedlock(mutex(m), t)); }
CAPR_INTERPOSE int mtx_unlock(mtx_t *m) { return status(pthread_mutex_unlock(mutex(m))); }

CAPR_INTERPOSE int cnd_init(cnd_t *c) { return status(pthread_cond_init(cond(c), NULL)); }
CAPR_INTERPOSE void cnd_destroy(cnd_t *c) { pthread_cond_destroy(cond(c)); }
CAPR_INTERPOSE int cnd_signal(cnd_t *c) { return status(pthread_cond_signal(cond(c))); }
CAPR_INTERPOSE int cnd_broadcast(cnd_t *c) { return status(pthread_cond_broadcast(cond(c))); }
CAPR_INTERPOSE int cnd_wait(cnd_t *c, mtx_t *m) { return status(pthread_cond_wait(cond(c), mutex(m))); }
CAPR_INTERPOSE int cnd_timedwait(cnd_t *c, mtx_t *m, const struct timespec *t) {
    return status(pthread_cond_timedwait(cond(c), mutex(m), t));
}

CAPR_INTERPOSE int tss_create(tss_t *key, tss_dtor_t destroy) { return status(pthread_key_create(key, destroy)); }
CAPR_INTERPOSE void tss_delete(tss_t key) { pthread_key_delete(key); }
CAPR_INTERPOSE void *tss_get(tss_t key) { return pthread_getspecific(key); }
CAPR_INTERPOSE int tss_set(tss_t key, void *value) { return status(pthread_setspecific(key, value)); }
