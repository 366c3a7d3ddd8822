/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * libc's functions that make a descriptor and wait for nothing. They are libc's own in all else, and are here so that what they make is
 * counted: the scheduler and the blocking graph go by what a way of the program takes. Plain code.
 */
#include "fd.h"

#include <dlfcn.h>
#include <pty.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/signalfd.h>

/* libc's own function of a name that the executable has taken; and the descriptor that it makes. */
#define REAL(name)                                                                                                                 \
    ({                                                                                                                             \
        static __typeof__(name) *real_;                                                                                            \
        if (!real_) real_ = (__typeof__(name) *)dlsym(RTLD_NEXT, #name);                                                           \
        real_;                                                                                                                     \
    })
#define MADE(kind, name, ...)                                                                                                      \
    ({                                                                                                                             \
        int fd_ = REAL(name)(__VA_ARGS__);                                                                                         \
        capr__fd_made_by_libc(fd_, kind);                                                                                          \
        fd_;                                                                                                                       \
    })

CAPR_INTERPOSE int epoll_create(int size) { CAPR_MONITOR; return MADE(CAPR_KIND_OTHER, epoll_create, size); }
CAPR_INTERPOSE int epoll_create1(int flags) { CAPR_MONITOR; return MADE(CAPR_KIND_OTHER, epoll_create1, flags); }
CAPR_INTERPOSE int inotify_init(void) { CAPR_MONITOR; return MADE(CAPR_KIND_OTHER, inotify_init); }
CAPR_INTERPOSE int inotify_init1(int flags) { CAPR_MONITOR; return MADE(CAPR_KIND_OTHER, inotify_init1, flags); }
CAPR_INTERPOSE int memfd_create(const char *name, unsigned flags) { CAPR_MONITOR; return MADE(CAPR_KIND_FILE, memfd_create, name, flags); }
CAPR_INTERPOSE int posix_openpt(int flags) { CAPR_MONITOR; return MADE(CAPR_KIND_FILE, posix_openpt, flags); }
CAPR_INTERPOSE int getpt(void) { CAPR_MONITOR; return MADE(CAPR_KIND_FILE, getpt); }

/* One that is there already may only be changed. */
CAPR_INTERPOSE int signalfd(int fd, const sigset_t *set, int flags) {
    CAPR_MONITOR;
    int made = REAL(signalfd)(fd, set, flags);
    if (fd == -1) capr__fd_made_by_libc(made, CAPR_KIND_OTHER);
    return made;
}

CAPR_INTERPOSE int openpty(int *master, int *slave, char *name, const struct termios *mode, const struct winsize *size) {
    CAPR_MONITOR;
    int error = REAL(openpty)(master, slave, name, mode, size);
    if (!error) {
        capr__fd_made_by_libc(*master, CAPR_KIND_FILE);
        capr__fd_made_by_libc(*slave, CAPR_KIND_FILE);
    }
    return error;
}
