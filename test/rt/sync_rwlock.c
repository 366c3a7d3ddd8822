/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Reader-writer locks: errors, deadlines, many readers or one writer among hundreds of threads, and fairness both ways: readers
 * that overlap for ever do not starve a writer, writers in a loop do not starve a reader, and a reader that reads again passes
 * a waiting writer.
 */
#include <sched.h>

#include "sync_check.h"

static pthread_rwlock_t l = PTHREAD_RWLOCK_INITIALIZER;
static volatile int stop, reached;

static void *try_write(void *arg) {
    (void)arg;
    return (void *)(intptr_t)pthread_rwlock_trywrlock(&l);
}

static void *try_read(void *arg) {
    (void)arg;
    int error = pthread_rwlock_tryrdlock(&l);
    if (error == 0) pthread_rwlock_unlock(&l);
    return (void *)(intptr_t)error;
}

static void *unlock(void *arg) {
    (void)arg;
    return (void *)(intptr_t)pthread_rwlock_unlock(&l);
}

static int in_thread(void *(*f)(void *)) { return (int)(intptr_t)check_join(check_spawn(f, NULL)); }

static void test_errors(void) {
    struct timespec when, bad = { 1, -1 };
    CHECK_INT(pthread_rwlock_unlock(&l), EINVAL);
    CHECK_INT(pthread_rwlock_timedrdlock(&l, &bad), EINVAL);
    CHECK_INT(pthread_rwlock_timedwrlock(&l, &bad), EINVAL);
    CHECK_INT(pthread_rwlock_wrlock(&l), 0);
    CHECK_INT(pthread_rwlock_wrlock(&l), EDEADLK);
    CHECK_INT(pthread_rwlock_rdlock(&l), EDEADLK);
    CHECK_INT(pthread_rwlock_trywrlock(&l), EBUSY);
    CHECK_INT(pthread_rwlock_tryrdlock(&l), EBUSY);
    CHECK_INT(in_thread(try_write), EBUSY);
    CHECK_INT(in_thread(try_read), EBUSY);
    CHECK_INT(in_thread(unlock), EPERM);
    CHECK_INT(pthread_rwlock_destroy(&l), EBUSY);
    CHECK_INT(pthread_rwlock_unlock(&l), 0);
    CHECK_INT(pthread_rwlock_rdlock(&l), 0);
    CHECK_INT(pthread_rwlock_rdlock(&l), 0);
    CHECK_INT(in_thread(try_read), 0);
    CHECK_INT(in_thread(try_write), EBUSY);
    double start = check_ms();
    when = check_in(CLOCK_REALTIME, 20);
    CHECK_INT(pthread_rwlock_timedwrlock(&l, &when), ETIMEDOUT);
    when = check_in(CLOCK_MONOTONIC, 20);
    CHECK_INT(pthread_rwlock_clockwrlock(&l, CLOCK_MONOTONIC, &when), ETIMEDOUT);
    CHECK(check_ms() - start >= 39);
    when.tv_nsec = 1000000000;
    CHECK_INT(pthread_rwlock_timedwrlock(&l, &when), EINVAL);
    CHECK_INT(pthread_rwlock_timedrdlock(&l, &when), EINVAL); /* free for readers, but looked at first, as in glibc */
    when.tv_nsec = 0;
    CHECK_INT(pthread_rwlock_timedrdlock(&l, &when), 0);
    for (int i = 0; i < 3; i++) CHECK_INT(pthread_rwlock_unlock(&l), 0);
    CHECK_INT(pthread_rwlock_unlock(&l), EINVAL);
    CHECK_INT(pthread_rwlock_destroy(&l), 0);
    CHECK_INT(pthread_rwlock_init(&l, NULL), 0);
}

#define THREADS 500
#define TURNS 60
static _Atomic long readers, writers, value, writes, most_readers;

static void pause_somehow(void) {
    uint64_t r = check_random() % 8;
    if (r == 0)
        usleep((useconds_t)(check_random() % 40));
    else if (r < 4)
        sched_yield();
}

static void *use(void *arg) {
    (void)arg;
    for (int i = 0; i < TURNS; i++) {
        struct timespec when = check_in(CLOCK_REALTIME, (long)(check_random() % 4));
        uint64_t r = check_random() % 8;
        if (r < 2) {
            int error = r ? pthread_rwlock_wrlock(&l) : pthread_rwlock_timedwrlock(&l, &when);
            if (error == ETIMEDOUT) continue;
            CHECK_INT(error, 0);
            CHECK_INT(readers, 0);
            CHECK_INT(writers++, 0);
            long seen = value;
            pause_somehow();
            value = seen + 1;
            writes++;
            CHECK_INT(--writers, 0);
        } else {
            int error = r > 3   ? pthread_rwlock_rdlock(&l)
                        : r > 2 ? pthread_rwlock_timedrdlock(&l, &when)
                                : pthread_rwlock_tryrdlock(&l);
            if (error == ETIMEDOUT || error == EBUSY) continue;
            CHECK_INT(error, 0);
            CHECK_INT(writers, 0);
            if (++readers > most_readers) most_readers = readers;
            long seen = value;
            pause_somehow();
            if (check_random() % 4 == 0) { /* again, perhaps past a waiting writer */
                CHECK_INT(pthread_rwlock_rdlock(&l), 0);
                pause_somehow();
                CHECK_INT(pthread_rwlock_unlock(&l), 0);
            }
            CHECK_INT(value, seen);
            readers--;
        }
        CHECK_INT(pthread_rwlock_unlock(&l), 0);
    }
    return NULL;
}

static void test_exclusion(void) {
    static pthread_t t[THREADS];
    for (int i = 0; i < THREADS; i++) t[i] = check_spawn(use, NULL);
    for (int i = 0; i < THREADS; i++) check_join(t[i]);
    CHECK_INT(value, writes);
    CHECK(writes > 100);
    CHECK(most_readers > 1);
    CHECK_INT(pthread_rwlock_trywrlock(&l), 0);
    CHECK_INT(pthread_rwlock_unlock(&l), 0);
}

static void *read_for_ever(void *arg) {
    (void)arg;
    while (!stop) {
        CHECK_INT(pthread_rwlock_rdlock(&l), 0);
        sched_yield();
        CHECK_INT(pthread_rwlock_unlock(&l), 0);
    }
    return NULL;
}

static void *write_for_ever(void *arg) {
    (void)arg;
    while (!stop) {
        CHECK_INT(pthread_rwlock_wrlock(&l), 0);
        sched_yield();
        CHECK_INT(pthread_rwlock_unlock(&l), 0);
    }
    return NULL;
}

static void test_no_starvation(void) {
    pthread_t t[4];
    for (int i = 0; i < 4; i++) t[i] = check_spawn(read_for_ever, NULL);
    for (int i = 0; i < 4; i++) sched_yield();
    for (int i = 0; i < 100; i++) {
        CHECK_INT(pthread_rwlock_wrlock(&l), 0);
        sched_yield();
        CHECK_INT(pthread_rwlock_unlock(&l), 0);
    }
    stop = 1;
    for (int i = 0; i < 4; i++) check_join(t[i]);
    stop = 0;
    for (int i = 0; i < 4; i++) t[i] = check_spawn(write_for_ever, NULL);
    for (int i = 0; i < 4; i++) sched_yield();
    for (int i = 0; i < 100; i++) {
        CHECK_INT(pthread_rwlock_rdlock(&l), 0);
        CHECK_INT(pthread_rwlock_unlock(&l), 0);
    }
    stop = 1;
    for (int i = 0; i < 4; i++) check_join(t[i]);
}

static void *write_once(void *arg) {
    (void)arg;
    CHECK_INT(pthread_rwlock_wrlock(&l), 0);
    reached = 1;
    CHECK_INT(pthread_rwlock_unlock(&l), 0);
    return NULL;
}

static void *read_with_patience(void *ms) {
    struct timespec when = check_in(CLOCK_REALTIME, (intptr_t)ms);
    int error = pthread_rwlock_timedrdlock(&l, &when);
    if (error == 0) pthread_rwlock_unlock(&l);
    return (void *)(intptr_t)error;
}

static void test_reading_again(int kind) {
    pthread_rwlockattr_t a;
    CHECK_INT(pthread_rwlockattr_init(&a), 0);
    CHECK_INT(pthread_rwlockattr_setkind_np(&a, kind), 0);
    CHECK_INT(pthread_rwlock_init(&l, &a), 0);
    reached = 0;
    CHECK_INT(pthread_rwlock_rdlock(&l), 0);
    pthread_t writer = check_spawn(write_once, NULL);
    sched_yield();
    CHECK_INT(in_thread(try_read), EBUSY); /* another reader does not pass the writer */
    CHECK_INT((intptr_t)check_join(check_spawn(read_with_patience, (void *)5)), ETIMEDOUT);
    int again = pthread_rwlock_tryrdlock(&l);
    CHECK_INT(again, kind == PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP ? EBUSY : 0);
    CHECK_INT(reached, 0);
    pthread_t late = check_spawn(read_with_patience, (void *)5000);
    sched_yield();
    if (again == 0) CHECK_INT(pthread_rwlock_unlock(&l), 0);
    CHECK_INT(pthread_rwlock_unlock(&l), 0);
    check_join(writer);
    CHECK_INT((intptr_t)check_join(late), 0);
    CHECK_INT(reached, 1);
    CHECK_INT(pthread_rwlock_destroy(&l), 0);
}

static void *write_with_patience(void *ms) {
    struct timespec when = check_in(CLOCK_REALTIME, (intptr_t)ms);
    return (void *)(intptr_t)pthread_rwlock_timedwrlock(&l, &when);
}

/* Readers who queued behind a writer alone get in when the writer gives up. */
static void test_writer_gives_up(void) {
    CHECK_INT(pthread_rwlock_init(&l, NULL), 0);
    CHECK_INT(pthread_rwlock_rdlock(&l), 0);
    pthread_t writer = check_spawn(write_with_patience, (void *)20);
    sched_yield();
    pthread_t reader = check_spawn(read_with_patience, (void *)100000); /* a reader that is not let in ends in the alarm */
    CHECK_INT((intptr_t)check_join(writer), ETIMEDOUT);
    CHECK_INT((intptr_t)check_join(reader), 0);
    CHECK_INT(pthread_rwlock_unlock(&l), 0);
}

int main(int argc, char **argv) {
    check_start(argc, argv, 60);
    test_errors();
    test_exclusion();
    test_no_starvation();
    test_reading_again(PTHREAD_RWLOCK_DEFAULT_NP);
    test_reading_again(PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
    test_writer_gives_up();
    static pthread_rwlock_t writers_first = PTHREAD_RWLOCK_WRITER_NONRECURSIVE_INITIALIZER_NP;
    CHECK_INT(pthread_rwlock_wrlock(&writers_first), 0);
    CHECK_INT(pthread_rwlock_unlock(&writers_first), 0);
    return 0;
}
