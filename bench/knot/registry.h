/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * All live connections: how many there may be, how long each may take, and how they end when the server stops. Time limits are
 * kept here, by one sweep a second over all deadlines, so that a request pays a store for its limit and no system call.
 */
#ifndef KNOT_REGISTRY_H
#define KNOT_REGISTRY_H

#include "conn.h"

/* Whether the stop has begun: responses then end their connections. Set by registry_stop, read by all threads. */
extern atomic_bool registry_stopping;

/* Sets the largest number of connections at once. Once, before the first. */
void registry_setup(unsigned max_connections);

/* Takes one of the places for connections, waiting until there is one. False when the server stops. */
bool registry_reserve(void);

/* Gives back a place that was taken in vain. Does not block. */
void registry_unreserve(void);

/* Makes the record of a connection that holds a place, and owns fd. Returns null when memory is out, with fd still the caller's.
 * Does not block but for a lock. */
struct conn *registry_add(int fd);

/* Closes the connection, frees its record, gives back its place. Does not block but for a lock. */
void registry_remove(struct conn *c);

/* Waits until a connection ends, or for 100 ms: when descriptors, memory or threads are out. */
void registry_wait_departure(void);

/* Ends connections whose deadline is over: first their reading side, so that the thread can still answer 408, a second later
 * both. Called by the main thread once a second. Does not block but for locks. */
void registry_sweep(void);

/* Begins the stop: no more places, and all reading ends, so that idle threads leave at once and busy ones after their response. */
void registry_stop(void);

/* Cuts all connections that are left. */
void registry_cut(void);

/* Places taken, by connections and by acceptors that wait for one. */
unsigned registry_count(void);

#endif
