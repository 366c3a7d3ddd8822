/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The tables as the linker placed them. They name functions by their first instruction; that of a return address is found in the
 * search table of the unwind information, so that no symbols are needed and nothing is taken for a function that only lies near.
 */
#include "tables.h"

#include <errno.h>
#include <link.h>
#include <string.h>
#include <sys/mman.h>

#define FROM_PASS __attribute__((weak, visibility("hidden")))
extern const struct capr_context_function __capr_context_functions[] FROM_PASS;
extern const struct capr_context_site __capr_context_sites[] FROM_PASS;
extern const char __capr_context_text[] FROM_PASS;
extern const struct capr_context_routine __capr_context_routines[] FROM_PASS;
extern const uint32_t __capr_context_counts[4] FROM_PASS; /* functions, sites, bytes of text, routines */

int capr__tables_present(void) { return __capr_context_counts && __capr_context_counts[0]; }

uint32_t capr__table_functions(const struct capr_context_function **out)
{
    *out = __capr_context_functions;
    return __capr_context_counts[0];
}

const struct capr_context_site *capr__table_sites(void) { return __capr_context_sites; }

const char *capr__table_text(uint32_t at) { return at < __capr_context_counts[2] ? __capr_context_text + at : ""; }

/* Asked once for each routine. */
const char *capr__table_routine(uint64_t address)
{
    const struct capr_context_routine *r = __capr_context_routines;
    for (uint32_t i = 0; r && i < __capr_context_counts[3]; i++)
        if ((uint64_t)r + (uint64_t)(int64_t)r[i].distance == address)
            return capr__table_text(r[i].place);
    return NULL;
}

/* The executable's .eh_frame_hdr: version 1, encodings, distance of .eh_frame, number of entries, then pairs of distances from the
 * header, sorted: a function's first instruction, its description. lld and GNU ld write no other kind. */
struct search_table {
    uint8_t version, frame_encoding, count_encoding, table_encoding;
    int32_t frame;
    uint32_t count;
    struct {
        int32_t function, description;
    } entries[];
};
#define COUNT_UDATA4 0x03
#define TABLE_DATAREL_SDATA4 0x3b

static const struct search_table *search;
static uint64_t low = UINT64_MAX, high; /* the executable's addresses */

struct indexed {
    uint64_t start;
    uint32_t function;
};
static struct indexed *sorted; /* published when done */

static int executable(struct dl_phdr_info *info, size_t size, void *data)
{
    (void)size, (void)data;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        uint64_t at = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr, end = at + info->dlpi_phdr[i].p_memsz;
        if (info->dlpi_phdr[i].p_type == PT_LOAD) {
            low = at < low ? at : low;
            high = end > high ? end : high;
        } else if (info->dlpi_phdr[i].p_type == PT_GNU_EH_FRAME) {
            const struct search_table *t = (const struct search_table *)at;
            if (t->version == 1 && t->count_encoding == COUNT_UDATA4 && t->table_encoding == TABLE_DATAREL_SDATA4)
                search = t;
        }
    }
    return 1; /* the first object is the executable */
}

/* Heapsort: libc's qsort may allocate, and somebody who waits may have the allocator's lock. */
static void sift(struct indexed *heap, uint32_t at, uint32_t count)
{
    for (uint32_t child; (child = 2 * at + 1) < count; at = child) {
        if (child + 1 < count && heap[child].start < heap[child + 1].start)
            child++;
        if (heap[at].start >= heap[child].start)
            return;
        struct indexed other = heap[at];
        heap[at] = heap[child];
        heap[child] = other;
    }
}

static void sort(struct indexed *list, uint32_t count)
{
    for (uint32_t i = count / 2; i-- != 0;)
        sift(list, i, count);
    for (uint32_t end = count; end > 1;) {
        struct indexed last = list[--end];
        list[end] = list[0];
        list[0] = last;
        sift(list, 0, end);
    }
}

int capr__tables_index(void)
{
    if (__atomic_load_n(&sorted, __ATOMIC_ACQUIRE))
        return 0;
    const struct capr_context_function *functions;
    uint32_t count = capr__table_functions(&functions);
    struct indexed *list = mmap(NULL, count * sizeof *list, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), *none = NULL;
    if (list == MAP_FAILED)
        return ENOMEM;
    for (uint32_t i = 0; i < count; i++)
        list[i] = (struct indexed){(uint64_t)functions + (uint64_t)(int64_t)functions[i].distance, i};
    sort(list, count);
    dl_iterate_phdr(executable, NULL);
    /* The worker and the kernel thread that writes may be at it at once. */
    if (!__atomic_compare_exchange_n(&sorted, &none, list, 0, __ATOMIC_RELEASE, __ATOMIC_RELAXED))
        munmap(list, count * sizeof *list);
    return 0;
}

/* Has `caller` a direct call of `callee` that is part of a recursion? */
static int recursive(uint32_t caller, uint32_t callee)
{
    const struct capr_context_function *f = &__capr_context_functions[caller];
    for (uint32_t i = 0; i < f->sites; i++) {
        const struct capr_context_site *s = &__capr_context_sites[f->first + i];
        if (s->to == callee && s->flags & CAPR_SITE_INSIDE)
            return 1;
    }
    return 0;
}

#define CYCLE_MAX 64 /* functions that call one another in a ring */

uint32_t capr__table_collapse(uint32_t *functions, void **frames, uint32_t count)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t f = functions[i], before = 0, seen = 0;
        functions[kept] = f;
        if (frames)
            frames[kept] = frames[i];
        for (uint32_t k = kept; seen < 2 && k-- != 0 && kept - k <= 2 * CYCLE_MAX;)
            if (functions[k] == f && !seen++)
                before = k;
        for (uint32_t k = kept; seen == 2 && k > before; k--)
            if (!recursive(functions[k], functions[k - 1]))
                seen = 0;
        kept = seen == 2 ? before + 1 : kept + 1;
    }
    return kept;
}

/* The first instruction of the function that `address` lies in, 0 if nothing says. */
static uint64_t function_start(uint64_t address)
{
    if (!search || !search->count)
        return 0;
    int64_t wanted = (int64_t)(address - (uint64_t)search);
    uint32_t from = 0, to = search->count; /* entries[from] begins at or below it */
    if (search->entries[0].function > wanted)
        return 0;
    while (to - from > 1) {
        uint32_t middle = from + (to - from) / 2;
        if (search->entries[middle].function <= wanted)
            from = middle;
        else
            to = middle;
    }
    return (uint64_t)search + (uint64_t)(int64_t)search->entries[from].function;
}

enum capr_place capr__table_find(const void *address, uint32_t *function)
{
    uint64_t at = (uint64_t)address - 1; /* a call that never returns may end its function */
    if (at < low || at >= high)
        return CAPR_PLACE_OUTSIDE;
    uint64_t start = function_start(at);
    uint32_t from = 0, to = __capr_context_counts[0];
    while (from < to) {
        uint32_t middle = from + (to - from) / 2;
        if (sorted[middle].start == start) {
            *function = sorted[middle].function;
            return CAPR_PLACE_LISTED;
        }
        if (sorted[middle].start < start)
            from = middle + 1;
        else
            to = middle;
    }
    return CAPR_PLACE_PROGRAM;
}
