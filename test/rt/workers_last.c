/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The last that others hear of a thread is not its end: it is on its way there, on another worker. A signal sent to the process before, which
 * no other thread takes, is handled first, with its thread-local variables as they were, and of those that are queued none is lost. A stack that the program supplied, on which it makes another thread as soon as it has heard, is
 * that one's only when the first has left it.
 */
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "check.h"

#define ROUNDS 1500
#define SIZE (64 << 10)

static sem_t heard;
static volatile int handled, busy;

static void handler(int number) { handled += number == SIGUSR1; }

static void mask(int how) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    CHECK_EQUAL(pthread_sigmask(how, &set, NULL), 0);
}

static void wait_for(sem_t *semaphore) {
    while (sem_wait(semaphore)) {
    }
}

static sem_t ready;

static void *takes(void *arg) {
    mask(SIG_UNBLOCK);
    sem_post(&ready);
    wait_for(&heard);
    return arg;
}

static void *sends(void *arg) {
    wait_for(&ready);
    CHECK_EQUAL(kill(getpid(), SIGUSR1), 0);
    sem_post(&heard);
    return arg;
}

static void *computes(void *arg) {
    while (busy)
        for (volatile int i = 0; i < 1000; i++) {
        }
    return arg;
}

static void signals_come_first(int rounds) {
    for (int round = 0; round < rounds; round++) {
        pthread_t taker, sender;
        int before = handled;
        CHECK_EQUAL(pthread_create(&taker, NULL, takes, NULL), 0);
        CHECK_EQUAL(pthread_create(&sender, NULL, sends, NULL), 0);
        CHECK_EQUAL(pthread_join(taker, NULL), 0);
        CHECK_EQUAL(handled, before + 1);
        CHECK_EQUAL(pthread_join(sender, NULL), 0);
    }
}

/* Queued by a child, while threads that take them come and go, and in the end by main. */
#define QUEUED 2000

static __thread int mine;
static volatile int taken, unset;

static void takes_queued(int number, siginfo_t *info, void *context) {
    (void)number, (void)info, (void)context;
    __atomic_fetch_add(&taken, 1, __ATOMIC_RELAXED);
    if (!mine) unset++;
}

static void *passes_by(void *arg) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGRTMIN + 3);
    mine = 1;
    CHECK_EQUAL(pthread_sigmask(SIG_UNBLOCK, &set, NULL), 0);
    if (arg) usleep(300);
    return NULL;
}

static void none_is_lost(void) {
    struct sigaction action = { .sa_sigaction = takes_queued, .sa_flags = SA_RESTART | SA_SIGINFO };
    sigset_t set;
    int status;
    sigemptyset(&set);
    sigaddset(&set, SIGRTMIN + 3);
    CHECK_EQUAL(pthread_sigmask(SIG_BLOCK, &set, NULL), 0);
    CHECK_EQUAL(sigaction(SIGRTMIN + 3, &action, NULL), 0);
    mine = 1;
    taken = 0;
    pid_t child = fork();
    if (child == 0) {
        for (int i = 0; i < QUEUED; i++) {
            while (sigqueue(getppid(), SIGRTMIN + 3, (union sigval){ .sival_int = i }) && errno == EAGAIN) usleep(100);
            if (i % 8 == 0) usleep(300);
        }
        _exit(0);
    }
    long n = 0;
    do {
        pthread_t thread;
        CHECK_EQUAL(pthread_create(&thread, NULL, passes_by, (void *)(n++ % 2)), 0);
        CHECK_EQUAL(pthread_join(thread, NULL), 0);
    } while (waitpid(child, &status, WNOHANG) != child);
    CHECK_EQUAL(status, 0);
    CHECK_EQUAL(pthread_sigmask(SIG_UNBLOCK, &set, NULL), 0);
    for (int i = 0; taken < QUEUED && i < 2000; i++) usleep(10000);
    CHECK_EQUAL(taken, QUEUED);
    CHECK_EQUAL(unset, 0);
}

static __attribute__((noinline)) int fill(int depth, int mark) {
    volatile unsigned char room[400];
    memset((void *)room, mark, sizeof room);
    int below = depth ? fill(depth - 1, mark) : 0;
    for (unsigned i = 0; i < sizeof room; i++) CHECK_EQUAL(room[i], mark);
    return below + 1;
}

static void *uses_stack(void *arg) {
    CHECK_EQUAL(fill(10, (int)(long)arg & 127), 11);
    sem_post(&heard);
    CHECK_EQUAL(fill(10, (int)(long)arg & 127), 11);
    return arg;
}

static void *on_thread(void *attr) {
    for (long round = 0; round < ROUNDS; round++) {
        pthread_t thread;
        CHECK_EQUAL(pthread_create(&thread, attr, uses_stack, (void *)round), 0);
        wait_for(&heard);
    }
    return NULL;
}

static void stack_is_left(void *memory) {
    pthread_attr_t attr;
    pthread_t thread;
    CHECK_EQUAL(pthread_attr_init(&attr), 0);
    CHECK_EQUAL(pthread_attr_setstack(&attr, memory, SIZE), 0);
    CHECK_EQUAL(pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED), 0);
    CHECK_EQUAL(pthread_create(&thread, NULL, on_thread, &attr), 0);
    CHECK_EQUAL(pthread_join(thread, NULL), 0);
    /* The bytes alone are no thread, wherever they lie. */
    char *copy = aligned_alloc(4096, SIZE);
    CHECK(copy);
    memcpy(copy, memory, SIZE);
    CHECK_EQUAL(pthread_attr_setstack(&attr, copy, SIZE), 0);
    CHECK_EQUAL(pthread_create(&thread, &attr, uses_stack, NULL), 0);
    wait_for(&heard);
    usleep(10000); /* it may be on its way to its end still */
    CHECK_EQUAL(pthread_attr_destroy(&attr), 0);
}

int main(void) {
    pthread_t computing[2];
    CHECK_EQUAL(sem_init(&heard, 0, 0), 0);
    CHECK_EQUAL(sem_init(&ready, 0, 0), 0);
    char *memory = aligned_alloc(4096, SIZE);
    CHECK(memory);
    stack_is_left(memory);
    struct sigaction action = { .sa_handler = handler };
    CHECK_EQUAL(sigaction(SIGUSR1, &action, NULL), 0);
    mask(SIG_BLOCK);
    signals_come_first(ROUNDS);
    for (int i = 0; i < 8; i++) none_is_lost();
    busy = 1; /* no worker is idle */
    for (int i = 0; i < 2; i++) CHECK_EQUAL(pthread_create(&computing[i], NULL, computes, NULL), 0);
    signals_come_first(50);
    busy = 0;
    for (int i = 0; i < 2; i++) CHECK_EQUAL(pthread_join(computing[i], NULL), 0);
    return 0;
}
