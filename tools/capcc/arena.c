// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Consumes sizes and strings, produces memory that lives as long as its arena. Blocks double as needed instead of being
// a fixed pool, since a link line of a large program holds tens of thousands of arguments and that of a small one ten.
#include "arena.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/// Most lines fit one block: a line of 200 arguments of 40 bytes each, three times over (line, plan, printed form).
#define FIRST_BLOCK_BYTES (32 * 1024)

struct arena_block {
    struct arena_block *older;
    size_t used, room; ///< bytes of `data`
    max_align_t data[];
};

static void out_of_memory(void) {
    fputs("capcc: error: out of memory; free some, or raise `ulimit -v`\n", stderr);
    exit(1);
}

void *arena_alloc(struct arena *arena, size_t bytes) {
    const size_t align = sizeof(max_align_t);
    if (bytes > SIZE_MAX / 2) out_of_memory();
    bytes = (bytes + align - 1) / align * align;
    struct arena_block *block = arena->newest;
    if (!block || block->room - block->used < bytes) {
        size_t room = block ? block->room * 2 : FIRST_BLOCK_BYTES;
        if (room < bytes) room = bytes;
        struct arena_block *fresh = calloc(1, sizeof *fresh + room);
        if (!fresh) out_of_memory();
        fresh->older = block;
        fresh->room = room;
        arena->newest = block = fresh;
    }
    void *result = (char *)block->data + block->used;
    block->used += bytes;
    return result;
}

char *arena_copy(struct arena *arena, const char *text, size_t length) {
    char *copy = arena_alloc(arena, length + 1);
    if (length) memcpy(copy, text, length);
    return copy;
}

char *arena_vprintf(struct arena *arena, const char *format, va_list args) {
    va_list again;
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, format, again);
    va_end(again);
    if (length < 0) out_of_memory();
    char *text = arena_alloc(arena, (size_t)length + 1);
    vsnprintf(text, (size_t)length + 1, format, args);
    return text;
}

char *arena_printf(struct arena *arena, const char *format, ...) {
    va_list args;
    va_start(args, format);
    char *text = arena_vprintf(arena, format, args);
    va_end(args);
    return text;
}

void arena_free(struct arena *arena) {
    while (arena->newest) {
        struct arena_block *older = arena->newest->older;
        free(arena->newest);
        arena->newest = older;
    }
}

void strvec_push(struct arena *arena, struct strvec *list, const char *text) {
    if (list->count + 2 > list->room) {
        size_t room = list->room ? list->room * 2 : 16;
        const char **items = arena_alloc(arena, room * sizeof *items);
        if (list->count) memcpy(items, list->items, list->count * sizeof *items);
        list->items = items;
        list->room = room;
    }
    list->items[list->count++] = text;
    list->items[list->count] = NULL;
}

void strvec_append(struct arena *arena, struct strvec *list, const struct strvec *other) {
    for (size_t i = 0; i < other->count; i++) strvec_push(arena, list, other->items[i]);
}
