/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Threads that open a shared object, start a thread of its own and close it, while the graph is asked for all the time. The same source is
 * the shared object (-DLIBRARY). Usage: program LIBRARY...
 */
#define _GNU_SOURCE
#include <assert.h>
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

#ifdef LIBRARY
static void *routine(void *arg) {
    usleep(100);
    return arg;
}

pthread_t spawn(void) {
    pthread_t t;
    assert(pthread_create(&t, NULL, routine, NULL) == 0);
    return t;
}
#else
#define ROUNDS 60

static atomic_int stop;

static void *use(void *name) {
    for (int i = 0; i < ROUNDS; i++) {
        void *library = dlopen(name, RTLD_NOW);
        assert(library);
        pthread_t (*spawn)(void) = (pthread_t(*)(void))dlsym(library, "spawn");
        assert(spawn && pthread_join(spawn(), NULL) == 0 && dlclose(library) == 0);
    }
    return NULL;
}

static void *ask(void *arg) {
    while (!stop) {
        kill(getpid(), SIGUSR2);
        usleep(500);
    }
    return arg;
}

int main(int argc, char **argv) {
    pthread_t users[8], asker;
    int count = argc - 1;
    assert(count > 0 && count <= 8 && pthread_create(&asker, NULL, ask, NULL) == 0);
    for (int i = 0; i < count; i++) assert(pthread_create(&users[i], NULL, use, argv[i + 1]) == 0);
    for (int i = 0; i < count; i++) assert(pthread_join(users[i], NULL) == 0);
    stop = 1;
    return pthread_join(asker, NULL);
}
#endif
