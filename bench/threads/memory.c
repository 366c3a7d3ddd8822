/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * What does a blocked thread cost in memory? Starts N threads that all block in read on one pipe, then prints what memory grew by per
 * thread (resident.h); wakes and joins them. Plain pthreads: build it with any compiler.
 *
 *     memory [THREADS]        default 100,000; native threads are limited by kernel.threads-max and vm.max_map_count
 */
#include <errno.h>
#include <pthread.h>
#include <unistd.h>

#include "resident.h"

static int pipe_ends[2];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static long started;

static void *blocked(void *arg) {
    char byte;
    pthread_mutex_lock(&lock);
    started++;
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&lock);
    while (read(pipe_ends[0], &byte, 1) < 0 && errno == EINTR) continue;
    return arg;
}

int main(int argc, char **argv) {
    long count = argc > 1 ? strtol(argv[1], NULL, 10) : 100000;
    if (count < 1 || pipe(pipe_ends)) {
        fprintf(stderr, "memory: error: %s: a number of threads from 1 up\n", argc > 1 ? argv[1] : "pipe");
        return 2;
    }
    pthread_t *threads = calloc((size_t)count, sizeof *threads);
    memset(threads, 1, (size_t)count * sizeof *threads); /* not part of the growth */
    struct resident before = resident_now();

    long made = 0;
    pthread_attr_t attr;
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, 64 << 10); /* natively the address space is the limit; the pages touched are the same */
    while (made < count && pthread_create(&threads[made], &attr, blocked, NULL) == 0) made++;
    pthread_mutex_lock(&lock);
    while (started < made) pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
    usleep(100000); /* natively the last ones are still on their way into read */

    resident_print(before, resident_now(), made);

    char byte = 0;
    for (long i = 0; i < made; i++)
        if (write(pipe_ends[1], &byte, 1) != 1) return 1;
    for (long i = 0; i < made; i++) pthread_join(threads[i], NULL);
    return made == count ? 0 : 3;
}
