/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Out of memory, at each place where the kernel is asked for some: the n-th mmap, mprotect or mremap fails, once or from there
 * on, for n = 1, 2, ... until none is left to fail. A thread that cannot be made is EAGAIN, and all others go on; a checkpoint
 * that gets no chunk, and whatever else cannot be reported to the program, ends it with one line. Every stack is filled with
 * its owner's pattern while others run, so that memory that was given out twice shows.
 */
#include "fault.h"

#include <pthread.h>
#include <sched.h>

#define THREADS 70   /* in chunks of 64 KiB: more than two arenas of 2 MiB */
#define SLEEPERS 300 /* deadlines at once: the first array holds 256 */

#ifdef FAULT_STUBS /* without the pass: checkpoints made by hand */
#include "stack/chunk.h"
#include "stubs.h"
static uint64_t in_use(void) { return capr__chunk_bytes_in_use(&capr__worker); }
#define STEP(name, bytes)                                                                            \
    NAMED void name(int depth, unsigned char mark);                                                  \
    STUB_LINK(name##_linked, name, bytes + 1024, 0);                                                 \
    extern __typeof__(name) name##_linked;                                                           \
    STEP_BODY(name, bytes, name##_linked)
#else
static unsigned long in_use(void) { return 0; }
#define STEP(name, bytes)                                                                            \
    static void name(int depth, unsigned char mark);                                                 \
    STEP_BODY(name, bytes, name)
#endif

static void descend(int depth, unsigned char mark);

#define STEP_BODY(name, bytes, call)                                                                 \
    __attribute__((noinline)) void name(int depth, unsigned char mark)                               \
    {                                                                                                \
        volatile unsigned char room[bytes];                                                          \
        for (int i = 0; i < (bytes); i++)                                                            \
            room[i] = (unsigned char)(mark + depth);                                                 \
        descend(depth - 1, mark);                                                                    \
        for (int i = 0; i < (bytes); i++)                                                            \
            CHECK_EQUAL(room[i], (unsigned char)(mark + depth));                                     \
    }                                                                                                \
    static void name##_go(int depth, unsigned char mark) { call(depth, mark); }

STEP(tiny, 64)
STEP(small, 700)
STEP(middle, 3000)
STEP(large, 20000)
STEP(huge, 200000)

/* Links of all sizes, in another order for each thread, with others in between. */
static void descend(int depth, unsigned char mark) {
    static void (*const step[])(int, unsigned char) = {tiny_go, small_go, middle_go, large_go, huge_go};
    sched_yield();
    if (depth) step[(depth * 3 + mark) % (mark % 16 ? 4 : 5)](depth, mark);
}

static void *deep(void *mark) {
    descend(12, (unsigned char)(long)mark);
    return mark;
}

static void *doze(void *mark) {
    usleep(2000);
    return mark;
}

static int refused; /* calls of pthread_create that said EAGAIN */

static void crowd(void *(*start)(void *), int count) {
    static pthread_t t[THREADS + SLEEPERS];
    static char made[THREADS + SLEEPERS];
    for (int i = 0; i < count; i++) {
        int error = pthread_create(&t[i], NULL, start, (void *)(long)i);
        made[i] = error == 0;
        refused += error != 0;
        CHECK(error == 0 || error == EAGAIN);
        if (i % 7 == 0) sched_yield();
    }
    for (int i = 0; i < count; i++) {
        void *result;
        if (!made[i]) continue;
        CHECK_EQUAL(pthread_join(t[i], &result), 0);
        CHECK_EQUAL((long)result, i);
    }
}

static int call;
static unsigned first, count;

static void scenario(void) {
    long long before = (long long)in_use();
    fault_set(call, ENOMEM, first, count);
    crowd(deep, THREADS);
    crowd(doze, SLEEPERS);
    deep((void *)7l);
    /* What failed for once is over, and what was refused then is not lost. */
    fault_clear(call);
    refused = 0;
    crowd(deep, THREADS);
    crowd(doze, SLEEPERS);
    CHECK_EQUAL(refused, 0);
    CHECK_EQUAL(in_use(), before);
}

static int matches(const char *text) {
    static const char *const said[] = {"out of memory for a stack chunk of ", "out of memory for a big stack of ", "out of memory for ",
                                       "out of memory for thread-local "};
    const char *colon = strstr(text, "): ");
    if (strncmp(text, "capriccio: thread ", 18) || !colon || strchr(text, '\n') != text + strlen(text) - 1) return 0;
    for (size_t i = 0; i < sizeof said / sizeof *said; i++)
        if (!strncmp(colon + 3, said[i], strlen(said[i]))) return 1;
    return 0;
}

int main(void) {
    static const int calls[] = {SYS_mmap, SYS_mprotect, SYS_mremap};
    fault_start(calls, 3);
    alarm(110);
    const char *one = getenv("CAPR_TEST_PLACE"); /* "9 1 27": the 27. mmap fails, once; in this process, for debuggers */
    if (one) {
        CHECK_EQUAL(sscanf(one, "%d %u %u", &call, &count, &first), 3);
        scenario();
        return 0;
    }
    for (int c = 0; c < 3; c++)
        for (int shape = 0; shape < 2; shape++) {
            call = calls[c];
            count = shape ? FAULT_FOR_EVER : 1;
            int ended = 0;
            /* In guard mode each chunk is a mapping: every one of the first, then fewer. */
            for (first = 1;; first += 1 + first / 4) {
                char text[2048];
                int status = fault_in_child(scenario, text, sizeof text);
                int aborted = WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
                ended += aborted;
                if (aborted ? !matches(text) : status != 0 || *text) {
                    fprintf(stderr, "call %d failing from the %u. on, %s: status %#x, said: %s\n", call, first,
                            shape ? "for ever" : "once", (unsigned)status, text);
                    return 1;
                }
                if (!fault_failed(call)) break;
            }
            if (getenv("CAPR_TEST_VERBOSE"))
                printf("call %d %s: %u places, %d ended the program\n", call, shape ? "for ever" : "once", first - 1, ended);
        }
    return 0;
}
