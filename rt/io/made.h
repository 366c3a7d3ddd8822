/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The end of a call that makes a descriptor.
 */
#ifndef CAPR_IO_MADE_H
#define CAPR_IO_MADE_H

#include <fcntl.h>

#include "fd.h"

/* Notes a descriptor that a call of ours made with `flags` (O_NONBLOCK among them), sets errno if it made none. */
CAPR_INLINE long capr__made(long fd, int kind, int flags) {
    if (fd >= 0) capr__fd_fresh((int)fd, kind, flags & O_NONBLOCK ? CAPR_FD_NONBLOCK : 0);
    return capr__result(fd);
}

#endif
