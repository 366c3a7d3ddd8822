/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The shared object.
 */
#include "module.h"

#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static _Thread_local int count;
static _Thread_local char label[40] = "fresh";
static volatile sig_atomic_t handled;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int loaded;

__attribute__((constructor)) static void load(void) { loaded = module_count() == 1; }
__attribute__((destructor)) static void unload(void) { puts(loaded ? "module: unloaded" : "module: its constructor did not run"); }
static void at_exit(void) { puts("module: atexit"); }

int module_read(int fd, int depth) {
    char text[200];
    memset(text, depth, sizeof text);
    if (depth > 0) {
        int byte = module_read(fd, depth - 1);
        return text[depth % 200] == (char)depth ? byte : -2;
    }
    return read(fd, text, 1) == 1 ? text[0] : -1;
}

long module_call(module_callback *f, int depth, void *arg) {
    char text[100];
    snprintf(text, sizeof text, "%d", depth);
    if (depth > 0) {
        long below = module_call(f, depth - 1, arg);
        return below + (long)strlen(text);
    }
    return f(3, arg);
}

static long calls_program(int depth, void *arg) { return depth ? 1 + program_callback(depth - 1, arg) : 100; }
module_callback *module_pointer(void) { return calls_program; }

long module_sum(int numbers, ...) {
    va_list list;
    long sum = 0;
    va_start(list, numbers);
    for (int i = 0; i < numbers; i++) sum += i % 2 ? (long)va_arg(list, double) : va_arg(list, long);
    va_end(list);
    return sum;
}

double module_many(int a, double b, int c, long d, char e, short f, int g, double h, long i, int j, long double k) {
    volatile char room[600];
    room[a] = e;
    return a + b + c + d + room[a] + f + g + h + i + j + (double)k;
}

int module_count(void) {
    pthread_mutex_lock(&lock);
    if (!count) strcpy(label, "used");
    pthread_mutex_unlock(&lock);
    return strcmp(label, "used") ? -1 : ++count;
}

__attribute__((weak)) int module_hook(void) { return 1; }
int module_asks_hook(void) { return module_hook(); }

static void handler(int signal) {
    (void)signal;
    handled++;
}

int module_raise(int number) {
    static int registered;
    if (!registered) registered = !atexit(at_exit);
    struct sigaction action = {.sa_handler = handler};
    sigaction(number, &action, NULL);
    raise(number);
    return handled;
}
