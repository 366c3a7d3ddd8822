// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// -Wcapriccio-blocking-in-critical-section on a link names lines, and members of structures, where objects were compiled with -g, and says the
// same at each level of optimization, whatever was inlined. Without -g it names functions.
//
// RUN: %capcc -O0 -g -Wcapriccio-blocking-in-critical-section %s -o %t 2>&1 | FileCheck --implicit-check-not=warning: %s
// RUN: %run-modes %t </dev/null
// RUN: %capcc -O2 -g -c %s -o %t.o
// RUN: %capcc -O2 -Wcapriccio-blocking-in-critical-section %t.o -o %t 2>&1 | FileCheck --implicit-check-not=warning: %s
// RUN: %run-modes %t </dev/null
// RUN: %capcc -O2 -g -Wcapriccio-stdio-in-critical-section %s -o %t 2>&1 | FileCheck --check-prefix=STDIO --implicit-check-not=warning: %s
// RUN: %capcc -O0 -Wcapriccio-blocking-in-critical-section %s -o %t 2>&1 | FileCheck --check-prefix=NAMES --implicit-check-not=warning: %s
// REQUIRES: capcc
// CHECK: wait-under-a-mutex-warned-at-lines.c:[[#@LINE+34]]:5: warning: fill may block while the mutex 'c->lock' is held (locked at {{.*}}wait-under-a-mutex-warned-at-lines.c:[[#@LINE+24]]) [-Wcapriccio-blocking-in-critical-section]
// CHECK-NEXT: wait-under-a-mutex-warned-at-lines.c:[[#@LINE+27]]:9: note: serve ({{.*}}:[[#@LINE+33]]) > fill ({{.*}}:[[#@LINE+27]]) > read
// CHECK: wait-under-a-mutex-warned-at-lines.c:[[#@LINE+45]]:5: warning: usleep may block while 2 locks are held: the mutex 'registry' (locked at {{.*}}:[[#@LINE+43]]), the mutex 'c{{->|[.]}}lock' (locked at {{.*}}:[[#@LINE+22]])
// CHECK-NEXT: note: both ({{.*}}:[[#@LINE+44]]) > usleep
// STDIO: :[[#@LINE+37]]:5: warning: printf may block while the mutex 'registry' is held (locked at {{.*}}:[[#@LINE+36]]) [-Wcapriccio-stdio-in-critical-section]
// STDIO-NEXT: :[[#@LINE+36]]:5: note: say ({{.*}}:[[#@LINE+36]]) > printf
// NAMES: function serve: warning: fill may block while a mutex is held (locked in 'lock') [-Wcapriccio-blocking-in-critical-section]
// NAMES-NEXT: function fill: note: serve > fill > read
// NAMES: function both: warning: usleep may block while 2 locks are held: the mutex 'registry', a mutex (locked in 'lock')
// NAMES-NEXT: function both: note: both > usleep
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

struct cache {
    int used;
    pthread_mutex_t lock;
    pthread_cond_t filled;
};

static pthread_mutex_t registry = PTHREAD_MUTEX_INITIALIZER;
static char buf[16];

static void lock(struct cache *c) {
    pthread_mutex_lock(&c->lock);
}
static void unlock(struct cache *c) { pthread_mutex_unlock(&c->lock); }
static void fill(struct cache *c) {
    if (read(0, buf, sizeof buf) > 0) c->used++;
}

static void *serve(void *arg) {
    struct cache *c = arg;
    lock(c);
    fill(c);
    unlock(c);
    fill(c);
    return NULL;
}
static void say(void) {
    pthread_mutex_lock(&registry);
    printf("%d\n", buf[0]);
    pthread_mutex_unlock(&registry);
}
static void both(struct cache *c) {
    if (pthread_mutex_trylock(&registry)) return;
    lock(c);
    usleep(1);
    unlock(c);
    pthread_mutex_unlock(&registry);
}
int main(void) {
    static struct cache c = {0, PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER};
    pthread_t thread;
    if (pthread_create(&thread, NULL, serve, &c) || pthread_join(thread, NULL)) return 1;
    say();
    both(&c);
    return 0;
}
