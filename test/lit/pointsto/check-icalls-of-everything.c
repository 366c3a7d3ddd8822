// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: mkdir -p %t && %capcc -O2 -fcapriccio-icalls=signature -fcapriccio-check-icalls %s -o %t/signature && %run-modes %t/signature | FileCheck %s
// RUN: %capcc -O2 -fcapriccio-icalls=pointsto -fcapriccio-check-icalls %s -o %t/pointsto && %run-modes %t/pointsto | FileCheck %s
// RUN: %capcc -O0 -fcapriccio-icalls=pointsto -fcapriccio-check-icalls %s -o %t/plain && %run-modes %t/plain | FileCheck %s
// RUN: %capcc -O2 -fcapriccio-icalls=pointsto-strict -fcapriccio-check-icalls %s -o %t/strict && %run-modes %t/strict | FileCheck %s
// REQUIRES: capcc
// Ways on which a function pointer travels to its call: none may be missing from the sets. Through structures that begin alike,
// memcpy, bytes copied one by one, a union, a pipe, an integer, varargs, libc's callbacks, keys of threads, dlsym, realloc.
// CHECK: vtable 1
// CHECK-NEXT: memcpy 2
// CHECK-NEXT: bytes 3
// CHECK-NEXT: union 4
// CHECK-NEXT: pipe 5
// CHECK-NEXT: integer 6
// CHECK-NEXT: varargs 7
// CHECK-NEXT: bsearch 8
// CHECK-NEXT: key 9
// CHECK-NEXT: dlsym 10
// CHECK-NEXT: realloc 11
// CHECK-NEXT: joined 12
// CHECK-NEXT: atexit 13
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef int function(void);
#define RETURNS(name, n) \
    static __attribute__((noinline)) int name(void) { return n; }
RETURNS(one, 1)
RETURNS(two, 2)
RETURNS(three, 3)
RETURNS(four, 4)
RETURNS(five, 5)
RETURNS(six, 6)
RETURNS(seven, 7)
RETURNS(eight, 8)
RETURNS(nine, 9)
RETURNS(eleven, 11)
RETURNS(twelve, 12)

struct methods { function *first; };
struct base { const struct methods *m; };
struct derived { const struct methods *m; int own; };
static const struct methods methods = {one};

static __attribute__((noinline)) int call_base(void *object) { return ((struct base *)object)->m->first(); }

static __attribute__((noinline)) int last(int n, ...) {
    va_list list;
    va_start(list, n);
    function *f = 0;
    while (n--) f = va_arg(list, function *);
    va_end(list);
    return f();
}

struct entry { int key; function *f; };
static int by_key(const void *a, const void *b) {
    const struct entry *x = a, *y = b;
    return x->key - y->key;
}

static void *give_twelve(void *unused) {
    (void)unused;
    return (void *)twelve;
}

static void at_end(void) { printf("atexit 13\n"); }

int main(void) {
    setvbuf(stdout, NULL, _IOLBF, 0);
    atexit(at_end);
    struct derived *d = malloc(sizeof *d);
    d->m = &methods;
    printf("vtable %d\n", call_base(d));

    struct entry from = {1, two}, to;
    memcpy(&to, &from, sizeof to);
    printf("memcpy %d\n", to.f());

    function *source = three, *target;
    for (volatile unsigned i = 0; i < sizeof source; i++) ((char *)&target)[i] = ((char *)&source)[i];
    printf("bytes %d\n", target());

    union { function *f; uintptr_t n; char text[8]; } u;
    u.n = (uintptr_t)four;
    printf("union %d\n", u.f());

    int ends[2];
    function *sent = five, *got;
    if (pipe(ends) || write(ends[1], &sent, sizeof sent) != sizeof sent || read(ends[0], &got, sizeof got) != sizeof got) return 1;
    printf("pipe %d\n", got());

    volatile uintptr_t hidden = (uintptr_t)six ^ 0x5555;
    printf("integer %d\n", ((function *)(hidden ^ 0x5555))());
    printf("varargs %d\n", last(3, one, two, seven));

    struct entry table[] = {{1, one}, {5, eight}, {9, two}}, wanted = {5, 0};
    printf("bsearch %d\n", ((struct entry *)bsearch(&wanted, table, 3, sizeof *table, by_key))->f());

    pthread_key_t key;
    pthread_key_create(&key, NULL);
    pthread_setspecific(key, (void *)nine);
    printf("key %d\n", ((function *)pthread_getspecific(key))());

    int (*absolute)(int) = (int (*)(int))dlsym(RTLD_DEFAULT, "abs");
    printf("dlsym %d\n", absolute(-10));

    function **list = malloc(sizeof *list);
    list[0] = eleven;
    list = realloc(list, 100 * sizeof *list);
    printf("realloc %d\n", list[0]());

    pthread_t thread;
    void *result;
    if (pthread_create(&thread, NULL, give_twelve, NULL) || pthread_join(thread, &result)) return 1;
    printf("joined %d\n", ((function *)result)());
    return 0;
}
