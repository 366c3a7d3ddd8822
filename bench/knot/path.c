/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Normalises request paths and opens them beneath the root (path.h has the contract). openat2 is called by number: glibc 2.36
 * has no wrapper.
 */
#include "path.h"
#include "mime.h"
#include "pool.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static int root_fd = -1;

static int open_beneath(const char *path, int flags) {
    struct open_how how = {.flags = (unsigned)flags, .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS};
    long fd;
    /* EAGAIN: a rename raced with the walk, and the kernel could not tell whether the path stayed beneath (openat2(2)). */
    do fd = syscall(SYS_openat2, root_fd, path, &how, sizeof how);
    while (fd < 0 && (errno == EINTR || errno == EAGAIN));
    return (int)fd;
}

int path_root(const char *directory) {
    root_fd = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (root_fd < 0) return -errno;
    int probe = open_beneath(".", O_PATH | O_CLOEXEC);
    if (probe < 0) return errno == EPERM ? -ENOSYS : -errno;
    close(probe);
    return 0;
}

static int hex_digit(unsigned char c) {
    if (c >= '0' && c <= '9') return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Decodes %XX in place. Returns the new length, or -400. */
static ssize_t decode(char *text, size_t len) {
    char *out = memchr(text, '%', len);
    if (!out) return (ssize_t)len;
    for (const char *in = out, *end = text + len; in < end; in++, out++) {
        *out = *in;
        if (*in != '%') continue;
        int high = end - in > 2 ? hex_digit((unsigned char)in[1]) : -1;
        int low = high >= 0 ? hex_digit((unsigned char)in[2]) : -1;
        if (low < 0 || high + low == 0) return -400; /* %00 would end the name early */
        *out = (char)(high << 4 | low);
        in += 2;
    }
    return out - text;
}

ssize_t path_normalise(char *text, size_t len) {
    ssize_t decoded = decode(text, len);
    if (decoded < 0) return decoded;
    const char *in = text, *end = text + decoded;
    char *out = text;
    /* `in` and `out` stand on the slash before a segment. */
    while (in < end) {
        const char *segment = in + 1;
        const char *next = memchr(segment, '/', (size_t)(end - segment));
        if (!next) next = end;
        size_t n = (size_t)(next - segment);
        int up = n == 2 && segment[0] == '.' && segment[1] == '.';
        if (up) {
            if (out == text) return -403;
            do out--;
            while (*out != '/');
        }
        if (up || n == 0 || (n == 1 && segment[0] == '.')) {
            if (next == end) *out++ = '/'; /* "/a/.." and "/a/." name directories */
        } else {
            memmove(out, in, n + 1);
            out += n + 1;
        }
        in = next;
    }
    return out - text;
}

static int status_of_errno(int error) {
    switch (error) {
    case ENOENT:
    case ENOTDIR:
    case ENXIO:
        return -404; /* ENXIO: a socket */
    case EACCES:
    case EPERM:
    case ELOOP:
    case EXDEV:
        return -403; /* EXDEV: RESOLVE_BENEATH refused */
    case ENAMETOOLONG:
        return -414;
    case EMFILE:
    case ENFILE:
    case ENOMEM:
        return -503;
    default:
        return -500;
    }
}

int path_open(const char *path, size_t len, int flags, const char **type) {
    static const char index_name[] = "index.html";
    /* A pooled buffer, since this thread's stack may be small: at most BUFFER_BYTES of request make the path. */
    char *name = pool_take(&buffers);
    if (!name) return -503;
    int fd = -414;
    if (len + sizeof index_name <= BUFFER_BYTES) {
        memcpy(name, path + 1, len - 1);
        name[len - 1] = 0;
        if (path[len - 1] == '/') memcpy(name + len - 1, index_name, sizeof index_name);
        if (type) *type = mime_type(name);
        fd = open_beneath(name, flags | O_CLOEXEC);
        if (fd < 0) fd = status_of_errno(errno);
    }
    pool_give(&buffers, name);
    return fd;
}
