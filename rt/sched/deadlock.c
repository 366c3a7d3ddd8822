/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Deadlock of the whole process, told in words: each thread, what it waits for, who holds that, and the calls that led there. What a
 * thread waits for is read from its wait_data and from where its queue lies in it, which no two kinds of object have in common. A
 * thread prints its call chain itself: it is switched to as if signals were due, so that its own stack, in chunks, is what
 * the unwinder sees, and gives way again without having been woken. Plain code.
 */
#include "deadlock.h"

#include <dlfcn.h>
#include <execinfo.h>
#include <stdio.h>
#include <string.h>

#include "../proc/env.h"
#include "../proc/message.h"
#include "../proc/signals.h"
#include "../sync/mutex.h"
#include "../sync/shared.h"
#include "../thread/cancel.h"
#include "../thread/extra.h"
#include "limits.h"
#include "switch.h"
#include "workers.h"

#define TOLD 16   /* threads that are described: a deadlock has few, a forgotten wake-up has thousands that look the same */
#define FRAMES 24 /* calls of a chain */

struct capr_thread *capr__deadlock_turn;

enum kind { UNKNOWN, MUTEX, COND, READ, WRITE, BARRIER, SEMAPHORE, JOIN, RESOURCE };
static const char *const nouns[] = {"", "mutex", "condition", "rwlock (to read)", "rwlock (to write)", "barrier", "semaphore", "thread", "resource"};

static enum kind kind_of(const struct capr_thread *t) {
    if (t->state != CAPR_PARKED || !t->wait_data) return UNKNOWN;
    if (!t->queue) return ((const struct capr_thread *)t->wait_data)->joiner == t ? JOIN : UNKNOWN;
    if ((uint64_t)t->queue - (uint64_t)capr__declared < sizeof capr__declared) return RESOURCE;
    if (t->wait_data == &capr__wait_restartable)
        return SEMAPHORE; /* nobody waits for descriptors now, which look the same */
    switch ((const char *)t->queue - (const char *)t->wait_data) {
    case offsetof(struct capr_mutex, waiters):
        return MUTEX;
    case 0:
        return COND;
    case 8:
        return READ;
    case 16:
        return BARRIER;
    case 32:
        return WRITE;
    }
    return UNKNOWN;
}

static void name_thread(const struct capr_thread *t, char *text, size_t size) {
    char start[128] = "main";
    if (t->start) capr__function_name((uint64_t)t->start, start, sizeof start);
    snprintf(text, size, "thread %u (start %s)", t->id, start);
}

static void tell(struct capr_worker *w, struct capr_thread *t) {
    char who[192], holder[192];
    enum kind kind = kind_of(t);
    const void *object = kind == SEMAPHORE ? (const char *)t->queue - 16 : t->wait_data;
    const struct capr_thread *by = NULL;
    if (kind == MUTEX)
        by = (const struct capr_thread *)(CAPR_SEE(((const struct capr_mutex *)object)->owner) & CAPR_MUTEX_OWNER);
    else if (kind == READ || kind == WRITE)
        by = *(struct capr_thread *const *)((const char *)object + CAPR_RWLOCK_WRITER); /* readers are only counted */
    else if (kind == JOIN)
        by = object;
    name_thread(t, who, sizeof who);
    if (by) name_thread(by, holder, sizeof holder);
    if (kind == JOIN)
        capr__warn("  %s waits for the end of %s, called from", who, holder);
    else if (kind == RESOURCE)
        capr__warn("  %s waits for %llu of the resource %s, called from", who, (unsigned long long)((const struct capr_demand *)object)->units,
                   capr__declared[((const struct capr_demand *)object)->of].name);
    else if (by)
        capr__warn("  %s waits for the %s at %p, held by %s, called from", who, nouns[kind], object, by == t ? "itself" : holder);
    else
        capr__warn("  %s waits for the %s at %p, called from", who, nouns[kind], object);
    if ((t->cancel_bits & CAPR_SIGNALS_DUE) || !capr__extra(t)) return;
    struct capr_switch_frame *frame = (struct capr_switch_frame *)t->sp;
    ((struct capr_extra *)t->extra)->resume = frame->rip;
    frame->rip = (uint64_t)capr__signals_entry;
    capr__deadlock_turn = t;
    capr__switch_to(w, w->idle, t);
}

void capr__deadlock_chain(void) {
    struct capr_worker *w = &capr__worker;
    void *frames[FRAMES];
    char line[480] = "   ", name[128];
    int count = backtrace(frames, FRAMES), runtime = 1;
    for (int i = 1; i < count; i++) {
        capr__function_name((uint64_t)frames[i] - 1, name, sizeof name);
        if (runtime && (!strncmp(name, "capr_", 5) || !strncmp(name, "__", 2) || !strncmp(name, "0x", 2))) continue;
        runtime = 0;
        size_t used = strlen(line);
        if (used + strlen(name) + 2 > sizeof line || !strcmp(name, "capr__trampoline")) break;
        snprintf(line + used, sizeof line - used, " %s", name);
        if (!strcmp(name, "main")) break;
    }
    capr__warn("%s", line);
    capr__deadlock_turn = NULL;
    w->self->state = CAPR_PARKED;
    capr__switch_to(w, w->self, w->idle);
}

void capr__deadlock_look(struct capr_worker *w) {
    static uint64_t looked; /* at so many switches, of all workers: a signal that woke an idle thread in vain changes nothing */
    uint64_t switches = capr__workers_counted().switches;
    if (looked == switches) return;
    looked = switches;
    int by_handlers = 0;
    for (struct capr_thread *t = capr__process.all; t; t = t->all_next) {
        enum kind kind = kind_of(t);
        if (kind == UNKNOWN) return;
        by_handlers |= kind == SEMAPHORE || kind == COND || kind == RESOURCE;
    }
    if (by_handlers && capr__signals_have_handlers()) return;
    capr__warn("deadlock: %s", capr__process.live_threads == 1 ? "the only thread waits for what nobody can give it"
                                                     : "all threads wait for one another");
    uint32_t told = 0;
    for (struct capr_thread *t = capr__process.all; t && told < TOLD; t = t->all_next, told++) tell(w, t);
    if (told < capr__process.live_threads) capr__warn("  and %u more threads", capr__process.live_threads - told);
    if (capr__env.deadlock == CAPR_DEADLOCK_ABORT) capr__fatal("ending: CAPRICCIO_DEADLOCK=abort");
    looked = capr__workers_counted().switches;
}
