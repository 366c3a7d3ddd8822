/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Boost.Fiber (libboost-fiber-dev) as threads.c wants it, with its default scheduler; C++.
 */
#include <boost/fiber/all.hpp>
#include <mutex>

typedef boost::fibers::fiber *peer_thread;
typedef boost::fibers::mutex peer_mutex;
typedef boost::fibers::condition_variable_any peer_cond;

static inline void peer_begin(void) {}
static inline void peer_create(peer_thread *t, void *(*f)(void *), void *arg) {
    *t = new boost::fibers::fiber(boost::fibers::launch::post, std::allocator_arg, boost::fibers::fixedsize_stack(64 << 10), f, arg);
}
static inline void peer_join(peer_thread *t) {
    (*t)->join();
    delete *t;
}
static inline void peer_yield_begin(long) {}
static inline void peer_yield(long, long) { boost::this_fiber::yield(); }
static inline void peer_yielded(long, long) {}
static inline void peer_mutex_init(peer_mutex *) {}
static inline void peer_cond_init(peer_cond *) {}
static inline void peer_lock(peer_mutex *m) { m->lock(); }
static inline void peer_unlock(peer_mutex *m) { m->unlock(); }
static inline void peer_wait(peer_cond *c, peer_mutex *m) { c->wait(*m); }
static inline void peer_signal(peer_cond *c) { c->notify_one(); }
static inline void peer_broadcast(peer_cond *c) { c->notify_all(); }
