/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * SIGPIPE and SIGXFSZ of a thread's own call: to that thread and nobody else, pending where it blocks them, whoever blocks what
 * besides; what somebody sends to the process goes to who waits for it, or to who does not block it. And the mask that a program
 * begins with: of the thread that started it, by exec, posix_spawn, system and popen.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>

#include "check.h"

extern char **environ;

static volatile int ran, stop;
static pthread_t ran_in;
static void count(int number) {
    (void)number;
    ran++;
    ran_in = pthread_self();
}

static sigset_t set_of(int number) {
    sigset_t set;
    sigemptyset(&set);
    if (number) sigaddset(&set, number);
    return set;
}

static int pending(int number) {
    sigset_t set;
    sigpending(&set);
    return sigismember(&set, number);
}

/* With several workers it may go from one to the next first. */
static int becomes_pending(int number) {
    const char *workers = getenv("CAPRICCIO_WORKERS");
    for (int i = 0; workers && atoi(workers) > 1 && i < 1000 && !pending(number); i++) usleep(1000);
    return pending(number);
}

static int take(int number) {
    sigset_t set = set_of(number);
    struct timespec zero = {0, 0};
    return sigtimedwait(&set, NULL, &zero);
}

/* A write that nobody will read: 0 a pipe, 1 a socket, 2 the same without a signal, 3 stdio. */
static void write_broken(int kind) {
    int ends[2];
    if (kind == 1 || kind == 2)
        CHECK_EQUAL(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    else
        CHECK_EQUAL(pipe(ends), 0);
    close(ends[0]);
    if (kind == 3) {
        FILE *f = fdopen(ends[1], "w");
        fputs("text", f);
        CHECK(fflush(f) == EOF && errno == EPIPE);
        fclose(f);
        return;
    }
    CHECK((kind == 2 ? send(ends[1], "x", 1, MSG_NOSIGNAL) : write(ends[1], "x", 1)) == -1 && errno == EPIPE);
    close(ends[1]);
}

/* What libraries do. */
static void *hold_back(void *handled) {
    sigset_t pipe_only = set_of(SIGPIPE), before;
    pthread_sigmask(SIG_BLOCK, &pipe_only, &before);
    for (int kind = 0; kind < 3; kind++) {
        ran = 0;
        write_broken(kind);
        CHECK_EQUAL(ran, 0);
        CHECK_EQUAL(pending(SIGPIPE), kind != 2);
        if (kind == 1) sched_yield(); /* it stays this thread's own */
        CHECK_EQUAL(take(SIGPIPE), kind == 2 ? -1 : SIGPIPE);
        CHECK_EQUAL(pending(SIGPIPE), 0);
    }
    for (int i = 0; i < 200; i++) write_broken(1);
    CHECK_EQUAL(take(SIGPIPE), SIGPIPE);
    CHECK_EQUAL(take(SIGPIPE), -1);
    if (handled) {
        write_broken(0);
        pthread_sigmask(SIG_SETMASK, &before, NULL); /* now it comes */
        CHECK(ran == 1 && pthread_equal(ran_in, pthread_self()));
        write_broken(0);
        CHECK(ran == 2 && pthread_equal(ran_in, pthread_self()));
        write_broken(3);
        CHECK(ran >= 3 && pthread_equal(ran_in, pthread_self()));
    }
    return NULL;
}

static void run(void *(*f)(void *), void *argument) {
    pthread_t t;
    CHECK_EQUAL(pthread_create(&t, NULL, f, argument), 0);
    CHECK_EQUAL(pthread_join(t, NULL), 0);
}

static volatile int taken;
static void *taker(void *set) {
    while (taken != SIGUSR1) {
        int number;
        CHECK_EQUAL(sigwait(set, &number), 0);
        taken = number;
    }
    return NULL;
}

static void *breaks(void *unused) {
    taken = 0;
    write_broken(0);
    usleep(20000);
    CHECK_EQUAL(taken, 0);
    CHECK(pending(SIGPIPE));
    return unused;
}

/* All threads block everything and one takes what comes: what a write of another's sends is not for it. */
static void one_takes(void) {
    pthread_t t;
    sigset_t all, none = set_of(0);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, NULL);
    pthread_create(&t, NULL, taker, &all);
    run(breaks, NULL);
    kill(getpid(), SIGPIPE);
    while (taken != SIGPIPE) usleep(1000);
    kill(getpid(), SIGUSR1);
    pthread_join(t, NULL);

    /* Nobody waits: it is pending for all, until one takes it, or no longer blocks it. */
    kill(getpid(), SIGPIPE);
    CHECK(becomes_pending(SIGPIPE));
    CHECK_EQUAL(take(SIGPIPE), SIGPIPE);
    CHECK(!pending(SIGPIPE));
    run(hold_back, NULL);
    kill(getpid(), SIGPIPE);
    CHECK(becomes_pending(SIGPIPE));
    ran = 0;
    pthread_sigmask(SIG_SETMASK, &none, NULL);
    CHECK_EQUAL(ran, 1);
    CHECK(!pending(SIGPIPE));
}

static void *write_long(void *blocked) {
    static char bytes[100000];
    sigset_t set = set_of(SIGXFSZ);
    char name[] = "/tmp/capr-signal-XXXXXX";
    int fd = mkstemp(name);
    CHECK(fd >= 0 && unlink(name) == 0);
    pthread_sigmask(blocked ? SIG_BLOCK : SIG_UNBLOCK, &set, NULL);
    ran = 0;
    CHECK_EQUAL(write(fd, bytes, sizeof bytes), 50000);
    CHECK(write(fd, bytes, sizeof bytes) == -1 && errno == EFBIG);
    CHECK_EQUAL(ran, !blocked);
    CHECK(pwrite(fd, bytes, 10, 60000) == -1 && errno == EFBIG);
    CHECK_EQUAL(ran, blocked ? 0 : 2);
    CHECK_EQUAL(pending(SIGXFSZ), blocked != NULL);
    close(fd);
    return NULL;
}

static int ending(void *(*f)(void *), int number) {
    int status;
    pid_t child = fork();
    if (child == 0) {
        struct rlimit no_core = {0, 0};
        setrlimit(RLIMIT_CORE, &no_core);
        signal(number, SIG_DFL);
        run(f, NULL);
        _exit(0);
    }
    CHECK_EQUAL(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void *unblocked(void *unused) {
    sigset_t none = set_of(0);
    pthread_sigmask(SIG_SETMASK, &none, NULL);
    write_broken(1);
    return unused;
}

static void *sent(void *unused) {
    kill(getpid(), SIGPIPE); /* the main thread does not block it */
    return unused;
}

/* This program again, which ends with 0 if it began with SIGUSR1 and SIGPIPE blocked and nothing else. */
static int begun(void) {
    sigset_t mask;
    uint64_t word;
    pthread_sigmask(SIG_BLOCK, NULL, &mask);
    memcpy(&word, &mask, 8);
    CHECK_EQUAL(word, 1ull << (SIGUSR1 - 1) | 1ull << (SIGPIPE - 1));
    signal(SIGUSR1, count);
    kill(getpid(), SIGUSR1);
    CHECK(!ran && pending(SIGUSR1));
    mask = set_of(SIGUSR1);
    pthread_sigmask(SIG_UNBLOCK, &mask, NULL);
    CHECK_EQUAL(ran, 1);
    hold_back(NULL);
    return 0;
}

static void begins(void) {
    char path[500], command[600], *again[] = {path, "begun", NULL};
    ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
    CHECK(n > 0);
    path[n] = 0;
    snprintf(command, sizeof command, "exec %s begun", path);
    sigset_t set = set_of(SIGUSR1);
    sigaddset(&set, SIGPIPE);
    pthread_sigmask(SIG_SETMASK, &set, NULL);
    pid_t child;
    int status;
    CHECK_EQUAL(posix_spawn(&child, path, NULL, NULL, again, environ), 0);
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    child = fork();
    if (child == 0) {
        execv(path, again);
        _exit(1);
    }
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    CHECK_EQUAL(system(command), 0);
    CHECK_EQUAL(pclose(popen(command, "r")), 0);
    set = set_of(0);
    pthread_sigmask(SIG_SETMASK, &set, NULL);
}

static void *waits(void *unused) {
    while (!stop) usleep(1000);
    return unused;
}

int main(int argc, char **argv) {
    alarm(60);
    if (argc > 1 && !strcmp(argv[1], "begun")) return begun();
    (void)argv;
    hold_back(NULL);
    sigset_t none = set_of(0);
    pthread_sigmask(SIG_SETMASK, &none, NULL);
    run(hold_back, NULL);
    signal(SIGPIPE, count);
    hold_back("handled");
    run(hold_back, "handled");

    pthread_t t;
    pthread_create(&t, NULL, waits, NULL); /* which blocks nothing */
    begins();
    struct rlimit limit, small;
    getrlimit(RLIMIT_FSIZE, &limit);
    small = (struct rlimit){50000, limit.rlim_max};
    CHECK_EQUAL(setrlimit(RLIMIT_FSIZE, &small), 0);
    run(write_long, "blocked"); /* the default action would end the process */
    CHECK_EQUAL(ending(write_long, SIGXFSZ), SIGXFSZ);
    signal(SIGXFSZ, count);
    run(write_long, NULL);
    run(write_long, "blocked");
    setrlimit(RLIMIT_FSIZE, &limit);

    CHECK_EQUAL(ending(hold_back, SIGPIPE), 0);
    CHECK_EQUAL(ending(unblocked, SIGPIPE), SIGPIPE);
    CHECK_EQUAL(ending(sent, SIGPIPE), SIGPIPE);
    ran = 0;
    sigset_t pipe_only = set_of(SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe_only, NULL);
    kill(getpid(), SIGPIPE); /* `t` does not block it */
    usleep(5000);
    CHECK(ran == 1 && pthread_equal(ran_in, t));
    stop = 1;
    pthread_join(t, NULL);
    one_takes();
    return 0;
}
