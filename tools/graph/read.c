// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A graph's text from wherever the user says that it is. A file of digits only is reached as ./123.
#include "read.h"

#include "ask.h"
#include "say.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/// A graph of 65,536 nodes with long chains has a few hundred million. A device may never end.
#define BYTES_MAX (1u << 30)

pid_t read_pid(const char *text) {
    if (!*text || text[strspn(text, "0123456789")]) return 0;
    errno = 0;
    unsigned long n = strtoul(text, NULL, 10);
    // The kernel's own limit of pid_max.
    return n < 1 || n > 1ul << 22 || errno ? -1 : (pid_t)n;
}

/// Until the end: a pipe has no size. Returns an errno.
static int read_file(const char *path, char **text, size_t *length) {
    FILE *f = fopen(path, "re");
    if (!f) return errno;
    size_t size = 0;
    int error = 0;
    *text = NULL;
    *length = 0;
    do {
        if (*length == size) {
            size = size ? size * 2 : 1u << 16;
            char *more = size <= BYTES_MAX ? realloc(*text, size) : NULL;
            if (!more) {
                error = size <= BYTES_MAX ? ENOMEM : EFBIG;
                break;
            }
            *text = more;
        }
        errno = 0;
        *length += fread(*text + *length, 1, size - *length, f);
        if (ferror(f)) error = errno ? errno : EIO;
    } while (!error && !feof(f));
    fclose(f);
    if (error) {
        free(*text);
        *text = NULL;
    }
    return error;
}

int read_source(const char *source, char **text, size_t *length) {
    pid_t pid = read_pid(source);
    if (pid < 0) return say_error("%s: no process has this number; a file of that name is ./%s", source, source);
    if (pid) return ask_process(pid, text, length);
    int error = read_file(source, text, length);
    if (error == ENOENT)
        return say_error("%s: no such file; CAPRICCIO_GRAPH=FILE has a program write one at its end and on SIGUSR2", source);
    return error ? say_error("%s: cannot be read: %s", source, strerror(error)) : 0;
}
