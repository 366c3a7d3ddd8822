/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Locks of files: each call is first made in the form that does not wait. Where another process or description holds the lock, the
 * waiting form runs on a kernel thread of its own: the kernel keeps its queue and finds deadlocks, as natively. The locks
 * themselves belong to descriptions (flock, OFD) or to the process (POSIX), whichever of its kernel threads asks. Fat code.
 */
#include "lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "../pool/pool.h"
#include "../proc/signals.h"
#include "../thread/cancel.h"

static __attribute__((noinline)) long wait_for(long number, int fd, long command, long arg, int point) {
    struct capr_job job = {.number = number, .arg = {fd, command, arg}};
    return capr__pool_run_endless(&job, &capr__wait_restartable, point);
}

CAPR_HIDDEN long capr__lock_wait(int fd, int command, long lock) {
    capr__cancel_point();
    if (!capr__may_switch()) return capr__result(capr__sys3(SYS_fcntl, fd, command, lock));
    long r;
    do {
        r = capr__sys3(SYS_fcntl, fd, command == F_SETLKW ? F_SETLK : F_OFD_SETLK, lock);
        if (r == -EAGAIN || r == -EACCES) r = wait_for(SYS_fcntl, fd, command, lock, 1);
    } while (r == CAPR_POOL_NOBODY);
    if (r == -EINTR) capr__cancel_point();
    return capr__result(r);
}

/* flock(2). Blocks, unless LOCK_NB. */
CAPR_INTERPOSE int flock(int fd, int operation) {
    CAPR_MONITOR;
    capr__turn_look();
    if ((operation & LOCK_NB) || !capr__may_switch()) return (int)capr__result(CAPR_OUTSIDE(capr__sys2(SYS_flock, fd, operation)));
    long r;
    do {
        r = CAPR_OUTSIDE(capr__sys2(SYS_flock, fd, operation | LOCK_NB));
        if (r == -EWOULDBLOCK) r = wait_for(SYS_flock, fd, operation, 0, 0);
    } while (r == CAPR_POOL_NOBODY);
    return (int)capr__result(r);
}

/* lockf(3): POSIX locks from the description's position on. Blocks with F_LOCK, and is then a cancellation point. */
CAPR_INTERPOSE int lockf(int fd, int command, off_t size) {
    CAPR_MONITOR;
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_CUR, .l_len = size};
    capr__turn_look();
    switch (command) {
    case F_TEST: {
        lock.l_type = F_RDLCK;
        long r = capr__sys3(SYS_fcntl, fd, F_GETLK, (long)&lock);
        if (r >= 0 && lock.l_type != F_UNLCK && lock.l_pid != capr__sys1(SYS_getpid, 0)) r = -EACCES;
        return (int)capr__result(r);
    }
    case F_ULOCK:
        lock.l_type = F_UNLCK;
        return (int)capr__result(capr__sys3(SYS_fcntl, fd, F_SETLK, (long)&lock));
    case F_TLOCK:
        return (int)capr__result(capr__sys3(SYS_fcntl, fd, F_SETLK, (long)&lock));
    case F_LOCK:
        return (int)capr__lock_wait(fd, F_SETLKW, (long)&lock);
    default:
        return (int)capr__result(-EINVAL);
    }
}

CAPR_INTERPOSE int lockf64(int fd, int command, off64_t size) { return lockf(fd, command, size); }
