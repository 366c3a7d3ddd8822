/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * uselocale is the calling thread's: it stays through waits, is not seen by others, ends with the thread, and goes with fork.
 */
#include <locale.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "check.h"

#define ROUNDS 200

static locale_t utf8;
static sem_t begin;

static void is_own(int own) {
    CHECK_EQUAL(uselocale((locale_t)0) == utf8, own);
    CHECK_EQUAL(uselocale((locale_t)0) == LC_GLOBAL_LOCALE, !own);
    CHECK_EQUAL(MB_CUR_MAX > 1, own);
}

static void *user(void *arg) {
    int own = (int)(long)arg % 2;
    CHECK_EQUAL(sem_wait(&begin), 0);
    is_own(0);
    if (own) CHECK(uselocale(utf8) == LC_GLOBAL_LOCALE);
    for (int i = 0; i < ROUNDS; i++) {
        is_own(own);
        if (i % 10 == 9)
            usleep(100);
        else
            sched_yield();
    }
    is_own(own);
    if ((long)arg % 4 == 1) CHECK(uselocale(LC_GLOBAL_LOCALE) == utf8);
    return arg; /* the others end with it */
}

static void many(void) {
    pthread_t t[20];
    for (long i = 0; i < 20; i++) CHECK_EQUAL(pthread_create(&t[i], NULL, user, (void *)i), 0);
    for (int i = 0; i < 20; i++) CHECK_EQUAL(sem_post(&begin), 0);
    for (int i = 0; i < 20; i++) CHECK_EQUAL(pthread_join(t[i], NULL), 0);
}

/* The only one that could run waits for time to pass in a loop that never waits. */
static void *sleeps(void *arg) {
    usleep(1000);
    *(volatile int *)arg = 1;
    is_own(0);
    return arg;
}

int main(void) {
    alarm(60);
    CHECK_EQUAL(sem_init(&begin, 0, 0), 0);
    CHECK((utf8 = newlocale(LC_ALL_MASK, "C.UTF-8", (locale_t)0)) != (locale_t)0);
    many();
    is_own(0);
    CHECK(uselocale(utf8) == LC_GLOBAL_LOCALE);
    many();
    is_own(1);
    int awake = 0, status;
    pthread_t t;
    CHECK_EQUAL(pthread_create(&t, NULL, sleeps, &awake), 0);
    while (!*(volatile int *)&awake) sched_yield();
    CHECK_EQUAL(pthread_join(t, NULL), 0);
    is_own(1);
    pid_t child = fork();
    if (child == 0) {
        is_own(1);
        many();
        is_own(1);
        CHECK(uselocale(LC_GLOBAL_LOCALE) == utf8);
        many();
        _exit(0);
    }
    CHECK_EQUAL(waitpid(child, &status, 0), child);
    CHECK_EQUAL(status, 0);
    is_own(1);
    CHECK(uselocale(LC_GLOBAL_LOCALE) == utf8);
    is_own(0);
    freelocale(utf8);
    return 0;
}
