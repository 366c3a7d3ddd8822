/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * What threads do to each other in several workers, for ThreadSanitizer to watch: each scene leads through some of the runtime's
 * structures, from many threads at once, and through memory of its own that only what it calls protects. So a report names either the
 * runtime's own memory, or a lock of the runtime's that did not order what it should have.
 *
 *   scenes SCENE SCALE
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "../check.h"

#define THREADS 24

static long scale;
static long guarded; /* by whatever the scene is about */

static void crowd(void *(*start)(void *)) {
    pthread_t t[THREADS];
    for (long i = 0; i < THREADS; i++) CHECK_EQUAL(pthread_create(&t[i], NULL, start, (void *)i), 0);
    for (int i = 0; i < THREADS; i++) CHECK_EQUAL(pthread_join(t[i], NULL), 0);
}

static struct timespec soon(clockid_t clock, long ns) {
    struct timespec t;
    clock_gettime(clock, &t);
    t.tv_nsec += ns;
    t.tv_sec += t.tv_nsec / 1000000000;
    t.tv_nsec %= 1000000000;
    return t;
}

/* Run queues, stealing. */

static void *yields(void *arg) {
    for (long i = 0; i < 40 * scale; i++) sched_yield();
    return arg;
}

static void yield(void) { crowd(yields); }

/* Mutexes of each kind. */

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t recursive, checking, inheriting;

static void *locks(void *arg) {
    pthread_mutex_t *others[] = {&recursive, &checking, &inheriting};
    static long counts[3];
    for (long i = 0; i < 20 * scale; i++) {
        pthread_mutex_lock(&mutex);
        guarded++;
        if (i % 8 == 0) sched_yield();
        pthread_mutex_unlock(&mutex);
        int k = (int)((i + (long)arg) % 3);
        struct timespec t = soon(CLOCK_REALTIME, 100000);
        int error = i % 5 == 0 ? pthread_mutex_timedlock(others[k], &t) : i % 5 == 1 ? pthread_mutex_trylock(others[k]) : pthread_mutex_lock(others[k]);
        if (error == 0) {
            counts[k]++;
            if (i % 16 == 0) sched_yield();
            CHECK_EQUAL(pthread_mutex_unlock(others[k]), 0);
        } else {
            CHECK(error == ETIMEDOUT || error == EBUSY);
        }
    }
    return arg;
}

static void mutexes(void) {
    pthread_mutexattr_t a;
    pthread_mutexattr_init(&a);
    pthread_mutexattr_settype(&a, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(&recursive, &a);
    pthread_mutexattr_settype(&a, PTHREAD_MUTEX_ERRORCHECK);
    pthread_mutex_init(&checking, &a);
    pthread_mutexattr_settype(&a, PTHREAD_MUTEX_NORMAL);
    pthread_mutexattr_setprotocol(&a, PTHREAD_PRIO_INHERIT);
    pthread_mutex_init(&inheriting, &a);
    guarded = 0;
    crowd(locks);
    CHECK_EQUAL(guarded, THREADS * 20 * scale);
}

/* Condition variables, with and without deadlines: a queue of one place. */

static pthread_cond_t full = PTHREAD_COND_INITIALIZER, empty = PTHREAD_COND_INITIALIZER;
static long item, produced, consumed;

static void *exchanges(void *arg) {
    int takes = (long)arg % 2;
    for (long i = 0; i < 10 * scale; i++) {
        pthread_mutex_lock(&mutex);
        while (takes ? !item : item != 0) {
            struct timespec t = soon(CLOCK_REALTIME, 300000);
            if (i % 4 == 0)
                pthread_cond_timedwait(takes ? &full : &empty, &mutex, &t);
            else
                pthread_cond_wait(takes ? &full : &empty, &mutex);
        }
        item = !takes;
        *(takes ? &consumed : &produced) += 1;
        if (i % 8 == 0)
            pthread_cond_broadcast(takes ? &empty : &full);
        else
            pthread_cond_signal(takes ? &empty : &full);
        pthread_mutex_unlock(&mutex);
    }
    return arg;
}

static void conds(void) {
    crowd(exchanges);
    CHECK_EQUAL(produced, consumed);
}

/* Robust mutexes whose holders end, and recursive ones that a wait for a condition releases whole. */

static pthread_mutex_t robust, twice;
static pthread_cond_t turn = PTHREAD_COND_INITIALIZER;

static void *dies_holding(void *arg) {
    int error = pthread_mutex_lock(&robust);
    CHECK(error == 0 || error == EOWNERDEAD);
    if (error) pthread_mutex_consistent(&robust);
    guarded++;
    if ((long)arg % 2) pthread_mutex_unlock(&robust);
    return arg;
}

static void *leaves_robust(void *arg) {
    for (long i = 0; i < 2 * scale; i++) {
        pthread_t t;
        struct timespec until = soon(CLOCK_REALTIME, 20000);
        CHECK_EQUAL(pthread_create(&t, NULL, dies_holding, (void *)(i + (long)arg)), 0);
        pthread_mutex_lock(&twice);
        pthread_mutex_lock(&twice);
        item++;
        pthread_cond_timedwait(&turn, &twice, &until);
        pthread_cond_signal(&turn);
        pthread_mutex_unlock(&twice);
        pthread_mutex_unlock(&twice);
        CHECK_EQUAL(pthread_join(t, NULL), 0);
    }
    return arg;
}

static void robust_mutexes(void) {
    pthread_mutexattr_t a;
    pthread_mutexattr_init(&a);
    pthread_mutexattr_setrobust(&a, PTHREAD_MUTEX_ROBUST);
    pthread_mutex_init(&robust, &a);
    pthread_mutexattr_init(&a);
    pthread_mutexattr_settype(&a, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(&twice, &a);
    guarded = 0;
    crowd(leaves_robust);
    CHECK_EQUAL(guarded, THREADS * 2 * scale);
}

/* Semaphores: two that pass one permission round, and timed waits. */

static sem_t permission, others;

static void *waits(void *arg) {
    for (long i = 0; i < 20 * scale; i++) {
        sem_wait(&permission);
        guarded++;
        sem_post(&permission);
        struct timespec t = soon(CLOCK_REALTIME, 50000);
        if ((long)arg % 2)
            sem_post(&others);
        else if (i % 3 == 0)
            sem_timedwait(&others, &t);
        else
            sem_trywait(&others);
    }
    return arg;
}

static void sems(void) {
    sem_init(&permission, 0, 1);
    sem_init(&others, 0, 0);
    guarded = 0;
    crowd(waits);
    CHECK_EQUAL(guarded, THREADS * 20 * scale);
}

/* Read-write locks. */

static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;

static void *reads_and_writes(void *arg) {
    long sum = 0;
    for (long i = 0; i < 20 * scale; i++) {
        struct timespec t = soon(CLOCK_REALTIME, 200000);
        if ((i + (long)arg) % 5 == 0) {
            if (i % 2 ? pthread_rwlock_wrlock(&rwlock) : pthread_rwlock_timedwrlock(&rwlock, &t)) continue;
            guarded++;
        } else {
            if (i % 4 ? pthread_rwlock_rdlock(&rwlock) : pthread_rwlock_tryrdlock(&rwlock)) continue;
            sum += guarded;
        }
        if (i % 8 == 0) sched_yield();
        CHECK_EQUAL(pthread_rwlock_unlock(&rwlock), 0);
    }
    return (void *)sum;
}

static void rwlocks(void) { crowd(reads_and_writes); }

/* Barriers and spin locks. */

static pthread_barrier_t barrier;
static pthread_spinlock_t spin;
static long slots[THREADS];

static void *meets(void *arg) {
    for (long i = 0; i < 4 * scale; i++) {
        slots[(long)arg] = i;
        pthread_barrier_wait(&barrier);
        CHECK_EQUAL(slots[((long)arg + 1) % THREADS], i);
        pthread_barrier_wait(&barrier);
        pthread_spin_lock(&spin);
        guarded++;
        pthread_spin_unlock(&spin);
    }
    return arg;
}

static void barriers(void) {
    pthread_barrier_init(&barrier, NULL, THREADS);
    pthread_spin_init(&spin, 0);
    guarded = 0;
    crowd(meets);
    CHECK_EQUAL(guarded, THREADS * 4 * scale);
}

/* Threads that begin and end: joined, detached, with keys, with small and large stacks. */

static pthread_key_t key;
static long live;

static void ends(void *value) { __atomic_fetch_sub(&live, (long)value, __ATOMIC_RELEASE); }

static void *brief(void *arg) {
    char local[200];
    memset(local, (int)(long)arg, sizeof local);
    pthread_setspecific(key, (void *)1);
    if ((long)arg % 3 == 0) sched_yield();
    return (void *)(long)local[7];
}

static void *creates(void *arg) {
    for (long i = 0; i < scale; i++) {
        pthread_t t[4];
        pthread_attr_t a;
        __atomic_fetch_add(&live, 5, __ATOMIC_RELAXED);
        pthread_attr_init(&a);
        pthread_attr_setdetachstate(&a, PTHREAD_CREATE_DETACHED);
        for (long k = 0; k < 4; k++) CHECK_EQUAL(pthread_create(&t[k], NULL, brief, (void *)(k + 1)), 0);
        pthread_t detached;
        CHECK_EQUAL(pthread_create(&detached, &a, brief, (void *)i), 0);
        for (long k = 0; k < 4; k++) {
            void *result;
            if (k == 3 && i % 4 == 0) {
                pthread_detach(t[k]);
                continue;
            }
            CHECK_EQUAL(pthread_join(t[k], &result), 0);
            CHECK_EQUAL((long)result, k + 1);
        }
        pthread_attr_destroy(&a);
    }
    return arg;
}

static void storm(void) {
    pthread_key_create(&key, ends);
    crowd(creates);
    while (__atomic_load_n(&live, __ATOMIC_ACQUIRE)) usleep(1000);
}

/* Descriptors: pipes and sockets passed from thread to thread, a poll over both, descriptors closed and opened again. */

static int pipes[THREADS][2];

static void *passes(void *arg) {
    long me = (long)arg;
    char byte = 0;
    for (long i = 0; i < 5 * scale; i++) {
        int from = pipes[me][0], to = pipes[(me + 1) % THREADS][1];
        if (me == 0) CHECK_EQUAL(write(to, &byte, 1), 1);
        if (i % 3 == 0) {
            struct pollfd p = {.fd = from, .events = POLLIN};
            CHECK_EQUAL(poll(&p, 1, -1), 1);
        }
        CHECK_EQUAL(read(from, &byte, 1), 1);
        if (me) CHECK_EQUAL(write(to, &byte, 1), 1);
        if (i % 4 == 0) {
            int pair[2];
            CHECK_EQUAL(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
            CHECK_EQUAL(send(pair[0], "x", 1, 0), 1);
            CHECK_EQUAL(recv(pair[1], &byte, 1, 0), 1);
            close(pair[0]);
            close(pair[1]);
        }
    }
    return arg;
}

static void descriptors(void) {
    for (int i = 0; i < THREADS; i++) CHECK_EQUAL(i % 2 ? pipe(pipes[i]) : socketpair(AF_UNIX, SOCK_STREAM, 0, pipes[i]), 0);
    crowd(passes);
}

/* Timers: sleeps of different lengths beside threads that compute. */

static void *sleeps(void *arg) {
    long n = (long)arg;
    for (long i = 0; i < 2 * scale; i++) {
        struct timespec t = {.tv_nsec = (n * 7 + i * 13) % 50 * 10000};
        if (n % 4)
            nanosleep(&t, NULL);
        else
            for (int k = 0; k < 50; k++) sched_yield();
    }
    return arg;
}

static void timers(void) { crowd(sleeps); }

/* Cancellation, while the other waits, yields or is about to. */

static void unlock(void *m) { pthread_mutex_unlock(m); }

static void *is_cancelled(void *arg) {
    static pthread_cond_t never = PTHREAD_COND_INITIALIZER;
    pthread_mutex_lock(&mutex);
    guarded++;
    pthread_cleanup_push(unlock, &mutex);
    for (;;) {
        if ((long)arg % 2)
            pthread_cond_wait(&never, &mutex);
        else {
            pthread_mutex_unlock(&mutex);
            pthread_testcancel();
            usleep(10);
            pthread_mutex_lock(&mutex);
        }
    }
    pthread_cleanup_pop(0);
    return NULL;
}

static void *cancels(void *arg) {
    for (long i = 0; i < scale; i++) {
        pthread_t t;
        void *result;
        CHECK_EQUAL(pthread_create(&t, NULL, is_cancelled, (void *)1), 0);
        if (i % 2) sched_yield();
        CHECK_EQUAL(pthread_cancel(t), 0);
        CHECK_EQUAL(pthread_join(t, &result), 0);
        CHECK(result == PTHREAD_CANCELED);
    }
    return arg;
}

static void cancellation(void) { crowd(cancels); }

/* Calls that kernel threads make for threads. */

static void *opens(void *arg) {
    char name[] = "/proc/self/statm", text[64];
    for (long i = 0; i < scale; i++) {
        int fd = open(name, O_RDONLY);
        CHECK(fd >= 0);
        CHECK(read(fd, text, sizeof text) > 0);
        CHECK_EQUAL(close(fd), 0);
    }
    return arg;
}

static void files(void) { crowd(opens); }

/* Once, and thread-specific data. */

static pthread_once_t once = PTHREAD_ONCE_INIT;
static long made;

static void make(void) {
    sched_yield();
    made = 7;
}

static void *uses_keys(void *arg) {
    for (long i = 0; i < scale; i++) {
        pthread_key_t k;
        pthread_once(&once, make);
        CHECK_EQUAL(made, 7);
        CHECK_EQUAL(pthread_key_create(&k, NULL), 0);
        pthread_setspecific(k, arg);
        sched_yield();
        CHECK(pthread_getspecific(k) == arg);
        CHECK_EQUAL(pthread_key_delete(k), 0);
    }
    return arg;
}

static void keys(void) { crowd(uses_keys); }

/* Not one of all: what has to be reported. Two threads that neither wait nor give way, so that they are in two workers. */

static int met;

static void *races(void *arg) {
    guarded++;
    __atomic_fetch_add(&met, 1, __ATOMIC_RELAXED);
    while (__atomic_load_n(&met, __ATOMIC_RELAXED) < 2) continue;
    return arg;
}

static void race(void) {
    pthread_t t[2];
    for (int i = 0; i < 2; i++) CHECK_EQUAL(pthread_create(&t[i], NULL, races, NULL), 0);
    for (int i = 0; i < 2; i++) pthread_join(t[i], NULL);
}

static const struct {
    const char *name;
    void (*run)(void);
} scenes[] = {
    {"yield", yield}, {"mutex", mutexes}, {"cond", conds}, {"robust", robust_mutexes},
    {"sem", sems}, {"rwlock", rwlocks}, {"barrier", barriers}, {"storm", storm},
    {"descriptors", descriptors}, {"timers", timers}, {"cancellation", cancellation}, {"files", files}, {"keys", keys},
};

int main(int argc, char **argv) {
    CHECK_EQUAL(argc, 3);
    scale = atol(argv[2]);
    if (!strcmp(argv[1], "race")) race();
    for (size_t i = 0; i < sizeof scenes / sizeof *scenes; i++)
        if (!strcmp(argv[1], "all") || !strcmp(argv[1], scenes[i].name)) scenes[i].run();
    return 0;
}
