/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Functions that libc calls because they were registered earlier: a handler of pthread_atfork, a stream's close function.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static int closes(void *unused) {
    usleep(1000);
    return unused != NULL;
}

static void prepares(void) { usleep(1000); }

static void use(void) {
    fclose(fopencookie(NULL, "r", (cookie_io_functions_t){.close = closes}));
    pid_t pid = fork();
    if (pid == 0) _exit(0);
    waitpid(pid, NULL, 0);
}

__attribute__((noinline)) static void once(void) {
    use();
    __asm__ volatile("");
}

__attribute__((noinline)) static void often(void) {
    for (int i = 0; i < 3; i++) use();
    __asm__ volatile("");
}

static void *thread(void *unused) {
    once();
    often();
    return unused;
}

int main(void) {
    pthread_t t;
    pthread_atfork(prepares, NULL, NULL);
    pthread_create(&t, NULL, thread, NULL);
    pthread_join(t, NULL);
    return 0;
}
