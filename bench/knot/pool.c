/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Free lists of equal blocks (pool.h says why): a stack under a mutex, newest first, since the newest is still in cache.
 */
#include "pool.h"

#include <stdlib.h>

/* 64 spare buffers are 1 MiB. */
struct pool buffers = POOL_INITIAL(BUFFER_BYTES, 64);

void *pool_take(struct pool *pool) {
    pthread_mutex_lock(&pool->lock);
    void **block = pool->free;
    if (block) {
        pool->free = *block;
        pool->spare--;
    }
    pthread_mutex_unlock(&pool->lock);
    return block ? block : malloc(pool->block_bytes);
}

void pool_give(struct pool *pool, void *block) {
    if (!block) return;
    pthread_mutex_lock(&pool->lock);
    int keep = pool->spare < pool->spare_limit;
    if (keep) {
        *(void **)block = pool->free;
        pool->free = block;
        pool->spare++;
    }
    pthread_mutex_unlock(&pool->lock);
    if (!keep) free(block);
}
