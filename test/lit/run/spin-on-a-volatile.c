/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A loop that looks at a volatile, and one that does other work until it has changed: neither ever waits otherwise.
 *
 * RUN: %run-matrix %s %t | FileCheck %s
 */
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

static volatile int flag, begun, stop;
static long rounds;

static void *sets(void *unused) {
    flag = 1;
    return unused;
}

static void *works(void *unused) {
    while (!stop) {
        rounds++;
        begun = 1;
    }
    return unused;
}

int main(void) {
    pthread_t t;
    pthread_create(&t, NULL, sets, NULL);
    while (!flag) {
    }
    pthread_join(t, NULL);
    printf("set\n");
    pthread_create(&t, NULL, works, NULL);
    while (!begun) usleep(1000);
    stop = 1;
    pthread_join(t, NULL);
    printf("worked %d\n", rounds > 0);
    return 0;
}
// CHECK: set
// CHECK-NEXT: worked 1
