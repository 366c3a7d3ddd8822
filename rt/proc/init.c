/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Makes the kernel thread that runs main into worker 0 and main into its first thread. Runs from the executable's .preinit_array:
 * after ld.so has bound everything, before any constructor, so that constructors may already create threads. The kernel's main
 * stack becomes main's big stack: main runs on it like code that borrowed it, and links chunks only when it recurses beyond.
 */
#include <errno.h>
#include <stdio.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "../graph/graph.h"
#include "../graph/tables.h"
#include "../sched/fibres.h"
#include "../sched/idle.h"
#include "../sched/switch.h"
#include "../sched/workers.h"
#include "../stack/bigstack.h"
#include "../stack/chunk.h"
#include "../stack/leaf.h"
#include "../thread/thread.h"
#include "env.h"
#include "message.h"
#include "signals.h"

/* Of the kernel's main stack no more is used than this, whatever the limit allows: an unlimited stack has no lower end. */
#define MAIN_STACK_MAX (8u << 20)

/* The kernel puts strings and the auxiliary vector above main's frames; AT_EXECFN is among the highest. */
#define MAIN_STACK_SLACK (64u << 10)

#ifndef CAPR_THREAD_SANITIZER
_Thread_local struct capr_worker capr__worker __attribute__((aligned(64)));
#endif
struct capr_process capr__process;
struct capr_thread capr__main_thread;
static struct capr_bigstack main_stack;

/* Made by the linker where the section exists. */
extern char __start_capr_entry[] __attribute__((weak, visibility("hidden")));
extern char __stop_capr_entry[] __attribute__((weak, visibility("hidden")));

static void adopt_main_stack(void) {
    struct rlimit limit;
    uint64_t bytes = MAIN_STACK_MAX, here = (uint64_t)__builtin_frame_address(0), high = getauxval(AT_EXECFN);
    if (!getrlimit(RLIMIT_STACK, &limit) && limit.rlim_cur < bytes) bytes = limit.rlim_cur;
    if (high < here) high = here;
    uint64_t base = high - bytes + MAIN_STACK_SLACK;
    if (base > here) base = here;
    capr__bigstack_adopt(&main_stack, base, high, bytes / 2 < CAPR_BIG_ROOM ? bytes / 2 : CAPR_BIG_ROOM);
}

static void init(int argc, char **argv, char **envp) {
    (void)argc, (void)argv;
    struct capr_worker *w = &capr__worker;
    capr__env_read(envp);
    capr__tables_begin();
    if (__start_capr_entry) {
        capr__entry_start = (uint64_t)__start_capr_entry;
        capr__entry_bytes = (uint64_t)(__stop_capr_entry - __start_capr_entry);
        uint64_t at_return = (uint64_t)capr__thread_return;
        if (at_return - capr__entry_start < capr__entry_bytes && ((const uint64_t *)at_return)[-1] > capr__return_need)
            capr__return_need = ((const uint64_t *)at_return)[-1];
    } else {
        capr__entry_bytes = UINT64_MAX;
    }
    void *service = mmap(NULL, CAPR_SERVICE_STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    if (service == MAP_FAILED || mprotect(service, 4096, PROT_NONE))
        capr__fatal("out of memory for the service stack of %u bytes; raise the memory limit (ulimit -v, cgroup)", CAPR_SERVICE_STACK);
    w->service_sp = (uint64_t)service + CAPR_SERVICE_STACK;
    w->err = &errno;
    capr__process.epoll_fd = capr__process.wake_fd = -1;
    capr__chunk_init(w);
    capr__workers_init(w);
    capr__idle_init(w);
    capr__timer_grow(); /* a program that has run out of memory can wait for some to come back */
    adopt_main_stack();
    capr__bigstack_use(w, &main_stack);
    w->big_sp = 0;
    capr__main_thread = (struct capr_thread){.timer = -1, .state = CAPR_READY, .running = capr__many != 0, .id = capr__process.last_id = 1};
    capr__fibre_here(&capr__main_thread);
    capr__all_add(&capr__main_thread);
    capr__process.live_threads = 1;
    capr__graph_worker_init(w);
    capr__signals_begin();
    capr__process.live_threads_peak = 1;
    capr__leaf_init();
    w->self = &capr__main_thread;
    w->fast = !capr__many;
    capr__set_limit(main_stack.limit);
}

__attribute__((section(".preinit_array"), used)) static void (*const preinit)(int, char **, char **) = init;

/* The text of CAPRICCIO_STATS=1. Its own function, so that exit needs its buffer only then. */
static __attribute__((noinline)) void print_stats(void) {
    CAPR_MONITOR;
    const struct capr_counters sum = capr__workers_counted();
    uint64_t links = 0, chunk_bytes = 0;
    for (uint32_t i = 0; i < capr__worker_count; i++) {
        links += CAPR_SEE(capr__workers[i]->links);
        chunk_bytes += CAPR_SEE(capr__workers[i]->chunk_bytes);
    }
    const struct {
        const char *name;
        uint64_t value;
    } lines[] = {
        {"threads_created", sum.threads_created},
        {"live_threads_peak", capr__process.live_threads_peak},
        {"switches", sum.switches},
        {"blocks", sum.blocks},
        {"preempted", sum.preempted},
        {"epoll_wait", sum.epoll_wait},
        {"epoll_ctl", sum.epoll_ctl},
        {"io_submit", sum.io_submit},
        {"pool_jobs", sum.pool_jobs},
        {"chunks_linked", links},
        {"big_stacks_kept", sum.big_kept},
        {"stack_bytes_in_use", capr__chunk_bytes_in_use(&capr__worker)},
        {"stack_bytes_in_use_peak", chunk_bytes},
        {"workers", capr__worker_count},
        {"threads_stolen", sum.stolen},
        {"workers_woken", sum.unparked},
    };
    char text[1024];
    size_t used = 0;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "capriccio: %s %llu\n", lines[i].name,
                                 (unsigned long long)lines[i].value);
    capr__write_all(2, text, used);
}

__attribute__((destructor)) static void at_exit(void) {
    if (capr__env.stats && capr__worker.self) print_stats();
}
