/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The smallest program that needs every part of an installed tree: the pass, the runtime, the public header.
 */
#include <capriccio.h>
#include <pthread.h>
#include <stdio.h>

static int descend(int left) {
    volatile char room[100];
    room[0] = 1;
    return left == 0 ? 0 : descend(left - 1) + room[0];
}

static void *entry(void *unused) {
    printf("hello from a thread, %d frames\n", descend(40000));
    return unused;
}

int main(void) {
    pthread_t thread;
    return pthread_create(&thread, NULL, entry, NULL) || pthread_join(thread, NULL);
}
