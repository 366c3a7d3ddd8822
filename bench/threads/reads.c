/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Random reads of 4 KiB from a file of 256 MiB by THREADS threads: `direct` with O_DIRECT from the disk, `cached` from memory. Prints
 * ns per read: with O_DIRECT elapsed time is what counts. `make` writes the file, which must not lie on a file system in memory.
 *
 *     reads FILE make|direct|cached [THREADS [MILLISECONDS]]        defaults 1, and 300 a round
 */
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "measure.h"

#define ROUNDS 3
#define BLOCK 4096
#define BLOCKS (256l << 8)

static int file;
static long reads; /* read without a lock by main alone */

static void *reads_blocks(void *arg) {
    unsigned long random = (unsigned long)arg * 0x9e3779b97f4a7c15u + 1;
    char *block = aligned_alloc(BLOCK, BLOCK);
    for (;;) {
        random = random * 6364136223846793005u + 1442695040888963407u;
        measure_need(pread(file, block, BLOCK, (off_t)((random >> 33) % BLOCKS) * BLOCK) == BLOCK, "pread");
        __atomic_add_fetch(&reads, 1, __ATOMIC_RELAXED);
    }
    return NULL;
}

static void make(const char *name) {
    static char megabyte[1 << 20];
    int fd = open(name, O_CREAT | O_TRUNC | O_WRONLY, 0600);
    memset(megabyte, 'x', sizeof megabyte);
    measure_need(fd >= 0, "open");
    for (long i = 0; i < BLOCKS * BLOCK; i += (long)sizeof megabyte)
        measure_need(write(fd, megabyte, sizeof megabyte) == (ssize_t)sizeof megabyte, "write");
    measure_need(fsync(fd) == 0, "fsync");
}

int main(int argc, char **argv) {
    if (argc < 3) {
        fprintf(stderr, "usage: reads FILE make|direct|cached [THREADS [MILLISECONDS]]\n");
        return 2;
    }
    if (strcmp(argv[2], "make") == 0) return make(argv[1]), 0;
    long threads = measure_argument(argc, argv, 3, 1), ms = measure_argument(argc, argv, 4, 300);
    int direct = strcmp(argv[2], "direct") == 0;
    file = open(argv[1], O_RDONLY | (direct ? O_DIRECT : 0));
    measure_need(file >= 0, "open");
    if (!direct) { /* all of it is in memory before the first round */
        static char megabyte[1 << 20];
        while (read(file, megabyte, sizeof megabyte) > 0) continue;
    }
    for (long i = 0; i < threads; i++) {
        pthread_t id;
        measure_need(pthread_create(&id, NULL, reads_blocks, (void *)i) == 0, "pthread_create");
    }
    usleep(50000);
    for (int round = 0; round < ROUNDS; round++) {
        long before = __atomic_load_n(&reads, __ATOMIC_RELAXED);
        measure_begin();
        usleep((useconds_t)ms * 1000);
        long done = __atomic_load_n(&reads, __ATOMIC_RELAXED) - before;
        measure_end(done ? (double)done : 1);
    }
    measure_print();
    _exit(0);
}
