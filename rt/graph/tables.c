/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The tables as the linker placed them, of each module. They name functions by their first instruction; that of a return address is found in the
 * search table of the unwind information, so that no symbols are needed and nothing is taken for a function that only lies near. Of a shared
 * object that is unloaded they are copied, since chains through it were seen, and found again when it comes back.
 */
#include "tables.h"

#include <errno.h>
#include <link.h>
#include <string.h>
#include <sys/mman.h>

struct capr_indexed {
    uint64_t start; /* address: of a function's first instruction, or behind a call */
    uint32_t number;
};

CAPR_CONTEXT_TABLES;

struct capr_tables capr__tables[CAPR_TABLES_MAX];
uint32_t capr__tables_count;

int capr__tables_present(void) { return __capr_context_counts && __capr_context_counts[0]; }

static void add(const struct capr_contexts *c) {
    uint32_t n = capr__tables_count;
    if (!c->counts || n == CAPR_TABLES_MAX) return;
    struct capr_tables *t = &capr__tables[n];
    *t = (struct capr_tables){.of = *c, .first = n ? t[-1].first + t[-1].of.counts[0] : 0, .functions = c->functions, .routines = c->routines, .loaded = 1};
    __atomic_store_n(&capr__tables_count, n + 1, __ATOMIC_RELEASE);
}

void capr__tables_begin(void) {
    add(&(struct capr_contexts)CAPR_CONTEXTS_HERE);
}

static uint32_t tables_count(void) { return __atomic_load_n(&capr__tables_count, __ATOMIC_ACQUIRE); }

static int same(const struct capr_contexts *a, const struct capr_contexts *b) {
    return !memcmp(a->counts, b->counts, 4 * sizeof *a->counts) && !memcmp(a->functions, b->functions, a->counts[0] * sizeof *a->functions) &&
           !memcmp(a->sites, b->sites, a->counts[1] * sizeof *a->sites) && !memcmp(a->text, b->text, a->counts[2]) &&
           !memcmp(a->routines, b->routines, a->counts[3] * sizeof *a->routines);
}

/* One that is loaded again, from the same file as it was: goes on with the copy. */
static int return_of(const struct capr_contexts *c) {
    for (uint32_t i = 1; i < tables_count(); i++) {
        struct capr_tables *t = &capr__tables[i];
        if (t->loaded || !same(&t->of, c)) continue;
        t->functions = c->functions;
        t->routines = c->routines;
        t->of.calls = c->calls;
        t->of.calls_end = c->calls_end;
        __atomic_store_n(&t->loaded, 1, __ATOMIC_RELEASE);
        return 1;
    }
    return 0;
}

void capr__tables_loaded(const struct capr_contexts *c) {
    if (tables_count() && c->counts && !return_of(c)) add(c);
}

struct capr_tables *capr__tables_find(const struct capr_contexts *c) {
    for (uint32_t i = 1; i < tables_count(); i++)
        if (capr__tables[i].loaded && capr__tables[i].functions == c->functions) return &capr__tables[i];
    return NULL;
}

/* Steps back to the function before. Returns how many calls it has; 0: there is none. */
static uint32_t calls_before(const struct capr_contexts *c, const capr_context_word **end) {
    uint64_t words = (uint64_t)(*end - c->calls);
    uint32_t count = words ? (*end)[-1] : 0;
    if (!count || 2ull * count + 1 > words) return 0;
    *end -= 2 * count + 1;
    return count;
}

static uint32_t call_count(const struct capr_tables *t) {
    const capr_context_word *end = t->of.calls_end;
    uint32_t sum = 0;
    for (uint32_t n; (n = calls_before(&t->of, &end)) != 0;) sum += n;
    return sum;
}

static void *copy(uint8_t **at, const void *from, uint64_t bytes) {
    void *to = memcpy(*at, from, bytes);
    *at += (bytes + 7) & ~7ull;
    return to;
}

int capr__tables_keep(struct capr_tables *t) {
    struct capr_contexts *c = &t->of;
    if (c->functions != t->functions) return 1;
    const uint32_t *n = c->counts;
    uint64_t bytes = 64 + 4 * sizeof *n + n[0] * sizeof *c->functions + n[1] * sizeof *c->sites + n[2] + n[3] * sizeof *c->routines;
    uint8_t *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED) return 0;
    c->counts = copy(&at, n, 4 * sizeof *n);
    c->functions = copy(&at, c->functions, n[0] * sizeof *c->functions);
    c->sites = copy(&at, c->sites, n[1] * sizeof *c->sites);
    c->text = copy(&at, c->text, n[2]);
    c->routines = copy(&at, c->routines, n[3] * sizeof *c->routines);
    return 1;
}

void capr__tables_unload(struct capr_tables *t) {
    static const uint32_t none[4];
    __atomic_store_n(&t->loaded, 0, __ATOMIC_RELEASE);
    if (t->sorted) munmap(t->sorted, t->of.counts[0] * sizeof *t->sorted);
    if (t->calls) munmap(t->calls, t->call_count * sizeof *t->calls);
    t->sorted = t->calls = NULL;
    t->low = t->high = 0;
    if (t->of.functions == t->functions) t->of = (struct capr_contexts){.counts = none};
    t->of.calls = t->of.calls_end = NULL;
    t->functions = t->routines = NULL;
}

uint32_t capr__table_functions(void) {
    const struct capr_tables *last = &capr__tables[tables_count() - 1];
    return last->first + last->of.counts[0];
}

/* Asked once for each routine. */
const char *capr__table_routine(uint64_t address) {
    for (uint32_t k = 0; k < tables_count(); k++) {
        const struct capr_tables *t = &capr__tables[k];
        for (uint32_t i = 0; t->loaded && i < t->of.counts[3]; i++)
            if ((uint64_t)t->routines + (uint64_t)(int64_t)t->of.routines[i].distance == address) return capr__table_text(t, t->of.routines[i].place);
    }
    return NULL;
}

/* A module's .eh_frame_hdr: version 1, encodings, distance of .eh_frame, number of entries, then pairs of distances from the
 * header, sorted: a function's first instruction, its description. lld and GNU ld write no other kind. */
struct capr_search_table {
    uint8_t version, frame_encoding, count_encoding, table_encoding;
    int32_t frame;
    uint32_t count;
    struct {
        int32_t function, description;
    } entries[];
};
#define COUNT_UDATA4 0x03
#define TABLE_DATAREL_SDATA4 0x3b

/* Notes the extent of the file that the tables are in. */
static int look_at_object(struct dl_phdr_info *info, size_t size, void *data) {
    (void)size;
    struct capr_tables *t = data;
    const struct capr_search_table *search = NULL;
    uint64_t low = UINT64_MAX, high = 0;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        uint64_t at = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr, end = at + info->dlpi_phdr[i].p_memsz;
        if (info->dlpi_phdr[i].p_type == PT_LOAD) {
            low = at < low ? at : low;
            high = end > high ? end : high;
        } else if (info->dlpi_phdr[i].p_type == PT_GNU_EH_FRAME) {
            const struct capr_search_table *s = (const struct capr_search_table *)at;
            if (s->version == 1 && s->count_encoding == COUNT_UDATA4 && s->table_encoding == TABLE_DATAREL_SDATA4) search = s;
        }
    }
    if ((uint64_t)t->functions < low || (uint64_t)t->functions >= high) return 0;
    t->search = search;
    t->low = low;
    t->high = high;
    return 1;
}

/* Heapsort: libc's qsort may allocate, and somebody who waits may have the allocator's lock. */
static void sift(struct capr_indexed *heap, uint32_t at, uint32_t count) {
    for (uint32_t child; (child = 2 * at + 1) < count; at = child) {
        if (child + 1 < count && heap[child].start < heap[child + 1].start) child++;
        if (heap[at].start >= heap[child].start) return;
        struct capr_indexed other = heap[at];
        heap[at] = heap[child];
        heap[child] = other;
    }
}

static void sort(struct capr_indexed *list, uint32_t count) {
    for (uint32_t i = count / 2; i-- != 0;) sift(list, i, count);
    for (uint32_t end = count; end > 1;) {
        struct capr_indexed last = list[--end];
        list[end] = list[0];
        list[0] = last;
        sift(list, 0, end);
    }
}

/* Without memory each call of a function is taken for the one that was made. */
static void index_calls(struct capr_tables *t) {
    uint32_t count = call_count(t);
    struct capr_indexed *list = count ? mmap(NULL, count * sizeof *list, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) : MAP_FAILED, *none = NULL;
    if (list == MAP_FAILED) return;
    const capr_context_word *end = t->of.calls_end;
    uint32_t at = 0;
    for (uint32_t n; (n = calls_before(&t->of, &end)) != 0;)
        for (uint32_t i = 0; i < n; i++) list[at++] = (struct capr_indexed){(uint64_t)&end[i] + (uint64_t)(int64_t)(int32_t)end[i], end[n + i]};
    sort(list, count);
    t->call_count = count;
    if (!__atomic_compare_exchange_n(&t->calls, &none, list, 0, __ATOMIC_RELEASE, __ATOMIC_RELAXED)) munmap(list, count * sizeof *list);
}

static int index_one(struct capr_tables *t) {
    if (!t->loaded || __atomic_load_n(&t->sorted, __ATOMIC_ACQUIRE)) return 0;
    uint32_t count = t->of.counts[0];
    if (!count) return 0;
    struct capr_indexed *list = mmap(NULL, count * sizeof *list, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), *none = NULL;
    if (list == MAP_FAILED) return ENOMEM;
    for (uint32_t i = 0; i < count; i++)
        list[i] = (struct capr_indexed){(uint64_t)t->functions + (uint64_t)(int64_t)t->of.functions[i].distance, t->first + i};
    sort(list, count);
    dl_iterate_phdr(look_at_object, t);
    index_calls(t);
    /* The worker and the kernel thread that writes may be at it at once. */
    if (!__atomic_compare_exchange_n(&t->sorted, &none, list, 0, __ATOMIC_RELEASE, __ATOMIC_RELAXED)) munmap(list, count * sizeof *list);
    return 0;
}

int capr__tables_index(void) {
    int error = 0;
    for (uint32_t i = 0; !error && i < tables_count(); i++) error = index_one(&capr__tables[i]);
    return error;
}

/* The first instruction of the function that `address` lies in, 0 if nothing says. */
static uint64_t function_start(const struct capr_search_table *search, uint64_t address) {
    if (!search || !search->count) return 0;
    int64_t wanted = (int64_t)(address - (uint64_t)search);
    uint32_t from = 0, to = search->count; /* entries[from] begins at or below it */
    if (search->entries[0].function > wanted) return 0;
    while (to - from > 1) {
        uint32_t middle = from + (to - from) / 2;
        if (search->entries[middle].function <= wanted)
            from = middle;
        else
            to = middle;
    }
    return (uint64_t)search + (uint64_t)(int64_t)search->entries[from].function;
}

/* The entry that begins at `start`; NULL: none. */
static const struct capr_indexed *find_start(const struct capr_indexed *list, uint32_t count, uint64_t start) {
    uint32_t from = 0, to = count;
    while (from < to) {
        uint32_t middle = from + (to - from) / 2;
        if (list[middle].start == start) return &list[middle];
        if (list[middle].start < start)
            from = middle + 1;
        else
            to = middle;
    }
    return NULL;
}

enum capr_place capr__table_find(const void *address, uint32_t *function) {
    uint64_t at = (uint64_t)address - 1; /* a call that never returns may end its function */
    if ((uint64_t)address & CAPR_NOTED) {
        *function = (uint32_t)(uint64_t)address;
        return CAPR_PLACE_LISTED;
    }
    for (uint32_t i = 0; i < tables_count(); i++) {
        const struct capr_tables *t = &capr__tables[i];
        if (!t->sorted || at < t->low || at >= t->high) continue;
        const struct capr_indexed *found = find_start(t->sorted, t->of.counts[0], function_start(t->search, at));
        *function = found ? found->number : 0;
        return found ? CAPR_PLACE_LISTED : CAPR_PLACE_PROGRAM;
    }
    return CAPR_PLACE_OUTSIDE;
}

const struct capr_context_site *capr__table_call(const void *address, uint32_t function) {
    const struct capr_tables *t = capr__table_of(function);
    const struct capr_context_function *f = capr__table_function(t, function);
    uint64_t at = (uint64_t)address;
    const struct capr_indexed *found = t->calls && !(at & CAPR_NOTED) ? find_start(t->calls, t->call_count, at) : NULL;
    uint32_t site = at & CAPR_NOTED ? (uint32_t)(at >> 32 & 0x7fffffff) - 1 : found ? found->number : UINT32_MAX;
    return site - f->first < f->sites ? &t->of.sites[site] : NULL;
}

/* Is what was called at `address`, in `caller`, a direct call of `callee` that is part of a recursion? Where the address does not say: has
 * `caller` such a call? */
static int recursive(uint32_t caller, const void *address, uint32_t callee) {
    const struct capr_tables *t = capr__table_of(caller);
    const struct capr_context_function *f = capr__table_function(t, caller);
    const struct capr_context_site *known = capr__table_call(address, caller), *s = known ? known : &t->of.sites[f->first];
    for (const struct capr_context_site *end = known ? known + 1 : s + f->sites; s < end; s++)
        if (s->flags & CAPR_SITE_INSIDE && capr__site_to(t, s) == callee) return 1;
    return 0;
}

#define CYCLE_MAX 64 /* functions that call one another in a ring */

uint32_t capr__table_collapse(uint32_t *functions, void **frames, uint32_t count) {
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t f = functions[i], before = 0, seen = 0;
        functions[kept] = f;
        frames[kept] = frames[i];
        for (uint32_t k = kept; seen < 2 && k-- != 0 && kept - k <= 2 * CYCLE_MAX;)
            if (functions[k] == f && !seen++) before = k;
        for (uint32_t k = kept; seen == 2 && k > before; k--)
            if (!recursive(functions[k], frames[k], functions[k - 1])) seen = 0;
        kept = seen == 2 ? before + 1 : kept + 1;
    }
    return kept;
}
