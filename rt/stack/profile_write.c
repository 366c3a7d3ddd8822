/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The profile as text, lines of fields with tabs between (docs/profile.md). Functions have their names in it, from the program's own
 * symbols: addresses would be of no use to a program that is built anew. Its last line is `end`, so that what was cut off is known.
 */
#include <dlfcn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "../graph/file.h"
#include "../graph/text.h"
#include "../proc/env.h"
#include "../proc/message.h"
#include "../thread/kernel_thread.h"
#include "chunk.h"
#include "profile.h"

#define STACK (128u << 10) /* of the kernel thread that writes: names of files, symbols */
#define NAME 4096

/* Emitted by the pass: -fcapriccio-max-path. */
extern const uint32_t __capr_max_path __attribute__((weak, visibility("hidden")));

extern const char __ehdr_start[] __attribute__((visibility("hidden")));

static const char *const kinds[] = {"call", "alloca", "preempt", "thread"};

/* The module that an address lies in: its name if it is not the program, and the address from its first byte on. In no module lies
 * what another compiler's library had that is unloaded, and code that the program made. */
static const char *module_of(uint64_t address, uint64_t *offset) {
    Dl_info info;
    const char *path = capr__profile_unloaded(address, offset);
    if (!path && dladdr((void *)address, &info)) {
        *offset = address - (uint64_t)info.dli_fbase;
        if (info.dli_fbase == (void *)__ehdr_start) return NULL;
        path = info.dli_fname;
    }
    if (!path) {
        *offset = 0;
        return "unloaded";
    }
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* A field must hold neither a tab nor the end of a line, which an assembler would let into a name. */
static void add_name(struct capr_text *t, uint64_t address) {
    char name[1024] = "-";
    uint64_t offset;
    const char *module = address ? module_of(address, &offset) : NULL;
    if (address && !module) capr__function_name(address, name, sizeof name);
    capr__text_add(t, module ? "\t[%s]" : "\t%s", module ? module : name);
    for (size_t i = t->used; i-- && t->data[i] != '\t';)
        if ((unsigned char)t->data[i] < ' ') t->data[i] = '?';
}

static void add_site(struct capr_text *t, uint32_t number, const struct capr_profile_site *s) {
    uint64_t back = 0;
    if (s->caller) module_of(s->caller, &back);
    capr__text_add(t, "site\t%u\t%s", number, kinds[s->kind]);
    add_name(t, s->caller ? s->caller - 1 : 0); /* a call may be the last instruction of its function */
    add_name(t, s->callee);
    uint64_t numbers[] = {back, s->links, s->returns, s->need, s->bytes, s->left, s->unused,
                          s->deepest, s->used, s->waits, s->idle, s->holds, s->held};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) capr__text_add(t, "\t%llu", (unsigned long long)numbers[i]);
    capr__text_add(t, "\n");
}

static void render(const struct capr_profile *p, struct capr_text *t) {
    char program[NAME];
    long n = syscall(SYS_readlinkat, -100 /* AT_FDCWD */, "/proc/self/exe", program, sizeof program - 1);
    program[n > 0 ? n : 0] = 0;
    capr__text_add(t, "capriccio profile 1\nprogram\t%s\n", n > 0 && !strpbrk(program, "\t\n") ? program : "?");
    capr__text_add(t, "max-path\t%u\nmin-chunk\t%u\nwaits\t%llu\nlost\t%llu\n", &__capr_max_path ? __capr_max_path : 0, capr__chunk_class_bytes(capr__link_class), (unsigned long long)p->waits,
                   (unsigned long long)p->lost);
    for (unsigned c = 0; c < CAPR_CLASSES; c++)
        capr__text_add(t, "class\t%u\t%llu\t%llu\n", capr__chunk_class_bytes(c), (unsigned long long)p->classes[c].spared,
                       (unsigned long long)p->classes[c].bytes);
    for (uint32_t i = 1; i <= p->site_count; i++)
        if (p->sites[i].links | p->sites[i].returns | p->sites[i].waits | p->sites[i].holds) add_site(t, i, &p->sites[i]);
    for (uint32_t i = 1; i <= p->pair_count; i++)
        if (p->pairs[i].links)
            capr__text_add(t, "pair\t%u\t%u\t%llu\t%llu\n", p->pairs[i].outer, p->pairs[i].inner, (unsigned long long)p->pairs[i].links,
                           (unsigned long long)p->pairs[i].ask);
    for (uint32_t i = 0; i < CAPR_PROFILE_CALLS; i++) {
        const struct capr_profile_call *c = &p->calls[i];
        int32_t distance;
        if (!c->seen) continue;
        memcpy(&distance, (const char *)c->back - 4, sizeof distance);
        capr__text_add(t, "edge");
        add_name(t, c->back - 1);
        add_name(t, c->back + (uint64_t)(int64_t)distance);
        capr__text_add(t, "\t%llu\n", (unsigned long long)c->seen);
    }
    capr__text_add(t, "end\n");
}

static void write_file(int error) {
    struct capr_profile copy = capr__profile;
    struct capr_text text = {0};
    char file[NAME];
    int into = 0;
    capr__graph_file_name(capr__env.profile_file, strlen(capr__env.profile_file), file, sizeof file);
    /* What goes on counting is copied: names take long. */
    size_t calls = CAPR_PROFILE_CALLS * sizeof *copy.calls;
    size_t sites = (copy.site_count + 1) * sizeof *copy.sites, pairs = (copy.pair_count + 1) * sizeof *copy.pairs;
    char *p = mmap(NULL, sites + pairs + calls, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED) {
        capr__warn("%s: the profile could not be written: out of memory", file);
        return;
    }
    capr__profile_lock();
    memcpy(copy.classes, capr__profile.classes, sizeof copy.classes);
    memcpy(p, copy.sites, sites);
    memcpy(p + sites, copy.pairs, pairs);
    memcpy(p + sites + pairs, copy.calls, calls);
    capr__profile_unlock();
    copy.sites = (struct capr_profile_site *)p;
    copy.pairs = (struct capr_profile_pair *)(p + sites);
    copy.calls = (struct capr_profile_call *)(p + sites + pairs);
    render(&copy, &text);
    if (!error) error = capr__graph_file_put(file, &text, &into);
    if (error) capr__warn("%s: the profile could not be written: %s", file, strerror(error));
    capr__text_free(&text);
    munmap(p, sites + pairs + calls);
}

static void write_last(void *unused, int error) {
    (void)unused;
    write_file(error);
}

static void *write_apart(void *unused) {
    write_file(capr__graph_file_apart());
    __atomic_store_n(&capr__profile_writing, 0, __ATOMIC_RELEASE);
    return unused;
}

void capr__profile_answer(void) {
    if (__atomic_exchange_n(&capr__profile_writing, 1, __ATOMIC_ACQUIRE)) return;
    if (capr__kernel_thread_start(write_apart, NULL, STACK, 0)) __atomic_store_n(&capr__profile_writing, 0, __ATOMIC_RELEASE);
}

static int has_links(void) {
    const struct capr_profile *p = &capr__profile;
    for (uint32_t i = 1; i <= p->site_count; i++)
        if (p->sites[i].links) return 1;
    return 0;
}

/* Children that fork makes for a single errand would leave as many files. */
__attribute__((destructor)) static void at_exit(void) {
    if (!capr__profiling || !capr__worker.self || (getpid() != capr__env.pid && !has_links())) return;
    const struct timespec ms = {0, 1000000};
    while (__atomic_exchange_n(&capr__profile_writing, 1, __ATOMIC_ACQUIRE)) syscall(SYS_nanosleep, &ms, NULL);
    capr__graph_file_at_exit(write_last, NULL);
}
