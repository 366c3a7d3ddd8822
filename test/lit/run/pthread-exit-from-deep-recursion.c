/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * pthread_exit over thousands of frames: cleanup handlers run innermost first, then key destructors, the value reaches
 * pthread_join, and five hundred such threads leave no memory behind.
 *
 * RUN: %run-matrix %s %t | FileCheck %s
 */
#include "Inputs/on-thread.h"
#include <sys/resource.h>

static pthread_key_t key;
static char order[200];

static void destroy(void *value) { strcat(order, value); }
static void clean(void *value) {
    if (order[0] != '-')
        strcat(order, value);
}

static KEEP int descend(int left, void *value) {
    volatile char room[200];
    room[0] = 1;
    int below;
    if (left == 0)
        pthread_exit(value);
    if (left == 500) {
        pthread_cleanup_push(clean, "inner ");
        below = descend(left - 1, value);
        pthread_cleanup_pop(1);
    } else {
        below = descend(left - 1, value);
    }
    return below + room[0];
}

static void *entry(void *value) {
    pthread_setspecific(key, order[0] == '-' ? NULL : "destructor");
    pthread_cleanup_push(clean, "outer ");
    descend(5000, value);
    pthread_cleanup_pop(0);
    return NULL;
}

int main(void) {
    pthread_key_create(&key, destroy);
    pthread_t thread;
    void *value;
    pthread_create(&thread, NULL, entry, &key);
    pthread_join(thread, &value);
    printf("%s, %s\n", order, value == &key ? "value kept" : "value lost");
    // CHECK: inner outer destructor, value kept
    strcpy(order, "-");
    for (int i = 0; i < 500; i++) {
        pthread_create(&thread, NULL, entry, order);
        pthread_join(thread, &value);
        if (value != order)
            puts("wrong value");
    }
    // CHECK-NOT: wrong value
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    puts(usage.ru_maxrss < 200 * 1024 ? "bounded" : "leaks");
    // CHECK: bounded
    return 0;
}
