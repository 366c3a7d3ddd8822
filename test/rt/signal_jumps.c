/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * siglongjmp by a timer out of whatever blocks: read, poll of one and of several, accept, select, sleep, a condition, pause; again
 * and again, with other threads asleep meanwhile; and each of these works as before afterwards.
 */
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <time.h>

#include "check.h"

static sigjmp_buf target;
static int empty[2], other[2], listener;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;

static void jump(int number) { siglongjmp(target, number); }

static void block(int how) {
    char c;
    struct pollfd list[2] = {{empty[0], POLLIN, 0}, {other[0], POLLIN, 0}};
    fd_set set;
    switch (how) {
    case 0:
        read(empty[0], &c, 1);
        break;
    case 1:
        poll(list, 1, -1);
        break;
    case 2:
        poll(list, 2, 60000);
        break;
    case 3:
        accept(listener, NULL, NULL);
        break;
    case 4:
        FD_ZERO(&set);
        FD_SET(empty[0], &set);
        select(empty[0] + 1, &set, NULL, NULL, NULL);
        break;
    case 5:
        sleep(100);
        break;
    case 6:
        pthread_cond_wait(&cond, &lock);
        break;
    default:
        pause();
        break;
    }
    CHECK(!"came back");
}

static int released[2];
static void *sleeper(void *unused) {
    char c;
    CHECK_EQUAL(read(released[0], &c, 1), 0);
    return unused;
}

static void *write_later(void *unused) {
    usleep(3000);
    CHECK_EQUAL(write(empty[1], "ab", 2), 2);
    CHECK_EQUAL(write(other[1], "x", 1), 1);
    return unused;
}

int main(void) {
    pthread_t t[5], u;
    alarm(60);
    CHECK(pipe(released) == 0 && pipe(empty) == 0 && socketpair(AF_UNIX, SOCK_STREAM, 0, other) == 0);
    listener = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(listen(listener, 5) == 0);
    struct sigaction act = {.sa_handler = jump};
    sigaction(SIGUSR1, &act, NULL);

    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
    timer_t timer;
    CHECK(timer_create(CLOCK_MONOTONIC, &event, &timer) == 0);
    for (int i = 0; i < 5; i++) pthread_create(&t[i], NULL, sleeper, NULL);

    volatile int landed = 0;
    for (volatile int round = 0; round < 30; round++)
        for (volatile int how = 0; how < 8; how++) {
            struct itimerspec soon = {.it_value = {0, 1500000}};
            pthread_mutex_lock(&lock);
            int r = sigsetjmp(target, 1);
            if (r == 0) {
                timer_settime(timer, 0, &soon, NULL);
                block(how);
            }
            CHECK_EQUAL(r, SIGUSR1);
            landed++;
            if (how != 6)
                pthread_mutex_unlock(&lock);
            else
                pthread_mutex_init(&lock, NULL); /* whose it is after such a jump nobody says */
        }
    CHECK_EQUAL(landed, 240);

    char c[4];
    struct pollfd list[2] = {{other[0], POLLIN, 0}, {listener, POLLIN, 0}};
    pthread_create(&u, NULL, write_later, NULL);
    CHECK_EQUAL(read(empty[0], c, 4), 2);
    CHECK_EQUAL(poll(list, 2, -1), 1);
    CHECK_EQUAL(list[0].revents, POLLIN);
    close(released[1]);
    for (int i = 0; i < 5; i++) pthread_join(t[i], NULL);
    pthread_join(u, NULL);
    return 0;
}
