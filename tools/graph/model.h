// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The blocking graph of a program, as docs/blocking-graph.md describes its JSON. Texts belong to the parsed JSON and live as long as it;
// they are fit to be printed (clean.h).
// What the JSON may leave out has samples == 0, a NULL text or a count of 0 here.
#ifndef GRAPH_MODEL_H
#define GRAPH_MODEL_H

#include <stdbool.h>
#include <stddef.h>

struct cJSON;

/// Exponentially weighted, in the unit that the JSON's name says.
struct average {
    double mean, deviation;
    unsigned samples; ///< 0: nothing is known
};

/// Descriptors, by what they are.
enum { KINDS = 4 };
extern const char *const kind_names[KINDS]; ///< for people

/// One function of a chain.
struct step {
    const char *function;
    const char *at; ///< file:line, or NULL
    bool recursive;
};

struct node {
    const char *id;
    const char *call; ///< what the innermost function calls: recv; NULL where it is not known
    const char *held; ///< why the scheduler holds threads back there; NULL: it does not
    double count, threads;
    bool exact; ///< else the chain is what the unwinder met
    struct step *steps; ///< outermost first
    int step_count;
    struct average wait_ns, delay_ns, stack_bytes;
    struct average kinds[KINDS]; ///< descriptors that a thread takes as it goes on; of an older program all without samples
    bool has_priority;
    double priority;
};

/// What the program declared as a resource.
struct named {
    const char *name;
    struct average use;
};

struct edge {
    int from, to; ///< nodes
    double count;
    struct average cpu_ns, heap_bytes, files, threads;
    struct average kinds[KINDS]; ///< `files`, apart; of an older program all without samples
    struct named *named;
    int named_count;
};

/// One of the scheduler's resources.
struct resource {
    const char *name;
    double used, limit; ///< limit 0: none known
    bool scarce; ///< the scheduler prefers what gives it back to what takes it
    bool has_kinds;
    double kinds[KINDS]; ///< of descriptors: those of `used` that calls of the program made
};

struct graph {
    struct cJSON *json;
    const char *program; ///< "?" where it is not told
    double pid, threads, switches, workers, lost, elapsed_ns;
    struct node *nodes;
    struct edge *edges;
    int node_count, edge_count;
    const char *scheduler; ///< its name, or NULL
    const char *favours;   ///< what it says of its choice, or NULL
    double held_count;     ///< nodes that it holds back, where it tells no more of them
    struct resource *resources;
    int resource_count;
};

/// Reads `length` bytes of JSON; `where` names them in messages. Returns 0, or 1 and has said why not. Either way graph_free is due.
int graph_read(struct graph *g, const char *where, const char *text, size_t length);

void graph_free(struct graph *g);

/// A node that is no place in the program: where threads are before the first block, of one start routine (the chain's only step) or main,
/// and after their end.
bool node_is_start(const struct node *n);
bool node_is_end(const struct node *n);

#endif
