/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Each thread has a signal mask of its own, which new threads inherit; a signal of the process goes to a thread that does not block
 * it, stays pending while all do, and one that is sent to a thread is pending for that thread alone.
 *
 * RUN: %run-matrix %s %t | FileCheck %s
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static pthread_t open_thread;
static volatile int in_open, elsewhere;
static sem_t ready, done;

static void handler(int number) {
    (void)number;
    if (pthread_equal(pthread_self(), open_thread))
        in_open++;
    else
        elsewhere++;
}

static int blocked(int number) {
    sigset_t set;
    pthread_sigmask(SIG_BLOCK, NULL, &set);
    return sigismember(&set, number);
}

static int pending(int number) {
    sigset_t set;
    sigpending(&set);
    return sigismember(&set, number);
}

static void change(int how, int number) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, number);
    pthread_sigmask(how, &set, NULL);
}

static void *does_not_block(void *unused) {
    printf("inherited %d\n", blocked(SIGUSR1));
    change(SIG_UNBLOCK, SIGUSR1);
    sem_post(&ready);
    int r = poll(NULL, 0, 10000);
    printf("poll %d %s\n", r, r < 0 ? strerror(errno) : "");
    return unused;
}

static void *has_one_pending(void *unused) {
    sigset_t set;
    int number = 0;
    sem_post(&ready);
    while (sem_wait(&done) != 0) {
    }
    printf("thread: pending %d\n", pending(SIGUSR2));
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    sigwait(&set, &number);
    printf("thread: took %d, pending %d\n", number == SIGUSR2, pending(SIGUSR2));
    return unused;
}

int main(void) {
    struct sigaction act = {.sa_handler = handler};
    sigaction(SIGUSR1, &act, NULL);
    sigaction(SIGUSR2, &act, NULL);
    sem_init(&ready, 0, 0);
    sem_init(&done, 0, 0);

    change(SIG_BLOCK, SIGUSR1);
    pthread_create(&open_thread, NULL, does_not_block, NULL);
    while (sem_wait(&ready) != 0) {
    }
    usleep(20000);
    kill(getpid(), SIGUSR1);
    pthread_join(open_thread, NULL);
    printf("in the thread that does not block it %d, elsewhere %d, main blocks it %d\n", in_open, elsewhere, blocked(SIGUSR1));

    kill(getpid(), SIGUSR1);
    printf("all block it: pending %d, handled %d\n", pending(SIGUSR1), elsewhere);
    change(SIG_UNBLOCK, SIGUSR1);
    printf("unblocked: pending %d, handled %d\n", pending(SIGUSR1), elsewhere);

    pthread_t t;
    change(SIG_BLOCK, SIGUSR2);
    pthread_create(&t, NULL, has_one_pending, NULL);
    while (sem_wait(&ready) != 0) {
    }
    pthread_kill(t, SIGUSR2);
    printf("main: pending %d\n", pending(SIGUSR2));
    sem_post(&done);
    pthread_join(t, NULL);

    /* The default action, held back by all threads, then by none. */
    change(SIG_BLOCK, SIGTERM);
    raise(SIGTERM);
    kill(getpid(), SIGTERM);
    printf("still here\n");
    signal(SIGTERM, SIG_IGN);
    printf("ignored: pending %d\n", pending(SIGTERM));
    change(SIG_UNBLOCK, SIGTERM);
    printf("end\n");
    return 0;
}

// CHECK: inherited 1
// CHECK-NEXT: poll -1 Interrupted system call
// CHECK-NEXT: in the thread that does not block it 1, elsewhere 0, main blocks it 1
// CHECK-NEXT: all block it: pending 1, handled 0
// CHECK-NEXT: unblocked: pending 0, handled 1
// CHECK-NEXT: main: pending 0
// CHECK-NEXT: thread: pending 1
// CHECK-NEXT: thread: took 1, pending 0
// CHECK-NEXT: still here
// CHECK-NEXT: ignored: pending 0
// CHECK-NEXT: end
