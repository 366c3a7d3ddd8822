/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Directory streams. libc's readdir asks the kernel inside of libc, where it would stop the worker, so the streams are made here
 * as a whole: a descriptor and a buffer that getdents64 fills on the pool. Two threads may read one stream: who comes while
 * another waits for the disk waits behind him. All in one object, since a stream of ours must never meet a function of libc's.
 * Fat code.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "disk.h"

/* As libc's: what one call gets, and a small directory needs two of. */
#define BUFFER 32768

struct __dirstream {
    int fd;
    uint8_t busy;             /* a thread waits for the kernel */
    struct capr_queue queue;  /* those behind it */
    uint32_t next, end;       /* bytes in the buffer: the next entry, the end of what is there */
    off_t position;           /* what telldir says: d_off of the last entry given */
    char buffer[] __attribute__((aligned(16)));
};

/* The kernel's entries are libc's struct dirent64, which is its struct dirent on this machine. */
static_assert(sizeof(struct dirent) == sizeof(struct dirent64) && offsetof(struct dirent, d_name) == offsetof(struct dirent64, d_name),
              "one layout");

static __attribute__((noinline)) DIR *make(int fd) {
    DIR *d = malloc(sizeof *d + BUFFER);
    if (!d) {
        capr__result(-ENOMEM);
        return NULL;
    }
    *d = (DIR){.fd = fd};
    return d;
}

/* opendir(3). Blocks. */
CAPR_INTERPOSE DIR *opendir(const char *path) {
    CAPR_MONITOR;
    if (!*path) {
        capr__result(-ENOENT);
        return NULL;
    }
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) return NULL;
    DIR *d = make(fd);
    if (!d) close(fd);
    return d;
}

/* fdopendir(3). Does not block. */
CAPR_INTERPOSE DIR *fdopendir(int fd) {
    CAPR_MONITOR;
    struct stat st;
    long r = capr__sys2(SYS_fstat, fd, (long)&st), flags = capr__sys2(SYS_fcntl, fd, F_GETFL);
    if (r >= 0) r = flags < 0 ? flags : !S_ISDIR(st.st_mode) ? -ENOTDIR : (flags & O_ACCMODE) == O_WRONLY ? -EINVAL : 0;
    if (r < 0) {
        capr__result(r);
        return NULL;
    }
    return make(fd);
}

/* closedir(3). */
CAPR_INTERPOSE int closedir(DIR *d) {
    CAPR_MONITOR;
    uintptr_t address = (uintptr_t)d;
    __asm__("" : "+r"(address)); /* the header promises that it is not null, and libc looks all the same */
    if (!address) return (int)capr__result(-EINVAL);
    int fd = d->fd;
    free(d);
    return close(fd);
}

CAPR_INTERPOSE int dirfd(DIR *d) { return d->fd; }

static void lock(DIR *d) {
    while (d->busy) capr__wait(&d->queue, CAPR_FOREVER);
}

/* Fills the buffer. Returns bytes, 0 at the end, -errno. */
static __attribute__((noinline)) long fill(DIR *d) {
    d->busy = 1;
    long r = capr__disk_call(SYS_getdents64, d->fd, (long)d->buffer, BUFFER, 0, 0);
    d->busy = 0;
    capr__wake_one(&d->queue);
    d->next = 0;
    d->end = r > 0 ? (uint32_t)r : 0;
    return r == -ENOENT ? 0 : r; /* removed meanwhile: an end like another */
}

/* The next entry, or NULL and *error: 0 at the end, -errno. */
static inline struct dirent *next(DIR *d, long *error) {
    lock(d);
    if (d->next >= d->end) {
        long r = fill(d);
        if (r <= 0) {
            *error = r;
            return NULL;
        }
    }
    struct dirent *e = (struct dirent *)(d->buffer + d->next);
    d->next += e->d_reclen;
    d->position = e->d_off;
    return e;
}

/* readdir(3). Blocks. NULL: the end, or errno says. */
CAPR_INTERPOSE struct dirent *readdir(DIR *d) {
    CAPR_MONITOR;
    long error;
    struct dirent *e = next(d, &error);
    if (!e && error) capr__result(error);
    return e;
}

CAPR_INTERPOSE struct dirent64 *readdir64(DIR *d) { CAPR_MONITOR; return (struct dirent64 *)readdir(d); }

/* readdir_r(3). Blocks. Returns an error number. */
CAPR_INTERPOSE int readdir_r(DIR *restrict d, struct dirent *restrict entry, struct dirent **restrict result) {
    CAPR_MONITOR;
    long error;
    struct dirent *e = next(d, &error);
    *result = e ? entry : NULL;
    if (!e) return (int)-error;
    memcpy(entry, e, e->d_reclen < sizeof *e ? e->d_reclen : sizeof *e);
    return 0;
}

CAPR_INTERPOSE int readdir64_r(DIR *restrict d, struct dirent64 *restrict entry, struct dirent64 **restrict result) {
    CAPR_MONITOR;
    return readdir_r(d, (struct dirent *)entry, (struct dirent **)result);
}

/* rewinddir(3), seekdir(3), telldir(3). */
CAPR_INTERPOSE void seekdir(DIR *d, long position) {
    CAPR_MONITOR;
    lock(d);
    CAPR_OUTSIDE(capr__sys3(SYS_lseek, d->fd, position, SEEK_SET));
    d->next = d->end = 0;
    d->position = position;
}

CAPR_INTERPOSE void rewinddir(DIR *d) { CAPR_MONITOR; seekdir(d, 0); }
CAPR_INTERPOSE long telldir(DIR *d) { return d->position; }

/* getdents64(3). Blocks. */
CAPR_INTERPOSE ssize_t getdents64(int fd, void *buffer, size_t n) {
    CAPR_MONITOR;
    return capr__result(capr__disk_call(SYS_getdents64, fd, (long)buffer, (long)n, 0, 0));
}
