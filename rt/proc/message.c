/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Turns a misuse or a failure into one line. Names functions from the executable's own symbol table, since a program that does
 * not export its functions has no other names for dladdr to find; the file is read only when something is to be said.
 */
#include "message.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LINE 512

void capr__write_all(int fd, const char *text, size_t length)
{
    while (length) {
        long n = syscall(SYS_write, fd, text, length);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return;
        text += n;
        length -= (size_t)n;
    }
}

static void say(const char *prefix, const char *format, va_list args)
{
    char line[LINE];
    int saved = errno;
    int used = snprintf(line, sizeof line, "capriccio: %s", prefix);
    if (used > LINE - 2)
        used = LINE - 2;
    int more = vsnprintf(line + used, sizeof line - (size_t)used - 1, format, args);
    size_t length = strlen(line);
    if (more >= 0)
        line[length++] = '\n';
    capr__write_all(2, line, length);
    errno = saved;
}

void capr__warn(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say("", format, args);
    va_end(args);
}

void capr__fatal(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say("", format, args);
    va_end(args);
    abort();
}

void capr__fatal_thread(const char *format, ...)
{
    char who[LINE / 2], name[128];
    struct capr_thread *self = capr__worker.self;
    if (self && self->start) {
        capr__function_name((uint64_t)self->start, name, sizeof name);
        snprintf(who, sizeof who, "thread %u (start %s): ", self->id, name);
    } else {
        snprintf(who, sizeof who, "thread %u (start main): ", self ? self->id : 0);
    }
    va_list args;
    va_start(args, format);
    say(who, format, args);
    va_end(args);
    abort();
}

static int first_object(struct dl_phdr_info *info, size_t size, void *bias)
{
    (void)size;
    *(uint64_t *)bias = info->dlpi_addr;
    return 1;
}

/* Finds the function symbol that covers `address` in a mapped ELF file. */
static const char *find_symbol(const uint8_t *file, uint64_t size, uint64_t address)
{
    const Elf64_Ehdr *header = (const Elf64_Ehdr *)file;
    if (size < sizeof *header || memcmp(header->e_ident, ELFMAG, SELFMAG) || header->e_shentsize != sizeof(Elf64_Shdr) ||
        header->e_shoff > size || (uint64_t)header->e_shnum * sizeof(Elf64_Shdr) > size - header->e_shoff)
        return NULL;
    const Elf64_Shdr *sections = (const Elf64_Shdr *)(file + header->e_shoff);
    for (unsigned i = 0; i < header->e_shnum; i++) {
        const Elf64_Shdr *s = &sections[i];
        if (s->sh_type != SHT_SYMTAB || s->sh_link >= header->e_shnum)
            continue;
        const Elf64_Shdr *strings = &sections[s->sh_link];
        if (s->sh_offset > size || s->sh_size > size - s->sh_offset || strings->sh_offset > size ||
            strings->sh_size > size - strings->sh_offset || !strings->sh_size || file[strings->sh_offset + strings->sh_size - 1])
            return NULL;
        const Elf64_Sym *symbols = (const Elf64_Sym *)(file + s->sh_offset);
        for (uint64_t n = 0; n < s->sh_size / sizeof *symbols; n++)
            if (ELF64_ST_TYPE(symbols[n].st_info) == STT_FUNC && symbols[n].st_shndx != SHN_UNDEF &&
                address >= symbols[n].st_value && address - symbols[n].st_value < (symbols[n].st_size ? symbols[n].st_size : 1) &&
                symbols[n].st_name < strings->sh_size)
                return (const char *)file + strings->sh_offset + symbols[n].st_name;
    }
    return NULL;
}

void capr__function_name(uint64_t address, char *name, size_t size)
{
    uint64_t bias = 0;
    dl_iterate_phdr(first_object, &bias);
    snprintf(name, size, "%#llx", (unsigned long long)address);
    long fd = syscall(SYS_openat, AT_FDCWD, "/proc/self/exe", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    struct stat st;
    void *file = MAP_FAILED;
    if (!syscall(SYS_fstat, fd, &st) && st.st_size > 0)
        file = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, (int)fd, 0);
    syscall(SYS_close, fd);
    if (file == MAP_FAILED)
        return;
    const char *found = find_symbol(file, (uint64_t)st.st_size, address - bias);
    if (found)
        snprintf(name, size, "%.*s", (int)strcspn(found, "$"), found); /* f$e is the pass's entry stub of f */
    munmap(file, (size_t)st.st_size);
}
