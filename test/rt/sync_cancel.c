/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Cancellation at every wait of rt/sync that is a point, none at those that are not; cleanup handlers, their order and what
 * they find (the mutex of a condition variable held again); state and type; cancellation that races with wake-ups, which must
 * not lose one.
 */
#include <sched.h>
#include <semaphore.h>

#include "sync_check.h"

static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t c = PTHREAD_COND_INITIALIZER;
static sem_t s;
static int ready, order[16], steps;

static void note(void *arg) { order[steps++] = (int)(intptr_t)arg; }

static void unlock_and_note(void *arg) {
    CHECK_INT(pthread_mutex_trylock(&m), EBUSY); /* taken back before handlers run */
    CHECK_INT(pthread_mutex_unlock(&m), 0);
    note(arg);
}

static void *in_cond(void *arg) {
    pthread_cleanup_push(note, (void *)1);
    CHECK_INT(pthread_mutex_lock(&m), 0);
    pthread_cleanup_push(unlock_and_note, (void *)2);
    ready = 1;
    for (;;) CHECK_INT(pthread_cond_wait(&c, &m), 0);
    pthread_cleanup_pop(0);
    pthread_cleanup_pop(0);
    return arg;
}

static void *in_sem(void *arg) {
    ready = 1;
    sem_wait(&s);
    return arg;
}

static void *in_sem_timed(void *arg) {
    struct timespec when = check_in(CLOCK_REALTIME, 30000);
    ready = 1;
    sem_timedwait(&s, &when);
    return arg;
}

static void *in_sleep(void *arg) {
    ready = 1;
    sleep(30);
    return arg;
}

static void *in_usleep(void *arg) {
    ready = 1;
    usleep(30000000);
    return arg;
}

static void *in_clock_nanosleep(void *arg) {
    struct timespec when = check_in(CLOCK_REALTIME, 30000);
    ready = 1;
    clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &when, NULL);
    return arg;
}

static void *in_join(void *other) {
    ready = 1;
    pthread_join(*(pthread_t *)other, NULL);
    return NULL;
}

static void *in_test(void *arg) {
    ready = 1;
    for (;;) {
        sched_yield();
        pthread_testcancel();
    }
    return arg;
}

static void cancel(void *(*f)(void *), void *arg, int early) {
    ready = 0;
    pthread_t t = check_spawn(f, arg);
    if (!early) {
        while (!ready) sched_yield();
        sched_yield();
    }
    CHECK_INT(pthread_cancel(t), 0);
    CHECK_INT(pthread_cancel(t), 0); /* twice is once */
    CHECK(check_join(t) == PTHREAD_CANCELED);
}

static void test_points(void) {
    void *(*points[])(void *) = { in_sem, in_sem_timed, in_sleep, in_usleep, in_clock_nanosleep, in_test, in_join, in_cond };
    CHECK_INT(sem_init(&s, 0, 0), 0);
    pthread_t sleeper = check_spawn(in_sleep, NULL);
    for (int early = 0; early < 2; early++) {
        for (unsigned i = 0; i < sizeof(points) / sizeof(points[0]); i++) {
            steps = 0;
            cancel(points[i], &sleeper, early);
            if (points[i] == in_cond) {
                CHECK_INT(steps, 2);
                CHECK_INT(order[0], 2);
                CHECK_INT(order[1], 1);
            }
            CHECK_INT(pthread_mutex_trylock(&m), 0);
            CHECK_INT(pthread_mutex_unlock(&m), 0);
        }
    }
    CHECK_INT(pthread_cancel(sleeper), 0); /* still to be joined after its joiners were cancelled */
    CHECK(check_join(sleeper) == PTHREAD_CANCELED);
    CHECK_INT(sem_destroy(&s), 0); /* nobody left in the queue */
    CHECK_INT(pthread_cond_destroy(&c), 0);
}

static int after_lock;

static void *in_mutex(void *arg) {
    ready = 1;
    CHECK_INT(pthread_mutex_lock(&m), 0);
    after_lock = 1;
    CHECK_INT(pthread_mutex_unlock(&m), 0);
    pthread_testcancel();
    return arg;
}

static void *disabled(void *arg) {
    int old;
    CHECK_INT(pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &old), 0);
    CHECK_INT(old, PTHREAD_CANCEL_ENABLE);
    CHECK_INT(pthread_setcancelstate(7, &old), EINVAL);
    ready = 1;
    usleep(20000);
    pthread_testcancel();
    after_lock = 1;
    CHECK_INT(pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &old), 0); /* no point itself */
    CHECK_INT(old, PTHREAD_CANCEL_DISABLE);
    after_lock = 2;
    usleep(1);
    after_lock = 3;
    return arg;
}

static void test_not_points(void) {
    ready = after_lock = 0;
    CHECK_INT(pthread_mutex_lock(&m), 0);
    pthread_t t = check_spawn(in_mutex, NULL);
    while (!ready) sched_yield();
    CHECK_INT(pthread_cancel(t), 0);
    usleep(1000);
    CHECK_INT(after_lock, 0);
    CHECK_INT(pthread_mutex_unlock(&m), 0);
    CHECK(check_join(t) == PTHREAD_CANCELED);
    CHECK_INT(after_lock, 1);
    cancel(disabled, NULL, 0);
    CHECK_INT(after_lock, 2);
}

static void *async_in_mutex(void *arg) {
    int old;
    CHECK_INT(pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, &old), 0);
    CHECK_INT(old, PTHREAD_CANCEL_DEFERRED);
    CHECK_INT(pthread_setcanceltype(9, &old), EINVAL);
    ready = 1;
    pthread_mutex_lock(&m);
    return arg;
}

static void *async_yielding(void *arg) {
    CHECK_INT(pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL), 0);
    ready = 1;
    for (;;) sched_yield();
    return arg;
}

static void *async_itself(void *arg) {
    CHECK_INT(pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL), 0);
    pthread_cancel(pthread_self());
    return arg;
}

static void test_asynchronous(void) {
    CHECK_INT(pthread_mutex_lock(&m), 0);
    cancel(async_in_mutex, NULL, 0);
    CHECK_INT(pthread_mutex_unlock(&m), 0);
    CHECK_INT(pthread_mutex_trylock(&m), 0);
    CHECK_INT(pthread_mutex_unlock(&m), 0);
    cancel(async_yielding, NULL, 0);
    CHECK(check_join(check_spawn(async_itself, NULL)) == PTHREAD_CANCELED);
}

/* The form of objects built for older glibc versions. */
extern void _pthread_cleanup_push(struct _pthread_cleanup_buffer *, void (*)(void *), void *);
extern void _pthread_cleanup_pop(struct _pthread_cleanup_buffer *, int);

static void *old_form(void *arg) {
    struct _pthread_cleanup_buffer a, b;
    _pthread_cleanup_push(&a, note, (void *)1);
    pthread_cleanup_push(note, (void *)2);
    _pthread_cleanup_push(&b, note, (void *)3);
    _pthread_cleanup_pop(&b, 1);
    _pthread_cleanup_push(&b, note, (void *)4);
    ready = 1;
    for (;;) pause();
    pthread_cleanup_pop(0);
    return arg;
}

static void test_old_form(void) {
    static const int expected[] = { 3, 4, 2, 1 };
    steps = 0;
    cancel(old_form, NULL, 0);
    CHECK_INT(steps, 4);
    for (int i = 0; i < 4; i++) CHECK_INT(order[i], expected[i]);
}

static pthread_key_t key;

static void on_key(void *value) { note(value); }

static void note_and_sleep(void *arg) {
    usleep(1000); /* handlers may block, and are not cancelled again */
    note(arg);
}

/* Handlers in nested calls, popped ones not run, then destructors. */
static __attribute__((noinline)) void nest(int depth) {
    pthread_cleanup_push(note_and_sleep, (void *)(intptr_t)depth);
    pthread_cleanup_push(note, (void *)100);
    pthread_cleanup_pop(0);
    if (depth < 5)
        nest(depth + 1);
    else
        pthread_exit((void *)42);
    pthread_cleanup_pop(1);
}

static void *exits(void *arg) {
    CHECK_INT(pthread_setspecific(key, (void *)50), 0);
    pthread_cleanup_push(note, (void *)60);
    pthread_cleanup_pop(1);
    pthread_cleanup_push_defer_np(note, (void *)61);
    nest(1);
    pthread_cleanup_pop_restore_np(0);
    return arg;
}

static void test_handlers(void) {
    static const int expected[] = { 60, 5, 4, 3, 2, 1, 61, 50 };
    CHECK_INT(pthread_key_create(&key, on_key), 0);
    for (int cancelled = 0; cancelled < 2; cancelled++) {
        steps = 0;
        pthread_t t = check_spawn(exits, NULL);
        usleep(1500);
        if (cancelled) CHECK_INT(pthread_cancel(t), 0);
        CHECK_INT((intptr_t)check_join(t), 42);
        CHECK_INT(steps, 8);
        for (int i = 0; i < 8; i++) CHECK_INT(order[i], expected[i]);
    }
}

static void *granted_by_cond(void *arg) {
    CHECK_INT(pthread_mutex_lock(&m), 0);
    ready = 1;
    CHECK_INT(pthread_cond_wait(&c, &m), 0);
    after_lock = 1;
    CHECK_INT(pthread_mutex_unlock(&m), 0);
    pthread_testcancel();
    return arg;
}

static void *granted_by_sem(void *arg) {
    ready = 1;
    CHECK_INT(sem_wait(&s), 0);
    after_lock = 1;
    pthread_testcancel();
    return arg;
}

static void *granted_by_join(void *other) {
    ready = 1;
    CHECK_INT(pthread_join(*(pthread_t *)other, NULL), 0);
    after_lock = 1;
    pthread_testcancel();
    return NULL;
}

static void *end_when_ready(void *arg) {
    while (!ready) sched_yield();
    return arg;
}

/* Cancelled after the wake-up and before it ran: what woke it is not lost, and the cancellation comes at the next point. */
static void test_granted_first(void) {
    void *(*waits[])(void *) = { granted_by_cond, granted_by_sem, granted_by_join };
    CHECK_INT(sem_init(&s, 0, 0), 0);
    for (int i = 0; i < 3; i++) {
        ready = after_lock = 0;
        pthread_t other = i == 2 ? check_spawn(end_when_ready, NULL) : pthread_self();
        pthread_t t = check_spawn(waits[i], &other);
        while (!ready) sched_yield();
        if (i == 0)
            CHECK_INT(pthread_cond_signal(&c), 0);
        else if (i == 1)
            CHECK_INT(sem_post(&s), 0);
        else
            sched_yield();
        CHECK_INT(after_lock, 0);
        CHECK_INT(pthread_cancel(t), 0);
        CHECK(check_join(t) == PTHREAD_CANCELED);
        CHECK_INT(after_lock, 1);
    }
    CHECK_INT(sem_destroy(&s), 0);
}

static long taken, posted;

static void give_back(void *arg) {
    (void)arg;
    CHECK_INT(pthread_mutex_unlock(&m), 0);
}

static long available, given;

static void *consume(void *arg) {
    for (;;) {
        CHECK_INT(sem_wait(&s), 0);
        taken++;
        CHECK_INT(pthread_mutex_lock(&m), 0);
        pthread_cleanup_push(give_back, NULL);
        while (available == 0) CHECK_INT(pthread_cond_wait(&c, &m), 0);
        available--;
        given++;
        pthread_cleanup_pop(1);
    }
    return arg;
}

/* Threads are cancelled while others hand them semaphore counts and signals. A count that a cancelled thread was given must have
 * been taken by it; a signal it received must wake another. */
static void test_races(void) {
    CHECK_INT(sem_init(&s, 0, 0), 0);
    CHECK_INT(pthread_cond_init(&c, NULL), 0);
    pthread_t t[40];
    for (int i = 0; i < 40; i++) t[i] = check_spawn(consume, NULL);
    for (int turn = 0; turn < 3000; turn++) {
        for (uint64_t n = check_random() % 4; n > 0; n--) {
            CHECK_INT(sem_post(&s), 0);
            posted++;
        }
        if (check_random() % 2) sched_yield();
        int i = (int)(check_random() % 40);
        CHECK_INT(pthread_cancel(t[i]), 0);
        for (uint64_t n = check_random() % 4; n > 0; n--) {
            CHECK_INT(pthread_mutex_lock(&m), 0);
            available++;
            CHECK_INT(pthread_cond_signal(&c), 0);
            CHECK_INT(pthread_mutex_unlock(&m), 0);
        }
        CHECK(check_join(t[i]) == PTHREAD_CANCELED);
        t[i] = check_spawn(consume, NULL);
    }
    for (int i = 0; i < 40; i++) CHECK_INT(pthread_cancel(t[i]), 0);
    for (int i = 0; i < 40; i++) CHECK(check_join(t[i]) == PTHREAD_CANCELED);
    int left;
    CHECK_INT(sem_getvalue(&s, &left), 0);
    CHECK_INT(left, posted - taken);
    CHECK(taken > 500 && given > 100);
    CHECK_INT(pthread_mutex_destroy(&m), 0);
    CHECK_INT(pthread_cond_destroy(&c), 0);
    CHECK_INT(sem_destroy(&s), 0);
}

int main(int argc, char **argv) {
    check_start(argc, argv, 60);
    test_points();
    CHECK_INT(pthread_cond_init(&c, NULL), 0);
    test_not_points();
    test_asynchronous();
    test_granted_first();
    test_old_form();
    test_handlers();
    test_races();
    return 0;
}
