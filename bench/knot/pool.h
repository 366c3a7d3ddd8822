/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Free lists of equal blocks. Knot takes a request buffer when data arrives and gives it back when the connection is idle, so
 * that ten thousand idle connections hold none. A list of its own, not malloc: glibc gives each kernel thread that calls
 * malloc or free a cache of 656 bytes and perhaps an arena, which would be the greater part of an idle connection's memory.
 */
#ifndef KNOT_POOL_H
#define KNOT_POOL_H

#include <pthread.h>
#include <stddef.h>

struct pool {
    pthread_mutex_t lock;
    void *free;          /* blocks; the first word of each is the next */
    size_t block_bytes;  /* constant; at least one pointer */
    size_t spare;        /* blocks in `free` */
    size_t spare_limit;  /* constant; beyond it blocks go back to malloc */
};

#define POOL_INITIAL(bytes, limit) {PTHREAD_MUTEX_INITIALIZER, NULL, (bytes), 0, (limit)}

/* Large buffers: a whole request head, and a piece of a file on its way from disk to socket. 16 KiB is the largest head that
 * --max-request allows. For a file of 10 MiB, pieces of 64 KiB would take 1.8 ms of CPU in place of 2.6, but each slow download
 * holds a piece for as long as it lasts; files of up to 1 MiB come from the cache and need none. */
#define BUFFER_BYTES 16384

extern struct pool buffers;

/* Takes a block of pool->block_bytes, uninitialised, aligned for any type; NULL when memory is out. Never waits but for the
 * lock. */
void *pool_take(struct pool *pool);

/* Gives back a block from pool_take. NULL is ignored. Never waits but for the lock. */
void pool_give(struct pool *pool, void *block);

#endif
