/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * poll, ppoll, select, pselect, epoll_wait: the kernel is asked with a timeout of zero; when nothing is ready the thread leaves a
 * watch on each descriptor and waits, then asks again. One watch lies on the stack (the common poll of one descriptor), more
 * come from malloc, so that the frame stays small. Fat code; lists and conversions are in watch.c.
 */
#include "poll.h"

#include <sys/epoll.h>
#include <time.h>

#include "../proc/signals.h"
#include "../sched/leaving.h"
#include "../thread/thread.h"
#include "stream.h"

/* A signal in the middle of it ends the kernel's look; where it was another thread's, this one looks again. With several workers an event may be
 * taken before the thread waits for it: *mark is what all descriptors had had when the look began. (The list itself is first read by the kernel,
 * which may refuse it.) */
static inline long ask(struct pollfd *fds, nfds_t n, uint64_t *mark) {
    *mark = capr__fd_stirs;
    struct timespec zero = {0, 0};
    unsigned int handled = capr__signals_handled;
    long r;
    do r = CAPR_OUTSIDE(capr__sys6(SYS_ppoll, (long)fds, (long)n, (long)&zero, 0, 0, 0));
    while (__builtin_expect(r == -EINTR, 0) && capr__signals_handled == handled);
    return r;
}

/* Whether there is nothing to be asked: a connection that has just said that it has nothing to read, and has had no event since. A server
 * that reads without waiting first, and then waits here for the next request, saves the call. Only of what lies on the thread's own stack: any
 * other address is the kernel's to read first, which may refuse it. */
static inline int is_empty(const struct pollfd *fds, nfds_t n) {
    if (n != 1 || !capr__is_on_stack(fds, sizeof *fds)) return 0;
    if ((uint32_t)fds->fd >= capr__fd_count || fds->events & ~(POLLIN | POLLRDNORM)) return 0;
    const struct capr_fd *f = &capr__fd_table[fds->fd];
    return f->empty && (f->flags & CAPR_FD_OWNED);
}

/* What the event says that ended the wait, if nobody else waited for it or has met the end of what there was since: it was true when the poll
 * loop took it. 0: the kernel is to be asked. With several workers another may have taken it before the wait began. */
static inline short told(const struct pollfd *fds, const struct capr_watch *w) {
    if (w->fd < 0 || !w->got || __builtin_expect(capr__many, 0)) return 0;
    const struct capr_fd *f = &capr__fd_table[w->fd];
    if (f->empty || !(f->flags & CAPR_FD_OWNED) || !capr__fd_is_socket(f) || fds->events & ~(POLLIN | POLLOUT | POLLPRI | POLLRDHUP)) return 0;
    return (short)(w->got & ((uint32_t)fds->events | POLLERR | POLLHUP)); /* epoll's bits are poll's */
}

/* Nothing was ready: waits until something is, or the deadline. `handled`: what handlers up to now have been heeded. Returns what
 * poll returns, or -errno. */
static __attribute__((noinline)) long wait_ready(struct pollfd *fds, nfds_t n, uint64_t deadline, unsigned int handled, uint64_t mark) {
    struct capr_thread *self = capr__self();
    struct capr_watching watching = {.watches = &watching.one, .n = n};
    struct capr_leaving left;
    int by_time = 0;
    capr__handlers_off();
    if (n > 1) watching.watches = capr__watches_alloc(n);
    if (watching.watches) {
        by_time = capr__watches_arm(watching.watches, fds, n);
        capr__leaving_begin(self, &left, capr__watching_left, &watching);
    }
    capr__handlers_on();
    if (!watching.watches) return -ENOMEM;
    long r;
    for (;;) {
        uint64_t until = deadline;
        if (by_time) {
            uint64_t soon = capr__now() + CAPR_FD_RETRY_NS;
            until = soon < until ? soon : until;
        }
        int timed_out = 0, interrupted = capr__signals_handled != handled;
        int stirred = __builtin_expect(capr__many, 0) && mark != capr__fd_stirs;
        if (!interrupted && !stirred) {
            capr__signals_wait_begin(self, &capr__wait_interruptible);
            capr__fd_waiter_begin(self);
            timed_out = capr__park_point(until);
            capr__fd_waiter_end(self);
            interrupted = capr__signals_wait_end(self) || capr__cancel_due(self);
            handled = capr__signals_handled; /* other threads' among them */
        }
        if (n == 1 && (fds->revents = told(fds, &watching.one))) {
            r = 1;
        } else {
            watching.one.got = 0;
            r = ask(fds, n, &mark);
        }
        if (r == 0 && interrupted) r = -EINTR;
        if (r || (timed_out && until == deadline)) break;
    }
    capr__handlers_off();
    capr__leaving_end(self, &left);
    capr__watching_left(&watching);
    capr__handlers_on();
    capr__signals_look_late();
    return r;
}

static __attribute__((noinline)) long poll_masked(struct pollfd *fds, nfds_t n, uint64_t deadline, const sigset_t *set) {
    uint64_t mark = 0, mask, saved = capr__self()->sigmask;
    unsigned int handled = capr__signals_handled;
    __builtin_memcpy(&mask, set, 8);
    /* What is ready goes first, as in the kernel: a signal then stays where it is. */
    long r = ask(fds, n, &mark);
    if (r) return r;
    /* One that waits for this is handled at once, and then the call must not wait. */
    capr__signals_set_mask(mask);
    if (capr__signals_handled != handled)
        r = -EINTR;
    else if (deadline)
        r = wait_ready(fds, n, deadline, handled, mark);
    capr__signals_set_mask(saved);
    return r;
}

CAPR_HIDDEN long capr__poll(struct pollfd *fds, nfds_t n, uint64_t deadline, const sigset_t *mask) {
    if (mask) return poll_masked(fds, n, deadline, mask);
    unsigned int handled = capr__signals_handled;
    uint64_t mark = capr__fd_stirs;
    long r = deadline && is_empty(fds, n) ? 0 : ask(fds, n, &mark);
    return r == 0 && deadline ? wait_ready(fds, n, deadline, handled, mark) : r;
}

static inline long end(long r) {
    if (r == -EINTR) capr__cancel_point();
    return capr__result(r);
}

/* poll(2): timeout in ms, negative: for ever. Blocks, unless 0. Cancellation point. */
CAPR_INTERPOSE int poll(struct pollfd *fds, nfds_t n, int timeout) {
    CAPR_MONITOR;
    capr__cancel_point();
    if (!capr__may_switch()) return (int)capr__result(CAPR_OUTSIDE(capr__sys3(SYS_poll, (long)fds, (long)n, timeout)));
    uint64_t deadline = timeout == 0 ? 0 : timeout < 0 ? CAPR_FOREVER : capr__now() + (uint64_t)timeout * 1000000;
    return (int)end(capr__poll(fds, n, deadline, NULL));
}

/* ppoll(2). As poll; the mask is the thread's while the call lasts. */
CAPR_INTERPOSE int ppoll(struct pollfd *fds, nfds_t n, const struct timespec *timeout, const sigset_t *mask) {
    CAPR_MONITOR;
    capr__cancel_point();
    if (!capr__may_switch()) {
        struct timespec copy; /* the kernel writes the rest back, POSIX's function does not */
        if (timeout) copy = *timeout;
        return (int)capr__result(CAPR_OUTSIDE(capr__sys6(SYS_ppoll, (long)fds, (long)n, timeout ? (long)&copy : 0, (long)mask, 8, 0)));
    }
    uint64_t deadline;
    int e = capr__poll_deadline(timeout, &deadline);
    return (int)end(e ? -e : capr__poll(fds, n, deadline, mask));
}

/* select and pselect, once `timeout` has become a deadline. */
static __attribute__((noinline)) int select_until(int n, fd_set *r, fd_set *w, fd_set *e, uint64_t deadline, const sigset_t *mask) {
    struct capr_leaving left;
    capr__handlers_off();
    struct capr_select *s = capr__select_begin(n, r, w, e);
    if (s) capr__leaving_begin(capr__self(), &left, capr__select_left, s);
    capr__handlers_on();
    if (!s) return (int)capr__result(n < 0 ? -EINVAL : -ENOMEM);
    long result;
    do result = capr__poll(s->fds, s->count, deadline, mask);
    while (result > 0 && capr__select_passes_over(s));
    capr__handlers_off();
    capr__leaving_end(capr__self(), &left);
    result = capr__select_end(s, result, r, w, e);
    capr__handlers_on();
    capr__signals_look_late();
    return (int)end(result);
}

/* select(2): the rest of the timeout is written back, as Linux does. Blocks, unless the timeout is 0. Cancellation point. */
CAPR_INTERPOSE int select(int n, fd_set *restrict r, fd_set *restrict w, fd_set *restrict e, struct timeval *restrict timeout) {
    CAPR_MONITOR;
    capr__cancel_point();
    if (!capr__may_switch()) return (int)capr__result(CAPR_OUTSIDE(capr__sys6(SYS_select, n, (long)r, (long)w, (long)e, (long)timeout, 0)));
    uint64_t deadline;
    int error = capr__select_deadline(timeout, &deadline);
    if (error) return (int)capr__result(-error);
    int result = select_until(n, r, w, e, deadline, NULL);
    if (timeout) capr__select_rest(deadline, timeout);
    return result;
}

/* pselect(2). As select; the timeout stays as it is; the mask as in ppoll. */
CAPR_INTERPOSE int pselect(int n, fd_set *restrict r, fd_set *restrict w, fd_set *restrict e,
                           const struct timespec *restrict timeout, const sigset_t *restrict mask) {
    CAPR_MONITOR;
    capr__cancel_point();
    if (!capr__may_switch()) {
        struct timespec copy;
        struct {
            const sigset_t *mask;
            size_t size;
        } six = {mask, 8};
        if (timeout) copy = *timeout;
        return (int)capr__result(CAPR_OUTSIDE(capr__sys6(SYS_pselect6, n, (long)r, (long)w, (long)e, timeout ? (long)&copy : 0, (long)&six)));
    }
    uint64_t deadline;
    int error = capr__poll_deadline(timeout, &deadline);
    return error ? (int)capr__result(-error) : select_until(n, r, w, e, deadline, mask);
}

/* epoll_wait(2) on a set of the program's own: the set is a descriptor that can be waited for. Blocks, unless the timeout is 0.
 * Cancellation point. */
static inline int epoll_until(int set, struct epoll_event *list, int count, uint64_t deadline, const sigset_t *mask) {
    for (;;) {
        long r = CAPR_OUTSIDE(capr__sys6(SYS_epoll_pwait, set, (long)list, count, 0, 0, 8));
        if (r) return (int)capr__result(r);
        struct pollfd p = {set, POLLIN, 0};
        r = capr__poll(&p, 1, deadline, mask);
        if (r <= 0) return (int)end(r);
    }
}

CAPR_INTERPOSE int epoll_pwait(int set, struct epoll_event *list, int count, int timeout, const sigset_t *mask) {
    CAPR_MONITOR;
    capr__cancel_point();
    if (!capr__may_switch() || timeout == 0)
        return (int)capr__result(CAPR_OUTSIDE(capr__sys6(SYS_epoll_pwait, set, (long)list, count, timeout, (long)mask, 8)));
    return epoll_until(set, list, count, timeout < 0 ? CAPR_FOREVER : capr__now() + (uint64_t)timeout * 1000000, mask);
}

/* epoll_pwait2(2): the timeout in ns, NULL: for ever. */
CAPR_INTERPOSE int epoll_pwait2(int set, struct epoll_event *list, int count, const struct timespec *timeout, const sigset_t *mask) {
    CAPR_MONITOR;
    uint64_t deadline;
    capr__cancel_point();
    if (!capr__may_switch() || (timeout && !(timeout->tv_sec | timeout->tv_nsec)))
        return (int)capr__result(CAPR_OUTSIDE(capr__sys6(SYS_epoll_pwait2, set, (long)list, count, (long)timeout, (long)mask, 8)));
    int e = capr__poll_deadline(timeout, &deadline);
    return e ? (int)capr__result(-e) : epoll_until(set, list, count, deadline, mask);
}

CAPR_INTERPOSE int epoll_wait(int set, struct epoll_event *list, int count, int timeout) {
    CAPR_MONITOR;
    return epoll_pwait(set, list, count, timeout, NULL);
}

/* What _FORTIFY_SOURCE makes of poll and ppoll: `room` is the array's size in bytes. */
extern _Noreturn void __chk_fail(void);

CAPR_INTERPOSE int __poll_chk(struct pollfd *fds, nfds_t n, int timeout, size_t room) {
    CAPR_MONITOR;
    if (room / sizeof *fds < n) __chk_fail();
    return poll(fds, n, timeout);
}

CAPR_INTERPOSE int __ppoll_chk(struct pollfd *fds, nfds_t n, const struct timespec *timeout, const sigset_t *mask, size_t room) {
    CAPR_MONITOR;
    if (room / sizeof *fds < n) __chk_fail();
    return ppoll(fds, n, timeout, mask);
}
