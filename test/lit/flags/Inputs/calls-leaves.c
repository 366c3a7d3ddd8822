/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Threads that call libc's short functions from small stacks, and wait. With an argument prints whether a call of strlen runs in
 * place, on whatever stack it is made, or is borrowed for.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../../../rt/stack/leaf.h"

enum index {
#define CAPR_LEAF(name) LEAF_##name,
#include "../../../../rt/stack/leaf_names.h"
#undef CAPR_LEAF
    LEAVES
};
extern CAPR_HIDDEN uint64_t capr__leaf_slots[LEAVES];

static int ends[2];
static size_t total;

static size_t calls(char *volatile text, int depth) {
    char copy[64];
    memset(copy, 'x', (size_t)depth + 1);
    memcpy(copy, text, strlen(text) + 1);
    size_t below = depth ? calls(copy, depth - 1) : 0;
    return below + strlen(copy) + (size_t)!strcmp(copy, text);
}

static void *thread(void *arg) {
    char byte, *text = malloc(64);
    strcpy(text, "some text");
    size_t sum = calls(text, 30);
    if (read(ends[0], &byte, 1) == 1) sum += calls(text, 30);
    total += sum;
    free(text);
    return arg;
}

int main(int argc, char **argv) {
    pthread_t threads[20];
    if (pipe(ends)) return 1;
    for (int i = 0; i < 20; i++) pthread_create(&threads[i], NULL, thread, NULL);
    usleep(1000);
    if (write(ends[1], "twenty bytes of data", 20) != 20) return 1;
    for (int i = 0; i < 20; i++) pthread_join(threads[i], NULL);
    long *replaced = dlsym(RTLD_DEFAULT, "deep_libc_calls");
    if (argc > 1) {
        Dl_info info;
        const char *where = dladdr((void *)capr__leaf_slots[LEAF_strlen], &info) ? info.dli_fname : "";
        printf("%s: %s\n", argv[1], strstr(where, "libc.so.6") ? "in place" : "borrowed");
    }
    printf("total %zu, replaced: %s\n", total, replaced && *replaced > 1000 ? "yes" : "no");
    return 0;
}
