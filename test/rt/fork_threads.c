/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * fork, vfork, _Fork and daemon, before and after threads exist: the child has the calling thread alone, with locks, timers and
 * descriptors that work, and none of the parent's waiters; the parent goes on untouched; exec and atfork handlers work.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>

#include "check.h"

static int status_of(pid_t child) {
    int status;
    CHECK_EQUAL(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void *echo(void *fd) {
    char c;
    while (read((int)(long)fd, &c, 1) == 1) CHECK_EQUAL(write((int)(long)fd, &c, 1), 1);
    return NULL;
}

/* A server's worth of work, which needs every part of the runtime. Returns 0. */
static int work(void) {
    for (int i = 0; i < 30; i++) {
        int s[2];
        char c = 0;
        pthread_t t;
        CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, s) == 0);
        CHECK_EQUAL(pthread_create(&t, NULL, echo, (void *)(long)s[0]), 0);
        CHECK_EQUAL(write(s[1], "w", 1), 1);
        CHECK_EQUAL(read(s[1], &c, 1), 1);
        CHECK_EQUAL(c, 'w');
        usleep(100);
        close(s[1]);
        pthread_join(t, NULL);
        close(s[0]);
    }
    return 0;
}

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static int shared_pipe[2];
static volatile int stop, turns, entered;

static void *waits_in_lock(void *unused) {
    entered++;
    pthread_mutex_lock(&lock);
    turns++;
    pthread_mutex_unlock(&lock);
    return unused;
}
static void *waits_in_cond(void *unused) {
    static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
    pthread_mutex_lock(&m);
    entered++;
    while (!stop) pthread_cond_wait(&cond, &m);
    pthread_mutex_unlock(&m);
    return unused;
}
static void *waits_in_read(void *unused) {
    char c;
    entered++;
    CHECK_EQUAL(read(shared_pipe[0], &c, 1), 1);
    return unused;
}
static void *sleeps(void *unused) {
    entered++;
    while (!stop) usleep(1000);
    return unused;
}

static int atfork_prepare, atfork_parent, atfork_child, atfork_created;
static void *nothing(void *arg) { return arg; }
static void prepare(void) { atfork_prepare++; }
static void parent(void) { atfork_parent++; }
static void child(void) {
    pthread_t t;
    void *r = NULL;
    atfork_child++;
    if (pthread_create(&t, NULL, nothing, &atfork_created) == 0 && pthread_join(t, &r) == 0 && r == &atfork_created)
        atfork_created++;
}

static void *fork_here(void *unused) {
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        /* The lock is ours in the child as in the parent; the threads that waited for it are not here. */
        CHECK_EQUAL(pthread_mutex_unlock(&lock), 0);
        CHECK_EQUAL(pthread_mutex_lock(&lock), 0);
        int before = turns;
        pthread_mutex_unlock(&lock);
        for (int i = 0; i < 50; i++) sched_yield();
        usleep(20000);
        CHECK_EQUAL(turns, before);
        stop = 1;
        pthread_cond_broadcast(&cond);
        CHECK_EQUAL(atfork_child, 1);
        CHECK_EQUAL(atfork_created, 1);
        /* The pipe that a parent's thread waits for can be waited for here. */
        int p[2];
        CHECK(pipe(p) == 0);
        _exit(work() + 11);
    }
    CHECK_EQUAL(status_of(pid), 11);
    return unused;
}

static void with_threads(void) {
    pthread_t t[40], f;
    CHECK(pipe(shared_pipe) == 0);
    pthread_mutex_lock(&lock);
    void *(*const kinds[4])(void *) = {waits_in_lock, waits_in_cond, waits_in_read, sleeps};
    for (int i = 0; i < 40; i++) CHECK_EQUAL(pthread_create(&t[i], NULL, kinds[i % 4], NULL), 0);
    while (entered < 40) sched_yield();
    pthread_atfork(prepare, parent, child);
    fork_here(NULL);
    CHECK(atfork_prepare == 1 && atfork_parent == 1 && atfork_child == 0);
    pthread_mutex_unlock(&lock);
    while (turns < 10) sched_yield();
    pthread_mutex_lock(&lock);
    atfork_child = atfork_created = 0;
    pthread_create(&f, NULL, fork_here, NULL);
    pthread_join(f, NULL);
    pthread_mutex_unlock(&lock);
    CHECK_EQUAL(write(shared_pipe[1], "0123456789", 10), 10);
    stop = 1;
    pthread_cond_broadcast(&cond);
    for (int i = 0; i < 40; i++) pthread_join(t[i], NULL);
    CHECK_EQUAL(turns, 10);
    close(shared_pipe[0]), close(shared_pipe[1]);
}

static void without_threads(void) {
    pid_t pid = fork();
    if (pid == 0) {
        pid_t second = fork();
        if (second == 0) _exit(work() + 5);
        _exit(status_of(second));
    }
    CHECK_EQUAL(status_of(pid), 5);
    pid = _Fork();
    if (pid == 0) _exit(work() + 6);
    CHECK_EQUAL(status_of(pid), 6);
    pid = vfork();
    if (pid == 0) execl("/bin/sh", "sh", "-c", "exit $1", "sh", "7", NULL);
    CHECK_EQUAL(status_of(pid), 7);
    char *const env[] = {"ANSWER=9", NULL};
    pid = fork();
    if (pid == 0) execle("/bin/sh", "sh", "-c", "exit $ANSWER", NULL, env);
    CHECK_EQUAL(status_of(pid), 9);
    pid = fork();
    if (pid == 0) execlp("sh", "sh", "-c", "exit 8", NULL);
    CHECK_EQUAL(status_of(pid), 8);
    CHECK_EQUAL(WEXITSTATUS(system("exit 3")), 3);
    FILE *f = popen("echo out; exit 4", "r");
    char line[10];
    CHECK(f && fgets(line, sizeof line, f) && strcmp(line, "out\n") == 0);
    CHECK_EQUAL(WEXITSTATUS(pclose(f)), 4);
}

/* A listener that waits in accept, then exec: what runs next finds its flags as the program set them. */
static void *accepts(void *fd) {
    CHECK(accept((int)(long)fd, NULL, NULL) == -1);
    return NULL;
}

static void exec_with_listener(char *self) {
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(listen(fd, 5) == 0);
    pthread_t t;
    pthread_create(&t, NULL, accepts, (void *)(long)fd);
    sched_yield();
    pid_t pid = fork();
    if (pid == 0) {
        char number[20];
        snprintf(number, sizeof number, "%d", fd);
        execl(self, self, "flags", number, NULL);
        _exit(99);
    }
    CHECK_EQUAL(status_of(pid), 0);
    shutdown(fd, SHUT_RDWR);
    pthread_join(t, NULL);
    close(fd);
}

static volatile long ticks;
static volatile long enough; /* ticks at which the child may exit */
static int released[2];

static void *tick(void *until) {
    while (!*(volatile int *)until) {
        if (++ticks == enough)
            CHECK_EQUAL(write(released[1], "", 1), 1);
        usleep(500);
    }
    return NULL;
}

/* A child that exits when five ticks have passed. */
static pid_t exits_later(int status) {
    char c;
    enough = ticks + 5;
    pid_t pid = fork();
    if (pid == 0)
        _exit(read(released[0], &c, 1) == 1 ? status : 99);
    return pid;
}

/* Other threads run while one waits for a child, in each way to wait. */
static void waiting(void) {
    int done = 0, status;
    siginfo_t info;
    struct rusage usage;
    pthread_t t;
    CHECK(pipe(released) == 0);
    pthread_create(&t, NULL, tick, &done);
    for (int how = 0; how < 5; how++) {
        pid_t pid = exits_later(20 + how);
        switch (how) {
        case 0:
            CHECK_EQUAL(waitpid(pid, &status, 0), pid);
            break;
        case 1:
            CHECK_EQUAL(wait(&status), pid);
            break;
        case 2:
            CHECK_EQUAL(wait4(-1, &status, 0, &usage), pid);
            break;
        case 3:
            CHECK_EQUAL(waitpid(pid, &status, WUNTRACED), pid);
            break;
        default:
            CHECK_EQUAL(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
            CHECK(info.si_pid == pid && info.si_status == 24 && info.si_code == CLD_EXITED);
            CHECK_EQUAL(waitpid(pid, &status, WNOHANG), pid);
            break;
        }
        CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 20 + how);
        CHECK(ticks >= enough);
    }
    CHECK(wait(&status) == -1 && errno == ECHILD);
    CHECK(waitpid(1, NULL, WNOHANG) == -1 && errno == ECHILD);
    pid_t pid = exits_later(0);
    CHECK_EQUAL(waitpid(pid, &status, WNOHANG), 0);
    CHECK_EQUAL(waitpid(pid, &status, 0), pid);
    done = 1;
    pthread_join(t, NULL);
}

static void daemonized(void) {
    int p[2];
    char answer[3] = "";
    CHECK(pipe(p) == 0);
    pid_t pid = fork();
    if (pid == 0) {
        work();
        CHECK(daemon(1, 1) == 0);
        CHECK(getppid() != getpid() && work() == 0);
        CHECK_EQUAL(write(p[1], "ok", 2), 2);
        _exit(0);
    }
    close(p[1]);
    CHECK_EQUAL(read(p[0], answer, 2), 2);
    CHECK_EQUAL(read(p[0], answer, 2), 0);
    CHECK_EQUAL(status_of(pid), 0);
    close(p[0]);
}

int main(int argc, char **argv) {
    if (argc == 3 && strcmp(argv[1], "flags") == 0) return (fcntl(atoi(argv[2]), F_GETFL) & O_NONBLOCK) != 0;
    alarm(60);
    without_threads();
    CHECK_EQUAL(work(), 0);
    without_threads();
    waiting();
    daemonized();
    exec_with_listener(argv[0]);
    with_threads();
    return 0;
}
