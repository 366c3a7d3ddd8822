/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * stat, access and readlink take no descriptor that the program could meet: dup gives the lowest number, dup2 to a free number closes nothing
 * of anybody's, a child has what its parent opened. And access walks as the real user.
 *
 * RUN: %capcc -O2 %s -o %t -pthread
 * RUN: rm -rf %t.d
 * RUN: timeout 100 %t %t.d
 * RUN: env CAPRICCIO_WORKERS=1 timeout 100 %t %t.d
 * RUN: env CAPRICCIO_WORKERS=4 timeout 100 %t %t.d
 */
#define _GNU_SOURCE
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define ROUNDS 1500
#define FORKS 150

static atomic_int stop;

static void *look(void *arg) {
    struct stat st;
    char name[64];
    while (!stop) {
        assert(access("/etc/passwd", R_OK) == 0);
        assert(stat("/etc/passwd", &st) == 0 && S_ISREG(st.st_mode));
        assert(readlink("/proc/self/exe", name, sizeof name) > 0);
        if (arg) sched_yield();
    }
    return arg;
}

static int open_ones(void) {
    int n = 0;
    for (int fd = 0; fd < 64; fd++) n += fcntl(fd, F_GETFD) >= 0;
    return n;
}

static void change_numbers(int fd) {
    struct stat own, st;
    int low = dup(fd);
    assert(low >= 0 && fstat(fd, &own) == 0 && close(low) == 0);
    for (int i = 0; i < ROUNDS; i++) {
        assert(dup(fd) == low && close(low) == 0 && dup2(fd, low) == low);
        for (int k = 0; k < 20; k++) {
            if (k % 5 == 4) sched_yield();
            assert(fstat(low, &st) == 0 && st.st_ino == own.st_ino);
        }
        assert(close(low) == 0);
    }
}

static void fork_children(int open_before) {
    for (int i = 0; i < FORKS; i++) {
        pid_t child = fork();
        if (child == 0) _exit(open_ones() != open_before);
        int status;
        assert(child > 0 && waitpid(child, &status, 0) == child && status == 0);
    }
}

/* To the effective user, root, the file is open; the real one may not so much as walk there. */
static void ask_as_the_real_user(const char *directory) {
    if (geteuid() != 0) return;
    char file[4000];
    snprintf(file, sizeof file, "%s/file", directory);
    assert(mkdir(directory, 0700) == 0);
    int fd = open(file, O_CREAT | O_WRONLY, 0666);
    assert(fd >= 0 && fchmod(fd, 0666) == 0 && close(fd) == 0);
    pid_t child = fork();
    if (child == 0) {
        assert(setresuid(65534, 0, 0) == 0);
        for (int i = 0; i < 3; i++) {
            assert(access(file, R_OK) == -1 && errno == EACCES);
            assert(faccessat(AT_FDCWD, file, R_OK, 0) == -1 && errno == EACCES);
            assert(faccessat(AT_FDCWD, file, R_OK, AT_EACCESS) == 0);
        }
        _exit(0);
    }
    int status;
    assert(child > 0 && waitpid(child, &status, 0) == child && status == 0);
    assert(unlink(file) == 0 && rmdir(directory) == 0);
}

int main(int argc, char **argv) {
    pthread_t lookers[3];
    int pair[2], before;
    assert(argc == 2 && pipe(pair) == 0);
    before = open_ones();
    for (long i = 0; i < 3; i++) assert(pthread_create(&lookers[i], NULL, look, (void *)i) == 0);
    change_numbers(pair[0]);
    fork_children(before);
    ask_as_the_real_user(argv[1]);
    stop = 1;
    for (int i = 0; i < 3; i++) assert(pthread_join(lookers[i], NULL) == 0);
    return 0;
}
