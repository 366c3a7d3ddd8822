/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * What makes threads ready beside descriptors: finished jobs of the pool, finished disk requests. The poll loop asks each source
 * whenever it looks at descriptors; a source that something happens to while the worker waits in the kernel writes to the
 * worker's eventfd. The list is empty, and costs one load, until a program uses one.
 */
#ifndef CAPR_IO_SOURCE_H
#define CAPR_IO_SOURCE_H

#include "../layout.h"

/* All called on the worker's idle thread, but `forked`, and none of them blocks or gives way. */
struct capr_source {
    int (*collect)(void);  /* makes threads ready; returns how many */
    int (*arm)(void);      /* the worker is about to wait: returns 1 if it must not, since there is something to collect */
    void (*disarm)(void);  /* it waits no longer */
    void (*forked)(void);  /* in the child of a fork: the source is as new and no longer on the list */
    struct capr_source *next;
};

/* Adds a source for good. */
CAPR_HIDDEN void capr__io_source_add(struct capr_source *source);

/* The worker's eventfd, in its epoll set, made if there is none: a write of 8 bytes ends the worker's wait. -errno. The number
 * changes when the program wants it for itself, so other kernel threads only call what follows. */
CAPR_HIDDEN int capr__io_wake_fd(void);

/* Ends the worker's wait. On any kernel thread. */
CAPR_HIDDEN void capr__io_wake(void);

/* Gives the eventfd a number above `fd`. Returns 0 or -errno. On the worker. */
CAPR_HIDDEN int capr__io_wake_fd_move(int fd);

/* In the child of a fork: forgets all sources. */
CAPR_HIDDEN void capr__io_sources_forked(void);

#endif
