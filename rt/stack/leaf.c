/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Fills the slots of leaf.S: finds each function where the program would have found it, and trusts the bound that the pass used
 * only if the library that holds it has the build id that the bound was read from. RTLD_NEXT sees a preloaded replacement, whose
 * library has another build id, or none.
 */
#include "leaf.h"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <string.h>

#include "../proc/message.h"

/* Emitted by the pass, docs/abi.md. */
extern const uint8_t __capr_leaf_build_id[] __attribute__((weak, visibility("hidden")));
extern const uint32_t __capr_leaf_build_id_size __attribute__((weak, visibility("hidden")));
extern const uint64_t __capr_leaf_trusted __attribute__((weak, visibility("hidden")));

static const char *const names[] = {
#define CAPR_LEAF(name) #name,
#include "leaf_names.h"
#undef CAPR_LEAF
};
#define LEAVES (sizeof names / sizeof *names)
static_assert(LEAVES <= 64, "__capr_leaf_trusted has 64 bits");

extern CAPR_HIDDEN uint64_t capr__leaf_slots[LEAVES];
extern CAPR_HIDDEN const uint64_t capr__leaf_borrow[LEAVES];
CAPR_HIDDEN uint64_t capr__leaf_real[LEAVES];
CAPR_HIDDEN uint64_t capr__stack_chk_fail_real;

/* A program has its own slot routines under these names, hidden; so has each shared object, which may come after the library
 * that replaces one of them. */
#ifdef CAPR_SHARED
#define WHERE RTLD_DEFAULT
/* libc's for the linker, whatever dlsym the shared object has or defines (shared/by_caller.S): the caller does not matter here. */
__asm__(".symver dlsym, dlsym@GLIBC_2.2.5");
#else
#define WHERE RTLD_NEXT
#endif

/* The address of leaf function `index` in the libraries. Called by leaf.S too. */
CAPR_HIDDEN uint64_t capr__leaf_find(uint32_t index) {
    uint64_t address = (uint64_t)dlsym(WHERE, names[index]);
    if (!address) capr__fatal("%s: not in the C library; link with glibc", names[index]);
    return address;
}

/* The address range of the first library whose build id is the trusted one. */
struct trusted {
    uint64_t start, end;
};

static int has_build_id(const struct dl_phdr_info *info, const Elf64_Phdr *notes) {
    const uint8_t *p = (const uint8_t *)(info->dlpi_addr + notes->p_vaddr), *end = p + notes->p_memsz;
    while ((size_t)(end - p) >= sizeof(Elf64_Nhdr)) {
        const Elf64_Nhdr *note = (const Elf64_Nhdr *)p;
        const uint8_t *name = p + sizeof *note, *id = name + ((note->n_namesz + 3) & ~3u);
        if (note->n_type == NT_GNU_BUILD_ID && note->n_namesz == 4 && !strcmp((const char *)name, "GNU"))
            return note->n_descsz == __capr_leaf_build_id_size && !memcmp(id, __capr_leaf_build_id, note->n_descsz);
        p = id + ((note->n_descsz + 3) & ~3u);
    }
    return 0;
}

static int find_trusted(struct dl_phdr_info *info, size_t size, void *out) {
    (void)size;
    struct trusted *range = out;
    int found = 0;
    uint64_t start = UINT64_MAX, end = 0;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const Elf64_Phdr *p = &info->dlpi_phdr[i];
        if (p->p_type == PT_NOTE) found |= has_build_id(info, p);
        if (p->p_type != PT_LOAD) continue;
        uint64_t from = info->dlpi_addr + p->p_vaddr;
        start = from < start ? from : start;
        end = from + p->p_memsz > end ? from + p->p_memsz : end;
    }
    if (found) *range = (struct trusted){start, end};
    return found;
}

int capr__leaf_begins(uint64_t address) {
    for (uint32_t i = 0; i < LEAVES; i++)
        if (capr__leaf_real[i] == address) return 1;
    return 0;
}

void capr__leaf_init(void) {
    struct trusted range = {0, 0};
    uint64_t trusted = &__capr_leaf_trusted ? __capr_leaf_trusted : 0;
    if (&__capr_leaf_build_id_size && __capr_leaf_build_id_size) dl_iterate_phdr(find_trusted, &range);
    for (uint32_t i = 0; i < LEAVES; i++) {
        uint64_t real = capr__leaf_real[i] = capr__leaf_find(i);
        int in_place = (trusted >> i & 1) && real >= range.start && real < range.end;
        capr__leaf_slots[i] = in_place ? real : capr__leaf_borrow[i];
    }
    capr__stack_chk_fail_real = (uint64_t)dlsym(WHERE, "__stack_chk_fail");
}
