/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Sites in shared objects that come and go. An address says nothing once its module is unloaded, and another may be loaded there. So
 * with the module its sites' addresses move to where no memory can be, to a place of the module's own; when the same file is loaded
 * again they move to where it is then, and go on counting. Called by what the shared objects that capcc linked call as they are loaded and
 * unloaded: of others nothing is known.
 */
#include <dlfcn.h>
#include <elf.h>
#include <limits.h>
#include <string.h>
#include <sys/mman.h>

#include "profile.h"

/* Addresses of programs end below 2^47. */
#define PLACE_BYTES (1ull << 48)
#define FIRST_PLACE (1ull << 63)

/* Files of plugins that one run unloads. Those of more have one place together, and no name. */
#define MODULES_MAX 256u

static struct unloaded {
    char path[PATH_MAX];
    uint64_t bytes;
} *modules;
static uint32_t module_count;

static uint64_t place_of(uint32_t module) { return FIRST_PLACE + module * PLACE_BYTES; }

/* The module's first byte and its path; how many bytes it takes, 0: not known. */
static uint64_t look(const void *inside, Dl_info *info) {
    if (!dladdr(inside, info) || !info->dli_fbase || !info->dli_fname) return 0;
    const Elf64_Ehdr *header = info->dli_fbase;
    if (memcmp(header->e_ident, ELFMAG, SELFMAG)) return 0;
    const Elf64_Phdr *segment = (const Elf64_Phdr *)((const char *)header + header->e_phoff);
    uint64_t first = UINT64_MAX, end = 0;
    for (unsigned i = 0; i < header->e_phnum; i++)
        if (segment[i].p_type == PT_LOAD) {
            if (segment[i].p_vaddr < first) first = segment[i].p_vaddr;
            if (segment[i].p_vaddr + segment[i].p_memsz > end) end = segment[i].p_vaddr + segment[i].p_memsz;
        }
    return end > first ? end - first : 0;
}

/* The module's number, MODULES_MAX: not in the table. */
static uint32_t find(const Dl_info *info, uint64_t bytes) {
    for (uint32_t i = 0; i < module_count; i++)
        if (modules[i].bytes == bytes && !strcmp(modules[i].path, info->dli_fname)) return i;
    return MODULES_MAX;
}

void capr__profile_loads(const void *inside) {
    Dl_info info;
    if (!capr__profiling || !module_count) return;
    uint64_t bytes = look(inside, &info);
    uint32_t module = find(&info, bytes);
    if (bytes && module < MODULES_MAX) capr__profile_moves(place_of(module), bytes, (uint64_t)info.dli_fbase);
}

void capr__profile_unloads(const void *inside) {
    Dl_info info;
    uint64_t bytes = capr__profiling ? look(inside, &info) : 0;
    if (!bytes) return;
    uint32_t module = find(&info, bytes);
    if (!modules) {
        void *p = mmap(NULL, MODULES_MAX * sizeof *modules, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        modules = p == MAP_FAILED ? NULL : p;
    }
    if (module == MODULES_MAX && modules && module_count < MODULES_MAX && strlen(info.dli_fname) < PATH_MAX) {
        module = module_count;
        strcpy(modules[module].path, info.dli_fname);
        modules[module].bytes = bytes;
        __atomic_store_n(&module_count, module + 1, __ATOMIC_RELEASE); /* a kernel thread may be writing the profile */
    }
    capr__profile_moves((uint64_t)info.dli_fbase, bytes, place_of(module));
}

const char *capr__profile_unloaded(uint64_t address, uint64_t *offset) {
    if (address < FIRST_PLACE) return NULL;
    uint64_t module = (address - FIRST_PLACE) / PLACE_BYTES;
    *offset = (address - FIRST_PLACE) % PLACE_BYTES;
    return module < __atomic_load_n(&module_count, __ATOMIC_ACQUIRE) ? modules[module].path : NULL;
}
