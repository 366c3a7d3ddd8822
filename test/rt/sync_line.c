/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Threads that stand in line for a process-shared lock whose holder is another process: whoever of them polls, the lock is seen to be free.
 * Where nobody did, each of the rounds took a second, and this more than the time that a test is given. The first in line leaves it
 * by a jump out of a handler, or stays in the handler for long, or has a deadline. And calls that the kernel answers at once are not cut short
 * by signals that workers send each other.
 */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/sem.h>
#include <sys/wait.h>
#include <time.h>

#include "check.h"

#define ROUNDS 150
#define THREADS 4

static struct {
    pthread_mutex_t mutex;
    pthread_rwlock_t rwlock;
    volatile int held, round;
} *shared;

static sigjmp_buf out;
static volatile int how, jumped;

static void handler(int number) {
    if (how == 1) siglongjmp(out, number);
    struct timespec pause = { 0, 20000000 };
    nanosleep(&pause, NULL);
}

static void *locks(void *arg) {
    if (!arg && how == 1 && sigsetjmp(out, 1)) {
        jumped++;
        return arg;
    }
    if (!arg && how == 3) {
        struct timespec soon;
        clock_gettime(CLOCK_REALTIME, &soon);
        soon.tv_nsec += 1000000;
        if (soon.tv_nsec >= 1000000000) soon.tv_sec++, soon.tv_nsec -= 1000000000;
        int error = pthread_mutex_timedlock(&shared->mutex, &soon);
        CHECK(error == 0 || error == ETIMEDOUT);
        if (error == 0) CHECK_EQUAL(pthread_mutex_unlock(&shared->mutex), 0);
        return arg;
    }
    CHECK_EQUAL(pthread_mutex_lock(&shared->mutex), 0);
    CHECK_EQUAL(pthread_mutex_unlock(&shared->mutex), 0);
    CHECK_EQUAL((long)arg % 2 ? pthread_rwlock_rdlock(&shared->rwlock) : pthread_rwlock_wrlock(&shared->rwlock), 0);
    CHECK_EQUAL(pthread_rwlock_unlock(&shared->rwlock), 0);
    return arg;
}

/* The other process: holds both, three milliseconds a round. */
static void holds(void) {
    for (int round = 1; round <= ROUNDS; round++) {
        while (shared->round < round) usleep(100);
        CHECK_EQUAL(pthread_mutex_lock(&shared->mutex) | pthread_rwlock_wrlock(&shared->rwlock), 0);
        shared->held = round;
        usleep(3000);
        CHECK_EQUAL(pthread_mutex_unlock(&shared->mutex), 0);
        usleep(3000);
        CHECK_EQUAL(pthread_rwlock_unlock(&shared->rwlock), 0);
    }
    _exit(0);
}

static volatile int stop;

static void *masks(void *arg) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    while (!stop) {
        pthread_sigmask(SIG_UNBLOCK, &set, NULL);
        usleep(500);
        pthread_sigmask(SIG_BLOCK, &set, NULL);
        usleep(500);
    }
    return arg;
}

static void nothing_cuts_short(void) {
    sigset_t set;
    pthread_t thread;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    CHECK_EQUAL(pthread_sigmask(SIG_BLOCK, &set, NULL), 0);
    int id = semget(IPC_PRIVATE, 1, 0600);
    CHECK(id >= 0);
    CHECK_EQUAL(pthread_create(&thread, NULL, masks, NULL), 0);
    for (int i = 0; i < 1000; i++) {
        struct sembuf take = { 0, -1, 0 };
        struct timespec time = { 0, 1500000 };
        int result = semtimedop(id, &take, 1, &time), error = errno;
        if (result != -1 || error != EAGAIN) {
            semctl(id, 0, IPC_RMID);
            CHECK_EQUAL(error, EAGAIN);
        }
    }
    stop = 1;
    CHECK_EQUAL(pthread_join(thread, NULL), 0);
    semctl(id, 0, IPC_RMID);
}

int main(void) {
    pthread_mutexattr_t mutex;
    pthread_rwlockattr_t rwlock;
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(shared != MAP_FAILED);
    CHECK_EQUAL(pthread_mutexattr_init(&mutex) | pthread_mutexattr_setpshared(&mutex, PTHREAD_PROCESS_SHARED), 0);
    CHECK_EQUAL(pthread_rwlockattr_init(&rwlock) | pthread_rwlockattr_setpshared(&rwlock, PTHREAD_PROCESS_SHARED), 0);
    CHECK_EQUAL(pthread_mutex_init(&shared->mutex, &mutex) | pthread_rwlock_init(&shared->rwlock, &rwlock), 0);
    CHECK(signal(SIGUSR1, handler) != SIG_ERR);
    pid_t child = fork();
    if (child == 0) holds();
    for (int round = 1; round <= ROUNDS; round++) {
        pthread_t thread[THREADS];
        how = round % 4;
        shared->round = round;
        while (shared->held < round) usleep(100);
        for (long i = 0; i < THREADS; i++) CHECK_EQUAL(pthread_create(&thread[i], NULL, locks, (void *)i), 0);
        usleep(500);
        if (how == 1 || how == 2) pthread_kill(thread[0], SIGUSR1);
        for (int i = 0; i < THREADS; i++) CHECK_EQUAL(pthread_join(thread[i], NULL), 0);
    }
    int status;
    CHECK_EQUAL(waitpid(child, &status, 0), child);
    CHECK_EQUAL(status, 0);
    nothing_cuts_short();
    return 0;
}
