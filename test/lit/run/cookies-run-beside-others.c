/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The functions that fopencookie was given, and those of glob, are code of the program's: other threads make calls of their own while one is
 * in there, also where it waits for them without giving way.
 *
 * RUN: %capcc -O2 %s -o %t -pthread
 * RUN: env CAPRICCIO_WORKERS=2 timeout 100 %t
 * RUN: env CAPRICCIO_WORKERS=4 timeout 100 %t
 * RUN: env CAPRICCIO_WORKERS=16 timeout 100 %t
 */
#define _GNU_SOURCE
#include <assert.h>
#include <dirent.h>
#include <fcntl.h>
#include <glob.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define ROUNDS 40

enum { NOTHING, ASKED, DONE, STOP };
static atomic_int state, stop;

/* Until the helper, on another worker, has opened and written. */
static void ask(void) {
    state = ASKED;
    while (state != DONE) continue;
}

static void *help(void *arg) {
    while (state != STOP) {
        if (state == ASKED) {
            int fd = open("/dev/null", O_WRONLY), was = ASKED;
            assert(fd >= 0 && write(fd, "x", 1) == 1 && close(fd) == 0);
            atomic_compare_exchange_strong(&state, &was, DONE);
        }
        sched_yield();
    }
    return arg;
}

/* Threads that come and go through the runtime all the time. */
static void *pass(void *arg) {
    int pair[2];
    char byte;
    assert(pipe(pair) == 0);
    while (!stop) {
        assert(write(pair[1], "x", 1) == 1 && read(pair[0], &byte, 1) == 1);
        sched_yield();
    }
    return arg;
}

static ssize_t put(void *cookie, const char *from, size_t n) {
    (void)cookie, (void)from;
    ask();
    return (ssize_t)n;
}

static ssize_t get(void *cookie, char *to, size_t n) {
    (void)cookie, (void)n;
    ask();
    *to = '\n';
    return 1;
}

static int end(void *cookie) {
    (void)cookie;
    ask();
    return 0;
}

static void *open_slowly(const char *name) {
    ask();
    return opendir(name);
}

static void *use(void *arg) {
    for (int i = 0; i < ROUNDS; i++) {
        char line[8];
        FILE *f = fopencookie(NULL, "r+", (cookie_io_functions_t){get, put, NULL, end});
        assert(f && fprintf(f, "hello\n") == 6 && fflush(f) == 0 && fgets(line, sizeof line, f) && fputs("bye", f) >= 0 && fclose(f) == 0);
        glob_t found = {.gl_opendir = open_slowly,
                        .gl_readdir = (struct dirent * (*)(void *)) readdir,
                        .gl_closedir = (void (*)(void *))closedir,
                        .gl_lstat = lstat,
                        .gl_stat = stat};
        assert(glob("/*tc", GLOB_ALTDIRFUNC, NULL, &found) == 0);
        globfree(&found);
    }
    return arg;
}

int main(void) {
    pthread_t helper, user, noise[2];
    for (int i = 0; i < 2; i++) assert(pthread_create(&noise[i], NULL, pass, NULL) == 0);
    assert(pthread_create(&helper, NULL, help, NULL) == 0 && pthread_create(&user, NULL, use, NULL) == 0);
    assert(pthread_join(user, NULL) == 0);
    state = STOP;
    stop = 1;
    assert(pthread_join(helper, NULL) == 0);
    for (int i = 0; i < 2; i++) assert(pthread_join(noise[i], NULL) == 0);
    return 0;
}
