/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Starts kernel threads of the runtime's own. They are libc's, so that what runs on them may use libc, and setuid reaches them by
 * libc's signal. Plain code.
 */
#include "kernel_thread.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>

#include "../io/syscalls.h"

#define SIGNAL_SETXID 33

/* libc's own, since the executable has the name. */
static int real_create(pthread_t *thread, const pthread_attr_t *attr, void *(*start)(void *), void *arg) {
#ifdef CAPR_THREAD_SANITIZER /* which has to know of it, and has a function of its own between */
    extern __typeof__(pthread_create) __interceptor_pthread_create;
    return __interceptor_pthread_create(thread, attr, start, arg);
#endif
    static int (*real)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
    if (!real) real = (__typeof__(real))dlsym(RTLD_NEXT, "pthread_create");
    return real ? real(thread, attr, start, arg) : ENOSYS;
}

static int start(void *(*run)(void *), void *arg, size_t bytes, uint64_t heeds, pthread_t *joinable) {
    pthread_t thread;
    pthread_attr_t attr;
    uint64_t mask = ~(heeds | 1ull << (SIGNAL_SETXID - 1)), before;
    pthread_attr_init(&attr);
    pthread_attr_setdetachstate(&attr, joinable ? PTHREAD_CREATE_JOINABLE : PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attr, bytes);
    /* By the kernel's own call: the mask is the kernel thread's, which the new one starts with. */
    capr__sys4(SYS_rt_sigprocmask, SIG_SETMASK, (long)&mask, (long)&before, 8);
    int e = real_create(&thread, &attr, run, arg);
    if (e == EINVAL) { /* thread-local variables of some library leave no room */
        pthread_attr_setstacksize(&attr, 8u << 20);
        e = real_create(&thread, &attr, run, arg);
    }
    capr__sys4(SYS_rt_sigprocmask, SIG_SETMASK, (long)&before, 0, 8);
    pthread_attr_destroy(&attr);
    if (e == 0 && joinable) *joinable = thread;
    return e;
}

CAPR_HIDDEN int capr__kernel_thread_start(void *(*run)(void *), void *arg, size_t bytes, uint64_t heeds) {
    return start(run, arg, bytes, heeds, NULL);
}

CAPR_HIDDEN int capr__kernel_thread_start_joinable(void *(*run)(void *), void *arg, size_t bytes, pthread_t *thread) {
    return start(run, arg, bytes, 0, thread);
}

CAPR_HIDDEN void capr__kernel_thread_join(pthread_t thread) {
#ifdef CAPR_THREAD_SANITIZER
    extern __typeof__(pthread_join) __interceptor_pthread_join;
    __interceptor_pthread_join(thread, NULL);
#else
    static int (*real)(pthread_t, void **);
    if (!real) real = (__typeof__(real))dlsym(RTLD_NEXT, "pthread_join");
    if (real) real(thread, NULL);
#endif
}
