/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The list of pipes whose readers wait without the epoll set (pair.h), as a source of the poll loop: what is on it goes into the
 * epoll set before the worker waits in the kernel. Plain code.
 */
#include "pair.h"

#include <sys/epoll.h>
#include <sys/mman.h>

#include "net_poll.h"
#include "source.h"

/* Looks of a busy worker (64 switches each) from one registration to the next: it costs as much as 200 switches. */
#define TURNS 16

static uint32_t *list; /* a ring of as many places as the table has records: each is on it once */
static uint32_t first, count;
CAPR_HIDDEN volatile int capr__pair_doubtful;
CAPR_HIDDEN char capr__pair_filled;

/* Registers the oldest, if somebody still waits for it. */
static void settle(void) {
    uint32_t fd = list[first % capr__fd_count];
    struct capr_fd *f = &capr__fd_table[fd];
    first++;
    count--;
    f->listed = 0;
    if (!f->queue[CAPR_FD_READ].head || (f->flags & (CAPR_FD_OWNED | CAPR_FD_REGISTERED)) != CAPR_FD_OWNED) return;
    f->wakes = 0;
    if (capr__fd_register((int)fd, f) == 0) return;
    /* No room in the epoll set: its readers look for themselves, and wait as they would for any pipe. */
    capr__pair_part(f);
    while (capr__wake_one(&f->queue[CAPR_FD_READ])) continue;
}

static void settle_all(void) {
    capr__pair_doubtful = 0;
    while (count) settle();
}

static int collect(void) {
    static unsigned turn;
    if (capr__pair_doubtful)
        settle_all();
    else if (count && ++turn % TURNS == 0)
        settle();
    return 0;
}

static int arm(void) {
    settle_all();
    return CAPR_SEE(capr__worker.run_head) != NULL;
}

static void disarm(void) {}

static struct capr_source source;

static void forked(void) {
    while (count) capr__fd_table[list[(first + --count) % capr__fd_count]].listed = 0;
    capr__pair_doubtful = 0;
    source.collect = NULL;
}

CAPR_HIDDEN void capr__pair_made(const int ends[2]) {
    struct capr_fd *r = capr__fd_find(ends[0]), *w = capr__fd_find(ends[1]);
    if (!r || !w) return;
    if (!list) {
        long p = capr__sys6(SYS_mmap, 0, (long)(capr__fd_count * sizeof *list), PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (capr__is_error(p)) return;
        list = (uint32_t *)p;
    }
    if (!source.collect) {
        source = (struct capr_source){.collect = collect, .arm = arm, .disarm = disarm, .forked = forked};
        capr__io_source_add(&source);
    }
    r->peer = (uint32_t)ends[1] + 1;
    w->peer = (uint32_t)ends[0] + 1;
    r->level = 0;
    w->level = 1; /* for ever: a read of this end is to ask the kernel, which says EBADF */
}

CAPR_HIDDEN void capr__pair_part(struct capr_fd *f) {
    struct capr_fd *other = capr__pair_other(f);
    if (!other) return;
    f->peer = other->peer = 0;
    capr__pair_doubtful = 1; /* readers that wait are to hear of what others write, and of the end */
}

CAPR_HIDDEN void capr__pair_doubt(void) { capr__pair_doubtful = 1; }

CAPR_HIDDEN void capr__pair_list(int fd, struct capr_fd *f) {
    f->listed = 1;
    list[(first + count++) % capr__fd_count] = (uint32_t)fd;
}

CAPR_HIDDEN void capr__pair_unregister(int fd, struct capr_fd *f) {
    f->wakes = 0;
    if (f->watches) return; /* polls wait by events */
    if (!capr__net_polls()) {
        CAPR_SHOW_MORE(capr__worker.count.epoll_ctl, 1);
        if (capr__sys4(SYS_epoll_ctl, capr__process.epoll_fd, EPOLL_CTL_DEL, fd, 0) < 0) return;
    }
    f->flags &= (uint8_t)~CAPR_FD_REGISTERED;
    if (f->queue[CAPR_FD_READ].head && !f->listed) capr__pair_list(fd, f);
}
