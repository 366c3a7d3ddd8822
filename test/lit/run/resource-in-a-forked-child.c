/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The child of a fork has none of the threads that waited for a resource of the program's own: what it gives back is there for it, and for
 * threads that it makes.
 *
 * REQUIRES: capcc
 * RUN: %capcc -O2 -D_GNU_SOURCE %s -o %t && timeout 60 %t | FileCheck %s
 * RUN: env CAPRICCIO_STACK=always timeout 60 %t | FileCheck %s
 * RUN: %plain-clang -O2 -D_GNU_SOURCE -I%build/lib/capcc/include %s -o %t-plain && timeout 60 %t-plain | FileCheck %s
 * CHECK: child 0, parent
 */
#include <capriccio.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static int slots;

static void *take(void *arg) {
    capr_resource_acquire(slots, 1);
    capr_resource_release(slots, 1);
    return arg;
}

int main(void) {
    pthread_t t[3];
    int status = -1;
    slots = capr_resource_create("slots", 1);
    capr_resource_acquire(slots, 1);
    for (int i = 0; i < 3; i++)
        pthread_create(&t[i], NULL, take, NULL);
    usleep(10000);
    pid_t child = fork();
    if (child == 0) {
        capr_resource_release(slots, 1);
        usleep(1000);
        take(NULL);
        pthread_create(&t[0], NULL, take, NULL);
        pthread_join(t[0], NULL);
        _exit(0);
    }
    waitpid(child, &status, 0);
    capr_resource_release(slots, 1);
    for (int i = 0; i < 3; i++)
        pthread_join(t[i], NULL);
    printf("child %d, parent\n", status);
    return 0;
}
