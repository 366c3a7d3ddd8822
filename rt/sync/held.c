/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The records of held.h: a small hash table of lists. Plain code.
 */
#include "held.h"

#include "../sched/workers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../thread/extra.h"

#define BITS 6 /* 64 lists: programs hold few process-shared locks at a time */

static struct capr_held *lists[1 << BITS], *spare;
static pid_t tid; /* of the only worker */

static struct capr_held **list_of(const void *object) {
    return &lists[((uint64_t)object >> 3) * 0x9e3779b97f4a7c15u >> (64 - BITS)];
}

struct capr_held *capr__held_find(const void *object) {
    struct capr_held *h = *list_of(object);
    while (h && h->object != object) h = h->next;
    return h;
}

int capr__held_reserve(struct capr_thread *self) {
    if (!capr__extra(self)) /* which makes capr__thread_cleanup look */
        return EAGAIN;
    if (!spare && !(spare = calloc(1, sizeof(*spare)))) return EAGAIN;
    return 0;
}

void capr__held_add(struct capr_thread *self, void *object, int robust) {
    struct capr_held *h = spare, **list = list_of(object);
    spare = h->next;
    *h = (struct capr_held){ .next = *list, .object = object, .owner = self, .robust = robust };
    *list = h;
    ((struct capr_extra *)self->extra)->held++;
}

void capr__held_drop(struct capr_held *h) {
    struct capr_held **at = list_of(h->object);
    while (*at != h) at = &(*at)->next;
    *at = h->next;
    if (h->owner) ((struct capr_extra *)h->owner->extra)->held--;
    h->next = spare;
    spare = h;
}

void capr__held_end(struct capr_thread *self, void (*robust)(void *object)) {
    struct capr_extra *x = self->extra;
    for (int i = 0; x->held && i < 1 << BITS; i++) {
        for (struct capr_held *h = lists[i], *next; h; h = next) {
            next = h->next;
            if (h->owner != self) continue;
            if (h->robust) {
                void *object = h->object;
                capr__held_drop(h);
                robust(object);
            } else {
                h->owner = NULL;
                x->held--;
            }
        }
    }
}

int capr__held_by_worker(pid_t holder) {
    for (uint32_t i = 1; i < capr__worker_count; i++)
        if (capr__workers[i]->kernel_thread == holder) return 1;
    if (!tid) tid = capr__many ? getpid() : gettid();
    return tid == holder;
}

void capr__held_forked(void) {
    tid = 0;
    for (int i = 0; i < 1 << BITS; i++)
        while (lists[i]) capr__held_drop(lists[i]);
}
