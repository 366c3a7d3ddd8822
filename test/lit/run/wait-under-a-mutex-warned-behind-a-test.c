// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A mutex is held where a helper that tries says that it has it, by 0 or by what is not 0, and between pthread_cleanup_push and its pop, where
// setjmp has returned for the first time; not where the helper failed, nor in what runs after a jump. The same at each level of optimization.
//
// RUN: %capcc -O0 -g -Wcapriccio-blocking-in-critical-section %s -o %t 2>&1 | FileCheck --implicit-check-not=warning: %s
// RUN: %capcc -O2 -g -Wcapriccio-blocking-in-critical-section %s -o %t 2>&1 | FileCheck --implicit-check-not=warning: %s
// RUN: %run-modes %t
// REQUIRES: capcc
// CHECK: :[[#@LINE+24]]:9: warning: usleep may block while the mutex 'm' is held (locked at {{.*}}:[[#@LINE+14]])
// CHECK: :[[#@LINE+34]]:9: warning: usleep may block while the mutex 'm' is held (locked at {{.*}}:[[#@LINE+16]])
// CHECK: :[[#@LINE+41]]:5: warning: usleep may block while the mutex 'm' is held (locked at {{.*}}:[[#@LINE+39]])
// CHECK: :[[#@LINE+48]]:9: warning: usleep may block while the mutex 'm' is held (locked at {{.*}}:[[#@LINE+46]])
#include <pthread.h>
#include <setjmp.h>
#include <stdbool.h>
#include <unistd.h>

static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static jmp_buf target;
static volatile int jumps;

__attribute__((noinline)) static int has_it(pthread_mutex_t *x) {
    return pthread_mutex_trylock(x) == 0;
}
__attribute__((noinline)) static bool lacks_it(pthread_mutex_t *x) {
    return pthread_mutex_trylock(x) != 0;
}

static void unlock(void *x) { pthread_mutex_unlock(x); }

__attribute__((noinline)) static void by_not_zero(void) {
    if (has_it(&m)) {
        usleep(1);
        pthread_mutex_unlock(&m);
    } else {
        usleep(2);
    }
}

__attribute__((noinline)) static void by_zero(void) {
    if (lacks_it(&m)) {
        usleep(3);
    } else {
        usleep(4);
        pthread_mutex_unlock(&m);
    }
}

__attribute__((noinline)) static void with_a_cleanup(void) {
    pthread_mutex_lock(&m);
    pthread_cleanup_push(unlock, &m);
    usleep(5);
    pthread_cleanup_pop(1);
    usleep(6);
}

__attribute__((noinline)) static void with_a_jump(void) {
    pthread_mutex_lock(&m);
    if (!setjmp(target)) {
        usleep(7);
        pthread_mutex_unlock(&m);
        if (jumps++ == 0)
            longjmp(target, 1);
        return;
    }
    usleep(8);
}

int main(void) {
    by_not_zero();
    by_zero();
    with_a_cleanup();
    with_a_jump();
    return 0;
}
