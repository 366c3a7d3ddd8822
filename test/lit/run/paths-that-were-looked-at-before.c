/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * stat and open of a path that was in memory a moment ago say what there is now: another file, none, a symbolic link, a directory in its
 * place, by this program or another; a fifo that has taken a regular file's place, in whatever moment, is waited for by the one thread that
 * opens it; and an address that is none, or is none any more, is the kernel's to refuse.
 *
 * RUN: rm -rf %t.d && mkdir %t.d
 * RUN: %capcc -O2 %s -o %t -pthread
 * RUN: timeout 60 %t %t.d
 * RUN: env CAPRICCIO_WORKERS=1 timeout 60 %t %t.d
 * RUN: env CAPRICCIO_WORKERS=3 timeout 60 %t %t.d
 * RUN: env CAPRICCIO_STACK=always CAPRICCIO_WORKERS=1 timeout 60 %t %t.d
 */
#define _GNU_SOURCE
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char path[4000], other[4000];
static volatile int turns, stop;

static void *turn(void *arg) {
    while (!stop) {
        turns++;
        usleep(500);
    }
    return arg;
}

static void write_file(const char *name, const char *text) {
    int fd = open(name, O_CREAT | O_TRUNC | O_WRONLY, 0600);
    assert(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text) && close(fd) == 0);
}

static long size_of(const char *name) {
    struct stat st;
    return stat(name, &st) ? -errno : S_ISDIR(st.st_mode) ? -1000 : (long)st.st_size;
}

static long opened(const char *name) {
    char text[100];
    int fd = open(name, O_RDONLY);
    if (fd < 0) return -errno;
    long n = read(fd, text, sizeof text);
    close(fd);
    return n < 0 ? -errno : n;
}

static void *open_writer(void *arg) {
    usleep(20000);
    int fd = open(path, O_WRONLY);
    assert(fd >= 0 && write(fd, "fifo!", 5) == 5 && close(fd) == 0);
    return arg;
}

/* The fifo is where a regular file was; who opens it waits, and nobody else. */
static void open_fifo(const char *name) {
    pthread_t t;
    int before = turns;
    assert(pthread_create(&t, NULL, open_writer, NULL) == 0);
    assert(opened(name) == 5 && turns > before + 3);
    assert(pthread_join(t, NULL) == 0);
}

static void others(const char *command) {
    int status;
    pid_t child = fork();
    if (!child) {
        execl("/bin/sh", "sh", "-c", command, (char *)NULL);
        _exit(127);
    }
    assert(waitpid(child, &status, 0) == child && status == 0);
}

static volatile int opened_all;

static void *swap(void *arg) {
    while (!opened_all) {
        assert(renameat2(AT_FDCWD, path, AT_FDCWD, other, RENAME_EXCHANGE) == 0);
        usleep(50);
    }
    return arg;
}

/* Lets go who waits for the fifo, whichever name it has. */
static void *let_go(void *arg) {
    while (!opened_all) {
        for (int i = 0; i < 2; i++) {
            int fd = open(i ? path : other, O_WRONLY | O_NONBLOCK);
            if (fd >= 0) close(fd);
        }
        usleep(1000);
    }
    return arg;
}

static void *open_again_and_again(void *arg) {
    struct stat st;
    for (int i = 0; i < 2000; i++) {
        assert(stat(path, &st) == 0);
        int fd = open(path, O_RDONLY);
        assert(fd >= 0 && !(fcntl(fd, F_GETFL) & O_NONBLOCK) && close(fd) == 0);
    }
    return arg;
}

int main(int argc, char **argv) {
    pthread_t t;
    char command[9000];
    struct stat st;
    assert(argc == 2 && snprintf(path, sizeof path, "%s/it", realpath(argv[1], other)) < (int)sizeof path);
    snprintf(other, sizeof other, "%s/other", argv[1]);
    assert(pthread_create(&t, NULL, turn, NULL) == 0);
    for (int round = 0; round < 30; round++) {
        write_file(path, "abc");
        for (int i = 0; i < 3; i++) assert(size_of(path) == 3 && opened(path) == 3);
        write_file(other, "abcdef");
        assert(rename(other, path) == 0);
        for (int i = 0; i < 3; i++) assert(size_of(path) == 6 && opened(path) == 6);
        assert(unlink(path) == 0);
        for (int i = 0; i < 2; i++) assert(size_of(path) == -ENOENT && opened(path) == -ENOENT);
        write_file(path, "x");
        assert(size_of(path) == 1 && lstat(path, &st) == 0 && S_ISREG(st.st_mode) && opened(path) == 1);
        assert(unlink(path) == 0 && symlink("nowhere", path) == 0);
        for (int i = 0; i < 3; i++) assert(size_of(path) == -ENOENT && lstat(path, &st) == 0 && S_ISLNK(st.st_mode) && opened(path) == -ENOENT);
        assert(open(path, O_RDONLY | O_NOFOLLOW) == -1 && errno == ELOOP);
        assert(unlink(path) == 0 && mkdir(path, 0700) == 0);
        for (int i = 0; i < 3; i++) assert(size_of(path) == -1000 && opened(path) == -EISDIR);
        assert(rmdir(path) == 0);
        /* A fifo, by its whole path, and by a name in whose directory there was a file before. */
        if (round % 10 == 0) {
            write_file(path, "abc");
            assert(size_of(path) == 3 && opened(path) == 3 && size_of(path) == 3);
            assert(unlink(path) == 0 && mkfifo(path, 0600) == 0);
            open_fifo(path);
            assert(chdir(argv[1]) == 0 && mkdir("in", 0700) == 0);
            write_file("in/it", "a");
            assert(chdir("in") == 0 && size_of("it") == 1 && opened("it") == 1 && size_of("it") == 1 && chdir("..") == 0);
            open_fifo("it");
            assert(unlink("in/it") == 0 && rmdir("in") == 0 && unlink("it") == 0 && chdir("/") == 0);
        }
        /* By another program. */
        if (round % 10 == 5) {
            write_file(path, "abc");
            assert(size_of(path) == 3 && opened(path) == 3 && size_of(path) == 3);
            snprintf(command, sizeof command, "rm %s && mkfifo %s", path, path);
            others(command);
            open_fifo(path);
            snprintf(command, sizeof command, "rm %s && echo 12345 >%s", path, path);
            others(command);
            assert(size_of(path) == 6 && opened(path) == 6 && unlink(path) == 0);
        }
    }
    /* In the middle of a look and an open. */
    pthread_t helpers[4];
    write_file(path, "abc");
    assert(mkfifo(other, 0600) == 0);
    assert(pthread_create(&helpers[0], NULL, swap, NULL) == 0 && pthread_create(&helpers[1], NULL, let_go, NULL) == 0);
    for (int i = 2; i < 4; i++) assert(pthread_create(&helpers[i], NULL, open_again_and_again, NULL) == 0);
    for (int i = 2; i < 4; i++) assert(pthread_join(helpers[i], NULL) == 0);
    opened_all = 1;
    for (int i = 0; i < 2; i++) assert(pthread_join(helpers[i], NULL) == 0);
    assert(unlink(path) == 0 && unlink(other) == 0);
    /* What has never been read is not read now, and what is readable no more neither. */
    char *page = mmap(NULL, 8192, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert(page != MAP_FAILED && size_of(page) == -EFAULT && opened(page) == -EFAULT);
    assert(size_of((char *)8) == -EFAULT && opened((char *)-4096) == -EFAULT);
    /* A path that ends where a page does, one that does not end before memory does. */
    assert(mprotect(page, 4096, PROT_READ | PROT_WRITE) == 0);
    write_file(path, "abc");
    char *end = page + 4096 - strlen(path) - 1;
    strcpy(end, path);
    for (int i = 0; i < 3; i++) assert(size_of(end) == 3 && opened(end) == 3);
    assert(mprotect(page, 4096, PROT_NONE) == 0 && size_of(end) == -EFAULT && opened(end) == -EFAULT);
    assert(mprotect(page, 4096, PROT_READ | PROT_WRITE) == 0);
    memset(page, 'a', 4096);
    assert(size_of(page + 4000) == -EFAULT && opened(page + 4000) == -EFAULT);
    assert(unlink(path) == 0);
    stop = 1;
    assert(pthread_join(t, NULL) == 0);
    return 0;
}
