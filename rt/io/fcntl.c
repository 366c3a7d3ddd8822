/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * fcntl and ioctl: the program sees and sets its own O_NONBLOCK where we have set one behind its back, and a wait for a lock does
 * not stop the worker. Everything else passes to the kernel. Plain code.
 */
#include "fd.h"
#include "pair.h"

#include <fcntl.h>
#include <stdarg.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "../disk/disk.h"
#include "lock.h"

static void note(struct capr_fd *f, int on) { f->flags = on ? f->flags | CAPR_FD_NONBLOCK : f->flags & (uint8_t)~CAPR_FD_NONBLOCK; }

/* The program's O_NONBLOCK in our records. */
static void note_nonblock(int fd, int on) {
    struct capr_fd *f = capr__fd_find(fd);
    if (!f) return;
    note(f, on);
    const int both = CAPR_FD_FLIPPED | CAPR_FD_SHARED;
    struct stat own, other;
    if ((f->flags & both) != both || capr__sys2(SYS_fstat, fd, (long)&own) < 0) return;
    /* The numbers of one description have one O_NONBLOCK, and for these the kernel's says nothing. They are sockets, each of which
     * has one description and an inode of its own. */
    for (uint32_t i = 0; i < capr__fd_high; i++) {
        struct capr_fd *g = &capr__fd_table[i];
        if ((g->flags & both) == both && capr__sys2(SYS_fstat, i, (long)&other) >= 0 && other.st_ino == own.st_ino) note(g, on);
    }
}

/* Who wants a signal for what comes is to get it from the kernel, which hears nothing of what goes from thread to thread. */
static void note_async(int fd, int on) {
    struct capr_fd *f = on ? capr__fd_find(fd) : NULL;
    if (f) capr__pair_part(f);
}

static int is_flipped(int fd) {
    struct capr_fd *f = capr__fd_find(fd);
    return f && (f->flags & CAPR_FD_FLIPPED);
}

/* fcntl(2). Passes to the kernel, but for O_NONBLOCK where we set it behind the program's back. F_SETLKW and F_OFD_SETLKW block
 * and are cancellation points. */
static int control(int fd, int command, long arg) {
    capr__turn_look();
    switch (command) {
    case F_GETFL: {
        long r = capr__sys2(SYS_fcntl, fd, F_GETFL);
        if (r >= 0 && is_flipped(fd) && !(capr__fd_find(fd)->flags & CAPR_FD_NONBLOCK)) r &= ~O_NONBLOCK;
        return (int)capr__result(r);
    }
    case F_SETFL: {
        long r = capr__sys3(SYS_fcntl, fd, F_SETFL, is_flipped(fd) ? arg | O_NONBLOCK : arg);
        struct capr_fd *f = capr__fd_find(fd);
        if (r >= 0) note_nonblock(fd, (arg & O_NONBLOCK) != 0);
        if (r >= 0) note_async(fd, (arg & O_ASYNC) != 0);
        if (f) f->disk = 0; /* O_DIRECT */
        return (int)capr__result(r);
    }
    case F_DUPFD:
    case F_DUPFD_CLOEXEC: {
        long r = capr__sys3(SYS_fcntl, fd, command, arg);
        if (r >= 0) capr__fd_copied(fd, (int)r);
        return (int)capr__result(r);
    }
    case F_SETLKW:
    case F_OFD_SETLKW:
        return (int)capr__lock_wait(fd, command, arg);
    default:
        break;
    }
    if (command == F_GETOWN) { /* a process group comes back negative, which the plain call takes for an error */
        struct f_owner_ex owner;
        long r = capr__sys3(SYS_fcntl, fd, F_GETOWN_EX, (long)&owner);
        if (r < 0) return (int)capr__result(r);
        return owner.type == F_OWNER_PGRP ? -owner.pid : owner.pid;
    }
    return (int)capr__result(capr__sys3(SYS_fcntl, fd, command, arg));
}

#define LAST_ARG(command)                                                                                                          \
    ({                                                                                                                             \
        va_list ap;                                                                                                                \
        va_start(ap, command);                                                                                                     \
        long arg_ = va_arg(ap, long);                                                                                              \
        va_end(ap);                                                                                                                \
        arg_;                                                                                                                      \
    })

CAPR_INTERPOSE int fcntl(int fd, int command, ...) { CAPR_MONITOR; return control(fd, command, LAST_ARG(command)); }
CAPR_INTERPOSE int fcntl64(int fd, int command, ...) { CAPR_MONITOR; return control(fd, command, LAST_ARG(command)); }

/* ioctl(2): FIONBIO and FIOASYNC are F_SETFL in another dress. */
CAPR_INTERPOSE int ioctl(int fd, unsigned long request, ...) {
    CAPR_MONITOR;
    long arg = LAST_ARG(request);
    capr__turn_look();
    if (request != FIONBIO) {
        long other = capr__sys3(SYS_ioctl, fd, (long)request, arg);
        if (request == FIOASYNC && other >= 0) note_async(fd, *(const int *)arg != 0);
        return (int)capr__result(other);
    }
    int on = 1;
    long r = capr__sys3(SYS_ioctl, fd, FIONBIO, is_flipped(fd) ? (long)&on : arg);
    if (r >= 0) note_nonblock(fd, *(const int *)arg != 0);
    return (int)capr__result(r);
}
