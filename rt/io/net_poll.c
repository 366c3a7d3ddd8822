/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * CAPRICCIO_NET=poll: the poll loop without an epoll set, for kernels and sandboxes that have none, and as a check of the waiting
 * itself, since what poll(2) says does not depend on the past. Each look asks for all descriptors that somebody waits for, so it
 * costs as much as they are many. Plain code on the idle thread.
 */
#include "net_poll.h"

#include <poll.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>

#include "../proc/signals.h"

static_assert(EPOLLIN == POLLIN && EPOLLOUT == POLLOUT && EPOLLPRI == POLLPRI && EPOLLRDHUP == 0x2000 && EPOLLERR == POLLERR &&
                  EPOLLHUP == POLLHUP,
              "events need no conversion");

static uint64_t room;         /* as many as the table has records, which may be made later than the first wait, and the eventfd */
static struct pollfd *fds;    /* as many */
static uint32_t *generations; /* of the same records when the kernel was asked */

CAPR_HIDDEN int capr__net_register(int fd, struct capr_fd *f) {
    struct stat st;
    if (capr__sys2(SYS_fstat, fd, (long)&st) < 0) return EBADF;
    if (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode) || S_ISBLK(st.st_mode)) return EPERM;
    f->flags |= CAPR_FD_REGISTERED;
    return 0;
}

/* What the waiters of a record wait for. */
static uint32_t wanted(const struct capr_fd *f) {
    uint32_t bits = (f->queue[CAPR_FD_READ].head ? EPOLLIN | EPOLLRDHUP : 0) | (f->queue[CAPR_FD_WRITE].head ? EPOLLOUT : 0);
    for (const struct capr_watch *w = f->watches; w; w = w->next) bits |= w->events | EPOLLERR;
    return bits;
}

static long make_room(uint64_t most) {
    long p = capr__sys6(SYS_mmap, 0, (long)(most * (sizeof *fds + sizeof *generations)), PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (capr__is_error(p)) return p;
    if (room) capr__sys2(SYS_munmap, (long)fds, (long)(room * (sizeof *fds + sizeof *generations)));
    room = most;
    fds = (struct pollfd *)p;
    generations = (uint32_t *)(fds + most);
    return 0;
}

CAPR_HIDDEN long capr__net_wait(struct epoll_event *events, long count, int64_t timeout_ns) {
    struct timespec timeout = {timeout_ns / 1000000000, timeout_ns % 1000000000};
    long n = 0, found = 0, e = room < capr__fd_count + 1ull ? make_room(capr__fd_count + 1ull) : 0;
    if (e) return e;
    for (uint32_t fd = 0; fd < capr__fd_high; fd++) {
        uint32_t bits = wanted(&capr__fd_table[fd]);
        if (!bits) continue;
        generations[n] = capr__fd_table[fd].generation;
        fds[n++] = (struct pollfd){(int)fd, (short)bits, 0};
    }
    int wake = capr__process.wake_fd;
    if (wake >= 0) fds[n++] = (struct pollfd){wake, POLLIN, 0};
    long r = CAPR_OUTSIDE(capr__epoll_wait((long)fds, (void *)n, timeout_ns < 0 ? 0 : (long)&timeout, 0, capr__signals_check(), SYS_ppoll));
    if (r <= 0) return r;
    for (long i = 0; i < n && found < count; i++) { /* what finds no place is ready next time too */
        uint32_t bits = (uint16_t)fds[i].revents;
        if (!bits) continue;
        if (fds[i].fd == wake) {
            uint64_t writes;
            capr__sys3(SYS_read, wake, (long)&writes, sizeof writes);
            continue;
        }
        if (bits & POLLNVAL) bits = EPOLLERR | EPOLLHUP; /* closed behind our back: its waiters find out */
        events[found++] = (struct epoll_event){bits, {.u64 = (uint64_t)generations[i] << 32 | (uint32_t)fds[i].fd}};
    }
    return found;
}
