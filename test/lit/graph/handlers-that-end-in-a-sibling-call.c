/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A signal handler, and the destructor of a key at the end of a thread, whose last call takes the place of their own frames: the chain has them
 * all the same, found from the constants, and it is the one of the stack.
 *
 * REQUIRES: capcc
 * RUN: %capcc -O2 -g %s -o %t -pthread
 * RUN: env CAPRICCIO_GRAPH_CHECK=1 CAPRICCIO_WORKERS=1 CAPRICCIO_GRAPH=%t.json timeout 60 %t
 * RUN: FileCheck %s < %t.json
 * CHECK-DAG: {"function": "handle", {{[^}]*}}}, {"function": "inner"
 * CHECK-DAG: {"function": "destroy", {{[^}]*}}}, {"function": "inner"
 */
#define _GNU_SOURCE
#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

static __attribute__((noinline)) void inner(int us) {
    usleep((useconds_t)us);
    __asm__ volatile("");
}

static void handle(int number) {
    (void)number;
    inner(3);
}

static void destroy(void *value) {
    (void)value;
    inner(5);
}

static pthread_key_t key;

static void *wait_long(void *arg) {
    assert(pthread_setspecific(key, &key) == 0);
    usleep(200000);
    pthread_exit(arg);
}

int main(void) {
    struct sigaction action = {.sa_handler = handle};
    pthread_t t;
    assert(sigaction(SIGUSR1, &action, NULL) == 0 && pthread_key_create(&key, destroy) == 0);
    assert(pthread_create(&t, NULL, wait_long, NULL) == 0);
    usleep(50000);
    assert(pthread_kill(t, SIGUSR1) == 0 && pthread_join(t, NULL) == 0);
    return 0;
}
