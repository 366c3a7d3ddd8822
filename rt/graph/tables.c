/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The tables as the linker placed them. They name functions by their first instruction; that of a return address is found in the
 * search table of the unwind information, so that no symbols are needed and nothing is taken for a function that only lies near.
 */
#include "tables.h"

#include <errno.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define FROM_PASS __attribute__((weak, visibility("hidden")))
extern const struct capr_context_function __capr_context_functions[] FROM_PASS;
extern const struct capr_context_site __capr_context_sites[] FROM_PASS;
extern const char __capr_context_text[] FROM_PASS;
extern const uint32_t __capr_context_counts[3] FROM_PASS; /* functions, sites, bytes of text */

int capr__tables_present(void) { return __capr_context_counts && __capr_context_counts[0]; }

uint32_t capr__table_functions(const struct capr_context_function **out)
{
    *out = __capr_context_functions;
    return __capr_context_counts[0];
}

const struct capr_context_site *capr__table_sites(void) { return __capr_context_sites; }

const char *capr__table_text(uint32_t at) { return at < __capr_context_counts[2] ? __capr_context_text + at : ""; }

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
static struct indexed *sorted;

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

static int by_start(const void *a, const void *b)
{
    uint64_t x = ((const struct indexed *)a)->start, y = ((const struct indexed *)b)->start;
    return (x > y) - (x < y);
}

int capr__tables_index(void)
{
    if (sorted)
        return 0;
    const struct capr_context_function *functions;
    uint32_t count = capr__table_functions(&functions);
    void *p = mmap(NULL, count * sizeof *sorted, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED)
        return ENOMEM;
    sorted = p;
    for (uint32_t i = 0; i < count; i++)
        sorted[i] = (struct indexed){(uint64_t)functions + (uint64_t)(int64_t)functions[i].distance, i};
    qsort(sorted, count, sizeof *sorted, by_start);
    dl_iterate_phdr(executable, NULL);
    return 0;
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
