// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#define _GNU_SOURCE
#include <alloca.h>
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>

static int called_back(int n) { return n + 1; }

static void *start(void *path) {
    void *library = dlmopen(LM_ID_NEWLM, path, RTLD_NOW);
    if (!library) {
        puts(dlerror());
        return NULL;
    }
    int (*work)(int, int (*)(int)) = (int (*)(int, int (*)(int)))dlsym(library, "work");
    printf("work %d\n", work(1000, called_back));
    dlclose(library);
    return NULL;
}

int main(int argc, char **argv) {
    pthread_t t;
    start(argv[argc - 1]);
    pthread_create(&t, NULL, start, argv[argc - 1]);
    pthread_join(t, NULL);
}
