// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Consumes a finished file, produces the output under its name. LLVM's tools rename a temporary file over whatever their -o names, which
// makes a device node or a symbolic link a regular file; so where they are the last to run they write to the scratch directory, and
// this is the last step. A disk that is full in the middle of it must not cost the file that was there before.
#include "output.h"

#include "diag.h"
#include "file_map.h"

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

static mode_t mode_of_new_files(void) {
    mode_t mask = umask(0);
    umask(mask);
    return 0666 & ~mask;
}

/// Writes into what is there. An interrupted write is not begun again: a FIFO nobody reads from would outlive the signal.
static int write_into(const char *path, int flags, struct bytes bytes) {
    int fd = strcmp(path, "-") ? open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY | flags, 0666) : dup(STDOUT_FILENO);
    if (fd < 0) return -errno;
    void (*before)(int) = signal(SIGPIPE, SIG_IGN);
    int error = file_write_all(fd, bytes);
    signal(SIGPIPE, before);
    if (close(fd) && !error) error = -errno;
    return error;
}

static int replace(struct arena *arena, const char *path, mode_t mode, struct bytes bytes) {
    char *beside = arena_printf(arena, "%s.tmpXXXXXX", path);
    int fd = mkostemp(beside, O_CLOEXEC);
    if (fd < 0) return -errno;
    int error = file_write_all(fd, bytes);
    if (!error && fchmod(fd, mode)) error = -errno;
    if (close(fd) && !error) error = -errno;
    if (!error && rename(beside, path)) error = -errno;
    if (error) unlink(beside);
    return error;
}

static int place(struct arena *arena, const char *path, struct bytes bytes) {
    struct stat there, link;
    if (!strcmp(path, "-")) return write_into(path, 0, bytes);
    char real[PATH_MAX];
    if (stat(path, &there)) {
        if (errno != ENOENT) return -errno;
        bool leads_nowhere = !lstat(path, &link); // the file that the link names is made
        int error = leads_nowhere ? write_into(path, O_CREAT, bytes) : replace(arena, path, mode_of_new_files(), bytes);
        if (error && leads_nowhere && realpath(path, real)) unlink(real);
        return error;
    }
    if (S_ISDIR(there.st_mode)) return -EISDIR;
    if (!S_ISREG(there.st_mode)) return write_into(path, 0, bytes);
    if (access(path, W_OK)) return -errno;
    if (!realpath(path, real)) return -errno;
    int error = replace(arena, real, there.st_mode & 0777, bytes);
    return error == -EACCES ? write_into(real, O_TRUNC, bytes) : error; // a directory that takes no new file
}

int output_place(struct arena *arena, const char *made, const char *path) {
    struct bytes bytes;
    int error = file_map(made, &bytes);
    if (error) return diag_error("%s: cannot be read: %s; set TMPDIR to a directory of your own", made, strerror(-error));
    error = place(arena, path, bytes);
    file_unmap(&bytes);
    if (error) return diag_error("%s: cannot be written: %s; choose another -o", path, strerror(-error));
    return 0;
}
