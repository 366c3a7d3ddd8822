/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Rounding modes belong to threads: one that rounds upwards goes on doing so after others, that do not, have run, in SSE and in x87
 * arithmetic; a new thread has its creator's.
 */
#include <fenv.h>
#include <pthread.h>
#include <stdint.h>

#include "check.h"
#include "sched/sched.h"

static void check_mode(int mode) {
    volatile double one = 1.0, tiny = 1e-30;
    volatile long double lone = 1.0L, ltiny = 1e-30L;
    CHECK_EQUAL(fegetround(), mode);
    CHECK_EQUAL(one + tiny > one, mode == FE_UPWARD);
    CHECK_EQUAL(lone + ltiny > lone, mode == FE_UPWARD);
    CHECK_EQUAL(one - tiny < one, mode == FE_DOWNWARD || mode == FE_TOWARDZERO);
    CHECK_EQUAL(lone - ltiny < lone, mode == FE_DOWNWARD || mode == FE_TOWARDZERO);
}

static void *inherited(void *arg) {
    check_mode((int)(intptr_t)arg);
    return NULL;
}

static void *keep(void *arg) {
    int mode = (int)(intptr_t)arg;
    check_mode(FE_TONEAREST);
    CHECK_EQUAL(fesetround(mode), 0);
    for (int i = 0; i < 5; i++) {
        capr__yield();
        check_mode(mode);
    }
    pthread_t t;
    CHECK_EQUAL(pthread_create(&t, NULL, inherited, arg), 0);
    CHECK_EQUAL(pthread_join(t, NULL), 0);
    check_mode(mode);
    return NULL;
}

int main(void) {
    static const int modes[] = {FE_UPWARD, FE_TONEAREST, FE_DOWNWARD, FE_TOWARDZERO, FE_UPWARD};
    pthread_t t[5];
    for (int i = 0; i < 5; i++) CHECK_EQUAL(pthread_create(&t[i], NULL, keep, (void *)(intptr_t)modes[i]), 0);
    for (int i = 0; i < 5; i++) {
        CHECK_EQUAL(pthread_join(t[i], NULL), 0);
        check_mode(FE_TONEAREST);
    }
    return 0;
}
