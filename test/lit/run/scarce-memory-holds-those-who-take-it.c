/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Ten times as many producers of blocks as consumers keep up with: CAPRICCIO_MEMORY stays a limit, and 4,000 blocks are consumed. With rr, which
 * knows nothing of memory, the blocks that pile up pass it: that is what shows that the test can fail. The same where nobody waits for
 * a clock or a descriptor, so that nothing but the turns themselves brings the scheduler to look.
 *
 * REQUIRES: capcc
 * RUN: %capcc -O2 %s -o %t
 * RUN: env CAPRICCIO_MEMORY=128M timeout 120 %t | FileCheck %s
 * RUN: env CAPRICCIO_MEMORY=128M CAPRICCIO_SCHED=rr timeout 120 %t | FileCheck --check-prefix=RR %s
 * RUN: %capcc -O2 -DYIELDS %s -o %t.yields
 * RUN: env CAPRICCIO_MEMORY=128M timeout 120 %t.yields | FileCheck %s
 * RUN: env CAPRICCIO_MEMORY=128M CAPRICCIO_SCHED=rr timeout 120 %t.yields | FileCheck --check-prefix=RR %s
 * CHECK: consumed, below 160 MiB
 * RR: above 160 MiB
 */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#ifdef YIELDS
#define PAUSE(us) sched_yield()
#else
#define PAUSE(us) usleep(us)
#endif
#define BLOCK (256 << 10)
#define ENOUGH 4000
struct block {
    struct block *next;
};
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t filled = PTHREAD_COND_INITIALIZER;
static struct block *head;
static int consumed;

static void *produce(void *arg) {
    for (;;) {
        struct block *b = malloc(BLOCK);
        memset(b, 1, BLOCK);
        pthread_mutex_lock(&lock);
        b->next = head;
        head = b;
        pthread_cond_signal(&filled);
        pthread_mutex_unlock(&lock);
        PAUSE(1000);
    }
    return arg;
}
static int above(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss >= 160 << 10;
}
static void *consume(void *arg) {
    while (!above()) {
        pthread_mutex_lock(&lock);
        while (!head) pthread_cond_wait(&filled, &lock);
        struct block *b = head;
        head = b->next;
        int now = ++consumed;
        pthread_mutex_unlock(&lock);
        free(b);
        if (now >= ENOUGH) break;
        PAUSE(2000);
    }
    return arg;
}

int main(void) {
    pthread_t t, first;
    pthread_create(&first, NULL, consume, NULL);
    for (int i = 0; i < 9; i++) pthread_create(&t, NULL, consume, NULL);
    for (int i = 0; i < 100; i++) pthread_create(&t, NULL, produce, NULL);
    pthread_join(first, NULL);
    printf("%s\n", above() ? "above 160 MiB" : "consumed, below 160 MiB");
    fflush(stdout);
    _exit(0);
}
