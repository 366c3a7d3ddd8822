/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * What comes out is JSON whatever the program is: its locale may write numbers with a comma, and its names may hold any byte.
 */
#include "text.h"

#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#define FIRST (64u << 10)

extern locale_t __uselocale(locale_t locale); /* libc's, for this kernel thread: uselocale is the runtime's, for a thread of the program */

static int room(struct capr_text *t, size_t more) {
    if (t->failed) return 0;
    if (t->size - t->used > more) return 1;
    size_t size = t->size ? t->size : FIRST;
    while (size - t->used <= more) size *= 2;
    void *p = t->data ? mremap(t->data, t->size, size, MREMAP_MAYMOVE)
                      : mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED) {
        t->failed = 1;
        return 0;
    }
    t->data = p;
    t->size = size;
    return 1;
}

void capr__text_add(struct capr_text *t, const char *format, ...) {
    if (!t) return;
    va_list args;
    va_start(args, format);
    va_list again;
    va_copy(again, args);
    locale_t own = __uselocale(newlocale(LC_ALL_MASK, "C", NULL)); /* which is always there */
    int length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (length > 0 && room(t, (size_t)length)) t->used += (size_t)vsnprintf(t->data + t->used, (size_t)length + 1, format, again);
    va_end(again);
    __uselocale(own);
}

/* Bytes of the character of UTF-8 that begins at `c`; 0: none does. */
static size_t character(const unsigned char *c, size_t left) {
    size_t bytes = *c < 0x80 ? 1 : *c < 0xc2 ? 0 : *c < 0xe0 ? 2 : *c < 0xf0 ? 3 : *c < 0xf5 ? 4 : 0;
    if (bytes > left) return 0;
    for (size_t i = 1; i < bytes; i++)
        if ((c[i] & 0xc0) != 0x80) return 0;
    /* Longer than need be, halves of pairs, beyond the last. */
    if ((*c == 0xe0 && c[1] < 0xa0) || (*c == 0xed && c[1] > 0x9f) || (*c == 0xf0 && c[1] < 0x90) || (*c == 0xf4 && c[1] > 0x8f)) return 0;
    return bytes;
}

void capr__text_quote(struct capr_text *t, const char *from, size_t length) {
    for (size_t i = 0, bytes; i < length; i += bytes ? bytes : 1) {
        const unsigned char *c = (const unsigned char *)from + i;
        bytes = character(c, length - i);
        if (!bytes)
            capr__text_add(t, "\xef\xbf\xbd"); /* U+FFFD stands for what is no character */
        else if (*c == '"' || *c == '\\')
            capr__text_add(t, "\\%c", *c);
        else if (*c < 0x20)
            capr__text_add(t, "\\u%04x", *c);
        else
            capr__text_add(t, "%.*s", (int)bytes, (const char *)c);
    }
}

void capr__text_free(struct capr_text *t) {
    if (t->data) munmap(t->data, t->size);
    *t = (struct capr_text){0};
}
