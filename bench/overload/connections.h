/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A server with a thread for each connection, and clients that ask it by one byte and are answered by one: 'y' if they were served. What
 * requests.c measures and test/lit/run/overload-is-served-to-the-end.c tests differs in what a request takes.
 */
#ifndef CAPR_OVERLOAD_CONNECTIONS_H
#define CAPR_OVERLOAD_CONNECTIONS_H

#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static struct sockaddr_in address = {.sin_family = AF_INET};

/* A listener at any port of the loopback, which `address` becomes; -1: there is none. */
static inline int listen_somewhere(int backlog) {
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    socklen_t size = sizeof address;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return bind(fd, (struct sockaddr *)&address, size) || listen(fd, backlog) || getsockname(fd, (struct sockaddr *)&address, &size) ? -1 : fd;
}

/* Memory that has been written to, or NULL; and a wait, as for a backend. */
static inline char *take(size_t bytes, unsigned us) {
    char *part = malloc(bytes);
    if (part) memset(part, 1, bytes);
    if (us) usleep(us);
    return part;
}

/* One client asks, on a connection of its own. 0: it could not. */
static inline int ask(struct pollfd *client) {
    *client = (struct pollfd){.fd = socket(AF_INET, SOCK_STREAM, 0), .events = POLLIN};
    return connect(client->fd, (struct sockaddr *)&address, sizeof address) == 0 && write(client->fd, "?", 1) == 1;
}

/* Takes its answer, and hangs up: whether it was served. */
static inline int answered(struct pollfd *client) {
    char answer = 'n';
    int served = read(client->fd, &answer, 1) == 1 && answer == 'y';
    close(client->fd);
    client->fd = -1;
    return served;
}

/* Makes a thread of `serve` for each connection, and does not return. */
static inline void accept_for_ever(int listener, void *(*serve)(void *)) {
    for (;;) {
        int fd = accept(listener, NULL, NULL);
        pthread_t t;
        if (fd < 0)
            usleep(1000);
        else if (pthread_create(&t, NULL, serve, (void *)(long)fd))
            close(fd);
        else
            pthread_detach(t);
    }
}

#endif
