/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * GNU Pth 2 (libpth-dev) as threads.c wants it.
 */
#include <stdlib.h>
#include <pth.h>

typedef pth_t peer_thread;
typedef pth_mutex_t peer_mutex;
typedef pth_cond_t peer_cond;

static pth_attr_t peer_attr;

static inline void peer_begin(void) {
    if (!pth_init()) exit(3);
    peer_attr = pth_attr_new();
    pth_attr_set(peer_attr, PTH_ATTR_STACK_SIZE, 64 << 10);
}
static inline void peer_create(peer_thread *t, void *(*f)(void *), void *arg) {
    if (!(*t = pth_spawn(peer_attr, f, arg))) exit(3);
}
static inline void peer_join(peer_thread *t) { pth_join(*t, NULL); }
static inline void peer_yield_begin(long n) { (void)n; }
static inline void peer_yield(long i, long n) { (void)i, (void)n, pth_yield(NULL); }
static inline void peer_yielded(long i, long n) { (void)i, (void)n; }
static inline void peer_mutex_init(peer_mutex *m) { pth_mutex_init(m); }
static inline void peer_cond_init(peer_cond *c) { pth_cond_init(c); }
static inline void peer_lock(peer_mutex *m) { pth_mutex_acquire(m, FALSE, NULL); }
static inline void peer_unlock(peer_mutex *m) { pth_mutex_release(m); }
static inline void peer_wait(peer_cond *c, peer_mutex *m) { pth_cond_await(c, m, NULL); }
static inline void peer_signal(peer_cond *c) { pth_cond_notify(c, FALSE); }
static inline void peer_broadcast(peer_cond *c) { pth_cond_notify(c, TRUE); }
