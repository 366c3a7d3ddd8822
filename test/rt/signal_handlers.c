/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * What a program sees of its handlers: each kind of installation and what it reports back, flags and masks, nesting, where they
 * run, errno, siglongjmp out of them, and that a thread with a small stack survives a handler that needs a large one.
 */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>

#include "check.h"

#pragma clang diagnostic ignored "-Wdeprecated-declarations" /* sigset, which old programs use */

static volatile sig_atomic_t plain, with_info, nested_depth, deepest;
static volatile int code, value;

static void count(int number) { plain += number; }

static void inform(int number, siginfo_t *info, void *context) {
    with_info += number == SIGUSR2 && context != NULL;
    code = info->si_code;
    value = info->si_value.sival_int;
    errno = EDOM;
}

static void installs(void) {
    struct sigaction act, old;
    CHECK(signal(SIGUSR1, count) == SIG_DFL);
    raise(SIGUSR1);
    CHECK_EQUAL(plain, SIGUSR1);
    CHECK(signal(SIGUSR1, SIG_IGN) == count);
    raise(SIGUSR1);
    CHECK_EQUAL(plain, SIGUSR1);
    CHECK(signal(SIGUSR1, SIG_DFL) == SIG_IGN);

    memset(&act, 0, sizeof act);
    act.sa_sigaction = inform;
    act.sa_flags = SA_SIGINFO;
    sigaddset(&act.sa_mask, SIGHUP);
    CHECK(sigaction(SIGUSR2, &act, NULL) == 0);
    memset(&old, 0xff, sizeof old);
    CHECK(sigaction(SIGUSR2, NULL, &old) == 0);
    CHECK(old.sa_sigaction == inform && (old.sa_flags & ~0x04000000) == SA_SIGINFO && sigismember(&old.sa_mask, SIGHUP) &&
          !sigismember(&old.sa_mask, SIGUSR2));
    errno = 0;
    CHECK(sigqueue(getpid(), SIGUSR2, (union sigval){.sival_int = 42}) == 0);
    CHECK(with_info == 1 && code == SI_QUEUE && value == 42);
    CHECK_EQUAL(errno, 0);

    CHECK(sigaction(SIGKILL, &act, NULL) == -1 && errno == EINVAL);
    CHECK(sigaction(0, &act, NULL) == -1 && errno == EINVAL);
    CHECK(sigaction(32, NULL, &old) == -1 && errno == EINVAL);
    CHECK(signal(65, count) == SIG_ERR && errno == EINVAL);

    plain = 0;
    act.sa_handler = count;
    act.sa_flags = (int)SA_RESETHAND;
    CHECK(sigaction(SIGUSR1, &act, NULL) == 0);
    raise(SIGUSR1);
    CHECK_EQUAL(plain, SIGUSR1);
    CHECK(sigaction(SIGUSR1, NULL, &old) == 0 && old.sa_handler == SIG_DFL);

    CHECK(sigset(SIGUSR1, count) == SIG_DFL);
    raise(SIGUSR1);
    CHECK_EQUAL(plain, 2 * SIGUSR1);
    CHECK(sigset(SIGUSR1, SIG_HOLD) == count);
    raise(SIGUSR1);
    CHECK_EQUAL(plain, 2 * SIGUSR1);
    CHECK(sigset(SIGUSR1, count) == SIG_HOLD);
    CHECK_EQUAL(plain, 3 * SIGUSR1);
    signal(SIGUSR1, SIG_DFL);
}

static volatile int order[8], at;

static void inner(int number) { order[at++] = number; }

static void outer(int number) {
    order[at++] = -number;
    raise(SIGUSR2); /* in the mask: comes after us */
    raise(SIGHUP);  /* not in it: comes now */
    order[at++] = number;
}

static void nests(int number) {
    if (++nested_depth > deepest) deepest = nested_depth;
    volatile char room[500];
    room[0] = 1;
    if (nested_depth < 10) raise(number);
    nested_depth -= room[0];
}

static void masks(void) {
    struct sigaction act = {.sa_handler = outer};
    sigaddset(&act.sa_mask, SIGUSR2);
    sigaction(SIGUSR1, &act, NULL);
    act.sa_handler = inner;
    sigaction(SIGUSR2, &act, NULL);
    sigaction(SIGHUP, &act, NULL);
    raise(SIGUSR1);
    CHECK(at == 4 && order[0] == -SIGUSR1 && order[1] == SIGHUP && order[2] == SIGUSR1 && order[3] == SIGUSR2);

    act = (struct sigaction){.sa_handler = nests, .sa_flags = SA_NODEFER};
    sigaction(SIGUSR1, &act, NULL);
    raise(SIGUSR1);
    CHECK_EQUAL(deepest, 10);
    CHECK_EQUAL(nested_depth, 0);
}

static void formats(int number) {
    char text[9000];
    snprintf(text, sizeof text, "%5000d %f", number, 1.5);
    plain += strlen(text) > 5000;
}

static volatile int stop, turns;

static void *spin(void *unused) {
    while (!stop) {
        turns++;
        sched_yield();
    }
    return unused;
}

/* A timer interrupts whatever runs: threads in the scheduler, in a call, in malloc. */
static void storm(void) {
    pthread_t t[20];
    struct sigaction act = {.sa_handler = formats, .sa_flags = SA_RESTART};
    sigaction(SIGALRM, &act, NULL);
    alarm(0);
    plain = stop = 0;
    struct itimerval every = {{0, 500}, {0, 500}}, never = {{0, 0}, {0, 0}};
    for (int i = 0; i < 20; i++) pthread_create(&t[i], NULL, spin, NULL);
    setitimer(ITIMER_REAL, &every, NULL);
    while (plain < 300) sched_yield();
    setitimer(ITIMER_REAL, &never, NULL);
    stop = 1;
    for (int i = 0; i < 20; i++) pthread_join(t[i], NULL);
    CHECK(turns > 300);
    signal(SIGALRM, SIG_DFL);
    alarm(60);
}

static sigjmp_buf target;
static void jumps(int number) { siglongjmp(target, number); }

static void *jump_often(void *unused) {
    volatile int landed = 0;
    for (volatile int i = 0; i < 1000; i++) {
        int r = sigsetjmp(target, 1);
        if (r == 0)
            raise(SIGUSR1);
        else
            landed += r == SIGUSR1;
        /* After the jump we may wait again: the handler is over. */
        sched_yield();
    }
    CHECK_EQUAL(landed, 1000);
    return unused;
}

static volatile sig_atomic_t recovered;
static void fault(int number, siginfo_t *info, void *context) {
    (void)number, (void)context;
    recovered = info->si_addr == (void *)16;
    siglongjmp(target, 2);
}

static void jumping(void) {
    pthread_t t;
    signal(SIGUSR1, jumps);
    pthread_create(&t, NULL, jump_often, NULL);
    pthread_join(t, NULL);
    jump_often(NULL);
    struct sigaction act = {.sa_sigaction = fault, .sa_flags = SA_SIGINFO};
    sigaction(SIGSEGV, &act, NULL);
    for (volatile int i = 0; i < 3; i++)
        if (sigsetjmp(target, 1) == 0) *(volatile int *)16 = 1;
    CHECK(recovered);
    signal(SIGSEGV, SIG_DFL);
}

static stack_t seen;
static char *stack_memory;
static void looks(int number) {
    (void)number;
    sigaltstack(NULL, &seen);
    CHECK(sigaltstack(&seen, NULL) == -1 && errno == EPERM);
}

static void alternate_stacks(void) {
    stack_t s = {.ss_sp = stack_memory = malloc(65536), .ss_size = 65536}, old;
    CHECK(sigaltstack(NULL, &old) == 0 && (old.ss_flags & SS_DISABLE));
    CHECK(sigaltstack(&s, &old) == 0 && (old.ss_flags & SS_DISABLE));
    struct sigaction act = {.sa_handler = looks, .sa_flags = SA_ONSTACK};
    sigaction(SIGUSR1, &act, NULL);
    raise(SIGUSR1);
    CHECK(seen.ss_sp == stack_memory && seen.ss_flags == SS_ONSTACK);
    s.ss_size = 10;
    CHECK(sigaltstack(&s, NULL) == -1 && errno == ENOMEM);
    s.ss_flags = 1000;
    CHECK(sigaltstack(&s, NULL) == -1 && errno == EINVAL);
    s.ss_flags = SS_DISABLE;
    CHECK(sigaltstack(&s, &old) == 0 && old.ss_sp == stack_memory && old.ss_size == 65536);
}

int main(void) {
    alarm(60);
    installs();
    masks();
    storm();
    jumping();
    alternate_stacks();
    return 0;
}
