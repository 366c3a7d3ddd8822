/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Threads that read records through one descriptor, of which parts are in memory and parts are not: each read gets one record, whole, and
 * each record goes to one read (read(2): atomic as to the position, since Linux 3.14).
 *
 * RUN: %capcc -O2 %s -o %t -pthread
 * RUN: timeout 100 %t %t.data
 * RUN: env CAPRICCIO_WORKERS=1 timeout 100 %t %t.data
 * RUN: env CAPRICCIO_WORKERS=4 timeout 100 %t %t.data
 */
#define _GNU_SOURCE
#include <assert.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#define RECORD 65536
#define PAGE 4096
#define RECORDS 256
#define READERS 8
#define ROUNDS 6

static int fd;
static atomic_int seen[RECORDS];

static void *read_records(void *arg) {
    int *record = aligned_alloc(PAGE, RECORD);
    ssize_t n;
    while ((n = read(fd, record, RECORD)) == RECORD) {
        for (int i = 0; i < RECORD / (int)sizeof *record; i += PAGE / (int)sizeof *record) assert(record[i] == record[0]);
        seen[record[0]]++;
    }
    assert(n == 0);
    free(record);
    return arg;
}

int main(int argc, char **argv) {
    assert(argc == 2);
    int file = open(argv[1], O_CREAT | O_TRUNC | O_RDWR, 0600), *record = malloc(RECORD);
    assert(file >= 0);
    for (int i = 0; i < RECORDS; i++) {
        for (int k = 0; k < RECORD / (int)sizeof *record; k++) record[k] = i;
        assert(write(file, record, RECORD) == RECORD);
    }
    assert(fsync(file) == 0);
    for (int round = 0; round < ROUNDS; round++) {
        pthread_t readers[READERS];
        char page[PAGE];
        posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
        posix_fadvise(file, 0, 0, POSIX_FADV_RANDOM);
        for (int i = 0; i < RECORDS; i++) /* in memory: the first page of each and one in the middle */
            for (int half = 0; half < 2; half++) assert(pread(file, page, PAGE, (off_t)i * RECORD + half * RECORD / 2) == PAGE);
        fd = open(argv[1], O_RDONLY);
        assert(fd >= 0);
        posix_fadvise(fd, 0, 0, POSIX_FADV_RANDOM);
        for (int i = 0; i < READERS; i++) assert(pthread_create(&readers[i], NULL, read_records, NULL) == 0);
        for (int i = 0; i < READERS; i++) assert(pthread_join(readers[i], NULL) == 0);
        for (int i = 0; i < RECORDS; i++) assert(seen[i] == round + 1);
        assert(close(fd) == 0);
    }
    assert(unlink(argv[1]) == 0);
    return 0;
}
