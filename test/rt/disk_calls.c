/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Calls on files, from many threads at once: each gives what the kernel gives, whether the answer was in memory (in place), had
 * to come from the disk (the pool: pages are dropped before) or the file system knows no way to tell. Runs with each
 * CAPRICCIO_DISK. Seeded by CAPR_TEST_SEED.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>

#include "check.h"

#define THREADS 100
#define SIZE (300 * 1024)

static char top[250];
static unsigned seed;

static unsigned char byte_at(unsigned file, long at) { return (unsigned char)(file * 31 + (unsigned long)at * 7 + ((unsigned long)at >> 11)); }

static void drop(int fd) {
    CHECK_EQUAL(fdatasync(fd), 0);
    CHECK_EQUAL(posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED), 0);
}

static void data(unsigned n, unsigned *r, const char *path) {
    char *buf = malloc(SIZE + 100);
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL, 0600);
    CHECK(fd >= 0);
    for (long i = 0; i < SIZE; i++) buf[i] = (char)byte_at(n, i);
    long half = SIZE / 2;
    CHECK_EQUAL(write(fd, buf, (size_t)half), half);
    struct iovec two[2] = {{buf + half, 5}, {buf + half + 5, (size_t)(SIZE - half - 5)}};
    CHECK_EQUAL(writev(fd, two, 2), SIZE - half);
    CHECK_EQUAL(lseek(fd, 0, SEEK_CUR), SIZE);
    for (int round = 0; round < 4; round++) {
        drop(fd);
        *r = *r * 1664525 + 1013904223;
        /* Some pages are there, so that a read is served in part at once. */
        long from = (long)(*r % SIZE);
        char c;
        CHECK_EQUAL(pread(fd, &c, 1, from), 1);
        CHECK_EQUAL((unsigned char)c, byte_at(n, from));
        /* Whole, though more is asked for than there is. */
        memset(buf, 0, SIZE);
        if (round % 2) {
            CHECK_EQUAL(pread(fd, buf, SIZE + 100, 0), SIZE);
        } else {
            CHECK_EQUAL(lseek(fd, 0, SEEK_SET), 0);
            struct iovec parts[3] = {{buf, 1000}, {buf + 1000, 70000}, {buf + 71000, SIZE + 100 - 71000}};
            CHECK_EQUAL(readv(fd, parts, 3), SIZE);
            CHECK_EQUAL(read(fd, buf + SIZE, 100), 0);
        }
        for (long i = 0; i < SIZE; i++) CHECK_EQUAL((unsigned char)buf[i], byte_at(n, i));
        CHECK_EQUAL(pread(fd, buf, 100, SIZE - 40), 40);
        struct iovec tail[2] = {{buf, 30}, {buf + 30, 30}};
        CHECK_EQUAL(preadv(fd, tail, 2, SIZE - 40), 40);
        CHECK_EQUAL(preadv2(fd, tail, 2, SIZE - 40, 0), 40);
        CHECK_EQUAL((unsigned char)buf[39], byte_at(n, SIZE - 1));
    }
    CHECK(pread(fd, buf, 1, -1) == -1 && errno == EINVAL);
    CHECK(pread(fd, (char *)8, 10, 0) == -1 && errno == EFAULT);
    CHECK_EQUAL(pwrite(fd, "abc", 3, 10), 3);
    CHECK_EQUAL(fsync(fd), 0);
    CHECK_EQUAL(pread(fd, buf, 3, 10), 3);
    CHECK(memcmp(buf, "abc", 3) == 0);
    int copy = open(path, O_RDONLY | O_CLOEXEC);
    CHECK(copy >= 0 && fcntl(copy, F_GETFD) == FD_CLOEXEC && !(fcntl(copy, F_GETFL) & O_NONBLOCK));
    CHECK(write(copy, "x", 1) == -1 && errno == EBADF);
    close(copy);
    CHECK_EQUAL(ftruncate(fd, 100), 0);
    CHECK_EQUAL(lseek(fd, 0, SEEK_END), 100);
    CHECK_EQUAL(fallocate(fd, 0, 0, 5000), 0);
    struct stat st;
    CHECK_EQUAL(fstat(fd, &st), 0);
    CHECK_EQUAL(st.st_size, 5000);
    close(fd);
    free(buf);
}

static void names(unsigned n, const char *path) {
    char dir[300], a[320], b[320], target[320];
    struct stat st;
    struct statx sx;
    snprintf(dir, sizeof dir, "%s/dir%u", top, n);
    snprintf(a, sizeof a, "%s/a", dir);
    snprintf(b, sizeof b, "%s/b", dir);
    CHECK(stat(dir, &st) == -1 && errno == ENOENT);
    CHECK(access(dir, F_OK) == -1 && errno == ENOENT);
    CHECK_EQUAL(mkdir(dir, 0700), 0);
    CHECK(mkdir(dir, 0700) == -1 && errno == EEXIST);
    CHECK_EQUAL(stat(dir, &st), 0);
    CHECK(S_ISDIR(st.st_mode));
    CHECK_EQUAL(symlink(path, a), 0);
    CHECK_EQUAL(stat(a, &st), 0);
    CHECK(S_ISREG(st.st_mode));
    CHECK_EQUAL(lstat(a, &st), 0);
    CHECK(S_ISLNK(st.st_mode));
    CHECK_EQUAL(statx(AT_FDCWD, a, AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, &sx), 0);
    CHECK(S_ISLNK(sx.stx_mode));
    CHECK_EQUAL(readlink(a, target, sizeof target), strlen(path));
    CHECK(memcmp(target, path, strlen(path)) == 0);
    CHECK(readlink(path, target, sizeof target) == -1 && errno == EINVAL);
    CHECK(open(a, O_RDONLY | O_NOFOLLOW) == -1 && errno == ELOOP);
    CHECK_EQUAL(access(a, R_OK | W_OK), 0);
    CHECK_EQUAL(rename(a, b), 0);
    CHECK(rename(a, b) == -1 && errno == ENOENT);
    CHECK_EQUAL(link(path, a), 0);
    CHECK_EQUAL(stat(a, &st), 0);
    CHECK_EQUAL(st.st_nlink, 2);
    CHECK_EQUAL(chmod(a, 0400), 0);
    CHECK_EQUAL(fstatat(AT_FDCWD, a, &st, 0), 0);
    CHECK_EQUAL(st.st_mode & 07777, 0400);
    int fd = open(dir, O_RDONLY | O_DIRECTORY);
    CHECK(fd >= 0);
    CHECK_EQUAL(faccessat(fd, "a", R_OK, 0), 0);
    CHECK_EQUAL(fstatat(fd, "", &st, AT_EMPTY_PATH), 0);
    CHECK(S_ISDIR(st.st_mode));
    CHECK(read(fd, target, 1) == -1 && errno == EISDIR);
    int inner = openat(fd, "a", O_RDONLY);
    CHECK(inner >= 0);
    close(inner);
    close(fd);
    CHECK_EQUAL(unlink(a), 0);
    CHECK_EQUAL(remove(b), 0);
    CHECK_EQUAL(truncate(path, 10), 0);
    CHECK_EQUAL(stat(path, &st), 0);
    CHECK_EQUAL(st.st_size, 10);
    CHECK_EQUAL(remove(dir), 0);
    CHECK(unlink(dir) == -1 && errno == ENOENT);
    CHECK_EQUAL(unlink(path), 0);
    CHECK(open(path, O_RDONLY) == -1 && errno == ENOENT);
    CHECK(open((char *)8, O_RDONLY) == -1 && errno == EFAULT);
    CHECK(stat((char *)8, &st) == -1 && errno == EFAULT);
}

static void *user(void *arg) {
    unsigned n = (unsigned)(long)arg, r = seed + n;
    char path[300];
    snprintf(path, sizeof path, "%s/file%u", top, n);
    data(n, &r, path);
    names(n, path);
    return NULL;
}

/* One description, one position: records read by many threads come out once each. */
static int records;
static int seen[4000];

static void *reader(void *arg) {
    int n;
    ssize_t r;
    while ((r = read(records, &n, sizeof n)) == sizeof n) {
        CHECK(n >= 0 && n < 4000);
        seen[n]++;
        if (n % 64 == 0) sched_yield();
    }
    CHECK_EQUAL(r, 0);
    return arg;
}

static void one_position(void) {
    char path[300];
    pthread_t t[20];
    snprintf(path, sizeof path, "%s/records", top);
    records = open(path, O_RDWR | O_CREAT, 0600);
    CHECK(records >= 0);
    for (int i = 0; i < 4000; i++) CHECK_EQUAL(write(records, &i, sizeof i), sizeof i);
    drop(records);
    lseek(records, 0, SEEK_SET);
    for (int i = 0; i < 20; i++) CHECK_EQUAL(pthread_create(&t[i], NULL, reader, NULL), 0);
    for (int i = 0; i < 20; i++) pthread_join(t[i], NULL);
    for (int i = 0; i < 4000; i++) CHECK_EQUAL(seen[i], 1);
    close(records);
    unlink(path);
}

/* What is below a file is known not to be there without the disk, and the pool with it. */
static volatile int looked;
static void *waits(void *arg) {
    while (!looked) usleep(1000);
    return arg;
}

static void below_a_file(void) {
    char path[300], below[320];
    struct stat st;
    pthread_t t;
    CHECK_EQUAL(pthread_create(&t, NULL, waits, NULL), 0); /* alone a thread calls the kernel itself */
    snprintf(path, sizeof path, "%s/file", top);
    int fd = open(path, O_RDWR | O_CREAT, 0600);
    CHECK(fd >= 0 && fstat(fd, &st) == 0);
    close(fd);
    snprintf(below, sizeof below, "%s/.htaccess", path);
    for (int i = 0; i < 2; i++) {
        CHECK(open(below, O_RDONLY) == -1 && errno == ENOTDIR);
        CHECK(stat(below, &st) == -1 && errno == ENOTDIR);
    }
    looked = 1;
    pthread_join(t, NULL);
    CHECK(open("/dev/null/x/y", O_RDONLY) == -1 && errno == ENOTDIR);
    unlink(path);
}

int main(int argc, char **argv) {
    const char *given = getenv("CAPR_TEST_SEED");
    seed = given ? (unsigned)atol(given) : (unsigned)time(NULL);
    fprintf(stderr, "CAPR_TEST_SEED=%u\n", seed);
    alarm(100);
    char here[200];
    CHECK(getcwd(here, sizeof here));
    snprintf(top, sizeof top, "%s/capr-disk-XXXXXX", argc > 1 ? argv[1] : here);
    CHECK(mkdtemp(top));
    pthread_t t[THREADS];
    for (long i = 0; i < THREADS; i++) CHECK_EQUAL(pthread_create(&t[i], NULL, user, (void *)i), 0);
    for (int i = 0; i < THREADS; i++) pthread_join(t[i], NULL);
    one_position();
    below_a_file();
    CHECK_EQUAL(rmdir(top), 0);
    return 0;
}
