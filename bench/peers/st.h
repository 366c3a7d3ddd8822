/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * State Threads 1.9 (libst-dev) as threads.c wants it. It has no call that yields: one is to sleep for no time, by way of its clock and
 * its heap of sleepers; quicker is what is done here, to wake the next thread of a ring and to wait to be woken.
 */
#include <stdlib.h>
#include <st.h>

typedef st_thread_t peer_thread;
typedef st_mutex_t peer_mutex;
typedef st_cond_t peer_cond;

static st_cond_t *peer_ring;

static inline void peer_begin(void) {
    st_set_eventsys(ST_EVENTSYS_ALT); /* epoll, for there are more threads than select has room for */
    if (st_init() < 0) exit(3);
}
static inline void peer_create(peer_thread *t, void *(*f)(void *), void *arg) {
    if (!(*t = st_thread_create(f, arg, 1, 64 << 10))) exit(3);
}
static inline void peer_join(peer_thread *t) { st_thread_join(*t, NULL); }
static inline void peer_yield_begin(long n) {
    peer_ring = (st_cond_t *)calloc((size_t)n, sizeof *peer_ring);
    for (long i = 0; i < n; i++) peer_ring[i] = st_cond_new();
}
/* The threads begin a round in order: thread i runs, wakes i + 1 and waits. */
static inline void peer_yield(long i, long n) {
    st_cond_signal(peer_ring[i + 1 < n ? i + 1 : 0]);
    st_cond_wait(peer_ring[i]);
}
static inline void peer_yielded(long i, long n) { st_cond_signal(peer_ring[i + 1 < n ? i + 1 : 0]); }
static inline void peer_mutex_init(peer_mutex *m) { *m = st_mutex_new(); }
static inline void peer_cond_init(peer_cond *c) { *c = st_cond_new(); }
static inline void peer_lock(peer_mutex *m) { st_mutex_lock(*m); }
static inline void peer_unlock(peer_mutex *m) { st_mutex_unlock(*m); }
static inline void peer_wait(peer_cond *c, peer_mutex *m) {
    st_mutex_unlock(*m); /* nobody else runs before st_cond_wait has this thread in its queue */
    st_cond_wait(*c);
    st_mutex_lock(*m);
}
static inline void peer_signal(peer_cond *c) { st_cond_signal(*c); }
static inline void peer_broadcast(peer_cond *c) { st_cond_broadcast(*c); }
