/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Threads that take descriptors and give them back, each kind at a place of its own.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#define ROUNDS 5000

static void ask(int fails)
{
    if (fails)
        exit(1);
}

static void *sockets(void *arg)
{
    int pair[2];
    for (int i = 0; i < ROUNDS; i++) {
        ask(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
        sched_yield();
        ask(close(pair[0]) || close(pair[1]));
        sched_yield();
    }
    return arg;
}

static void *pipes(void *arg)
{
    int pair[2], file;
    for (int i = 0; i < ROUNDS; i++) {
        ask(pipe(pair) || (file = open("/dev/null", O_RDONLY)) < 0);
        sched_yield();
        ask(close(pair[0]) || close(pair[1]) || close(file));
        sched_yield();
    }
    return arg;
}

static void *others(void *arg)
{
    int fd, set, memory;
    for (int i = 0; i < ROUNDS; i++) {
        ask((fd = eventfd(0, 0)) < 0 || (set = epoll_create1(0)) < 0 || (memory = memfd_create("memory", 0)) < 0);
        sched_yield();
        ask(close(fd) || close(set) || close(memory));
        sched_yield();
    }
    return arg;
}

int main(void)
{
    void *(*const routines[])(void *) = {sockets, pipes, others};
    pthread_t threads[3];
    int pair[2];
    ask(pipe(pair) || socket(AF_INET, SOCK_DGRAM, 0) < 0);
    for (int i = 0; i < 3; i++)
        ask(pthread_create(&threads[i], NULL, routines[i], NULL));
    for (int i = 0; i < 3; i++)
        ask(pthread_join(threads[i], NULL));
    return 0;
}
