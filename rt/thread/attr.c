/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * pthread_getattr_np. Every other pthread_attr_ function is left to glibc: they only read and write the caller's object, which
 * pthread_create reads through glibc's getters. Here an object is filled in for a living thread by the same setters, so that glibc's layout is
 * known nowhere.
 */
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stddef.h>
#include <unistd.h>

#include "extra.h"
#include "thread.h"

/* The main thread's stack is the kernel's, and glibc finds its extent in /proc/self/maps. */
static int native(pthread_attr_t *attr)
{
    int (*getattr)(pthread_t, pthread_attr_t *) = (int (*)(pthread_t, pthread_attr_t *))dlsym(RTLD_NEXT, "pthread_getattr_np");
    pthread_t (*self)(void) = (pthread_t(*)(void))dlsym(RTLD_NEXT, "pthread_self");
    return getattr && self ? getattr(self(), attr) : ENOSYS;
}

/* Attributes of a living thread. Of a user-level thread: the detach state, the scheduling parameters as set, and a stack that
 * ends where its first chunk ends and has the default size. Linked chunks lie elsewhere: a program that scans stacks by
 * this answer sees the first chunk only. Returns 0, ESRCH for the null handle, ENOMEM, ENOSYS. *attr is to be destroyed. */
CAPR_INTERPOSE int pthread_getattr_np(pthread_t thread, pthread_attr_t *attr)
{
    struct capr_thread *t = (struct capr_thread *)thread;
    if (!t)
        return ESRCH;
    struct capr_chunk *chunk = capr__first_chunk(t);
    if (!chunk)
        return native(attr);
    int error = pthread_attr_init(attr);
    if (error)
        return error;
    size_t size;
    error = pthread_attr_getstacksize(attr, &size);
    if (error)
        return error;
    uintptr_t page = (uintptr_t)getpagesize(), top = ((uintptr_t)(chunk + 1) + page - 1) & ~(page - 1);
    pthread_attr_setdetachstate(attr, t->detached ? PTHREAD_CREATE_DETACHED : PTHREAD_CREATE_JOINABLE);
    pthread_attr_setguardsize(attr, 0);
    const struct capr_extra *x = t->extra;
    if (x) {
        struct sched_param p = { .sched_priority = x->priority };
        pthread_attr_setschedpolicy(attr, x->policy);
        pthread_attr_setschedparam(attr, &p);
        if (x->affinity)
            pthread_attr_setaffinity_np(attr, x->affinity_size, x->affinity);
    }
    return pthread_attr_setstack(attr, (void *)(top - size), size);
}
