/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Linked stacks in motion: a million frames deep on a thread and on main; threads that are switched away on linked chunks and on
 * borrowed stacks, nested; threads that end there. Afterwards every chunk is back and every big stack is in the pool. With the
 * argument `storm` a timer interrupts all of it every 50 us, in the middle of links and switches too.
 */
#include <pthread.h>
#include <stdint.h>
#include <signal.h>
#include <string.h>
#include <sys/time.h>

#include "check.h"
#include "sched/sched.h"
#include "stack/bigstack.h"
#include "stack/chunk.h"
#include "stubs.h"

/* Needs: one frame of the callee as clang makes it at -O2 (under 64 bytes here), the return address of its own call, and what the
 * stub that it calls needs. */
#define FRAMES 1000000

NAMED uint64_t count_down(uint64_t n);
STUB_CHECK(count_down_checked, count_down, 128, 0);
extern __typeof__(count_down) count_down_checked;

uint64_t count_down(uint64_t n) {
    if (n == 0) return 0;
    uint64_t below = count_down_checked(n - 1);
    __asm__ volatile("" : "+r"(below));
    return below + 1;
}

static void *deep(void *arg) {
    CHECK_EQUAL(count_down_checked((uint64_t)arg), (uint64_t)arg);
    return NULL;
}

/* Switched away in the middle of everything. Each level is a link or a borrow, at random; at the bottom a few yields. */
#define LEVELS 8
struct mover {
    uint32_t random;
    int leave; /* ends at the bottom, by pthread_exit */
};

NAMED uint64_t move(struct mover *m, uint64_t level);
STUB_LINK(move_linked, move, 2048, 0);
STUB_BORROW(move_borrowed, move);
extern __typeof__(move) move_linked, move_borrowed;

uint64_t move(struct mover *m, uint64_t level) {
    volatile uint64_t mark[4] = {level, level * 3, (uint64_t)m, m->random};
    capr__yield();
    uint64_t sum = level;
    if (level < LEVELS) {
        m->random = m->random * 1664525u + 1013904223u;
        sum += m->random >> 31 ? move_linked(m, level + 1) : move_borrowed(m, level + 1);
    } else if (m->leave) {
        pthread_exit((void *)99);
    }
    capr__yield();
    CHECK_EQUAL(mark[0], level);
    CHECK_EQUAL(mark[1], level * 3);
    CHECK_EQUAL(mark[2], (uint64_t)m);
    return sum;
}

static void *wander(void *arg) {
    struct mover m = *(struct mover *)arg;
    CHECK_EQUAL(m.random & 1 ? move_linked(&m, 0) : move_borrowed(&m, 0), LEVELS * (LEVELS + 1) / 2);
    CHECK(!m.leave);
    return NULL;
}

static uint64_t pool_size(void) {
    uint64_t n = 0;
    for (struct capr_bigstack *b = capr__worker.big_pool; b; b = b->next) {
        n++;
        CHECK(b->next != b);
    }
    return n;
}

static void wander_all(void) {
    enum { THREADS = 200 };
    static pthread_t t[THREADS];
    static struct mover m[THREADS];
    for (uint32_t i = 0; i < THREADS; i++) {
        m[i] = (struct mover){i * 2654435761u + 12345, i % 3 == 0};
        CHECK_EQUAL(pthread_create(&t[i], NULL, wander, &m[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        void *result;
        CHECK_EQUAL(pthread_join(t[i], &result), 0);
        CHECK_EQUAL((uint64_t)result, i % 3 ? 0 : 99);
    }
}

static volatile unsigned interrupts;

static void interrupt(int signal) {
    char text[200];
    snprintf(text, sizeof text, "%d %f", signal, 1.5); /* external code, which is borrowed for everywhere else */
    interrupts += text[0] != 0;
}

static void start_storm(void) {
    struct sigaction action = {.sa_handler = interrupt, .sa_flags = SA_RESTART};
    struct itimerval every = {{0, 50}, {0, 50}};
    CHECK_EQUAL(sigaction(SIGALRM, &action, NULL), 0);
    CHECK_EQUAL(setitimer(ITIMER_REAL, &every, NULL), 0);
}

int main(int argc, char **argv) {
    pthread_t t;
    int storm = argc > 1 && !strcmp(argv[1], "storm");
    if (storm) start_storm();
    uint64_t in_use = capr__chunk_bytes_in_use(&capr__worker);
    CHECK_EQUAL(pthread_create(&t, NULL, deep, (void *)FRAMES), 0);
    CHECK_EQUAL(pthread_join(t, NULL), 0);
    CHECK(capr__worker.links > FRAMES / 2000);
    CHECK_EQUAL(count_down_checked(FRAMES), FRAMES);
    CHECK(capr__worker.self->chunk == NULL);
    CHECK_EQUAL(capr__chunk_bytes_in_use(&capr__worker), in_use);

    wander_all();
    CHECK_EQUAL(capr__chunk_bytes_in_use(&capr__worker), in_use);
    /* Nobody but main, who has its own, is left: the same threads again need no big stack that is not in the pool. */
    uint64_t stacks = pool_size();
    CHECK(stacks > 10);
    for (int i = 0; i < 20 || (storm && interrupts < 2000); i++) wander_all();
    CHECK_EQUAL(pool_size(), stacks);
    CHECK_EQUAL(capr__chunk_bytes_in_use(&capr__worker), in_use);
    return 0;
}
