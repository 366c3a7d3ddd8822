/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Acceptors: threads that take connections off the listening socket and give each a thread.
 */
#ifndef KNOT_ACCEPT_H
#define KNOT_ACCEPT_H

#include <stdbool.h>

struct acceptors {
    int listen_fd;
    bool favor_connections; /* let the threads of connections that are there run before taking another */
};

/* Opens a listening socket on a numeric address. *port is the one asked for, 0 for any, and becomes the one that was given.
 * Returns a descriptor, or a negative errno, -EINVAL for what is not an address. Does not block. */
int accept_listen(const char *address, unsigned *port, int backlog);

/* Entry of an acceptor's thread; takes a struct acceptors that outlives it. Ends when registry_stop was called and listen_fd
 * has been shut down. Blocks in accept, and while there is no place, descriptor, memory or thread for another connection. */
void *accept_thread(void *acceptors);

#endif
