/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Loads ./first.so, ./second.so, ./first.so again and ./native.so, one at a time, makes ten threads in each, and unloads it.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>

static int (*module_round)(int);

static void *rounds(void *arg)
{
    long sum = 0;
    for (int i = 0; i < 10; i++)
        sum += module_round(i);
    return arg ? arg : (void *)sum;
}

static void make_threads(void *(*start)(void *))
{
    pthread_t threads[10];
    for (long i = 0; i < 10; i++)
        pthread_create(&threads[i], NULL, start, (void *)i);
    for (int i = 0; i < 10; i++)
        pthread_join(threads[i], NULL);
}

static void use(const char *path, int runs_rounds)
{
    void *module = dlopen(path, RTLD_NOW);
    if (!module) {
        puts(dlerror());
        return;
    }
    module_round = (int (*)(int))dlsym(module, "round");
    make_threads(runs_rounds ? rounds : (void *(*)(void *))dlsym(module, "start"));
    dlclose(module);
}

int main(void)
{
    use("./first.so", 1);
    use("./second.so", 1);
    use("./first.so", 1);
    use("./native.so", 0);
    return 0;
}
