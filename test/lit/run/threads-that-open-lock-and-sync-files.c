/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Threads wait for each other through files: the two ends of a fifo, a lock of a file taken in turn, records synced and read back.
 * On one worker all of it has to give way.
 *
 * RUN: rm -rf %t.dir && mkdir -p %t.dir && cd %t.dir && %run-matrix %s %t | FileCheck %s
 */
#include "Inputs/on-thread.h"
#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static char fifo[32], file[32];
static int inside, most;

static void *reads(void *unused) {
    char text[16] = "";
    int fd = open(fifo, O_RDONLY);
    if (fd < 0 || read(fd, text, sizeof text) != 5) return "short";
    close(fd);
    return strcmp(text, "hello") ? "wrong" : unused;
}

static void *locks(void *arg) {
    long n = (long)arg, back = -1;
    int fd = open(file, O_RDWR);
    if (flock(fd, LOCK_EX)) return "flock";
    if (++inside > most) most = inside;
    if (pwrite(fd, &n, sizeof n, n * (long)sizeof n) != sizeof n || fsync(fd)) return "pwrite";
    posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
    if (pread(fd, &back, sizeof back, n * (long)sizeof n) != sizeof back || back != n) return "pread";
    inside--;
    if (flock(fd, LOCK_UN)) return "unlock";
    close(fd);
    return NULL;
}

int main(void) {
    char dir[] = "files-XXXXXX";
    pthread_t t[20], r;
    const char *bad = NULL;
    void *result;
    if (!mkdtemp(dir)) return 1;
    snprintf(fifo, sizeof fifo, "%s/fifo", dir);
    snprintf(file, sizeof file, "%s/file", dir);
    if (mkfifo(fifo, 0600) || close(creat(file, 0600))) return 1;
    pthread_create(&r, NULL, reads, NULL);
    int fd = open(fifo, O_WRONLY);
    write(fd, "hello", 5);
    close(fd);
    pthread_join(r, &result);
    if (result) bad = result;
    for (long i = 0; i < 20; i++) pthread_create(&t[i], NULL, locks, (void *)i);
    for (int i = 0; i < 20; i++) {
        pthread_join(t[i], &result);
        if (result) bad = result;
    }
    struct stat st;
    if (stat(file, &st)) return 1;
    int names = 0;
    DIR *d = opendir(dir);
    for (struct dirent *e; (e = readdir(d));) names += e->d_name[0] == 'f';
    closedir(d);
    if (rename(file, fifo) || unlink(fifo) || rmdir(dir)) bad = "cleanup";
    // CHECK: bad none most 1 size 160 names 2
    printf("bad %s most %d size %d names %d\n", bad ? bad : "none", most, (int)st.st_size, names);
    return 0;
}
