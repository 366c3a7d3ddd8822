/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Reader-writer locks and barriers shared with other processes. A waiter polls with growing pauses, up to 1 ms: the other
 * process may run native threads or another worker, and neither can put a thread into our run queue. Mutexes, condition
 * variables and semaphores do the same in their own files.
 */
#include "shared.h"

#include <errno.h>
#include <pthread.h>

#include "wait.h"

int capr__shared_read(uint32_t *word, uint64_t deadline)
{
    for (unsigned round = 0;;) {
        uint32_t n = __atomic_load_n(word, __ATOMIC_RELAXED);
        if (n == CAPR_SHARED_WRITER - 1)
            return EAGAIN;
        if (n != CAPR_SHARED_WRITER) {
            if (__atomic_compare_exchange_n(word, &n, n + 1, 0, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
                return 0;
            continue;
        }
        if (deadline == 0 || capr__poll_wait(&round, deadline, 0))
            return ETIMEDOUT;
    }
}

int capr__shared_write(uint32_t *word, uint64_t deadline)
{
    for (unsigned round = 0;;) {
        uint32_t n = 0;
        if (__atomic_compare_exchange_n(word, &n, CAPR_SHARED_WRITER, 0, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
            return 0;
        if (deadline == 0 || capr__poll_wait(&round, deadline, 0))
            return ETIMEDOUT;
    }
}

int capr__shared_rwunlock(uint32_t *word)
{
    uint32_t n = __atomic_load_n(word, __ATOMIC_RELAXED);
    do {
        if (n == 0)
            return EINVAL;
    } while (!__atomic_compare_exchange_n(word, &n, n == CAPR_SHARED_WRITER ? 0 : n - 1, 0, __ATOMIC_RELEASE,
                                          __ATOMIC_RELAXED));
    return 0;
}

int capr__shared_barrier(uint32_t *arrived, uint32_t *rounds, uint32_t count)
{
    if (count == 0)
        return EINVAL;
    uint32_t now = __atomic_load_n(rounds, __ATOMIC_ACQUIRE);
    if (__atomic_add_fetch(arrived, 1, __ATOMIC_ACQ_REL) == count) {
        __atomic_store_n(arrived, 0, __ATOMIC_RELAXED);
        __atomic_add_fetch(rounds, 1, __ATOMIC_RELEASE);
        return PTHREAD_BARRIER_SERIAL_THREAD;
    }
    for (unsigned round = 0; __atomic_load_n(rounds, __ATOMIC_ACQUIRE) == now;)
        capr__poll_wait(&round, CAPR_FOREVER, 0);
    return 0;
}
