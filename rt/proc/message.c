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
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define LINE 512

void capr__write_all(int fd, const char *text, size_t length) {
    while (length) {
        long n = syscall(SYS_write, fd, text, length);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return;
        text += n;
        length -= (size_t)n;
    }
}

static void say(const char *prefix, const char *format, va_list args) {
    char line[LINE];
    int saved = errno;
    int used = snprintf(line, sizeof line, "capriccio: %s", prefix);
    if (used > LINE - 2) used = LINE - 2;
    int more = vsnprintf(line + used, sizeof line - (size_t)used - 1, format, args);
    size_t length = strlen(line);
    if (more >= 0) line[length++] = '\n';
    capr__write_all(2, line, length);
    errno = saved;
}

void capr__warn(const char *format, ...) {
    va_list args;
    va_start(args, format);
    say("", format, args);
    va_end(args);
}

/* One line, though other workers may find the same at the same time: who comes later gives the first a second to end the process. */
static void last_words(void) {
    static long speaker;
    long me = syscall(SYS_gettid), before = 0;
    const struct timespec second = {1, 0};
    if (!__atomic_compare_exchange_n(&speaker, &before, me, 0, __ATOMIC_RELAXED, __ATOMIC_RELAXED) && before != me)
        syscall(SYS_nanosleep, &second, NULL);
}

void capr__fatal(const char *format, ...) {
    va_list args;
    last_words();
    va_start(args, format);
    say("", format, args);
    va_end(args);
    abort();
}

void capr__fatal_thread(const char *format, ...) {
    char who[LINE / 2], name[128];
    struct capr_thread *self = capr__worker.self;
    last_words();
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

static int first_object(struct dl_phdr_info *info, size_t size, void *bias) {
    (void)size;
    *(uint64_t *)bias = info->dlpi_addr;
    return 1;
}

static int read_at(long fd, uint64_t offset, void *to, size_t bytes) { return syscall(SYS_pread64, fd, to, bytes, offset) == (long)bytes; }

/* Finds the function symbol that covers `address` in an ELF file and reads its name. By small reads: what is to be said may be that
 * there is no memory left to map a file into. Returns whether there is one. */
static int find_symbol(long fd, uint64_t address, char *name, size_t size) {
    Elf64_Ehdr header;
    Elf64_Shdr section, strings;
    if (!read_at(fd, 0, &header, sizeof header) || memcmp(header.e_ident, ELFMAG, SELFMAG) || header.e_shentsize != sizeof section) return 0;
    for (unsigned i = 0; i < header.e_shnum; i++) {
        if (!read_at(fd, header.e_shoff + i * sizeof section, &section, sizeof section)) return 0;
        if (section.sh_type != SHT_SYMTAB || section.sh_link >= header.e_shnum) continue;
        if (!read_at(fd, header.e_shoff + section.sh_link * sizeof strings, &strings, sizeof strings)) return 0;
        Elf64_Sym symbols[64];
        for (uint64_t done = 0; done < section.sh_size; done += sizeof symbols) {
            uint64_t bytes = section.sh_size - done < sizeof symbols ? section.sh_size - done : sizeof symbols;
            if (!read_at(fd, section.sh_offset + done, symbols, bytes)) return 0;
            for (uint64_t n = 0; n < bytes / sizeof *symbols; n++) {
                const Elf64_Sym *s = &symbols[n];
                if (ELF64_ST_TYPE(s->st_info) != STT_FUNC || s->st_shndx == SHN_UNDEF || s->st_name >= strings.sh_size ||
                    address < s->st_value || address - s->st_value >= (s->st_size ? s->st_size : 1))
                    continue;
                long got = syscall(SYS_pread64, fd, name, size - 1, strings.sh_offset + s->st_name);
                if (got <= 0) return 0;
                name[got] = 0;
                return 1;
            }
        }
    }
    return 0;
}

void capr__function_name(uint64_t address, char *name, size_t size) {
    uint64_t bias = 0;
    dl_iterate_phdr(first_object, &bias);
    long fd = syscall(SYS_openat, AT_FDCWD, "/proc/self/exe", O_RDONLY | O_CLOEXEC);
    if (fd >= 0 && find_symbol(fd, address - bias, name, size))
        name[strcspn(name, "$")] = 0; /* f$e is the pass's entry stub of f */
    else
        snprintf(name, size, "%#llx", (unsigned long long)address);
    if (fd >= 0) syscall(SYS_close, fd);
}
