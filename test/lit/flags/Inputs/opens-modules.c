/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A program that knows nothing of the shared object: opens it, uses it on threads of which one outlives it, closes it, again and
 * again. argv: the shared object, and a library between the two or nothing.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "module.h"

typedef long through(module_callback *f, int depth, void *arg);

static pthread_barrier_t counted, closed;
static int (*count)(void);
static int first, sum;

long program_callback(int depth, void *arg) { return depth ? 1 + program_callback(depth - 1, arg) : 5; }

static void *counts(void *arg) {
    first = count();
    sum = count() + count();
    pthread_barrier_wait(&counted);
    pthread_barrier_wait(&closed);
    return arg;
}

int main(int argc, char **argv) {
    pthread_barrier_init(&counted, NULL, 2);
    pthread_barrier_init(&closed, NULL, 2);
    for (int round = 0; round < 50; round++) {
        void *module = dlopen(argv[1], RTLD_LAZY | RTLD_LOCAL);
        if (!module) {
            fprintf(stderr, "%s\n", dlerror());
            return 1;
        }
        through *call = (through *)dlsym(module, "module_call");
        module_callback *(*pointer)(void) = (module_callback * (*)(void)) dlsym(module, "module_pointer");
        count = (int (*)(void))dlsym(module, "module_count");
        if (argc > 2) {
            void *between = dlopen(argv[2], RTLD_NOW);
            call = between ? (through *)dlsym(between, "between") : NULL;
        }
        if (!call || !pointer || !count) return 1;
        pthread_t thread;
        pthread_create(&thread, NULL, counts, NULL);
        long result = call(program_callback, 40, NULL) + call(pointer(), 3, NULL);
        pthread_barrier_wait(&counted);
        if (round == 0) printf("opened %ld %d %d\n", result, first, sum);
        if (result != (argc > 2 ? 63 : 90) || first != 1 || sum != 5) return 1;
        if (dlclose(module)) return 1;
        pthread_barrier_wait(&closed);
        pthread_join(thread, NULL);
    }
    puts("done");
    return 0;
}
