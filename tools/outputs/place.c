// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Consumes finished bytes and a name, finds out what is there already. LLVM's tools rename a temporary file over whatever their -o names,
// which makes a device node or a symbolic link a regular file; here it stays what it was. A disk that is full in the middle must
// not cost the file that was there before.
#include "place.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int write_all(int fd, const void *data, size_t size) {
    const char *next = data;
    while (size) {
        ssize_t n = write(fd, next, size);
        if (n < 0) return -errno;
        next += n;
        size -= (size_t)n;
    }
    return 0;
}

static mode_t mode_of_new_files(void) {
    mode_t mask = umask(0);
    umask(mask);
    return 0666 & ~mask;
}

/// Writes into what is there. An interrupted write is not begun again: a FIFO nobody reads from would outlive the signal.
static int write_into(const char *path, int flags, const void *data, size_t size) {
    int fd = strcmp(path, "-") ? open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY | flags, 0666) : dup(STDOUT_FILENO);
    if (fd < 0) return -errno;
    void (*before)(int) = signal(SIGPIPE, SIG_IGN);
    int error = write_all(fd, data, size);
    signal(SIGPIPE, before);
    if (close(fd) && !error) error = -errno;
    return error;
}

static int replace(const char *path, mode_t mode, const void *data, size_t size) {
    static const char suffix[] = ".tmpXXXXXX";
    size_t length = strlen(path);
    char *beside = malloc(length + sizeof suffix);
    if (!beside) return -ENOMEM;
    memcpy(beside, path, length);
    memcpy(beside + length, suffix, sizeof suffix);
    int fd = mkostemp(beside, O_CLOEXEC), error = fd < 0 ? -errno : 0;
    if (!error) {
        error = write_all(fd, data, size);
        if (!error && fchmod(fd, mode)) error = -errno;
        if (close(fd) && !error) error = -errno;
        if (!error && rename(beside, path)) error = -errno;
        if (error) unlink(beside);
    }
    free(beside);
    return error;
}

int place_bytes(const char *path, const void *data, size_t size) {
    struct stat there, link;
    if (!strcmp(path, "-")) return write_into(path, 0, data, size);
    char real[PATH_MAX];
    if (stat(path, &there)) {
        if (errno != ENOENT) return -errno;
        bool leads_nowhere = !lstat(path, &link); // the file that the link names is made
        int error = leads_nowhere ? write_into(path, O_CREAT, data, size) : replace(path, mode_of_new_files(), data, size);
        if (error && leads_nowhere && realpath(path, real)) unlink(real);
        return error;
    }
    if (S_ISDIR(there.st_mode)) return -EISDIR;
    if (!S_ISREG(there.st_mode)) return write_into(path, 0, data, size);
    if (access(path, W_OK)) return -errno;
    if (!realpath(path, real)) return -errno;
    int error = replace(real, there.st_mode & 0777, data, size);
    return error == -EACCES ? write_into(real, O_TRUNC, data, size) : error; // a directory that takes no new file
}
