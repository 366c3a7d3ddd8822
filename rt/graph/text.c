/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * See text.h.
 */
#include "text.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#define FIRST (64u << 10)

static int room(struct capr_text *t, size_t more)
{
    if (t->failed)
        return 0;
    if (t->size - t->used > more)
        return 1;
    size_t size = t->size ? t->size : FIRST;
    while (size - t->used <= more)
        size *= 2;
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

void capr__text_add(struct capr_text *t, const char *format, ...)
{
    if (!t)
        return;
    va_list args;
    va_start(args, format);
    va_list again;
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (length > 0 && room(t, (size_t)length))
        t->used += (size_t)vsnprintf(t->data + t->used, (size_t)length + 1, format, again);
    va_end(again);
}

void capr__text_quote(struct capr_text *t, const char *from, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)from[i];
        if (c == '"' || c == '\\')
            capr__text_add(t, "\\%c", c);
        else if (c < 0x20)
            capr__text_add(t, "\\u%04x", c);
        else
            capr__text_add(t, "%c", c);
    }
}

void capr__text_free(struct capr_text *t)
{
    if (t->data)
        munmap(t->data, t->size);
    *t = (struct capr_text){0};
}
