/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The nodes of the blocking graph: one for each context word that threads have blocked with, and one for each start routine, where its
 * threads are until they block for the first time. All workers share them. A node is made under a lock, since its calls are walked and
 * noted then; it is found without one: it is whole before the table says its number. Plain code.
 */
#include <dlfcn.h>
#include <string.h>
#include <unistd.h>

#include "../sched/monitor.h"
#include "chains.h"
#include "dump.h"
#include "tables.h"
#include "workers.h"

#define FRAMES_MAX (1u << 21) /* 32 for each of CAPR_NODES_MAX */
#define BY_WORD (CAPR_NODES_MAX * 2)
#define ROUTINES 4096         /* entries; a program has tens of start routines. The threads of what finds no room begin in `start` */

static uint32_t *by_word;     /* node numbers; 0: free */
static uint32_t by_routine[ROUTINES];
static uint32_t making;

/* A handler that came meanwhile could jump away, or come here for a node of its own. */
static void lock(void) { capr__spin_lock(&making); }
static void unlock(void) { capr__spin_unlock(&making); }

void capr__nodes_forked(void) { making = 0; /* whoever had it is the parent's */ }

int capr__nodes_reserve(void) {
    struct capr_graph *g = &capr__graph;
    g->frames = capr__graph_reserve(FRAMES_MAX * sizeof *g->frames);
    by_word = capr__graph_reserve(BY_WORD * sizeof *by_word);
    struct capr_node *nodes = g->frames && by_word ? capr__graph_reserve(CAPR_NODES_MAX * sizeof *nodes) : NULL;
    if (!nodes) return 0;
    g->nodes = nodes;
    g->node_count = 1; /* CAPR_NODE_START, which no word leads to */
    capr__node_of(CAPR_WORD_END);
    return 1;
}

/* Under the lock: makes the node's number known, in a free entry. */
static uint32_t publish(struct capr_graph *g, uint32_t *entry) {
    uint32_t number = g->node_count;
    __atomic_store_n(&g->node_count, number + 1, __ATOMIC_RELEASE);
    __atomic_store_n(entry, number, __ATOMIC_RELEASE);
    return number;
}

/* Its number, or 0 and the entry where it would be. */
static uint32_t find(const struct capr_graph *g, uint64_t word, uint64_t *at) {
    uint32_t number;
    for (*at = capr__edge_hash(word, 0) % BY_WORD; (number = __atomic_load_n(&by_word[*at], __ATOMIC_ACQUIRE)); *at = (*at + 1) % BY_WORD)
        if (g->nodes[number].word == word) return number;
    return 0;
}

uint32_t capr__node_of(uint64_t word) {
    struct capr_graph *g = &capr__graph;
    uint64_t at;
    uint32_t number = find(g, word, &at);
    if (number) return number;
    lock();
    number = find(g, word, &at);
    if (!number && g->node_count == CAPR_NODES_MAX) {
        number = UINT32_MAX;
    } else if (!number) {
        struct capr_node *n = &g->nodes[g->node_count];
        uint32_t most = FRAMES_MAX - g->frame_count;
        n->word = word;
        n->frames = g->frame_count;
        n->frame_count = word == CAPR_WORD_END ? 0 : capr__walk(g->frames + g->frame_count, most < CAPR_CHAIN_MAX ? most : CAPR_CHAIN_MAX);
        g->frame_count += n->frame_count;
        number = publish(g, &by_word[at]);
    }
    unlock();
    return number;
}

uint32_t capr__walk_alone(void **frames, uint32_t most) {
    lock();
    uint32_t count = capr__walk(frames, most);
    unlock();
    return count;
}

static uint64_t hash_text(uint64_t hash, const char *text) {
    for (; *text; text++)
        hash = (hash ^ (uint8_t)*text) * 0x100000001b3ull; /* FNV-1a */
    return hash;
}

/* What is known of a start routine: a hash that is the same in each run, and its place. By its name and file, where the tables have it; else by
 * the file that it is in and the name that this exports it by, or how far it is from the file's beginning. */
struct routine {
    uint64_t hash;
    const char *place; /* the tables' */
    char name[128];    /* or this */
};

static void name_routine(uint64_t routine, struct routine *r) {
    Dl_info in;
    r->hash = 0xcbf29ce484222325ull;
    r->place = capr__table_routine(routine);
    strcpy(r->name, "?");
    if (r->place) {
        for (const char *at = r->place; *at && *at != ':'; at++) /* the line may change */
            r->hash = (r->hash ^ (uint8_t)*at) * 0x100000001b3ull;
    } else if (dladdr((void *)routine, &in) && in.dli_fname) {
        const char *slash = strrchr(in.dli_fname, '/');
        r->hash = hash_text(r->hash, slash ? slash + 1 : in.dli_fname);
        if (in.dli_sname && in.dli_saddr == (void *)routine && strlen(in.dli_sname) < sizeof r->name)
            r->hash = hash_text(r->hash, strcpy(r->name, in.dli_sname));
        else
            r->hash += (routine - (uint64_t)in.dli_fbase) * 0x9e3779b97f4a7c15ull;
    }
}

/* Under the lock: a text that stays. */
static const char *keep_name(const char *name) {
    static char names[16384]; /* of libraries' routines, which are few */
    static size_t used;
    size_t bytes = strlen(name) + 1;
    if (bytes > sizeof names - used) return "?";
    used += bytes;
    return memcpy(names + used - bytes, name, bytes);
}

/* Two of one name, as there may be without debug information, are numbered as they come. */
static uint64_t tell_apart(const struct capr_graph *g, uint64_t name) {
    for (uint32_t i = 0; i < g->node_count; i++)
        if (g->nodes[i].start && g->nodes[i].word == name) {
            name++;
            i = UINT32_MAX;
        }
    return name;
}

static uint32_t find_routine(const struct capr_graph *g, uint64_t routine, uint64_t *at) {
    uint32_t number;
    *at = capr__edge_hash(routine, 0) % ROUTINES;
    for (uint32_t looks = 0; looks < ROUTINES && (number = __atomic_load_n(&by_routine[*at], __ATOMIC_ACQUIRE)); looks++) {
        if (g->nodes[number].start == routine) return number;
        *at = (*at + 1) % ROUTINES;
    }
    return 0;
}

#define UNLOADED 1 /* no address: of a routine whose library has gone */

/* Under the lock: the node of a routine that is there again, or a new one. */
static uint32_t make_routine(struct capr_graph *g, uint64_t routine, const struct routine *r, uint32_t *entry) {
    for (uint32_t i = 0; i < g->node_count; i++)
        if (g->nodes[i].start == UNLOADED && g->nodes[i].word == r->hash) {
            g->nodes[i].start = routine;
            __atomic_store_n(entry, i, __ATOMIC_RELEASE);
            return i;
        }
    if (g->node_count == CAPR_NODES_MAX || *entry) return 0;
    struct capr_node *n = &g->nodes[g->node_count];
    n->word = tell_apart(g, r->hash);
    n->place = r->place ? r->place : keep_name(r->name);
    n->start = routine;
    return publish(g, entry);
}

uint32_t capr__graph_routine(struct capr_worker *w, uint64_t routine) {
    struct capr_graph *g = &capr__graph;
    struct capr_worker_graph *mine = w->graph;
    if (mine->routine_next) routine = mine->routine_next;
    mine->routine_next = 0;
    uint64_t at;
    uint32_t number = find_routine(g, routine, &at);
    if (!number) {
        struct routine r;
        name_routine(routine, &r); /* which may wait for the loader's lock */
        lock();
        number = find_routine(g, routine, &at);
        if (!number) number = make_routine(g, routine, &r, &by_routine[at]);
        unlock();
    }
    mine->routine = routine;
    mine->routine_node = number ? number : CAPR_NODE_START;
    return mine->routine_node;
}

/* Return addresses in the module become the functions, and the calls, that they are of. */
static void note_frames(struct capr_graph *g, const struct capr_tables *t, int kept) {
    for (uint32_t i = 0; i < g->frame_count; i++) {
        uint64_t at = (uint64_t)g->frames[i] - 1;
        uint32_t function = 0;
        if (at < t->low || at >= t->high) continue;
        enum capr_place place = kept ? capr__table_find(g->frames[i], &function) : CAPR_PLACE_OUTSIDE;
        const struct capr_context_site *site = place == CAPR_PLACE_LISTED ? capr__table_call(g->frames[i], function) : NULL;
        g->frames[i] = capr__table_noted(place, function, site);
    }
}

static void note_routines(struct capr_graph *g, uint64_t low, uint64_t high, const char *before, uint32_t bytes, const char *now) {
    for (uint32_t i = 0; i < g->node_count; i++) {
        struct capr_node *n = &g->nodes[i];
        if (n->start >= low && n->start < high) n->start = UNLOADED;
        if (n->place >= before && n->place < before + bytes) n->place = now ? now + (n->place - before) : "?";
    }
    for (struct capr_worker_graph *w = capr__graph_workers(); w; w = w->next)
        if (w->routine >= low && w->routine < high) w->routine = 0;
}

void capr__graph_unloads(const struct capr_contexts *c) {
    struct capr_graph *g = &capr__graph;
    struct capr_tables *t = capr__tables_find(c);
    if (!t) return;
    capr__rendering_begin();
    lock();
    /* Addresses are looked up while the module is there: where there is no memory to index it, it is as if nothing were listed. */
    int indexed = !capr__tables_index();
    uint64_t low = t->low, high = t->high;
    const char *text = t->of.text;
    uint32_t bytes = t->of.counts[2];
    int kept = capr__tables_keep(t);
    capr__chains_forget();
    if (g->nodes) {
        note_frames(g, t, kept && indexed);
        note_routines(g, low, high, text, bytes, kept ? t->of.text : NULL);
    }
    capr__tables_unload(t);
    unlock();
    capr__rendering_end();
}
