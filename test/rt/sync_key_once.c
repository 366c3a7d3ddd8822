/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Keys: values apart by thread, destructors in rounds, keys deleted and made again, the limit. Once: one run however many
 * threads ask, a routine that blocks, one that is cancelled, one that was begun before fork.
 */
#include <limits.h>
#include <sched.h>
#include <sys/wait.h>

#include "sync_check.h"

static pthread_key_t plain, stubborn, creator, late;
static int plain_runs, stubborn_runs, late_runs;

static void on_plain(void *value) {
    CHECK(pthread_getspecific(plain) == NULL);
    CHECK(value != NULL);
    plain_runs++;
}

static void on_stubborn(void *value) {
    stubborn_runs++;
    CHECK_INT(pthread_setspecific(stubborn, value), 0);
}

static void on_late(void *value) {
    CHECK(value == &late);
    late_runs++;
}

static void on_creator(void *value) {
    (void)value;
    sched_yield(); /* destructors may block */
    CHECK_INT(pthread_setspecific(late, &late), 0); /* a later round finds it */
}

static void *use_keys(void *arg) {
    CHECK(pthread_getspecific(plain) == NULL);
    CHECK_INT(pthread_setspecific(plain, arg), 0);
    CHECK_INT(pthread_setspecific(stubborn, arg), 0);
    CHECK_INT(pthread_setspecific(creator, arg), 0);
    sched_yield();
    CHECK(pthread_getspecific(plain) == arg);
    if ((intptr_t)arg % 2) pthread_exit(arg);
    return arg;
}

static void test_destructors(void) {
    pthread_t t[100];
    CHECK_INT(pthread_key_create(&late, on_late), 0); /* before `creator`: seen only in a second round */
    CHECK_INT(pthread_key_create(&plain, on_plain), 0);
    CHECK_INT(pthread_key_create(&stubborn, on_stubborn), 0);
    CHECK_INT(pthread_key_create(&creator, on_creator), 0);
    for (intptr_t i = 0; i < 100; i++) t[i] = check_spawn(use_keys, (void *)(i + 1));
    for (intptr_t i = 0; i < 100; i++) CHECK_INT((intptr_t)check_join(t[i]), i + 1);
    CHECK_INT(plain_runs, 100);
    CHECK_INT(late_runs, 100);
    CHECK_INT(stubborn_runs, 100 * PTHREAD_DESTRUCTOR_ITERATIONS);
}

static void *leave_deleted(void *arg) {
    (void)arg;
    CHECK_INT(pthread_setspecific(plain, &plain), 0);
    CHECK_INT(pthread_key_delete(plain), 0);
    CHECK_INT(pthread_setspecific(plain, &plain), EINVAL);
    pthread_key_t again;
    CHECK_INT(pthread_key_create(&again, on_plain), 0);
    CHECK_INT(again, plain); /* the same number, and no value of the old key */
    CHECK(pthread_getspecific(again) == NULL);
    return NULL;
}

static void test_deleted(void) {
    plain_runs = 0;
    check_join(check_spawn(leave_deleted, NULL));
    CHECK_INT(plain_runs, 0);
    CHECK_INT(pthread_key_delete(plain), 0);
    CHECK_INT(pthread_key_delete(plain), EINVAL);
    CHECK_INT(pthread_key_delete(100000), EINVAL);
    CHECK_INT(pthread_setspecific(100000, NULL), EINVAL);
    CHECK(pthread_getspecific(100000) == NULL);
}

static void test_limit(void) {
    static pthread_key_t all[PTHREAD_KEYS_MAX];
    int n = 0, error;
    while ((error = pthread_key_create(&all[n], NULL)) == 0) {
        CHECK_INT(pthread_setspecific(all[n], &all[n]), 0);
        n++;
    }
    CHECK_INT(error, EAGAIN);
    CHECK(n > 1000);
    for (int i = 0; i < n; i++) {
        CHECK(pthread_getspecific(all[i]) == &all[i]);
        CHECK_INT(pthread_key_delete(all[i]), 0);
    }
}

static pthread_once_t once = PTHREAD_ONCE_INIT;
static int runs, begun;

static void slow_routine(void) {
    begun++;
    usleep(5000);
    runs++;
}

static void *do_once(void *arg) {
    (void)arg;
    CHECK_INT(pthread_once(&once, slow_routine), 0);
    CHECK_INT(runs, 1); /* nobody goes on before it is done */
    return NULL;
}

static void cancelled_routine(void) {
    begun++;
    for (;;) usleep(1000);
}

static void *do_cancelled(void *arg) {
    (void)arg;
    pthread_once(&once, cancelled_routine);
    return NULL;
}

static void test_once(void) {
    pthread_t t[100];
    for (int i = 0; i < 100; i++) t[i] = check_spawn(do_once, NULL);
    for (int i = 0; i < 100; i++) check_join(t[i]);
    CHECK_INT(begun, 1);

    once = PTHREAD_ONCE_INIT;
    begun = runs = 0;
    pthread_t first = check_spawn(do_cancelled, NULL);
    while (!begun) sched_yield();
    pthread_t second = check_spawn(do_once, NULL);
    sched_yield();
    CHECK_INT(runs, 0);
    CHECK_INT(pthread_cancel(first), 0);
    CHECK(check_join(first) == PTHREAD_CANCELED);
    check_join(second);
    CHECK_INT(runs, 1);
}

/* In the child the thread that ran the routine does not exist. */
static void test_once_fork(void) {
    once = PTHREAD_ONCE_INIT;
    begun = runs = 0;
    pthread_t t = check_spawn(do_once, NULL);
    while (!begun) sched_yield();
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        alarm(10);
        CHECK_INT(pthread_once(&once, slow_routine), 0);
        _exit(runs == 1 && begun == 2 ? 0 : 1);
    }
    int status;
    CHECK_INT(waitpid(child, &status, 0), child);
    CHECK_INT(status, 0);
    check_join(t);
    CHECK_INT(begun, 1);
}

int main(int argc, char **argv) {
    check_start(argc, argv, 60);
    test_destructors();
    test_deleted();
    test_limit();
    test_once();
    test_once_fork();
    return 0;
}
