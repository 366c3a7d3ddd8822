/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * How many descriptors the worker counts as taken is as many afterwards as before, by whichever calls they come and go: the scheduler
 * holds those that take them by this.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check.h"
#include "layout.h"

#define SAME(...)                                                                                                                  \
    do {                                                                                                                           \
        int64_t before = capr__worker.use.files;                                                                                   \
        __VA_ARGS__                                                                                                                \
        CHECK_EQUAL(capr__worker.use.files, before);                                                                               \
    } while (0)

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

    /* And they are counted while they are open. */
    int64_t before = capr__worker.use.files;
    CHECK((fd = open("/", O_RDONLY)) >= 0);
    CHECK_EQUAL(pipe(pair), 0);
    CHECK_EQUAL(capr__worker.use.files, before + 3);
    return 0;
}
