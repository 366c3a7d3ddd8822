/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The old way to bound a wait: a handler jumps out of it. Out of waits for record locks and flock, for a fifo's other end, of poll and
 * select for many descriptors, thousands of times: nothing is written to where the frames of the wait were, and memory does not grow. A jump
 * within a handler leaves the wait that the handler interrupted alone; a handler may also end its thread.
 *
 * RUN: %capcc -O2 -w %s -o %t -pthread
 * RUN: env CAPRICCIO_WORKERS=1 timeout 100 %t %t.lock %t.fifo
 * RUN: env CAPRICCIO_WORKERS=3 timeout 100 %t %t.lock %t.fifo
 * RUN: env CAPRICCIO_STACK=always CAPRICCIO_WORKERS=1 timeout 100 %t %t.lock %t.fifo
 */
#define _GNU_SOURCE
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "Inputs/look-below.h"

#define THREADS 3
#define JUMPS 200

enum { RECORD, FLOCK, FIFO, MANY, KINDS };

static const char *lock_name, *fifo_name;
static int empty[2], kind;
static pthread_t threads[THREADS];
static atomic_int jumps, over;
static __thread sigjmp_buf away;
static __thread volatile sig_atomic_t may_jump;

static void jump(int number) {
    if (!may_jump) return;
    may_jump = 0;
    siglongjmp(away, number);
}

static struct flock whole(short type) { return (struct flock){.l_type = type, .l_whence = SEEK_SET, .l_len = 1}; }

/* Nobody ever gives what it waits for. */
static void wait_in_vain(int fd) {
    struct flock lock = whole(F_WRLCK);
    struct pollfd many[20];
    fd_set set;
    switch (kind) {
    case RECORD: assert(fcntl(fd, F_SETLKW, &lock) != 0 && errno == EINTR); break;
    case FLOCK: assert(flock(fd, LOCK_EX) != 0 && errno == EINTR); break;
    case FIFO: assert(open(fifo_name, O_WRONLY) < 0 && errno == EINTR); break;
    case MANY:
        for (int i = 0; i < 20; i++) many[i] = (struct pollfd){empty[0], POLLIN, 0};
        if (jumps & 1) {
            poll(many, 20, -1);
        } else {
            FD_ZERO(&set);
            FD_SET(empty[0], &set);
            select(empty[0] + 1, &set, NULL, NULL, NULL);
        }
    }
}

static void *be_jumped(void *arg) {
    int fd = open(lock_name, O_RDWR);
    assert(fd >= 0);
    while (!over) {
        if (sigsetjmp(away, 1) == 0) {
            may_jump = 1;
            if (!over) wait_in_vain(fd);
            may_jump = 0;
        } else {
            jumps++;
        }
        look_below();
    }
    close(fd);
    return arg;
}

static long resident(void) {
    long size, pages;
    FILE *f = fopen("/proc/self/statm", "r");
    assert(f && fscanf(f, "%ld %ld", &size, &pages) == 2);
    fclose(f);
    return pages * 4096;
}

static void all_kinds(void) {
    for (kind = 0; kind < KINDS; kind++) {
        long before = 0;
        jumps = over = 0;
        for (int i = 0; i < THREADS; i++) assert(pthread_create(&threads[i], NULL, be_jumped, NULL) == 0);
        for (int last = 0; jumps < 2 * JUMPS;) {
            for (int i = 0; i < THREADS; i++) pthread_kill(threads[i], SIGUSR1);
            usleep(300);
            if (last < JUMPS && jumps >= JUMPS) before = resident();
            last = jumps;
        }
        long grown = resident() - before;
        over = 1;
        for (int i = 0; i < THREADS; i++) {
            while (pthread_tryjoin_np(threads[i], NULL) != 0) {
                pthread_kill(threads[i], SIGUSR1);
                usleep(300);
            }
        }
        if (grown > 400 * 1024) printf("kind %d: %ld bytes more after %d jumps\n", kind, grown, JUMPS), abort();
    }
}

/* A handler that waits, and out of whose wait another jumps, while the thread waits for a lock. */
static __thread sigjmp_buf in_handler;
static atomic_int stage, leaves_too, begun;

static void wait_in_handler(int number) {
    struct pollfd two[2] = {{empty[0], POLLIN, 0}, {empty[0], POLLIN, 0}};
    if (sigsetjmp(in_handler, 1) == 0) siglongjmp(in_handler, number);
    if (sigsetjmp(in_handler, 1) == 0) {
        stage = 1;
        poll(two, 2, -1);
        abort();
    }
    stage = 2;
    if (leaves_too) siglongjmp(away, number);
}

static void jump_in_handler(int number) { siglongjmp(in_handler, number); }

static void *wait_for_lock(void *arg) {
    int fd = open(lock_name, O_RDWR);
    struct flock lock = whole(F_WRLCK);
    begun = 1;
    while (fcntl(fd, F_SETLKW, &lock) != 0) assert(errno == EINTR);
    assert(stage == 2);
    close(fd);
    return arg;
}

static void *leave_lock(void *arg) {
    int fd = open(lock_name, O_RDWR);
    struct flock lock = whole(F_WRLCK);
    if (sigsetjmp(away, 1) == 0) {
        begun = 1;
        fcntl(fd, F_SETLKW, &lock);
        abort();
    }
    for (int i = 0; i < 100; i++) look_below();
    close(fd);
    return arg;
}

static void jump_twice(void *(*wait)(void *), pthread_t *thread) {
    stage = begun = 0;
    assert(pthread_create(thread, NULL, wait, NULL) == 0);
    while (!begun) usleep(1000);
    usleep(20000);
    pthread_kill(*thread, SIGUSR1);
    while (stage < 1) usleep(1000);
    usleep(20000);
    pthread_kill(*thread, SIGUSR2);
    while (stage < 2) usleep(1000);
}

static void end_thread(int number) { pthread_exit((void *)(long)number); }

static void *wait_for_end(void *arg) {
    int fd = open(lock_name, O_RDWR);
    if (arg) {
        struct pollfd two[2] = {{empty[0], POLLIN, 0}, {empty[0], POLLIN, 0}};
        poll(two, 2, -1);
    } else {
        flock(fd, LOCK_EX);
    }
    abort();
}

static void handle(int number, void (*handler)(int), int flags) {
    struct sigaction action = {.sa_handler = handler, .sa_flags = flags};
    assert(sigaction(number, &action, NULL) == 0);
}

int main(int count, char **words) {
    int ready[2];
    char c;
    lock_name = words[1], fifo_name = words[2];
    unlink(fifo_name);
    assert(count == 3 && mkfifo(fifo_name, 0600) == 0 && pipe(empty) == 0 && pipe(ready) == 0);
    close(open(lock_name, O_RDWR | O_CREAT, 0600));
    pid_t holder = fork();
    if (holder == 0) {
        int fd = open(lock_name, O_RDWR);
        struct flock lock = whole(F_WRLCK);
        alarm(100);
        assert(fcntl(fd, F_SETLK, &lock) == 0 && flock(fd, LOCK_EX) == 0 && write(ready[1], "r", 1) == 1);
        pause();
        _exit(0);
    }
    assert(read(ready[0], &c, 1) == 1);
    handle(SIGUSR1, jump, SA_RESTART);
    all_kinds();

    handle(SIGTERM, end_thread, 0);
    for (long i = 0; i < 2; i++) {
        pthread_t ends;
        void *result;
        assert(pthread_create(&ends, NULL, wait_for_end, (void *)i) == 0);
        usleep(20000);
        assert(pthread_kill(ends, SIGTERM) == 0 && pthread_join(ends, &result) == 0 && result == (void *)(long)SIGTERM);
    }

    pthread_t waits;
    handle(SIGUSR1, wait_in_handler, SA_RESTART);
    handle(SIGUSR2, jump_in_handler, SA_RESTART);
    leaves_too = 1;
    jump_twice(leave_lock, &waits);
    assert(pthread_join(waits, NULL) == 0);
    leaves_too = 0;
    jump_twice(wait_for_lock, &waits);
    kill(holder, SIGKILL);
    assert(waitpid(holder, NULL, 0) == holder && pthread_join(waits, NULL) == 0);
    unlink(fifo_name);
    return 0;
}
