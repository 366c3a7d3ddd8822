/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * pthread_kill to a thread that waits, in each kind of wait: the handler runs in that thread, may itself wait for other threads, and
 * the wait goes on as if nothing had been, with what it waited for neither lost nor given twice.
 *
 * RUN: %run-matrix %s %t | FileCheck %s
 */
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static pthread_barrier_t barrier;
static pthread_t target, other;
static sem_t started, in_handler, go_on, semaphore;
static volatile int right_thread, flag;
static int ends[2];
static sigjmp_buf out;

static void handler(int number) {
    (void)number;
    right_thread = pthread_equal(pthread_self(), target);
    sem_post(&in_handler);
    while (sem_wait(&go_on) != 0) {
    }
}

static void leave(int number) { siglongjmp(out, number); }

static void *waits(void *kind) {
    int result = 0;
    char c = 0;
    target = pthread_self();
    sem_post(&started);
    switch (*(const char *)kind) {
    case 'm':
        result = pthread_mutex_lock(&mutex);
        pthread_mutex_unlock(&mutex);
        break;
    case 'r':
        result = pthread_rwlock_rdlock(&rwlock);
        pthread_rwlock_unlock(&rwlock);
        break;
    case 'w':
        result = pthread_rwlock_wrlock(&rwlock);
        pthread_rwlock_unlock(&rwlock);
        break;
    case 'c':
        pthread_mutex_lock(&mutex);
        while (!flag) result |= pthread_cond_wait(&cond, &mutex);
        pthread_mutex_unlock(&mutex);
        break;
    case 's':
        result = sem_wait(&semaphore);
        break;
    case 'b':
        result = pthread_barrier_wait(&barrier);
        result = result == PTHREAD_BARRIER_SERIAL_THREAD ? 0 : result;
        break;
    case 'j':
        result = pthread_join(other, NULL);
        break;
    case 'p':
        result = (int)read(ends[0], &c, 1) - 1;
        break;
    }
    printf("%s: %d\n", (const char *)kind, result);
    return NULL;
}

static void *ends_later(void *unused) {
    while (sem_wait(&semaphore) != 0) {
    }
    return unused;
}

static void let_go(char kind) {
    char c = 1;
    switch (kind) {
    case 'm': pthread_mutex_unlock(&mutex); break;
    case 'r':
    case 'w': pthread_rwlock_unlock(&rwlock); break;
    case 'c':
        pthread_mutex_lock(&mutex);
        flag = 1;
        pthread_cond_signal(&cond);
        pthread_mutex_unlock(&mutex);
        break;
    case 's':
    case 'j': sem_post(&semaphore); break;
    case 'b': pthread_barrier_wait(&barrier); break;
    case 'p': c = (char)write(ends[1], &c, 1); break;
    }
}

/* `while_handled`: what the target waits for comes while it is in the handler, else afterwards. */
static void one(const char *kind, int while_handled) {
    pthread_t t;
    flag = 0;
    if (*kind == 'm') pthread_mutex_lock(&mutex);
    if (*kind == 'r' || *kind == 'w') pthread_rwlock_wrlock(&rwlock);
    if (*kind == 'j') pthread_create(&other, NULL, ends_later, NULL);
    pthread_create(&t, NULL, waits, (void *)kind);
    sem_wait(&started);
    usleep(20000);
    pthread_kill(t, SIGUSR1);
    sem_wait(&in_handler);
    if (while_handled) let_go(*kind);
    usleep(2000);
    sem_post(&go_on);
    usleep(2000);
    if (!while_handled) let_go(*kind);
    pthread_join(t, NULL);
    printf("in the target %d\n", right_thread);
}

static void *jumps_out(void *unused) {
    char c;
    target = pthread_self();
    int number = sigsetjmp(out, 1);
    if (number == 0) {
        sem_post(&started);
        read(ends[0], &c, 1);
    }
    sigset_t set;
    pthread_sigmask(SIG_BLOCK, NULL, &set);
    printf("jumped out of a read: %d, still blocked %d\n", number == SIGUSR2, sigismember(&set, SIGUSR2));
    return unused;
}

int main(void) {
    struct sigaction act = {.sa_handler = handler, .sa_flags = SA_RESTART};
    sigaction(SIGUSR1, &act, NULL);
    act.sa_handler = leave;
    sigaction(SIGUSR2, &act, NULL);
    sem_init(&started, 0, 0);
    sem_init(&in_handler, 0, 0);
    sem_init(&go_on, 0, 0);
    sem_init(&semaphore, 0, 0);
    pthread_barrier_init(&barrier, NULL, 2);
    if (pipe(ends)) return 1;
    static const char *const kinds[] = {"mutex", "read", "write", "cond", "sem", "barrier", "join", "pipe"};
    for (int i = 0; i < 8; i++) {
        one(kinds[i], 0);
        one(kinds[i], 1);
    }
    pthread_t t;
    pthread_create(&t, NULL, jumps_out, NULL);
    sem_wait(&started);
    usleep(20000);
    pthread_kill(t, SIGUSR2);
    pthread_join(t, NULL);
    printf("end\n");
    return 0;
}

// CHECK: mutex: 0
// CHECK-NEXT: in the target 1
// CHECK-NEXT: mutex: 0
// CHECK-NEXT: in the target 1
// CHECK-NEXT: read: 0
// CHECK-NEXT: in the target 1
// CHECK-NEXT: read: 0
// CHECK-NEXT: in the target 1
// CHECK-NEXT: write: 0
// CHECK-NEXT: in the target 1
// CHECK-NEXT: write: 0
// CHECK-NEXT: in the target 1
// CHECK-NEXT: cond: 0
// CHECK-NEXT: in the target 1
// CHECK-NEXT: cond: 0
// CHECK-NEXT: in the target 1
// CHECK-NEXT: sem: 0
// CHECK-NEXT: in the target 1
// CHECK-NEXT: sem: 0
// CHECK-NEXT: in the target 1
// CHECK-NEXT: barrier: 0
// CHECK-NEXT: in the target 1
// CHECK-NEXT: barrier: 0
// CHECK-NEXT: in the target 1
// CHECK-NEXT: join: 0
// CHECK-NEXT: in the target 1
// CHECK-NEXT: join: 0
// CHECK-NEXT: in the target 1
// CHECK-NEXT: pipe: 0
// CHECK-NEXT: in the target 1
// CHECK-NEXT: pipe: 0
// CHECK-NEXT: in the target 1
// CHECK-NEXT: jumped out of a read: 1, still blocked 0
// CHECK-NEXT: end
