// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Consumes paths, produces bytes. Inputs are mapped and not read, since of a large archive only headers are looked at.
#include "file_map.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

int file_map(const char *path, struct bytes *bytes) {
    *bytes = (struct bytes){0};
    // O_NONBLOCK: a FIFO as an input must not stop the driver here; clang will read it
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) return -errno;
    struct stat stat;
    int error = fstat(fd, &stat) ? -errno : S_ISDIR(stat.st_mode) ? -EISDIR : 0;
    if (!error && S_ISREG(stat.st_mode) && stat.st_size > 0) {
        void *data = mmap(NULL, (size_t)stat.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (data == MAP_FAILED)
            error = -errno;
        else
            *bytes = (struct bytes){data, (size_t)stat.st_size};
    }
    close(fd);
    return error;
}

void file_unmap(struct bytes *bytes) {
    if (bytes->data) munmap((void *)bytes->data, bytes->size);
    *bytes = (struct bytes){0};
}
