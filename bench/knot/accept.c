/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Accepts connections. Whatever is out (places, descriptors, memory, threads), the acceptor waits for a connection to end and
 * tries again; meanwhile new clients wait in the listening socket's backlog, and those that are served go on undisturbed.
 */
#include "accept.h"
#include "registry.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static unsigned port_of(int fd) {
    struct sockaddr_storage address;
    socklen_t len = sizeof address;
    if (getsockname(fd, (struct sockaddr *)&address, &len)) return 0;
    return ntohs(address.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&address)->sin6_port
                                               : ((struct sockaddr_in *)&address)->sin_port);
}

int accept_listen(const char *address, unsigned *port, int backlog) {
    char service[12];
    snprintf(service, sizeof service, "%u", *port);
    struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE, .ai_socktype = SOCK_STREAM}, *found;
    if (getaddrinfo(address, service, &hints, &found)) return -EINVAL;
    int on = 1, unsent = 128 << 10, error = 0;
    int fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    /* Accepted sockets inherit these two. Without TCP_NODELAY the second of two pipelined responses waits for the client's
     * acknowledgement of the first, which may be 40 ms late. Without TCP_NOTSENT_LOWAT the kernel buffers up to 4 MiB for a slow
     * client and wakes us for the next byte when a third of that is gone: at 20 KB/s past any time limit for progress. */
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) ||
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) ||
        setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent, sizeof unsent) || bind(fd, found->ai_addr, found->ai_addrlen) ||
        listen(fd, backlog))
        error = errno;
    freeaddrinfo(found);
    if (!error) {
        *port = port_of(fd);
        return fd;
    }
    if (fd >= 0) close(fd);
    return -error;
}

/* At most one line in ten seconds: this happens for every connection while it happens. */
static void warn(const char *what, int error) {
    static _Atomic uint32_t silent_until;
    if (ticker_now() < silent_until) return;
    silent_until = ticker_now() + 10;
    fprintf(stderr, "knot: warning: %s: %s; waiting for a connection to end\n", what, strerror(error));
}

/* Waits for a connection. Returns its descriptor, or -1 when the server stops. */
static int take(int listen_fd) {
    for (;;) {
        int fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC);
        if (fd >= 0) return fd;
        int error = errno;
        if (registry_stopping) return -1;
        switch (error) {
        case EMFILE:
        case ENFILE:
        case ENOBUFS:
        case ENOMEM:
            warn("accept", error);
            registry_wait_departure();
            break;
        case EBADF:
        case EINVAL:
        case ENOTSOCK:
            fprintf(stderr, "knot: error: accept: %s; this acceptor ends\n", strerror(error));
            return -1;
        default:
            break; /* of this one connection, which is gone already: accept(2), "Error handling" */
        }
    }
}

/* Gives a connection its thread. When no thread can be had it waits, unless the server stops. */
static void start(struct conn *c, const pthread_attr_t *detached) {
    pthread_t thread;
    int error;
    while ((error = pthread_create(&thread, detached, conn_thread, c))) {
        if (registry_stopping) {
            registry_remove(c);
            return;
        }
        warn("pthread_create", error);
        registry_wait_departure();
    }
}

void *accept_thread(void *arg) {
    const struct acceptors *a = arg;
    pthread_attr_t detached;
    pthread_attr_init(&detached);
    pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
    while (registry_reserve()) {
        if (a->favor_connections) sched_yield();
        int fd = take(a->listen_fd);
        if (fd < 0) {
            registry_unreserve();
            break;
        }
        struct conn *c = registry_add(fd);
        if (c) {
            start(c, &detached);
        } else {
            warn("connection record", ENOMEM);
            close(fd);
            registry_unreserve();
            registry_wait_departure();
        }
    }
    pthread_attr_destroy(&detached);
    return NULL;
}
