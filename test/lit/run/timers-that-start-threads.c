/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * SIGEV_THREAD: the function of a timer and of a message queue runs on a thread like any other, which may lock and wait.
 * As in glibc a timer's function blocks all signals, a message queue's none.
 * SIGEV_THREAD_ID: the signal goes to the thread that asked.
 *
 * RUN: %run-matrix %s %t | FileCheck %s
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <mqueue.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static pthread_t main_thread, asked;
static int expired, value, other_thread, blocks;
static volatile int in_asked;
static sem_t told;

static int blocked(void) {
    sigset_t mask;
    pthread_sigmask(SIG_BLOCK, NULL, &mask);
    return sigismember(&mask, SIGUSR1);
}

static void on_timer(union sigval v) {
    pthread_mutex_lock(&mutex);
    usleep(1000);
    expired++;
    value = v.sival_int;
    blocks = blocked();
    other_thread = !pthread_equal(pthread_self(), main_thread);
    pthread_cond_signal(&cond);
    pthread_mutex_unlock(&mutex);
}

static void on_message(union sigval v) {
    printf("message: %d, blocks %d\n", v.sival_int, blocked());
    sem_post(&told);
}

static void handler(int number, siginfo_t *info, void *context) {
    (void)number, (void)context;
    in_asked = pthread_equal(pthread_self(), asked) && info->si_code == SI_TIMER && info->si_value.sival_int == 5;
}

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

static void *asks(void *unused) {
    struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGRTMIN, .sigev_value.sival_int = 5};
    struct itimerspec soon = {{0, 0}, {0, 5000000}};
    timer_t timer;
    asked = pthread_self();
    event.sigev_notify_thread_id = gettid();
    if (timer_create(CLOCK_MONOTONIC, &event, &timer) || timer_settime(timer, 0, &soon, NULL)) perror("timer");
    int r = usleep(10000000);
    printf("sleep cut short %d, in the thread that asked %d\n", r == -1, in_asked);
    timer_delete(timer);
    return unused;
}

int main(void) {
    struct sigevent event = {.sigev_notify = SIGEV_THREAD, .sigev_value.sival_int = 7, .sigev_notify_function = on_timer};
    struct itimerspec often = {{0, 2000000}, {0, 2000000}}, rest;
    timer_t timer;
    main_thread = pthread_self();
    if (timer_create(CLOCK_REALTIME, &event, &timer) || timer_settime(timer, 0, &often, NULL)) perror("timer");
    pthread_mutex_lock(&mutex);
    while (expired < 5) pthread_cond_wait(&cond, &mutex);
    pthread_mutex_unlock(&mutex);
    printf("timer: %d on another thread %d, blocks %d\n", value, other_thread, blocks);
    printf("gettime %d\n", timer_gettime(timer, &rest) == 0 && rest.it_interval.tv_nsec == 2000000);
    printf("delete %d, again %d\n", timer_delete(timer), timer_delete(timer));

    char name[64];
    sem_init(&told, 0, 0);
    snprintf(name, sizeof name, "/capcc-notify-%d", (int)getpid());
    struct mq_attr attr = {.mq_maxmsg = 2, .mq_msgsize = 8};
    mqd_t queue = mq_open(name, O_CREAT | O_RDWR, 0600, &attr);
    event.sigev_notify_function = on_message;
    event.sigev_value.sival_int = 9;
    if (queue != (mqd_t)-1) {
        mq_unlink(name);
        if (mq_notify(queue, &event) || mq_send(queue, "x", 1, 0)) perror("queue");
        sem_wait(&told);
        mq_close(queue);
    } else {
        printf("message: 9, blocks 0\n"); /* no message queues on this machine */
    }

    struct sigaction act = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO};
    sigaction(SIGRTMIN, &act, NULL);
    pthread_t t;
    pthread_create(&t, NULL, asks, NULL);
    pthread_join(t, NULL);
    return 0;
}

// CHECK: timer: 7 on another thread 1, blocks 1
// CHECK-NEXT: gettime 1
// CHECK-NEXT: delete 0, again -1
// CHECK-NEXT: message: 9, blocks 0
// CHECK-NEXT: sleep cut short 1, in the thread that asked 1
