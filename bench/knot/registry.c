/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The registry of live connections: 16 lists, each under its lock, by descriptor number. A record leaves its list before its
 * descriptor is closed, so the sweep, which holds the lock, never shuts down a descriptor that has become another's.
 */
#include "registry.h"
#include "pool.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { LISTS = 16 };

static struct list {
    pthread_mutex_t lock;
    struct conn *first;
} lists[LISTS];

/* 1024 spare records of some 350 bytes. */
static struct pool records = POOL_INITIAL(sizeof(struct conn), 1024);

atomic_bool registry_stopping;

static pthread_mutex_t places_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t departure; /* a place was given back */
static unsigned places, places_limit, places_waiters; /* under places_lock */

void registry_setup(unsigned max_connections) {
    places_limit = max_connections;
    for (int i = 0; i < LISTS; i++) pthread_mutex_init(&lists[i].lock, NULL);
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&departure, &attr);
    pthread_condattr_destroy(&attr);
}

bool registry_reserve(void) {
    pthread_mutex_lock(&places_lock);
    places_waiters++;
    while (places >= places_limit && !registry_stopping) pthread_cond_wait(&departure, &places_lock);
    places_waiters--;
    bool go = !registry_stopping;
    places += go;
    pthread_mutex_unlock(&places_lock);
    return go;
}

void registry_unreserve(void) {
    pthread_mutex_lock(&places_lock);
    places--;
    if (places_waiters) pthread_cond_broadcast(&departure);
    pthread_mutex_unlock(&places_lock);
}

void registry_wait_departure(void) {
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += 100000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_nsec -= 1000000000;
        until.tv_sec++;
    }
    pthread_mutex_lock(&places_lock);
    places_waiters++;
    if (!registry_stopping) pthread_cond_timedwait(&departure, &places_lock, &until);
    places_waiters--;
    pthread_mutex_unlock(&places_lock);
}

unsigned registry_count(void) {
    pthread_mutex_lock(&places_lock);
    unsigned count = places;
    pthread_mutex_unlock(&places_lock);
    return count;
}

/* Under the list's lock. Each step is taken once: a shut socket stays shut. */
static void shut(struct conn *c, uint8_t level) {
    if (c->shut >= level) return;
    c->shut = level;
    shutdown(c->fd, level == 1 ? SHUT_RD : SHUT_RDWR);
}

struct conn *registry_add(int fd) {
    struct conn *c = pool_take(&records);
    if (!c) return NULL;
    memset(c, 0, offsetof(struct conn, small));
    c->fd = fd;
    c->buf = c->small;
    conn_expect(c, conn_limits.idle_seconds);
    struct list *list = &lists[fd % LISTS];
    pthread_mutex_lock(&list->lock);
    c->next = list->first;
    if (c->next) c->next->prev = c;
    list->first = c;
    /* registry_stop sets the flag before it goes through the lists: either it finds this one, or this sees the flag. */
    if (registry_stopping) shut(c, 1);
    pthread_mutex_unlock(&list->lock);
    return c;
}

void registry_remove(struct conn *c) {
    struct list *list = &lists[c->fd % LISTS];
    pthread_mutex_lock(&list->lock);
    *(c->prev ? &c->prev->next : &list->first) = c->next;
    if (c->next) c->next->prev = c->prev;
    pthread_mutex_unlock(&list->lock);
    close(c->fd);
    pool_give(&records, c);
    registry_unreserve();
}

static void for_each(void (*visit)(struct conn *)) {
    for (int i = 0; i < LISTS; i++) {
        pthread_mutex_lock(&lists[i].lock);
        for (struct conn *c = lists[i].first; c; c = c->next) visit(c);
        pthread_mutex_unlock(&lists[i].lock);
    }
}

static void shut_if_late(struct conn *c) {
    uint32_t deadline = atomic_load_explicit(&c->deadline, memory_order_relaxed), now = ticker_now();
    if (now > deadline) shut(c, now > deadline + 1 ? 2 : 1);
}

static void shut_reading(struct conn *c) { shut(c, 1); }

static void shut_both(struct conn *c) { shut(c, 2); }

void registry_sweep(void) { for_each(shut_if_late); }

void registry_stop(void) {
    pthread_mutex_lock(&places_lock);
    registry_stopping = true;
    pthread_cond_broadcast(&departure);
    pthread_mutex_unlock(&places_lock);
    for_each(shut_reading);
}

void registry_cut(void) { for_each(shut_both); }
