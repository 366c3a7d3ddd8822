/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Other functions of libc that call back: bsearch, tsearch and twalk, lfind, nftw, scandir, pthread_once, and key
 * destructors; each callback recurses deep enough to leave a chunk.
 *
 * RUN: %run-matrix %s %t | FileCheck %s
 */
#define _GNU_SOURCE
#include "Inputs/on-thread.h"
#include <dirent.h>
#include <ftw.h>
#include <search.h>

static KEEP int deep(int left, int value) {
    volatile char room[120];
    room[0] = 0;
    return left == 0 ? value : deep(left - 1, value) + room[0];
}

static int compare(const void *a, const void *b) {
    int x = *(const int *)a, y = *(const int *)b;
    return deep(300, (x > y) - (x < y));
}

static int visited, steps; /* threads run one after the other */
static void visit(const void *node, VISIT which, int depth) {
    (void)depth;
    if (which == postorder || which == leaf)
        visited += deep(300, **(int *const *)node);
}

static int step(const char *path, const struct stat *status, int type, struct FTW *where) {
    (void)path, (void)status, (void)type, (void)where;
    return deep(300, ++steps) >= 5;
}

static int wanted(const struct dirent *entry) { return deep(300, entry->d_name[0] != '.' || entry->d_name[1] != 'x'); }

static pthread_once_t once = PTHREAD_ONCE_INIT;
static int initialised;
static void initialise(void) { initialised += deep(300, 1); }

static pthread_key_t key;
static int destroyed;
static void destroy(void *value) { destroyed += deep(300, *(int *)value); }

static int numbers[100], seven = 7;

static void body(void) {
    for (int i = 0; i < 100; i++)
        numbers[i] = i * 3;
    int wanted_number = 219;
    int *found = bsearch(&wanted_number, numbers, 100, sizeof *numbers, compare);
    printf("bsearch %td\n", found - numbers);
    // CHECK: bsearch 73
    size_t count = 100;
    found = lfind(&wanted_number, numbers, &count, sizeof *numbers, compare);
    printf("lfind %td\n", found - numbers);
    // CHECK-NEXT: lfind 73
    void *tree = NULL;
    visited = steps = 0;
    for (int i = 0; i < 100; i++)
        tsearch(&numbers[i * 37 % 100], &tree, compare);
    twalk(tree, visit);
    printf("twalk %d\n", visited);
    // CHECK-NEXT: twalk 14850
    printf("nftw %d\n", nftw("/", step, 4, FTW_PHYS));
    // CHECK-NEXT: nftw 1
    struct dirent **entries;
    int n = scandir("/", &entries, wanted, alphasort);
    printf("scandir %s\n", n > 2 && strcmp(entries[0]->d_name, ".") == 0 ? "sorted" : "wrong");
    // CHECK-NEXT: scandir sorted
    while (n > 0)
        free(entries[--n]);
    free(entries);
    pthread_once(&once, initialise);
    pthread_once(&once, initialise);
    pthread_setspecific(key, &seven);
}

int main(void) {
    pthread_key_create(&key, destroy);
    on_thread(body);
    on_thread(body);
    printf("once %d destroyed %d\n", initialised, destroyed);
    // CHECK: once 1 destroyed 14
    return 0;
}
