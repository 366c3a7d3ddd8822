/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The questions of bench/threads put to another package of user-level threads: built once for each, with `-include pth.h`, `st.h` or
 * `fiber.h` of this directory, which say what a thread, a mutex and a condition are there. Prints what the programs of bench/threads
 * print: elapsed and processor time of an operation in ns, or for `memory` what memory grew by. C and C++, since one of them is.
 *
 *     threads yield THREADS CALLS | create THREADS | mutex TIMES | handoff TURNS | memory THREADS
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../threads/measure.h"
#include "../threads/resident.h"

#define ROUNDS 5

static peer_mutex lock;
static peer_cond go, over, changed[2];
static long threads, each, round_now, running;

static peer_thread *new_threads(long n) { return (peer_thread *)calloc((size_t)n, sizeof(peer_thread)); }

/* Waits for the next round. */
static void wait_for_round(long round) {
    peer_lock(&lock);
    while (round_now <= round) peer_wait(&go, &lock);
    peer_unlock(&lock);
}

static void end_round(void) {
    peer_lock(&lock);
    if (--running == 0) peer_signal(&over);
    peer_unlock(&lock);
}

static void *yields(void *arg) {
    for (long round = 0; round < ROUNDS; round++) {
        wait_for_round(round);
        for (long i = 0; i < each; i++) peer_yield((long)arg, threads);
        peer_yielded((long)arg, threads);
        end_round();
    }
    return NULL;
}

static void measure_yield(long count, long calls) {
    threads = count;
    each = (calls + threads - 1) / threads;
    peer_yield_begin(threads);
    peer_thread *ids = new_threads(threads);
    for (long i = 0; i < threads; i++) peer_create(&ids[i], yields, (void *)i);
    for (int round = 0; round < ROUNDS; round++) {
        measure_begin();
        peer_lock(&lock);
        running = threads;
        round_now++;
        peer_broadcast(&go);
        while (running) peer_wait(&over, &lock);
        peer_unlock(&lock);
        measure_end((double)(each * threads));
    }
    for (long i = 0; i < threads; i++) peer_join(&ids[i]);
}

static void *nothing(void *arg) { return arg; }

static void measure_create(long count) {
    for (int round = 0; round < ROUNDS; round++) {
        measure_begin();
        for (long i = 0; i < count; i++) {
            peer_thread id;
            peer_create(&id, nothing, NULL);
            peer_join(&id);
        }
        measure_end((double)count);
    }
}

static void measure_mutex(long times) {
    static volatile long counter;
    for (int round = 0; round < ROUNDS; round++) {
        measure_begin();
        for (long i = 0; i < times; i++) {
            peer_lock(&lock);
            counter = i;
            peer_unlock(&lock);
        }
        measure_end((double)times);
    }
}

static int turn;

static void play(int me) {
    peer_lock(&lock);
    while (turn != me) peer_wait(&changed[me], &lock);
    turn = !me;
    peer_signal(&changed[!me]);
    peer_unlock(&lock);
}

static void *other(void *arg) {
    for (long i = 0; i < each * ROUNDS; i++) play(1);
    return arg;
}

static void measure_handoff(long turns) {
    peer_thread id;
    each = turns / 2;
    peer_create(&id, other, NULL);
    for (int round = 0; round < ROUNDS; round++) {
        measure_begin();
        for (long i = 0; i < each; i++) play(0);
        measure_end((double)(2 * each));
    }
    peer_join(&id);
}

static void *blocked(void *arg) {
    peer_lock(&lock);
    if (++running == threads) peer_signal(&over);
    while (!round_now) peer_wait(&go, &lock);
    peer_unlock(&lock);
    return arg;
}

static void measure_memory(long count) {
    threads = count;
    peer_thread *ids = new_threads(count);
    memset((void *)ids, 0, (size_t)count * sizeof *ids); /* not part of the growth */
    struct resident before = resident_now();
    for (long i = 0; i < count; i++) peer_create(&ids[i], blocked, NULL);
    peer_lock(&lock);
    while (running < count) peer_wait(&over, &lock);
    peer_unlock(&lock);
    resident_print(before, resident_now(), count);
    _exit(0); /* without what a package does at the end about threads that still wait */
}

int main(int argc, char **argv) {
    const char *what = argc > 1 ? argv[1] : "";
    long n = measure_argument(argc, argv, 2, 2);
    peer_begin();
    peer_mutex_init(&lock);
    peer_cond_init(&go);
    peer_cond_init(&over);
    peer_cond_init(&changed[0]);
    peer_cond_init(&changed[1]);
    if (strcmp(what, "yield") == 0) measure_yield(n, measure_argument(argc, argv, 3, 1000000));
    else if (strcmp(what, "create") == 0) measure_create(n);
    else if (strcmp(what, "mutex") == 0) measure_mutex(n);
    else if (strcmp(what, "handoff") == 0) measure_handoff(n);
    else if (strcmp(what, "memory") == 0) measure_memory(n);
    else return fprintf(stderr, "%s: error: %s: one of yield, create, mutex, handoff, memory\n", argv[0], what), 2;
    measure_print();
    _exit(0);
}
