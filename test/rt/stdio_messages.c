/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * warn, err, error, perror, psignal and their relatives to a pipe: the bytes are those that libc's own functions write to a file,
 * and a full pipe, which a thread of the same process empties, stops nobody. The ends of programs: status and text.
 */
#include <err.h>
#include <errno.h>
#include <error.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <wchar.h>

#include "check.h"

static char big[200001];

static void say_name(void) { fprintf(stderr, "<name>"); }

static void by_list(int which, const char *format, ...) {
    va_list ap;
    va_start(ap, format);
    if (which == 0) vwarn(format, ap);
    if (which == 1) vwarnx(format, ap);
    if (which == 2) verr(7, format, ap);
    if (which == 3) verrx(8, format, ap);
    va_end(ap);
}

static void all(void) {
    errno = ENOENT;
    warn("a %d %s", 1, "b");
    CHECK_EQUAL(errno, ENOENT);
    warn(NULL);
    warnx("%s", "c");
    warnx(NULL);
    warnx("zero %c in it", 0);
    by_list(0, "list %d", 2);
    by_list(1, "list %d", 3);
    errno = 0;
    warn("no error");
    errno = 12345;
    warn("unknown");
    error(0, 0, "plain %d", 4);
    error(0, EINTR, "why");
    error(0, -5, "unknown");
    error_at_line(0, 0, "file.c", 12, "at");
    error_at_line(0, EPERM, NULL, 12, "nowhere");
    error_one_per_line = 1;
    for (int i = 0; i < 4; i++) error_at_line(0, 0, i < 3 ? "once.c" : "more.c", 7, "round %d", i);
    error_one_per_line = 0;
    error_print_progname = say_name;
    error(0, EIO, "named");
    error_at_line(0, 0, "file.c", 13, "named");
    error_print_progname = NULL;
    fprintf(stderr, "count %u\n", error_message_count);
    error_message_count = 0;
    errno = EACCES;
    perror("prefix");
    perror("");
    perror(NULL);
    psignal(SIGINT, "signal");
    psignal(SIGKILL, NULL);
    psignal(SIGRTMIN + 1, "");
    psignal(999, "none");
}

static void end(int how) {
    errno = ENOMEM;
    if (how == 0) err(3, "bye %d", 1);
    if (how == 1) errx(4, "bye");
    if (how == 2) by_list(2, "bye");
    if (how == 3) by_list(3, "bye");
    if (how == 4) error(5, EIO, "bye");
    if (how == 5) error_at_line(6, 0, "f", 1, "bye");
}

/* What a child prints and returns; `file`: to a file, by libc's own functions. */
static int child(int file, int how, char *text, size_t room) {
    char name[] = "/tmp/capr-messages-XXXXXX";
    int p[2], status;
    size_t n = 0;
    ssize_t r;
    if (file)
        CHECK((p[0] = p[1] = mkstemp(name)) >= 0);
    else
        CHECK(pipe(p) == 0);
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        alarm(30);
        dup2(p[1], 2);
        if (how < 0)
            all();
        else
            end(how);
        _exit(0);
    }
    if (!file) close(p[1]);
    CHECK_EQUAL(waitpid(pid, &status, 0), pid);
    if (file) lseek(p[0], 0, SEEK_SET);
    while ((r = read(p[0], text + n, room - n - 1)) > 0) n += (size_t)r;
    close(p[0]);
    if (file) unlink(name);
    for (size_t i = 0; i < n; i++)
        if (!text[i]) text[i] = '@';
    text[n] = 0;
    CHECK(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void same(void) {
    static char native[10000], ours[10000];
    static const int statuses[] = {3, 4, 7, 8, 5, 6};
    for (int how = -1; how < 6; how++) {
        CHECK_EQUAL(child(1, how, native, sizeof native), how < 0 ? 0 : statuses[how]);
        CHECK_EQUAL(child(0, how, ours, sizeof ours), how < 0 ? 0 : statuses[how]);
        if (strcmp(native, ours) != 0 || !*native) {
            printf("to a file:\n%s\nto a pipe:\n%s\n", native, ours);
            fflush(stdout);
            CHECK(0);
        }
    }
}

static volatile size_t drained;
static void *drain(void *fd) {
    char b[10000];
    ssize_t n;
    usleep(10000);
    while ((n = read((int)(long)fd, b, sizeof b)) > 0) drained += (size_t)n;
    return NULL;
}

/* Each of them to a pipe that is too small, in a process of its own, whose stderr is not the test's. */
static void full(int how) {
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        int p[2];
        pthread_t t;
        alarm(30);
        CHECK((how == 8 ? socketpair(AF_UNIX, SOCK_STREAM, 0, p) : pipe(p)) == 0);
        dup2(p[1], 2);
        close(p[1]);
        pthread_create(&t, NULL, drain, (void *)(long)p[0]);
        if (how == 0) warn("%s", big);
        if (how == 1) warnx("%s", big);
        if (how == 2) error(0, 0, "%s", big);
        if (how == 3) error_at_line(0, 0, "f", 1, "%s", big);
        if (how == 4 || how == 8) perror(big);
        if (how == 5) psignal(9, big);
        if (how == 6) err(0, "%s", big);
        if (how == 7) error(1, 0, "%s", big);
        if (how == 8 && fwide(stderr, 0) != 0) _exit(2);
        close(2);
        pthread_join(t, NULL);
        _exit(drained < sizeof big - 1);
    }
    int status;
    CHECK_EQUAL(waitpid(pid, &status, 0), pid);
    CHECK(WIFEXITED(status));
    CHECK_EQUAL(WEXITSTATUS(status), how == 7);
}

int main(void) {
    alarm(100);
    memset(big, 'b', sizeof big - 1);
    same();
    for (int how = 0; how < 9; how++) full(how);
    return 0;
}
