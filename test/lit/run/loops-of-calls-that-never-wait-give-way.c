/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A thread that asks again and again, by calls that answer at once, until another thread has done something: that one gets its turn.
 *
 * RUN: %capcc -O2 -D_GNU_SOURCE %s -o %t -pthread
 * RUN: mkdir -p %t.d && cd %t.d && rm -f * && timeout 60 %t | FileCheck %s
 * CHECK: poll epoll select FIONREAD stat access open readlink flock F_GETFL semop msgrcv lockf statx done
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/stat.h>
#include <unistd.h>

static int pipes[2], locked, semaphores, messages;

/* What the loops wait for: done by a thread that sleeps first. */
static void *later(void *what) {
    struct sembuf up = {0, 1, 0};
    struct { long type; char text[1]; } m = {1, "x"};
    usleep(20000);
    switch (*(char *)what) {
    case 'p': if (write(pipes[1], "x", 1) != 1) return what; break;
    case 'f': close(creat("there", 0600)); break;
    case 'l': if (symlink("there", "link")) return what; break;
    case 'u': flock(locked, LOCK_UN); break;
    case 'n': fcntl(pipes[0], F_SETFL, O_NONBLOCK); break;
    case 's': semop(semaphores, &up, 1); break;
    case 'm': msgsnd(messages, &m, 1, 0); break;
    }
    return NULL;
}

#define UNTIL(name, what, condition)                                                                                               \
    do {                                                                                                                           \
        pthread_t t_;                                                                                                              \
        pthread_create(&t_, NULL, later, what);                                                                                    \
        while (!(condition)) {                                                                                                     \
        }                                                                                                                          \
        pthread_join(t_, NULL);                                                                                                    \
        printf(name " ");                                                                                                          \
        fflush(stdout);                                                                                                            \
    } while (0)

static void drain(void) {
    char c;
    if (read(pipes[0], &c, 1) != 1) puts("no byte");
}

int main(void) {
    struct stat st;
    struct statx sx;
    char text[16], *byte = "p", *file = "f";
    struct sembuf down = {0, -1, IPC_NOWAIT};
    struct { long type; char text[1]; } m;
    int n, e = epoll_create1(0), fd;
    if (pipe(pipes)) return 1;
    struct epoll_event event = {.events = EPOLLIN};
    epoll_ctl(e, EPOLL_CTL_ADD, pipes[0], &event);
    semaphores = semget(IPC_PRIVATE, 1, 0600);
    messages = msgget(IPC_PRIVATE, 0600);
    locked = open("lock", O_CREAT | O_RDWR, 0600);
    struct pollfd p = {pipes[0], POLLIN, 0};
    UNTIL("poll", byte, poll(&p, 1, 0) == 1); drain();
    UNTIL("epoll", byte, epoll_wait(e, &event, 1, 0) == 1); drain();
    UNTIL("select", byte, ({ fd_set s; struct timeval z = {0, 0}; FD_ZERO(&s); FD_SET(pipes[0], &s); select(pipes[0] + 1, &s, NULL, NULL, &z) == 1; })); drain();
    UNTIL("FIONREAD", byte, ioctl(pipes[0], FIONREAD, &n) == 0 && n == 1); drain();
    UNTIL("stat", file, stat("there", &st) == 0); unlink("there");
    UNTIL("access", file, access("there", F_OK) == 0); unlink("there");
    UNTIL("open", file, (fd = open("there", O_RDONLY)) >= 0); unlink("there"), close(fd);
    UNTIL("readlink", "l", readlink("link", text, sizeof text) > 0);
    flock(locked, LOCK_EX);
    fd = open("lock", O_RDWR);
    UNTIL("flock", "u", flock(fd, LOCK_EX | LOCK_NB) == 0);
    UNTIL("F_GETFL", "n", fcntl(pipes[0], F_GETFL) & O_NONBLOCK);
    UNTIL("semop", "s", semop(semaphores, &down, 1) == 0);
    UNTIL("msgrcv", "m", msgrcv(messages, &m, 1, 0, IPC_NOWAIT) == 1);
    fcntl(pipes[0], F_SETFL, 0);
    UNTIL("lockf", byte, lockf(fd, F_TEST, 0) == 0 && ioctl(pipes[0], FIONREAD, &n) == 0 && n == 1); drain();
    UNTIL("statx", file, statx(AT_FDCWD, "there", 0, STATX_SIZE, &sx) == 0); unlink("there");
    semctl(semaphores, 0, IPC_RMID);
    msgctl(messages, IPC_RMID, NULL);
    puts("done");
    return 0;
}
