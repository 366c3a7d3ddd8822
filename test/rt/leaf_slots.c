/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Which leaf functions run in place: those that the pass trusts, if the C library is the one whose machine code was read, and no
 * others. This program plays the pass and gives the runtime a right build id, a wrong one, none, and a bit for one function only.
 * The functions work each way.
 */
#include <ctype.h>
#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <link.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "check.h"
#include "stack/leaf.h"

CAPR_HIDDEN uint8_t __capr_leaf_build_id[20];
CAPR_HIDDEN uint32_t __capr_leaf_build_id_size;
CAPR_HIDDEN uint64_t __capr_leaf_trusted = UINT64_MAX;

enum index {
#define CAPR_LEAF(name) LEAF_##name,
#include "stack/leaf_names.h"
#undef CAPR_LEAF
    LEAVES
};
extern CAPR_HIDDEN uint64_t capr__leaf_slots[LEAVES];
extern CAPR_HIDDEN const uint64_t capr__leaf_borrow[LEAVES];

static int find_libc_id(struct dl_phdr_info *info, size_t size, void *arg) {
    (void)size, (void)arg;
    if (!strstr(info->dlpi_name, "libc.so")) return 0;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const Elf64_Phdr *p = &info->dlpi_phdr[i];
        const Elf64_Nhdr *n = (const Elf64_Nhdr *)(info->dlpi_addr + p->p_vaddr);
        if (p->p_type != PT_NOTE || n->n_type != NT_GNU_BUILD_ID || n->n_descsz != sizeof __capr_leaf_build_id) continue;
        memcpy(__capr_leaf_build_id, (const char *)(n + 1) + 4, n->n_descsz);
        __capr_leaf_build_id_size = n->n_descsz;
        return 1;
    }
    return 0;
}

/* In place, or borrowed; and right. */
static void check_slots(int in_place) {
    char buffer[64] = "abc";
    CHECK_EQUAL(capr__leaf_slots[LEAF_memcpy] == (uint64_t)dlsym(RTLD_NEXT, "memcpy"), in_place);
    CHECK_EQUAL(capr__leaf_slots[LEAF_strlen] == (uint64_t)dlsym(RTLD_NEXT, "strlen"), in_place);
    CHECK_EQUAL(capr__leaf_slots[LEAF_memcpy] == capr__leaf_borrow[LEAF_memcpy], !in_place);
    CHECK_EQUAL(capr__leaf_slots[LEAF_strcat] == capr__leaf_borrow[LEAF_strcat], !in_place);
    volatile size_t n = 4;
    char *volatile text = buffer;
    CHECK_EQUAL(strlen(text), 3);
    memcpy(text + 10, text, n);
    CHECK_EQUAL(memcmp(text + 10, "abc", n), 0);
    strcat(text, "def");
    CHECK_EQUAL(strcmp(text, "abcdef"), 0);
    CHECK(strchr(text, 'd') == text + 3);
    CHECK(rawmemchr(text, 'f') == text + 5);
    CHECK_EQUAL(strcasecmp(text, "ABCDEF"), 0);
    CHECK_EQUAL(strncasecmp(text, "ABX", n - 2), 0);
    CHECK_EQUAL((tolower)(text[0] - 32), 'a');
    CHECK_EQUAL(capr__leaf_slots[LEAF___errno_location] == (uint64_t)dlsym(RTLD_NEXT, "__errno_location"), in_place);
    errno = (int)n;
    CHECK_EQUAL(errno, 4);
    memset(text, 'x', n);
    CHECK_EQUAL(memcmp(text, "xxxxef", 7), 0);
}

/* Before the runtime has started: its own .preinit_array entry runs after this one or before, and both must work. */
static size_t early_length;
static void early(int argc, char **argv, char **envp) {
    (void)argc, (void)envp;
    early_length = strlen(argv[0]);
}
__attribute__((section(".preinit_array"), used)) static void (*const run_early)(int, char **, char **) = early;

int main(int argc, char **argv) {
    (void)argc;
    CHECK(early_length > 0 && early_length == strlen(argv[0]));
    check_slots(0);
    dl_iterate_phdr(find_libc_id, NULL);
    CHECK_EQUAL(__capr_leaf_build_id_size, 20);
    capr__leaf_init();
    check_slots(1);

    __capr_leaf_trusted = 1u << LEAF_strlen;
    capr__leaf_init();
    CHECK(capr__leaf_slots[LEAF_memcpy] == capr__leaf_borrow[LEAF_memcpy]);
    CHECK(capr__leaf_slots[LEAF_strlen] == (uint64_t)dlsym(RTLD_NEXT, "strlen"));

    __capr_leaf_trusted = UINT64_MAX;
    __capr_leaf_build_id[7] ^= 1;
    capr__leaf_init();
    check_slots(0);
    return 0;
}
