/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * When the graph is written to a file. Signals may come faster than it can be written, so one kernel thread writes at a time, and one
 * snapshot at most waits for it, the latest: of several signals the last one's is written. At exit the one that is being made is given up,
 * and the one that is being written waited for, since it must not end up in place of the last. Plain code.
 */
#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "../proc/env.h"
#include "../proc/message.h"
#include "../sched/sched.h"
#include "../stack/profile.h"
#include "../thread/kernel_thread.h"
#include "dump.h"
#include "file.h"
#include "window.h"
#include "workers.h"

#define NAME 4096
#define STACK (128u << 10)   /* of the thread that writes: names of files, decoding */
#define EXIT_NS 10000000000ull /* for a pipe's reader to have all of it, who is slow but reads */

volatile int capr__graph_wanted;

static struct capr_snapshot *next;             /* to be written */
static enum { IDLE, WRITING, OVER } state;     /* over: the process ends, nobody begins any more */
static uint8_t ending;                         /* the writer makes no other, nor goes on making one */
static uint64_t written_ns;                    /* of the graph's life: the latest that was written. The writer's */

static void tell(const char *file, int error) {
    if (error) capr__warn("%s: the blocking graph could not be written: %s", file, strerror(error));
}

static size_t stem_of(const char *file) {
    size_t length = strlen(file);
    return length > 5 && !strcmp(file + length - 5, ".json") ? length - 5 : length;
}

/* The named file is the first process's; a forked child writes beside it: x.PID.json. */
static void name_file(char *file, size_t size) {
    const char *named = capr__env.graph_file ? capr__env.graph_file : "capriccio-%p.json";
    capr__graph_file_name(named, stem_of(named), file, size);
}

/* And frees. `error`: an errno that keeps it from being written. */
static void write_out(struct capr_snapshot *s, int error, const uint8_t *off) {
    struct capr_text json = {0}, dot = {0};
    char file[NAME], other[NAME + 8];
    int into = 0;
    name_file(file, sizeof file);
    size_t stem = stem_of(file);
    memcpy(other, file, stem);
    strcpy(other + stem, ".dot");
    if (!error) error = capr__snapshot_render(s, &json, &dot, off);
    capr__snapshot_free(s);
    if (!error) error = capr__graph_file_put(file, &json, &into);
    tell(file, error == ECANCELED ? 0 : error);
    if (!error && !into) tell(other, capr__graph_file_put(other, &dot, &into));
    capr__text_free(&json);
    capr__text_free(&dot);
}

static struct capr_snapshot *take(void) {
    char file[NAME];
    const char *why;
    struct capr_snapshot *s = capr__snapshot_take(&why);
    name_file(file, sizeof file);
    if (!s) capr__warn("%s: no blocking graph is written: %s", file, why);
    return s;
}

/* Two workers may come with theirs at once: the younger one stays. */
static void leave(struct capr_snapshot *s) {
    struct capr_snapshot *other;
    while ((other = __atomic_exchange_n(&next, s, __ATOMIC_ACQ_REL))) {
        if (capr__snapshot_ns(other) <= capr__snapshot_ns(s)) {
            capr__snapshot_free(other);
            return;
        }
        s = other;
    }
}

static int begin(int as) {
    __typeof__(state) idle = IDLE;
    return __atomic_compare_exchange_n(&state, &idle, as, 0, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED);
}

/* What there is, as the writer. */
static void write_next(int error) {
    do {
        struct capr_snapshot *s;
        while (!__atomic_load_n(&ending, __ATOMIC_SEQ_CST) && (s = __atomic_exchange_n(&next, NULL, __ATOMIC_ACQ_REL))) {
            uint64_t ns = capr__snapshot_ns(s);
            if (ns < written_ns) {
                capr__snapshot_free(s);
                continue;
            }
            written_ns = ns;
            write_out(s, error, &ending);
        }
        __atomic_store_n(&state, IDLE, __ATOMIC_SEQ_CST);
        /* One that was left since found that somebody writes. */
    } while (__atomic_load_n(&next, __ATOMIC_SEQ_CST) && !__atomic_load_n(&ending, __ATOMIC_SEQ_CST) && begin(WRITING));
}

static void *write_apart(void *unused) {
    write_next(capr__graph_file_apart());
    return unused;
}

static void write_meanwhile(void) {
    struct capr_snapshot *s = take();
    if (!s) return;
    leave(s);
    if (begin(WRITING) && capr__kernel_thread_start(write_apart, NULL, STACK, 0)) write_next(0);
}

static int for_file(int wanted) { return wanted & CAPR_WANTED_FILE && (capr__env.graph_file || !capr__profiling); }

void capr__graph_answer(void) {
    int wanted = __atomic_exchange_n(&capr__graph_wanted, 0, __ATOMIC_ACQ_REL);
    if (wanted & CAPR_WANTED_FILE && capr__profiling) capr__profile_answer();
    if (for_file(wanted)) write_meanwhile();
    if (wanted & CAPR_WANTED_WINDOW) capr__window_answer();
}

void capr__graph_writer_forked(void) {
    if (next) capr__snapshot_free(next);
    next = NULL;
    state = IDLE;
    ending = 0;
    written_ns = 0;
}

/* One is being written, which may be given up, or waits for it. */
static int is_asked(void) { return __atomic_load_n(&next, __ATOMIC_SEQ_CST) || __atomic_load_n(&state, __ATOMIC_SEQ_CST) == WRITING; }

/* Nobody writes, and nobody will. 0: the one that is at it does not end. */
static int stop_writer(void) {
    const struct timespec ms = {0, 1000000};
    uint64_t until = capr__now() + EXIT_NS;
    while (!begin(OVER)) {
        if (capr__now() >= until) return 0;
        syscall(SYS_nanosleep, &ms, NULL);
    }
    return 1;
}

static void write_last(void *s, int error) { write_out(s, error, NULL); }

/* Also what a signal has asked for that nobody has answered. Children that fork makes for a single errand would leave as many files. */
__attribute__((destructor)) static void at_exit(void) {
    struct capr_counts counts;
    char file[NAME];
    if (!capr__worker.self) return;
    capr__count_all(&counts);
    int last = (capr__env.graph_file && (getpid() == capr__env.pid || counts.threads_created)) || for_file(capr__graph_wanted);
    last |= is_asked();
    __atomic_store_n(&ending, 1, __ATOMIC_SEQ_CST);
    last |= is_asked();
    struct capr_snapshot *s = last ? take() : NULL;
    int alone = stop_writer();
    if (s && alone) {
        capr__graph_file_at_exit(write_last, s);
    } else if (!alone) {
        name_file(file, sizeof file);
        capr__warn("%s: the blocking graph at exit is not written: an earlier one still is, after %d seconds", file, (int)(EXIT_NS / 1000000000));
    }
}
