/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Semaphores: errors, deadlines, counts conserved among hundreds of threads, posts from signal handlers while threads wait
 * and while they run, and named and process-shared semaphores with a process on the other side.
 */
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>

#include "sync_check.h"

static sem_t s;

static void *post_later(void *ms) {
    usleep((useconds_t)(intptr_t)ms * 1000);
    CHECK_INT(sem_post(&s), 0);
    return NULL;
}

static int value(void) {
    int v = -1;
    CHECK_INT(sem_getvalue(&s, &v), 0);
    return v;
}

static void test_calls(void) {
    struct timespec when;
    CHECK_ERRNO(sem_init(&s, 0, (unsigned)SEM_VALUE_MAX + 1), EINVAL);
    CHECK_INT(sem_init(&s, 0, 2), 0);
    CHECK_INT(value(), 2);
    CHECK_INT(sem_wait(&s), 0);
    CHECK_INT(sem_trywait(&s), 0);
    CHECK_ERRNO(sem_trywait(&s), EAGAIN);
    double start = check_ms();
    when = check_in(CLOCK_REALTIME, 20);
    CHECK_ERRNO(sem_timedwait(&s, &when), ETIMEDOUT);
    when = check_in(CLOCK_MONOTONIC, 20);
    CHECK_ERRNO(sem_clockwait(&s, CLOCK_MONOTONIC, &when), ETIMEDOUT);
    CHECK(check_ms() - start >= 39);
    when = check_in(CLOCK_REALTIME, -100);
    CHECK_ERRNO(sem_timedwait(&s, &when), ETIMEDOUT);
    when.tv_nsec = -1;
    CHECK_ERRNO(sem_timedwait(&s, &when), EINVAL);
    pthread_t t = check_spawn(post_later, (void *)20);
    CHECK_INT(sem_wait(&s), 0);
    check_join(t);
    CHECK_INT(sem_post(&s), 0);
    CHECK_ERRNO(sem_timedwait(&s, &when), EINVAL); /* looked at first, as in glibc */
    CHECK_ERRNO(sem_clockwait(&s, CLOCK_PROCESS_CPUTIME_ID, &when), EINVAL);
    when.tv_nsec = 0;
    CHECK_INT(sem_timedwait(&s, &when), 0);
    CHECK_INT(sem_destroy(&s), 0);
    CHECK_INT(sem_init(&s, 0, SEM_VALUE_MAX), 0);
    CHECK_ERRNO(sem_post(&s), EOVERFLOW);
    CHECK_INT(value(), SEM_VALUE_MAX);
    CHECK_INT(sem_destroy(&s), 0);
}

#define THREADS 600
#define TURNS 100
static _Atomic long inside, most, timeouts;

static void *use(void *arg) {
    (void)arg;
    for (int i = 0; i < TURNS; i++) {
        if (check_random() % 3 == 0) {
            struct timespec when = check_in(CLOCK_REALTIME, (long)(check_random() % 5));
            if (sem_timedwait(&s, &when) != 0) {
                CHECK_INT(errno, ETIMEDOUT);
                timeouts++;
                continue;
            }
        } else {
            CHECK_INT(sem_wait(&s), 0);
        }
        long now = ++inside;
        if (now > most) most = now;
        CHECK(now <= 5);
        uint64_t r = check_random() % 8;
        if (r == 0)
            usleep((useconds_t)(check_random() % 30));
        else if (r < 5)
            sched_yield();
        inside--;
        CHECK_INT(sem_post(&s), 0);
    }
    return NULL;
}

static void test_count(void) {
    static pthread_t t[THREADS];
    CHECK_INT(sem_init(&s, 0, 5), 0);
    for (int i = 0; i < THREADS; i++) t[i] = check_spawn(use, NULL);
    for (int i = 0; i < THREADS; i++) check_join(t[i]);
    CHECK_INT(most, 5);
    CHECK_INT(value(), 5);
    CHECK(timeouts > 0);
}

static volatile sig_atomic_t posts;
static _Atomic long received;
static volatile int enough;

static void on_alarm(int signal) {
    (void)signal;
    sem_post(&s);
    posts++;
}

static void *receive(void *arg) {
    (void)arg;
    for (;;) {
        CHECK_INT(sem_wait(&s), 0);
        if (enough) return NULL;
        received++;
        if (check_random() % 2) sched_yield();
    }
}

/* A timer's handler posts while all threads wait, then while one keeps the worker busy with waits and posts of its own. */
static void test_handler(void) {
    pthread_t t[10];
    struct sigaction action = { .sa_handler = on_alarm, .sa_flags = SA_RESTART };
    struct itimerval often = { { 0, 300 }, { 0, 300 } }, never = { { 0, 0 }, { 0, 0 } };
    CHECK_INT(sem_init(&s, 0, 0), 0);
    for (int i = 0; i < 10; i++) t[i] = check_spawn(receive, NULL);
    unsigned left = alarm(0);
    CHECK_INT(sigaction(SIGALRM, &action, NULL), 0);
    CHECK_INT(setitimer(ITIMER_REAL, &often, NULL), 0);
    double end = check_ms() + 150;
    while (check_ms() < end) usleep(5000);
    CHECK(received > 20);
    long own = 0;
    for (end = check_ms() + 150; check_ms() < end;) {
        for (int i = 0; i < 100; i++) {
            CHECK_INT(sem_post(&s), 0);
            own++;
            if (i % 16 == 0) sched_yield();
        }
    }
    CHECK_INT(setitimer(ITIMER_REAL, &never, NULL), 0);
    usleep(20000);
    for (int i = 0; i < 1000 && received + value() < posts + own; i++)
        usleep(2000); /* one that has received is yet to say so, on a worker that does not run */
    CHECK_INT(received + value(), posts + own); /* nothing lost, nothing twice */
    signal(SIGALRM, SIG_DFL);
    alarm(left);
    while (received < posts + own) sched_yield();
    enough = 1;
    for (int i = 0; i < 10; i++) CHECK_INT(sem_post(&s), 0);
    for (int i = 0; i < 10; i++) check_join(t[i]);
    CHECK_INT(value(), 0);
}

static volatile int rang;
static void ring(int signal) {
    (void)signal;
    rang = 1;
}

/* A handler without SA_RESTART ends the main thread's wait, of whichever kind. */
static void test_interrupted(sem_t *other) {
    struct sigaction action = { .sa_handler = ring };
    struct itimerval soon = { { 0, 0 }, { 0, 10000 } };
    struct timespec when = check_in(CLOCK_REALTIME, 10000);
    unsigned left = alarm(0);
    CHECK_INT(sigaction(SIGALRM, &action, NULL), 0);
    for (int timed = 0; timed < 2; timed++) {
        rang = 0;
        CHECK_INT(setitimer(ITIMER_REAL, &soon, NULL), 0);
        CHECK_ERRNO(timed ? sem_timedwait(other, &when) : sem_wait(other), EINTR);
        CHECK_INT(rang, 1);
    }
    /* A wait that has an end is not begun again: SA_RESTART says nothing of it. */
    action.sa_flags = SA_RESTART;
    CHECK_INT(sigaction(SIGALRM, &action, NULL), 0);
    rang = 0;
    CHECK_INT(setitimer(ITIMER_REAL, &soon, NULL), 0);
    CHECK_ERRNO(sem_timedwait(other, &when), EINTR);
    CHECK_INT(rang, 1);
    signal(SIGALRM, SIG_DFL);
    alarm(left);
}

static sem_t *ping, *pong;
static volatile int ticks;

static void *tick(void *arg) {
    (void)arg;
    for (;;) {
        ticks++;
        usleep(1000);
        pthread_testcancel();
    }
}

static void *wait_here(void *arg) {
    (void)arg;
    return (void *)(intptr_t)sem_wait(pong);
}

/* The other side of `ping` and `pong` is a process. While this one waits its other threads run. */
static void exchange(void) {
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        for (int i = 0; i < 5; i++) {
            CHECK_INT(sem_wait(ping), 0);
            usleep(4000);
            CHECK_INT(sem_post(pong), 0);
        }
        _exit(0);
    }
    pthread_t t = check_spawn(tick, NULL);
    ticks = 0;
    for (int i = 0; i < 5; i++) {
        CHECK_INT(sem_post(ping), 0);
        CHECK_INT(sem_wait(pong), 0);
    }
    CHECK(ticks >= 1);
    int status;
    CHECK_INT(waitpid(child, &status, 0), child);
    CHECK_INT(status, 0);
    struct timespec when = check_in(CLOCK_REALTIME, 10);
    CHECK_ERRNO(sem_timedwait(pong, &when), ETIMEDOUT);
    CHECK_ERRNO(sem_trywait(pong), EAGAIN);
    test_interrupted(pong);
    pthread_t w = check_spawn(wait_here, NULL);
    usleep(3000);
    CHECK_INT(sem_post(pong), 0);
    CHECK_INT((intptr_t)check_join(w), 0);
    CHECK_INT(pthread_cancel(t), 0);
    CHECK(check_join(t) == PTHREAD_CANCELED);
}

static void test_processes(void) {
    sem_t *both = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(both != MAP_FAILED);
    ping = both, pong = both + 1;
    CHECK_INT(sem_init(ping, 1, 0), 0);
    CHECK_INT(sem_init(pong, 1, 0), 0);
    exchange();
    CHECK_INT(sem_destroy(ping), 0);
    char name[2][40];
    for (int i = 0; i < 2; i++) snprintf(name[i], sizeof(name[i]), "/capr_sync_sem_%d_%d", (int)getpid(), i);
    ping = sem_open(name[0], O_CREAT | O_EXCL, 0600, 0);
    if (ping == SEM_FAILED) { /* no /dev/shm here */
        fprintf(stderr, "sem_open: %s: named semaphores not tested\n", strerror(errno));
        return;
    }
    pong = sem_open(name[1], O_CREAT | O_EXCL, 0600, 0);
    for (int i = 0; i < 2; i++) sem_unlink(name[i]);
    CHECK(pong != SEM_FAILED);
    exchange();
    CHECK_INT(sem_close(ping), 0);
    CHECK_INT(sem_close(pong), 0);
}

int main(int argc, char **argv) {
    check_start(argc, argv, 60);
    test_calls();
    test_count();
    test_handler();
    test_interrupted(&s);
    test_processes();
    return 0;
}
