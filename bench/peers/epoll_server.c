/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The floor under every web server: one loop over one epoll set, which answers whatever asks with the same bytes. A request costs it one recv
 * and one send, and the epoll_wait that it shares with those that came along. It parses nothing: a request ends where an empty line does.
 *
 *     epoll_server PORT BYTES
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define EVENTS 512
#define REQUEST 2048 /* wrk's are some 50 bytes; what does not end within this ends the connection */

static int set;
static char *answer;
static size_t answer_bytes;

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static void watch(int fd) {
    struct epoll_event event = {EPOLLIN, {.fd = fd}};
    if (epoll_ctl(set, EPOLL_CTL_ADD, fd, &event)) fail("epoll_ctl");
}

static void take_connections(int listener) {
    int fd, on = 1;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        watch(fd);
    }
}

/* The answers to what has come. One that the socket has no room for ends the connection: a client that asks once at a time never sees it. */
static void serve(int fd) {
    char request[REQUEST];
    ssize_t n = recv(fd, request, sizeof request, 0);
    if (n < 0 && errno == EAGAIN) return;
    if (n < 4 || memcmp(request + n - 4, "\r\n\r\n", 4) != 0 || send(fd, answer, answer_bytes, MSG_NOSIGNAL) != (ssize_t)answer_bytes) close(fd);
}

int main(int argc, char **argv) {
    if (argc != 3) return fprintf(stderr, "usage: epoll_server PORT BYTES\n"), 2;
    size_t body = strtoul(argv[2], NULL, 10);
    answer = malloc(body + 256);
    answer_bytes = (size_t)sprintf(answer, "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %zu\r\n\r\n", body);
    memset(answer + answer_bytes, 'x', body);
    answer_bytes += body;

    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), on = 1;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[1])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 4096)) fail("listen");
    set = epoll_create1(0);
    watch(listener);
    for (;;) {
        struct epoll_event events[EVENTS];
        int n = epoll_wait(set, events, EVENTS, -1);
        for (int i = 0; i < n; i++) {
            if (events[i].data.fd == listener) take_connections(listener);
            else serve(events[i].data.fd);
        }
    }
}
