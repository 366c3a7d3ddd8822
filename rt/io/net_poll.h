/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The poll loop's other way to ask for events, chosen by CAPRICCIO_NET.
 */
#ifndef CAPR_IO_NET_POLL_H
#define CAPR_IO_NET_POLL_H

#include <sys/epoll.h>

#include "../proc/env.h"
#include "fd.h"

CAPR_INLINE int capr__net_polls(void) { return capr__env.net == CAPR_NET_POLL; }

/* As capr__fd_register: notes that `fd` may be waited for. */
CAPR_HIDDEN int capr__net_register(int fd, struct capr_fd *f);

/* As epoll_wait, with the events as the set of the worker would report them: their number or -errno. */
CAPR_HIDDEN long capr__net_wait(struct epoll_event *events, long count, int64_t timeout_ns);

/* epoll_wait.S: system call `number` with the four arguments, unless *check is not 0 by then. */
CAPR_HIDDEN long capr__epoll_wait(long set, void *list, long count, long timeout, volatile int *check, long number);

#endif
