/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Terminals and jobs: a read in the background is stopped by SIGTTIN or refused by EIO, also one that waited already when its job
 * went there, and gives way once it is in the foreground again; each stop and continuation of a child is reported; what a read is
 * told at once although nothing is there; a terminal that hangs up; getpass. Skipped without pseudo terminals.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <termios.h>

#include "check.h"
#include "ticker.h"

static int shown, terminal, told[2]; /* the sides of a terminal; a pipe from a job to its shell */

static int open_shown(void) {
    int unlock = 0, number;
    shown = open("/dev/ptmx", O_RDWR | O_NOCTTY);
    if (shown < 0 || ioctl(shown, TIOCSPTLCK, &unlock) || ioctl(shown, TIOCGPTN, &number)) return -1;
    return number;
}

static int open_other_side(int number, int flags) {
    char name[50];
    snprintf(name, sizeof name, "/dev/pts/%d", number);
    return open(name, flags);
}

/* Starts `body` as a job of its own, in the foreground or not. */
static pid_t begin(int (*body)(void), int front) {
    int go[2];
    CHECK_EQUAL(pipe(go), 0);
    pid_t job = fork();
    CHECK(job >= 0);
    if (!job) {
        char c;
        alarm(40);
        close(go[1]);
        CHECK_EQUAL(read(go[0], &c, 1), 0);
        _exit(body());
    }
    CHECK_EQUAL(setpgid(job, job), 0);
    if (front) CHECK_EQUAL(tcsetpgrp(terminal, job), 0);
    close(go[0]);
    close(go[1]);
    return job;
}

static void to_front(pid_t job) {
    CHECK_EQUAL(tcsetpgrp(terminal, job), 0);
    CHECK_EQUAL(kill(-job, SIGCONT), 0);
}

static void stops(pid_t job, int number) {
    int status = 0;
    CHECK_EQUAL(waitpid(job, &status, WUNTRACED), job);
    CHECK(WIFSTOPPED(status));
    CHECK_EQUAL(WSTOPSIG(status), number);
}

static void ends(pid_t job) {
    int status = 0;
    CHECK_EQUAL(waitpid(job, &status, 0), job);
    CHECK_EQUAL(status, 0);
    CHECK_EQUAL(tcsetpgrp(terminal, getpgrp()), 0);
}

static int line_arrives(void) {
    char line[20];
    return read(terminal, line, sizeof line) != 3 || memcmp(line, "ab\n", 3) != 0;
}

static int line_arrives_beside_others(void) {
    pthread_t t;
    CHECK_EQUAL(pthread_create(&t, NULL, ticker, NULL), 0);
    int failed = line_arrives();
    CHECK(ticks > 3);
    return failed;
}

static void in_the_background(void) {
    pid_t job = begin(line_arrives_beside_others, 0);
    stops(job, SIGTTIN);
    to_front(job);
    usleep(50000);
    CHECK_EQUAL(write(shown, "ab\n", 3), 3);
    ends(job);
}

static void nothing(int number) { (void)number; }

static int line_arrives_after_a_handler(void) {
    struct sigaction action = {.sa_handler = nothing, .sa_flags = SA_RESTART};
    sigaction(SIGCONT, &action, NULL);
    return line_arrives();
}

static int line_arrives_after_an_interruption(void) {
    char c;
    struct sigaction action = {.sa_handler = nothing};
    sigaction(SIGUSR1, &action, NULL);
    CHECK(read(terminal, &c, 1) == -1 && errno == EINTR);
    return line_arrives();
}

static void interrupted(void) {
    pid_t job = begin(line_arrives_after_an_interruption, 1);
    usleep(50000);
    kill(job, SIGUSR1);
    usleep(20000);
    CHECK_EQUAL(write(shown, "ab\n", 3), 3);
    ends(job);
}

/* Alone, so that its worker is in the kernel while it waits. */
static void while_it_waits(int (*body)(void)) {
    pid_t job = begin(body, 1);
    usleep(50000);
    kill(-job, SIGTSTP);
    stops(job, SIGTSTP);
    CHECK_EQUAL(tcsetpgrp(terminal, getpgrp()), 0);
    kill(-job, SIGCONT);
    stops(job, SIGTTIN);
    to_front(job);
    CHECK_EQUAL(write(shown, "ab\n", 3), 3);
    ends(job);
}

static int answer(void) {
    pthread_t t;
    CHECK_EQUAL(pthread_create(&t, NULL, ticker, NULL), 0);
    usleep(5000);
    int before = ticks;
    const char *line = getpass("Word?");
    CHECK(ticks > before + 3);
    return !line || strcmp(line, "secret") != 0;
}

static void asked(void) {
    char text[200]; /* with what has been echoed before */
    size_t n = 0;
    pid_t job = begin(answer, 1);
    do {
        ssize_t r = read(shown, text + n, sizeof text - 1 - n);
        CHECK(r > 0);
        text[n += (size_t)r] = 0;
    } while (!strstr(text, "Word?"));
    usleep(200000);
    CHECK_EQUAL(write(shown, "secret\n", 7), 7);
    ends(job);
    ssize_t r = read(shown, text, sizeof text - 1);
    CHECK(r == 2 && memcmp(text, "\r\n", 2) == 0); /* not what was typed */
}

static void *is_refused(void *unused) {
    char c;
    CHECK(read(terminal, &c, 1) == -1 && errno == EIO);
    return unused;
}

static void *blocks_the_signal(void *unused) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTTIN);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    return is_refused(unused);
}

static int refused(void) {
    pthread_t t;
    CHECK_EQUAL(pthread_create(&t, NULL, blocks_the_signal, NULL), 0);
    pthread_join(t, NULL);
    signal(SIGTTIN, SIG_IGN);
    is_refused(NULL);
    return 0;
}

static volatile int handled;
static void count(int number) { handled += number == SIGTTIN; }

static void *line_arrives_here(void *unused) { _exit(line_arrives() || unused); }

/* The handler is the main thread's, since that is in a call which signals end. */
static int handler(void) {
    pthread_t t;
    struct sigaction action = {.sa_handler = count, .sa_flags = SA_RESTART};
    sigaction(SIGTTIN, &action, NULL);
    CHECK_EQUAL(pthread_create(&t, NULL, line_arrives_here, NULL), 0);
    while (!handled) usleep(1000);
    CHECK_EQUAL(write(told[1], "h", 1), 1);
    for (;;) pause();
}

static void with_a_handler(void) {
    char c;
    CHECK_EQUAL(pipe(told), 0);
    pid_t job = begin(handler, 0);
    CHECK_EQUAL(read(told[0], &c, 1), 1);
    to_front(job);
    CHECK_EQUAL(write(shown, "ab\n", 3), 3);
    ends(job);
}

/* The end follows so soon that who only looks from time to time finds nothing else, most times. (Who is woken late does so too.) */
static void every_change(void) {
    int continued = 0;
    for (int i = 0; i < 12; i++) {
        int status = 0;
        siginfo_t info = {0};
        pid_t child = fork();
        if (!child) {
            raise(SIGSTOP);
            usleep(4000);
            _exit(5);
        }
        stops(child, SIGSTOP);
        pid_t other = fork();
        if (!other) {
            usleep(40000);
            kill(child, SIGCONT);
            _exit(0);
        }
        if (i % 2) {
            CHECK_EQUAL(waitid(P_PID, (id_t)child, &info, WSTOPPED | WCONTINUED | WEXITED), 0);
            CHECK_EQUAL(info.si_pid, child);
            continued += info.si_code == CLD_CONTINUED;
            if (info.si_code == CLD_CONTINUED) CHECK_EQUAL(waitpid(child, &status, WUNTRACED), child);
        } else {
            CHECK_EQUAL(waitpid(child, &status, WUNTRACED | WCONTINUED), child);
            continued += WIFCONTINUED(status);
            if (WIFCONTINUED(status)) CHECK_EQUAL(waitpid(child, &status, WUNTRACED), child);
            CHECK_EQUAL(WEXITSTATUS(status), 5);
        }
        CHECK_EQUAL(waitpid(other, &status, 0), other);
    }
    CHECK(continued >= 7);
}

static int shell(int number) {
    alarm(50);
    signal(SIGTTOU, SIG_IGN);
    CHECK(setsid() > 0);
    terminal = open_other_side(number, O_RDWR);
    CHECK(terminal >= 0);
    every_change(); /* by the only thread */
    in_the_background();
    interrupted();
    while_it_waits(line_arrives);
    while_it_waits(line_arrives_after_a_handler);
    pthread_t t;
    CHECK_EQUAL(pthread_create(&t, NULL, ticker, NULL), 0);
    every_change();
    ends(begin(refused, 0));
    asked();
    with_a_handler();
    in_the_background();
    return 0;
}

static void *hears_of_the_end(void *fd) {
    char c;
    errno = 0;
    CHECK(read((int)(long)fd, &c, 1) == -1 && errno == EIO);
    CHECK_EQUAL(read((int)(long)fd, &c, 1), 0);
    return NULL;
}

static void told_at_once(void) {
    char c;
    struct iovec nothing[2] = {{&c, 0}, {&c, 0}};
    int number = open_shown();
    CHECK(number >= 0);
    int both = open_other_side(number, O_RDWR | O_NOCTTY), writes = open_other_side(number, O_WRONLY | O_NOCTTY);
    pthread_t t, reader;
    CHECK_EQUAL(pthread_create(&t, NULL, ticker, NULL), 0);
    CHECK(read(writes, &c, 1) == -1 && errno == EBADF);
    CHECK_EQUAL(readv(both, nothing, 2), 0);
    CHECK(readv(both, (struct iovec *)8, 1) == -1 && errno == EFAULT);
    CHECK_EQUAL(pthread_create(&reader, NULL, hears_of_the_end, (void *)(long)both), 0);
    usleep(5000);
    close(shown);
    pthread_join(reader, NULL);
    stop = 1;
    pthread_join(t, NULL);
}

int main(void) {
    int number = open_shown(), status = 0;
    if (number < 0) return 77;
    alarm(60);
    pid_t session = fork();
    if (!session) _exit(shell(number));
    CHECK_EQUAL(waitpid(session, &status, 0), session);
    CHECK_EQUAL(status, 0);
    close(shown);
    told_at_once();
    return 0;
}
