/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * <threads.h>: the same objects by other names, and the statuses that the C standard gives its functions.
 */
#include <threads.h>

#include "sync_check.h"

static mtx_t m;
static cnd_t c;
static tss_t key;
static once_flag once = ONCE_FLAG_INIT;
static int runs, destroyed, filled;
static long count;

static void routine(void) { runs++; }
static void on_key(void *value) { destroyed += value == &key; }

static int work(void *arg) {
    call_once(&once, routine);
    CHECK_INT(tss_set(key, &key), thrd_success);
    for (int i = 0; i < 100; i++) {
        CHECK_INT(mtx_lock(&m), thrd_success);
        long seen = count;
        if (i % 4 == 0) thrd_yield();
        count = seen + 1;
        CHECK_INT(mtx_unlock(&m), thrd_success);
    }
    CHECK(tss_get(key) == &key);
    int n = (int)(intptr_t)arg;
    if (n % 2) thrd_exit(-n);
    return -n;
}

static int wait_filled(void *arg) {
    (void)arg;
    CHECK_INT(mtx_lock(&m), thrd_success);
    while (!filled) CHECK_INT(cnd_wait(&c, &m), thrd_success);
    filled--;
    CHECK_INT(mtx_unlock(&m), thrd_success);
    return 0;
}

static int try(void *arg) {
    (void)arg;
    return mtx_trylock(&m);
}

int main(int argc, char **argv) {
    thrd_t t[100];
    int result;
    check_start(argc, argv, 60);
    CHECK_INT(mtx_init(&m, mtx_plain), thrd_success);
    CHECK_INT(mtx_init(&m, 77), thrd_error);
    CHECK_INT(cnd_init(&c), thrd_success);
    CHECK_INT(tss_create(&key, on_key), thrd_success);
    for (int i = 0; i < 100; i++) CHECK_INT(thrd_create(&t[i], work, (void *)(intptr_t)i), thrd_success);
    for (int i = 0; i < 100; i++) {
        CHECK_INT(thrd_join(t[i], &result), thrd_success);
        CHECK_INT(result, -i);
    }
    CHECK_INT(count, 10000);
    CHECK_INT(runs, 1);
    CHECK_INT(destroyed, 100);
    for (int i = 0; i < 10; i++) CHECK_INT(thrd_create(&t[i], wait_filled, NULL), thrd_success);
    thrd_yield();
    CHECK_INT(mtx_lock(&m), thrd_success);
    filled = 10;
    CHECK_INT(cnd_signal(&c), thrd_success);
    CHECK_INT(cnd_broadcast(&c), thrd_success);
    CHECK_INT(mtx_unlock(&m), thrd_success);
    for (int i = 0; i < 10; i++) CHECK_INT(thrd_join(t[i], NULL), thrd_success);
    CHECK_INT(filled, 0);
    CHECK_INT(mtx_lock(&m), thrd_success);
    struct timespec when = check_in(CLOCK_REALTIME, 10);
    CHECK_INT(cnd_timedwait(&c, &m, &when), thrd_timedout);
    when = check_in(CLOCK_REALTIME, 10);
    CHECK_INT(mtx_timedlock(&m, &when), thrd_timedout);
    CHECK_INT(thrd_create(&t[0], try, NULL), thrd_success);
    CHECK_INT(thrd_join(t[0], &result), thrd_success);
    CHECK_INT(result, thrd_busy);
    CHECK_INT(mtx_unlock(&m), thrd_success);
    mtx_destroy(&m);
    CHECK_INT(mtx_init(&m, mtx_plain | mtx_recursive), thrd_success);
    CHECK_INT(mtx_lock(&m), thrd_success);
    CHECK_INT(mtx_lock(&m), thrd_success);
    CHECK_INT(mtx_unlock(&m), thrd_success);
    CHECK_INT(mtx_unlock(&m), thrd_success);
    CHECK_INT(mtx_unlock(&m), thrd_error);
    CHECK(thrd_equal(thrd_current(), pthread_self()));
    double start = check_ms();
    when = (struct timespec){ 0, 10000000 };
    CHECK_INT(thrd_sleep(&when, NULL), 0);
    CHECK(check_ms() - start >= 9.9);
    when.tv_nsec = -1;
    CHECK(thrd_sleep(&when, NULL) < -1);
    tss_delete(key);
    cnd_destroy(&c);
    return 0;
}
