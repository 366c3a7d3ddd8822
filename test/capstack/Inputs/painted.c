// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// painted TABLE [LIBRARY]: calls each bounded function of a `capstack bounds` table of libc on a stack of its own that was painted
// before, and fails if the call changed a byte further below its return address than the table allows. Each call is made
// twice, with complementary paint, so that a byte equal to the paint is seen too. Runs whichever IFUNC variant the loader
// chose; the test starts it under several masks of CPU features. A bounded function that is not called here is a failure.
// With LIBRARY the functions are looked up there, and each takes up to four numbers.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <wchar.h>

enum { PAINTED = 4096, BUFFER = 1 << 20, PAGE = 4096 };

static unsigned char *stack;       // PAINTED bytes, with a guard page on both sides
static unsigned char *one, *other; // BUFFER bytes each, then a guard page
static size_t deepest;             // bytes below the return address, of the function under test
static unsigned long calls;

static void die(const char *what) {
    fprintf(stderr, "painted: error: %s\n", what);
    exit(2);
}

static unsigned char *guarded(size_t size) {
    unsigned char *p = mmap(NULL, size + 2 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED || mprotect(p + PAGE, size, PROT_READ | PROT_WRITE) != 0) die("no memory");
    return p + PAGE;
}

// Calls f with rsp at top, which is 16-aligned as at any call; the return address goes to top - 8.
static void call_at(void *top, void *f, uint64_t a, uint64_t b, uint64_t c, uint64_t d) {
    register uint64_t rcx __asm__("rcx") = d;
    __asm__ volatile("mov %%rsp, %%rbx\n\tmov %[top], %%rsp\n\tcall *%[f]\n\tmov %%rbx, %%rsp"
                     : "+D"(a), "+S"(b), "+d"(c), "+r"(rcx)
                     : [top] "r"(top), [f] "r"(f)
                     : "rax", "rbx", "r8", "r9", "r10", "r11", "memory", "cc", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5",
                       "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15");
}

static void probe(void *f, uint64_t a, uint64_t b, uint64_t c, uint64_t d) {
    unsigned char *top = stack + PAINTED;
    for (int paint = 0x5a; paint; paint = paint == 0x5a ? 0xa5 : 0) {
        memset(stack, paint, PAINTED);
        call_at(top, f, a, b, c, d);
        size_t i = 0;
        while (i < PAINTED - 8 && stack[i] == paint) i++;
        if (PAINTED - 8 - i > deepest) deepest = PAINTED - 8 - i;
        calls++;
    }
}

static uint64_t address(const void *p) { return (uint64_t)(uintptr_t)p; }

// Sizes around every width of register and every threshold, also lowered ones, of glibc's string functions.
static const size_t sizes[] = {0,   1,   2,   3,   4,   7,    8,    9,    15,   16,   17,   23,    31,    32,    33,
                               47,  48,  63,  64,  65,  79,   80,   95,   96,   127,  128,  129,   143,   191,   255,
                               256, 257, 300, 511, 512, 1023, 1024, 2048, 4095, 4096, 5000, 16384, 16448, 33000, 70000};
enum { SIZES = sizeof sizes / sizeof *sizes };
static const size_t offsets[] = {0, 1, 3, 8, 15, 16, 17, 31, 33, 47, 63};
enum { OFFSETS = sizeof offsets / sizeof *offsets };

static void fill(unsigned char *p, size_t n, int wide) {
    for (size_t i = 0; i < n; i++) p[i] = wide && i % 4 ? 0 : 'a';
}

// A string of n characters at p + offset (begin) or so that it ends at the guard page.
static unsigned char *text(unsigned char *p, size_t n, size_t offset, int at_end, int wide) {
    size_t width = wide ? sizeof(wchar_t) : 1, bytes = n * width;
    unsigned char *s = at_end ? p + BUFFER - bytes - width : p + offset * width;
    fill(s, bytes, wide);
    memset(s + bytes, 0, width);
    return s;
}

typedef void shape(void *f, size_t n, size_t from, size_t to, int at_end, int wide);

// (to, from, n): disjoint, and overlapping both ways.
static void copy_bytes(void *f, size_t n, size_t from, size_t to, int at_end, int wide) {
    unsigned char *a = text(one, n, from, at_end, wide), *b = text(other, n, to, at_end, wide);
    probe(f, address(b), address(a), n, n + 64);
    if (!at_end) {
        size_t width = wide ? sizeof(wchar_t) : 1;
        probe(f, address(one + (from + to + 1) * width), address(one + from * width), n, n + 64);
        probe(f, address(one + from * width), address(one + (from + to + 1) * width), n, n + 64);
    }
}
static void copy_until(void *f, size_t n, size_t from, size_t to, int at_end, int wide) {
    unsigned char *a = text(one, n, from, at_end, wide), *b = text(other, n, to, at_end, wide);
    probe(f, address(b), address(a), 'z', n);
    if (n) a[n / 2] = 'z';
    probe(f, address(b), address(a), 'z', n);
}
static void set_bytes(void *f, size_t n, size_t from, size_t to, int at_end, int wide) {
    (void)to;
    probe(f, address(text(one, n, from, at_end, wide)), 'b', n, n + 64);
}
static void zero_bytes(void *f, size_t n, size_t from, size_t to, int at_end, int wide) {
    (void)to;
    probe(f, address(text(one, n, from, at_end, wide)), n, n, n);
}
static void compare(void *f, size_t n, size_t from, size_t to, int at_end, int wide) {
    unsigned char *a = text(one, n, from, at_end, wide), *b = text(other, n, to, at_end, wide);
    size_t width = wide ? sizeof(wchar_t) : 1;
    probe(f, address(a), address(b), n, 0);
    probe(f, address(a), address(b), n / 2, 0);
    probe(f, address(a), address(b), n + 100, 0 /* strings end before */);
    if (n) {
        b[(n - 1) * width] = 'b';
        probe(f, address(a), address(b), n, 0);
        b[(n / 2) * width] = 'A';
        probe(f, address(a), address(b), n, 0);
    }
}
static void compare_exactly(void *f, size_t n, size_t from, size_t to, int at_end, int wide) {
    unsigned char *a = text(one, n, from, at_end, wide), *b = text(other, n, to, at_end, wide);
    size_t width = wide ? sizeof(wchar_t) : 1;
    probe(f, address(a), address(b), n, 0);
    if (n) {
        b[(n - 1) * width] = 'b';
        probe(f, address(a), address(b), n, 0);
        b[(n / 2) * width] = 'A';
        probe(f, address(a), address(b), n, 0);
    }
}
// (s, c, n) for those that stop at n, (s, c) for those that stop at the end.
static void find(void *f, size_t n, size_t from, size_t to, int at_end, int wide) {
    unsigned char *a = text(one, n, from, at_end, wide);
    size_t width = wide ? sizeof(wchar_t) : 1;
    (void)to;
    probe(f, address(a), 0, n, 0);
    probe(f, address(a), 'z', n, 0);
    if (n) {
        a[(n - 1) * width] = 'z';
        probe(f, address(a), 'z', n, 0);
        a[(n / 2) * width] = 'z';
        probe(f, address(a), 'z', n, 0);
    }
}
// (s, c) where c is always found.
static void find_surely(void *f, size_t n, size_t from, size_t to, int at_end, int wide) {
    (void)to;
    probe(f, address(text(one, n, from, at_end, wide)), 0, 0, 0);
}
// (s, n)
static void length(void *f, size_t n, size_t from, size_t to, int at_end, int wide) {
    unsigned char *a = text(one, n, from, at_end, wide);
    (void)to;
    probe(f, address(a), n, 0, 0);
    probe(f, address(a), n / 2, 0, 0);
    probe(f, address(a), n + 1, 0, 0);
}
// (to, from, n): stops at the end of from, or at n; may fill up to n.
static void copy_text(void *f, size_t n, size_t from, size_t to, int at_end, int wide) {
    unsigned char *a = text(one, n, from, at_end, wide), *b = text(other, n, to, at_end, wide);
    probe(f, address(b), address(a), n, BUFFER);
    if (!at_end) probe(f, address(b), address(a), n + 77, BUFFER);
    probe(f, address(b), address(a), n / 2, BUFFER);
}
static void append(void *f, size_t n, size_t from, size_t to, int at_end, int wide) {
    (void)at_end;
    for (size_t had = 0; had <= n; had = had ? had * 4 : 1) {
        unsigned char *a = text(one, n, from, 0, wide), *b = text(other, had, to, 0, wide);
        probe(f, address(b), address(a), n, BUFFER);
    }
}
// Numbers, characters and nothing at all: the arguments are harmless to all of these.
static void number(void *f, size_t n, size_t from, size_t to, int at_end, int wide) {
    (void)at_end;
    (void)wide;
    probe(f, n % 256, from + 1, to, 0);
}

static const struct {
    const char *name;
    shape *with;
    int wide;
} functions[] = {
    {"memcpy", copy_bytes, 0},
    {"memmove", copy_bytes, 0},
    {"mempcpy", copy_bytes, 0},
    {"bcopy", copy_bytes, 0},
    {"__memcpy_chk", copy_bytes, 0},
    {"__memmove_chk", copy_bytes, 0},
    {"__mempcpy_chk", copy_bytes, 0},
    {"wmemcpy", copy_bytes, 1},
    {"wmemmove", copy_bytes, 1},
    {"memccpy", copy_until, 0},
    {"memset", set_bytes, 0},
    {"__memset_chk", set_bytes, 0},
    {"wmemset", set_bytes, 1},
    {"bzero", zero_bytes, 0},
    {"memcmp", compare_exactly, 0},
    {"bcmp", compare_exactly, 0},
    {"wmemcmp", compare_exactly, 1},
    {"strcmp", compare, 0},
    {"strncmp", compare, 0},
    {"strcasecmp", compare, 0},
    {"strncasecmp", compare, 0},
    {"wcscmp", compare, 1},
    {"strspn", compare, 0},
    {"strcspn", compare, 0},
    {"strpbrk", compare, 0},
    {"strstr", compare, 0},
    {"memchr", find, 0},
    {"memrchr", find, 0},
    {"strchr", find, 0},
    {"strrchr", find, 0},
    {"strchrnul", find, 0},
    {"index", find, 0},
    {"rindex", find, 0},
    {"wcschr", find, 1},
    {"rawmemchr", find_surely, 0},
    {"strlen", length, 0},
    {"strnlen", length, 0},
    {"wcslen", length, 1},
    {"wcsnlen", length, 1},
    {"strcpy", copy_text, 0},
    {"stpcpy", copy_text, 0},
    {"strncpy", copy_text, 0},
    {"stpncpy", copy_text, 0},
    {"wcscpy", copy_text, 1},
    {"__strcpy_chk", copy_text, 0},
    {"__stpcpy_chk", copy_text, 0},
    {"__strncpy_chk", copy_text, 0},
    {"strcat", append, 0},
    {"strncat", append, 0},
    {"__strcat_chk", append, 0},
    {"isalnum", number, 0},
    {"isalpha", number, 0},
    {"isblank", number, 0},
    {"iscntrl", number, 0},
    {"isdigit", number, 0},
    {"isgraph", number, 0},
    {"islower", number, 0},
    {"isprint", number, 0},
    {"ispunct", number, 0},
    {"isspace", number, 0},
    {"isupper", number, 0},
    {"isxdigit", number, 0},
    {"tolower", number, 0},
    {"toupper", number, 0},
    {"__ctype_b_loc", number, 0},
    {"__ctype_tolower_loc", number, 0},
    {"__ctype_toupper_loc", number, 0},
    {"__ctype_get_mb_cur_max", number, 0},
    {"abs", number, 0},
    {"labs", number, 0},
    {"llabs", number, 0},
    {"ffs", number, 0},
    {"ffsl", number, 0},
    {"ffsll", number, 0},
    {"div", number, 0},
    {"ldiv", number, 0},
    {"htonl", number, 0},
    {"htons", number, 0},
    {"ntohl", number, 0},
    {"ntohs", number, 0},
    {"__errno_location", number, 0},
    {"__h_errno_location", number, 0},
    {"pthread_self", number, 0},
    {"getpid", number, 0},
    {"gettid", number, 0},
    {"getuid", number, 0},
    {"geteuid", number, 0},
    {"getgid", number, 0},
    {"getegid", number, 0},
};

static int check(void *library, const char *name, size_t bound) {
    void *f = dlsym(library ? library : RTLD_DEFAULT, name);
    if (!f) die("a function of the table is not in the library");
    deepest = 0;
    for (uint64_t n = 0; library && n < 64; n++) probe(f, n, n % 7, n % 3, n % 2);
    size_t which = 0;
    while (!library && which < sizeof functions / sizeof *functions && strcmp(functions[which].name, name) != 0) which++;
    if (which == sizeof functions / sizeof *functions) {
        printf("painted: %s: bounded, but nothing here calls it\n", name);
        return 1;
    }
    for (size_t i = 0; !library && i < SIZES; i++) {
        // All pairs of offsets for the short sizes, where the branches are; the diagonal for the long.
        for (size_t from = 0; from < OFFSETS; from++)
            for (size_t to = 0; to < OFFSETS; to++) {
                if (sizes[i] > 300 && to != (from + i) % OFFSETS) continue;
                functions[which].with(f, sizes[i], offsets[from], offsets[to], 0, functions[which].wide);
            }
        functions[which].with(f, sizes[i], 0, 0, 1, functions[which].wide);
    }
    Dl_info where;
    size_t at = dladdr(f, &where) ? (size_t)((char *)f - (char *)where.dli_fbase) : 0;
    printf("%s at %#zx: %zu of %zu\n", name, at, deepest, bound);
    if (deepest <= bound) return 0;
    printf("painted: %s: exceeds its bound\n", name);
    return 1;
}

int main(int argc, char **argv) {
    char line[4096], name[256];
    size_t bound, checked = 0, failed = 0;
    if (argc < 2 || argc > 3) die("usage: painted TABLE [LIBRARY]");
    void *library = argc == 3 ? dlopen(argv[2], RTLD_NOW | RTLD_LOCAL) : NULL;
    if (argc == 3 && !library) die(dlerror());
    FILE *table = fopen(argv[1], "r");
    if (!table) die("the table can't be read");
    stack = guarded(PAINTED);
    one = guarded(BUFFER);
    other = guarded(BUFFER);
    while (fgets(line, sizeof line, table)) {
        if (sscanf(line, "%255s %zu\n", name, &bound) != 2 || strcmp(name, "library") == 0) continue;
        checked++;
        failed += check(library, name, bound);
    }
    fclose(table);
    printf("%zu functions, %lu calls, %zu failed\n", checked, calls, failed);
    return failed || checked == 0;
}
