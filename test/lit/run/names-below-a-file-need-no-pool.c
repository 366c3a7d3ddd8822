/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * FILE/name, which Apache looks for at each request where .htaccess is allowed: that FILE is no directory is in memory, and no kernel
 * thread of the pool is asked, whether it is opened or looked at.
 *
 * REQUIRES: capcc
 * RUN: %capcc -O2 %s -o %t
 * RUN: rm -rf %t.d && mkdir %t.d
 * RUN: env CAPRICCIO_STATS=1 %t %t.d/file 2>&1 | FileCheck %s
 * CHECK-DAG: 500 of 500
 * CHECK-DAG: pool_jobs {{[0-9]?[0-9]$}}
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static volatile int done;

static void *waits(void *arg) { /* a thread that is alone calls the kernel itself */
    while (!done) usleep(1000);
    return arg;
}

int main(int argc, char **argv) {
    char below[4096];
    struct stat st;
    pthread_t t;
    int right = 0;
    snprintf(below, sizeof below, "%s/.htaccess", argc > 1 ? argv[1] : "");
    pthread_create(&t, NULL, waits, NULL);
    close(open(argv[1], O_CREAT | O_WRONLY, 0600));
    stat(argv[1], &st);
    for (int i = 0; i < 500; i++)
        right += open(below, O_RDONLY) == -1 && errno == ENOTDIR && stat(below, &st) == -1 && errno == ENOTDIR;
    done = 1;
    pthread_join(t, NULL);
    printf("%d of 500\n", right);
    return 0;
}
