// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Consumes a finished file, produces the output under its name. Where LLVM's tools are the last to run they write to the scratch
// directory, and this is the last step (../outputs/place.c says why).
#include "output.h"

#include "../outputs/place.h"
#include "diag.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

int output_write(const char *path, struct bytes bytes) {
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0) return -errno;
    int error = write_all(fd, bytes.data, bytes.size);
    if (close(fd) && !error) error = -errno;
    if (error) unlink(path);
    return error;
}

int output_place(const char *made, const char *path) {
    struct bytes bytes;
    int error = file_map(made, &bytes);
    if (error) return diag_error("%s: cannot be read: %s; set TMPDIR to a directory of your own", made, strerror(-error));
    error = place_bytes(path, bytes.data, bytes.size);
    file_unmap(&bytes);
    if (error) return diag_error("%s: cannot be written: %s; choose another -o", path, strerror(-error));
    return 0;
}
