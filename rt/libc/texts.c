/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Texts that libc gives out in a buffer which is each kernel thread's own, and here would be that of all threads of a worker: a thread
 * that waits before it prints its text would print another's, or memory that libc has freed for the other's sake. The text is
 * copied to where it is the user-level thread's until its next such call, as it is natively. Plain code.
 */
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../sched/sched.h"
#include "../thread/extra.h"

static struct {
    char *(*inet_ntoa)(struct in_addr), *(*strerror)(int), *(*strerror_l)(int, locale_t), *(*strsignal)(int), *(*dlerror)(void);
} libcs;

/* At start, since dlsym forgets the error that dlerror is to tell of; or before, for a library that comes first. */
static __attribute__((constructor)) void find(void) {
    if (libcs.dlerror) return;
    libcs.inet_ntoa = (char *(*)(struct in_addr))dlsym(RTLD_NEXT, "inet_ntoa");
    libcs.strerror = (char *(*)(int))dlsym(RTLD_NEXT, "strerror");
    libcs.strerror_l = (char *(*)(int, locale_t))dlsym(RTLD_NEXT, "strerror_l");
    libcs.strsignal = (char *(*)(int))dlsym(RTLD_NEXT, "strsignal");
    libcs.dlerror = (char *(*)(void))dlsym(RTLD_NEXT, "dlerror");
}

/* Copies libc's `text`. Where there is no memory for it, and on a kernel thread that is no worker, it remains libc's. */
static char *own(enum capr_text which, char *text) {
    int err = errno;
    struct capr_thread *self = capr__self();
    struct capr_extra *x = self && text ? capr__extra(self) : NULL;
    char *copy = x ? strdup(text) : NULL;
    errno = err;
    if (!copy) return text;
    free(x->texts[which]);
    return x->texts[which] = copy;
}

/* POSIX inet_ntoa. Does not block. */
CAPR_INTERPOSE char *inet_ntoa(struct in_addr in) {
    CAPR_MONITOR;
    find();
    return own(CAPR_TEXT_ADDRESS, libcs.inet_ntoa(in));
}

/* POSIX strerror, strerror_l. What is a message of libc's catalogue is nobody's buffer. Do not block. */
CAPR_INTERPOSE char *strerror(int error) {
    CAPR_MONITOR;
    find();
    char *text = libcs.strerror(error);
    return strerrordesc_np(error) ? text : own(CAPR_TEXT_ERROR, text);
}

CAPR_INTERPOSE char *strerror_l(int error, locale_t locale) {
    CAPR_MONITOR;
    find();
    char *text = libcs.strerror_l(error, locale);
    return strerrordesc_np(error) ? text : own(CAPR_TEXT_ERROR, text);
}

/* POSIX strsignal, the same. */
CAPR_INTERPOSE char *strsignal(int number) {
    CAPR_MONITOR;
    find();
    char *text = libcs.strsignal(number);
    return sigdescr_np(number) ? text : own(CAPR_TEXT_SIGNAL, text);
}

/* POSIX dlerror. Whose failure it tells of is the worker's matter: the last one, by whichever thread. Does not block. */
CAPR_INTERPOSE char *dlerror(void) {
    CAPR_MONITOR;
    find();
    return own(CAPR_TEXT_DL, libcs.dlerror());
}
