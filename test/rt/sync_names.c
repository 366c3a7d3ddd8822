/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * What a program tells and asks about threads: names, scheduling parameters, affinity, clock, attributes of a living thread,
 * signals sent to one.
 */
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>

#include "sync_check.h"

static volatile int leave;

static void *stay(void *arg) {
    while (!leave) sched_yield();
    return arg;
}

static void test_names(pthread_t t) {
    char name[16], process[16];
    CHECK_INT(prctl(PR_GET_NAME, process), 0);
    CHECK_INT(pthread_getname_np(t, name, sizeof(name)), 0);
    CHECK(strcmp(name, process) == 0);
    CHECK_INT(pthread_setname_np(t, "a worker of us"), 0);
    CHECK_INT(pthread_setname_np(t, "sixteen letters."), ERANGE);
    CHECK_INT(pthread_getname_np(t, name, 15), ERANGE);
    CHECK_INT(pthread_getname_np(t, name, sizeof(name)), 0);
    CHECK(strcmp(name, "a worker of us") == 0);
    CHECK_INT(pthread_setname_np(pthread_self(), "main one"), 0);
    CHECK_INT(prctl(PR_GET_NAME, process), 0);
    CHECK(strcmp(process, "main one") == 0); /* main's is the process's, the other's is its own */
}

static void *named_by_prctl(void *arg) {
    char name[16];
    CHECK_INT(prctl(PR_SET_NAME, "of a thread, too long"), 0);
    sched_yield();
    CHECK_INT(prctl(PR_GET_NAME, name), 0);
    CHECK(strcmp(name, "of a thread, to") == 0);
    CHECK_INT(pthread_getname_np(pthread_self(), name, sizeof(name)), 0);
    CHECK(strcmp(name, "of a thread, to") == 0);
    return arg;
}

static void test_prctl(void) {
    char name[16];
    CHECK_INT(prctl(PR_SET_NAME, "all of us"), 0);
    check_join(check_spawn(named_by_prctl, NULL));
    CHECK_INT(prctl(PR_GET_NAME, name), 0);
    CHECK(strcmp(name, "all of us") == 0);
    FILE *f = fopen("/proc/self/comm", "r");
    CHECK(f && fgets(name, sizeof(name), f) && strcmp(name, "all of us\n") == 0);
    fclose(f);
}

static volatile int heard;

static void hear(int number) {
    (void)number;
    heard++;
}

static void *has_mask(void *arg) {
    sigset_t mask;
    CHECK_INT(pthread_sigmask(SIG_BLOCK, NULL, &mask), 0);
    CHECK_INT(sigismember(&mask, SIGUSR2), arg != NULL);
    CHECK_INT(sigismember(&mask, SIGUSR1), arg == NULL);
    return arg;
}

/* The mask in the attributes is the new thread's, also where nobody else lets the signal through. */
static void test_mask(void) {
    pthread_attr_t attr;
    pthread_t t;
    sigset_t mask, before;
    CHECK_INT(pthread_attr_init(&attr), 0);
    signal(SIGUSR2, hear);
    sigemptyset(&mask);
    sigaddset(&mask, SIGUSR2);
    CHECK_INT(pthread_attr_setsigmask_np(&attr, &mask), 0);
    CHECK_INT(pthread_create(&t, &attr, has_mask, &mask), 0);
    check_join(t);

    CHECK_INT(pthread_sigmask(SIG_BLOCK, &mask, &before), 0);
    kill(getpid(), SIGUSR2); /* waits for a thread that takes it */
    sigemptyset(&mask);
    sigaddset(&mask, SIGUSR1);
    CHECK_INT(pthread_attr_setsigmask_np(&attr, &mask), 0);
    CHECK_INT(pthread_create(&t, &attr, has_mask, NULL), 0);
    check_join(t);
    CHECK_INT(heard, 1);
    CHECK_INT(pthread_sigmask(SIG_SETMASK, &before, NULL), 0);
    CHECK_INT(pthread_attr_destroy(&attr), 0);
}

static void test_sched(pthread_t t) {
    struct sched_param p = { .sched_priority = 5 };
    int policy = -1;
    CHECK_INT(pthread_getschedparam(t, &policy, &p), 0);
    CHECK_INT(policy, SCHED_OTHER);
    CHECK_INT(p.sched_priority, 0);
    p.sched_priority = 5;
    CHECK_INT(pthread_setschedparam(t, SCHED_OTHER, &p), EINVAL);
    CHECK_INT(pthread_setschedparam(t, 4711, &p), EINVAL);
    CHECK_INT(pthread_setschedparam(t, SCHED_FIFO, &p), 0);
    CHECK_INT(pthread_setschedprio(t, 7), 0);
    CHECK_INT(pthread_setschedprio(t, 700), EINVAL);
    CHECK_INT(pthread_getschedparam(t, &policy, &p), 0);
    CHECK_INT(policy, SCHED_FIFO);
    CHECK_INT(p.sched_priority, 7);
    CHECK_INT(sched_getscheduler(0), SCHED_OTHER); /* nothing happened to the worker */

    cpu_set_t all, one, got, none;
    CHECK_INT(sched_getaffinity(0, sizeof(all), &all), 0);
    CHECK_INT(pthread_getaffinity_np(t, sizeof(got), &got), 0);
    CHECK(CPU_EQUAL(&all, &got));
    CPU_ZERO(&none);
    CHECK_INT(pthread_setaffinity_np(t, sizeof(none), &none), EINVAL);
    CPU_ZERO(&one);
    for (int i = 0; i < CPU_SETSIZE && !CPU_COUNT(&one); i++)
        if (CPU_ISSET(i, &all)) CPU_SET(i, &one);
    CHECK_INT(pthread_setaffinity_np(t, sizeof(one), &one), 0);
    CHECK_INT(pthread_getaffinity_np(t, sizeof(got), &got), 0);
    CHECK(CPU_EQUAL(&one, &got));
    CHECK_INT(sched_getaffinity(0, sizeof(got), &got), 0);
    CHECK(CPU_EQUAL(&all, &got));

    clockid_t clock;
    struct timespec now;
    CHECK_INT(pthread_getcpuclockid(t, &clock), 0);
    CHECK_INT(clock_gettime(clock, &now), 0);
}

/* In the test mode that links a chunk at every checkpoint a local variable lies anywhere. */
static int stacks_are_linked(void) {
    const char *mode = getenv("CAPRICCIO_STACK");
    return mode && strcmp(mode, "always") == 0;
}

static void *look(void *arg) {
    pthread_attr_t a;
    char local;
    void *stack;
    size_t size;
    int state, policy;
    CHECK_INT(pthread_getattr_np(pthread_self(), &a), 0);
    CHECK_INT(pthread_attr_getstack(&a, &stack, &size), 0);
    CHECK(stacks_are_linked() || (&local >= (char *)stack && &local < (char *)stack + size));
    CHECK_INT(pthread_attr_getdetachstate(&a, &state), 0);
    CHECK_INT(state, arg ? PTHREAD_CREATE_DETACHED : PTHREAD_CREATE_JOINABLE);
    CHECK_INT(pthread_attr_getschedpolicy(&a, &policy), 0);
    CHECK_INT(policy, arg ? SCHED_RR : SCHED_OTHER);
    CHECK_INT(pthread_attr_destroy(&a), 0);
    if (arg) {
        struct sched_param p;
        CHECK_INT(size, 1 << 20);
        CHECK_INT(pthread_getschedparam(pthread_self(), &policy, &p), 0);
        CHECK_INT(p.sched_priority, 3);
        *(volatile int *)arg = 1;
    }
    return NULL;
}

static void test_attributes(void) {
    pthread_attr_t a;
    pthread_t t;
    volatile int seen = 0;
    look(NULL); /* main: glibc's answer */
    check_join(check_spawn(look, NULL));
    CHECK_INT(pthread_attr_init(&a), 0);
    CHECK_INT(pthread_attr_setdetachstate(&a, PTHREAD_CREATE_DETACHED), 0);
    CHECK_INT(pthread_attr_setstacksize(&a, 1), EINVAL);
    CHECK_INT(pthread_attr_setstacksize(&a, 1 << 20), 0);
    CHECK_INT(pthread_attr_setinheritsched(&a, PTHREAD_EXPLICIT_SCHED), 0);
    CHECK_INT(pthread_attr_setschedpolicy(&a, SCHED_RR), 0);
    CHECK_INT(pthread_attr_setschedparam(&a, &(struct sched_param){ .sched_priority = 3 }), 0);
    CHECK_INT(pthread_create(&t, &a, look, (void *)&seen), 0);
    while (!seen) sched_yield();
    CHECK_INT(pthread_attr_destroy(&a), 0);
}

static volatile int signals, value;

static void on_signal(int number, siginfo_t *info, void *context) {
    (void)number, (void)context;
    signals++;
    value = info->si_value.sival_int;
}

static void test_kill(pthread_t t) {
    struct sigaction action = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO };
    CHECK_INT(sigaction(SIGUSR1, &action, NULL), 0);
    CHECK_INT(pthread_kill(t, 0), 0);
    CHECK_INT(pthread_kill(t, 4711), EINVAL);
    CHECK_INT(pthread_kill(t, 32), EINVAL); /* glibc's own */
    CHECK_INT(signals, 0);
    CHECK_INT(pthread_kill(pthread_self(), SIGUSR1), 0);
    CHECK_INT(signals, 1); /* before it returns */
    CHECK_INT(pthread_kill(t, SIGUSR1), 0);
    for (int i = 0; i < 100 && signals < 2; i++) usleep(1000);
    CHECK_INT(signals, 2);
    CHECK_INT(pthread_sigqueue(t, SIGUSR1, (union sigval){ .sival_int = 4711 }), 0);
    for (int i = 0; i < 100 && signals < 3; i++) usleep(1000);
    CHECK_INT(signals, 3);
    CHECK_INT(value, 4711);
}

static void *inherit(void *arg) {
    int policy;
    struct sched_param p;
    CHECK_INT(pthread_getschedparam(pthread_self(), &policy, &p), 0);
    CHECK_INT(policy, SCHED_FIFO);
    CHECK_INT(p.sched_priority, 2);
    return arg;
}

static void test_inheritance(void) {
    struct sched_param p = { .sched_priority = 2 };
    CHECK_INT(pthread_setschedparam(pthread_self(), SCHED_FIFO, &p), 0);
    check_join(check_spawn(inherit, NULL));
    p.sched_priority = 0;
    CHECK_INT(pthread_setschedparam(pthread_self(), SCHED_OTHER, &p), 0);
}

int main(int argc, char **argv) {
    check_start(argc, argv, 60);
    test_prctl();
    test_mask();
    pthread_t t = check_spawn(stay, NULL);
    test_names(t);
    test_sched(t);
    test_kill(t);
    test_inheritance();
    test_attributes();
    leave = 1;
    check_join(t);
    return 0;
}
