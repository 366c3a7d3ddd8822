/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The try of splice and tee that does not wait: what the kernel refuses, or does at once, it is not to do only when there is input.
 * SPLICE_F_NONBLOCK is about pipes alone. So the kernel is asked where only a pipe could keep it, and for the rest where it is
 * certain that nothing is moved. Plain code.
 */
#include "splice_try.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>

#include "stream.h"

#define KNOWN_FLAGS (SPLICE_F_MOVE | SPLICE_F_NONBLOCK | SPLICE_F_MORE | SPLICE_F_GIFT)

static mode_t type_of(int fd) {
    struct stat st;
    return capr__sys2(SYS_fstat, fd, (long)&st) < 0 ? 0 : st.st_mode & S_IFMT;
}

/* Whether `fd` is no descriptor, or one open only for the other direction. */
static int is_only(int fd, int mode) {
    long status = capr__sys2(SYS_fcntl, fd, F_GETFL);
    return status < 0 || (status & O_ACCMODE) == mode;
}

static int readable(int fd) {
    struct pollfd p = {fd, POLLIN, 0};
    return capr__polled_look(&p) != 0;
}

/* Whether splice with SPLICE_F_NONBLOCK returns at once, and gives way to nobody for long. */
static int at_once(int in, long in_offset, int out, long out_offset, long n, long flags) {
    if (!n || flags & ~(long)KNOWN_FLAGS) return 1;
    mode_t from = type_of(in), to = type_of(out);
    if (from == S_IFIFO) return to == S_IFIFO || in_offset || !readable(in); /* an empty pipe: `out` is looked at, not written to */
    if (to != S_IFIFO) return 1;                                             /* neither is a pipe */
    /* From elsewhere into a pipe: only what is refused. */
    return out_offset || (in_offset && from == S_IFSOCK) || is_only(in, O_WRONLY) || is_only(out, O_RDONLY);
}

CAPR_HIDDEN long capr__splice_try(const struct capr_job *job) {
    const long *a = job->arg;
    if (job->number == SYS_tee) return CAPR_OUTSIDE(capr__sys4(SYS_tee, a[0], a[1], a[2], a[3] | SPLICE_F_NONBLOCK));
    if (!at_once((int)a[0], a[1], (int)a[2], a[3], a[4], a[5])) return -EAGAIN;
    return CAPR_HELD(capr__sys6(SYS_splice, a[0], a[1], a[2], a[3], a[4], a[5] | SPLICE_F_NONBLOCK));
}
