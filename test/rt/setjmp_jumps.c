/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * setjmp and longjmp under all their names: values, callee-saved registers, the signal mask, jumps out of libc (qsort) and many
 * in a row from depth, on main and on threads; the buffer is no larger than what pthread_cleanup_push gives.
 */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <string.h>

#include "check.h"

#pragma clang diagnostic ignored "-Winfinite-recursion" /* it ends by a jump */

#undef setjmp
extern int setjmp(jmp_buf) __attribute__((returns_twice));
extern void __longjmp_chk(jmp_buf, int) __attribute__((noreturn));

static jmp_buf *target;

static __attribute__((noinline)) int deep(int left, int value, void (*jump)(jmp_buf, int)) {
    volatile char room[64];
    room[0] = 0;
    if (left == 0) jump(*target, value);
    return deep(left - 1, value, jump) + room[0];
}

/* Values held in callee-saved registers over the jump. */
static __attribute__((noinline)) long registers(long a, long b, long c, long d, long e, void (*jump)(jmp_buf, int)) {
    jmp_buf buf;
    target = &buf;
    if (_setjmp(buf) == 0) deep(50, 1, jump);
    __asm__ volatile("" : "+r"(a), "+r"(b), "+r"(c), "+r"(d), "+r"(e));
    return a + b * 10 + c * 100 + d * 1000 + e * 10000;
}

static int compare(const void *a, const void *b) {
    if (*(const int *)a == 7 || *(const int *)b == 7) longjmp(*target, 3);
    return *(const int *)a - *(const int *)b;
}

static int blocked(void) {
    sigset_t mask;
    pthread_sigmask(SIG_BLOCK, NULL, &mask);
    return sigismember(&mask, SIGUSR1);
}

static void set_blocked(int how) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    pthread_sigmask(how, &set, NULL);
}

static void *all(void *unused) {
    jmp_buf buf;
    void (*const jumps[])(jmp_buf, int) = {longjmp, _longjmp, siglongjmp, __longjmp_chk};
    for (int i = 0; i < 4; i++) {
        target = &buf;
        volatile int before = i;
        int r = _setjmp(buf);
        if (r == 0) deep(100, i, jumps[i]);
        CHECK_EQUAL(r, i ? i : 1); /* 0 comes back as 1 */
        CHECK_EQUAL(before, i);
        CHECK_EQUAL(registers(1, 2, 3, 4, 5, jumps[i]), 54321);
    }

    target = &buf;
    volatile int count = 0;
    if (_setjmp(buf) < 1000) deep(20, ++count, longjmp);
    CHECK_EQUAL(count, 1000);

    target = &buf;
    int list[20];
    for (int i = 0; i < 20; i++) list[i] = 19 - i;
    int r = _setjmp(buf);
    if (r == 0) {
        qsort(list, 20, sizeof *list, compare);
        CHECK(!"qsort came back");
    }
    CHECK_EQUAL(r, 3);

    /* The mask: kept by _setjmp's jump, restored by setjmp's and sigsetjmp's. */
    sigjmp_buf with;
    if (_setjmp(buf) == 0) {
        set_blocked(SIG_BLOCK);
        longjmp(buf, 1);
    }
    CHECK(blocked());
    set_blocked(SIG_UNBLOCK);
    if (setjmp(buf) == 0) {
        set_blocked(SIG_BLOCK);
        longjmp(buf, 1);
    }
    CHECK(!blocked());
    if (sigsetjmp(with, 1) == 0) {
        set_blocked(SIG_BLOCK);
        siglongjmp(with, 1);
    }
    CHECK(!blocked());
    if (sigsetjmp(with, 0) == 0) {
        set_blocked(SIG_BLOCK);
        siglongjmp(with, 1);
    }
    CHECK(blocked());
    set_blocked(SIG_UNBLOCK);

    /* What lies behind a cleanup handler's buffer stays as it is. */
    struct {
        __pthread_unwind_buf_t buf;
        unsigned char behind[32];
    } cleanup;
    memset(&cleanup, 0x5a, sizeof cleanup);
    if (__sigsetjmp((struct __jmp_buf_tag *)cleanup.buf.__cancel_jmp_buf, 0) == 0) {
        cleanup.buf.__pad[0] = cleanup.buf.__pad[1] = NULL;
        target = (jmp_buf *)cleanup.buf.__cancel_jmp_buf;
        deep(10, 1, longjmp);
    }
    unsigned char *end = (unsigned char *)(&cleanup.buf + 1);
    for (unsigned char *p = end; p < cleanup.behind + sizeof cleanup.behind; p++) CHECK_EQUAL(*p, 0x5a);
    return unused;
}

static void *jump_and_yield(void *unused) {
    jmp_buf buf;
    volatile int i = 0;
    _setjmp(buf);
    sched_yield(); /* other threads jump too: each has its own stacks */
    if (i++ < 100) longjmp(buf, 1);
    return unused;
}

int main(void) {
    pthread_t t[50];
    alarm(60);
    all(NULL);
    pthread_create(&t[0], NULL, all, NULL);
    pthread_join(t[0], NULL);
    for (int i = 0; i < 50; i++) pthread_create(&t[i], NULL, jump_and_yield, NULL);
    for (int i = 0; i < 50; i++) pthread_join(t[i], NULL);
    return 0;
}
