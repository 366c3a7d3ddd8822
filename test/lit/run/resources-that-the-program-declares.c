/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * capriccio.h: no more units are out than there are, those who wait get theirs, a demand beyond the limit is met alone; under another
 * compiler the same source builds, and the calls do nothing.
 *
 * REQUIRES: capcc
 * RUN: %capcc -O2 -D_GNU_SOURCE %s -o %t && timeout 60 %t | FileCheck %s
 * RUN: env CAPRICCIO_STACK=always timeout 60 %t | FileCheck %s
 * RUN: %plain-clang -O2 -D_GNU_SOURCE -I%build/lib/capcc/include %s -o %t-plain && timeout 60 %t-plain | FileCheck --check-prefix=PLAIN %s
 * CHECK: declared 1, then -1; at most 3 out, 200 taken, beyond the limit met alone; stats 0, progress 200
 * PLAIN: declared -1, then -1; at most {{[0-9]+}} out, 200 taken, beyond the limit met alone; stats -1, progress 0
 */
#include <capriccio.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <unistd.h>

static int slots, out, most, taken;

static void *work(void *arg) {
    for (int i = 0; i < 10; i++) {
        capr_resource_acquire(slots, 1);
        int now = __atomic_add_fetch(&out, 1, __ATOMIC_RELAXED);
        if (now > most) most = now;
        __atomic_add_fetch(&taken, 1, __ATOMIC_RELAXED);
        capr_section_begin();
        capr_progress(1);
        capr_section_end();
        usleep(100);
        __atomic_sub_fetch(&out, 1, __ATOMIC_RELAXED);
        capr_resource_release(slots, 1);
        capr_yield();
    }
    return arg;
}

int main(void) {
    pthread_t t[20];
    int first = capr_resource_create("slots", 3), beyond = -2;
    slots = first;
    while (beyond != -1 && beyond < 100) beyond = capr_resource_create((char[]){(char)(beyond + 70), 0}, 1);
    for (int i = 0; i < 20; i++) pthread_create(&t[i], NULL, work, NULL);
    for (int i = 0; i < 20; i++) pthread_join(t[i], NULL);
    capr_resource_acquire(slots, 100);
    capr_resource_release(slots, 100);
    struct capr_stats stats = {.size = sizeof stats};
    int told = capr_stats_read(&stats);
    printf("declared %d, then %d; at most %d out, %d taken, beyond the limit met alone; stats %d, progress %lu\n", first < 0 ? -1 : first + 1, beyond, most, taken,
           told, stats.progress);
    return 0;
}
