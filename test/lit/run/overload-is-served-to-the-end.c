/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A server with a thread for each connection, and far more clients at once than it has descriptors for, or memory: each request takes half of what it
 * needs, waits, takes the rest and gives all back. Whoever is held with what others wait for is let go on, so that all requests are served; where
 * each was held at its next step in turn, one or two a second were. Few are refused.
 *
 * RUN: %capcc -O2 %s -o %t -pthread
 * RUN: env CAPRICCIO_WORKERS=1 timeout -s KILL 60 %t descriptors
 * RUN: env CAPRICCIO_WORKERS=2 timeout -s KILL 60 %t descriptors
 * RUN: env CAPRICCIO_MEMORY=32M CAPRICCIO_WORKERS=1 timeout -s KILL 60 %t memory
 * RUN: env CAPRICCIO_MEMORY=32M CAPRICCIO_WORKERS=2 timeout -s KILL 60 %t memory
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>

#include "../../../bench/overload/connections.h"

#define CLIENTS 400
#define REQUESTS 4000
#define PART (256 << 10)

static int of_memory;

static void *serve(void *arg) {
    int fd = (int)(long)arg, file = -1;
    char request, *one = NULL, *two = NULL;
    if (read(fd, &request, 1) != 1) goto out;
    if (of_memory) {
        one = take(PART, 500);
        two = take(PART, 0);
    } else {
        file = open("/dev/null", O_RDWR);
    }
    usleep(1000);
    if (write(fd, of_memory ? one && two ? "y" : "n" : file >= 0 ? "y" : "n", 1) != 1) exit(3);
    free(one);
    free(two);
    if (file >= 0) close(file);
out:
    close(fd);
    return NULL;
}

/* In a process of its own, with descriptors of its own. */
static int clients(void) {
    struct pollfd all[CLIENTS];
    int begun = 0, served = 0, refused = 0;
    for (int i = 0; i < CLIENTS; i++) all[i].fd = -1;
    while (served + refused < REQUESTS) {
        for (int i = 0; i < CLIENTS; i++) {
            if (all[i].fd >= 0 || begun == REQUESTS) continue;
            if (!ask(&all[i])) return 2;
            begun++;
        }
        if (poll(all, CLIENTS, -1) < 0) return 2;
        for (int i = 0; i < CLIENTS; i++) {
            if (all[i].fd < 0 || !all[i].revents) continue;
            if (answered(&all[i]))
                served++;
            else
                refused++;
        }
    }
    printf("served %d, refused %d\n", served, refused);
    return refused > REQUESTS / 4;
}

static void *wait_for(void *arg) {
    int status;
    waitpid((pid_t)(long)arg, &status, 0);
    fflush(stdout);
    _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 4);
}

int main(int argc, char **argv) {
    of_memory = argc > 1 && !strcmp(argv[1], "memory");
    signal(SIGPIPE, SIG_IGN);
    int listener = listen_somewhere(1024);
    if (listener < 0) return 5;
    pid_t other = fork();
    if (!other) {
        int result = clients();
        fflush(stdout);
        _exit(result);
    }
    struct rlimit few = {100, 100};
    if (!of_memory) setrlimit(RLIMIT_NOFILE, &few);
    pthread_t waiter;
    pthread_create(&waiter, NULL, wait_for, (void *)(long)other);
    accept_for_ever(listener, serve);
}
