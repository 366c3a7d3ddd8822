/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Where the graph's text goes. A reader must never see half of it, so it is written beside the file's name and renamed; but who names a
 * pipe or a device means what is there, not a file in its place. And the program must not notice: a kernel thread that writes while it
 * runs has descriptors of its own, since the program may close any number, or take it for a file of its own, between two of our calls; and
 * a limit or a reader that goes is an error here, not a signal.
 */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "../proc/env.h"

#define BESIDE 48    /* bytes of the name of a file beside, with two numbers in it */
#define WAIT_MS 2000 /* for a pipe's reader to read on, as for a client of the window */

/* Standard error is kept, for messages. Nothing above is copied, or the writer would keep open what the program closes meanwhile. */
int capr__graph_file_apart(void) {
    if (!syscall(SYS_close_range, 3, ~0u, CLOSE_RANGE_UNSHARE)) return 0;
    return syscall(SYS_unshare, CLONE_FILES) ? errno : 0; /* before Linux 5.9 */
}

static int write_all(int fd, const struct capr_text *t) {
    for (size_t done = 0; done < t->used;) {
        long n = syscall(SYS_write, fd, t->data + done, t->used - done);
        struct pollfd there = {.fd = fd, .events = POLLOUT};
        if (n > 0)
            done += (size_t)n;
        else if (n == 0)
            return EIO;
        else if (errno == EAGAIN && syscall(SYS_poll, &there, 1, WAIT_MS) == 0)
            return ETIMEDOUT;
        else if (errno != EINTR && errno != EAGAIN)
            return errno;
    }
    return 0;
}

/* The path behind links, and whether what is there, if anything, may be replaced. */
static int resolve(const char *file, char *path, size_t size) {
    snprintf(path, size, "%s", file);
    int fd = (int)syscall(SYS_openat, AT_FDCWD, file, O_PATH | O_CLOEXEC);
    if (fd < 0) return 1;
    struct stat status;
    int regular = !fstat(fd, &status) && S_ISREG(status.st_mode) && strncmp(file, "/dev/", 5) && strncmp(file, "/proc/", 6);
    char link[64];
    snprintf(link, sizeof link, "/proc/thread-self/fd/%d", fd);
    long n = syscall(SYS_readlinkat, AT_FDCWD, link, path, size);
    if (n <= 0 || (size_t)n >= size) n = snprintf(path, size, "%s", file);
    path[n] = 0;
    syscall(SYS_close, fd);
    return regular;
}

static int directory_of(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? (int)(slash + 1 - path) : 0;
}

/* A new name in the directory of `path`, short whatever the other's length: other writers and other processes, some with the same number where
 * the directory is several containers', have theirs there. */
static void name_beside(const char *path, char *beside) {
    static uint32_t number;
    int directory = directory_of(path);
    snprintf(beside, (size_t)directory + BESIDE, "%.*s.capriccio-%d-%u.tmp", directory, path, (int)getpid(), __atomic_fetch_add(&number, 1, __ATOMIC_RELAXED));
}

static int open_beside(const char *path, char *beside) {
    int fd;
    do name_beside(path, beside);
    while ((fd = (int)syscall(SYS_openat, AT_FDCWD, beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644)) < 0 && errno == EEXIST);
    return fd;
}

/* A file there that has no name, and goes with a process that is killed. `room` is for the directory's name. */
static int open_unnamed(const char *path, char *room) {
    int length = directory_of(path);
    snprintf(room, (size_t)length + 2, "%.*s", length ? length : 1, length ? path : ".");
    return (int)syscall(SYS_openat, AT_FDCWD, room, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0644);
}

static int link_beside(int fd, const char *path, char *beside) {
    char own[64];
    snprintf(own, sizeof own, "/proc/thread-self/fd/%d", fd);
    long r;
    do name_beside(path, beside);
    while ((r = syscall(SYS_linkat, AT_FDCWD, own, AT_FDCWD, beside, AT_SYMLINK_FOLLOW)) < 0 && errno == EEXIST);
    return r < 0 ? errno : 0;
}

/* Writes a whole file beside `path`. Returns 0 or an errno, and then nothing is there. */
static int write_beside(const char *path, char *beside, const struct capr_text *t) {
    int fd = open_unnamed(path, beside);
    if (fd >= 0) {
        int error = write_all(fd, t), unlinked = !error && link_beside(fd, path, beside);
        syscall(SYS_close, fd);
        if (!unlinked) return error;
    }
    fd = open_beside(path, beside); /* a file system that has no such files, no /proc */
    if (fd < 0) return errno;
    int error = write_all(fd, t);
    syscall(SYS_close, fd);
    if (error) syscall(SYS_unlink, beside);
    return error;
}

static int write_into(const char *file, const struct capr_text *t) {
    /* A pipe that nobody reads: refused, not waited for. */
    int fd = (int)syscall(SYS_openat, AT_FDCWD, file, O_WRONLY | O_APPEND | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0) return errno;
    int error = write_all(fd, t);
    syscall(SYS_close, fd);
    return error;
}

static int put(const char *file, const struct capr_text *t, int *into) {
    char path[4096], beside[4096 + BESIDE];
    if (strlen(file) >= sizeof path) return ENAMETOOLONG;
    *into = !resolve(file, path, sizeof path);
    if (*into) return write_into(file, t);
    int error = write_beside(path, beside, t);
    if (!error && syscall(SYS_rename, beside, path)) {
        error = errno;
        syscall(SYS_unlink, beside);
    }
    return error;
}

int capr__graph_file_put(const char *file, const struct capr_text *t, int *into) {
    if (t->failed) return ENOMEM;
    uint64_t ours = 1ull << (SIGPIPE - 1) | 1ull << (SIGXFSZ - 1), before, pending = 0;
    syscall(SYS_rt_sigprocmask, SIG_BLOCK, &ours, &before, sizeof before);
    syscall(SYS_rt_sigpending, &pending, sizeof pending);
    ours &= ~pending;
    int error = put(file, t, into);
    const struct timespec now = {0};
    while (ours && syscall(SYS_rt_sigtimedwait, &ours, NULL, &now, sizeof ours) > 0) continue;
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, &before, NULL, sizeof before);
    return error;
}

void capr__graph_file_name(const char *named, size_t stem, char *file, size_t size) {
    char pid[16];
    size_t used = 0, digits = (size_t)snprintf(pid, sizeof pid, ".%d", (int)getpid());
    int distinct = getpid() == capr__env.pid || strstr(named, "%p");
    for (size_t i = 0; used + sizeof pid + 1 < size; i++) {
        int place = named[i] == '%' && named[i + 1] == 'p', beside = i == stem && !distinct;
        if (place || beside) {
            memcpy(file + used, pid + place, digits - (size_t)place);
            used += digits - (size_t)place;
        }
        if (!named[i]) break;
        if (place)
            i++;
        else
            file[used++] = named[i];
    }
    file[used] = 0;
}
