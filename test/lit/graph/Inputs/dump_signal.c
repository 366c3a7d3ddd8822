/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The signal that has the graph written comes while main waits, in calls that every handler ends; what main waits for comes later. With an
 * argument: it comes, and then nothing can end the wait.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

static int gate[2];
static sem_t semaphore;

/* By a handler, in place, before kill returns: nothing is left to wait for but the idle thread's turn. */
static void disturb(void)
{
    usleep(1000);
    kill(getpid(), SIGUSR2);
    usleep(1000);
}

static void *disturbs(void *arg)
{
    disturb();
    (void)!write(gate[1], "x", 1);
    return arg;
}

static void *posts(void *arg)
{
    disturb();
    sem_post(&semaphore);
    return arg;
}

static volatile int handled;
static void handle(int number) { handled = number; }

static void *handles(void *arg)
{
    disturb();
    kill(getpid(), SIGUSR1);
    return arg;
}

static void *waits(void *arg)
{
    sem_wait(&semaphore);
    return arg;
}

static pthread_t thread;

static void start(void *(*function)(void *))
{
    if (pthread_create(&thread, NULL, function, NULL))
        exit(1);
}

static void tell(const char *what, int good)
{
    char c;
    printf("%s %s\n", what, good ? "went on" : strerror(errno));
    pthread_join(thread, NULL);
    if (poll(&(struct pollfd){.fd = gate[0], .events = POLLIN}, 1, 0) == 1)
        (void)!read(gate[0], &c, 1);
}

int main(int argc, char **argv)
{
    (void)argv;
    struct epoll_event event = {.events = EPOLLIN};
    int set = epoll_create1(0);
    if (pipe(gate) || set < 0 || epoll_ctl(set, EPOLL_CTL_ADD, gate[0], &event) || sem_init(&semaphore, 0, 0))
        return 1;
    if (argc > 1) {
        start(waits);
        kill(getpid(), SIGUSR2);
        pthread_join(thread, NULL);
        return 0;
    }
    start(disturbs);
    tell("epoll_wait", epoll_wait(set, &event, 1, -1) == 1);
    start(disturbs);
    tell("poll", poll(&(struct pollfd){.fd = gate[0], .events = POLLIN}, 1, -1) == 1);
    start(posts);
    tell("sem_wait", sem_wait(&semaphore) == 0);
    start(disturbs);
    tell("nanosleep", nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL) == 0);

    struct sigaction action;
    sigaction(SIGUSR2, NULL, &action);
    printf("the action is %s\n", action.sa_handler == SIG_DFL && !action.sa_flags ? "the default" : "not the program's");
    signal(SIGUSR1, handle);
    start(handles);
    pause();
    tell("pause", handled == SIGUSR1);

    /* The program's own, from now on. */
    printf("before it was %s\n", signal(SIGUSR2, handle) == SIG_DFL ? "the default" : "something");
    raise(SIGUSR2);
    printf("the program's own %s\n", handled == SIGUSR2 ? "ran" : "did not run");
    return 0;
}
