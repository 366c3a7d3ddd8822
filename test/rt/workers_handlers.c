/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Signal handlers that call the kernel and come while their worker is in the middle of a call of the runtime's that other workers wait for:
 * in fork, where libc's heap is locked.
 */
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>

#include "check.h"

#define THREADS 5
#define CHILDREN 30

static volatile int over, ended;

static void on_child(int number) {
    (void)number;
    int status;
    while (waitpid(-1, &status, WNOHANG) > 0) __atomic_fetch_add(&ended, 1, __ATOMIC_RELAXED);
}

static void *forker(void *unused) {
    for (int i = 0; i < CHILDREN; i++) {
        pid_t child = fork();
        CHECK(child >= 0);
        if (child == 0) _exit(0);
        usleep(100);
    }
    return unused;
}

static void *nothing(void *arg) { return arg; }

static void *disturb(void *unused) {
    while (!over) {
        pthread_t thread;
        CHECK_EQUAL(pthread_create(&thread, NULL, nothing, NULL), 0);
        CHECK_EQUAL(pthread_join(thread, NULL), 0);
        usleep(1);
    }
    return unused;
}

int main(void) {
    pthread_t thread[THREADS], other[2];
    struct sigaction action = {.sa_handler = on_child, .sa_flags = SA_RESTART};
    CHECK_EQUAL(sigaction(SIGCHLD, &action, NULL), 0);
    for (int i = 0; i < 2; i++) CHECK_EQUAL(pthread_create(&other[i], NULL, disturb, NULL), 0);
    for (int i = 0; i < THREADS; i++) CHECK_EQUAL(pthread_create(&thread[i], NULL, forker, NULL), 0);
    for (int i = 0; i < THREADS; i++) CHECK_EQUAL(pthread_join(thread[i], NULL), 0);
    for (int i = 0; ended < THREADS * CHILDREN; i++) {
        CHECK(i < 10000);
        usleep(1000);
    }
    over = 1;
    for (int i = 0; i < 2; i++) CHECK_EQUAL(pthread_join(other[i], NULL), 0);
    return 0;
}
