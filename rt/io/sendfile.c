/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * sendfile to a socket or pipe that blocks: as many bytes as asked for, waiting for room without stopping the worker. The kernel
 * knows no flag for it, so O_NONBLOCK is set around each try where the description is ours alone; elsewhere poll is asked and
 * small pieces go out, of which one may wait. Reading the file may stop the worker, as any read of a file. Fat code.
 */
#include "stream.h"

#include <sys/sendfile.h>

/* polled.c */
CAPR_HIDDEN long capr__sendfile_try(int out, struct capr_fd *f, int in, off_t *offset, size_t count);

/* sendfile(2). Blocks, unless O_NONBLOCK. */
CAPR_INTERPOSE ssize_t sendfile(int out, int in, off_t *offset, size_t count) {
    struct capr_fd *f = capr__fd_get(out);
    if (!f || f->kind >= CAPR_FD_PLAIN || count == 0)
        return capr__result(capr__sys4(SYS_sendfile, out, in, (long)offset, (long)count));
    uint64_t deadline = CAPR_FD_DEADLINE_UNSET;
    size_t done = 0;
    long r;
    do {
        r = capr__sendfile_try(out, f, in, offset, count - done);
        if (r > 0) done += (size_t)r;
    } while (done < count && (r > 0 || (r < 0 && capr__fd_again(out, f, CAPR_FD_WRITE, &r, &deadline))));
    return capr__fd_end(f, CAPR_FD_WRITE, done ? (long)done : r);
}

CAPR_INTERPOSE ssize_t sendfile64(int out, int in, off_t *offset, size_t count) { return sendfile(out, in, offset, count); }
