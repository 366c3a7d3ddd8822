/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The pattern of LLVM issue 98479: errno, and a thread-local variable's address, before and after a call in which the thread goes on
 * on another kernel thread. To an optimizer both addresses are constants of the function's.
 *
 * RUN: env CAPRICCIO_WORKERS=4 %run-matrix %s %t | FileCheck %s
 */
#include "Inputs/on-thread.h"
#include <errno.h>
#include <sched.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define THREADS 16
#define LEAST 20 /* times that it has to have happened, in so many rounds of a thread: some hundred times what it takes */
#define ROUNDS 100000

static _Thread_local long own, more[8];
static int migrations, stop, wrong, most = ROUNDS;

static long kernel_thread(void) { return syscall(SYS_gettid); }

/* Waits for a moment, or gives way, and leaves another error than there was in `errno`. */
static KEEP void migrate(int error, int waits) {
    struct timespec moment = {0, 1000};
    if (waits)
        nanosleep(&moment, NULL);
    else
        sched_yield();
    errno = error;
}

static KEEP int round_of(long mark, int waits) {
    long before = kernel_thread();
    long *address = &own, *member = &more[mark % 8];
    errno = 1;
    *address = mark;
    *member = -mark;
    migrate((int)mark, waits); /* errno here is at the address of the kernel thread that the thread is on now */
    int seen = errno;
    errno = seen + 1;
    migrate(errno + 1, 0);
    int ok = errno == (int)mark + 2 && seen == (int)mark && *address == mark && own == mark && *member == -mark && &own == address;
    own = 0;
    ok &= *address == 0;
    return ok ? kernel_thread() != before : -1;
}

static void *entry(void *argument) {
    int number = (int)(intptr_t)argument;
    for (int i = 0; !__atomic_load_n(&stop, __ATOMIC_RELAXED); i++) {
        int r = round_of(10 + number * 100 + i % 100, i % 2);
        if (r < 0)
            __atomic_store_n(&wrong, 1, __ATOMIC_RELAXED);
        if (r < 0 || (r > 0 && __atomic_add_fetch(&migrations, 1, __ATOMIC_RELAXED) >= LEAST))
            __atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
        if (i == most)
            break;
    }
    return NULL;
}

int main(void) {
    pthread_t threads[THREADS];
    const char *native = getenv("CAPCC_LIT_NATIVE"); /* whose threads stay where they are */
    if (native && *native)
        most = 1000;
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, entry, (void *)(intptr_t)i);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    printf("wrong %d, migrated %s\n", wrong, migrations >= LEAST || most < ROUNDS ? "enough" : "too seldom");
    // CHECK: wrong 0, migrated enough
    return 0;
}
