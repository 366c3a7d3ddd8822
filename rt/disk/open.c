/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * open and its relatives. A path that is all in memory is opened at once, any other on the pool. A fifo without a peer makes open
 * wait for as long as nobody comes, so whatever could be one is looked at first, and a fifo is opened on a kernel thread of its
 * own. (It can't be tried with O_NONBLOCK: that the reader was there for a moment is something that its peer sees.) Fat code.
 */
#include "disk.h"

#include <fcntl.h>
#include <stdarg.h>
#include <sys/stat.h>

#include "../io/made.h"
#include "../proc/signals.h"
#include "paths.h"

/* Whether open with these flags may wait for a fifo's other end. */
static inline int may_wait_for_peer(int flags) {
    return !(flags & (O_NONBLOCK | O_PATH | O_DIRECTORY)) && (flags & O_ACCMODE) != O_RDWR &&
           (flags & (O_CREAT | O_EXCL)) != (O_CREAT | O_EXCL);
}

/* On a pool thread. arg: dir, path, flags, mode. */
static void open_job(struct capr_job *job) {
    struct stat st;
    int flags = (int)job->arg[2];
    if (may_wait_for_peer(flags) &&
        CAPR_OUTSIDE(capr__sys4(SYS_newfstatat, job->arg[0], job->arg[1], (long)&st, flags & O_NOFOLLOW ? AT_SYMLINK_NOFOLLOW : 0)) == 0 &&
        S_ISFIFO(st.st_mode))
        job->result = CAPR_IS_FIFO;
    else
        job->result = CAPR_OUTSIDE(capr__sys4(SYS_openat, job->arg[0], job->arg[1], flags, job->arg[3]));
}

/* The same for a path that is in memory: a descriptor, -EAGAIN: it is not, CAPR_IS_FIFO, or -errno. */
static __attribute__((noinline)) long at_once(int dir, const char *path, int flags, long *ghost) {
    return may_wait_for_peer(flags) ? capr__path_open(dir, path, flags, ghost) : capr__open_cached(dir, path, flags, 0);
}

static __attribute__((noinline)) long wait_for_peer(int dir, const char *path, int flags) {
    struct capr_job job = {.number = SYS_openat, .arg = {dir, (long)path, flags, 0}};
    long r;
    do r = capr__pool_run_endless(&job, &capr__wait_restartable, 1);
    while (r == CAPR_POOL_NOBODY);
    return r;
}

static __attribute__((noinline)) long open_any(int dir, const char *path, int flags, mode_t mode) {
    capr__cancel_point();
    if (capr__in_place()) return capr__made(CAPR_OUTSIDE(capr__sys4(SYS_openat, dir, (long)path, flags, mode)), CAPR_FD_UNKNOWN, flags);
    long ghost = -1, r = at_once(dir, path, flags, &ghost);
    if (r == -EAGAIN) {
        struct capr_job job = {.run = open_job, .arg = {dir, (long)path, flags, mode}, .kind = CAPR_JOB_DISK};
        if (capr__env.disk == CAPR_DISK_IMMEDIATE)
            open_job(&job);
        else
            capr__pool_run(&job);
        r = job.result;
    }
    if (r == CAPR_IS_FIFO) {
        r = wait_for_peer(dir, path, flags & ~(O_CREAT | O_TRUNC));
        if (ghost >= 0) capr__sys1(SYS_close, ghost);
        if (r == -EINTR) capr__cancel_point();
    }
    return capr__made(r, CAPR_FD_UNKNOWN, flags);
}

#define MODE(flags, last)                                                                                                          \
    ({                                                                                                                             \
        mode_t mode_ = 0;                                                                                                          \
        if (((flags) & O_CREAT) || ((flags) & O_TMPFILE) == O_TMPFILE) {                                                           \
            va_list ap;                                                                                                            \
            va_start(ap, last);                                                                                                    \
            mode_ = va_arg(ap, mode_t);                                                                                            \
            va_end(ap);                                                                                                            \
        }                                                                                                                          \
        mode_;                                                                                                                     \
    })

/* open(2), openat(2), creat(2). Block. Cancellation points. */
CAPR_INTERPOSE int open(const char *path, int flags, ...) { CAPR_MONITOR; return (int)open_any(AT_FDCWD, path, flags, MODE(flags, flags)); }
CAPR_INTERPOSE int open64(const char *path, int flags, ...) { CAPR_MONITOR; return (int)open_any(AT_FDCWD, path, flags, MODE(flags, flags)); }
CAPR_INTERPOSE int openat(int dir, const char *path, int flags, ...) { CAPR_MONITOR; return (int)open_any(dir, path, flags, MODE(flags, flags)); }
CAPR_INTERPOSE int openat64(int dir, const char *path, int flags, ...) { CAPR_MONITOR; return (int)open_any(dir, path, flags, MODE(flags, flags)); }

#define CREATE (O_CREAT | O_WRONLY | O_TRUNC)
CAPR_INTERPOSE int creat(const char *path, mode_t mode) { CAPR_MONITOR; return (int)open_any(AT_FDCWD, path, CREATE, mode); }
CAPR_INTERPOSE int creat64(const char *path, mode_t mode) { CAPR_MONITOR; return (int)open_any(AT_FDCWD, path, CREATE, mode); }

/* What _FORTIFY_SOURCE makes of open without a mode. */
CAPR_INTERPOSE int __open_2(const char *path, int flags) { CAPR_MONITOR; return (int)open_any(AT_FDCWD, path, flags, 0); }
CAPR_INTERPOSE int __open64_2(const char *path, int flags) { CAPR_MONITOR; return (int)open_any(AT_FDCWD, path, flags, 0); }
CAPR_INTERPOSE int __openat_2(int dir, const char *path, int flags) { CAPR_MONITOR; return (int)open_any(dir, path, flags, 0); }
CAPR_INTERPOSE int __openat64_2(int dir, const char *path, int flags) { CAPR_MONITOR; return (int)open_any(dir, path, flags, 0); }
