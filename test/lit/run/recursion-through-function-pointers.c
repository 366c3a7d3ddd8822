/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A recursion that the call graph sees only as indirect calls: through a table, a struct member and an argument.
 *
 * RUN: %run-matrix %s %t | FileCheck %s
 */
#include "Inputs/on-thread.h"

struct node;
typedef long visit_function(struct node *node, long depth);
struct node {
    visit_function *visit;
    long weight;
};

static visit_function plain, heavy, relay;
static visit_function *table[] = {plain, heavy, relay};
static struct node nodes[] = {{plain, 1}, {heavy, 10}, {relay, 100}};

static long plain(struct node *node, long depth) {
    if (depth == 0)
        return 0;
    struct node *next = &nodes[depth % 3];
    return next->visit(next, depth - 1) + node->weight;
}

static long heavy(struct node *node, long depth) {
    volatile char room[700];
    room[depth % 700] = 1;
    if (depth == 0)
        return 0;
    return table[depth % 3](&nodes[depth % 3], depth - 1) + node->weight * room[depth % 700];
}

static KEEP long apply(visit_function *visit, struct node *node, long depth) { return visit(node, depth) + 1; }

static long relay(struct node *node, long depth) {
    if (depth == 0)
        return 0;
    return apply(table[depth % 3], &nodes[depth % 3], depth - 1) + node->weight;
}

static void body(void) {
    /* Node of the call with depth d > 0 is (d + 1) % 3 but for the first, plain, at 90000, which is the same. */
    long expected = 0;
    for (long d = 90000; d > 0; d--) {
        long i = d == 90000 ? 0 : (d + 1) % 3;
        expected += nodes[i].weight + (i == 2);
    }
    long got = nodes[0].visit(&nodes[0], OPAQUE(90000L));
    printf("%s %ld\n", got == expected ? "right" : "wrong", got);
    // CHECK: right 33
}

int main(void) {
    on_thread(body);
    return 0;
}
