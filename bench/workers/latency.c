/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * How long does a request wait while others compute? THREADS threads compute without end, one answers a socket. The client is a
 * process of its own, which asks a millisecond after each answer, for two seconds at most, once all threads have begun; prints the median and the 99th percentile of its waits in us.
 *
 * The loop that computes has an end, if a far one: one that has none would give way by itself.
 *
 *     latency [THREADS [REQUESTS]]        defaults 64 and 500
 */
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../threads/measure.h"

static int ends[2];

static __attribute__((noinline)) unsigned long work(unsigned long x) {
    for (int i = 0; i < 1000; i++) x = (x ^ x >> 31) * 0x9e3779b97f4a7c15ul;
    return x;
}

static void *computes(void *arg) {
    unsigned long x = (unsigned long)arg;
    for (long i = 0; i < 1l << 40; i++) x = work(x);
    return (void *)x;
}

static void *answers(void *arg) {
    char byte;
    while (read(ends[0], &byte, 1) == 1 && write(ends[0], &byte, 1) == 1) continue;
    return arg;
}

static void ask(long requests) {
    double *waits = calloc((size_t)requests, sizeof *waits);
    char byte = 'x';
    sleep(4); /* all threads have begun: two slices each */
    double end = measure_ns(CLOCK_MONOTONIC) + 2e9;
    long done = 0;
    for (; done < requests && measure_ns(CLOCK_MONOTONIC) < end; done++) {
        usleep(1000);
        double begin = measure_ns(CLOCK_MONOTONIC);
        measure_need(write(ends[1], &byte, 1) == 1 && read(ends[1], &byte, 1) == 1, "a request");
        waits[done] = (measure_ns(CLOCK_MONOTONIC) - begin) / 1000;
    }
    qsort(waits, (size_t)done, sizeof *waits, measure_order);
    printf("%.0f %.0f\n", waits[done / 2], waits[done * 99 / 100]);
    fflush(stdout);
    _exit(0);
}

int main(int argc, char **argv) {
    long threads = measure_argument(argc, argv, 1, 64), requests = measure_argument(argc, argv, 2, 500);
    pthread_t id;
    measure_need(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0, "socketpair");
    pid_t client = fork();
    measure_need(client >= 0, "fork");
    if (client == 0) {
        close(ends[0]);
        ask(requests);
    }
    close(ends[1]);
    measure_need(pthread_create(&id, NULL, answers, NULL) == 0, "pthread_create");
    for (long i = 0; i < threads; i++) {
        pthread_t other;
        measure_need(pthread_create(&other, NULL, computes, (void *)(i + 1)) == 0, "pthread_create");
    }
    pthread_join(id, NULL);
    waitpid(client, NULL, 0);
    _exit(0);
}
