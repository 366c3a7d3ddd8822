/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * One connection: the record that its thread, the registry and the response code share, and the thread's entry.
 */
#ifndef KNOT_CONN_H
#define KNOT_CONN_H

#include "ticker.h"

#include <stdbool.h>

/* Bytes of a request that fit the record, so that a thread can wait in recv without holding a large buffer and yet read a small
 * request (wrk's is 44 to 100 bytes) with one system call. A larger one costs one more recv and a buffer until it is answered. */
#define CONN_SMALL_BYTES 256

struct conn {
    int fd;                      /* socket; owned by the connection's thread; closed after leaving the registry */
    _Atomic uint32_t deadline;   /* ticker second after which the registry ends the connection; set by its thread */
    struct conn *prev, *next;    /* in the registry; under its lock, like the next */
    uint8_t shut;                /* how far the registry has shut the socket down: 0, 1 reading, 2 both */
    bool in_request;             /* a request has begun and is not all there */
    bool closing;                /* we end the connection, after a response that was sent */
    bool linger;                 /* the client will probably still be sending then */
    char *buf;                   /* `small`, or a large buffer from the pool */
    uint32_t start, end;         /* bytes of buf that hold requests not yet answered */
    uint32_t searched;           /* bytes from start on that request_end has searched */
    uint64_t skip;               /* bytes of a request body still to be thrown away */
    uint64_t requests;           /* answered */
    char small[CONN_SMALL_BYTES];
};

/* Limits on one connection, in seconds and bytes; set before the first connection. */
struct conn_limits {
    uint32_t idle_seconds;    /* between requests */
    uint32_t request_seconds; /* from the first byte of a head to its last, and for a body */
    uint32_t write_seconds;   /* for a response head; for the body, without progress */
    uint32_t request_bytes;   /* head; at most BUFFER_BYTES */
    uint64_t body_bytes;      /* of a request, which is read and thrown away */
};

extern struct conn_limits conn_limits;

/* Sets the time by which the connection's thread has to have got further, from now on. Does not block. */
static inline void conn_expect(struct conn *c, uint32_t seconds) {
    atomic_store_explicit(&c->deadline, ticker_now() + seconds, memory_order_relaxed);
}

/* Entry of a connection's thread: serves requests until either side closes, then hands the record to registry_remove. Blocks in
 * recv and send as long as the limits allow. */
void *conn_thread(void *conn);

/* Requests answered on connections that have ended. Does not block. */
uint64_t conn_requests(void);

#endif
