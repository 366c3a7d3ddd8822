/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * What an allocator or a checker that is preloaded does, only worse: takes the place of libc's functions, the short ones too, and
 * needs 200 KiB of stack for each call.
 */
#define _GNU_SOURCE
#include <stddef.h>
#include <stdint.h>

long deep_libc_calls;

extern void *__libc_malloc(size_t size);
extern void __libc_free(void *p);

__attribute__((noinline)) static char deep(int levels, volatile char *above) {
    volatile char room[4096];
    room[0] = above ? above[0] : 0;
    room[4095] = room[0];
    char below = levels ? deep(levels - 1, room) : room[4095];
    return (char)(below + room[4095]);
}

static void enter(void) { deep_libc_calls += 1 + deep(50, NULL); }

void *memcpy(void *restrict to, const void *restrict from, size_t n) {
    enter();
    for (size_t i = 0; i < n; i++) ((volatile char *)to)[i] = ((const char *)from)[i];
    return to;
}
void *memset(void *to, int c, size_t n) {
    enter();
    for (size_t i = 0; i < n; i++) ((volatile char *)to)[i] = (char)c;
    return to;
}
size_t strlen(const char *s) {
    enter();
    size_t n = 0;
    while (((const volatile char *)s)[n]) n++;
    return n;
}
int strcmp(const char *a, const char *b) {
    enter();
    while (*a && *(const volatile char *)a == *b) a++, b++;
    return (unsigned char)*a - (unsigned char)*b;
}
void *malloc(size_t size) {
    enter();
    return __libc_malloc(size);
}
void free(void *p) {
    enter();
    __libc_free(p);
}
