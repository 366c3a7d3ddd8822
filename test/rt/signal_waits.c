/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Waits that signals end: pause, sigsuspend, sigwait and its relatives, while other threads run; a blocked accept of the main
 * thread, which servers leave by a handler without SA_RESTART; and a handler that posts a semaphore to a thread of an otherwise
 * idle process.
 */
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>

#include "check.h"

static volatile sig_atomic_t handled;
static void count(int number) {
    (void)number;
    handled++;
}

static volatile int ticks, stop;
static void *ticker(void *unused) {
    sigset_t all; /* signals of the process are not for this one */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, NULL);
    while (!stop) {
        ticks++;
        usleep(1000);
    }
    return unused;
}

static void *kill_later(void *number) {
    usleep(20000);
    kill(getpid(), (int)(long)number);
    return NULL;
}

static pthread_t later(int number) {
    pthread_t t;
    CHECK_EQUAL(pthread_create(&t, NULL, kill_later, (void *)(long)number), 0);
    return t;
}

static void handlers(void) {
    struct sigaction act = {.sa_handler = count, .sa_flags = SA_RESTART};
    sigset_t block, none, mask;
    sigaction(SIGUSR1, &act, NULL);
    pthread_t t = later(SIGUSR1);
    int before = ticks;
    CHECK(pause() == -1 && errno == EINTR);
    CHECK_EQUAL(handled, 1);
    CHECK(ticks > before);
    pthread_join(t, NULL);

    sigemptyset(&none);
    sigemptyset(&block);
    sigaddset(&block, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &block, NULL);
    kill(getpid(), SIGUSR1);
    CHECK(sigsuspend(&none) == -1 && errno == EINTR);
    CHECK_EQUAL(handled, 2);
    t = later(SIGUSR1);
    CHECK(sigsuspend(&none) == -1 && errno == EINTR);
    CHECK_EQUAL(handled, 3);
    pthread_join(t, NULL);
    pthread_sigmask(SIG_BLOCK, NULL, &mask);
    CHECK(sigismember(&mask, SIGUSR1));
    pthread_sigmask(SIG_UNBLOCK, &block, NULL);
}

static void taking(void) {
    sigset_t set;
    siginfo_t info;
    int number = 0;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    struct timespec soon = {0, 20000000};
    int before = ticks;
    CHECK(sigtimedwait(&set, &info, &soon) == -1 && errno == EAGAIN);
    CHECK(ticks > before);
    pthread_t t = later(SIGTERM);
    CHECK_EQUAL(sigwait(&set, &number), 0);
    CHECK_EQUAL(number, SIGTERM);
    pthread_join(t, NULL);
    kill(getpid(), SIGHUP);
    CHECK_EQUAL(sigwaitinfo(&set, &info), SIGHUP);
    CHECK(info.si_signo == SIGHUP && info.si_pid == getpid());
    /* A handler for another signal: sigwaitinfo says so, sigwait goes on. */
    struct sigaction act = {.sa_handler = count};
    sigaction(SIGUSR1, &act, NULL);
    t = later(SIGUSR1);
    CHECK(sigwaitinfo(&set, &info) == -1 && errno == EINTR);
    pthread_join(t, NULL);
    t = later(SIGUSR1);
    pthread_t u = later(SIGHUP);
    CHECK_EQUAL(sigwait(&set, &number), 0);
    CHECK_EQUAL(number, SIGHUP);
    pthread_join(t, NULL);
    pthread_join(u, NULL);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

static struct sockaddr_in address;
static void *connect_later(void *unused) {
    usleep(60000);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(connect(fd, (struct sockaddr *)&address, sizeof address) == 0);
    close(fd);
    return unused;
}

static void interrupted_calls(void) {
    pthread_t c;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sigaction act = {.sa_handler = count};
    CHECK(listen(fd, 5) == 0);
    sigaction(SIGTERM, &act, NULL);
    pthread_t t = later(SIGTERM);
    CHECK(accept(fd, NULL, NULL) == -1 && errno == EINTR);
    pthread_join(t, NULL);

    /* With SA_RESTART it waits on; not so on a socket with a timeout: signal(7). */
    act.sa_flags = SA_RESTART;
    sigaction(SIGTERM, &act, NULL);
    socklen_t len = sizeof address;
    CHECK(getsockname(fd, (struct sockaddr *)&address, &len) == 0);
    int before = handled;
    t = later(SIGTERM);
    pthread_create(&c, NULL, connect_later, NULL);
    int s = accept(fd, NULL, NULL);
    CHECK(s >= 0);
    CHECK_EQUAL(handled, before + 1);
    pthread_join(t, NULL);
    pthread_join(c, NULL);
    close(s);
    struct timeval tv = {10, 0};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv);
    t = later(SIGTERM);
    CHECK(accept(fd, NULL, NULL) == -1 && errno == EINTR);
    pthread_join(t, NULL);
    close(fd);
}

static volatile long waited, waits_begun;
static void *waits_for_a_child(void *unused) {
    waits_begun++;
    errno = 0;
    waited = wait(NULL) == -1 ? -errno : 1;
    return unused;
}

static void *hogs(void *unused) {
    struct timespec now, end;
    while (!stop) {
        clock_gettime(CLOCK_MONOTONIC, &end);
        for (end.tv_nsec += 2000000, now = end; now.tv_sec < end.tv_sec || (now.tv_sec == end.tv_sec && now.tv_nsec < end.tv_nsec);)
            clock_gettime(CLOCK_MONOTONIC, &now);
        usleep(500);
    }
    return unused;
}

/* A handler ends wait() also when the thread's own time to look again has come and it has not run yet, as it often is beside
 * threads that take their time. Another thread's does not. */
static void waits_for_children(void) {
    struct sigaction act = {.sa_handler = count};
    sigaction(SIGUSR1, &act, NULL);
    pid_t child = fork();
    if (!child)
        for (;;) pause();
    pthread_t t, hog[3];
    for (int i = 0; i < 3; i++) pthread_create(&hog[i], NULL, hogs, NULL);
    for (int i = 0; i < 60; i++) {
        waited = waits_begun = 0;
        pthread_create(&t, NULL, waits_for_a_child, NULL);
        while (!waits_begun) usleep(1000);
        usleep(3000 + 997 * (unsigned)i % 20000);
        pthread_kill(pthread_self(), SIGUSR1);
        CHECK_EQUAL(waited, 0);
        pthread_kill(t, SIGUSR1);
        for (int n = 0; n < 5000 && !waited; n++) usleep(1000);
        CHECK_EQUAL(waited, -EINTR);
        pthread_join(t, NULL);
    }
    stop = 1;
    for (int i = 0; i < 3; i++) pthread_join(hog[i], NULL);
    kill(child, SIGKILL);
    CHECK_EQUAL(wait(NULL), child);
}

static sem_t posted;
static void post(int number) {
    (void)number;
    sem_post(&posted);
}

/* Nothing runs but signals, at every moment around the idle thread's wait: none may be slept through. */
static void idle_races(void) {
    sem_init(&posted, 0, 0);
    struct sigaction act = {.sa_handler = post, .sa_flags = SA_RESTART};
    sigaction(SIGUSR2, &act, NULL);
    pid_t parent = getpid(), child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        signal(SIGUSR2, SIG_DFL);
        for (unsigned round = 0;; round++) {
            /* Up to some ten microseconds between two: without them the parent would do nothing but handle signals. */
            for (volatile unsigned spin = round * 7919 % 20000; spin; spin--) {
            }
            if (syscall(SYS_kill, parent, SIGUSR2)) _exit(0);
        }
    }
    for (int i = 0; i < 20000; i++) {
        struct timespec end;
        clock_gettime(CLOCK_REALTIME, &end);
        end.tv_sec += 10;
        CHECK(sem_timedwait(&posted, &end) == 0 || errno == EINTR); /* as glibc's, whatever SA_RESTART says */
        while (sem_trywait(&posted) == 0) {
        }
    }
    kill(child, SIGKILL);
    CHECK_EQUAL(waitpid(child, NULL, 0), child);
}

/* A poll of many descriptors takes long enough to be hit by a timer's signal, which is the main thread's and not this one's. */
static void *poll_many(void *unused) {
    static struct pollfd fds[500];
    int ends[2];
    CHECK_EQUAL(pipe(ends), 0);
    for (int i = 0; i < 500; i++) fds[i] = (struct pollfd){ends[0], POLLIN, 0};
    for (int i = 0; i < 1000; i++) CHECK_EQUAL(poll(fds, 500, i % 20 == 0), 0);
    close(ends[0]);
    close(ends[1]);
    return unused;
}

static void polls_of_other_threads(void) {
    struct itimerval often = {{0, 300}, {0, 300}}, never = {{0, 0}, {0, 0}};
    struct sigaction old, action = {.sa_handler = count};
    pthread_t t;
    sigaction(SIGALRM, &action, &old);
    setitimer(ITIMER_REAL, &often, NULL);
    pthread_create(&t, NULL, poll_many, NULL);
    pthread_join(t, NULL);
    setitimer(ITIMER_REAL, &never, NULL);
    sigaction(SIGALRM, &old, NULL);
    handled = 0;
}

int main(void) {
    polls_of_other_threads();
    pthread_t t;
    alarm(60);
    pthread_create(&t, NULL, ticker, NULL);
    sched_yield();
    handlers();
    taking();
    interrupted_calls();
    stop = 1;
    pthread_join(t, NULL);
    stop = 0;
    waits_for_children();
    idle_races();
    return 0;
}
