/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The worker's context for asynchronous disk requests: a list of those that wait to be handed over, and their completions, as a
 * source of the poll loop's. Plain code.
 */
#include "direct.h"

#include <time.h>

#include "../io/source.h"
#include "../sched/leaving.h"

/* Requests in the kernel at once: twice what NVMe drives queue per hardware queue by default in Linux. fs.aio-max-nr (65,536)
 * bounds the sum over all processes. */
#define DEPTH 1024

/* Requests handed over, and completions taken, in one system call. */
#define BATCH 64

static aio_context_t context;
static int unusable;                       /* no context to be had: the pool does it */
static struct capr_direct *head, *tail;    /* oldest first */
static unsigned int in_kernel;

/* The ring that the kernel maps at `context`, of which only emptiness is read here. */
struct ring {
    uint32_t id, size, head, tail;
};

static void end(struct capr_direct *r, long result) {
    r->result = result;
    r->done = 1;
    capr__disk_took(r->since);
    if (r->waiting && r->thread->state == CAPR_PARKED) capr__ready(r->thread);
}

/* Hands over what the kernel takes. Returns how many failed at once and are done. */
static int submit(void) {
    int failed = 0;
    while (head && in_kernel < DEPTH) {
        struct iocb *list[BATCH];
        long n = 0;
        for (struct capr_direct *r = head; r && n < BATCH && in_kernel + (unsigned int)n < DEPTH; r = r->next) list[n++] = &r->iocb;
        long taken = capr__sys3(SYS_io_submit, (long)context, n, (long)list);
        CAPR_SHOW_MORE(capr__worker.count.io_submit, 1);
        if (taken == -EAGAIN && in_kernel) break; /* full: completions make room */
        if (taken <= 0) {                         /* the first one is what it does not like */
            struct capr_direct *bad = head;
            head = head->next;
            end(bad, taken == 0 ? -EAGAIN : taken);
            failed++;
            continue;
        }
        in_kernel += (unsigned int)taken;
        for (long i = 0; i < taken; i++) head = head->next;
    }
    return failed;
}

static int anything(void) {
    const struct ring *ring = (const struct ring *)context;
    return __atomic_load_n(&ring->tail, __ATOMIC_ACQUIRE) != __atomic_load_n(&ring->head, __ATOMIC_RELAXED);
}

static int collect(void) {
    struct io_event events[BATCH];
    struct timespec zero = {0, 0};
    int sum = submit();
    while (in_kernel && anything()) {
        long n = capr__sys6(SYS_io_getevents, (long)context, 0, BATCH, (long)events, (long)&zero, 0);
        if (n <= 0) break;
        in_kernel -= (unsigned int)n;
        for (long i = 0; i < n; i++) end((struct capr_direct *)(uintptr_t)events[i].data, (long)events[i].res);
        sum += (int)n;
        submit();
    }
    return sum;
}

static int arm(void) { return in_kernel && anything(); }
static void disarm(void) {}

CAPR_HIDDEN void capr__direct_left(void *object) {
    struct capr_direct *r = object;
    const struct timespec moment = {0, 20000};
    r->waiting = 0;
    capr__handlers_off();
    for (collect(); !r->done; collect()) capr__sys2(SYS_nanosleep, (long)&moment, 0);
    capr__handlers_on();
}

/* The context and its requests are the parent's. A handler that came while one was waited for may have forked: the pool makes the call. */
static void forked(void) {
    for (struct capr_leaving *l = NULL; (l = capr__leaving_by(l, capr__direct_left));) {
        struct capr_direct *r = l->object;
        if (r->done) continue;
        r->result = -EAGAIN;
        r->done = 1;
    }
    context = 0;
    unusable = 0;
    head = tail = NULL;
    in_kernel = 0;
}

static struct capr_source source = {.collect = collect, .arm = arm, .disarm = disarm, .forked = forked};

static int start(void) {
    if (unusable) return -EAGAIN;
    if (capr__io_wake_fd() < 0) return -EAGAIN;
    long r = capr__sys2(SYS_io_setup, DEPTH, (long)&context);
    if (r < 0) {
        unusable = 1;
        return (int)r;
    }
    capr__io_source_add(&source);
    return 0;
}

CAPR_HIDDEN int capr__direct_queue(struct capr_direct *request) {
    if (!context && start()) return -EAGAIN;
    request->iocb.aio_flags = IOCB_FLAG_RESFD;
    request->iocb.aio_resfd = (uint32_t)capr__process.wake_fd;
    request->iocb.aio_rw_flags = 8; /* RWF_NOWAIT */
    request->next = NULL;
    request->since = capr__now();
    if (head)
        tail->next = request;
    else
        head = request;
    tail = request;
    return 0;
}
