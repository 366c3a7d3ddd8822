/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The blocking graph of several workers: kernel threads count blocks of their own at once, in tables that grow and whose entries move, and
 * make the same nodes; what the first worker reads meanwhile never goes back, and afterwards nothing is missing or there twice. Of means
 * each worker's part is as large as its passages are many. A child of fork keeps the counts, and its new workers take them over.
 */
#include <pthread.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "graph/workers.h"
#include "thread/kernel_thread.h"

#define WORKERS 3
#define ROUND 50       /* words that each worker comes to in turn, */
#define ROUNDS 4000u   /* so often */
#define ANY 40         /* words that it comes to in any order: 1,600 edges */
#define PASSAGES 300000u
#define TAKEN 100      /* bytes a passage of the first worker; twice, three times as many of the others */
#define ROUND_WORD 0x100000000ull
#define ANY_WORD 0x200000000ull

static volatile uint32_t ready, done, failed;

static void pass(struct capr_worker *w, struct capr_thread *self, uint64_t word, int64_t bytes) {
    w->context = word;
    w->use.heap += bytes;
    capr__graph_note(w, self, 0);
}

static void *work(void *number) {
    struct capr_worker *w = &capr__worker;
    struct capr_thread self = {.timer = -1};
    int64_t bytes = TAKEN * ((long)number + 1);
    uint64_t random = 88172645463325252ull + (uint64_t)(long)number;
    w->self = &self;
    if (capr__graph_worker_init(w)) __atomic_add_fetch(&failed, 1, __ATOMIC_SEQ_CST);
    __atomic_add_fetch(&ready, 1, __ATOMIC_SEQ_CST);
    while (ready < WORKERS) __builtin_ia32_pause();
    for (uint32_t i = 0; i < ROUND * ROUNDS; i++) pass(w, &self, ROUND_WORD + i % ROUND, bytes);
    for (uint32_t i = 0; i < PASSAGES; i++) {
        random = random * 6364136223846793005ull + 1442695040888963407ull;
        pass(w, &self, ANY_WORD + (random >> 33) % ANY, 0);
    }
    __atomic_add_fetch(&done, 1, __ATOMIC_SEQ_CST);
    for (;;) syscall(SYS_pause); /* its counts are in its own memory */
    return NULL;
}

static int near(double value, double wanted) { return value > wanted * 0.999 && value < wanted * 1.001; }

static void *nothing_to_do(void *arg) { return arg; }

static uint64_t group(const struct capr_merged_edge *e) { return capr__graph.nodes[e->to].word >> 32; }

static uint64_t passages(const struct capr_merged *m) {
    uint64_t sum = 0;
    for (uint64_t i = 0; i < m->edge_count; i++) sum += group(&m->edges[i]) == 1 || group(&m->edges[i]) == 2 ? m->edges[i].count : 0;
    return sum;
}

static uint64_t passed_in_all;
static void add_passed(const struct capr_edge *e, uint32_t passed, uint32_t *way) {
    *way = e->number + 1; /* its own, whoever else passes */
    CHECK(passed < 1u << 31); /* counts do not go back */
    if (e->word >> 32 == 1 || e->word >> 32 == 2) passed_in_all += passed;
}

static void look_meanwhile(void) {
    uint64_t before = 0, looks = 0;
    while (done < WORKERS) {
        struct capr_merged m;
        CHECK(capr__copy_all(&m));
        CHECK(capr__merge(&m));
        CHECK(passages(&m) >= before);
        before = passages(&m);
        capr__merged_free(&m);
        while (!capr__edges_passed(add_passed)) {
        }
        looks++;
    }
    CHECK(looks > 3);
}

static uint64_t counted_in_tables(void) {
    uint64_t sum = 0;
    for (const struct capr_worker_graph *g = capr__graph_workers(); g; g = g->next)
        for (uint64_t i = 0; i <= g->table->mask; i++) {
            struct capr_edge e;
            if (capr__edge_read(g, g->table, i, &e, NULL) && (e.word >> 32 == 1 || e.word >> 32 == 2)) sum += capr__edge_count(&e);
        }
    return sum;
}

static void look_afterwards(void) {
    struct capr_merged m;
    uint32_t edges[3] = {0}, nodes[3] = {0};
    while (!capr__edges_passed(add_passed)) {
    }
    CHECK_EQUAL(passed_in_all, counted_in_tables());
    CHECK(capr__copy_all(&m));
    CHECK(capr__merge(&m));
    CHECK_EQUAL(passages(&m), WORKERS * (ROUND * ROUNDS + PASSAGES));
    for (uint64_t i = 0; i < m.edge_count; i++) {
        const struct capr_merged_edge *e = &m.edges[i];
        if (group(e) < 1 || group(e) > 2) continue;
        edges[group(e)]++;
        if (group(e) != 1 || e->count < WORKERS * (ROUNDS - 1)) continue;
        CHECK(e->count == WORKERS * ROUNDS || e->count == WORKERS * (ROUNDS - 1));
        /* One, two and three times as much, as often each. */
        CHECK(near(e->use[CAPR_USE_HEAP].mean, 2 * TAKEN));
        CHECK(near(e->use[CAPR_USE_HEAP].variance, TAKEN * TAKEN * 2 / 3.0));
    }
    CHECK_EQUAL(edges[1], ROUND + 1); /* and the first of all */
    CHECK(edges[2] > ANY * ANY * 9 / 10);
    for (uint32_t i = 2; i < capr__node_count(); i++)
        if (capr__graph.nodes[i].word >> 32 == 1 || capr__graph.nodes[i].word >> 32 == 2) nodes[capr__graph.nodes[i].word >> 32]++;
    CHECK_EQUAL(nodes[1], ROUND);
    CHECK_EQUAL(nodes[2], ANY);
    capr__merged_free(&m);
}

static void start_workers(void) {
    ready = done = 0;
    for (long i = 0; i < WORKERS; i++) CHECK_EQUAL(capr__kernel_thread_start(work, (void *)i, 256 << 10, 0), 0);
}

static uint32_t parts(void) {
    uint32_t count = 0;
    for (const struct capr_worker_graph *g = capr__graph_workers(); g; g = g->next) count++;
    return count;
}

static uint64_t all_passages(void) {
    struct capr_merged m;
    CHECK(capr__copy_all(&m));
    uint64_t sum = passages(&m);
    capr__merged_free(&m);
    return sum;
}

int main(void) {
    pthread_t thread;
    CHECK_EQUAL(pthread_create(&thread, NULL, nothing_to_do, NULL), 0);
    CHECK_EQUAL(pthread_join(thread, NULL), 0);
    CHECK(capr__graph.start_ns);

    struct capr_average both = capr__average_of_both((struct capr_average){1, 4}, 30, (struct capr_average){5, 8}, 10);
    CHECK(near(both.mean, 2) && near(both.variance, 8));
    both = capr__average_of_both((struct capr_average){0}, 0, (struct capr_average){5, 8}, 10);
    CHECK(near(both.mean, 5) && near(both.variance, 8));

    int64_t held = capr__use_of_all(CAPR_USE_HEAP);
    start_workers();
    look_meanwhile();
    CHECK_EQUAL(failed, 0);
    CHECK_EQUAL(parts(), WORKERS + 1);
    look_afterwards();
    held += TAKEN * (1 + 2 + 3) * (int64_t)(ROUND * ROUNDS);
    CHECK_EQUAL(capr__use_of_all(CAPR_USE_HEAP), held);
    struct capr_counts counts;
    capr__count_all(&counts);
    CHECK_EQUAL(counts.workers, WORKERS + 1);

    uint64_t before = all_passages();
    pid_t child = fork();
    if (!child) {
        CHECK_EQUAL(all_passages(), before);
        CHECK_EQUAL(capr__use_of_all(CAPR_USE_HEAP), held);
        capr__count_all(&counts);
        CHECK_EQUAL(counts.workers, 1);
        start_workers();
        while (done < WORKERS) usleep(1000);
        CHECK_EQUAL(parts(), WORKERS + 1);
        CHECK_EQUAL(all_passages(), 2 * before);
        _exit(0);
    }
    int status;
    CHECK_EQUAL(waitpid(child, &status, 0), child);
    CHECK_EQUAL(status, 0);
    return 0;
}
