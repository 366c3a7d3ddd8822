/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A thread ends in a signal handler: its cleanup handlers and destructors run, with room and where they may wait; the signal is
 * not blocked afterwards, and the others go on.
 *
 * RUN: %run-matrix %s %t | FileCheck %s
 */
#include "Inputs/on-thread.h"
#include <signal.h>
#include <stdint.h>
#include <unistd.h>

static pthread_key_t key;

static KEEP int fill(int depth) {
    char room[200];
    memset(room, 1, sizeof room);
    return depth == 0 ? 0 : fill(depth - 1) + room[OPAQUE(7)];
}
static void destroy(void *value) {
    usleep(1000);
    printf("destroyed %d %d\n", (int)(intptr_t)value, fill(100));
}
static void leave(int number) { pthread_exit((void *)(intptr_t)(fill(10) + number)); }

static KEEP void raise_deep(int depth) {
    char room[100];
    memset(room, depth, sizeof room);
    if (depth > 0)
        raise_deep(depth - 1);
    else
        raise(SIGUSR1);
    OPAQUE(&room[0]);
}
static void *thread(void *arg) {
    pthread_setspecific(key, arg);
    raise_deep((int)(intptr_t)arg);
    return NULL;
}
static void clean(void *arg) { printf("cleaned %d\n", fill((int)(intptr_t)arg)); }
static void *with_handler(void *arg) {
    pthread_cleanup_push(clean, arg);
    raise_deep(20);
    pthread_cleanup_pop(0);
    return NULL;
}

static void join(void *(*start)(void *), int arg) {
    pthread_t t;
    void *result;
    if (pthread_create(&t, NULL, start, (void *)(intptr_t)arg) || pthread_join(t, &result))
        abort();
    printf("ended with %d\n", (int)(intptr_t)result - SIGUSR1);
}

int main(void) {
    struct sigaction action = {.sa_handler = leave};
    sigaction(SIGUSR1, &action, NULL);
    pthread_key_create(&key, destroy);
    join(thread, 1);
    // CHECK: destroyed 1 100
    // CHECK-NEXT: ended with 10
    join(thread, 50);
    // CHECK-NEXT: destroyed 50 100
    // CHECK-NEXT: ended with 10
    join(with_handler, 30);
    // CHECK-NEXT: cleaned 30
    // CHECK-NEXT: ended with 10
    sigset_t mask;
    pthread_sigmask(SIG_BLOCK, NULL, &mask);
    printf("%s\n", sigismember(&mask, SIGUSR1) ? "blocked" : "free");
    // CHECK-NEXT: free
    return 0;
}
