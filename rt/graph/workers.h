/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * All workers' parts of the graph, and their counts of what threads hold, read as one. Each is its worker's alone to write, who takes no
 * lock; so what another reads of it may be a moment old, but is never half of one thing and half of another. Plain code; but for the merged
 * copy it calls nothing of libc's.
 */
#ifndef CAPR_GRAPH_WORKERS_H
#define CAPR_GRAPH_WORKERS_H

#include "graph.h"

static inline struct capr_worker_graph *capr__graph_workers(void) { return __atomic_load_n(&capr__graph.workers, __ATOMIC_ACQUIRE); }

/* `index`: CAPR_USE_*. What threads hold, by all workers: where one takes it and gives it back on another, neither's own count says. */
CAPR_HIDDEN int64_t capr__use_of_all(int index);

/* Counts of all workers; `out` gets what its members of capr_counters say, and the threads that are. */
struct capr_counts {
    uint64_t switches, blocks, threads_created;
    uint32_t threads, workers;
};
CAPR_HIDDEN void capr__count_all(struct capr_counts *out);

/* Waits for a turn that were sampled by all workers since this was asked last: their sum in cycles, and how many. For the scheduler. */
CAPR_HIDDEN void capr__delays_of_all(double *cycles, double *count);

/* The entry `at` of a worker's table, as one; also what it takes by kind, unless `kinds` is NULL. 0: free. */
CAPR_HIDDEN int capr__edge_read(const struct capr_worker_graph *g, const struct capr_table *t, uint64_t at, struct capr_edge *edge,
                                struct capr_average *kinds);

/* Calls `one` with each edge of every worker that has been gone since it was asked last, how often, and the scheduler's number for it. Looks at
 * 4,096 entries at most, some 0.1 ms, and goes on from there the next time: returns whether it came to the end. */
CAPR_HIDDEN int capr__edges_passed(void (*one)(const struct capr_edge *e, uint32_t passed, uint32_t *way));

/* Two means, and the deviations from them, of samples of which there are so many each: as if they had been drawn together. */
CAPR_HIDDEN struct capr_average capr__average_of_both(struct capr_average a, double of_a, struct capr_average b, double of_b);

/* One graph of all of them: a copy, for who writes it. `unmerged` is as it was copied, on a worker; capr__merge is anybody's. Each returns 0
 * where memory is out. */
struct capr_merged_edge {
    uint32_t from, to, samples;
    uint64_t count;
    struct capr_average cpu, use[CAPR_USES], kinds[CAPR_KINDS];
};
struct capr_merged {
    struct capr_merged_edge *edges;
    uint64_t edge_count, room; /* room: what the mapping holds */
    struct capr_node_seen *seen;
    uint32_t node_count;
    uint64_t lost;
};
CAPR_HIDDEN int capr__copy_all(struct capr_merged *out);
CAPR_HIDDEN int capr__merge(struct capr_merged *m);
CAPR_HIDDEN void capr__merged_free(struct capr_merged *m);

#endif
