/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Takes events from the worker's epoll set and makes the threads that wait for them ready. Plain code on the idle thread's
 * stack. An edge wakes one reader, one writer and every poll: whoever has been woken wakes the next one when its call is done
 * (capr__fd_done), so that a thousand readers of one pipe are not woken for one byte.
 */
#include "fd.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>

#include "../proc/signals.h"
#include "net_poll.h"
#include "source.h"

/* Events taken at once: 256 of 12 bytes fill less than a page, and a full batch costs the kernel crossing once per 256. */
#define EVENTS 256

static _Thread_local struct epoll_event events[EVENTS];

/* Out of the way of programs that expect the lowest free number, and of select's 1024, where there is room. */
static int out_of_the_way(long fd) {
    long high = capr__sys3(SYS_fcntl, fd, F_DUPFD_CLOEXEC, 512);
    if (high < 0) return (int)fd;
    capr__sys1(SYS_close, fd);
    return (int)high;
}

CAPR_HIDDEN int capr__io_epoll_fd(void) {
    if (capr__process.epoll_fd < 0) {
        long fd = capr__sys1(SYS_epoll_create1, EPOLL_CLOEXEC);
        if (fd < 0) return (int)fd;
        capr__process.epoll_fd = out_of_the_way(fd);
    }
    return capr__process.epoll_fd;
}

/* Event data of the worker's eventfd: no number of a descriptor. Edge-triggered, so that it is never read: each write is a new
 * edge, and a counter of 64 bits does not overflow. */
#define WAKE_DATA UINT64_MAX

/* The worker's number of it, for other kernel threads; the lock keeps it the eventfd's while one of them writes. */
static int wake_number = -1;
static uint8_t wake_lock;

static void lock_wake(void) {
    while (__atomic_exchange_n(&wake_lock, 1, __ATOMIC_ACQUIRE)) capr__sys1(SYS_sched_yield, 0);
}

static void unlock_wake(void) { __atomic_store_n(&wake_lock, 0, __ATOMIC_RELEASE); }

CAPR_HIDDEN void capr__io_wake(void) {
    uint64_t one = 1;
    lock_wake();
    capr__sys3(SYS_write, wake_number, (long)&one, sizeof one);
    unlock_wake();
}

CAPR_HIDDEN int capr__io_wake_fd_move(int fd) {
    long moved = capr__sys3(SYS_fcntl, capr__process.wake_fd, F_DUPFD_CLOEXEC, fd + 1);
    if (moved < 0) return (int)moved;
    lock_wake();
    wake_number = capr__process.wake_fd = (int)moved;
    unlock_wake();
    return 0;
}

CAPR_HIDDEN int capr__io_wake_fd(void) {
    int set = capr__net_polls() ? 0 : capr__io_epoll_fd();
    if (capr__process.wake_fd >= 0 || set < 0) return set < 0 ? set : capr__process.wake_fd;
    long fd = capr__sys2(SYS_eventfd2, 0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (fd < 0) return (int)fd;
    fd = out_of_the_way(fd);
    struct epoll_event event = {EPOLLIN | EPOLLET, {.u64 = WAKE_DATA}};
    long r = 0;
    if (!capr__net_polls()) {
        CAPR_SHOW_MORE(capr__worker.count.epoll_ctl, 1);
        r = capr__sys4(SYS_epoll_ctl, set, EPOLL_CTL_ADD, fd, (long)&event);
    }
    if (r < 0) {
        capr__sys1(SYS_close, fd);
        return (int)r;
    }
    return wake_number = capr__process.wake_fd = (int)fd;
}

static struct capr_source *sources;

CAPR_HIDDEN void capr__io_source_add(struct capr_source *source) {
    source->next = sources;
    sources = source;
}

CAPR_HIDDEN void capr__io_sources_forked(void) {
    for (struct capr_source *s = sources; s; s = s->next) s->forked();
    sources = NULL;
    wake_number = -1;
    wake_lock = 0;
}

static void collect(void) {
    for (struct capr_source *s = sources; s; s = s->next) s->collect();
}

/* Returns 1 if there is no need to wait. */
static int arm(void) {
    int now = 0;
    for (struct capr_source *s = sources; s; s = s->next) now |= s->arm();
    return now;
}

static void disarm(void) {
    for (struct capr_source *s = sources; s; s = s->next) s->disarm();
}

CAPR_HIDDEN void capr__io_collect(void) {
    if (sources) collect();
}

static void wake(struct capr_thread *t) {
    if (t->state == CAPR_PARKED) capr__ready(t);
}

static void deliver(const struct epoll_event *event) {
    if (event->data.u64 == WAKE_DATA) return;
    uint32_t fd = (uint32_t)event->data.u64, bits = event->events;
    struct capr_fd *f = &capr__fd_table[fd];
    if (f->generation != (uint32_t)(event->data.u64 >> 32)) return;
    f->events++;
    capr__fd_stirs++;
    if (bits & (EPOLLIN | EPOLLPRI | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) {
        f->drained = f->empty = 0;
        f->hung_up |= (bits & (EPOLLPRI | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
        capr__wake_one(&f->queue[CAPR_FD_READ]);
    }
    if (bits & (EPOLLOUT | EPOLLHUP | EPOLLERR)) capr__wake_one(&f->queue[CAPR_FD_WRITE]);
    for (struct capr_watch *w = f->watches; w; w = w->next) {
        uint32_t got = bits & (w->events | EPOLLHUP | EPOLLERR);
        if (f->watches == w && !w->next) w->got |= got; /* of several the first that runs may leave nothing */
        if (got) wake(w->thread);
    }
}

/* In the kernel for at most timeout_ns. Returns the events' number or -errno. */
static long wait_events(int set, int64_t timeout_ns) {
    static int no_pwait2; /* Linux before 5.11, and sandboxes that know no newer call */
    volatile int *check = capr__signals_check();
    struct timespec timeout = {timeout_ns / 1000000000, timeout_ns % 1000000000};
    if (!no_pwait2) {
        long n =
            capr__epoll_wait(set, events, EVENTS, timeout_ns < 0 ? 0 : (long)&timeout, check, SYS_epoll_pwait2);
        if (n != -ENOSYS) return n;
        no_pwait2 = 1;
    }
    int64_t ms = timeout_ns < 0 ? -1 : (timeout_ns + 999999) / 1000000;
    return capr__epoll_wait(set, events, EVENTS, ms > INT32_MAX ? INT32_MAX : ms, check, SYS_epoll_pwait);
}

CAPR_HIDDEN int capr__io_poll(int64_t timeout_ns) {
    /* A handler ran: what it did (perhaps made a thread ready) is for our caller to see, before it waits. */
    if (capr__signals_pending && capr__worker.number == 0) {
        capr__signals_deliver();
        timeout_ns = 0;
    }
    if (capr__fd_sweep_wanted) capr__fd_sweep();
    if (sources) collect();
    if (CAPR_SEE(capr__worker.run_head)) timeout_ns = 0;
    int armed = sources && timeout_ns != 0; /* else another worker may be, which sleeps */
    if (armed && arm()) timeout_ns = 0;
    if (capr__process.epoll_fd < 0 && timeout_ns == 0 && !capr__net_polls()) return 0;

    int set = capr__net_polls() ? -1 : capr__io_epoll_fd();
    long n;
    CAPR_SHOW_MORE(capr__worker.count.epoll_wait, 1);
    if (capr__net_polls()) {
        n = capr__net_wait(events, EVENTS, timeout_ns);
    } else if (set >= 0) {
        n = CAPR_OUTSIDE(wait_events(set, timeout_ns));
    } else { /* no descriptor left for the set: nobody waits by event then, only by time */
        struct timespec piece = {0, timeout_ns < 0 || timeout_ns > CAPR_FD_RETRY_NS ? CAPR_FD_RETRY_NS : timeout_ns};
        n = CAPR_OUTSIDE(capr__sys6(SYS_ppoll, 0, 0, (long)&piece, 0, 0, 0));
    }
    if (armed) disarm();
    if (sources) collect();
    for (long i = 0; i < n; i++) deliver(&events[i]);
    if (capr__signals_pending) capr__signals_deliver();
    /* Not only after a handler, but also when the process was stopped and goes on (signal(7)). */
    if (n == -EINTR && capr__terminal_waits) capr__terminal_continued();
    if (capr__fd_sweep_wanted) capr__fd_sweep();
    return n > 0 ? (int)n : 0;
}
