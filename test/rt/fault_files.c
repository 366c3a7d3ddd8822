/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Files whose device is full or broken, and a system without descriptors: the error that the kernel gives reaches the caller
 * once, by whatever way the call was made (in place, on the pool, by libc's buffers, by aio), nothing is written twice, and all
 * goes on when the cause is gone.
 */
#include "fault.h"

#include <aio.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>

#define FULL (64 << 10) /* bytes of the small file system */

static char top[] = "./capr-full-XXXXXX";
static char path[64];
static char block[16384];

static void *beat(void *stop) {
    while (!*(volatile int *)stop) sched_yield();
    return NULL;
}

static ssize_t asynchronous(int fd, int write) {
    struct aiocb cb = {.aio_fildes = fd, .aio_buf = block, .aio_nbytes = sizeof block};
    const struct aiocb *list[] = {&cb};
    CHECK_EQUAL(write ? aio_write(&cb) : aio_read(&cb), 0);
    while (aio_error(&cb) == EINPROGRESS) aio_suspend(list, 1, NULL);
    int error = aio_error(&cb);
    ssize_t n = aio_return(&cb);
    return error ? -error : n;
}

#define FAILS(call, number)               \
    do {                                  \
        errno = 0;                        \
        CHECK_EQUAL(call, -1);            \
        CHECK_EQUAL(errno, number);       \
    } while (0)

static void dev_full(void) {
    struct iovec v = {block, 100};
    int fd = open("/dev/full", O_RDWR);
    CHECK(fd >= 0);
    FAILS(write(fd, "x", 1), ENOSPC);
    FAILS(write(fd, block, sizeof block), ENOSPC);
    FAILS(pwrite(fd, block, sizeof block, 0), ENOSPC);
    FAILS(writev(fd, &v, 1), ENOSPC);
    FAILS(dprintf(fd, "x"), ENOSPC);
    CHECK_EQUAL(asynchronous(fd, 1), -ENOSPC);
    CHECK_EQUAL(read(fd, block, 10), 10);
    close(fd);
    FILE *f = fopen("/dev/full", "w");
    CHECK(f && fputs("text", f) >= 0 && fflush(f) == EOF && errno == ENOSPC && ferror(f));
    fclose(f);
    f = fopen("/dev/full", "w");
    setvbuf(f, NULL, _IONBF, 0);
    CHECK(f && putc('x', f) == EOF && errno == ENOSPC);
    fclose(f);
}

/* Fills the file system from its first byte on: returns what was written. */
static size_t fill(int fd) {
    size_t sum = 0;
    for (ssize_t n; (n = write(fd, block, sizeof block)) != -1; sum += (size_t)n) CHECK(n > 0);
    CHECK_EQUAL(errno, ENOSPC);
    return sum;
}

static void full(void) {
    struct stat st;
    char other[80];
    snprintf(path, sizeof path, "%s/file", top);
    snprintf(other, sizeof other, "%s/other", top);
    int fd = open(path, O_CREAT | O_RDWR, 0600);
    CHECK(fd >= 0);
    size_t sum = fill(fd);
    CHECK(fstat(fd, &st) == 0 && (size_t)st.st_size == sum && sum > FULL / 2 && sum <= FULL);
    FAILS(pwrite(fd, block, sizeof block, (off_t)sum), ENOSPC);
    CHECK_EQUAL(posix_fallocate(fd, (off_t)sum, 65536), ENOSPC);
    int append = open(path, O_WRONLY | O_APPEND);
    CHECK_EQUAL(asynchronous(append, 1), -ENOSPC);
    close(append);

    /* A FILE keeps what it could not write, or reports it; bytes are neither lost in silence nor written twice. */
    FILE *f = fopen(other, "w");
    CHECK(f);
    static char line[1000];
    memset(line, 'l', sizeof line);
    int failed = 0;
    for (int i = 0; i < 100 && !failed; i++) failed = fwrite(line, 1, sizeof line, f) != sizeof line || fflush(f) == EOF;
    CHECK(failed && errno == ENOSPC && ferror(f));
    CHECK(fstat(fileno(f), &st) == 0 && st.st_size <= 100000);
    fclose(f);
    CHECK_EQUAL(unlink(other), 0);

    int in = open("/proc/self/exe", O_RDONLY), out = open(other, O_CREAT | O_WRONLY, 0600);
    ssize_t n;
    off_t at = 0;
    while ((n = sendfile(out, in, &at, 4096)) > 0) {
    }
    CHECK(n == -1 && errno == ENOSPC);
    close(in);
    close(out);
    CHECK_EQUAL(unlink(other), 0);

    /* Room again. */
    CHECK_EQUAL(ftruncate(fd, 0), 0);
    CHECK_EQUAL(lseek(fd, 0, SEEK_SET), 0);
    CHECK_EQUAL(write(fd, block, sizeof block), (long)sizeof block);
    CHECK_EQUAL(fsync(fd), 0);
    CHECK_EQUAL(fill(fd), sum - sizeof block);
    close(fd);
    CHECK_EQUAL(unlink(path), 0);
}

static void device_full(void) {
    int stop = 0;
    pthread_t other;
    dev_full();
    CHECK_EQUAL(pthread_create(&other, NULL, beat, &stop), 0);
    dev_full();
    char size[32];
    snprintf(size, sizeof size, "size=%d", FULL);
    if (mount("none", top, "tmpfs", 0, size) == 0) {
        full();
        CHECK_EQUAL(umount(top), 0);
    }
    stop = 1;
    pthread_join(other, NULL);
}

/* A device that answers EIO, to whichever call the runtime makes of ours. */
static void broken(void) {
    static const int reads[] = {SYS_read, SYS_pread64, SYS_readv, SYS_preadv, SYS_preadv2},
                     writes[] = {SYS_write, SYS_pwrite64, SYS_writev, SYS_pwritev, SYS_pwritev2};
    char text[64];
    int stop = 0;
    pthread_t other;
    CHECK_EQUAL(pthread_create(&other, NULL, beat, &stop), 0);
    int fd = open(path, O_CREAT | O_RDWR, 0600), before = check_descriptors();
    CHECK_EQUAL(write(fd, "0123456789", 10), 10);
    for (int i = 0; i < 5; i++) fault_set(reads[i], EIO, 1, FAULT_FOR_EVER);
    FAILS(read(fd, text, 10), EIO);
    FAILS(pread(fd, text, 10, 0), EIO);
    FAILS(readv(fd, &(struct iovec){text, 10}, 1), EIO);
    FAILS(preadv(fd, &(struct iovec){text, 10}, 1, 0), EIO);
    CHECK_EQUAL(asynchronous(fd, 0), -EIO);
    FILE *f = fdopen(dup(fd), "r+");
    CHECK(fgetc(f) == EOF && ferror(f) && errno == EIO);
    for (int i = 0; i < 5; i++) fault_clear(reads[i]);
    clearerr(f);
    rewind(f);
    CHECK(fgets(text, 64, f) && !strcmp(text, "0123456789"));
    fclose(f);

    for (int i = 0; i < 5; i++) fault_set(writes[i], EIO, 1, FAULT_FOR_EVER);
    FAILS(write(fd, "x", 1), EIO);
    FAILS(write(fd, block, sizeof block), EIO);
    FAILS(pwrite(fd, block, sizeof block, 0), EIO);
    CHECK_EQUAL(asynchronous(fd, 1), -EIO);
    f = fdopen(dup(fd), "w");
    CHECK(fputs("text", f) >= 0 && fflush(f) == EOF && ferror(f) && errno == EIO);
    for (int i = 0; i < 5; i++) fault_clear(writes[i]);
    fclose(f);

    fault_set(SYS_fsync, EIO, 1, 1);
    FAILS(fsync(fd), EIO);
    CHECK_EQUAL(fault_failed(SYS_fsync), 1); /* told once, not asked again */
    CHECK_EQUAL(fsync(fd), 0);
    fault_set(SYS_fdatasync, ENOSPC, 1, 1);
    FAILS(fdatasync(fd), ENOSPC);
    CHECK_EQUAL(fdatasync(fd), 0);
    CHECK_EQUAL(check_descriptors(), before);
    close(fd);
    unlink(path);
    stop = 1;
    pthread_join(other, NULL);
}

/* The system's table of files is full. */
static void *one_byte(void *fd) {
    char c = 0;
    CHECK_EQUAL(read((int)(long)fd, &c, 1), 1);
    return (void *)(long)c;
}

static void no_files(void) {
    static const int makers[] = {SYS_socket, SYS_socketpair, SYS_accept4, SYS_accept, SYS_pipe2, SYS_openat, SYS_openat2, SYS_eventfd2,
                                 SYS_epoll_create1};
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int p[2], s[2], stop = 0;
    pthread_t other, t;
    CHECK_EQUAL(pthread_create(&other, NULL, beat, &stop), 0);
    int l = socket(AF_INET, SOCK_STREAM, 0), c = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(listen(l, 5) == 0 && getsockname(l, (struct sockaddr *)&address, &size) == 0);
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, s) == 0);
    int before = check_descriptors();
    for (size_t i = 0; i < sizeof makers / sizeof *makers; i++) fault_set(makers[i], ENFILE, 1, FAULT_FOR_EVER);
    FAILS(socket(AF_INET, SOCK_STREAM, 0), ENFILE);
    FAILS(socketpair(AF_UNIX, SOCK_STREAM, 0, p), ENFILE);
    FAILS(pipe(p), ENFILE);
    FAILS(pipe2(p, O_CLOEXEC), ENFILE);
    FAILS(open("/dev/null", O_RDWR), ENFILE);
    FAILS(open("/etc/passwd", O_RDONLY), ENFILE);
    FAILS(eventfd(0, 0), ENFILE);
    FAILS(epoll_create1(0), ENFILE);
    CHECK(!fopen("/etc/passwd", "r") && errno == ENFILE);
    CHECK(!popen("true", "r") && errno == ENFILE);
    CHECK(!opendir("/etc") && errno == ENFILE);
    CHECK_EQUAL(connect(c, (struct sockaddr *)&address, sizeof address), 0);
    FAILS(accept(l, NULL, NULL), ENFILE);
    /* The runtime has no epoll set either, perhaps: waits go on. */
    CHECK_EQUAL(pthread_create(&t, NULL, one_byte, (void *)(long)s[0]), 0);
    usleep(3000);
    CHECK_EQUAL(write(s[1], "b", 1), 1);
    void *got;
    CHECK_EQUAL(pthread_join(t, &got), 0);
    CHECK_EQUAL((long)got, 'b');
    CHECK_EQUAL(check_descriptors(), before);
    for (size_t i = 0; i < sizeof makers / sizeof *makers; i++) fault_clear(makers[i]);
    int a = accept(l, NULL, NULL);
    CHECK(a >= 0);
    CHECK_EQUAL(write(c, "c", 1), 1);
    one_byte((void *)(long)a);
    close(a);
    close(c);
    close(l);
    close(s[0]);
    close(s[1]);
    stop = 1;
    pthread_join(other, NULL);
}

int main(void) {
    static const int calls[] = {SYS_read,   SYS_pread64,    SYS_readv,  SYS_preadv,  SYS_preadv2, SYS_write, SYS_pwrite64, SYS_writev,
                                SYS_pwritev, SYS_pwritev2, SYS_fsync, SYS_fdatasync},
                     makers[] = {SYS_socket, SYS_socketpair, SYS_accept4, SYS_accept, SYS_pipe2, SYS_openat, SYS_openat2, SYS_eventfd2,
                                 SYS_epoll_create1};
    int bad = 0;
    static void (*const parts[])(void) = {device_full, broken, no_files};
    static const char *const names[] = {"full", "broken", "no files"};
    for (int i = 0; i < 3; i++) {
        /* Each in a process of its own, since a filter is for life. */
        pid_t child = fork();
        if (!child) {
            alarm(100);
            CHECK(mkdtemp(top));
            snprintf(path, sizeof path, "%s/file", top);
            if (i == 1)
                fault_start(calls, sizeof calls / sizeof *calls);
            else if (i == 2)
                fault_start(makers, sizeof makers / sizeof *makers);
            parts[i]();
            rmdir(top);
            exit(0);
        }
        int status;
        CHECK(waitpid(child, &status, 0) == child);
        if (status && WEXITSTATUS(status) != 77) {
            fprintf(stderr, "%s: status %#x\n", names[i], (unsigned)status);
            bad = 1;
        }
    }
    return bad;
}
