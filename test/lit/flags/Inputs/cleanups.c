/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Handlers pushed in frames some way apart, so that short pieces of stack lie between them.
 *
 * CHECK: popped first
 * CHECK-NEXT: deep 3
 * CHECK-NEXT: deep 2
 * CHECK-NEXT: deep 1
 * CHECK-NEXT: cancelled 1
 * CHECK-NEXT: deep 3
 * CHECK-NEXT: deep 2
 * CHECK-NEXT: deep 1
 * CHECK-NEXT: result 42
 * CHECK-NEXT: left the scope
 */
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

static int by_exit;
static int ends[2];

static void say(void *text) { printf("%s\n", (const char *)text); }
static void say_depth(void *depth) { printf("deep %d\n", *(int *)depth); }

__attribute__((noinline)) static void descend(int depth) {
    char local[600];
    snprintf(local, sizeof local, "%d", depth);
    pthread_cleanup_push(say_depth, &depth);
    if (depth < 3)
        descend(depth + 1);
    else if (by_exit)
        pthread_exit((void *)42L);
    else
        for (;;)
            read(ends[0], local, 1);
    pthread_cleanup_pop(0);
}

static void *entry(void *unused) {
    pthread_cleanup_push(say, "popped first");
    pthread_cleanup_pop(!by_exit);
    descend(1);
    return unused;
}

static void leave(int *unused) {
    (void)unused;
    printf("left the scope\n");
}

int main(void) {
    pthread_t thread;
    void *result;
    if (pipe(ends) != 0)
        return 1;
    pthread_create(&thread, NULL, entry, NULL);
    usleep(10000);
    pthread_cancel(thread);
    pthread_join(thread, &result);
    printf("cancelled %d\n", result == PTHREAD_CANCELED);
    by_exit = 1;
    pthread_create(&thread, NULL, entry, NULL);
    pthread_join(thread, &result);
    printf("result %ld\n", (long)result);
    __attribute__((cleanup(leave))) int scoped = 0;
    (void)scoped;
    return 0;
}
