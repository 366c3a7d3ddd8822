/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Do threads pile up behind a mutex that all of them need often? Each takes it for about 50 ns, then works alone for about 200 and gives
 * way now and then while it holds it, as a thread does whose turn ends at a bad moment. Prints rounds a second of all threads together.
 *
 *     convoy THREADS [SECONDS]        default 2 s
 */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define HOLD 20    /* multiplications under the lock */
#define ALONE 80   /* and without it */
#define UNLUCKY 64 /* rounds between those in which the holder gives way */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static volatile int stop;
static unsigned long shared;

static unsigned long work(unsigned long x, int n) {
    while (n--) x = x * 6364136223846793005ul + 1442695040888963407ul;
    return x;
}

static void *rounds(void *arg) {
    unsigned long mine = (unsigned long)arg;
    long done = 0;
    for (; !stop; done++) {
        pthread_mutex_lock(&lock);
        shared = work(shared, HOLD);
        if (done % UNLUCKY == 0) sched_yield();
        pthread_mutex_unlock(&lock);
        mine = work(mine, ALONE);
        if (done % 16 == 0) sched_yield();
    }
    shared += mine & 1; /* so that the work is done */
    return (void *)done;
}

int main(int argc, char **argv) {
    int threads = argc > 1 ? atoi(argv[1]) : 0, seconds = argc > 2 ? atoi(argv[2]) : 2;
    if (threads < 1 || seconds < 1) {
        fprintf(stderr, "usage: convoy THREADS [SECONDS]\n");
        return 2;
    }
    pthread_t *t = calloc((size_t)threads, sizeof *t);
    pthread_attr_t attr;
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, 64 << 10);
    struct timespec began, ended;
    clock_gettime(CLOCK_MONOTONIC, &began);
    for (long i = 0; i < threads; i++)
        if (pthread_create(&t[i], &attr, rounds, (void *)i)) {
            perror("pthread_create");
            return 1;
        }
    sleep((unsigned)seconds);
    stop = 1;
    long sum = 0;
    for (int i = 0; i < threads; i++) {
        void *done;
        pthread_join(t[i], &done);
        sum += (long)done;
    }
    clock_gettime(CLOCK_MONOTONIC, &ended);
    printf("%.0f\n", (double)sum / ((double)(ended.tv_sec - began.tv_sec) + (double)(ended.tv_nsec - began.tv_nsec) / 1e9));
    return 0;
}
