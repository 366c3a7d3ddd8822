/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A loop that looks at a C11 atomic until another thread has set it: the thread that sets it has to run.
 *
 * RUN: %run-matrix %s %t | FileCheck %s
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

static atomic_int flag;
static atomic_flag taken = ATOMIC_FLAG_INIT;

static void *sets(void *unused) {
    atomic_store(&flag, 1);
    return unused;
}

static void *clears(void *unused) {
    atomic_flag_clear(&taken);
    return unused;
}

/* Out of line also where everything else is inlined. */
static __attribute__((noinline)) int is_set(void) { return atomic_load_explicit(&flag, memory_order_relaxed); }

int main(void) {
    pthread_t t;
    pthread_create(&t, NULL, sets, NULL);
    while (!atomic_load(&flag)) {
    }
    pthread_join(t, NULL);
    printf("loaded %d\n", flag);
    flag = 0;
    pthread_create(&t, NULL, sets, NULL);
    while (!is_set()) {
    }
    pthread_join(t, NULL);
    printf("called %d\n", flag);
    atomic_flag_test_and_set(&taken);
    pthread_create(&t, NULL, clears, NULL);
    while (atomic_flag_test_and_set(&taken)) {
    }
    pthread_join(t, NULL);
    printf("flag\n");
    return 0;
}
// CHECK: loaded 1
// CHECK-NEXT: called 1
// CHECK-NEXT: flag
