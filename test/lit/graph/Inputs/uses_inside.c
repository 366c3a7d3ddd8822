/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Waits inside of shared objects: by name, where it was linked with one; and by pointers, of those that are named, which are opened and
 * closed one after the other, over and over.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "inside.h"

#define ROUNDS 3

static void called_back(int us)
{
    usleep((unsigned)us);
    __asm__ volatile("");
}

static void run(void *(*routine)(void *))
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, routine, NULL) || pthread_join(thread, NULL))
        exit(1);
}

#ifdef LINKED
static void by_name(void)
{
    inside_wait(2);
    inside_call(called_back, 3);
    inside_jump();
    inside_pointer()(5);
    run(inside_thread);
}
#endif

static void *symbol(void *object, const char *name)
{
    void *found = dlsym(object, name);
    if (!found)
        exit(1);
    return found;
}

static void by_pointer(const char *path)
{
    void *object = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!object) {
        fprintf(stderr, "%s\n", dlerror());
        exit(1);
    }
    ((void (*)(int))symbol(object, "inside_wait"))(2);
    ((void (*)(inside_callback *, int))symbol(object, "inside_call"))(called_back, 3);
    ((void (*)(void))symbol(object, "inside_jump"))();
    ((inside_callback * (*)(void)) symbol(object, "inside_pointer"))()(5);
    run((void *(*)(void *))symbol(object, "inside_thread"));
    dlclose(object);
}

static void *nothing(void *arg) { return arg; }

int main(int argc, char **argv)
{
    run(nothing); /* the graph begins */
#ifdef LINKED
    by_name();
#endif
    for (int round = 0; round < ROUNDS; round++)
        for (int i = 1; i < argc; i++)
            by_pointer(argv[i]);
    return 0;
}
