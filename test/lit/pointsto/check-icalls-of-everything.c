// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: mkdir -p %t && %capcc -O2 -fcapriccio-icalls=signature -fcapriccio-check-icalls %s -o %t/signature && %run-modes %t/signature | FileCheck %s
// RUN: %capcc -O2 -fcapriccio-icalls=pointsto -fcapriccio-check-icalls %s -o %t/pointsto && %run-modes %t/pointsto | FileCheck %s
// RUN: %capcc -O0 -fcapriccio-icalls=pointsto -fcapriccio-check-icalls %s -o %t/plain && %run-modes %t/plain | FileCheck %s
// RUN: %capcc -O2 -fcapriccio-icalls=pointsto-strict -fcapriccio-check-icalls %s -o %t/strict && %run-modes %t/strict | FileCheck %s
// REQUIRES: capcc
// Ways on which a function pointer travels to its call: none may be missing from the sets. Through structures that begin alike,
// memcpy, bytes copied one by one, a union, a pipe, an integer, varargs, libc's callbacks, keys of threads, dlsym, realloc; a structure
// by value; what the kernel keeps for the program: values of signals, epoll_event.data, files that are mapped, messages; a FILE in memory.
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
// CHECK-NEXT: by value 14
// CHECK-NEXT: variadic 15
// CHECK-NEXT: sigqueue 16
// CHECK-NEXT: timer 17
// CHECK-NEXT: epoll 18
// CHECK-NEXT: mapped 19
// CHECK-NEXT: memstream 20
// CHECK-NEXT: fmemopen 21
// CHECK-NEXT: cookie 22
// CHECK-NEXT: wmemcpy 23
// CHECK-NEXT: swab 24
// CHECK-NEXT: message 25
// CHECK-NEXT: atexit 13
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <wchar.h>

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
RETURNS(f14, 14)
RETURNS(f15, 15)
RETURNS(f16, 16)
RETURNS(f17, 17)
RETURNS(f18, 18)
RETURNS(f19, 19)
RETURNS(f20, 20)
RETURNS(f21, 21)
RETURNS(f22, 22)
RETURNS(f23, 23)
RETURNS(f24, 24)
RETURNS(f25, 25)

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

struct large {
    long words[4];
    function *f;
};
static __attribute__((noinline)) struct large changed(struct large by_value) {
    by_value.f = f14;
    return by_value;
}
static __attribute__((noinline)) int in_a_structure(int n, ...) {
    va_list list;
    va_start(list, n);
    struct large l = va_arg(list, struct large);
    va_end(list);
    return l.f();
}

static volatile int called;
static void on_signal(int number, siginfo_t *info, void *context) {
    (void)number, (void)context;
    called = ((function *)info->si_value.sival_ptr)();
}
static int by_signal(int number, int how, void *f) {
    struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO};
    sigaction(number, &action, NULL);
    called = 0;
    if (how == 0) {
        sigqueue(getpid(), number, (union sigval){.sival_ptr = f});
    } else {
        struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = number, .sigev_value = {.sival_ptr = f}};
        timer_t timer;
        timer_create(CLOCK_MONOTONIC, &event, &timer);
        timer_settime(timer, 0, &(struct itimerspec){.it_value = {0, 1000000}}, NULL);
    }
    while (!called) usleep(100);
    return called;
}

static ssize_t read_cookie(void *cookie, char *to, size_t n) {
    (void)n;
    to[0] = (char)((struct entry *)cookie)->f();
    return 1;
}

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

    struct large l = changed((struct large){.f = one});
    printf("by value %d\n", l.f());
    l.f = f15;
    printf("variadic %d\n", in_a_structure(1, l));

    printf("sigqueue %d\n", by_signal(SIGRTMIN + 1, 0, (void *)f16));
    printf("timer %d\n", by_signal(SIGRTMIN + 2, 1, (void *)f17));

    int set = epoll_create1(0), both[2];
    struct epoll_event event = {EPOLLOUT, {.ptr = (void *)f18}}, happened;
    if (socketpair(AF_UNIX, SOCK_DGRAM, 0, both) || epoll_ctl(set, EPOLL_CTL_ADD, both[0], &event) || epoll_wait(set, &happened, 1, -1) != 1) return 1;
    printf("epoll %d\n", ((function *)happened.data.ptr)());

    int file = memfd_create("file", 0);
    struct entry written = {1, f19}, *mapped = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (mapped == MAP_FAILED || pwrite(file, &written, sizeof written, 0) != sizeof written) return 1;
    printf("mapped %d\n", mapped->f());

    char *text;
    size_t size;
    FILE *stream = open_memstream(&text, &size);
    written.f = f20;
    fwrite(&written, sizeof written, 1, stream);
    fclose(stream);
    printf("memstream %d\n", ((struct entry *)text)->f());
    struct entry kept = {1, f21};
    stream = fmemopen(&kept, sizeof kept, "r");
    if (fread(&written, sizeof written, 1, stream) != 1) return 1;
    printf("fmemopen %d\n", written.f());
    kept.f = f22;
    stream = fopencookie(&kept, "r", (cookie_io_functions_t){.read = read_cookie});
    printf("cookie %d\n", getc(stream));

    function *some[2] = {one, f23}, *others[2] = {one, two};
    wmemcpy((wchar_t *)others, (wchar_t *)some, sizeof some / sizeof(wchar_t));
    printf("wmemcpy %d\n", others[(volatile int){1}]());
    char swapped[sizeof(function *)];
    some[0] = f24;
    swab(some, swapped, sizeof swapped);
    swab(swapped, others, sizeof swapped);
    printf("swab %d\n", others[0]());

    struct entry sent_entry = {1, f25}, got_entry;
    if (send(both[0], &sent_entry, sizeof sent_entry, 0) < 0 || recv(both[1], &got_entry, sizeof got_entry, 0) < 0) return 1;
    printf("message %d\n", got_entry.f());
    return 0;
}
