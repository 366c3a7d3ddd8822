/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * What a program may tell or ask about a thread: name, scheduling, affinity, clock. User-level threads take turns, so that
 * policies, priorities and affinities are checked, remembered and reported, and have no effect. The main thread's name is also
 * the process's, as with native threads.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>

#include "../io/syscalls.h"
#include "../sched/sched.h"
#include "extra.h"
#include "thread.h"

/* Linux: up to 15 bytes. Returns 0, ERANGE for a longer name, ESRCH, ENOMEM. */
CAPR_INTERPOSE int pthread_setname_np(pthread_t thread, const char *name) {
    CAPR_MONITOR;
    struct capr_thread *t = capr__thread_of(thread);
    if (!t) return ESRCH;
    size_t length = strlen(name);
    if (length > 15) return ERANGE;
    struct capr_extra *x = capr__extra(t);
    if (!x) return ENOMEM;
    memcpy(x->name, name, length + 1);
    if (t == &capr__main_thread) capr__sys2(SYS_prctl, PR_SET_NAME, (long)name);
    return 0;
}

/* The name, or the process's where none was set. Returns 0, ERANGE when `size` is below 16, ESRCH. */
CAPR_INTERPOSE int pthread_getname_np(pthread_t thread, char *name, size_t size) {
    CAPR_MONITOR;
    struct capr_thread *t = capr__thread_of(thread);
    if (!t) return ESRCH;
    if (size < 16) return ERANGE;
    capr__turn_look();
    const struct capr_extra *x = t->extra;
    if (x && x->name[0])
        memcpy(name, x->name, sizeof(x->name));
    else
        capr__sys2(SYS_prctl, PR_GET_NAME, (long)name);
    return 0;
}

/* prctl(2): the name is the calling thread's, the rest is the kernel's business. */
CAPR_INTERPOSE int prctl(int option, ...) {
    CAPR_MONITOR;
    va_list list;
    va_start(list, option);
    long a = va_arg(list, long), b = va_arg(list, long), c = va_arg(list, long), d = va_arg(list, long);
    va_end(list);
    struct capr_thread *self = capr__self();
    if (option == PR_SET_NAME && self && self != &capr__main_thread) {
        char name[16];
        size_t length = strnlen((const char *)a, sizeof(name) - 1); /* the kernel too cuts it off */
        memcpy(name, (const char *)a, length);
        name[length] = 0;
        int error = pthread_setname_np((pthread_t)self, name);
        return (int)capr__result(-error);
    }
    const struct capr_extra *x = self ? self->extra : NULL;
    if (option == PR_GET_NAME && x && x->name[0]) {
        memcpy((char *)a, x->name, sizeof(x->name));
        return 0;
    }
    return (int)capr__result(capr__sys6(SYS_prctl, option, a, b, c, d, 0));
}

static int set_sched(struct capr_thread *t, int policy, int priority) {
    if (!t) return ESRCH;
    int least = sched_get_priority_min(policy);
    if (least < 0 || priority < least || priority > sched_get_priority_max(policy)) return EINVAL;
    struct capr_extra *x = capr__extra(t);
    if (!x) return ENOMEM;
    x->policy = policy;
    x->priority = priority;
    capr__turn_look();
    return 0;
}

/* POSIX. Remembered, without effect. Returns 0, EINVAL for an unknown policy or a priority outside it, ESRCH, ENOMEM. */
CAPR_INTERPOSE int pthread_setschedparam(pthread_t thread, int policy, const struct sched_param *p) {
    CAPR_MONITOR;
    return set_sched(capr__thread_of(thread), policy, p->sched_priority);
}

/* POSIX. What was set, else SCHED_OTHER and 0. Returns 0 or ESRCH. */
CAPR_INTERPOSE int pthread_getschedparam(pthread_t thread, int *policy, struct sched_param *p) {
    CAPR_MONITOR;
    struct capr_thread *t = capr__thread_of(thread);
    if (!t) return ESRCH;
    const struct capr_extra *x = t->extra;
    capr__turn_look();
    *policy = x ? x->policy : SCHED_OTHER;
    p->sched_priority = x ? x->priority : 0;
    return 0;
}

static_assert(SCHED_OTHER == 0, "a zeroed record");

/* POSIX. As pthread_setschedparam with the policy kept. */
CAPR_INTERPOSE int pthread_setschedprio(pthread_t thread, int priority) {
    CAPR_MONITOR;
    struct capr_thread *t = capr__thread_of(thread);
    const struct capr_extra *x = t ? t->extra : NULL;
    return set_sched(t, x ? x->policy : SCHED_OTHER, priority);
}

/* Linux. Remembered, without effect on where the thread runs. Returns 0; EINVAL when none of the CPUs is this process's; ESRCH,
 * ENOMEM. */
CAPR_INTERPOSE int pthread_setaffinity_np(pthread_t thread, size_t size, const cpu_set_t *set) {
    CAPR_MONITOR;
    struct capr_thread *t = capr__thread_of(thread);
    if (!t) return ESRCH;
    size_t room = 1 << 14; /* bytes: 2^17 CPUs, sixteen times what Linux can have */
    cpu_set_t *mine = calloc(1, room);
    if (!mine) return ENOMEM;
    int error = EINVAL;
    if (sched_getaffinity(0, room, mine) == 0) {
        for (size_t i = 0; i < size && i < room; i++)
            if (((const unsigned char *)set)[i] & ((const unsigned char *)mine)[i]) error = 0;
    }
    free(mine);
    if (error) return error;
    struct capr_extra *x = capr__extra(t);
    cpu_set_t *copy = x ? malloc(size) : NULL;
    if (!copy) return ENOMEM;
    memcpy(copy, set, size);
    free(x->affinity);
    x->affinity = copy;
    x->affinity_size = size;
    return 0;
}

/* Linux. What was set, else the process's CPUs. Returns 0; EINVAL when `size` is too small; ESRCH. */
CAPR_INTERPOSE int pthread_getaffinity_np(pthread_t thread, size_t size, cpu_set_t *set) {
    CAPR_MONITOR;
    struct capr_thread *t = capr__thread_of(thread);
    if (!t) return ESRCH;
    const struct capr_extra *x = t->extra;
    memset(set, 0, size);
    if (!x || !x->affinity) return sched_getaffinity(0, size, set) == 0 ? 0 : errno;
    for (size_t i = size; i < x->affinity_size; i++)
        if (((const unsigned char *)x->affinity)[i]) return EINVAL;
    memcpy(set, x->affinity, size < x->affinity_size ? size : x->affinity_size);
    return 0;
}

/* POSIX. User-level threads are not billed one by one yet: every thread's clock is the process's, which no thread exceeds. Returns
 * 0 or ESRCH. */
CAPR_INTERPOSE int pthread_getcpuclockid(pthread_t thread, clockid_t *clock) {
    CAPR_MONITOR;
    if (!capr__thread_of(thread)) return ESRCH;
    *clock = CLOCK_PROCESS_CPUTIME_ID;
    return 0;
}
