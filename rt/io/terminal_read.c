/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * What a terminal has to say to a read besides bytes, and poll does not tell: that the reader's job is not the one in the
 * foreground, how long a read without VMIN waits, and that the terminal hung up while one waited. Plain code.
 */
#include "stream.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>

#include "../proc/notify.h"
#include "../proc/signals.h"

/* Whether `fd` is the terminal of this session, and another job's at present. (The side of a pseudo terminal that shows it tells
 * the foreground job too, of whose session we are not.) */
static int in_background(int fd) {
    pid_t front = 0, session = 0;
    if (capr__sys3(SYS_ioctl, fd, TIOCGPGRP, (long)&front) < 0 || front <= 0 || front == capr__sys1(SYS_getpgid, 0)) return 0;
    return capr__sys3(SYS_ioctl, fd, TIOCGSID, (long)&session) >= 0 && session == capr__sys1(SYS_getsid, 0);
}

/* Whom it is not up to read, the kernel stops or refuses, and it does so before it looks how many bytes are asked for. So we ask
 * for none: a process that has been stopped is back in the foreground perhaps when it goes on, and then the call, which the kernel
 * begins anew, does not wait. A handler of the program's is run by the kernel again and again until the job is in the foreground;
 * here the call ends after it, and the thread waits, so that others run. */
CAPR_HIDDEN long capr__terminal_turn(int fd) {
    if (!in_background(fd)) return 0;
    if (capr__self()->sigmask & CAPR_SIGNAL_BIT(SIGTTIN)) return -EIO; /* the kernel knows what all threads block */
    char byte;
    unsigned int cuts = capr__signals_cuts();
    capr__call_to_end = CAPR_END_ON_WORKER;
    long r = CAPR_OUTSIDE(capr__sys3(SYS_read, fd, (long)&byte, 0));
    capr__call_to_end = 0;
    return r == -EINTR && capr__signals_cuts() == cuts ? -EAGAIN : r;
}

/* Natively a read that was under way begins anew when its process goes on, which is when a shell puts a job in the background. In
 * the foreground its wait is left alone: a signal that comes is still to end it. */
CAPR_HIDDEN int capr__terminal_waits;

CAPR_HIDDEN void capr__terminal_continued(void) {
    capr__terminal_waits = 0;
    for (uint32_t i = 0; i < capr__fd_high; i++) {
        struct capr_fd *f = &capr__fd_table[i];
        if (f->kind != CAPR_FD_POLL || !f->queue[CAPR_FD_READ].head) continue;
        capr__terminal_waits = 1;
        while (in_background((int)i) && capr__wake_one(&f->queue[CAPR_FD_READ])) continue;
    }
}

/* A terminal whose reads do not wait for a character: its VTIME in 0.1 s, 0 for not at all; or -1. */
static int terminal_time(int fd) {
    struct termios t;
    if (capr__sys3(SYS_ioctl, fd, TCGETS, (long)&t) < 0) return -1;
    return t.c_lflag & ICANON || t.c_cc[VMIN] ? -1 : t.c_cc[VTIME];
}

CAPR_HIDDEN uint64_t capr__polled_deadline(int fd) {
    int tenths = terminal_time(fd);
    return tenths < 0 ? CAPR_FOREVER : capr__now() + (uint64_t)tenths * 100000000;
}

/* A read that is under way when the other side of a pseudo terminal goes gets EIO, and each later one the end, which is all that
 * our next try sees. Nothing else that is read has both bits set. */
CAPR_HIDDEN long capr__polled_end(int fd) {
    struct pollfd p = {fd, POLLIN, 0};
    return capr__polled_look(&p) > 0 && (p.revents & (POLLERR | POLLHUP)) == (POLLERR | POLLHUP) ? -EIO : 0;
}
