/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The lists and conversions of poll and select: a watch per descriptor, linked into the descriptor's record so that the poll
 * loop finds the thread; fd_sets to pollfds and back. Plain code on the big stack, which gives no way.
 */
#include "poll.h"

#include <stdlib.h>
#include <sys/epoll.h>
#include <time.h>

CAPR_HIDDEN struct capr_watch *capr__watches_alloc(nfds_t n) { return calloc(n, sizeof(struct capr_watch)); }
CAPR_HIDDEN void capr__watches_free(struct capr_watch *watches) { free(watches); }

/* poll's bits as epoll reports them for our registration. */
static uint32_t wanted(short events) {
    uint32_t bits = EPOLLERR | EPOLLHUP;
    if (events & (POLLIN | POLLRDNORM)) bits |= EPOLLIN;
    if (events & (POLLOUT | POLLWRNORM | POLLWRBAND)) bits |= EPOLLOUT;
    if (events & (POLLPRI | POLLRDBAND)) bits |= EPOLLPRI;
    if (events & POLLRDHUP) bits |= EPOLLRDHUP;
    return bits;
}

CAPR_HIDDEN int capr__watches_arm(struct capr_watch *watches, const struct pollfd *fds, nfds_t n) {
    int by_time = 0;
    for (nfds_t i = 0; i < n; i++) {
        struct capr_watch *w = &watches[i];
        w->fd = -1;
        if (fds[i].fd < 0) continue;
        struct capr_fd *f = capr__fd_learn(fds[i].fd);
        if (!f) { /* a number beyond the table */
            by_time = 1;
            continue;
        }
        if ((f->flags & (CAPR_FD_OWNED | CAPR_FD_REGISTERED)) != (CAPR_FD_OWNED | CAPR_FD_REGISTERED)) {
            int e = capr__fd_register(fds[i].fd, f);
            if (e && e != EPERM) by_time = 1;
        }
        if (f->kind == CAPR_FD_UNIX_DGRAM && (fds[i].events & POLLOUT)) by_time = 1;
        *w = (struct capr_watch){.next = f->watches, .thread = capr__self(), .fd = fds[i].fd, .events = wanted(fds[i].events)};
        if (f->watches) f->watches->prev = w;
        f->watches = w;
    }
    return by_time;
}

CAPR_HIDDEN void capr__watches_disarm(struct capr_watch *watches, nfds_t n) {
    for (nfds_t i = 0; i < n; i++) {
        struct capr_watch *w = &watches[i];
        if (w->fd < 0) continue;
        if (w->prev)
            w->prev->next = w->next;
        else
            capr__fd_table[w->fd].watches = w->next;
        if (w->next) w->next->prev = w->prev;
    }
}

CAPR_HIDDEN void capr__watching_left(void *object) {
    struct capr_watching *w = object;
    capr__watches_disarm(w->watches, w->n);
    if (w->watches != &w->one) capr__watches_free(w->watches);
}

/* Seconds and the rest in units of `unit` ns. */
static int deadline_in(int64_t seconds, int64_t rest, int64_t unit, uint64_t *deadline) {
    if (seconds < 0 || rest < 0 || rest >= 1000000000 / unit) return EINVAL;
    if (seconds == 0 && rest == 0) {
        *deadline = 0;
        return 0;
    }
    uint64_t ns;
    if (__builtin_mul_overflow((uint64_t)seconds, 1000000000ull, &ns) || __builtin_add_overflow(ns, (uint64_t)(rest * unit), &ns) ||
        __builtin_add_overflow(ns, capr__now(), &ns))
        ns = CAPR_FOREVER;
    *deadline = ns;
    return 0;
}

CAPR_HIDDEN int capr__poll_deadline(const struct timespec *timeout, uint64_t *deadline) {
    *deadline = CAPR_FOREVER;
    return timeout ? deadline_in(timeout->tv_sec, timeout->tv_nsec, 1, deadline) : 0;
}

CAPR_HIDDEN int capr__select_deadline(const struct timeval *timeout, uint64_t *deadline) {
    *deadline = CAPR_FOREVER;
    if (!timeout) return 0;
    /* Linux takes a second's worth of microseconds and more for seconds. */
    if (timeout->tv_usec < 0) return EINVAL;
    return deadline_in(timeout->tv_sec + timeout->tv_usec / 1000000, timeout->tv_usec % 1000000, 1000, deadline);
}

CAPR_HIDDEN void capr__select_rest(uint64_t deadline, struct timeval *timeout) {
    uint64_t now = capr__now();
    uint64_t rest = deadline > now ? deadline - now : 0;
    if (deadline == CAPR_FOREVER) /* a timeout too long to count */
        return;
    *timeout = (struct timeval){(time_t)(rest / 1000000000), (suseconds_t)(rest % 1000000000 / 1000)};
}

/* fd_set's bits as words: FD_SET's macros stop at FD_SETSIZE, the kernel's sets do not. */
static int has(const fd_set *set, int fd) { return set && ((const unsigned long *)set)[fd / 64] >> (fd % 64) & 1; }
static void put(fd_set *set, int fd) { ((unsigned long *)set)[fd / 64] |= 1ul << (fd % 64); }

CAPR_HIDDEN struct capr_select *capr__select_begin(int n, const fd_set *r, const fd_set *w, const fd_set *e) {
    if (n < 0) return NULL;
    capr__fd_find(0); /* makes the table, whose size bounds n as RLIMIT_NOFILE does in the kernel */
    if (capr__fd_count && (uint32_t)n > capr__fd_count) n = (int)capr__fd_count;
    nfds_t count = 0;
    for (int i = 0; i < n; i++) count += has(r, i) || has(w, i) || has(e, i);
    struct capr_select *s = malloc(sizeof *s + count * sizeof s->fds[0]);
    if (!s) return NULL;
    s->n = n;
    s->count = 0;
    for (int i = 0; i < n; i++) {
        short events = (short)((has(r, i) ? POLLIN : 0) | (has(w, i) ? POLLOUT : 0) | (has(e, i) ? POLLPRI : 0));
        if (events) s->fds[s->count++] = (struct pollfd){i, events, 0};
    }
    return s;
}

CAPR_HIDDEN void capr__select_left(void *select) { free(select); }

/* What poll tells that makes a descriptor one of the first, the second and the third set. */
#define READS (POLLIN | POLLHUP | POLLERR)
#define WRITES (POLLOUT | POLLERR)
#define EXCEPTS POLLPRI

CAPR_HIDDEN int capr__select_passes_over(struct capr_select *s) {
    for (nfds_t i = 0; i < s->count; i++) {
        struct pollfd *p = &s->fds[i];
        int fits = (p->events & POLLIN ? READS : 0) | (p->events & POLLOUT ? WRITES : 0) | (p->events & POLLPRI ? EXCEPTS : 0) | POLLNVAL;
        if (p->revents & fits) return 0;
        if (p->revents) p->fd = ~p->fd;
    }
    return 1;
}

/* Makes `set`, if there is one, those that asked for `asked` and were told any of `told`. Returns how many. */
static long set_ready(const struct capr_select *s, fd_set *set, short asked, short told) {
    long n = 0;
    if (!set) return 0;
    __builtin_memset(set, 0, ((size_t)s->n + 63) / 64 * 8);
    for (nfds_t i = 0; i < s->count; i++) {
        const struct pollfd *p = &s->fds[i];
        if ((p->events & asked) && (p->revents & told)) put(set, p->fd), n++;
    }
    return n;
}

CAPR_HIDDEN long capr__select_end(struct capr_select *s, long result, fd_set *r, fd_set *w, fd_set *e) {
    if (result >= 0) {
        for (nfds_t i = 0; i < s->count && result >= 0; i++)
            if (s->fds[i].revents & POLLNVAL) result = -EBADF;
    }
    if (result >= 0) {
        /* One after the other, as the kernel does: a set that is passed twice ends as the later one. */
        result = set_ready(s, r, POLLIN, READS);
        result += set_ready(s, w, POLLOUT, WRITES);
        result += set_ready(s, e, POLLPRI, EXCEPTS);
    }
    free(s);
    return result;
}
