/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * pthread_key_*, pthread_getspecific and _setspecific. A thread has no table until it stores a value, and one that grows by
 * doubling: a blocked thread pays for the keys that it uses. A value is tagged with the sequence number that its key had, so
 * that deleting a key makes all its values void without visiting any thread.
 */
#include "key.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "../graph/call_back.h"
#include "../sched/sched.h"

#define SLOW_PATH __attribute__((noinline))
#define FIRST_CAPACITY 4 /* 72 bytes: most programs that use keys have a few */

struct slot {
    void *value;
    uint64_t sequence; /* of the key when the value was stored */
};

struct capr_key_value {
    uint64_t capacity; /* of `slots`, a power of two */
    struct slot slots[];
};

/* A key exists while its sequence number is odd. Changed inside the monitor, looked at outside. */
static struct {
    uint64_t sequence;
    void (*destroy)(void *);
} keys[PTHREAD_KEYS_MAX];

/* Of a kernel thread that is no worker. Its destructors do not run. */
static _Thread_local struct capr_key_value *capr__foreign_keys; /* capr__: stays with the kernel thread (passes/ThreadLocals.cpp) */

static inline struct capr_key_value **table(void) {
    struct capr_thread *self = capr__self();
    return __builtin_expect(self != NULL, 1) ? &self->keys : &capr__foreign_keys;
}

/* POSIX pthread_key_create. Returns 0, or EAGAIN when PTHREAD_KEYS_MAX (1024) keys exist. Never blocks. */
CAPR_INTERPOSE int pthread_key_create(pthread_key_t *key, void (*destroy)(void *)) {
    CAPR_MONITOR;
    for (unsigned i = 0; i < PTHREAD_KEYS_MAX; i++) {
        if (keys[i].sequence % 2 == 0) {
            CAPR_SHOW(keys[i].destroy, destroy);
            CAPR_SHOW_MORE(keys[i].sequence, 1);
            *key = i;
            return 0;
        }
    }
    return EAGAIN;
}

/* POSIX pthread_key_delete. Returns 0, or EINVAL. Runs no destructor. */
CAPR_INTERPOSE int pthread_key_delete(pthread_key_t key) {
    CAPR_MONITOR;
    if (key >= PTHREAD_KEYS_MAX || keys[key].sequence % 2 == 0) return EINVAL;
    CAPR_SHOW_MORE(keys[key].sequence, 1);
    return 0;
}

/* POSIX pthread_getspecific. Returns the value, or NULL where none was stored. Never blocks. */
CAPR_INTERPOSE void *pthread_getspecific(pthread_key_t key) {
    struct capr_key_value *t = *table();
    if (!t || key >= t->capacity || t->slots[key].sequence != CAPR_SEE(keys[key].sequence)) return NULL;
    return t->slots[key].value;
}

/* Returns the table with room for `key`, or NULL when out of memory. */
static SLOW_PATH struct capr_key_value *grow(struct capr_key_value **where, pthread_key_t key) {
    uint64_t old = *where ? (*where)->capacity : 0;
    uint64_t capacity = old ? old : FIRST_CAPACITY;
    while (capacity <= key) capacity *= 2;
    struct capr_key_value *t = realloc(*where, sizeof(*t) + capacity * sizeof(t->slots[0]));
    if (!t) return NULL;
    memset(&t->slots[old], 0, (capacity - old) * sizeof(t->slots[0]));
    t->capacity = capacity;
    *where = t;
    return t;
}

/* POSIX pthread_setspecific. Returns 0, EINVAL for no key, ENOMEM. Never blocks. */
CAPR_INTERPOSE int pthread_setspecific(pthread_key_t key, const void *value) {
    struct capr_key_value **where = table(), *t = *where;
    uint64_t sequence = key < PTHREAD_KEYS_MAX ? CAPR_SEE(keys[key].sequence) : 0;
    if (sequence % 2 == 0) return EINVAL;
    if (!t || key >= t->capacity) {
        if (!value) return 0;
        t = grow(where, key);
        if (!t) return ENOMEM;
    }
    t->slots[key].value = (void *)value;
    t->slots[key].sequence = sequence;
    return 0;
}

void capr__keys_end(struct capr_thread *self) {
    int again = 1;
    for (int round = 0; again && round < PTHREAD_DESTRUCTOR_ITERATIONS; round++) {
        again = 0;
        /* Destructors store values, and may make the table grow: look it up each time. */
        for (pthread_key_t key = 0; key < self->keys->capacity; key++) {
            struct slot *s = &self->keys->slots[key];
            void *value = s->value;
            if (!value || s->sequence != CAPR_SEE(keys[key].sequence)) continue;
            s->value = NULL;
            void (*destroy)(void *) = CAPR_SEE(keys[key].destroy);
            if (destroy) {
                again = 1;
                capr__call_back(destroy, value);
            }
        }
    }
    free(self->keys);
    self->keys = NULL;
}

/* Names that libraries built for older glibc versions bind to. */
CAPR_INTERPOSE int __pthread_key_create(pthread_key_t *key, void (*destroy)(void *)) { return pthread_key_create(key, destroy); }
CAPR_INTERPOSE void *__pthread_getspecific(pthread_key_t key) { return pthread_getspecific(key); }
CAPR_INTERPOSE int __pthread_setspecific(pthread_key_t key, const void *value) { return pthread_setspecific(key, value); }
