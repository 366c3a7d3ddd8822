/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * How many descriptors the worker counts as taken, of each kind, is as many afterwards as before, by whichever calls they come and go: the
 * scheduler holds those that take them by this.
 */
#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "check.h"
#include "layout.h"

#define SAME(...)                                                                                                                  \
    do {                                                                                                                           \
        struct capr_use before = capr__worker.use;                                                                                 \
        __VA_ARGS__                                                                                                                \
        taken(before, 0, 0, 0, 0);                                                                                                 \
    } while (0)

/* So many more of each kind than before. */
static void taken(struct capr_use before, int sockets, int pipes, int files, int others) {
    const struct capr_use *now = &capr__worker.use;
    CHECK_EQUAL(now->kinds[CAPR_KIND_SOCKET] - before.kinds[CAPR_KIND_SOCKET], sockets);
    CHECK_EQUAL(now->kinds[CAPR_KIND_PIPE] - before.kinds[CAPR_KIND_PIPE], pipes);
    CHECK_EQUAL(now->kinds[CAPR_KIND_FILE] - before.kinds[CAPR_KIND_FILE], files);
    CHECK_EQUAL(now->kinds[CAPR_KIND_OTHER] - before.kinds[CAPR_KIND_OTHER], others);
    CHECK_EQUAL(now->files - before.files, sockets + pipes + files + others);
}

int main(void) {
    char b[64];
    int fd, pair[2];
    FILE *f;
    DIR *d;
    SAME(CHECK((fd = open("/dev/null", O_RDWR)) >= 0); CHECK_EQUAL(close(fd), 0););
    SAME(CHECK((fd = open("/proc/self/stat", O_RDONLY)) >= 0); CHECK(read(fd, b, sizeof b) > 0); CHECK_EQUAL(close(fd), 0););
    SAME(CHECK((fd = open("/", O_RDONLY)) >= 0); CHECK_EQUAL(close(fd), 0););
    SAME(CHECK((f = fopen("/proc/self/stat", "r"))); CHECK(fgets(b, sizeof b, f)); CHECK_EQUAL(fclose(f), 0););
    SAME(CHECK((d = opendir("/"))); CHECK(readdir(d)); CHECK_EQUAL(closedir(d), 0););
    SAME(CHECK_EQUAL(pipe(pair), 0); CHECK_EQUAL(write(pair[1], "x", 1), 1); CHECK_EQUAL(read(pair[0], b, 1), 1); close(pair[0]); close(pair[1]););
    SAME(CHECK_EQUAL(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0); close(pair[0]); close(pair[1]););
    SAME(CHECK((fd = eventfd(1, 0)) >= 0); CHECK_EQUAL(read(fd, b, 8), 8); close(fd););
    SAME(CHECK((fd = dup(0)) >= 0); CHECK((pair[0] = dup2(fd, 100)) >= 0); CHECK(dup2(0, 100) >= 0); close(100); close(fd););
    SAME(CHECK((fd = open("/", O_RDONLY)) >= 0); close_range((unsigned)fd, (unsigned)fd, 0););
    SAME(CHECK((f = popen("true", "r"))); CHECK_EQUAL(pclose(f), 0););

    /* And they are counted while they are open, as what they are; also those that libc makes. */
    struct capr_use before = capr__worker.use;
    char name[] = "/tmp/capriccio-XXXXXX", other[] = "/tmp/capriccio-XXXXXX.c";
    sigset_t set;
    sigemptyset(&set);
    int made[] = {epoll_create(1), epoll_create1(0), inotify_init(), inotify_init1(IN_NONBLOCK), signalfd(-1, &set, 0)};
    for (int i = 0; i < 5; i++) CHECK(made[i] >= 0);
    taken(before, 0, 0, 0, 5);
    CHECK_EQUAL(signalfd(made[4], &set, 0), made[4]);
    taken(before, 0, 0, 0, 5);
    for (int i = 0; i < 5; i++) CHECK_EQUAL(close(made[i]), 0);
    taken(before, 0, 0, 0, 0);
    CHECK((made[0] = mkstemp(name)) >= 0 && (made[1] = mkostemps(other, 2, 0)) >= 0 && !unlink(name) && !unlink(other));
    CHECK((made[2] = memfd_create("memory", 0)) >= 0 && (f = tmpfile()));
    taken(before, 0, 0, 4, 0);
    CHECK(write(made[0], "x", 1) == 1 && write(made[2], "x", 1) == 1 && fputs("x", f) >= 0);
    for (int i = 0; i < 3; i++) CHECK_EQUAL(close(made[i]), 0);
    CHECK_EQUAL(fclose(f), 0);
    taken(before, 0, 0, 0, 0);
    if (!openpty(&pair[0], &pair[1], NULL, NULL, NULL)) { /* a machine may have no terminals */
        taken(before, 0, 0, 2, 0);
        CHECK((made[0] = posix_openpt(O_RDWR | O_NOCTTY)) >= 0 && (made[1] = getpt()) >= 0);
        taken(before, 0, 0, 4, 0);
        CHECK_EQUAL(close(made[0]), 0);
        CHECK_EQUAL(close(made[1]), 0);
        CHECK_EQUAL(close(pair[0]), 0);
        CHECK_EQUAL(close(pair[1]), 0);
    }
    taken(before, 0, 0, 0, 0);
    int listener, more[2];
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof at;
    CHECK((fd = open("/", O_RDONLY)) >= 0);
    taken(before, 0, 0, 1, 0);
    CHECK_EQUAL(pipe(pair), 0);
    taken(before, 0, 2, 1, 0);
    CHECK((more[0] = dup(pair[0])) >= 0 && (more[1] = dup(fd)) >= 0);
    taken(before, 0, 3, 2, 0);
    CHECK((listener = socket(AF_INET, SOCK_STREAM, 0)) >= 0 && !bind(listener, (struct sockaddr *)&at, size) && !listen(listener, 1));
    CHECK_EQUAL(getsockname(listener, (struct sockaddr *)&at, &size), 0);
    CHECK((fd = socket(AF_INET, SOCK_STREAM, 0)) >= 0 && !connect(fd, (struct sockaddr *)&at, size));
    CHECK((fd = accept(listener, NULL, NULL)) >= 0);
    taken(before, 3, 3, 2, 0);
    CHECK((fd = eventfd(0, 0)) >= 0 && timerfd_create(CLOCK_MONOTONIC, 0) >= 0);
    taken(before, 3, 3, 2, 2);
    /* By a path one may open a pipe, as its first use shows; dup2 changes what a number is. */
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", pair[0]);
    CHECK((more[0] = open(path, O_RDONLY)) >= 0 && write(pair[1], "x", 1) == 1 && read(more[0], b, 1) == 1);
    taken(before, 3, 4, 2, 2);
    CHECK_EQUAL(dup2(listener, more[0]), more[0]);
    taken(before, 4, 3, 2, 2);
    CHECK_EQUAL(close(listener), 0);
    CHECK_EQUAL(close(fd), 0);
    CHECK_EQUAL(close(more[0]), 0);
    taken(before, 2, 3, 2, 1);
    return 0;
}
