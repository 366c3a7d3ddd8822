/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Does a thread that is always ready keep others from running? BUSY threads yield in a loop, a hundred sleep for a millisecond again and again.
 * Prints, in ms, how late the sleepers were: median, 99 % and worst.
 *
 *     starve BUSY [SECONDS]        default 3 s
 */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define SLEEPERS 100
#define MOST 1000000

static volatile int stop;
static float late[MOST];
static int count;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void *busy(void *arg) {
    while (!stop) sched_yield();
    return arg;
}

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void *sleeper(void *arg) {
    while (!stop) {
        double before = now();
        usleep(1000);
        double by = now() - before - 1;
        pthread_mutex_lock(&lock);
        if (count < MOST) late[count++] = (float)by;
        pthread_mutex_unlock(&lock);
    }
    return arg;
}

static int by_value(const void *a, const void *b) { return (*(const float *)a > *(const float *)b) - (*(const float *)a < *(const float *)b); }

int main(int argc, char **argv) {
    int threads = argc > 1 ? atoi(argv[1]) : -1, seconds = argc > 2 ? atoi(argv[2]) : 3;
    if (threads < 0 || seconds < 1) {
        fprintf(stderr, "usage: starve BUSY [SECONDS]\n");
        return 2;
    }
    pthread_t t;
    for (int i = 0; i < threads + SLEEPERS; i++)
        if (pthread_create(&t, NULL, i < threads ? busy : sleeper, NULL)) {
            perror("pthread_create");
            return 1;
        }
    sleep((unsigned)seconds);
    stop = 1;
    pthread_mutex_lock(&lock);
    qsort(late, (size_t)count, sizeof *late, by_value);
    if (count) printf("%.3f %.3f %.3f\n", late[count / 2], late[count * 99 / 100], late[count - 1]);
    fflush(stdout);
    _exit(count == 0);
}
